/* server.c - the server's side of the state machine (RFC 6347, 4.2.4, figures 1 and 2): what it does with each
 * message. */
#include <string.h>

#include "crypto/secret.h"
#include "handshake/alpn.h"
#include "handshake/choice.h"
#include "handshake/handshake.h"
#include "handshake/resume.h"
#include "handshake/server_name.h"
#include "handshake/sign.h"
#include "handshake/types.h"
#include "handshake/srtp.h"
#include "identity/identity.h"
#include "messages/heartbeat.h"

enum {
    SERVER_HELLO_MOST = 512, /* its MKI apart */
    CERTIFICATE_REQUEST_MOST = 128,
};

static const struct dtls_step full_steps[5], abbreviated_steps[2];

/* ---- ClientHello: what can be agreed on ---- */

/* RFC 5746, 3.6 and 3.7. */
static int check_renegotiation_info(struct dtls_handshake *hs, const struct dtls_client_hello *hello)
{
    const struct dtls_extensions *extensions = &hello->extensions;
    bool scsv = dtls_bytes_have_u16(hello->suites, DTLS_RENEGOTIATION_SCSV);

    hs->pending.renegotiation_info = extensions->has_renegotiation_info || scsv;
    if (!hs->rehandshake)
        return extensions->renegotiation_info.len == 0 ? DTLS_OK : DTLS_ERR_BAD_RENEGOTIATION;
    return !scsv && extensions->renegotiation_info.len == DTLS_VERIFY_DATA_LEN &&
                   dtls_secret_equal(extensions->renegotiation_info.at, hs->as->active.client_verify,
                                     DTLS_VERIFY_DATA_LEN)
               ? DTLS_OK
               : DTLS_ERR_BAD_RENEGOTIATION;
}

/* The group, the identity and the scheme are chosen already. In a rehandshake nobody turns from certificates to
 * pre-shared keys, or back, where that would be another identity (R9). */
static bool is_possible(const struct dtls_handshake *hs, const struct dtls_suite_row *row)
{
    const struct dtls_suite_row *active = hs->as->active.suite;

    if (hs->rehandshake && row->psk != active->psk && !hs->config->allow_identity_change)
        return false;
    if (row->ecdhe && hs->pending.group == 0)
        return false;
    return row->psk ||
           (hs->identity != NULL && hs->scheme != 0 && row->rsa == (hs->identity->public_key.kind == DTLS_KEY_RSA));
}

static int choose_parameters(struct dtls_handshake *hs, const struct dtls_client_hello *hello)
{
    const struct dtls_extensions *extensions = &hello->extensions;
    uint16_t suites[DTLS_MAX_SUITES], groups[DTLS_MAX_GROUPS];
    size_t suite_count = dtls_config_suites(hs->config, DTLS_SERVER, suites);
    size_t group_count = dtls_config_groups(hs->config, groups);

    for (size_t i = 0; i < group_count && hs->pending.group == 0; i++)
        if (!extensions->has_groups || dtls_bytes_have_u16(extensions->groups, groups[i]))
            hs->pending.group = groups[i];
    for (size_t i = 0; i < suite_count && hs->pending.suite == NULL; i++)
        if (dtls_bytes_have_u16(hello->suites, suites[i]) && is_possible(hs, dtls_suite_find(suites[i])))
            hs->pending.suite = dtls_suite_find(suites[i]);
    if (hs->pending.suite == NULL)
        return DTLS_ERR_NO_COMMON_SUITE;
    if (!hs->pending.suite->ecdhe)
        hs->pending.group = 0;
    if (hs->rehandshake && hs->pending.suite->psk != hs->as->active.suite->psk)
        hs->pending.has_peer = hs->pending.peer_raw = false; /* until it is known who it is now */
    return DTLS_OK;
}

/* Of the two, record_size_limit counts (RFC 8449, 5). */
static int take_record_limit(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    enum { MOST = 4 }; /* 2^12 */
    uint8_t exponent = extensions->max_fragment_length;

    if (extensions->has_record_size_limit || !extensions->has_max_fragment_length)
        return dtls_handshake_take_record_limit(hs, extensions);
    if (exponent < 1 || exponent > MOST)
        return DTLS_ERR_ILLEGAL_PARAMETER;
    hs->pending.own_limit = DTLS_MAX_PLAINTEXT;
    dtls_handshake_limit_records(hs, (size_t)256 << exponent);
    return DTLS_OK;
}

/* ---- our flights ---- */

