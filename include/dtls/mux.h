/* mux.h - one UDP port for STUN, DTLS, media and more: what a datagram is (RFC 7983, with QUIC as in RFC 9443). */
#ifndef DTLS_MUX_H
#define DTLS_MUX_H

#include <stddef.h>
#include <stdint.h>

#include "dtls/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a datagram may be. */
enum dtls_mux {
    DTLS_MUX_UNKNOWN,      /* no protocol of the scheme: drop it */
    DTLS_MUX_STUN,         /* RFC 8489: for ICE, or a STUN or TURN client */
    DTLS_MUX_ZRTP,         /* RFC 6189 */
    DTLS_MUX_DTLS,         /* for dtls_conn_receive or dtls_endpoint_receive */
    DTLS_MUX_TURN_CHANNEL, /* from a TURN server; a short QUIC header may begin likewise: from anyone else it is QUIC */
    DTLS_MUX_QUIC,         /* RFC 9000 */
    DTLS_MUX_RTP,          /* SRTP, once there are keys */
    DTLS_MUX_RTCP,         /* SRTCP, then */
};

/*
 * What a datagram is, by its first byte; RTP and RTCP by the second one too: RTCP's packet types 192 to 223 are payload
 * types that RTP must not use on such a port (RFC 5761, 4). An empty datagram is unknown, and so is a single byte of
 * RTP or RTCP. Nothing else is looked at: whoever gets the datagram judges it.
 */
DTLS_API enum dtls_mux dtls_mux_classify(const uint8_t *datagram, size_t len);

#ifdef __cplusplus
}
#endif

#endif
