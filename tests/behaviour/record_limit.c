/* record_limit.c - contract M8: record_size_limit (RFC 8449). What the peer takes in one record is never exceeded, by
 * data or by flights, and what it may send us is. */
#include <string.h>

#include "tests/box/call.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

enum { GCM_AROUND = 8 + 16, GCM_EXPANSION = 13 + GCM_AROUND };

/* The most plaintext in a sealed record that each end has sent, and the largest datagram. */
struct scale {
    size_t most[2], datagram[2];
};

static struct net_verdict weigh(void *arg, const struct net_sending *sending)
{
    struct scale *scale = arg;
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = record_view_split(sending->bytes, sending->len, records);

    if (sending->len > scale->datagram[sending->from])
        scale->datagram[sending->from] = sending->len;
    for (size_t i = 0; i < count; i++)
        if (records[i].epoch > 0 && records[i].len - GCM_AROUND > scale->most[sending->from])
            scale->most[sending->from] = records[i].len - GCM_AROUND;
    return (struct net_verdict){ NET_PASS, 0 };
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The size that fits is exact. */
static void check_data(struct call *call, enum net_end from, size_t expected)
{
    uint8_t data[2000] = { 0 }, out[2000];
    struct dtls_conn *conn = call->pair->end[from].conn;
    size_t len;

    CHECK_CASE(dtls_conn_max_payload(conn) == expected, "end %d: %zu instead of %zu", (int)from,
               dtls_conn_max_payload(conn), expected);
    CU_ASSERT_EQUAL(dtls_conn_send(conn, call->pair->net.now_us, data, expected + 1, out, sizeof out, &len),
                    DTLS_ERR_LARGE_PACKET);
    CU_ASSERT_EQUAL(len, expected);
    CU_ASSERT_EQUAL(pair_send(call->pair, from, data, expected), DTLS_OK);
}

static void nobody_exceeds_a_limit(void)
{
    static const size_t limits[] = { 64, 100, 512, 16384 };

    for (size_t c = 0; c < 4; c++)
        for (size_t s = 0; s < 4; s++) {
            const size_t limit[2] = { limits[c], limits[s] };
            struct scale scale = { .most = { 0 } };
            struct pair_options options;
            struct call call;
            pair_options(&options, 140);
            for (int end = CLIENT; end <= SERVER; end++) {
                options.config[end].record_size_limit = limit[end];
                options.config[end].identity = identity_of(IDENTITY_LONG_CHAIN);
            }
            options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
            options.filter = weigh;
            options.filter_arg = &scale;
            call_begin(&call, &options);
            for (size_t k = 0; k < CALL_KINDS; k++) {
                CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], k + 1, 5 * NET_SECOND));
                pair_run_for(call.pair, 2 * NET_SECOND);
            }
            check_data(&call, CLIENT, smaller(limits[s], 1200 - GCM_EXPANSION));
            check_data(&call, SERVER, smaller(limits[c], 1200 - GCM_EXPANSION));
            for (int end = CLIENT; end <= SERVER; end++)
                CHECK_CASE(scale.most[end] <= limit[net_other((enum net_end)end)] && scale.most[end] > 60 &&
                               scale.datagram[end] <= limit[net_other((enum net_end)end)] + GCM_EXPANSION,
                           "limits %zu and %zu: end %d sends records of %zu bytes, datagrams of %zu", limits[c],
                           limits[s], end, scale.most[end], scale.datagram[end]);
            CU_ASSERT_EQUAL(pair_count(call.pair, CLIENT, DTLS_EVENT_MTU), 0);
            call_end(&call);
        }
}

static bool event_before(const struct pair *pair, enum net_end end, enum dtls_event_type first,
                         enum dtls_event_type second)
{
    const struct pair_event *events = pair->end[end].events;
    size_t i = 0;

    while (i < pair->end[end].event_count && events[i].type != first && events[i].type != second)
        i++;
    return i < pair->end[end].event_count && events[i].type == first;
}

static void a_rehandshake_may_change_the_limit(void)
{
    for (int k = 0; k < CALL_KINDS; k++)
        for (int end = CLIENT; end <= SERVER; end++) {
            enum net_end peer = net_other((enum net_end)end);
            struct pair_options options;
            struct call call;
            pair_options(&options, 141);
            call_begin(&call, &options);
            struct dtls_config config = *call_config(&call, (enum net_end)end);
            config.record_size_limit = 200;
            call_set_config(&call, (enum net_end)end, &config);
            call_flow(&call, 20 * NET_MS, 160);
            check_data(&call, peer, 1200 - GCM_EXPANSION);
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], 1, 5 * NET_SECOND));
            check_data(&call, peer, 200);
            check_data(&call, (enum net_end)end, 1200 - GCM_EXPANSION);
            CHECK_CASE(pair_count(call.pair, peer, DTLS_EVENT_MTU) == 1 &&
                           pair_count(call.pair, (enum net_end)end, DTLS_EVENT_MTU) == 0 &&
                           event_before(call.pair, peer, DTLS_EVENT_MTU, DTLS_EVENT_REHANDSHAKE_DONE),
                       "%s, limit of end %d: no event, or too late", call_kinds[k].name, end);
            config.record_size_limit = 1163; /* what fits anyway: back again, and that is told; then no change */
            call_set_config(&call, (enum net_end)end, &config);
            for (size_t number = 2; number <= 3; number++) {
                pair_run_for(call.pair, 2 * NET_SECOND);
                CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], number, 5 * NET_SECOND));
                config.record_size_limit = 5000;
                call_set_config(&call, (enum net_end)end, &config);
            }
            check_data(&call, peer, 1200 - GCM_EXPANSION);
            CU_ASSERT_EQUAL(pair_count(call.pair, peer, DTLS_EVENT_MTU), 2);
            call_end(&call);
        }
}

static void a_larger_record_is_dropped(void)
{
    static const uint8_t data[600];

    for (int end = CLIENT; end <= SERVER; end++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, 142);
        options.config[end].record_size_limit = 512;
        call_begin(&call, &options);
        size_t had = pair_count(call.pair, (enum net_end)end, DTLS_EVENT_DATA);
        CU_ASSERT_TRUE(forge_receive(call.pair, (enum net_end)end, 1, RECORD_DATA, data, 512));
        CU_ASSERT_TRUE(forge_receive(call.pair, (enum net_end)end, 1, RECORD_DATA, data, 513));
        CU_ASSERT_EQUAL(pair_count(call.pair, (enum net_end)end, DTLS_EVENT_DATA), had + 1);
        CU_ASSERT_EQUAL(pair_stats(call.pair, (enum net_end)end).dropped[DTLS_DROP_TOO_LARGE], 1);
        CU_ASSERT_TRUE(call_is_alive(&call));
        call_end(&call);
    }
}

static CU_TestInfo tests[] = {
    { "neither data nor flights exceed what the peer takes (M8)", nobody_exceeds_a_limit },
    { "a rehandshake may change that, with an event first (M8, M3)", a_rehandshake_may_change_the_limit },
    { "a record above our limit is dropped (M8)", a_larger_record_is_dropped },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "record limit", tests);
}