static int add_server_hello(struct dtls_handshake *hs, const struct dtls_client_hello *to_client)
{
    uint8_t info[2 * DTLS_VERIFY_DATA_LEN];
    const uint8_t profile[2] = { (uint8_t)(hs->srtp_profile >> 8), (uint8_t)hs->srtp_profile };
    static const uint8_t uncompressed[1] = { 0 };
    const uint8_t peer_type = hs->peer_raw ? DTLS_TYPE_RAW : DTLS_TYPE_X509;
    uint8_t protocol[256];
    struct dtls_writer alpn = dtls_writer_to(protocol, sizeof protocol);

    dtls_alpn_write(&alpn, &hs->pending.alpn, hs->pending.alpn != NULL);
    memcpy(info, hs->as->active.client_verify, DTLS_VERIFY_DATA_LEN);
    memcpy(info + DTLS_VERIFY_DATA_LEN, hs->as->active.server_verify, DTLS_VERIFY_DATA_LEN);
    struct dtls_server_hello hello = {
        .version = DTLS_VERSION_1_2,
        .random = dtls_view(hs->randoms.server, sizeof hs->randoms.server),
        .session_id = dtls_view(hs->session_id, hs->session_id_len),
        .suite = hs->pending.suite->id,
        .extensions = {
            .extended_master_secret = hs->pending.extended_master_secret,
            .has_renegotiation_info = hs->pending.renegotiation_info,
            .renegotiation_info = dtls_view(info, hs->rehandshake ? sizeof info : 0),
            .has_point_formats = to_client->extensions.has_point_formats && !hs->resumed,
            .point_formats = dtls_view(uncompressed, 1),
            .has_ticket = hs->announced_ticket,
            .has_status_request = hs->status, /* empty here */
            .has_srtp = hs->srtp_profile != 0,
            .srtp_profiles = dtls_view(profile, sizeof profile),
            .srtp_mki = dtls_view(hs->srtp_mki, hs->srtp_mki_len),
            .has_server_name = hs->name_known && !hs->resumed, /* RFC 6066, 3 */
            .has_client_types = to_client->extensions.has_client_types && hs->asked,
            .client_types = dtls_view(&peer_type, 1),
            .has_server_types =
                to_client->extensions.has_server_types && !hs->resumed && !hs->pending.suite->psk,
            .server_types = dtls_view(&hs->own_type, 1),
            .has_type_answers = true,
            .has_alpn = hs->pending.alpn != NULL,
            .alpn = dtls_writer_bytes(&alpn),
            .has_heartbeat = hs->pending.heartbeats,
            .heartbeat_mode = DTLS_HEARTBEAT_ALLOWED,
            .has_record_size_limit = to_client->extensions.has_record_size_limit,
            .record_size_limit = (uint16_t)hs->config->record_size_limit,
            .has_max_fragment_length =
                to_client->extensions.has_max_fragment_length && !to_client->extensions.has_record_size_limit,
            .max_fragment_length = to_client->extensions.max_fragment_length,
        },
    };
    struct dtls_writer to = dtls_flight_open(&hs->building, SERVER_HELLO_MOST + hs->srtp_mki_len);
    dtls_server_hello_write(&to, &hello);
    int err = dtls_handshake_close_message(hs, &to, DTLS_SERVER_HELLO);
    if (err == DTLS_OK)
        dtls_transcript_set_hash(&hs->transcript, hs->pending.suite->hash);
    return err;
}

/* What the identity has to staple (RFC 6066, 8). */
static int add_certificate_status(struct dtls_handshake *hs)
{
    struct dtls_writer to = dtls_flight_open(&hs->building, 4 + hs->identity->ocsp_response.len);

    dtls_certificate_status_write(&to, hs->identity->ocsp_response);
    return dtls_handshake_close_message(hs, &to, DTLS_CERTIFICATE_STATUS);
}

static int add_certificate_request(struct dtls_handshake *hs)
{
    static const uint8_t types[] = { DTLS_ECDSA_SIGN, DTLS_RSA_SIGN };
    uint8_t schemes[64];
    struct dtls_writer list = dtls_writer_to(schemes, sizeof schemes);
    struct dtls_certificate_request request = { .types = dtls_view(types, sizeof types) };

    for (size_t i = 0; i < dtls_scheme_count; i++)
        dtls_write_u16(&list, dtls_schemes[i]);
    request.schemes = dtls_writer_bytes(&list);
    if (!hs->peer_raw) /* nobody issues a raw key */
        request.authorities = hs->config->authorities;
    struct dtls_writer to = dtls_flight_open(&hs->building, CERTIFICATE_REQUEST_MOST + request.authorities.len);
    dtls_certificate_request_write(&to, &request);
    return dtls_handshake_close_message(hs, &to, DTLS_CERTIFICATE_REQUEST);
}

