/* algorithm.h - the AlgorithmIdentifiers of keys and signatures (RFC 3279, RFC 5480, RFC 8410). */
#ifndef DTLS_IDENTITY_ALGORITHM_H
#define DTLS_IDENTITY_ALGORITHM_H

#include "crypto/signature.h"
#include "identity/der.h"

/* The kind of key that an AlgorithmIdentifier names, parameters included; DTLS_KEY_NONE for one we do not have. */
enum dtls_key_kind dtls_algorithm_read_key(struct dtls_reader *from);

/* The kind of key of a named curve's identifier; DTLS_KEY_NONE for a curve we do not have. */
enum dtls_key_kind dtls_algorithm_read_curve(struct dtls_reader *from);

/* The AlgorithmIdentifier of a key; and of the signature that a P-256 or Ed25519 key makes: with SHA-256, or Ed25519.
 */
void dtls_algorithm_write_key(struct dtls_writer *to, enum dtls_key_kind kind);
void dtls_algorithm_write_signature(struct dtls_writer *to, enum dtls_key_kind kind);

#endif
