/* private_key_file.h - a private key out of PEM text. */
#ifndef DTLS_IDENTITY_PRIVATE_KEY_FILE_H
#define DTLS_IDENTITY_PRIVATE_KEY_FILE_H

#include "crypto/signature.h"

/*
 * Reads the first private key in PEM text: "PRIVATE KEY" (RFC 5958), "EC PRIVATE KEY" (RFC 5915) or
 * "RSA PRIVATE KEY" (RFC 8017, A.1.2). *out is the caller's, to free; it is written on DTLS_OK only.
 * Errors: DTLS_ERR_BAD_PEM, _BAD_KEY, _ENCRYPTED_KEY, _NO_MEMORY.
 */
int dtls_private_key_from_pem(struct dtls_bytes pem, struct dtls_private_key **out);

#endif
