/* client.c - the client's side of the state machine (RFC 6347, 4.2.4, figures 1 and 2): what it does with each
 * message. */
#include <string.h>

#include "bytes/writer.h"
#include "crypto/secret.h"
#include "handshake/alpn.h"
#include "handshake/choice.h"
#include "handshake/handshake.h"
#include "handshake/binding.h"
#include "handshake/server_name.h"
#include "handshake/sign.h"
#include "handshake/types.h"
#include "handshake/srtp.h"
#include "identity/identity.h"
#include "messages/heartbeat.h"

enum {
    MOST_VERIFY_REQUESTS = 16, /* cookies may expire on the way; a server that never likes one is no server */
    HELLO_MOST = 800,          /* bytes of a ClientHello, its ticket, its MKI and its protocols apart */
};

/* ---- ClientHello ---- */

/* 2-byte numbers as they go into a list. */
static struct dtls_bytes number_list(const uint16_t *numbers, size_t count, uint8_t *out, size_t cap)
{
    struct dtls_writer to = dtls_writer_to(out, cap);

    for (size_t i = 0; i < count; i++)
        dtls_write_u16(&to, numbers[i]);
    return dtls_writer_bytes(&to);
}

/* In a rehandshake only where the ticket is all we have to resume with (OpenSSL's servers). Otherwise no server is
 * tempted to send a new one: its last flight has no room for it (R3). */
static bool asks_for_ticket(const struct dtls_handshake *hs)
{
    return !hs->rehandshake || (hs->has_resuming && hs->resuming.id_len == 0);
}

static int add_client_hello(struct dtls_handshake *hs)
{
    const struct dtls_association *as = hs->as;
    uint16_t suites[DTLS_MAX_SUITES], groups[DTLS_MAX_GROUPS];
    uint8_t suite_bytes[2 * DTLS_MAX_SUITES], group_bytes[2 * DTLS_MAX_GROUPS], scheme_bytes[64];
    uint8_t profile_bytes[2 * DTLS_MAX_SRTP_PROFILES];
    static const uint8_t zero[1] = { 0 }; /* no compression; uncompressed points */
    const char *name = hs->config->server_name;
    uint8_t protocols[DTLS_ALPN_LIST_MOST], own_space[DTLS_MOST_TYPES], peer_space[DTLS_MOST_TYPES];
    struct dtls_bytes own_types = dtls_own_types(hs, own_space), peer_types = dtls_peer_types(hs->config, peer_space);
    struct dtls_writer alpn = dtls_writer_to(protocols, sizeof protocols);
    size_t suite_count = dtls_config_suites(hs->config, DTLS_CLIENT, suites),
           group_count = dtls_config_groups(hs->config, groups);

    dtls_alpn_write(&alpn, hs->config->alpn, hs->config->alpn_count);
    struct dtls_client_hello hello = {
        .version = DTLS_VERSION_1_2,
        .random = dtls_view(hs->randoms.client, sizeof hs->randoms.client),
        .session_id = dtls_view(hs->session_id, hs->session_id_len),
        .cookie = dtls_view(hs->cookie, hs->cookie_len),
        .suites = number_list(suites, suite_count, suite_bytes, sizeof suite_bytes),
        .compressions = dtls_view(zero, 1),
        .extensions = {
            .has_status_request = hs->config->request_status,
            .status_type = DTLS_STATUS_OCSP,
            .has_groups = true,
            .groups = number_list(groups, group_count, group_bytes, sizeof group_bytes),
            .has_point_formats = true,
            .point_formats = dtls_view(zero, 1),
            .has_schemes = true,
            .schemes = number_list(dtls_schemes, dtls_scheme_count, scheme_bytes, sizeof scheme_bytes),
            .has_server_name = name != NULL,
            .server_name = dtls_view(name, name == NULL ? 0 : strlen(name)),
            .has_client_types = dtls_types_need_saying(own_types),
            .client_types = own_types,
            .has_server_types = dtls_types_need_saying(peer_types),
            .server_types = peer_types,
            .has_alpn = hs->config->alpn_count > 0,
            .alpn = dtls_writer_bytes(&alpn),
            .has_heartbeat = dtls_handshake_wants_heartbeats(hs),
            .heartbeat_mode = DTLS_HEARTBEAT_ALLOWED,
            .has_srtp = hs->config->srtp_profile_count > 0,
            .srtp_profiles = number_list(hs->config->srtp_profiles, hs->config->srtp_profile_count, profile_bytes,
                                         sizeof profile_bytes),
            .srtp_mki = dtls_view(hs->srtp_mki, hs->srtp_mki_len),
            .has_record_size_limit = true, /* the answer tells the server's (M8) */
            .record_size_limit = (uint16_t)hs->config->record_size_limit,
            .extended_master_secret = true,
            .has_ticket = asks_for_ticket(hs),
            /* Always, also where policy forbids rehandshakes: peers insist on the sign (R8). Empty the first time. */
            .has_renegotiation_info = true,
            .renegotiation_info = dtls_view(as->active.client_verify, hs->rehandshake ? DTLS_VERIFY_DATA_LEN : 0),
        },
    };
    if (hs->has_resuming && hello.extensions.has_ticket)
        hello.extensions.ticket = dtls_view(as->session->ticket, as->session->ticket_len);

    struct dtls_writer to =
        dtls_flight_open(&hs->building, HELLO_MOST + hello.extensions.ticket.len + hs->srtp_mki_len + alpn.len);
    dtls_client_hello_write(&to, &hello);
    return dtls_handshake_close_message(hs, &to, DTLS_CLIENT_HELLO);
}

