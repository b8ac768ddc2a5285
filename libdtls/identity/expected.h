/* expected.h - is a peer's certificate one that signalling has told of (RFC 8122)? */
#ifndef DTLS_IDENTITY_EXPECTED_H
#define DTLS_IDENTITY_EXPECTED_H

#include "dtls/identity.h"

enum dtls_match { DTLS_MATCHES, DTLS_MATCHES_NOT, DTLS_MATCH_UNKNOWN };

/* Of several hashes the strongest counts; of several fingerprints with that, any (RFC 8122, 5: "select the set of
 * fingerprints for its most preferred hash function", and match one of them). None expected: it matches. */
enum dtls_match dtls_expected_certificate(const struct dtls_fingerprint *expected, size_t count, struct dtls_bytes der);

/* The same where only the SHA-256 of the certificate is known, of a session's peer: UNKNOWN where another hash counts.
 */
enum dtls_match dtls_expected_peer(const struct dtls_fingerprint *expected, size_t count,
                                   const uint8_t sha_256[DTLS_FINGERPRINT_LEN]);

#endif
