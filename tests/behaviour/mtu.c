/* mtu.c - contract M: nothing is ever larger than the MTU, and what fits is told to the byte. */
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/box/traffic.h"
#include "tests/tap.h"

/* A record's header, explicit nonce and tag, for AES-GCM and for ChaCha20-Poly1305. */
enum { GCM_EXPANSION = 13 + 8 + 16, CHACHA_EXPANSION = 13 + 16, SMALLEST_MTU = 256 };

static void set_mtu(struct pair_options *options, size_t mtu)
{
    options->config[CLIENT].mtu = options->config[SERVER].mtu = mtu;
}

/* A long mutual handshake and a rehandshake, checked by pair.c datagram by datagram. */
static void handshake_at(size_t mtu, enum identity_kind chain)
{
    struct pair_options options;

    pair_options(&options, mtu);
    set_mtu(&options, mtu);
    options.config[SERVER].identity = options.config[CLIENT].identity = identity_of(chain);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    struct pair *pair = pair_new(&options);
    CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND), "MTU %zu: no handshake", mtu);
    CHECK_CASE(pair_ping(pair, NET_SECOND), "MTU %zu: no ping", mtu);
    pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    CHECK_CASE(pair_run_until_renewed(pair, 1, 5 * NET_SECOND), "MTU %zu: no rehandshake", mtu);
    CHECK_CASE(pair_ping(pair, NET_SECOND), "MTU %zu: no ping after the rehandshake", mtu);
    CHECK_CASE(pair_stats(pair, CLIENT).retransmissions + pair_stats(pair, SERVER).retransmissions == 0,
               "MTU %zu: a perfect network, and something is sent again", mtu);
    pair_free(pair);
}

static void every_mtu_is_respected(void)
{
    for (size_t mtu = SMALLEST_MTU; mtu <= 1500; mtu++)
        handshake_at(mtu, IDENTITY_LONG_CHAIN);
}

static void real_rsa_chains_are_cut_too(void)
{
    static const size_t mtus[] = { 256, 257, 512, 548, 1200, 1500 };

    for (size_t i = 0; i < sizeof mtus / sizeof mtus[0]; i++)
        handshake_at(mtus[i], IDENTITY_RSA4096_CHAIN);
}

/* Contract M2. */
static void flights_take_few_datagrams_of_even_size(void)
{
    for (size_t mtu = SMALLEST_MTU; mtu <= 1500; mtu += 61) {
        struct pair_options options;
        size_t count = 0, bytes = 0, largest = 0, smallest = SIZE_MAX;
        pair_options(&options, mtu);
        set_mtu(&options, mtu);
        options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
        options.recording = true;
        struct pair *pair = pair_new(&options);
        uint64_t flight_us = options.start_us + 20 * NET_MS;
        CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
        for (size_t i = 0; i < pair->net.recorded_count; i++)
            if (pair->net.recorded[i].from == SERVER && pair->net.recorded[i].sent_us == flight_us) {
                size_t len = pair->net.recorded[i].len;
                count++;
                bytes += len;
                largest = len > largest ? len : largest;
                smallest = len < smallest ? len : smallest;
            }
        /* One datagram less would save a record header and a fragment header. */
        CHECK_CASE(count > 0 && bytes - RECORD_HEADER_LEN - 12 > (count - 1) * (mtu - RECORD_HEADER_LEN - 12),
                   "MTU %zu: %zu bytes in %zu datagrams", mtu, bytes, count);
        CHECK_CASE(largest - smallest <= 50, "MTU %zu: datagrams of %zu to %zu bytes", mtu, smallest, largest);
        pair_free(pair);
    }
}

/* ---- LARGE_PACKET ---- */

/* Sends `len` bytes with the engine's own call; `told` is *out_len. */
static int send_bytes(struct pair *pair, enum net_end from, size_t len, size_t *told)
{
    static uint8_t data[70000], out[70000];
    int result = dtls_conn_send(pair->end[from].conn, pair->net.now_us, data, len, out, sizeof out, told);

    if (result == DTLS_OK)
        net_send(&pair->net, from, out, *told, 0);
    pair_settle(pair, from);
    return result;
}