/* Young enough, and made with the name and the identity that are asked for and shown today. */
static bool is_good_today(const struct dtls_handshake *hs, const struct dtls_session *session)
{
    const struct dtls_session_state *state = &session->state;
    bool showed = (state->bound & DTLS_BOUND_TO_IDENTITY) != 0;
    uint32_t lifetime_s = hs->config->session_lifetime_s;

    if (hs->rehandshake)
        lifetime_s = DTLS_OWN_SESSION_LIFETIME;
    else if (session->lifetime_s > 0 && session->lifetime_s < lifetime_s)
        lifetime_s = session->lifetime_s;
    return dtls_session_is_alive(state, dtls_session_clock(hs->config, hs->now), lifetime_s) &&
           (hs->keeps_identity ? dtls_session_fits(state, hs->config->server_name, showed ? hs->identity : NULL)
                               : dtls_session_fits_config(state, hs->config));
}

/* Only a session whose suite we still offer, with a peer that we still accept. One that is known by its ticket alone
 * gets a random id, by which we see whether the server takes it (RFC 5077, 3.4). */
static int choose_session(struct dtls_handshake *hs)
{
    const struct dtls_session *session = hs->as->session;

    hs->has_resuming = hs->offer_session && session != NULL && is_good_today(hs, session) &&
                       dtls_config_has_suite(hs->config, DTLS_CLIENT, session->state.suite) &&
                       dtls_judge_session(hs->config, DTLS_CLIENT, &session->state) == DTLS_MATCHES;
    if (!hs->has_resuming)
        return DTLS_OK;
    hs->resuming = session->state;
    hs->session_id_len = session->state.id_len;
    memcpy(hs->session_id, session->state.id, session->state.id_len);
    if (hs->session_id_len > 0)
        return DTLS_OK;
    hs->session_id_len = sizeof hs->session_id;
    return dtls_random_bytes(&hs->as->random, hs->session_id, sizeof hs->session_id);
}

int dtls_handshake_start_client(struct dtls_handshake *hs, dtls_time now)
{
    int err = dtls_random_bytes(&hs->as->random, hs->randoms.client, sizeof hs->randoms.client);

    hs->now = now;
    if (hs->rehandshake && hs->config->renegotiation_cookie == DTLS_RENEGOTIATION_COOKIE_OLD &&
        hs->as->cookie != NULL) {
        hs->cookie_len = (uint8_t)hs->as->cookie_len;
        memcpy(hs->cookie, hs->as->cookie, hs->as->cookie_len);
    }
    if (err == DTLS_OK)
        err = dtls_srtp_draw_mki(hs);
    if (err == DTLS_OK)
        err = choose_session(hs);
    if (err == DTLS_OK)
        err = add_client_hello(hs);
    if (err == DTLS_OK)
        dtls_handshake_flight_ready(hs);
    hs->step = dtls_server_hello_steps;
    return err;
}