/* In a rehandshake, too, where it is asked for. */
static bool may_give_ticket(const struct dtls_handshake *hs)
{
    const struct dtls_config *config = hs->config;

    return config->ticket_keys != NULL && config->session_lifetime_s > 0 && hs->pending.extended_master_secret &&
           dtls_sealing_key(config->ticket_keys, dtls_session_clock(config, hs->now) / 1000000) != NULL;
}

/* One of 0 bytes takes the promise back (RFC 5077, 3.3): the key that was there has ended meanwhile. */
static int add_new_session_ticket(struct dtls_handshake *hs)
{
    const struct dtls_config *config = hs->config;
    uint64_t clock = dtls_session_clock(config, hs->now);
    const struct dtls_ticket_key *key = dtls_sealing_key(config->ticket_keys, clock / 1000000);
    struct dtls_session_state state;
    uint8_t ticket[DTLS_SEALED_SESSION_MOST];
    size_t len = 0;
    int err = DTLS_OK;

    dtls_handshake_session_state(hs, &state);
    uint64_t age_s = clock > state.created ? (clock - state.created) / 1000000 : 0;
    if (key != NULL && age_s < config->session_lifetime_s)
        err = dtls_session_seal(key, DTLS_SEALED_TICKET, &hs->as->memory, &hs->as->random, &state, ticket, &len);
    dtls_wipe(&state, sizeof state);
    if (err != DTLS_OK)
        return err;
    struct dtls_writer to = dtls_flight_open(&hs->building, 6 + len);
    dtls_new_session_ticket_write(&to, len == 0 ? 0 : config->session_lifetime_s - (uint32_t)age_s,
                                  dtls_view(ticket, len));
    return dtls_handshake_close_message(hs, &to, DTLS_NEW_SESSION_TICKET);
}

int dtls_server_end_flight(struct dtls_handshake *hs)
{
    struct dtls_writer done = dtls_flight_open(&hs->building, 0);
    int err = dtls_handshake_close_message(hs, &done, DTLS_SERVER_HELLO_DONE);

    if (err == DTLS_OK)
        dtls_handshake_flight_ready(hs);
    return err;
}

/* The share is made, and signed with the parameters: ServerKeyExchange, and what stands behind it. */
static int offered(struct dtls_handshake *hs, struct dtls_job *job)
{
    struct dtls_writer to = dtls_flight_open(&hs->building, 4 + DTLS_ECDHE_MAX_POINT + 4 + job->made_len);

    hs->ecdhe = job->pair;
    dtls_server_key_exchange_write_params(&to, hs->ecdhe.group,
                                          dtls_view(hs->ecdhe.public_point, hs->ecdhe.public_len));
    dtls_signature_write(&to, hs->scheme, dtls_view(job->made, job->made_len));
    int err = dtls_handshake_close_message(hs, &to, DTLS_SERVER_KEY_EXCHANGE);
    if (err == DTLS_OK && hs->asked)
        err = add_certificate_request(hs);
    return err == DTLS_OK ? dtls_server_end_flight(hs) : err;
}

static int offer(struct dtls_handshake *hs)
{
    struct dtls_job job = { .generate = true,
                            .group = hs->pending.group,
                            .sign = true,
                            .sign_share = true,
                            .sign_scheme = hs->scheme,
                            .key = hs->identity->key,
                            .to_sign = dtls_view(&hs->randoms, sizeof hs->randoms) }; /* client's, then server's */

    return dtls_handshake_sign(hs, &job, offered);
}

