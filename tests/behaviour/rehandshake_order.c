/* rehandshake_order.c - contract R5: every order of the datagrams of a rehandshake's flights and of two records. */
#include "tests/box/call.h"
#include "tests/tap.h"

enum { MOST_DATAGRAMS = 7 };

/* The datagrams that one end sends at the moment of its `group`th flight (from 0), and the data sent behind them. */
struct order {
    enum net_end from;
    size_t group;
    const size_t *rank; /* when each one arrives; NULL: as they are sent */
    size_t groups_seen, count;
    uint64_t group_us;
};

static struct net_verdict reorder(void *arg, const struct net_sending *sending)
{
    struct order *order = arg;

    if (sending->from != order->from)
        return (struct net_verdict){ NET_PASS, 0 };
    if (sending->now_us != order->group_us) {
        order->group_us = sending->now_us;
        order->groups_seen++;
    }
    if (order->groups_seen != order->group + 1 || order->count == MOST_DATAGRAMS)
        return (struct net_verdict){ NET_PASS, 0 };
    size_t index = order->count++;
    return (struct net_verdict){ NET_HOLD, order->rank == NULL ? 0 : (1 + order->rank[index]) * NET_MS };
}

static bool group_is_sent(const struct pair *pair, const void *arg)
{
    (void)pair;
    return ((const struct order *)arg)->count > 0;
}

/* Returns how many datagrams there are to permute: the flight's and two with data. */
static size_t deliver_in_order(const struct call_kind *kind, enum net_end from, size_t group, size_t mtu,
                               const size_t *rank)
{
    struct order order = { .from = from, .group = group, .rank = rank };
    struct pair_options options;
    struct call call;

    pair_options(&options, 40);
    options.config[CLIENT].mtu = options.config[SERVER].mtu = mtu;
    options.config[CLIENT].flight_interval_ms = options.config[SERVER].flight_interval_ms = 0;
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.config[CLIENT].identity = identity_of(IDENTITY_P384); /* a little longer */
    options.filter = reorder;
    options.filter_arg = &order;
    call_begin(&call, &options);
    pair_rehandshake(call.pair, kind->from, kind->mode);
    CHECK_CASE(pair_run_until(call.pair, group_is_sent, &order, NET_SECOND), "%s: no such flight", kind->name);
    traffic_send(call.traffic, from, 40);
    traffic_send(call.traffic, from, 40);
    size_t count = order.count;
    CHECK_CASE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND), "%s: never done", kind->name);
    pair_run_for(call.pair, 100 * NET_MS);
    CHECK_CASE(call.traffic->flow[from].delivered == 2 && call.traffic->flow[from].duplicated == 0,
               "%s: %zu records delivered", kind->name, call.traffic->flow[from].delivered);
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
    return count;
}

/* Heap's algorithm, without recursion. */
static void every_order(const struct call_kind *kind, enum net_end from, size_t group, size_t mtu, size_t expected)
{
    size_t count = deliver_in_order(kind, from, group, mtu, NULL), rank[MOST_DATAGRAMS], turns[MOST_DATAGRAMS] = { 0 };
    unsigned failures = CU_get_number_of_failures();

    CHECK_CASE(count == expected, "%s, flight %zu of end %d, MTU %zu: %zu datagrams", kind->name, group, from, mtu,
               count);
    for (size_t i = 0; i < MOST_DATAGRAMS; i++)
        rank[i] = i;
    deliver_in_order(kind, from, group, mtu, rank);
    for (size_t i = 1; i < count && CU_get_number_of_failures() == failures;) {
        if (turns[i] == i) {
            turns[i++] = 0;
            continue;
        }
        size_t other = i % 2 == 0 ? 0 : turns[i], kept = rank[i];
        rank[i] = rank[other];
        rank[other] = kept;
        turns[i]++;
        i = 1;
        deliver_in_order(kind, from, group, mtu, rank);
        CHECK_CASE(CU_get_number_of_failures() == failures, "%s, flight %zu of end %d: order %zu %zu %zu %zu %zu %zu",
                   kind->name, group, from, rank[0], rank[1], rank[2], rank[3], rank[4], rank[5]);
    }
}

static void every_order_of_the_clients_flights(void)
{
    every_order(&call_kinds[0], CLIENT, 0, 256, 3); /* ClientHello and two records */
    every_order(&call_kinds[0], CLIENT, 1, 256, 6); /* Certificate to Finished in four */
    every_order(&call_kinds[2], CLIENT, 0, 256, 3); /* ClientHello with a session */
    every_order(&call_kinds[2], CLIENT, 1, 256, 3); /* CCS, Finished of an abbreviated one */
    every_order(&call_kinds[1], CLIENT, 0, 256, 3); /* and where the server has asked */
    every_order(&call_kinds[1], CLIENT, 1, 256, 6);
    every_order(&call_kinds[3], CLIENT, 1, 256, 3);
}

static void every_order_of_the_servers_flights(void)
{
    every_order(&call_kinds[0], SERVER, 0, 400, 5); /* ServerHello to ServerHelloDone in three */
    every_order(&call_kinds[0], SERVER, 1, 256, 3); /* CCS, Finished */
    every_order(&call_kinds[2], SERVER, 0, 300, 3); /* ServerHello, CCS, Finished */
    every_order(&call_kinds[1], SERVER, 0, 400, 3); /* HelloRequest and two records */
    every_order(&call_kinds[1], SERVER, 1, 400, 5); /* ServerHello to ServerHelloDone behind it */
    every_order(&call_kinds[3], SERVER, 0, 256, 3);
    every_order(&call_kinds[3], SERVER, 1, 300, 3);
}

static CU_TestInfo tests[] = {
    { "every order of the client's datagrams and two records delivers both once", every_order_of_the_clients_flights },
    { "every order of the server's datagrams and two records delivers both once", every_order_of_the_servers_flights },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake order", tests);
}
