/* flights.c - real flights, cut, shuffled, belied and cut short on their way. */
#include <string.h>

#include "messages/handshake_header.h"
#include "tests/attacks/siege.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

enum { HUGE = 0xffffff, HEADER = SIEGE_FRAGMENT_HEADER };

/* ---- cut and shuffled ---- */

enum lying { TRUTH_ALONE, LIES_BEHIND, LIES_IN_FRONT };

struct shuffler {
    struct pair *pair;
    struct rng rng;
    enum lying lying;
};

enum { PIECES = 600, PIECE_MOST = 3000 };

struct piece {
    uint8_t bytes[PIECE_MOST];
    size_t len;
};

static struct piece pieces[PIECES];

/* What the same bytes may not be understood as. */
static void tell_lie(struct shuffler *shuffler, const struct piece *truth, struct piece *lie)
{
    uint8_t *fragment = lie->bytes + RECORD_HEADER_LEN;

    *lie = *truth;
    switch (rng_up_to(&shuffler->rng, 4)) {
    case 0: /* type */
        fragment[0] = (uint8_t)rng_up_to(&shuffler->rng, 20);
        break;
    case 1: /* length */
        fragment[2 + rng_up_to(&shuffler->rng, 1)] ^= (uint8_t)(1 + rng_up_to(&shuffler->rng, 254));
        break;
    case 2: /* fragment_length */
        fragment[10 + rng_up_to(&shuffler->rng, 1)] ^= (uint8_t)(1 + rng_up_to(&shuffler->rng, 254));
        break;
    default:
        if (lie->len > RECORD_HEADER_LEN + HEADER)
            rng_fill(&shuffler->rng, fragment + HEADER, lie->len - RECORD_HEADER_LEN - HEADER);
    }
}

/* Cuts one message of a flight at random, some of it twice; returns how many pieces there are then. */
static size_t cut(struct shuffler *shuffler, const uint8_t *message, size_t count)
{
    uint32_t len = (uint32_t)message[9] << 16 | (uint32_t)message[10] << 8 | message[11], at = 0;
    uint32_t offset = (uint32_t)message[6] << 16 | (uint32_t)message[7] << 8 | message[8];

    do {
        uint32_t from = at - (at > 0 ? (uint32_t)rng_up_to(&shuffler->rng, at > 20 ? 20 : at) : 0);
        uint32_t to = at + 1 + (uint32_t)rng_up_to(&shuffler->rng, 400);
        at = to > len ? len : to;
        struct siege_fragment fragment = { .type = message[0],
                                           .length =
                                               (uint32_t)message[1] << 16 | (uint32_t)message[2] << 8 | message[3],
                                           .message_seq = (uint16_t)(message[4] << 8 | message[5]),
                                           .offset = offset + from,
                                           .fragment_length = at - from,
                                           .present = at - from,
                                           .bytes = message + HEADER + from };
        struct piece *piece = &pieces[count++];
        piece->len = RECORD_HEADER_LEN + siege_write_fragment(piece->bytes + RECORD_HEADER_LEN, &fragment);
        record_view_header(piece->bytes, RECORD_HANDSHAKE, 0, 5000 + count, piece->len - RECORD_HEADER_LEN);
    } while (at < len && count < PIECES - 1);
    return count;
}

static void send_piece(struct shuffler *shuffler, const struct net_sending *sending, const struct piece *piece,
                       size_t i)
{
    net_inject(&shuffler->pair->net, net_other(sending->from), sending->now_us + 20 * NET_MS + i, piece->bytes,
               piece->len);
}

static struct net_verdict shuffle(void *arg, const struct net_sending *sending)
{
    struct shuffler *shuffler = arg;
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = 0, record_count = record_view_split(sending->bytes, sending->len, records);

    for (size_t i = 0; i < record_count; i++)
        if (records[i].type == RECORD_HANDSHAKE && records[i].epoch == 0) {
            for (size_t at = 0; at + HEADER <= records[i].len;) {
                const uint8_t *message = records[i].body + at;
                count = cut(shuffler, message, count);
                at += HEADER + ((size_t)message[9] << 16 | (size_t)message[10] << 8 | message[11]);
            }
        } else {
            struct piece *piece = &pieces[count++];
            piece->len = RECORD_HEADER_LEN + records[i].len;
            memcpy(piece->bytes, sending->bytes + records[i].at, piece->len);
        }
    for (size_t i = count; i > 1; i--) {
        size_t other = rng_up_to(&shuffler->rng, i - 1);
        struct piece kept = pieces[i - 1];
        pieces[i - 1] = pieces[other];
        pieces[other] = kept;
    }
    for (size_t i = 0; i < count; i++) {
        struct piece lie;
        bool plain = pieces[i].bytes[0] == RECORD_HANDSHAKE && pieces[i].bytes[4] == 0;
        tell_lie(shuffler, &pieces[i], &lie);
        if (plain && shuffler->lying == LIES_IN_FRONT)
            send_piece(shuffler, sending, &lie, 4 * i);
        send_piece(shuffler, sending, &pieces[i], 4 * i + 1);
        if (plain && shuffler->lying == LIES_BEHIND)
            send_piece(shuffler, sending, &lie, 4 * i + 2);
        if (rng_chance(&shuffler->rng, 2000))
            send_piece(shuffler, sending, &pieces[rng_up_to(&shuffler->rng, i)], 4 * i + 3);
    }
    return (struct net_verdict){ NET_DROP, 0 };
}