static void check_largest(struct pair *pair, size_t expected)
{
    for (int i = CLIENT; i <= SERVER; i++) {
        enum net_end end = (enum net_end)i;
        size_t told = 0, data = pair_count(pair, net_other(end), DTLS_EVENT_DATA);
        uint64_t sent = pair_stats(pair, end).records_sent;
        CHECK_CASE(dtls_conn_max_payload(pair->end[end].conn) == expected, "end %d takes %zu bytes instead of %zu", i,
                   dtls_conn_max_payload(pair->end[end].conn), expected);
        CU_ASSERT_EQUAL(send_bytes(pair, end, expected + 1, &told), DTLS_ERR_LARGE_PACKET);
        CU_ASSERT_EQUAL(told, expected);
        CU_ASSERT_EQUAL(pair_stats(pair, end).records_sent, sent);
        CU_ASSERT_EQUAL(send_bytes(pair, end, expected, &told), DTLS_OK);
        CU_ASSERT_TRUE(told <= dtls_conn_mtu(pair->end[end].conn));
        pair_run_for(pair, NET_SECOND);
        CU_ASSERT_EQUAL(pair_count(pair, net_other(end), DTLS_EVENT_DATA), data + 1);
    }
}

static void the_size_that_fits_is_exact(void)
{
    static const size_t mtus[] = { 256, 257, 548, 1199, 1200, 1472, 9000 };

    for (size_t i = 0; i < sizeof mtus / sizeof mtus[0]; i++) {
        struct pair_options options;
        pair_options(&options, 1);
        set_mtu(&options, mtus[i]);
        struct pair *pair = pair_new(&options);
        CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
        check_largest(pair, mtus[i] - GCM_EXPANSION);
        pair_free(pair);
    }
}

static void the_largest_expansion_of_any_enabled_suite_counts(void)
{
    struct pair_options options;

    pair_options(&options, 2);
    for (int end = CLIENT; end <= SERVER; end++) {
        options.config[end].suites[0] = DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256;
        options.config[end].suite_count = 1;
    }
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    check_largest(pair, 1200 - CHACHA_EXPANSION);
    pair_free(pair);

    /* ChaCha20 is agreed on, and a rehandshake could end with GCM. */
    pair_options(&options, 2);
    options.config[SERVER].suites[0] = DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256;
    options.config[SERVER].suites[1] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
    options.config[SERVER].suite_count = 2;
    pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(dtls_conn_suite(pair->end[SERVER].conn), DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256);
    check_largest(pair, 1200 - GCM_EXPANSION);
    pair_free(pair);
}

/* Every largest record passes while keys are renewed, in both directions, without a gap. */
static void the_size_that_fits_outlives_a_rehandshake(void)
{
    static const size_t mtus[] = { 256, 300, 1200 };
    const uint64_t interval_us = 5 * NET_MS;

    for (int kind = SCENE_FULL_FROM_CLIENT; kind < SCENE_KINDS; kind++)
        for (size_t i = 0; i < sizeof mtus / sizeof mtus[0]; i++) {
            struct scene scene;
            struct pair_options options;
            size_t fits = mtus[i] - GCM_EXPANSION;
            scene_begin(&scene, (enum scene_kind)kind);
            scene_options(&scene, &options, 3);
            set_mtu(&options, mtus[i]);
            struct pair *pair = scene_pair(&scene, &options);
            struct traffic *traffic = traffic_new(pair);
            traffic_start(traffic, CLIENT, interval_us, fits);
            traffic_start(traffic, SERVER, interval_us, fits);
            for (int step = 0; step < 500; step++) {
                pair_run_for(pair, NET_MS);
                for (int end = CLIENT; end <= SERVER; end++)
                    CHECK_CASE(dtls_conn_max_payload(pair->end[end].conn) == fits, "%s, MTU %zu: end %d takes %zu now",
                               scene_name((enum scene_kind)kind), mtus[i], end,
                               dtls_conn_max_payload(pair->end[end].conn));
            }
            CHECK_CASE(scene_run(&scene, pair, 0), "%s, MTU %zu: never done", scene_name((enum scene_kind)kind),
                       mtus[i]);
            traffic_stop(traffic);
            pair_run_for(pair, NET_SECOND);
            traffic_check(traffic);
            for (int from = CLIENT; from <= SERVER; from++)
                CHECK_CASE(traffic->flow[from].longest_gap_us <= interval_us, "%s, MTU %zu: a gap of %llu us",
                           scene_name((enum scene_kind)kind), mtus[i],
                           (unsigned long long)traffic->flow[from].longest_gap_us);
            traffic_free(traffic);
            pair_free(pair);
            scene_end(&scene);
        }
}

