/* srtp_keys.h - what a handshake brings for media (RFC 5764): the profile, and the keys and salts of both directions.
 */
#ifndef DTLS_SRTP_KEYS_H
#define DTLS_SRTP_KEYS_H

#include <stdint.h>

/* Protection profiles (RFC 5764, 4.1.2; RFC 7714, 14.2). */
enum dtls_srtp_profile {
    DTLS_SRTP_AES128_CM_HMAC_SHA1_80 = 0x0001, /* tags of 10 bytes */
    DTLS_SRTP_AES128_CM_HMAC_SHA1_32 = 0x0002, /* of 4 bytes for RTP, 10 for RTCP */
    DTLS_SRTP_AEAD_AES_128_GCM = 0x0007,       /* tags of 16 bytes */
    DTLS_SRTP_AEAD_AES_256_GCM = 0x0008,       /* tags of 16 bytes */
};

/* Bytes of the longest ones. */
enum { DTLS_SRTP_MAX_KEY = 32, DTLS_SRTP_MAX_SALT = 14, DTLS_SRTP_MAX_MKI = 255 };

/* Secrets: wipe it after use. */
struct dtls_srtp_keys {
    uint16_t epoch;                                                     /* of the handshake that has made them */
    uint16_t profile;                                                   /* enum dtls_srtp_profile */
    uint8_t key_len, salt_len;                                          /* bytes of them that count, by the profile */
    uint8_t send_key[DTLS_SRTP_MAX_KEY], send_salt[DTLS_SRTP_MAX_SALT]; /* master key and salt for what we send, */
    uint8_t receive_key[DTLS_SRTP_MAX_KEY], receive_salt[DTLS_SRTP_MAX_SALT]; /* and for what the peer does */
    uint8_t mki_len;                                                          /* bytes of the MKI; 0: none */
    uint8_t mki[DTLS_SRTP_MAX_MKI]; /* behind each packet, in both directions (RFC 3711, 3.1) */
};

#endif
