/* rtp.h - one RTP packet as a struct (RFC 3550, 5.1). */
#ifndef APPS_CALL_RTP_H
#define APPS_CALL_RTP_H

#include "bytes/reader.h"
#include "bytes/writer.h"

enum { RTP_HEADER = 12 };

/* Payload types (RFC 3551, 6); dynamic ones are the caller's to choose, 96 to 127. */
enum { RTP_PCMU = 0 };

struct rtp_packet {
    bool marker;               /* the first packet after silence */
    uint8_t type;              /* 0 to 127 */
    uint16_t sequence;         /* goes up by one for each packet sent */
    uint32_t timestamp;        /* in samples of the codec's clock */
    uint32_t ssrc;             /* who speaks */
    struct dtls_bytes payload; /* read: a view into the packet */
};

/* Appends a packet without CSRCs, extension or padding; breaks the writer when it does not fit. */
void rtp_write(struct dtls_writer *to, const struct rtp_packet *packet);

/* Reads one whole packet; CSRCs, extension and padding are skipped. False, and *out as before: it is none. */
bool rtp_read(struct dtls_bytes bytes, struct rtp_packet *out);

#endif
