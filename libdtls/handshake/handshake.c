/* handshake.c - the life of a handshake, and what both roles do in it alike. Knows no record layer and no event. */
#include "handshake/handshake.h"

#include <stdio.h>
#include <string.h>

#include "crypto/secret.h"
#include "handshake/binding.h"
#include "handshake/types.h"
#include "identity/certificate.h"
#include "identity/identity.h"
#include "identity/key_info.h"
#include "messages/heartbeat.h"

void dtls_established_clear(const struct dtls_association *as, struct dtls_established *set)
{
    if (as->role == DTLS_SERVER && set->server_name != NULL)
        dtls_release(&as->memory, (void *)(uintptr_t)set->server_name, strlen(set->server_name) + 1);
    set->server_name = NULL;
}

struct dtls_handshake *dtls_handshake_new(struct dtls_association *as, const struct dtls_config *config, dtls_time now)
{
    struct dtls_handshake *hs = dtls_allocate(&as->memory, sizeof *hs);

    if (hs == NULL)
        return NULL;
    hs->as = as;
    hs->config = config;
    hs->keeps_identity = as->identity != NULL && !config->change_own_identity;
    hs->identity = hs->keeps_identity ? as->identity : config->identity;
    hs->psk_config = as->psk_config != NULL && !config->change_own_identity ? as->psk_config : config;
    hs->now = hs->started = now;
    hs->epoch = as->epochs.current->number;
    hs->rehandshake = hs->epoch > 0;
    hs->transcript.memory = &as->memory;
    hs->out.memory = hs->building.memory = &as->memory;
    dtls_reassembly_init(&hs->in, &as->memory, as->max_message);
    return hs;
}

void dtls_handshake_free(struct dtls_handshake *hs)
{
    if (hs == NULL)
        return;
    dtls_reassembly_free(&hs->in);
    dtls_transcript_free(&hs->transcript);
    dtls_flight_free(&hs->out);
    dtls_flight_free(&hs->building);
    if (!hs->job_taken)
        dtls_job_free(hs->job);
    dtls_question_abandon(hs->question);
    dtls_release(&hs->as->memory, hs->psk.identity, hs->psk.identity_len + 1);
    dtls_established_clear(hs->as, &hs->pending);
    dtls_release(&hs->as->memory, hs->ticket, hs->ticket_len);
    dtls_release(&hs->as->memory, hs, sizeof *hs);
}

uint8_t dtls_alert_for(int error)
{
    switch (error) {
    case DTLS_ERR_DECODE:
        return DTLS_ALERT_DECODE_ERROR;
    case DTLS_ERR_UNEXPECTED_MESSAGE:
        return DTLS_ALERT_UNEXPECTED_MESSAGE;
    case DTLS_ERR_NO_COMMON_SUITE:
    case DTLS_ERR_NO_CERTIFICATE:
    case DTLS_ERR_BAD_RENEGOTIATION: /* RFC 5746, 3.4 to 3.7 */
    case DTLS_ERR_UNSAFE_PEER:
    case DTLS_ERR_IDENTITY_CHANGED:
    case DTLS_ERR_UNKNOWN_PSK:
        return DTLS_ALERT_HANDSHAKE_FAILURE;
    case DTLS_ERR_NO_COMMON_PROTOCOL:
        return DTLS_ALERT_NO_APPLICATION_PROTOCOL;
    case DTLS_ERR_UNKNOWN_NAME:
        return DTLS_ALERT_UNRECOGNIZED_NAME;
    case DTLS_ERR_VERSION:
        return DTLS_ALERT_PROTOCOL_VERSION;
    case DTLS_ERR_ILLEGAL_PARAMETER:
        return DTLS_ALERT_ILLEGAL_PARAMETER;
    case DTLS_ERR_BAD_CERTIFICATE:
        return DTLS_ALERT_BAD_CERTIFICATE;
    case DTLS_ERR_BAD_SIGNATURE:
    case DTLS_ERR_BAD_FINISHED:
        return DTLS_ALERT_DECRYPT_ERROR;
    case DTLS_ERR_REHANDSHAKE_REQUIRED:
        return DTLS_ALERT_USER_CANCELED;
    default:
        return DTLS_ALERT_INTERNAL_ERROR;
    }
}

