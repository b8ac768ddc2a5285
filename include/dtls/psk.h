/* psk.h - pre-shared keys (RFC 4279, RFC 5487, RFC 5489, RFC 8442): both sides know a key by the client's name for it.
 */
#ifndef DTLS_PSK_H
#define DTLS_PSK_H

#include "dtls/identity.h"
#include "dtls/question.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lengths. */
enum {
    DTLS_PSK_MAX_IDENTITY = 255, /* bytes, of any value; 0 is a length like any other */
    DTLS_PSK_MAX_HINT = 255,     /* bytes */
    DTLS_PSK_MAX_KEY = 64,       /* and 1 at least; 16 random ones or more, or who listens can guess (RFC 4279, 7.2) */
};

/* One key, in views. */
struct dtls_psk {
    struct dtls_bytes identity; /* the client's name for it: 0 to DTLS_PSK_MAX_IDENTITY bytes */
    struct dtls_bytes key;      /* 1 to DTLS_PSK_MAX_KEY bytes */
};

/*
 * Asked in each full handshake with a pre-shared key; `name` is a view until it returns. In a client it is the server's
 * hint (empty: there is none, or it is empty), and the answer is the client's identity and the key of it. In a server
 * it is the identity that a client claims, and the answer is its key.
 */
typedef void dtls_psk_function(void *arg, struct dtls_question *question, struct dtls_bytes name);

/*
 * The answer, copied; in a server `identity` is not looked at. NULL: there is no key. To a client that is the end
 * (DTLS_ERR_UNKNOWN_PSK); a server goes on with a random key, so that nobody learns which identities there are: to the
 * peer it is as if the key were wrong, which over DTLS is silence, until the handshake's time is over.
 * DTLS_OK. DTLS_ERR_ARGUMENT (a length out of range, another kind of question): it is still to be answered.
 * DTLS_ERR_NOT_ASKED: nobody waits any more; the question is freed.
 */
DTLS_API int dtls_question_answer_psk(struct dtls_question *question, const struct dtls_psk *psk);

#ifdef __cplusplus
}
#endif

#endif
