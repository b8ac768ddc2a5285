/* weather.c - what a storm does to a datagram, and what it brings of its own. */
#include "tests/box/weather.h"

#include <string.h>

#include "messages/handshake_header.h"
#include "tests/box/record_view.h"

enum {
    MEMORY = 256,    /* datagrams that can come again, or in part */
    BODY_MAX = 2100, /* of a forged record */
    FORGED_MAX = 3 * (RECORD_HEADER_LEN + BODY_MAX),
    DATAGRAM_MAX = 65536,
};

#define LATE_US (100 * NET_MS) /* the most that a forged or repeated datagram takes */

static bool one_in(struct rng *chance, uint64_t count)
{
    return rng_up_to(chance, count - 1) == 0;
}

static uint8_t pick(struct rng *chance, const uint8_t *from, size_t count)
{
    return from[rng_up_to(chance, count - 1)];
}

/* ---- what happens to a datagram on the way ---- */

static void send_on(struct weather *weather, enum net_end to, const uint8_t *bytes, size_t len)
{
    const struct net_link *link = &weather->net->link[net_other(to)];

    net_inject(weather->net, to, weather->net->now_us + link->delay_us + rng_up_to(&weather->chance, link->jitter_us),
               bytes, len);
}

static const struct net_recorded *remembered(struct weather *weather)
{
    size_t count = weather->net->recorded_count, window = count < MEMORY ? count : MEMORY;

    return count == 0 ? NULL : &weather->net->recorded[count - 1 - rng_up_to(&weather->chance, window - 1)];
}

static size_t random_record(struct weather *weather, const uint8_t *bytes, size_t len)
{
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = record_view_split(bytes, len, records);

    return count == 0 ? 0 : records[rng_up_to(&weather->chance, count - 1)].at;
}

static void flip_bits(struct weather *weather, const struct net_sending *sending)
{
    static uint8_t copy[DATAGRAM_MAX];

    memcpy(copy, sending->bytes, sending->len);
    for (uint64_t left = 1 + rng_up_to(&weather->chance, 3); left > 0; left--)
        copy[rng_up_to(&weather->chance, sending->len - 1)] ^= (uint8_t)(1u << rng_up_to(&weather->chance, 7));
    send_on(weather, net_other(sending->from), copy, sending->len);
}

static void cut_short(struct weather *weather, const struct net_sending *sending)
{
    send_on(weather, net_other(sending->from), sending->bytes, rng_up_to(&weather->chance, sending->len));
}

static void strip_first_records(struct weather *weather, const struct net_sending *sending)
{
    size_t at = random_record(weather, sending->bytes, sending->len);

    send_on(weather, net_other(sending->from), sending->bytes + at, sending->len - at);
}

/* The last records of an old datagram of the same sender in front. */
static void splice(struct weather *weather, const struct net_sending *sending)
{
    static uint8_t spliced[2 * DATAGRAM_MAX];
    const struct net_recorded *old = remembered(weather);

    if (old == NULL || old->from != sending->from)
        return;
    size_t at = random_record(weather, old->bytes, old->len), tail = old->len - at;
    memcpy(spliced, old->bytes + at, tail);
    memcpy(spliced + tail, sending->bytes, sending->len);
    send_on(weather, net_other(sending->from), spliced, tail + sending->len);
}

static struct net_verdict tamper(void *arg, const struct net_sending *sending)
{
    static void (*const ways[])(struct weather *, const struct net_sending *) = { flip_bits, cut_short,
                                                                                  strip_first_records, splice };
    struct weather *weather = arg;

    if (!rng_chance(&weather->chance, weather->tampering))
        return (struct net_verdict){ NET_PASS, 0 };
    ways[rng_up_to(&weather->chance, 3)](weather, sending);
    return (struct net_verdict){ one_in(&weather->chance, 2) ? NET_PASS : NET_DROP, 0 };
}

/* ---- what was never sent ---- */

static size_t forge_alert(struct rng *chance, uint8_t *out)
{
    out[0] = (uint8_t)(1 + rng_up_to(chance, 1));
    out[1] = one_in(chance, 2) ? 0 : (uint8_t)rng_up_to(chance, 120);
    return one_in(chance, 5) ? rng_up_to(chance, 2) : 2;
}

static void write_u24(uint8_t *out, uint64_t value)
{
    out[0] = (uint8_t)(value >> 16);
    out[1] = (uint8_t)(value >> 8);
    out[2] = (uint8_t)value;
}

