/* timer.c - doubling timeouts. Knows no flight's content. */
#include "handshake/timer.h"

void dtls_round_trip_sample(struct dtls_round_trip *path, uint64_t sample_us)
{
    if (sample_us > DTLS_MOST_ROUND_TRIP)
        sample_us = DTLS_MOST_ROUND_TRIP;
    if (sample_us == 0)
        sample_us = 1; /* a virtual network may have none; 0 means unknown here */
    if (path->srtt_us == 0) {
        path->srtt_us = sample_us;
        path->rttvar_us = sample_us / 2;
    } else {
        uint64_t error = sample_us > path->srtt_us ? sample_us - path->srtt_us : path->srtt_us - sample_us;
        path->rttvar_us = (3 * path->rttvar_us + error) / 4;
        path->srtt_us = (7 * path->srtt_us + sample_us) / 8;
    }
    path->backed_off_us = 0;
}

uint64_t dtls_round_trip_guess(const struct dtls_round_trip *path)
{
    return path->srtt_us != 0 ? path->srtt_us : DTLS_UNKNOWN_ROUND_TRIP;
}

static uint64_t maximum_us(const struct dtls_config *config)
{
    return (uint64_t)config->maximum_timeout_ms * 1000;
}

uint64_t dtls_first_timeout(const struct dtls_round_trip *path, const struct dtls_config *config)
{
    uint64_t rto =
        path->srtt_us == 0 ? (uint64_t)config->initial_timeout_ms * 1000 : path->srtt_us + 4 * path->rttvar_us;

    if (rto < DTLS_MIN_RTO)
        rto = DTLS_MIN_RTO;
    if (rto < path->backed_off_us)
        rto = path->backed_off_us;
    return rto < maximum_us(config) ? rto : maximum_us(config);
}

void dtls_timer_flight_sent(struct dtls_timer *timer, const struct dtls_round_trip *path,
                            const struct dtls_config *config, dtls_time now)
{
    *timer = (struct dtls_timer){ .rto_us = dtls_first_timeout(path, config), .sent_at = now, .running = true };
    timer->deadline = dtls_time_after(now, timer->rto_us);
}

void dtls_timer_restart(struct dtls_timer *timer, dtls_time now)
{
    timer->sent_at = now;
    timer->deadline = dtls_time_after(now, timer->rto_us);
}

void dtls_timer_flight_repeated(struct dtls_timer *timer)
{
    timer->ambiguous = true;
}

void dtls_timer_flight_answered(struct dtls_timer *timer, struct dtls_round_trip *path, dtls_time now)
{
    if (timer->running && !timer->ambiguous)
        dtls_round_trip_sample(path, now - timer->sent_at);
    timer->ambiguous = true;
}

void dtls_timer_answer_goes_on(struct dtls_timer *timer, dtls_time now)
{
    dtls_time later = dtls_time_after(now, timer->rto_us);

    if (timer->deadline < later)
        timer->deadline = later;
}

bool dtls_timer_expire(struct dtls_timer *timer, struct dtls_round_trip *path, const struct dtls_config *config,
                       dtls_time now)
{
    if (!timer->running || now < timer->deadline)
        return false;
    timer->rto_us = timer->rto_us < maximum_us(config) / 2 ? 2 * timer->rto_us : maximum_us(config);
    timer->deadline = dtls_time_after(now, timer->rto_us);
    timer->expirations++;
    timer->ambiguous = true;
    path->backed_off_us = timer->rto_us;
    return true;
}

void dtls_timer_slow_down(struct dtls_timer *timer, const struct dtls_config *config, dtls_time now)
{
    timer->rto_us = maximum_us(config);
    timer->deadline = dtls_time_after(now, timer->rto_us);
}

dtls_time dtls_timer_deadline(const struct dtls_timer *timer)
{
    return timer->running ? timer->deadline : DTLS_NEVER;
}
