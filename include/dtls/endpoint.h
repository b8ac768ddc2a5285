/* endpoint.h - what a server does with a datagram from an address it does not know yet (RFC 6347, 4.2.1). */
#ifndef DTLS_ENDPOINT_H
#define DTLS_ENDPOINT_H

#include "dtls/config.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DTLS_HELLO_REPLY_LEN = 60 }; /* bytes of the HelloVerifyRequest datagram */

/* The secrets that cookies are made with. One per socket (or one shared, on one thread). Zero is a valid start. */
struct dtls_cookie_secrets {
    uint8_t secret[2][32]; /* the current slot's and the one's before */
    uint64_t slot;         /* time / DTLS_COOKIE_SLOT + 1 of the current one; 0: none yet */
};

/* A cookie is good for one to two of these: longer than the longest pause between two ClientHellos (T2). */
#define DTLS_COOKIE_SLOT ((dtls_time)60 * 1000 * 1000)

/* Forgets them, when the socket closes. */
DTLS_API void dtls_cookie_secrets_wipe(struct dtls_cookie_secrets *secrets);

enum dtls_hello {
    DTLS_HELLO_DROP,  /* not a ClientHello that could be answered: forget it */
    DTLS_HELLO_REPLY, /* send `out` back; keep nothing */
    DTLS_HELLO_VALID, /* its address is real: make a connection, start it, and give it this datagram */
};

/*
 * The stateless hello (contract S4): judges the first datagram of an unknown address without allocating, without
 * public-key work, and without ever answering with more bytes than came. `address` is any byte string that names the
 * sender (a sockaddr's address and port). `out` has room for DTLS_HELLO_REPLY_LEN bytes, written only with
 * DTLS_HELLO_REPLY. Secrets renew themselves from `random` (NULL: the operating system's) as `now` passes.
 * A ClientHello in fragments is judged on its first one. Returns an enum dtls_hello, or DTLS_ERR_RANDOM (below zero).
 */
DTLS_API int dtls_hello_check(struct dtls_cookie_secrets *secrets, dtls_time now, const uint8_t *address,
                              size_t address_len, const uint8_t *datagram, size_t len, dtls_random_function *random,
                              void *random_arg, uint8_t out[DTLS_HELLO_REPLY_LEN]);

#ifdef __cplusplus
}
#endif

#endif
