/* base64.h - base64 text to bytes, for PEM. */
#ifndef DTLS_CRYPTO_BASE64_H
#define DTLS_CRYPTO_BASE64_H

#include "dtls/identity.h"

/* Decodes text (white space allowed) into out, which has room for text_len bytes. False when it is not base64. */
bool dtls_base64_decode(const char *text, size_t text_len, uint8_t *out, size_t *len);

#endif
