/* srtp_generation.h - one set of keys: libsrtp's two contexts of it, and its MKI. The door to libsrtp (contract K4).
 *
 * libsrtp estimates packet indices and keeps replay windows for each context alone; here it is told the roll-over
 * counter of every packet, since only the session knows it across generations. It works on the caller's scratch space,
 * because it needs aligned packets and decrypts AEAD in place before it has checked the tag. */
#ifndef DTLS_ADAPTERS_SRTP_GENERATION_H
#define DTLS_ADAPTERS_SRTP_GENERATION_H

#include "dtls/identity.h"
#include "dtls/srtp.h"

struct srtp_ctx_t_; /* libsrtp's */

/* Where the MKI of these keys stands in a packet: that many bytes are behind it. */
struct dtls_srtp_mki {
    uint8_t at[DTLS_SRTP_LONGEST_MKI];
    uint8_t len;
    uint8_t behind_rtp, behind_rtcp;
};

struct dtls_srtp_generation {
    uint64_t number; /* counts from 1; 0: no keys here */
    uint16_t epoch;  /* of the handshake that has made them */
    dtls_time until; /* accepted before that; DTLS_NEVER: no end yet */
    struct dtls_srtp_mki mki;
    struct srtp_ctx_t_ *send, *receive;
    struct dtls_srtp_keys
        keys; /* for streams to come: libsrtp takes a stream's counter only where it is given the keys */
    size_t window;
};

/* What a packet is, once its header has been read. */
struct dtls_srtp_packet {
    bool is_rtcp;
    size_t header_len;
    uint32_t ssrc;
    uint16_t sequence; /* of RTP */
    uint32_t roc;      /* of RTP: what the session counts for it */
};

enum dtls_srtp_verdict {
    DTLS_SRTP_AUTHENTIC,
    DTLS_SRTP_OTHER_MKI,
    DTLS_SRTP_SHORT, /* no room for MKI and tag */
    DTLS_SRTP_REPLAYED,
    DTLS_SRTP_FORGED,
    DTLS_SRTP_NO_MEMORY,
};

/* Initialises libsrtp, once in the life of a process; false when that fails. */
bool dtls_srtp_library_init(void);

/* Fills in all but `number` and `until`. DTLS_OK, DTLS_SRTP_ERR_MKI, _PROFILE, _LIBSRTP, DTLS_ERR_NO_MEMORY. */
int dtls_srtp_generation_open(struct dtls_srtp_generation *generation, const struct dtls_srtp_keys *keys,
                              size_t window);

/* Frees and wipes; all zeroes then, and allowed again. */
void dtls_srtp_generation_close(struct dtls_srtp_generation *generation);

/* Nothing is protected with these keys any more: that half of them is wiped. */
void dtls_srtp_generation_end_sending(struct dtls_srtp_generation *generation);

/* By how much a packet grows. */
size_t dtls_srtp_generation_overhead(const struct dtls_srtp_generation *generation, bool is_rtcp);

/* Protects the *len bytes in `scratch`, which has room for DTLS_SRTP_OVERHEAD more. Errors as dtls_srtp_protect_rtp. */
int dtls_srtp_generation_protect(struct dtls_srtp_generation *generation, const struct dtls_srtp_packet *packet,
                                 uint8_t *scratch, size_t *len);

/* Tries to open `bytes` into `scratch`, of the same size; *len is the length of what was found there. */
enum dtls_srtp_verdict dtls_srtp_generation_unprotect(struct dtls_srtp_generation *generation,
                                                      const struct dtls_srtp_packet *packet, struct dtls_bytes bytes,
                                                      uint8_t *scratch, size_t *len);

/* Has the packet this MKI? Keys without one fit every packet. */
bool dtls_srtp_mki_fits(const struct dtls_srtp_mki *mki, bool is_rtcp, struct dtls_bytes bytes);

/* Frees what libsrtp keeps for an SSRC that is received. */
void dtls_srtp_generation_drop_stream(struct dtls_srtp_generation *generation, uint32_t ssrc);

#endif