static void shuffled_options(struct pair_options *options, struct shuffler *shuffler, uint64_t seed)
{
    pair_options(options, seed);
    options->config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
    options->config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options->config[SERVER].mtu = 256 + seed % 8 * 150;
    options->silent = true;
    options->filter = shuffle;
    options->filter_arg = shuffler;
    shuffler->rng = (struct rng){ seed };
}

static void shuffled_handshakes(enum lying lying, size_t count)
{
    for (uint64_t seed = 1; seed <= count; seed++) {
        struct shuffler shuffler = { .lying = lying };
        struct pair_options options;
        struct memory memory[2] = { { .fail_at = MEMORY_NEVER_FAILS }, { .fail_at = MEMORY_NEVER_FAILS } };
        shuffled_options(&options, &shuffler, seed);
        memory_use(&memory[CLIENT], &options.config[CLIENT]);
        memory_use(&memory[SERVER], &options.config[SERVER]);
        shuffler.pair = pair_new(&options);
        CU_ASSERT_EQUAL(pair_start_client(shuffler.pair), DTLS_OK);
        bool done = pair_run_until_open(shuffler.pair, 20 * NET_SECOND);
        if (lying != LIES_IN_FRONT)
            CHECK_CASE(done && pair_ping(shuffler.pair, NET_SECOND), "seed %llu: not done", (unsigned long long)seed);
        else if (!done) {
            pair_run_for(shuffler.pair, 100 * NET_SECOND);
            for (int end = CLIENT; end <= SERVER; end++)
                CHECK_CASE(pair_is_open(shuffler.pair, (enum net_end)end) ||
                               pair_last(shuffler.pair, (enum net_end)end, DTLS_EVENT_FAILED) != NULL,
                           "seed %llu: end %d hangs", (unsigned long long)seed, end);
        }
        pair_free(shuffler.pair);
        CU_ASSERT_EQUAL(memory[CLIENT].live_blocks + memory[SERVER].live_blocks, 0);
    }
}

static void shuffled_flights_are_put_together(void)
{
    shuffled_handshakes(TRUTH_ALONE, siege_count(40));
    shuffled_handshakes(LIES_BEHIND, siege_count(40)); /* the first to say what a byte is, is believed */
}

static void lies_in_front_crash_nobody(void)
{
    shuffled_handshakes(LIES_IN_FRONT, siege_count(100));
}

static void memory_fails_amid_fragments(void)
{
    for (int poor = CLIENT; poor <= SERVER; poor++)
        for (size_t number = 0, failed = 1; failed > 0; number++) {
            struct shuffler shuffler = { .lying = TRUTH_ALONE };
            struct pair_options options;
            struct memory memory = { .fail_at = number };
            shuffled_options(&options, &shuffler, 5);
            memory_use(&memory, &options.config[poor]);
            shuffler.pair = pair_new(&options);
            if (shuffler.pair->end[poor].conn != NULL && pair_start_client(shuffler.pair) == DTLS_OK) {
                pair_run_for(shuffler.pair, 100 * NET_SECOND);
                for (int end = CLIENT; end <= SERVER; end++)
                    CHECK_CASE(pair_is_open(shuffler.pair, (enum net_end)end) ||
                                   pair_last(shuffler.pair, (enum net_end)end, DTLS_EVENT_FAILED) != NULL,
                               "allocation %zu of end %d: end %d hangs", number, poor, end);
            }
            pair_free(shuffler.pair);
            CHECK_CASE(memory.live_blocks == 0, "allocation %zu of end %d: %zu blocks are lost", number, poor,
                       memory.live_blocks);
            failed = memory.failed;
            CU_ASSERT_TRUE(failed > 0 || number > 10);
        }
}

/* ---- datagrams that are too short ---- */

/* Every beginning of every datagram, as it is; and as a record that is whole, with a fragment that is not. */
static struct net_verdict cut_short(void *arg, const struct net_sending *sending)
{
    struct net *net = &((struct pair *)arg)->net;
    uint64_t at_us = sending->now_us + 20 * NET_MS;
    struct record_view first;
    uint8_t bytes[2000];

