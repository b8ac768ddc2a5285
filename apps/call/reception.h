/* reception.h - what has been received of one RTP stream (RFC 3550, A.1, A.3 and A.8), and how steadily. */
#ifndef APPS_CALL_RECEPTION_H
#define APPS_CALL_RECEPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "apps/call/rtcp.h"

enum { RECEPTION_MEMORY = 1024 }; /* packets back that a copy is known by; a multiple of 64 */

/* All zeroes but for the rate: nothing has come yet. */
struct reception {
    uint32_t clock_rate; /* timestamp units in a second */
    uint32_t ssrc;
    bool has_begun;
    uint64_t first, highest; /* sequence numbers, wraps included; they begin at 65,536 */
    uint64_t received;       /* without copies */
    uint64_t duplicated;
    uint64_t late; /* came behind a newer one */
    uint64_t last_arrival_us, longest_gap_us;
    uint64_t jitter_16; /* of A.8, in sixteenths of a timestamp unit */
    uint32_t last_transit;
    uint64_t seen[RECEPTION_MEMORY / 64];
    uint64_t expected_before, received_before; /* at the last report */
    uint32_t last_report;                      /* of the peer: the middle of its ntp time */
    uint64_t last_report_us;                   /* when it came */
};

enum reception_kind { RECEPTION_NEW, RECEPTION_LATE, RECEPTION_COPY };

/* A packet has come. The clock is monotonic, in microseconds. A stream with another SSRC begins anew; what was counted
 * stays. */
enum reception_kind reception_packet(struct reception *reception, uint64_t now_us, uint32_t ssrc, uint16_t sequence,
                                     uint32_t timestamp);

/* The peer's sender report has come. */
void reception_report(struct reception *reception, uint64_t now_us, uint64_t ntp);

/* How many packets of those sent have not come, as far as one can see from here: not those after the last one. */
uint64_t reception_lost(const struct reception *reception);

uint64_t reception_jitter_us(const struct reception *reception);

/* A block for the next report; false: nothing has come, there is none. The fraction lost begins again with it. */
bool reception_block(struct reception *reception, uint64_t now_us, struct rtcp_block *out);

#endif