/* There is no session to resume, and the identity is chosen. */
static int answer_full(struct dtls_handshake *hs)
{
    struct dtls_client_hello hello;
    int err = dtls_server_read_hello(hs, &hello);

    if (err == DTLS_OK)
        err = choose_parameters(hs, &hello);
    /* Every full handshake has a session id, so that an abbreviated rehandshake can follow (R11). */
    hs->session_id_len = sizeof hs->session_id;
    if (err == DTLS_OK)
        err = dtls_random_bytes(&hs->as->random, hs->session_id, sizeof hs->session_id);
    /* A client of ours asks for none in a rehandshake, so that the last flight stays small (R3). GnuTLS's asks for one,
     * and waits for it for ever when the first handshake gave one. */
    hs->announced_ticket = err == DTLS_OK && hello.extensions.has_ticket && may_give_ticket(hs);
    if (err == DTLS_ERR_NO_COMMON_SUITE && hs->own_type == DTLS_TYPE_NONE)
        hs->alert = DTLS_ALERT_UNSUPPORTED_CERTIFICATE; /* RFC 7250, 4.2 */
    hs->asked = err == DTLS_OK && !hs->pending.suite->psk &&
                dtls_wanted_certificate(hs->config) != DTLS_CLIENT_CERTIFICATE_NONE;
    if (hs->asked)
        err = dtls_types_take_offer(hs, &hello.extensions);
    hs->status = err == DTLS_OK && !hs->pending.suite->psk && hs->own_type == DTLS_TYPE_X509 &&
                 hello.extensions.status_type == DTLS_STATUS_OCSP && hs->identity->ocsp_response.len > 0;
    if (err == DTLS_OK)
        err = add_server_hello(hs, &hello);
    if (err == DTLS_OK && hs->pending.suite->psk)
        return dtls_server_offer_psk(hs);
    hs->step = full_steps;
    if (err == DTLS_OK)
        err = dtls_handshake_add_certificate(hs, hs->identity);
    if (err == DTLS_OK && hs->status)
        err = add_certificate_status(hs);
    return err == DTLS_OK ? offer(hs) : err;
}

static int answer_abbreviated(struct dtls_handshake *hs)
{
    struct dtls_client_hello hello;
    int err = dtls_server_read_hello(hs, &hello);

    if (err != DTLS_OK)
        return err;
    hs->resumed = true;
    hs->own_session = hs->rehandshake;
    if (!hs->rehandshake) {
        hs->pending.has_peer = hs->resuming.has_peer;
        memcpy(hs->pending.peer, hs->resuming.peer, sizeof hs->pending.peer);
        hs->pending.peer_raw = hs->resuming.peer_raw;
    }
    hs->pending.suite = dtls_suite_find(hs->resuming.suite);
    memcpy(hs->master, hs->resuming.master, sizeof hs->master);
    hs->session_id_len = (uint8_t)hello.session_id.len; /* an echo: the sign that it is resumed */
    memcpy(hs->session_id, hello.session_id.at, hello.session_id.len);
    hs->step = abbreviated_steps;
    err = add_server_hello(hs, &hello);
    if (err == DTLS_OK && hs->announced_ticket)
        err = add_new_session_ticket(hs);
    if (err == DTLS_OK)
        err = dtls_handshake_make_keys(hs);
    if (err == DTLS_OK)
        err = dtls_handshake_add_finished(hs);
    if (err == DTLS_OK)
        dtls_handshake_flight_ready(hs);
    return err;
}

static int answer(struct dtls_handshake *hs)
{
    return hs->has_resuming ? answer_abbreviated(hs) : dtls_handshake_choose_identity(hs, answer_full);
}

/* What answers the first hello continues its numbers (RFC 6347, 4.2.1 and 4.2.2; S4), also where it is an alert: after
 * a cookie exchange that a server does not remember, those before are used up, and the client's window drops them. */
static void continue_numbers(struct dtls_handshake *hs, const struct dtls_message *message)
{
    hs->send_seq = message->message_seq;
    if (hs->hello.sequence <= DTLS_MAX_FIRST_SEQUENCE)
        hs->as->epochs.current->write_sequence = hs->hello.sequence;
}

