/* aead.h - the table of AEAD ciphers: what a record layer needs to know of each. The door to those who have them. */
#ifndef DTLS_CRYPTO_AEAD_H
#define DTLS_CRYPTO_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DTLS_AEAD_NONCE_LEN = 12,
    DTLS_AEAD_TAG_LEN = 16, /* the longest; AES-CCM-8 has 8 */
    DTLS_AEAD_MAX_KEY = 32,
    DTLS_AEAD_MAX_EXPLICIT = 8,
    DTLS_AEAD_MAX_CONTEXT = 4352
};

struct dtls_aead {
    size_t key_len;
    size_t fixed_iv_len;  /* of the key block: 4 (GCM, RFC 5288; CCM, RFC 6655) or 12 (ChaCha20-Poly1305, RFC 7905) */
    size_t explicit_len;  /* nonce bytes carried in each record: 8 or 0 */
    size_t tag_len;       /* bytes behind the ciphertext */
    size_t context_size;  /* bytes of the keyed context, a multiple of 8; aligned as malloc aligns */
    uint64_t block_limit; /* 16-byte blocks under one key, tags included, until confidentiality suffers; 0: no limit */

    const struct dtls_aead *(*faster)(void); /* the same cipher by other means, if this machine has them; NULL: no */

    void (*set_key)(void *context, const uint8_t *key);

    /* Encrypts data[0..len) in place and writes the tag, of tag_len bytes. The context is only scratch between calls:
     * no state. */
    void (*seal)(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                 uint8_t *data, size_t len, uint8_t *tag);

    /* Decrypts in place; false when the tag is wrong (then data is garbage, to be forgotten). */
    bool (*open)(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad, size_t aad_len,
                 uint8_t *data, size_t len, const uint8_t *tag);
};

/* The fastest there is here of that cipher: what a context is made, used and freed with. */
static inline const struct dtls_aead *dtls_aead_here(const struct dtls_aead *aead)
{
    const struct dtls_aead *faster = aead->faster != NULL ? aead->faster() : NULL;

    return faster != NULL ? faster : aead;
}

extern const struct dtls_aead dtls_aes_128_gcm;
extern const struct dtls_aead dtls_aes_256_gcm;
extern const struct dtls_aead dtls_chacha20_poly1305;
extern const struct dtls_aead dtls_aes_128_ccm;
extern const struct dtls_aead dtls_aes_128_ccm_8;

#endif