/* ---- transcript, keys, Finished ---- */

int dtls_handshake_hear(struct dtls_handshake *hs, const struct dtls_message *message)
{
    return dtls_transcript_add(&hs->transcript, message->type, message->message_seq, message->body);
}

int dtls_handshake_close_message(struct dtls_handshake *hs, const struct dtls_writer *body, uint8_t type)
{
    uint16_t epoch = type == DTLS_FINISHED ? (uint16_t)(hs->epoch + 1) : hs->epoch;
    int err = dtls_flight_close(&hs->building, body, type, epoch, hs->send_seq);

    if (err != DTLS_OK)
        return err;
    return dtls_transcript_add(&hs->transcript, type, hs->send_seq++,
                               dtls_flight_body(&hs->building, hs->building.count - 1));
}

static void make_verify_data(const struct dtls_handshake *hs, enum dtls_role sender, uint8_t out[DTLS_VERIFY_DATA_LEN])
{
    uint8_t digest[DTLS_HASH_MAX];
    size_t len = dtls_transcript_digest(&hs->transcript, digest);

    dtls_verify_data(hs->pending.suite->hash, hs->master, sender, (struct dtls_bytes){ digest, len }, out);
}

static uint8_t *verify_data_of(struct dtls_handshake *hs, enum dtls_role sender)
{
    return sender == DTLS_CLIENT ? hs->pending.client_verify : hs->pending.server_verify;
}

int dtls_handshake_add_finished(struct dtls_handshake *hs)
{
    uint8_t *verify_data = verify_data_of(hs, hs->as->role);
    int err = dtls_flight_add_change_cipher_spec(&hs->building, hs->epoch);

    if (err != DTLS_OK)
        return err;
    make_verify_data(hs, hs->as->role, verify_data);
    struct dtls_writer to = dtls_flight_open(&hs->building, DTLS_VERIFY_DATA_LEN);
    dtls_write_bytes(&to, (struct dtls_bytes){ verify_data, DTLS_VERIFY_DATA_LEN });
    return dtls_handshake_close_message(hs, &to, DTLS_FINISHED);
}

int dtls_handshake_take_finished(struct dtls_handshake *hs, const struct dtls_message *message)
{
    enum dtls_role peer = hs->as->role == DTLS_CLIENT ? DTLS_SERVER : DTLS_CLIENT;
    uint8_t *expected = verify_data_of(hs, peer);
    struct dtls_bytes received;

    if (dtls_finished_read(message->body, &received) != DTLS_OK)
        return DTLS_ERR_DECODE;
    make_verify_data(hs, peer, expected);
    if (!dtls_secret_equal(received.at, expected, DTLS_VERIFY_DATA_LEN))
        return DTLS_ERR_BAD_FINISHED;
    hs->happened |= DTLS_HAPPENED_VERIFIED;
    return dtls_handshake_hear(hs, message);
}

/* For keys to be exported from (contract K3), where the configuration wants some. False without memory. */
static bool keep_exporter(struct dtls_handshake *hs)
{
    struct dtls_association *as = hs->as;

    if (!hs->config->exporter && hs->config->srtp_profile_count == 0)
        return true;
    struct dtls_exporter *exporter =
        dtls_exporter_new(&as->memory, dtls_view(hs->srtp_mki, hs->srtp_profile != 0 ? hs->srtp_mki_len : 0));
    if (exporter == NULL)
        return false;
    exporter->epoch = (uint16_t)(hs->epoch + 1);
    exporter->srtp_profile = hs->srtp_profile;
    exporter->extended_master_secret = hs->pending.extended_master_secret;
    exporter->hash = hs->pending.suite->hash;
    exporter->randoms = hs->randoms;
    memcpy(exporter->master, hs->master, sizeof exporter->master);
    exporter->older = as->exporters;
    as->exporters = exporter;
    return true;
}

int dtls_handshake_make_keys(struct dtls_handshake *hs)
{
    struct dtls_epoch *next = dtls_make_epoch(&hs->as->memory, (uint16_t)(hs->epoch + 1), hs->as->role,
                                              hs->pending.suite, hs->master, &hs->randoms, hs->as->replay_window);

    if (next == NULL)
        return DTLS_ERR_NO_MEMORY;
    if (!keep_exporter(hs)) {
        dtls_epoch_free(&hs->as->memory, next);
        return DTLS_ERR_NO_MEMORY;
    }
    next->limit = hs->pending.record_limit;
    next->own_limit = hs->pending.own_limit;
    dtls_log_key(hs->config, &hs->randoms, hs->master);
    dtls_epochs_set_next(&hs->as->epochs, next);
    return DTLS_OK;
}