    if (!record_view_find(sending->bytes, sending->len, RECORD_HANDSHAKE, &first) || first.at != 0)
        return (struct net_verdict){ NET_PASS, 0 };
    memcpy(bytes, sending->bytes, sending->len);
    for (size_t len = 1; len < RECORD_HEADER_LEN + first.len; len++) {
        net_inject(net, net_other(sending->from), at_us, sending->bytes, len);
        if (len < RECORD_HEADER_LEN)
            continue;
        bytes[11] = (uint8_t)((len - RECORD_HEADER_LEN) >> 8);
        bytes[12] = (uint8_t)(len - RECORD_HEADER_LEN);
        if (first.epoch > 0 || first.body[3] != len) /* two messages in one record: one of them is whole */
            net_inject(net, net_other(sending->from), at_us, bytes, len);
    }
    return (struct net_verdict){ NET_PASS, 0 };
}

static void every_short_datagram(void)
{
    struct pair_options options;
    struct siege siege;

    pair_options(&options, 1);
    options.config[SERVER].mtu = options.config[CLIENT].mtu = 256;
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    siege_begin(&siege, SIEGE_AGAIN_HELLO, &options);
    net_set_filter(&siege.pair->net, cut_short, siege.pair);
    siege_survives(&siege, "short datagrams");
    CU_ASSERT_TRUE(siege_dropped(&siege, CLIENT, DTLS_DROP_FORGED) > 300);
    siege_end(&siege);

    options.silent = true;
    struct pair *pair = pair_new(&options);
    net_set_filter(&pair->net, cut_short, pair);
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 20 * NET_SECOND) && pair_ping(pair, NET_SECOND));
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_stats stats = pair_stats(pair, (enum net_end)end);
        CHECK_CASE(stats.dropped[DTLS_DROP_TRUNCATED] > 300 && stats.dropped[DTLS_DROP_FRAGMENT] > 200,
                   "end %d counts %llu and %llu", end, (unsigned long long)stats.dropped[DTLS_DROP_TRUNCATED],
                   (unsigned long long)stats.dropped[DTLS_DROP_FRAGMENT]);
    }
    pair_free(pair);
}

/* Certificate's fragment_length alone is changed, the rest of the flight is true; and comes again by timer. */
struct liar {
    struct pair *pair;
    uint32_t fragment_length;
    size_t lies;
};

static struct net_verdict change_certificate(void *arg, const struct net_sending *sending)
{
    struct liar *liar = arg;
    struct record_view records[RECORD_VIEW_MAX];
    uint8_t bytes[2000];

    if (sending->from == CLIENT || liar->lies > 0)
        return (struct net_verdict){ NET_PASS, 0 };
    size_t count = record_view_split(sending->bytes, sending->len, records);
    memcpy(bytes, sending->bytes, sending->len);
    for (size_t i = 0; i < count; i++)
        if (records[i].type == RECORD_HANDSHAKE && records[i].body[0] == DTLS_CERTIFICATE && liar->lies++ == 0) {
            uint8_t *fragment = bytes + records[i].at + RECORD_HEADER_LEN;
            fragment[9] = (uint8_t)(liar->fragment_length >> 16);
            fragment[10] = (uint8_t)(liar->fragment_length >> 8);
            fragment[11] = (uint8_t)liar->fragment_length;
        }
    net_inject(&liar->pair->net, CLIENT, sending->now_us + 20 * NET_MS, bytes, sending->len);
    return (struct net_verdict){ NET_DROP, 0 };
}

static void a_certificate_with_another_fragment_length(void)
{
    static const uint32_t lengths[] = { 0, 1, 2, 100, 0x0fff, 0x3fff, 0xffff, 0x10000, 0x7fffff, HUGE - 11, HUGE };

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct liar liar = { .fragment_length = lengths[i] };
        struct pair_options options;
        pair_options(&options, 1);
        options.silent = true;
        options.filter = change_certificate;
        options.filter_arg = &liar;
        liar.pair = pair_new(&options);
        CU_ASSERT_EQUAL(pair_start_client(liar.pair), DTLS_OK);
        CHECK_CASE(pair_run_until_open(liar.pair, 20 * NET_SECOND) && pair_ping(liar.pair, NET_SECOND),
                   "a fragment_length of %u: not done", lengths[i]);
        CU_ASSERT_EQUAL(liar.lies, 1);
        CU_ASSERT_TRUE(pair_stats(liar.pair, CLIENT).dropped[DTLS_DROP_FRAGMENT] > 0);
        pair_free(liar.pair);
    }
}

static CU_TestInfo tests[] = {
    { "CVE-2009-1379: flights cut, doubled, shuffled and belied are put together", shuffled_flights_are_put_together },
    { "CVE-2014-3505: any allocation may fail amid fragments", memory_fails_amid_fragments },
    { "CVE-2026-33845: datagrams cut at every byte change nothing", every_short_datagram },
    { "CVE-2021-42147: lies in front of every fragment crash nobody and end", lies_in_front_crash_nobody },
    { "CVE-2026-9267: a Certificate with another fragment_length is dropped",
      a_certificate_with_another_fragment_length },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks flights", tests);
}
