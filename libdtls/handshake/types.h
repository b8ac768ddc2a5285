/* types.h - which types of certificates two ends agree on: X.509, or raw public keys (RFC 7250). */
#ifndef DTLS_HANDSHAKE_TYPES_H
#define DTLS_HANDSHAKE_TYPES_H

#include "dtls/config.h"

struct dtls_handshake;
struct dtls_extensions;

enum { DTLS_TYPE_X509 = 0, DTLS_TYPE_RAW = 2, DTLS_TYPE_NONE = 255, DTLS_MOST_TYPES = 2 };

/* What we may show, and what we take, as single bytes in order of preference. What was shown first stays (R9). */
struct dtls_bytes dtls_own_types(const struct dtls_handshake *hs, uint8_t out[DTLS_MOST_TYPES]);
struct dtls_bytes dtls_peer_types(const struct dtls_config *config, uint8_t out[DTLS_MOST_TYPES]);

/* Are these bytes more than what everybody is taken to know, X.509 alone? */
bool dtls_types_need_saying(struct dtls_bytes types);

/* The first of ours that the other side has, and that this identity (NULL: any) can be shown as; or DTLS_TYPE_NONE. */
uint8_t dtls_types_choose(struct dtls_bytes ours, bool has_theirs, struct dtls_bytes theirs,
                          const struct dtls_identity *identity);

/* A server that asks for a certificate: of which type? DTLS_OK, or a death. */
int dtls_types_take_offer(struct dtls_handshake *hs, const struct dtls_extensions *extensions);

/* A client whose server shows a certificate: of which types both will be. DTLS_OK, or a death. */
int dtls_types_take_answer(struct dtls_handshake *hs, const struct dtls_extensions *extensions);

#endif
