/* session.h - what a resumable session consists of (RFC 5246, F.1.4), in memory and as bytes. */
#ifndef DTLS_HANDSHAKE_SESSION_H
#define DTLS_HANDSHAKE_SESSION_H

#include "bytes/reader.h"
#include "bytes/writer.h"
#include "crypto/memory.h"
#include "dtls/session.h"
#include "handshake/key_schedule.h"

enum { DTLS_MAX_TICKET = 4096, DTLS_NAME_BINDING_LEN = 16 };

/* Only sessions with extended master secret are ever kept (RFC 7627, 5.3; contract R8). */
struct dtls_session_state {
    uint16_t suite;
    uint8_t master[DTLS_MASTER_SECRET_LEN];
    uint8_t id[DTLS_MAX_SESSION_ID];
    uint8_t id_len;
    bool has_peer;                       /* the peer showed a certificate, and it was accepted */
    uint8_t peer[DTLS_FINGERPRINT_LEN];  /* this one (contract R9) */
    bool has_name;                       /* the client has asked for a name, and it was this one: */
    uint8_t name[DTLS_NAME_BINDING_LEN]; /* server_name.h */
    bool peer_raw;                       /* `peer` is of a raw public key (RFC 7250) */
    dtls_time created;
};

/* The state, and a client's ticket for it. */
struct dtls_session {
    struct dtls_memory memory;
    struct dtls_session_state state;
    uint8_t *ticket;
    size_t ticket_len;
};

enum { DTLS_SESSION_STATE_MAX = 160 }; /* bytes a written state has at most */

void dtls_session_state_write(struct dtls_writer *to, const struct dtls_session_state *state);
void dtls_session_state_read(struct dtls_reader *from, struct dtls_session_state *out); /* breaks the reader */

/* A session with a copy of the ticket; NULL without memory. Freed with dtls_session_free. */
struct dtls_session *dtls_session_new(const struct dtls_memory *memory, const struct dtls_session_state *state,
                                      struct dtls_bytes ticket);

enum { DTLS_OWN_SESSION_LIFETIME = 24 * 3600 }; /* seconds that a connection's own session is good for (R11) */

/* Is a session still young enough at `now`? Also false when it comes from a clock that is ahead of ours. */
bool dtls_session_is_alive(const struct dtls_session_state *state, dtls_time now, uint32_t lifetime_s);

/* The server's cache: copies in, copies out. */
void dtls_session_cache_put(struct dtls_session_cache *cache, const struct dtls_session_state *state);
bool dtls_session_cache_get(const struct dtls_session_cache *cache, struct dtls_bytes id,
                            struct dtls_session_state *out);

/* Session tickets (RFC 5077, 4): a state sealed with AES-256-GCM under one of our keys. */
enum { DTLS_TICKET_MOST = 16 + DTLS_AEAD_NONCE_LEN + DTLS_SESSION_STATE_MAX + DTLS_AEAD_TAG_LEN };
int dtls_ticket_seal(const struct dtls_ticket_key *key, const struct dtls_memory *memory,
                     const struct dtls_random *random, const struct dtls_session_state *state,
                     uint8_t out[DTLS_TICKET_MOST], size_t *len);

/* False for a ticket that none of the keys opens. */
bool dtls_ticket_open(const struct dtls_ticket_key *keys, size_t key_count, const struct dtls_memory *memory,
                      struct dtls_bytes ticket, struct dtls_session_state *out);

#endif
