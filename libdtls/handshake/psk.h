/* psk.h - handshakes with a pre-shared key (RFC 4279, RFC 5489): which key it is, and what is made of it.
 *
 * psk.c: what both roles do. psk_client.c, psk_server.c: what each role does with each message, as client.c and
 * server.c do where there are certificates. */
#ifndef DTLS_HANDSHAKE_PSK_H
#define DTLS_HANDSHAKE_PSK_H

#include "bytes/writer.h"
#include "dtls/psk.h"
#include "handshake/suites.h"

struct dtls_handshake;
struct dtls_job;
struct dtls_message;
struct dtls_session_state;

/* Of one handshake. */
struct dtls_psk_state {
    uint8_t *identity;        /* the client's, owned; NULL: not known yet */
    size_t identity_len;      /* the block has one byte more, so that it is none of 0 bytes */
    size_t hint_at, hint_len; /* a client: the server's, in the transcript */
    uint8_t key[DTLS_PSK_MAX_KEY];
    size_t key_len;
    int (*then)(struct dtls_handshake *hs);
};

/* Are its lengths possible? */
bool dtls_psk_is_valid(const struct dtls_psk *psk);

/* The answer to a question, as bytes. */
enum { DTLS_PSK_ANSWER_MOST = 2 + DTLS_PSK_MAX_IDENTITY + 2 + DTLS_PSK_MAX_KEY };
void dtls_psk_write(struct dtls_writer *to, const struct dtls_psk *psk);

/* By what a connection and its sessions know the peer: SHA-256 of the client's identity, at both ends. */
void dtls_psk_fingerprint(struct dtls_bytes identity, uint8_t out[DTLS_FINGERPRINT_LEN]);

/* Would this session, made with a pre-shared key, still be accepted? */
bool dtls_psk_judge_session(const struct dtls_config *config, enum dtls_role role,
                            const struct dtls_session_state *session);

/* The client's identity, which is copied; checks R9. A server's first step. */
int dtls_handshake_know_psk_identity(struct dtls_handshake *hs, struct dtls_bytes identity);

/* Finds the key, and a client's identity with it, in the configuration or by asking (R19); and then `then`. */
int dtls_handshake_find_psk(struct dtls_handshake *hs, int (*then)(struct dtls_handshake *hs));

/* Right after ClientKeyExchange went into the transcript: the premaster secret (RFC 4279, 2; RFC 5489, 2), and the next
 * epoch. */
int dtls_handshake_derive_psk(struct dtls_handshake *hs);

/* The rest of a server's flight. */
int dtls_server_offer_psk(struct dtls_handshake *hs);

/* ---- of client.c and server.c ---- */

int dtls_client_keep_exchanged(struct dtls_handshake *hs, struct dtls_job *job);
int dtls_client_end_flight(struct dtls_handshake *hs);
int dtls_client_take_ticket(struct dtls_handshake *hs, const struct dtls_message *message);
int dtls_server_end_flight(struct dtls_handshake *hs);
int dtls_server_take_finished(struct dtls_handshake *hs, const struct dtls_message *message);

#endif
