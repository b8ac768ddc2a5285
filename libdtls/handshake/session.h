/* session.h - what a resumable session consists of (RFC 5246, F.1.4), in memory and as bytes. */
#ifndef DTLS_HANDSHAKE_SESSION_H
#define DTLS_HANDSHAKE_SESSION_H

#include "bytes/reader.h"
#include "bytes/writer.h"
#include "crypto/memory.h"
#include "dtls/session.h"
#include "handshake/key_schedule.h"
#include "handshake/sealed.h"

enum { DTLS_MAX_TICKET = 4096, DTLS_BINDING_LEN = 16 };

/* What a session was made with, and is good for alone. */
enum { DTLS_BOUND_TO_NAME = 1, DTLS_BOUND_TO_IDENTITY = 2 };

/* Only sessions with extended master secret are ever kept (RFC 7627, 5.3; contract R8). */
struct dtls_session_state {
    uint16_t suite;
    uint8_t master[DTLS_MASTER_SECRET_LEN];
    uint8_t id[DTLS_MAX_SESSION_ID];
    uint8_t id_len;
    bool has_peer;                      /* the peer showed a certificate, and it was accepted */
    uint8_t peer[DTLS_FINGERPRINT_LEN]; /* this one (contract R9) */
    uint8_t bound;                      /* the client asked for a name; a client's: it showed an identity of its own */
    uint8_t binding[DTLS_BINDING_LEN];  /* and these they were (binding.c) */
    bool peer_raw;                      /* `peer` is of a raw public key (RFC 7250) */
    dtls_time created;                  /* dtls_session_clock */
};

/* The state, and a client's ticket for it. */
struct dtls_session {
    struct dtls_memory memory;
    struct dtls_session_state state;
    uint8_t *ticket;
    uint16_t ticket_len;
    uint32_t lifetime_s; /* from `created` on, as its server has told with the ticket; 0: it has not */
};

enum { DTLS_SESSION_STATE_MAX = 144 }; /* bytes a written state has at most */

void dtls_session_state_write(struct dtls_writer *to, const struct dtls_session_state *state);
void dtls_session_state_read(struct dtls_reader *from, struct dtls_session_state *out); /* breaks the reader */

/* A session with a copy of the ticket; NULL without memory. Freed with dtls_session_free. */
struct dtls_session *dtls_session_new(const struct dtls_memory *memory, const struct dtls_session_state *state,
                                      struct dtls_bytes ticket, uint32_t lifetime_s);

/* The time by which sessions age: microseconds since 1970, where the configuration knows them. */
static inline uint64_t dtls_session_clock(const struct dtls_config *config, dtls_time now)
{
    return now + config->unix_time_offset_us;
}

enum {
    DTLS_OWN_SESSION_LIFETIME = 24 * 3600, /* seconds that a connection's own session is good for (R11) */
    DTLS_CLOCK_SKEW = 300,                 /* seconds by which the clocks of a fleet may differ */
};

/* Is a session still young enough at `clock`? Also false when it comes from a clock that is far ahead of ours. */
bool dtls_session_is_alive(const struct dtls_session_state *state, uint64_t clock, uint32_t lifetime_s);

/* ---- sealed, for others to keep ---- */

enum { DTLS_SEALED_SESSION_MOST = DTLS_SEALED_AROUND + DTLS_SESSION_STATE_MAX };

/* DTLS_OK, or DTLS_ERR_RANDOM, or _NO_MEMORY: then `out` is wiped, and *len is 0. */
int dtls_session_seal(const struct dtls_ticket_key *key, enum dtls_sealed_kind kind, const struct dtls_memory *memory,
                      const struct dtls_random *random, const struct dtls_session_state *state,
                      uint8_t out[DTLS_SEALED_SESSION_MOST], size_t *len);

/* False for what none of the keys opens. `id`: of an entry. *key, which may be NULL, is whose it was. */
bool dtls_session_open(const struct dtls_ticket_keys *keys, uint64_t now_us, enum dtls_sealed_kind kind,
                       struct dtls_bytes id, const struct dtls_memory *memory, struct dtls_bytes sealed,
                       struct dtls_session_state *out, const struct dtls_ticket_key **key);

#endif
