/* renewal.h - contract R12: when keys are used up, by the configuration's measure or by the cipher's. */
#ifndef DTLS_CONN_RENEWAL_H
#define DTLS_CONN_RENEWAL_H

#include "dtls/conn.h"
#include "record/epoch.h"

/* From where the configuration's measure counts: the last change of keys, or the last attempt at one. */
struct dtls_renewal {
    uint64_t records_sent, records_received, bytes_sent, bytes_received; /* of the association until then */
    dtls_time since;
};

void dtls_renewal_mark(struct dtls_renewal *renewal, const struct dtls_stats *stats, dtls_time now);

/* Have so many records or bytes gone one way since? */
bool dtls_renewal_is_used_up(const struct dtls_renewal *renewal, const struct dtls_config *config,
                             const struct dtls_stats *stats);

/* When renew_after_s is over; DTLS_NEVER without it. */
dtls_time dtls_renewal_deadline(const struct dtls_renewal *renewal, const struct dtls_config *config);

/* Are the epoch's keys near the cipher's confidentiality limit, or its numbers near their end, in either direction? */
bool dtls_renewal_is_advised(const struct dtls_epoch *epoch);

#endif
