/* impair_ledger.h - what became of the datagrams of one direction, and of the application records and RTP packets in
 * them. */
#ifndef IMPAIR_LEDGER_H
#define IMPAIR_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct impair_ledger {
    const char *direction; /* "up" or "down" */
    bool json;
    uint64_t datagrams; /* = passed + lost + too_large, once nothing is under way */
    uint64_t passed, lost, too_large;
    uint64_t duplicated, reordered, corrupted;  /* of those that were not dropped at once */
    uint64_t application_records;               /* in all datagrams that came; a copy's are not counted again */
    uint64_t application_records_lost;          /* in those that were dropped or corrupted */
    uint64_t media_packets, media_packets_lost; /* the same for RTP, whatever protects it (RFC 7983) */
};

/* Counts a datagram that came, and its application records (type 23), which the clear record headers show; or that it
 * is RTP. */
void impair_ledger_arrived(struct impair_ledger *ledger, const uint8_t *datagram, size_t len);

/* Counts the application records, or the RTP packet, of a datagram that will not arrive intact; with json, one line on
 * stdout for each. */
void impair_ledger_records_lost(struct impair_ledger *ledger, const uint8_t *datagram, size_t len);

/* Prints the sums on stdout. */
void impair_ledger_report(const struct impair_ledger *ledger);

#endif
