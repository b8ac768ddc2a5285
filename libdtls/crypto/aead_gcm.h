/* aead_gcm.h - what the files of AES-GCM share: nettle's, and another one that may be faster on this machine. */
#ifndef DTLS_CRYPTO_AEAD_GCM_H
#define DTLS_CRYPTO_AEAD_GCM_H

#include "crypto/aead.h"

/* 2^24.5 records of 2^14 bytes: the margin that RFC 8446, 5.5 keeps, and RFC 9147, 4.5.3 with it. */
#define DTLS_GCM_BLOCK_LIMIT (UINT64_C(23726566) << 10)

/* NULL where there is none. */
const struct dtls_aead *dtls_faster_aes_128_gcm(void);
const struct dtls_aead *dtls_faster_aes_256_gcm(void);

#endif
