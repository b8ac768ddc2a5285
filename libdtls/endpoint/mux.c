/* mux.c - what a datagram is (contract K5). Knows first bytes only: no state, no addresses, no protocol. */
#include "dtls/mux.h"

#include "bytes/reader.h"

enum { RTCP_FIRST_TYPE = 192, RTCP_LAST_TYPE = 223 };

/* RFC 7983, 7, as RFC 9443, 3, has it: who owns the first bytes up to and including `last`. */
static const struct {
    uint8_t last;
    enum dtls_mux owner;
} ranges[] = {
    { 3, DTLS_MUX_STUN },          { 15, DTLS_MUX_UNKNOWN }, { 19, DTLS_MUX_ZRTP }, { 63, DTLS_MUX_DTLS },
    { 79, DTLS_MUX_TURN_CHANNEL }, { 127, DTLS_MUX_QUIC },   { 191, DTLS_MUX_RTP }, { 255, DTLS_MUX_QUIC },
};

static enum dtls_mux owner_of(uint8_t first)
{
    size_t i = 0;

    while (first > ranges[i].last)
        i++;
    return ranges[i].owner;
}

enum dtls_mux dtls_mux_classify(const uint8_t *datagram, size_t len)
{
    struct dtls_reader reader = dtls_reader_of(dtls_view(datagram, len));
    uint8_t first = dtls_read_u8(&reader);

    if (reader.broken)
        return DTLS_MUX_UNKNOWN;
    if (owner_of(first) != DTLS_MUX_RTP)
        return owner_of(first);

    uint8_t second = dtls_read_u8(&reader);
    if (reader.broken)
        return DTLS_MUX_UNKNOWN;
    return second >= RTCP_FIRST_TYPE && second <= RTCP_LAST_TYPE ? DTLS_MUX_RTCP : DTLS_MUX_RTP;
}
