/* reception.c - counts packets as they come. */
#include "apps/call/reception.h"

#include <string.h>

static const uint64_t round_len = 65536;

static uint64_t *word_of(struct reception *reception, uint64_t sequence)
{
    return &reception->seen[sequence % RECEPTION_MEMORY / 64];
}

static uint64_t bit_of(uint64_t sequence)
{
    return UINT64_C(1) << (sequence % 64);
}

/* The one closest to the highest so far. */
static uint64_t with_wraps(const struct reception *reception, uint16_t sequence)
{
    int16_t ahead = (int16_t)(uint16_t)(sequence - (uint16_t)reception->highest);

    return reception->highest + (uint64_t)(int64_t)ahead;
}

/* RFC 3550, A.8: the change of the transit time, smoothed; in units of the timestamp. */
static void measure_jitter(struct reception *reception, uint64_t now_us, uint32_t timestamp)
{
    uint32_t arrival =
        (uint32_t)(now_us / 1000000 * reception->clock_rate + now_us % 1000000 * reception->clock_rate / 1000000);
    uint32_t transit = arrival - timestamp;

    if (reception->received > 1) {
        int32_t change = (int32_t)(transit - reception->last_transit);
        uint64_t size = change < 0 ? (uint64_t) - (int64_t)change : (uint64_t)change;
        reception->jitter_16 += size - (reception->jitter_16 + 8) / 16;
    }
    reception->last_transit = transit;
}

static void begin(struct reception *reception, uint32_t ssrc, uint16_t sequence)
{
    reception->has_begun = true;
    reception->ssrc = ssrc;
    reception->first = reception->highest = round_len + sequence;
    memset(reception->seen, 0, sizeof reception->seen);
}

static void advance(struct reception *reception, uint64_t to)
{
    if (to - reception->highest >= RECEPTION_MEMORY)
        memset(reception->seen, 0, sizeof reception->seen);
    else
        for (uint64_t i = reception->highest + 1; i <= to; i++)
            *word_of(reception, i) &= ~bit_of(i);
    reception->highest = to;
}

enum reception_kind reception_packet(struct reception *reception, uint64_t now_us, uint32_t ssrc, uint16_t sequence,
                                     uint32_t timestamp)
{
    enum reception_kind kind = RECEPTION_NEW;

    if (!reception->has_begun)
        begin(reception, ssrc, sequence);
    uint64_t number = with_wraps(reception, sequence);
    bool is_old = number + RECEPTION_MEMORY <= reception->highest; /* whether it is a copy, nobody knows */
    if (number <= reception->highest && !is_old && (*word_of(reception, number) & bit_of(number)) != 0) {
        reception->duplicated++;
        return RECEPTION_COPY;
    }
    if (number > reception->highest) {
        advance(reception, number);
    } else if (number < reception->highest) {
        kind = RECEPTION_LATE;
        reception->late++;
    }
    if (number < reception->first)
        reception->first = number;
    if (!is_old)
        *word_of(reception, number) |= bit_of(number);

    if (reception->received > 0 && now_us - reception->last_arrival_us > reception->longest_gap_us)
        reception->longest_gap_us = now_us - reception->last_arrival_us;
    reception->last_arrival_us = now_us;
    reception->received++;
    measure_jitter(reception, now_us, timestamp);
    return kind;
}

void reception_report(struct reception *reception, uint64_t now_us, uint64_t ntp)
{
    reception->last_report = rtcp_ntp_middle(ntp);
    reception->last_report_us = now_us;
}

static uint64_t expected(const struct reception *reception)
{
    return reception->has_begun ? reception->highest - reception->first + 1 : 0;
}

uint64_t reception_lost(const struct reception *reception)
{
    return expected(reception) - reception->received;
}

uint64_t reception_jitter_us(const struct reception *reception)
{
    return reception->clock_rate == 0 ? 0 : reception->jitter_16 * 1000000 / 16 / reception->clock_rate;
}

bool reception_block(struct reception *reception, uint64_t now_us, struct rtcp_block *out)
{
    uint64_t expected_now = expected(reception), expected_since = expected_now - reception->expected_before;
    uint64_t received_since = reception->received - reception->received_before;

    if (!reception->has_begun)
        return false;
    *out = (struct rtcp_block){ .ssrc = reception->ssrc,
                                .lost = (int32_t)(expected_now - reception->received),
                                .highest = (uint32_t)(reception->highest - round_len),
                                .jitter = (uint32_t)(reception->jitter_16 / 16),
                                .last_report = reception->last_report };
    if (expected_since > received_since)
        out->fraction_lost = (uint8_t)((expected_since - received_since) * 256 / expected_since);
    if (reception->last_report != 0)
        out->delay = (uint32_t)((now_us - reception->last_report_us) * 65536 / 1000000);
    reception->expected_before = expected_now;
    reception->received_before = reception->received;
    return true;
}