/* To be called right after ClientKeyExchange went into the transcript: the session hash ends with it (RFC 7627, 3). */
int dtls_handshake_derive(struct dtls_handshake *hs, struct dtls_bytes premaster)
{
    uint8_t session_hash[DTLS_HASH_MAX];
    size_t hash_len = 0;

    if (hs->pending.extended_master_secret)
        hash_len = dtls_transcript_digest(&hs->transcript, session_hash);
    dtls_master_secret(hs->pending.suite->hash, premaster, &hs->randoms, (struct dtls_bytes){ session_hash, hash_len },
                       hs->master);
    return dtls_handshake_make_keys(hs);
}

/* Where fingerprints are expected nobody else need be asked; else without a verifier nobody is trusted. */
static int ask_verifier(const struct dtls_config *config, const struct dtls_peer_identity *peer)
{
    if (config->verifier.verify == NULL)
        return config->fingerprint_count > 0 ? 0 : DTLS_ALERT_BAD_CERTIFICATE;
    return config->verifier.verify(config->verifier.arg, peer);
}

int dtls_handshake_read_chain(struct dtls_handshake *hs, struct dtls_bytes body, struct dtls_bytes *chain,
                              size_t *count)
{
    if (hs->peer_raw) {
        int result = dtls_raw_key_message_read(body, &chain[0]);
        if (result == DTLS_OK)
            *count = chain[0].len > 0;
        return result;
    }
    int err = dtls_certificate_message_read(body, chain, DTLS_MAX_CHAIN, count);

    if (err == DTLS_ERR_BAD_CERTIFICATE)
        snprintf(hs->reason, sizeof hs->reason, "the peer's certificate chain has more than %d certificates",
                 DTLS_MAX_CHAIN);
    return err;
}

int dtls_handshake_peer_chain(struct dtls_handshake *hs, struct dtls_bytes *chain, size_t *count)
{
    return dtls_handshake_read_chain(hs, dtls_view(hs->transcript.bytes + hs->chain_at, hs->chain_len), chain, count);
}

int dtls_handshake_judge_peer(struct dtls_handshake *hs, const struct dtls_bytes *chain, size_t count,
                              struct dtls_bytes status)
{
    const struct dtls_established *active = &hs->as->active;
    struct dtls_established *pending = &hs->pending;
    struct dtls_bytes info = chain[0];
    struct dtls_public_key key;

    hs->reason[0] = '\0'; /* what comes from here on has a cause of its own */
    if (!hs->peer_raw && dtls_certificate_key_info(chain[0], &info) != DTLS_OK)
        return DTLS_ERR_BAD_CERTIFICATE;
    if (dtls_key_info_public_key(info, &key) != DTLS_OK)
        return DTLS_ERR_BAD_CERTIFICATE;
    dtls_certificate_fingerprint(chain[0], pending->peer);
    pending->has_peer = true;
    pending->peer_raw = hs->peer_raw;
    if (hs->rehandshake && active->has_peer && !hs->config->allow_identity_change &&
        !dtls_is_same_peer(active, pending))
        return DTLS_ERR_IDENTITY_CHANGED;
    if (dtls_expected_certificate(hs->config->fingerprints, hs->config->fingerprint_count, chain[0]) != DTLS_MATCHES)
        return DTLS_ERR_BAD_CERTIFICATE;
    int verdict =
        ask_verifier(hs->config, &(struct dtls_peer_identity){
                                     .kind = hs->peer_raw ? DTLS_PEER_RAW_KEY : DTLS_PEER_CERTIFICATE,
                                     .fingerprint = pending->peer,
                                     .chain = hs->peer_raw ? NULL : chain,
                                     .chain_count = hs->peer_raw ? 0 : count,
                                     .key_info = info,
                                     .role = hs->as->role == DTLS_CLIENT ? DTLS_SERVER : DTLS_CLIENT,
                                     .asked_status = hs->as->role == DTLS_CLIENT && hs->config->request_status,
                                     .status = status,
                                     .reason = hs->reason,
                                 });
    if (verdict != 0) {
        hs->alert = (uint8_t)verdict;
        return DTLS_ERR_BAD_CERTIFICATE;
    }
    hs->reason[0] = '\0'; /* words of a yes, about a way that led nowhere, are no reason for anything */
    hs->judged = true;
    return DTLS_OK;
}