static void loss_in_a_rehandshake_refuses_no_record(void)
{
    struct scene scene;
    struct pair_options options;

    scene_begin(&scene, SCENE_FULL_FROM_CLIENT);
    scene_options(&scene, &options, 4);
    options.link[SERVER].loss = 10000; /* answers, and all else, never reach the client */
    struct pair *pair = scene_pair(&scene, &options);
    struct traffic *traffic = traffic_new(pair);
    traffic_start(traffic, CLIENT, 20 * NET_MS, 1200 - GCM_EXPANSION);
    traffic_start(traffic, SERVER, 20 * NET_MS, 1200 - GCM_EXPANSION);
    pair_run_for(pair, 20 * NET_SECOND);
    pair->net.link[SERVER].loss = 0;
    CU_ASSERT_TRUE(scene_run(&scene, pair, 10 * NET_SECOND));
    traffic_stop(traffic);
    pair_run_for(pair, NET_SECOND);
    traffic_check(traffic);
    traffic_free(traffic);
    pair_free(pair);
    scene_end(&scene);
}

/* ---- smaller networks, larger networks, changes ---- */

/* The largest datagram of the server's flight number `number` (0: the first time). */
static size_t largest_of_repeat(const struct pair *pair, size_t number)
{
    size_t largest = 0, repeat = 0;
    uint64_t last_us = 0;

    for (size_t i = 0; i < pair->net.recorded_count; i++) {
        const struct net_recorded *sent = &pair->net.recorded[i];
        if (sent->from != SERVER)
            continue;
        if (last_us != 0 && sent->sent_us != last_us)
            repeat++;
        last_us = sent->sent_us;
        if (repeat == number && sent->len > largest)
            largest = sent->len;
    }
    return largest;
}

static void flights_shrink_when_nothing_comes_back(void)
{
    struct pair_options options;

    pair_options(&options, 5);
    options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
    options.config[CLIENT].initial_timeout_ms = options.config[CLIENT].maximum_timeout_ms = 60000;
    options.link[SERVER].loss = 10000;
    options.recording = true;
    struct pair *pair = pair_new(&options);
    pair_run_for(pair, 30 * NET_SECOND);
    CU_ASSERT_TRUE(largest_of_repeat(pair, 0) > 548);
    CU_ASSERT_TRUE(largest_of_repeat(pair, 1) > 548);
    CU_ASSERT_TRUE(largest_of_repeat(pair, 2) <= 548 && largest_of_repeat(pair, 2) > 256);
    CU_ASSERT_TRUE(largest_of_repeat(pair, 3) <= 548 && largest_of_repeat(pair, 3) > 256);
    CU_ASSERT_TRUE(largest_of_repeat(pair, 4) <= 256);
    CU_ASSERT_EQUAL(dtls_conn_mtu(pair->end[SERVER].conn), 1200);
    pair_free(pair);
}

