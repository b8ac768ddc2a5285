/* ticket.c - sessions that others keep for a server: sealed, as tickets (RFC 5077, 4) and as entries of stores. */
#include "handshake/sealed.h"
#include "handshake/session.h"

#include "crypto/secret.h"

/* An entry is one of its own session id alone; a ticket is whoever's has it. */
static struct dtls_bytes context_of(enum dtls_sealed_kind kind, struct dtls_bytes id)
{
    return kind == DTLS_SEALED_ENTRY ? id : dtls_view(NULL, 0);
}

int dtls_session_seal(const struct dtls_ticket_key *key, enum dtls_sealed_kind kind, const struct dtls_memory *memory,
                      const struct dtls_random *random, const struct dtls_session_state *state,
                      uint8_t out[DTLS_SEALED_SESSION_MOST], size_t *len)
{
    struct dtls_writer to = dtls_writer_to(out + DTLS_SEALED_PREFIX, DTLS_SESSION_STATE_MAX);

    dtls_session_state_write(&to, state);
    int err = dtls_sealed_close(key, kind, context_of(kind, dtls_view(state->id, state->id_len)), memory, random, out,
                                to.len);
    if (err != DTLS_OK) /* it is not sealed: it must not stay */
        dtls_wipe(out, DTLS_SEALED_SESSION_MOST);
    *len = err == DTLS_OK ? to.len + DTLS_SEALED_AROUND : 0;
    return err;
}

bool dtls_session_open(const struct dtls_ticket_keys *keys, uint64_t now_us, enum dtls_sealed_kind kind,
                       struct dtls_bytes id, const struct dtls_memory *memory, struct dtls_bytes sealed,
                       struct dtls_session_state *out, const struct dtls_ticket_key **key)
{
    uint8_t plain[DTLS_SESSION_STATE_MAX];
    size_t len = 0;
    int err = dtls_sealed_open(keys, now_us / 1000000, kind, context_of(kind, id), memory, sealed, plain, sizeof plain,
                               &len, key);

    if (err != DTLS_OK)
        return false;
    struct dtls_reader from = dtls_reader_of(dtls_view(plain, len));
    dtls_session_state_read(&from, out);
    bool good = dtls_reader_finished(&from);
    dtls_wipe(plain, sizeof plain);
    return good;
}