static int take_client_hello(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_client_hello hello;

    if (!hs->rehandshake)
        continue_numbers(hs, message);
    if (dtls_client_hello_read(message->body, &hello) != DTLS_OK)
        return DTLS_ERR_DECODE;
    if (hello.version >> 8 != DTLS_VERSION_1_2 >> 8 || hello.version > DTLS_VERSION_1_2) /* DTLS counts down */
        return DTLS_ERR_VERSION;
    if (hello.extensions.has_type_answers)
        return DTLS_ERR_DECODE;
    if (!dtls_bytes_have_u8(hello.compressions, 0))
        return DTLS_ERR_ILLEGAL_PARAMETER;
    hs->answered = true;
    hs->happened |= DTLS_HAPPENED_ANSWER;
    hs->pending = (struct dtls_established){
        .extended_master_secret = hello.extensions.extended_master_secret,
        .has_peer = hs->as->active.has_peer, /* until another is shown (R9) */
        .peer_raw = hs->as->active.peer_raw,
    };
    memcpy(hs->pending.peer, hs->as->active.peer, sizeof hs->pending.peer);
    int err = check_renegotiation_info(hs, &hello);
    if (err == DTLS_OK)
        err = dtls_handshake_check_safety(hs);
    if (err == DTLS_OK)
        err = take_record_limit(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_handshake_take_heartbeats(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_srtp_take_offer(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_server_name_take_offer(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_alpn_take_offer(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_random_bytes(&hs->as->random, hs->randoms.server, sizeof hs->randoms.server);
    if (err == DTLS_OK)
        err = dtls_handshake_hear(hs, message);
    if (err != DTLS_OK)
        return err;
    memcpy(hs->randoms.client, hello.random.at, sizeof hs->randoms.client);
    hs->choice_len = message->body.len;
    hs->choice_at = hs->transcript.len - hs->choice_len;
    return dtls_server_find_session(hs, &hello, answer);
}

/* ---- the client's flight ---- */

static int take_certificate(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_bytes chain[DTLS_MAX_CHAIN];
    size_t count;
    int err = dtls_handshake_read_chain(hs, message->body, chain, &count);

    if (err != DTLS_OK)
        return err;
    if (count > 0) {
        err = dtls_handshake_judge_peer(hs, chain, count, (struct dtls_bytes){ 0 });
    } else if (dtls_wanted_certificate(hs->config) == DTLS_CLIENT_CERTIFICATE_REQUIRE) {
        err = DTLS_ERR_NO_CERTIFICATE;
    } else if (hs->as->active.has_peer && !hs->config->allow_identity_change) {
        err = DTLS_ERR_IDENTITY_CHANGED; /* to refuse what was asked for is a change (R9) */
    } else {
        hs->pending.has_peer = false;
    }
    if (err == DTLS_OK)
        err = dtls_handshake_hear(hs, message);
    hs->showed_certificate = count > 0;
    hs->chain_len = message->body.len;
    hs->chain_at = hs->transcript.len - hs->chain_len;
    return err;
}

static int agreed(struct dtls_handshake *hs, struct dtls_job *job)
{
    return dtls_handshake_derive(hs, dtls_view(job->premaster, job->premaster_len));
}

static int take_client_key_exchange(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_job job = { .agree = true };

    if (dtls_client_key_exchange_read(message->body, &job.peer_point) != DTLS_OK)
        return DTLS_ERR_DECODE;
    int err = dtls_handshake_hear(hs, message);
    if (err != DTLS_OK)
        return err;
    job.pair = hs->ecdhe; /* from here on dtls_handshake_work wipes it */
    dtls_wipe(&hs->ecdhe, sizeof hs->ecdhe);
    return dtls_handshake_work(hs, &job, agreed);
}

static int proved(struct dtls_handshake *hs, struct dtls_job *job)
{
    (void)job;
    hs->proved = true;
    return DTLS_OK;
}

static int take_certificate_verify(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_job job = { .verify = true };

    if (dtls_certificate_verify_read(message->body, &job.verify_scheme, &job.signature) != DTLS_OK)
        return DTLS_ERR_DECODE;
    int err = dtls_handshake_peer_key(hs, &job.peer_key);
    if (err != DTLS_OK)
        return err;
    job.signed_bytes = dtls_transcript_bytes(&hs->transcript);
    err = dtls_handshake_work(hs, &job, proved);
    return err != DTLS_OK ? err : dtls_handshake_hear(hs, message);
}

/* ---- the end ---- */

int dtls_server_take_finished(struct dtls_handshake *hs, const struct dtls_message *message)
{
    int err = dtls_handshake_take_finished(hs, message);

    hs->first_finisher = true;
    if (err == DTLS_OK && hs->announced_ticket)
        err = add_new_session_ticket(hs);
    if (err == DTLS_OK)
        err = dtls_handshake_add_finished(hs);
    if (err == DTLS_OK)
        dtls_handshake_flight_ready(hs);
    return err;
}

const struct dtls_step dtls_client_hello_steps[] = {
    { DTLS_MUST, DTLS_CLIENT_HELLO, take_client_hello },
    { .presence = DTLS_END },
};

static const struct dtls_step full_steps[5] = {
    { DTLS_IF_ASKED, DTLS_CERTIFICATE, take_certificate },
    { DTLS_MUST, DTLS_CLIENT_KEY_EXCHANGE, take_client_key_exchange },
    { DTLS_IF_CERTIFICATE, DTLS_CERTIFICATE_VERIFY, take_certificate_verify },
    { DTLS_MUST, DTLS_FINISHED, dtls_server_take_finished },
    { .presence = DTLS_END },
};

static const struct dtls_step abbreviated_steps[2] = {
    { DTLS_MUST, DTLS_FINISHED, dtls_handshake_take_finished },
    { .presence = DTLS_END },
};