/* A message, or a piece of one, of any type; its header mostly tells the truth. */
static size_t forge_message(struct rng *chance, uint8_t *out)
{
    static const uint8_t types[] = { 0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20, 77 };
    size_t len = one_in(chance, 4) ? 0 : rng_up_to(chance, 200);
    uint64_t total = one_in(chance, 20) ? 0xffffff : one_in(chance, 3) ? len + rng_up_to(chance, 3000) : len;

    out[0] = pick(chance, types, sizeof types);
    write_u24(out + 1, total);
    out[4] = 0;
    out[5] = (uint8_t)rng_up_to(chance, 7); /* message_seq */
    write_u24(out + 6, one_in(chance, 3) ? rng_up_to(chance, 500) : 0);
    write_u24(out + 9, len);
    rng_fill(chance, out + 12, len);
    if (out[0] == DTLS_CLIENT_HELLO && len > 60) { /* version, random; no session id, no cookie: it parses so far */
        out[12] = 0xfe;
        out[13] = 0xfd;
        out[46] = out[47] = 0;
    }
    return one_in(chance, 10) ? rng_up_to(chance, 12 + len) : 12 + len;
}

static size_t forge_body(struct rng *chance, uint8_t type, uint8_t *out)
{
    if (type == RECORD_ALERT)
        return forge_alert(chance, out);
    if (type == RECORD_HANDSHAKE)
        return forge_message(chance, out);
    size_t len = type == RECORD_CHANGE_CIPHER_SPEC ? 1 : rng_up_to(chance, one_in(chance, 4) ? 2000 : 40);
    rng_fill(chance, out, len);
    return len;
}

static size_t forge_record(struct rng *chance, uint8_t *out)
{
    static const uint8_t types[] = { RECORD_CHANGE_CIPHER_SPEC,
                                     RECORD_ALERT,
                                     RECORD_ALERT,
                                     RECORD_HANDSHAKE,
                                     RECORD_HANDSHAKE,
                                     RECORD_HANDSHAKE,
                                     RECORD_DATA,
                                     24,
                                     0,
                                     255 };
    const uint64_t last = (UINT64_C(1) << 48) - 1;
    uint8_t type = pick(chance, types, sizeof types);
    uint16_t epoch = one_in(chance, 4) ? (uint16_t)rng_up_to(chance, 4) : 0;
    uint64_t sequence = rng_up_to(chance, 50);

    if (one_in(chance, 3))
        sequence = one_in(chance, 2) ? last - rng_up_to(chance, 4) : rng_next(chance) & last;
    size_t len = forge_body(chance, type, out + RECORD_HEADER_LEN);
    record_view_header(out, type, epoch, sequence, one_in(chance, 15) ? rng_up_to(chance, 65535) : len);
    return RECORD_HEADER_LEN + len;
}

/* ---- the header's verbs ---- */

void weather_storm(struct weather *weather, struct net *net, uint64_t seed)
{
    *weather = (struct weather){ .net = net, .chance = { seed } };
    net->recording = true;
    net_set_filter(net, tamper, weather);
    weather_turn(weather);
}

void weather_turn(struct weather *weather)
{
    struct rng *chance = &weather->chance;

    for (int end = CLIENT; end <= SERVER; end++) {
        struct net_link *link = &weather->net->link[end];
        link->loss = one_in(chance, 3) ? 0 : one_in(chance, 6) ? 10000 : (unsigned)rng_up_to(chance, 5000);
        link->duplicate = (unsigned)rng_up_to(chance, 3000);
        link->jitter_us = one_in(chance, 2) ? 0 : rng_up_to(chance, 200 * NET_MS);
    }
    weather->tampering = (unsigned)rng_up_to(chance, 3000);
}

void weather_clear(struct weather *weather)
{
    struct net *net = weather->net;

    for (int end = CLIENT; end <= SERVER; end++)
        net->link[end] = (struct net_link){ .delay_us = net->link[end].delay_us };
    net->recording = false;
    net_set_filter(net, NULL, NULL);
}

void weather_forge(struct weather *weather, enum net_end to)
{
    uint8_t datagram[FORGED_MAX];
    size_t len = 0;

    for (uint64_t left = 1 + rng_up_to(&weather->chance, 2); left > 0; left--)
        len += forge_record(&weather->chance, datagram + len);
    net_inject(weather->net, to, weather->net->now_us + rng_up_to(&weather->chance, LATE_US), datagram, len);
}

void weather_repeat(struct weather *weather)
{
    const struct net_recorded *old = remembered(weather);

    if (old != NULL)
        net_inject(weather->net, net_other(old->from), weather->net->now_us + rng_up_to(&weather->chance, LATE_US),
                   old->bytes, old->len);
}
