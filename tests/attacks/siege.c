/* siege.c - the phases are moments of a handshake with 20 ms between the ends. */
#include "tests/attacks/siege.h"

#include <stdlib.h>
#include <string.h>

#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

static const struct {
    const char *name;
    bool open, again;
    uint64_t after_us; /* its first datagram */
} phases[SIEGE_PHASES] = {
    [SIEGE_HELLO] = { "first handshake, hello sent", false, false, 10 * NET_MS },
    [SIEGE_ANSWERED] = { "first handshake, answered", false, false, 30 * NET_MS },
    [SIEGE_KEYS] = { "first handshake, keys made", false, false, 50 * NET_MS },
    [SIEGE_OPEN] = { "open", true, false, 0 },
    [SIEGE_AGAIN_HELLO] = { "rehandshake, hello sent", true, true, 10 * NET_MS },
    [SIEGE_AGAIN_ANSWERED] = { "rehandshake, answered", true, true, 30 * NET_MS },
    [SIEGE_AGAIN_KEYS] = { "rehandshake, keys made", true, true, 50 * NET_MS },
};

const char *siege_name(enum siege_phase phase)
{
    return phases[phase].name;
}

uint16_t siege_epoch(const struct siege *siege)
{
    return phases[siege->phase].open;
}

void siege_begin(struct siege *siege, enum siege_phase phase, const struct pair_options *options)
{
    *siege = (struct siege){ .phase = phase, .sequence = 1000 };
    if (options != NULL)
        siege->options = *options;
    else
        pair_options(&siege->options, 1);
    struct pair_options counted = siege->options;
    for (int end = CLIENT; end <= SERVER; end++) {
        siege->memory[end].fail_at = MEMORY_NEVER_FAILS;
        memory_use(&siege->memory[end], &counted.config[end]);
    }
    siege->pair = pair_new(&counted);
    if (phases[phase].open) {
        CHECK_CASE(pair_run_until_open(siege->pair, 10 * NET_SECOND) && pair_ping(siege->pair, NET_SECOND),
                   "%s: it does not open", siege_name(phase));
        pair_run_for(siege->pair, 2 * NET_SECOND); /* contract R13 */
    }
    if (phases[phase].again)
        CHECK_CASE(pair_rehandshake(siege->pair, CLIENT, DTLS_REHANDSHAKE_FULL) == DTLS_OK, "%s: it does not begin",
                   siege_name(phase));
    pair_run_for(siege->pair, phases[phase].after_us);
}

void siege_end(struct siege *siege)
{
    pair_free(siege->pair);
    for (int end = CLIENT; end <= SERVER; end++)
        CHECK_CASE(siege->memory[end].live_blocks == 0, "%s: end %d leaks %zu blocks", siege_name(siege->phase), end,
                   siege->memory[end].live_blocks);
}

void siege_strike(struct siege *siege, enum net_end to, const uint8_t *datagram, size_t len)
{
    struct pair *pair = siege->pair;
    uint8_t *exact = malloc(len > 0 ? len : 1);

    if (exact == NULL)
        abort();
    if (len > 0)
        memcpy(exact, datagram, len);
    int answer = dtls_conn_receive(pair->end[to].conn, pair->net.now_us, exact, len);
    CHECK_CASE(answer == DTLS_OK || dtls_error_is_death(answer), "%s: end %d answers %d", siege_name(siege->phase),
               (int)to, answer);
    pair_settle(pair, to);
    siege->strikes[to]++;
    free(exact);
}

void siege_strike_record(struct siege *siege, enum net_end to, uint8_t type, uint16_t epoch, const void *body,
                         size_t len)
{
    uint8_t record[RECORD_HEADER_LEN + SIEGE_FRAGMENT_HEADER + SIEGE_MOST];

    record_view_header(record, type, epoch, siege->sequence++, len);
    if (len > 0)
        memcpy(record + RECORD_HEADER_LEN, body, len);
    siege_strike(siege, to, record, RECORD_HEADER_LEN + len);
}

