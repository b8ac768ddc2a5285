/* psk.c - which pre-shared key a handshake is about, and its premaster secret. Knows no message. */
#include "handshake/psk.h"

#include <string.h>

#include "crypto/secret.h"
#include "handshake/handshake.h"

enum { RANDOM_KEY_LEN = 32 };

bool dtls_psk_is_valid(const struct dtls_psk *psk)
{
    return psk->identity.len <= DTLS_PSK_MAX_IDENTITY && psk->key.len >= 1 && psk->key.len <= DTLS_PSK_MAX_KEY;
}

void dtls_psk_write(struct dtls_writer *to, const struct dtls_psk *psk)
{
    dtls_write_vec16(to, psk->identity);
    dtls_write_vec16(to, psk->key);
}

void dtls_psk_fingerprint(struct dtls_bytes identity, uint8_t out[DTLS_FINGERPRINT_LEN])
{
    uint8_t digest[DTLS_HASH_MAX];

    dtls_hash_once(DTLS_SHA256, identity, digest);
    memcpy(out, digest, DTLS_FINGERPRINT_LEN);
}

/* Whoever answers for identities is asked in full handshakes only: a session knows no more than the hash of one. */
bool dtls_psk_judge_session(const struct dtls_config *config, enum dtls_role role,
                            const struct dtls_session_state *session)
{
    uint8_t own[DTLS_FINGERPRINT_LEN];

    if (!session->has_peer)
        return false;
    if (role == DTLS_SERVER || config->psk != NULL)
        return config->psk != NULL;
    dtls_psk_fingerprint(config->psk_identity, own);
    return config->psk_key.len > 0 && memcmp(own, session->peer, sizeof own) == 0;
}

/* ---- whose key ---- */

/* R9. Another identity of a client's is its own to change. */
static bool may_be_known(const struct dtls_handshake *hs)
{
    const struct dtls_established *active = &hs->as->active;

    if (!hs->rehandshake || !active->has_peer || dtls_is_same_peer(active, &hs->pending))
        return true;
    return hs->config->allow_identity_change ||
           (hs->as->role == DTLS_CLIENT && hs->config->change_own_identity && active->suite->psk);
}

int dtls_handshake_know_psk_identity(struct dtls_handshake *hs, struct dtls_bytes identity)
{
    hs->pending.has_peer = true;
    dtls_psk_fingerprint(identity, hs->pending.peer);
    if (!may_be_known(hs))
        return DTLS_ERR_IDENTITY_CHANGED;
    if (identity.len > DTLS_PSK_MAX_IDENTITY) /* nobody's: that it is too long is all that has to be known */
        identity.len = DTLS_PSK_MAX_IDENTITY + 1;
    hs->psk.identity = dtls_allocate(&hs->as->memory, identity.len + 1);
    if (hs->psk.identity == NULL)
        return DTLS_ERR_NO_MEMORY;
    hs->psk.identity_len = identity.len;
    if (identity.len > 0)
        memcpy(hs->psk.identity, identity.at, identity.len);
    return DTLS_OK;
}

static void know_key(struct dtls_handshake *hs, struct dtls_bytes key)
{
    dtls_wipe(hs->psk.key, sizeof hs->psk.key);
    if (key.len > 0)
        memcpy(hs->psk.key, key.at, key.len);
    hs->psk.key_len = key.len;
}

/* ---- asking for it ---- */

static void put(struct dtls_handshake *hs, struct dtls_question *question)
{
    const struct dtls_config *config = hs->as->role == DTLS_CLIENT ? hs->psk_config : hs->config;
    struct dtls_bytes name = hs->as->role == DTLS_SERVER ? dtls_view(hs->psk.identity, hs->psk.identity_len)
                             : hs->psk.hint_len > 0
                                 ? dtls_view(hs->transcript.bytes + hs->psk.hint_at, hs->psk.hint_len)
                                 : dtls_view(NULL, 0);

    config->psk(config->psk_arg, question, name);
}

static int answered(struct dtls_handshake *hs, const struct dtls_question *question)
{
    struct dtls_reader from = dtls_reader_of(dtls_view(question->answer, question->answer_len));
    struct dtls_bytes identity = dtls_read_vec16(&from), key = dtls_read_vec16(&from);
    int err = DTLS_OK;

    if (hs->as->role == DTLS_CLIENT)
        err = question->granted ? dtls_handshake_know_psk_identity(hs, identity) : DTLS_ERR_UNKNOWN_PSK;
    if (err == DTLS_OK && question->granted)
        know_key(hs, key);
    return err == DTLS_OK ? hs->psk.then(hs) : err;
}

static int find_for_client(struct dtls_handshake *hs)
{
    const struct dtls_config *config = hs->psk_config;

    if (config->psk != NULL)
        return dtls_handshake_ask(hs, DTLS_QUESTION_PSK, DTLS_PSK_ANSWER_MOST, 0, put, answered);
    int err = dtls_handshake_know_psk_identity(hs, config->psk_identity);
    if (err != DTLS_OK)
        return err;
    know_key(hs, config->psk_key);
    return hs->psk.then(hs);
}

/* Nobody shall learn which identities there are (RFC 4279, 7.1 and 2, the last paragraph but one): one that is not
 * known has a key all the same, which nobody has. It is drawn for those that are known, too, so that both take as long.
 */
static int find_for_server(struct dtls_handshake *hs)
{
    int err = dtls_random_bytes(&hs->as->random, hs->psk.key, RANDOM_KEY_LEN);

    if (err != DTLS_OK)
        return err;
    hs->psk.key_len = RANDOM_KEY_LEN;
    if (hs->psk.identity_len > DTLS_PSK_MAX_IDENTITY)
        return hs->psk.then(hs);
    return dtls_handshake_ask(hs, DTLS_QUESTION_PSK, DTLS_PSK_ANSWER_MOST, 0, put, answered);
}

int dtls_handshake_find_psk(struct dtls_handshake *hs, int (*then)(struct dtls_handshake *hs))
{
    hs->psk.then = then;
    return hs->as->role == DTLS_CLIENT ? find_for_client(hs) : find_for_server(hs);
}

/* ---- what is made of it ---- */

/* Without ECDHE as many zeroes as the key has bytes stand for the other secret. */
int dtls_handshake_derive_psk(struct dtls_handshake *hs)
{
    static const uint8_t zeroes[DTLS_PSK_MAX_KEY];
    uint8_t bytes[2 + DTLS_PSK_MAX_KEY + 2 + DTLS_PSK_MAX_KEY];
    struct dtls_writer premaster = dtls_writer_to(bytes, sizeof bytes);

    if (hs->pending.suite->ecdhe)
        dtls_write_vec16(&premaster, dtls_view(hs->premaster, hs->premaster_len));
    else
        dtls_write_vec16(&premaster, dtls_view(zeroes, hs->psk.key_len));
    dtls_write_vec16(&premaster, dtls_view(hs->psk.key, hs->psk.key_len));
    int err = dtls_handshake_derive(hs, dtls_writer_bytes(&premaster));
    dtls_wipe(bytes, sizeof bytes);
    dtls_wipe(hs->premaster, sizeof hs->premaster);
    dtls_wipe(hs->psk.key, sizeof hs->psk.key);
    return err;
}
