/* ecdsa_der.h - an ECDSA signature as DER: SEQUENCE { r INTEGER, s INTEGER } (RFC 8422, 5.4; RFC 3279, 2.2.3). */
#ifndef DTLS_CRYPTO_ECDSA_DER_H
#define DTLS_CRYPTO_ECDSA_DER_H

#include "bytes/writer.h"

/* Strict: shortest lengths, no negative number, no needless zero in front, nothing behind. Views into `der`. */
bool dtls_ecdsa_der_read(struct dtls_bytes der, struct dtls_bytes *r, struct dtls_bytes *s);

/* From big-endian numbers with any leading zeroes, 48 bytes at most each. */
void dtls_ecdsa_der_write(struct dtls_writer *to, struct dtls_bytes r, struct dtls_bytes s);

#endif