enum dtls_match dtls_judge_session(const struct dtls_config *config, enum dtls_role role,
                                   const struct dtls_session_state *session)
{
    uint8_t types[DTLS_MOST_TYPES];

    if (dtls_suite_find(session->suite)->psk)
        return dtls_psk_judge_session(config, role, session) ? DTLS_MATCHES : DTLS_MATCHES_NOT;
    if (!session->has_peer)
        return role == DTLS_SERVER && dtls_wanted_certificate(config) != DTLS_CLIENT_CERTIFICATE_REQUIRE
                   ? DTLS_MATCHES
                   : DTLS_MATCHES_NOT;
    if (!dtls_bytes_have_u8(dtls_peer_types(config, types), session->peer_raw ? DTLS_TYPE_RAW : DTLS_TYPE_X509))
        return DTLS_MATCHES_NOT;
    char reason[DTLS_REASON_MAX]; /* a full handshake follows: nobody is refused */
    const struct dtls_peer_identity peer = { .kind = session->peer_raw ? DTLS_PEER_RAW_KEY : DTLS_PEER_CERTIFICATE,
                                             .fingerprint = session->peer,
                                             .role = role == DTLS_CLIENT ? DTLS_SERVER : DTLS_CLIENT,
                                             .reason = reason };
    if (ask_verifier(config, &peer) != 0)
        return DTLS_MATCHES_NOT;
    return dtls_expected_peer(config->fingerprints, config->fingerprint_count, session->peer);
}

enum dtls_client_certificate dtls_wanted_certificate(const struct dtls_config *config)
{
    return config->fingerprint_count > 0 ? DTLS_CLIENT_CERTIFICATE_REQUIRE : config->client_certificate;
}

int dtls_handshake_peer_key(struct dtls_handshake *hs, struct dtls_public_key *out)
{
    struct dtls_bytes chain[DTLS_MAX_CHAIN];
    size_t count;
    struct dtls_bytes message = { hs->transcript.bytes + hs->chain_at, hs->chain_len };

    if (dtls_handshake_read_chain(hs, message, chain, &count) != DTLS_OK || count == 0)
        return DTLS_ERR_BAD_CERTIFICATE;
    int err = hs->peer_raw ? dtls_key_info_public_key(chain[0], out) : dtls_certificate_public_key(chain[0], out);
    return err == DTLS_OK ? DTLS_OK : DTLS_ERR_BAD_CERTIFICATE;
}

int dtls_handshake_add_certificate(struct dtls_handshake *hs, const struct dtls_identity *identity)
{
    size_t count = identity == NULL ? 0 : identity->chain_count, most = 3;

    hs->presented = identity != NULL;
    if (hs->own_type == DTLS_TYPE_RAW) {
        struct dtls_bytes key_info = { 0 };
        if (identity != NULL)
            key_info = identity->key_info;
        struct dtls_writer raw = dtls_flight_open(&hs->building, most + key_info.len);
        dtls_raw_key_message_write(&raw, key_info);
        return dtls_handshake_close_message(hs, &raw, DTLS_CERTIFICATE);
    }
    for (size_t i = 0; i < count; i++)
        most += 3 + identity->chain[i].len;
    struct dtls_writer to = dtls_flight_open(&hs->building, most);
    dtls_certificate_message_write(&to, identity == NULL ? NULL : identity->chain, count);
    return dtls_handshake_close_message(hs, &to, DTLS_CERTIFICATE);
}

/* A full handshake's session has its own id; an abbreviated one continues the session it resumed, perhaps with a new
 * ticket. */