static void a_handshake_passes_a_smaller_network(void)
{
    for (size_t mtu = SMALLEST_MTU; mtu < 1200; mtu += 59)
        for (int kind = 0; kind < SCENE_KINDS; kind++) {
            struct scene scene;
            struct pair_options options;
            scene_begin(&scene, (enum scene_kind)kind);
            scene_options(&scene, &options, 6);
            options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
            options.config[CLIENT].identity = identity_of(IDENTITY_LONG_CHAIN);
            options.link[CLIENT].mtu = options.link[SERVER].mtu = mtu;
            struct pair *pair = scene_pair(&scene, &options);
            CHECK_CASE(scene_run(&scene, pair, 30 * NET_SECOND) && pair_ping(pair, NET_SECOND),
                       "%s on a network of %zu bytes: never done", scene_name((enum scene_kind)kind), mtu);
            pair_free(pair);
            scene_end(&scene);
        }
}

static void a_new_mtu_holds_from_the_next_datagram_on(void)
{
    struct pair_options options;

    pair_options(&options, 7);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_conn *conn = pair->end[end].conn;
        CU_ASSERT_EQUAL(dtls_conn_set_mtu(conn, SMALLEST_MTU - 1), DTLS_ERR_ARGUMENT);
        CU_ASSERT_EQUAL(dtls_conn_set_mtu(conn, 65508), DTLS_ERR_ARGUMENT);
        CU_ASSERT_EQUAL(dtls_conn_mtu(conn), 1200);
        CU_ASSERT_EQUAL(dtls_conn_set_mtu(conn, 300), DTLS_OK);
        CU_ASSERT_EQUAL(dtls_conn_mtu(conn), 300);
    }
    check_largest(pair, 300 - GCM_EXPANSION);
    pair_run_for(pair, 2 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_rehandshake(pair, SERVER, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(pair, 1, 5 * NET_SECOND));
    for (int end = CLIENT; end <= SERVER; end++)
        CU_ASSERT_EQUAL(dtls_conn_set_mtu(pair->end[end].conn, 65507), DTLS_OK);
    check_largest(pair, 16384); /* one record holds no more (RFC 5246, 6.2.1) */
    pair_free(pair);
}

static void a_new_mtu_in_mid_rehandshake_is_respected(void)
{
    for (uint64_t when_us = 0; when_us < 200 * NET_MS; when_us += 10 * NET_MS) {
        struct scene scene;
        struct pair_options options;
        scene_begin(&scene, SCENE_MUTUAL_FROM_CLIENT);
        scene_options(&scene, &options, 8);
        options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
        options.link[SERVER].loss = 2000;
        struct pair *pair = scene_pair(&scene, &options);
        pair_run_for(pair, when_us);
        for (int end = CLIENT; end <= SERVER; end++) {
            CU_ASSERT_EQUAL(dtls_conn_set_mtu(pair->end[end].conn, 300), DTLS_OK);
            pair_settle(pair, (enum net_end)end);
        }
        CHECK_CASE(scene_run(&scene, pair, 30 * NET_SECOND), "MTU changed after %llu us: never done",
                   (unsigned long long)when_us);
        pair_free(pair);
        scene_end(&scene);
    }
}

static CU_TestInfo tests[] = {
    { "every MTU from 256 to 1,500 is respected by handshakes with a long chain", every_mtu_is_respected },
    { "chains of RSA-4096 certificates are cut too", real_rsa_chains_are_cut_too },
    { "a flight takes as few datagrams as possible, of even size", flights_take_few_datagrams_of_even_size },
    { "the size that fits passes, and one byte more does not", the_size_that_fits_is_exact },
    { "the largest expansion of any enabled suite counts", the_largest_expansion_of_any_enabled_suite_counts },
    { "the size that fits passes all through a rehandshake", the_size_that_fits_outlives_a_rehandshake },
    { "loss in a rehandshake refuses no record", loss_in_a_rehandshake_refuses_no_record },
    { "flights shrink when nothing comes back", flights_shrink_when_nothing_comes_back },
    { "handshakes pass a network that is smaller than the MTU", a_handshake_passes_a_smaller_network },
    { "a new MTU holds from the next datagram on", a_new_mtu_holds_from_the_next_datagram_on },
    { "a new MTU in the middle of a rehandshake is respected", a_new_mtu_in_mid_rehandshake_is_respected },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "mtu", tests);
}
