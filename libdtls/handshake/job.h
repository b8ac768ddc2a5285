/* job.h - the public-key work of one step of a handshake, as a thing of its own that any thread can do (contract R17).
 */
#ifndef DTLS_HANDSHAKE_JOB_H
#define DTLS_HANDSHAKE_JOB_H

#include "crypto/ecdhe.h"
#include "crypto/memory.h"
#include "crypto/signature.h"

/* Up to four things, done in this order until one fails. What they need is filled in before; views are the caller's
 * until dtls_job_detach makes them the job's own. All zeroes does nothing. */
struct dtls_job {
    struct dtls_random random;

    bool verify;     /* the peer's signature over `signed_bytes` */
    bool verify_own; /* or one that was made for us: that it is wrong is nothing the peer did */
    uint16_t verify_scheme;
    struct dtls_public_key peer_key;
    struct dtls_bytes signed_bytes, signature;

    bool generate; /* a share of `group`, into `pair`; without it, `pair` may be given */
    uint16_t group;
    struct dtls_ecdhe pair;

    bool agree; /* on the premaster secret, with `pair` and the peer's point */
    struct dtls_bytes peer_point;
    uint8_t premaster[DTLS_ECDHE_MAX_SECRET];
    size_t premaster_len;

    bool sign; /* `to_sign`, and behind it, if so, the ServerECDHParams of `pair` */
    bool sign_share;
    uint16_t sign_scheme;
    const struct dtls_private_key *key;
    struct dtls_bytes to_sign;
    uint8_t made[DTLS_SIGNATURE_LARGEST];
    size_t made_len;

    bool done;
    int error; /* when done: DTLS_OK, or the handshake's death */

    struct dtls_memory memory; /* of a detached one */
    size_t block_len;          /* that it takes, its bytes behind it */
};

/* A copy that owns its bytes, freed with dtls_job_free; NULL without memory. */
struct dtls_job *dtls_job_detach(const struct dtls_job *job, const struct dtls_memory *memory);

#endif
