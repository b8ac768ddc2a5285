/* certificate.h - what the core reads of an X.509 certificate: its public key, and nothing it would have to judge. */
#ifndef DTLS_IDENTITY_CERTIFICATE_H
#define DTLS_IDENTITY_CERTIFICATE_H

#include "crypto/signature.h"

/* The SubjectPublicKeyInfo of a certificate, a view with its header. DTLS_ERR_BAD_X509 when it is no certificate. */
int dtls_certificate_key_info(struct dtls_bytes der, struct dtls_bytes *out);

/* Views into `der`. DTLS_ERR_BAD_X509 when it is no certificate or its key is of no kind we have. */
int dtls_certificate_public_key(struct dtls_bytes der, struct dtls_public_key *out);

/* Issuer and subject as they stand, DER with their headers; views into `der`. False when it is no certificate. */
bool dtls_certificate_names(struct dtls_bytes der, struct dtls_bytes *issuer, struct dtls_bytes *subject);

/* SHA-256 over the certificate. */
void dtls_certificate_fingerprint(struct dtls_bytes der, uint8_t out[DTLS_FINGERPRINT_LEN]);

/* The same by any of the three hashes. */
void dtls_certificate_fingerprint_by(struct dtls_bytes der, enum dtls_fingerprint_hash hash,
                                     struct dtls_fingerprint *out);

#endif