static void put_number(uint8_t *at, size_t size, uint32_t number)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(number >> 8 * (size - 1 - i));
}

size_t siege_write_fragment(uint8_t *out, const struct siege_fragment *fragment)
{
    out[0] = fragment->type;
    put_number(out + 1, 3, fragment->length);
    put_number(out + 4, 2, fragment->message_seq);
    put_number(out + 6, 3, fragment->offset);
    put_number(out + 9, 3, fragment->fragment_length);
    if (fragment->bytes != NULL)
        memcpy(out + SIEGE_FRAGMENT_HEADER, fragment->bytes, fragment->present);
    else
        memset(out + SIEGE_FRAGMENT_HEADER, 0, fragment->present);
    return SIEGE_FRAGMENT_HEADER + fragment->present;
}

void siege_say(struct siege *siege, enum net_end to, const struct siege_fragment *fragment)
{
    uint8_t bytes[SIEGE_FRAGMENT_HEADER + SIEGE_MOST];
    size_t len = siege_write_fragment(bytes, fragment);

    if (siege_epoch(siege) == 0)
        siege_strike_record(siege, to, RECORD_HANDSHAKE, 0, bytes, len);
    else
        CHECK_CASE(forge_receive(siege->pair, to, siege_epoch(siege), RECORD_HANDSHAKE, bytes, len),
                   "%s: end %d has no keys", siege_name(siege->phase), (int)to);
}

uint64_t siege_dropped(const struct siege *siege, enum net_end end, enum dtls_drop reason)
{
    return pair_stats(siege->pair, end).dropped[reason];
}

bool siege_is_over(const struct siege *siege, enum net_end end)
{
    return pair_count(siege->pair, end, DTLS_EVENT_FAILED) + pair_count(siege->pair, end, DTLS_EVENT_CLOSED) > 0;
}

bool siege_lift(struct siege *siege)
{
    bool done = phases[siege->phase].again ? pair_run_until_renewed(siege->pair, 1, 20 * NET_SECOND)
                                           : pair_run_until_open(siege->pair, 20 * NET_SECOND);

    return done && pair_ping(siege->pair, NET_SECOND);
}

void siege_survives(struct siege *siege, const char *attack)
{
    struct siege calm;

    siege_begin(&calm, siege->phase, &siege->options);
    CHECK_CASE(siege_lift(&calm) && siege_lift(siege), "%s, %s: it does not go on", siege_name(siege->phase), attack);
    pair_run_for(calm.pair, NET_SECOND);
    pair_run_for(siege->pair, NET_SECOND);
    for (int end = CLIENT; end <= SERVER; end++) {
        CHECK_CASE(siege->memory[end].live_bytes == calm.memory[end].live_bytes,
                   "%s, %s: end %d has %zu bytes instead of %zu", siege_name(siege->phase), attack, end,
                   siege->memory[end].live_bytes, calm.memory[end].live_bytes);
        CHECK_CASE(siege->pair->end[end].event_count == calm.pair->end[end].event_count,
                   "%s, %s: end %d has %zu events instead of %zu", siege_name(siege->phase), attack, end,
                   siege->pair->end[end].event_count, calm.pair->end[end].event_count);
    }
    siege_end(&calm);
}

void siege_each(enum siege_phase first, enum siege_phase last, const struct pair_options *options, const char *attack,
                void (*strike)(struct siege *siege, enum net_end victim))
{
    for (enum siege_phase phase = first; phase <= last; phase++)
        for (int end = CLIENT; end <= SERVER; end++) {
            struct siege siege;
            siege_begin(&siege, phase, options);
            strike(&siege, (enum net_end)end);
            siege_survives(&siege, attack);
            siege_end(&siege);
        }
}

size_t siege_count(size_t usual)
{
    const char *thousandths = getenv("DTLS_SEEDS");

    return thousandths == NULL ? usual : usual * strtoul(thousandths, NULL, 10) / 1000;
}
