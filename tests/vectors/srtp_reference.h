/* srtp_reference.h - SRTP written down from RFC 3711 and RFC 7714, for comparison: straight, slow, for one packet. */
#ifndef DTLS_TESTS_VECTORS_SRTP_REFERENCE_H
#define DTLS_TESTS_VECTORS_SRTP_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

enum { REFERENCE_TAG = 16 };

/* AES in counter mode (RFC 3711, 4.1.1): `len` bytes of key stream from an IV whose last 16 bits count. Key of 16 or 32
 * bytes. */
void reference_key_stream(const uint8_t *key, size_t key_len, const uint8_t iv[16], uint8_t *out, size_t len);

/* Key derivation (RFC 3711, 4.3) with a rate of zero; a salt of 12 bytes counts as 14 (RFC 7714, 11). */
void reference_derive(const uint8_t *master, size_t key_len, const uint8_t *salt, size_t salt_len, uint8_t label,
                      uint8_t *out, size_t len);

/* Session keys for the four functions below. */
struct reference_keys {
    uint8_t key[32], salt[14], auth[20];
    size_t key_len, tag_len;
};

/* All session keys of RTP, or RTCP, from a master key. */
void reference_session_keys(struct reference_keys *out, const uint8_t *master, size_t key_len, const uint8_t *salt,
                            size_t salt_len, int is_rtcp);

/* Protect the packet of *len bytes in place, whose header has 12 (8) bytes: AES-CM with HMAC-SHA1, or AES-GCM. */
void reference_cm_rtp(const struct reference_keys *keys, uint64_t index, uint8_t *packet, size_t *len);
void reference_cm_rtcp(const struct reference_keys *keys, uint32_t index, uint8_t *packet, size_t *len);
void reference_gcm_rtp(const struct reference_keys *keys, uint64_t index, uint8_t *packet, size_t *len);
void reference_gcm_rtcp(const struct reference_keys *keys, uint32_t index, uint8_t *packet, size_t *len);

#endif
