/* rtcp.h - sender and receiver reports between two ends (RFC 3550, 6). Reads no clock. */
#ifndef APPS_CALL_RTCP_H
#define APPS_CALL_RTCP_H

#include "bytes/reader.h"
#include "bytes/writer.h"

/* What one end has received of the other (RFC 3550, 6.4.1). */
struct rtcp_block {
    uint32_t ssrc;         /* of the sender that it is about */
    uint8_t fraction_lost; /* in 256ths, since the last report */
    int32_t lost;          /* since the beginning; copies make it smaller, below zero too. 24 bits on the wire */
    uint32_t highest;      /* sequence number, with its wraps in front */
    uint32_t jitter;       /* in timestamp units */
    uint32_t last_report;  /* the middle of the ntp time in that sender's last report; 0: none has come */
    uint32_t delay;        /* since it came, in 65,536ths of a second */
};

/* A report: of a sender, where it has sent since its last, or of a receiver alone. */
struct rtcp_report {
    uint32_t ssrc; /* who reports */
    bool is_sender;
    uint64_t ntp;             /* when; the next three with it, by the sender's own clocks */
    uint32_t timestamp;       /* of RTP, at the same moment */
    uint32_t packets, octets; /* sent so far; octets of payload */
    bool has_block;
    struct rtcp_block block;
};

/* All of a compound packet that we use. */
struct rtcp_compound {
    bool has_report;
    struct rtcp_report report; /* the first; its block is the one about the reader, if there is one */
    bool has_bye;
};

/* Appends a compound packet: the report, and the name of the end that RFC 3550, 6.5.1, asks for (255 bytes at most);
 * with `bye` also the end of the stream. */
void rtcp_write(struct dtls_writer *to, const struct rtcp_report *report, const char *cname, bool bye);

/* Reads one; `about` is the reader's own SSRC. False, and *out as before: it is none. What we do not know is skipped.
 */
bool rtcp_read(struct dtls_bytes bytes, uint32_t about, struct rtcp_compound *out);

/* A time of day, microseconds since 1970, as NTP counts it. */
uint64_t rtcp_ntp(uint64_t unix_us);

/* The middle 32 bits, as in last_report. */
uint32_t rtcp_ntp_middle(uint64_t ntp);

/* The round trip that a block shows, in microseconds (RFC 3550, 6.4.1); false: it shows none. `ntp` is when it came. */
bool rtcp_round_trip_us(const struct rtcp_block *block, uint64_t ntp, uint64_t *out);

#endif
