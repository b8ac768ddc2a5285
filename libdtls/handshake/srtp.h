/* srtp.h - use_srtp (RFC 5764, 4.1; RFC 7714, 14.2): the table of protection profiles, and what a handshake agrees on.
 */
#ifndef DTLS_HANDSHAKE_SRTP_H
#define DTLS_HANDSHAKE_SRTP_H

#include "dtls/config.h"

struct dtls_handshake;
struct dtls_extensions;

struct dtls_srtp_profile_row {
    uint16_t id;      /* enum dtls_srtp_profile */
    const char *name; /* IANA's */
    uint8_t key_len, salt_len;
};

/* The row of a profile, or NULL. */
const struct dtls_srtp_profile_row *dtls_srtp_profile_find(uint16_t id);

/* A client: the MKI that its hello offers, fresh for each handshake (contract K1). DTLS_OK or DTLS_ERR_RANDOM. */
int dtls_srtp_draw_mki(struct dtls_handshake *hs);

/* A server: what its client offers, by the server's order of preference; a client: what its server answers, where it
 * has offered something. Sets the handshake's srtp_ fields. DTLS_OK, or a death. */
int dtls_srtp_take_offer(struct dtls_handshake *hs, const struct dtls_extensions *extensions);
int dtls_srtp_take_answer(struct dtls_handshake *hs, const struct dtls_extensions *extensions);

#endif