static int take_hello_verify(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_hello_verify verify;

    if (dtls_hello_verify_read(message->body, &verify) != DTLS_OK)
        return DTLS_ERR_DECODE;
    if (++hs->verify_requests > MOST_VERIFY_REQUESTS)
        return DTLS_ERR_UNEXPECTED_MESSAGE;
    if (verify.cookie.len > 0)
        memcpy(hs->cookie, verify.cookie.at, verify.cookie.len);
    hs->cookie_len = (uint8_t)verify.cookie.len;
    /* The first ClientHello and the HelloVerifyRequest stay out of the transcript (RFC 6347, 4.2.1): a server that kept
     * no state could not hash them. */
    dtls_transcript_reset(&hs->transcript);
    hs->step = dtls_server_hello_steps;
    int err = add_client_hello(hs);
    if (err == DTLS_OK)
        dtls_handshake_flight_ready(hs);
    return err;
}

/* ---- ServerHello ---- */

static const struct dtls_step full_steps[8], abbreviated_steps[3];

/* RFC 5746, 3.4 and 3.5. */
static int check_renegotiation_info(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    const struct dtls_established *active = &hs->as->active;
    struct dtls_bytes info = extensions->renegotiation_info;
    size_t half = DTLS_VERIFY_DATA_LEN;

    hs->pending.renegotiation_info = extensions->has_renegotiation_info;
    if (!hs->rehandshake)
        return info.len == 0 ? DTLS_OK : DTLS_ERR_BAD_RENEGOTIATION;
    return info.len == 2 * half && dtls_secret_equal(info.at, active->client_verify, half) &&
                   dtls_secret_equal(info.at + half, active->server_verify, half)
               ? DTLS_OK
               : DTLS_ERR_BAD_RENEGOTIATION;
}

static int resume(struct dtls_handshake *hs)
{
    /* Suite and extended master secret are the session's (RFC 5246, 7.4.1.3; RFC 7627, 5.3). */
    if (hs->pending.suite->id != hs->resuming.suite || !hs->pending.extended_master_secret)
        return DTLS_ERR_ILLEGAL_PARAMETER;
    hs->resumed = true;
    hs->own_session = hs->rehandshake;
    if (!hs->rehandshake) {
        hs->pending.has_peer = hs->resuming.has_peer;
        memcpy(hs->pending.peer, hs->resuming.peer, sizeof hs->pending.peer);
        hs->pending.peer_raw = hs->resuming.peer_raw;
    }
    memcpy(hs->master, hs->resuming.master, sizeof hs->master);
    hs->step = abbreviated_steps;
    return dtls_handshake_make_keys(hs);
}

/* One that we have offered nothing for. */
static bool has_unwanted_type(const struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    uint8_t space[DTLS_MOST_TYPES];

    return (extensions->has_client_types && !dtls_types_need_saying(dtls_own_types(hs, space))) ||
           (extensions->has_server_types && !dtls_types_need_saying(dtls_peer_types(hs->config, space)));
}