bool dtls_handshake_session_state(const struct dtls_handshake *hs, struct dtls_session_state *out)
{
    if (hs->resumed) {
        *out = hs->resuming;
    } else {
        *out = (struct dtls_session_state){ .suite = hs->pending.suite->id,
                                            .created = dtls_session_clock(hs->config, hs->now) };
        memcpy(out->master, hs->master, sizeof out->master);
        memcpy(out->id, hs->session_id, hs->session_id_len);
        out->id_len = hs->session_id_len;
        out->has_peer = hs->pending.has_peer;
        memcpy(out->peer, hs->pending.peer, sizeof out->peer);
        out->peer_raw = hs->pending.peer_raw;
        dtls_session_bind(out, hs->pending.server_name,
                          hs->as->role == DTLS_CLIENT && hs->presented ? hs->identity : NULL);
    }
    return hs->pending.extended_master_secret;
}

struct dtls_session *dtls_handshake_session(const struct dtls_handshake *hs)
{
    struct dtls_session_state state;
    struct dtls_bytes ticket = { hs->ticket, hs->ticket_len };
    bool resumable = dtls_handshake_session_state(hs, &state);
    uint32_t lifetime_s = 0;

    if (hs->ticket_len > 0 && hs->ticket_lifetime_s > 0) { /* which counts from now on */
        uint64_t clock = dtls_session_clock(hs->config, hs->now);
        uint64_t age_s = clock > state.created ? (clock - state.created) / 1000000 : 0;
        lifetime_s = age_s + hs->ticket_lifetime_s < UINT32_MAX ? (uint32_t)age_s + hs->ticket_lifetime_s : UINT32_MAX;
    }
    if (hs->resumed && ticket.len == 0 && hs->as->session != NULL) {
        ticket = (struct dtls_bytes){ hs->as->session->ticket, hs->as->session->ticket_len };
        lifetime_s = hs->as->session->lifetime_s;
    }
    resumable = resumable && (state.id_len > 0 || ticket.len > 0);
    struct dtls_session *session = resumable ? dtls_session_new(&hs->as->memory, &state, ticket, lifetime_s) : NULL;
    dtls_wipe(&state, sizeof state);
    return session;
}

/* That of n is no business of the handshake that makes n+1; but in the first one nobody has limited anything before,
 * and a peer with small buffers is better served at once (max_fragment_length asks for it, RFC 6066, 4). */
void dtls_handshake_limit_records(struct dtls_handshake *hs, size_t limit)
{
    hs->pending.record_limit = (uint16_t)(limit < DTLS_MAX_PLAINTEXT ? limit : DTLS_MAX_PLAINTEXT);
    if (!hs->rehandshake)
        hs->as->epochs.current->limit = hs->pending.record_limit;
}

int dtls_handshake_take_record_limit(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    enum { LEAST = 64 };

    if (extensions->has_record_size_limit && extensions->record_size_limit < LEAST)
        return DTLS_ERR_ILLEGAL_PARAMETER;
    /* A peer that says nothing of its own limit does not know what we said of ours. */
    hs->pending.own_limit =
        (uint16_t)(extensions->has_record_size_limit ? hs->config->record_size_limit : DTLS_MAX_PLAINTEXT);
    dtls_handshake_limit_records(hs, extensions->has_record_size_limit ? extensions->record_size_limit
                                                                       : DTLS_MAX_PLAINTEXT);
    return DTLS_OK;
}

bool dtls_handshake_wants_heartbeats(const struct dtls_handshake *hs)
{
    return hs->config->probe_mtu_to > 0 || hs->config->answer_probes;
}

int dtls_handshake_take_heartbeats(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    if (!extensions->has_heartbeat)
        return DTLS_OK;
    if (extensions->heartbeat_mode != DTLS_HEARTBEAT_ALLOWED &&
        extensions->heartbeat_mode != DTLS_HEARTBEAT_NOT_ALLOWED)
        return DTLS_ERR_ILLEGAL_PARAMETER;
    hs->pending.heartbeats = dtls_handshake_wants_heartbeats(hs);
    hs->pending.may_probe = hs->pending.heartbeats && extensions->heartbeat_mode == DTLS_HEARTBEAT_ALLOWED;
    return DTLS_OK;
}

int dtls_handshake_check_safety(const struct dtls_handshake *hs)
{
    bool safe = hs->pending.renegotiation_info && hs->pending.extended_master_secret;

    return safe || !(hs->rehandshake || hs->config->require_secure_renegotiation) ? DTLS_OK : DTLS_ERR_UNSAFE_PEER;
}
