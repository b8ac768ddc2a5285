/* renewal.c - counts. Starts nothing, and knows no handshake. */
#include "conn/renewal.h"

#include "bytes/time_after.h"

/* Half of all numbers: years of records are left. */
#define ADVISED_SEQUENCE (UINT64_C(1) << 47)

void dtls_renewal_mark(struct dtls_renewal *renewal, const struct dtls_stats *stats, dtls_time now)
{
    *renewal = (struct dtls_renewal){ stats->records_sent, stats->records_received, stats->bytes_sent,
                                      stats->bytes_received, now };
}

static bool reached(uint64_t now, uint64_t mark, uint64_t most)
{
    return most > 0 && now - mark >= most;
}

bool dtls_renewal_is_used_up(const struct dtls_renewal *renewal, const struct dtls_config *config,
                             const struct dtls_stats *stats)
{
    return reached(stats->records_sent, renewal->records_sent, config->renew_after_records) ||
           reached(stats->records_received, renewal->records_received, config->renew_after_records) ||
           reached(stats->bytes_sent, renewal->bytes_sent, config->renew_after_bytes) ||
           reached(stats->bytes_received, renewal->bytes_received, config->renew_after_bytes);
}

dtls_time dtls_renewal_deadline(const struct dtls_renewal *renewal, const struct dtls_config *config)
{
    if (config->renew_after_s == 0)
        return DTLS_NEVER;
    return dtls_time_after(renewal->since, (uint64_t)config->renew_after_s * 1000000);
}

/* The limit is where an attacker's advantage becomes more than theory; at half of it there is all the time one needs.
 */
bool dtls_renewal_is_advised(const struct dtls_epoch *epoch)
{
    uint64_t limit = epoch->aead == NULL ? 0 : epoch->aead->block_limit;

    if (epoch->write_sequence >= ADVISED_SEQUENCE || epoch->replay.next >= ADVISED_SEQUENCE)
        return true;
    return limit > 0 && (epoch->sealed_blocks >= limit / 2 || epoch->opened_blocks >= limit / 2);
}