static int take_server_hello(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_server_hello hello;

    if (dtls_server_hello_read(message->body, &hello) != DTLS_OK)
        return DTLS_ERR_DECODE;
    if (hello.version != DTLS_VERSION_1_2)
        return DTLS_ERR_VERSION;
    hs->answered = true;
    hs->happened |= DTLS_HAPPENED_ANSWER;
    if (hello.extensions.has_unknown || hello.extensions.has_max_fragment_length ||
        (hello.extensions.has_srtp && hs->config->srtp_profile_count == 0) ||
        (hello.extensions.has_status_request && (!hs->config->request_status || hello.extensions.status_type != 0)) ||
        (hello.extensions.has_server_name && hs->config->server_name == NULL) ||
        (hello.extensions.has_alpn && hs->config->alpn_count == 0) || has_unwanted_type(hs, &hello.extensions) ||
        (hello.extensions.has_heartbeat && !dtls_handshake_wants_heartbeats(hs))) { /* we have offered none of them */
        bool both = hello.extensions.has_max_fragment_length && hello.extensions.has_record_size_limit;
        hs->alert = both ? DTLS_ALERT_ILLEGAL_PARAMETER : DTLS_ALERT_UNSUPPORTED_EXTENSION; /* RFC 8449, 5 */
        return DTLS_ERR_ILLEGAL_PARAMETER;
    }
    hs->pending = (struct dtls_established){
        .suite = dtls_suite_find(hello.suite),
        .extended_master_secret = hello.extensions.extended_master_secret,
        .has_peer = hs->as->active.has_peer, /* until another is shown (R9) */
        .peer_raw = hs->as->active.peer_raw,
    };
    memcpy(hs->pending.peer, hs->as->active.peer, sizeof hs->pending.peer);
    if (hello.compression != 0 || hs->pending.suite == NULL ||
        !dtls_config_has_suite(hs->config, DTLS_CLIENT, hello.suite))
        return DTLS_ERR_ILLEGAL_PARAMETER;
    int err = check_renegotiation_info(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_handshake_check_safety(hs);
    if (err == DTLS_OK)
        err = dtls_handshake_take_record_limit(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_handshake_take_heartbeats(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_srtp_take_answer(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_server_name_take_answer(hs, &hello.extensions);
    if (err == DTLS_OK)
        err = dtls_alpn_take_answer(hs, &hello.extensions);
    if (err != DTLS_OK)
        return err;
    memcpy(hs->randoms.server, hello.random.at, sizeof hs->randoms.server);
    err = dtls_handshake_hear(hs, message);
    if (err != DTLS_OK)
        return err;
    dtls_transcript_set_hash(&hs->transcript, hs->pending.suite->hash);
    if (hs->has_resuming && dtls_bytes_equal(hello.session_id, dtls_view(hs->session_id, hs->session_id_len)))
        return resume(hs);
    hs->session_id_len = (uint8_t)hello.session_id.len;
    if (hello.session_id.len > 0)
        memcpy(hs->session_id, hello.session_id.at, hello.session_id.len);
    if (!hs->pending.suite->psk) {
        err = dtls_types_take_answer(hs, &hello.extensions);
        if (err != DTLS_OK)
            return err;
    }
    hs->status = hello.extensions.has_status_request && !hs->pending.suite->psk && !hs->peer_raw;
    if (hs->pending.suite->psk)
        hs->step = hs->pending.suite->ecdhe ? dtls_ecdhe_psk_client_steps : dtls_psk_client_steps;
    else
        hs->step = full_steps;
    return DTLS_OK;
}

/* ---- the server's flight of a full handshake ---- */

static int take_certificate(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_bytes chain[DTLS_MAX_CHAIN];
    struct dtls_public_key key;
    size_t count;

    int err = dtls_handshake_read_chain(hs, message->body, chain, &count);
    if (err == DTLS_OK && count == 0)
        err = DTLS_ERR_NO_CERTIFICATE;
    if (err == DTLS_OK && !hs->status) /* else its status may come first */
        err = dtls_handshake_judge_peer(hs, chain, count, (struct dtls_bytes){ 0 });
    if (err == DTLS_OK)
        err = dtls_handshake_hear(hs, message);
    if (err != DTLS_OK)
        return err;
    hs->chain_len = message->body.len;
    hs->chain_at = hs->transcript.len - hs->chain_len;
    err = dtls_handshake_peer_key(hs, &key);
    if (err != DTLS_OK)
        return err;
    return (key.kind == DTLS_KEY_RSA) == hs->pending.suite->rsa ? DTLS_OK : DTLS_ERR_ILLEGAL_PARAMETER;
}

static int judge_server(struct dtls_handshake *hs, struct dtls_bytes status)
{
    struct dtls_bytes chain[DTLS_MAX_CHAIN];
    size_t count;
    int err = dtls_handshake_peer_chain(hs, chain, &count);

    return err == DTLS_OK ? dtls_handshake_judge_peer(hs, chain, count, status) : err;
}

static int take_certificate_status(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_bytes response;

    if (dtls_certificate_status_read(message->body, &response) != DTLS_OK)
        return DTLS_ERR_DECODE;
    int err = judge_server(hs, response);
    return err == DTLS_OK ? dtls_handshake_hear(hs, message) : err;
}

int dtls_client_keep_exchanged(struct dtls_handshake *hs, struct dtls_job *job)
{
    hs->ecdhe = job->pair;
    dtls_wipe(hs->ecdhe.scalar, sizeof hs->ecdhe.scalar); /* only the public half is needed from here */
    hs->premaster_len = job->premaster_len;
    memcpy(hs->premaster, job->premaster, job->premaster_len);
    return DTLS_OK;
}

static int take_server_key_exchange(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_server_key_exchange exchange;
    struct dtls_job job = { .verify = true, .generate = true, .agree = true };
    uint8_t bytes[2 * DTLS_HELLO_RANDOM_LEN + 4 + 255];
    struct dtls_writer to_verify = dtls_writer_to(bytes, sizeof bytes);

    if (dtls_server_key_exchange_read(message->body, &exchange) != DTLS_OK)
        return DTLS_ERR_DECODE;
    if (!dtls_config_has_group(hs->config, exchange.group))
        return DTLS_ERR_ILLEGAL_PARAMETER;
    /* It had announced a status, and has left it out. */
    int err = hs->status && !hs->judged ? judge_server(hs, (struct dtls_bytes){ 0 }) : DTLS_OK;
    if (err == DTLS_OK)
        err = dtls_handshake_peer_key(hs, &job.peer_key);
    if (err != DTLS_OK)
        return err;
    dtls_write_bytes(&to_verify, dtls_view(&hs->randoms, sizeof hs->randoms)); /* client's, then server's */
    dtls_write_bytes(&to_verify, exchange.params);
    hs->pending.group = exchange.group;
    job.verify_scheme = exchange.scheme;
    job.signed_bytes = dtls_writer_bytes(&to_verify);
    job.signature = exchange.signature;
    job.group = exchange.group;
    job.peer_point = exchange.point;
    err = dtls_handshake_work(hs, &job, dtls_client_keep_exchanged);
    return err != DTLS_OK ? err : dtls_handshake_hear(hs, message);
}

static int take_certificate_request(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_certificate_request request;

    if (dtls_certificate_request_read(message->body, &request) != DTLS_OK)
        return DTLS_ERR_DECODE;
    hs->asked = true;
    int err = dtls_handshake_hear(hs, message);
    hs->choice_len = message->body.len;
    hs->choice_at = hs->transcript.len - hs->choice_len;
    return err;
}

/* ---- our flight ---- */

static int add_client_key_exchange(struct dtls_handshake *hs)
{
    struct dtls_writer to = dtls_flight_open(&hs->building, 1 + DTLS_ECDHE_MAX_POINT);

    dtls_client_key_exchange_write(&to, dtls_view(hs->ecdhe.public_point, hs->ecdhe.public_len));
    int err = dtls_handshake_close_message(hs, &to, DTLS_CLIENT_KEY_EXCHANGE);
    if (err == DTLS_OK)
        err = dtls_handshake_derive(hs, dtls_view(hs->premaster, hs->premaster_len));
    dtls_wipe(hs->premaster, sizeof hs->premaster);
    return err;
}

int dtls_client_end_flight(struct dtls_handshake *hs)
{
    int err = dtls_handshake_add_finished(hs);

    if (err == DTLS_OK)
        dtls_handshake_flight_ready(hs);
    return err;
}

static int proved(struct dtls_handshake *hs, struct dtls_job *job)
{
    struct dtls_writer to = dtls_flight_open(&hs->building, 4 + job->made_len);

    dtls_signature_write(&to, hs->scheme, dtls_view(job->made, job->made_len));
    int err = dtls_handshake_close_message(hs, &to, DTLS_CERTIFICATE_VERIFY);
    return err != DTLS_OK ? err : dtls_client_end_flight(hs);
}

/* CertificateVerify: a signature over everything so far. */
static int prove(struct dtls_handshake *hs)
{
    struct dtls_job job = { .sign = true,
                            .sign_scheme = hs->scheme,
                            .key = hs->identity->key,
                            .to_sign = dtls_transcript_bytes(&hs->transcript) };

    return dtls_handshake_sign(hs, &job, proved);
}

static int answer_server(struct dtls_handshake *hs)
{
    bool show = hs->asked && hs->scheme != 0; /* else an empty Certificate answers the request */
    int err = DTLS_OK;

    if (hs->asked)
        err = dtls_handshake_add_certificate(hs, show ? hs->identity : NULL);
    if (err == DTLS_OK)
        err = add_client_key_exchange(hs);
    if (err != DTLS_OK)
        return err;
    return show ? prove(hs) : dtls_client_end_flight(hs);
}

static int take_server_hello_done(struct dtls_handshake *hs, const struct dtls_message *message)
{
    int err = message->body.len == 0 ? dtls_handshake_hear(hs, message) : DTLS_ERR_DECODE;

    if (err != DTLS_OK)
        return err;
    return hs->asked ? dtls_handshake_choose_identity(hs, answer_server) : answer_server(hs);
}

/* ---- the end ---- */

int dtls_client_take_ticket(struct dtls_handshake *hs, const struct dtls_message *message)
{
    struct dtls_bytes ticket;
    uint32_t lifetime_s;

    if (dtls_new_session_ticket_read(message->body, &lifetime_s, &ticket) != DTLS_OK)
        return DTLS_ERR_DECODE;
    if (ticket.len > 0 && ticket.len <= DTLS_MAX_TICKET) { /* an empty one takes the promise back (RFC 5077, 3.3) */
        hs->ticket = dtls_allocate(&hs->as->memory, ticket.len);
        if (hs->ticket == NULL)
            return DTLS_ERR_NO_MEMORY;
        hs->ticket_len = ticket.len;
        hs->ticket_lifetime_s = lifetime_s;
        memcpy(hs->ticket, ticket.at, ticket.len);
    }
    return dtls_handshake_hear(hs, message);
}

static int take_finished_and_answer(struct dtls_handshake *hs, const struct dtls_message *message)
{
    int err = dtls_handshake_take_finished(hs, message);

    hs->first_finisher = true;
    if (err == DTLS_OK)
        err = dtls_handshake_add_finished(hs);
    if (err == DTLS_OK)
        dtls_handshake_flight_ready(hs);
    return err;
}

const struct dtls_step dtls_server_hello_steps[] = {
    { DTLS_MAY, DTLS_HELLO_VERIFY_REQUEST, take_hello_verify },
    { DTLS_MUST, DTLS_SERVER_HELLO, take_server_hello },
    { .presence = DTLS_END },
};

/* NewSessionTicket may come or not, whatever ServerHello announced: GnuTLS 3.7 sends one in every rehandshake after a
 * first handshake that had one. Finished covers it either way. */
static const struct dtls_step full_steps[8] = {
    { DTLS_MUST, DTLS_CERTIFICATE, take_certificate },
    { DTLS_MAY_IF_STATUS, DTLS_CERTIFICATE_STATUS, take_certificate_status },
    { DTLS_MUST, DTLS_SERVER_KEY_EXCHANGE, take_server_key_exchange },
    { DTLS_MAY, DTLS_CERTIFICATE_REQUEST, take_certificate_request },
    { DTLS_MUST, DTLS_SERVER_HELLO_DONE, take_server_hello_done },
    { DTLS_MAY, DTLS_NEW_SESSION_TICKET, dtls_client_take_ticket },
    { DTLS_MUST, DTLS_FINISHED, dtls_handshake_take_finished },
    { .presence = DTLS_END },
};

static const struct dtls_step abbreviated_steps[3] = {
    { DTLS_MAY, DTLS_NEW_SESSION_TICKET, dtls_client_take_ticket },
    { DTLS_MUST, DTLS_FINISHED, take_finished_and_answer },
    { .presence = DTLS_END },
};
