/* endpoint.c - many associations behind one socket: whose datagram it is, in which order things come out, and what the
 * owner may do meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "tests/box/crowd.h"
#include "tests/box/identity.h"
#include "tests/box/keyring.h"
#include "tests/tap.h"

/* `count` callers of as many hosts. */
static void call(struct crowd *crowd, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        crowd_call(crowd, i + 1, 5060, NULL);
}

static void no_one_hears_another(const struct crowd *crowd)
{
    for (const struct caller *caller = crowd->callers; caller != NULL; caller = caller->next)
        CHECK_CASE(caller->foreign == 0, "seed %llu: caller %llu gets what is another's",
                   (unsigned long long)crowd->seed, (unsigned long long)caller->number);
}

static void many_calls_on_a_bad_network(void)
{
    struct crowd crowd;

    for (uint64_t seed = 1; seed <= 5; seed++) {
        crowd_init(&crowd, seed);
        for (int end = CLIENT; end <= SERVER; end++)
            crowd.net.link[end] =
                (struct net_link){ .delay_us = 20 * NET_MS, .jitter_us = 30 * NET_MS, .loss = 1000, .duplicate = 300 };
        crowd_open(&crowd);
        call(&crowd, 60);
        CHECK_CASE(crowd_run_until_open(&crowd, 60 * NET_SECOND), "seed %llu: not all are open",
                   (unsigned long long)seed);
        crowd_run_for(&crowd, 5 * NET_SECOND);
        CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_OPEN], 60);
        CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 60);
        memset(crowd.net.link, 0, sizeof crowd.net.link);
        CHECK_CASE(crowd_ping(&crowd, NET_SECOND), "seed %llu: an echo is missing", (unsigned long long)seed);
        no_one_hears_another(&crowd);
        CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_FAILED], 0);
        crowd_free(&crowd);
    }
}

/* RFC 6347, 4.2.1; contract S4. */
static void a_hello_costs_nothing_until_its_cookie_is_back(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 1);
    crowd_open(&crowd);
    size_t asked = crowd.memory.asked;
    call(&crowd, 10);
    crowd_run_for(&crowd, 30 * NET_MS); /* the first hellos are there, the answers on the way */
    CU_ASSERT_EQUAL(crowd_stats(&crowd).hellos_answered, 10);
    CU_ASSERT_EQUAL(crowd.datagrams, 10);
    CU_ASSERT_EQUAL(crowd.memory.asked, asked);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 0);
    CU_ASSERT_EQUAL(dtls_endpoint_deadline(crowd.endpoint), DTLS_NEVER);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    CU_ASSERT_EQUAL(crowd_stats(&crowd).admitted, 10);
    crowd_free(&crowd);
}

/* The endpoint's deadline is the earliest of all of its connections', always. */
static void check_deadline(const struct crowd *crowd)
{
    dtls_time earliest = DTLS_NEVER;
    const struct dtls_conn *conn = NULL;

    while ((conn = dtls_endpoint_each(crowd->endpoint, conn)) != NULL)
        if (dtls_conn_deadline(conn) < earliest)
            earliest = dtls_conn_deadline(conn);
    CHECK_CASE(dtls_endpoint_deadline(crowd->endpoint) == earliest, "at %llu us: %llu, not %llu",
               (unsigned long long)crowd->net.now_us, (unsigned long long)dtls_endpoint_deadline(crowd->endpoint),
               (unsigned long long)earliest);
}

static void one_deadline_for_all(void)
{
    struct crowd crowd;
    struct dtls_conn *conn = NULL;

    crowd_init(&crowd, 7);
    crowd.net.link[CLIENT].loss = crowd.net.link[SERVER].loss = 3000;
    crowd_open(&crowd);
    call(&crowd, 40);
    for (int i = 0; i < 600; i++) {
        crowd_run_for(&crowd, 20 * NET_MS);
        check_deadline(&crowd);
    }
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, 60 * NET_SECOND));
    /* A verb to a connection is enough: nobody tells the endpoint. */
    crowd_run_for(&crowd, 200 * NET_SECOND);
    CU_ASSERT_EQUAL(dtls_endpoint_deadline(crowd.endpoint), DTLS_NEVER);
    conn = dtls_endpoint_each(crowd.endpoint, NULL);
    CU_ASSERT_EQUAL(dtls_conn_rehandshake(conn, crowd.net.now_us, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_endpoint_deadline(crowd.endpoint), 0);
    crowd_settle(&crowd);
    check_deadline(&crowd);
    CU_ASSERT(dtls_endpoint_deadline(crowd.endpoint) > crowd.net.now_us);
    CU_ASSERT(dtls_endpoint_deadline(crowd.endpoint) < crowd.net.now_us + 2 * NET_SECOND);
    crowd_run_for(&crowd, 5 * NET_SECOND);
    CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_REHANDSHAKE_DONE], 1);
    crowd_run_for(&crowd, 200 * NET_SECOND);
    struct dtls_config renewing = crowd.server;
    renewing.renew_after_s = 300; /* since the last keys: it has no `now` */
    CU_ASSERT_EQUAL(dtls_conn_set_config(conn, &renewing), DTLS_OK);
    crowd_settle(&crowd);
    check_deadline(&crowd);
    crowd_run_for(&crowd, 200 * NET_SECOND);
    CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_REHANDSHAKE_DONE], 2);
    crowd_free(&crowd);
}

static void events_come_before_the_next_datagram(void)
{
    struct crowd crowd;
    uint8_t noise[4] = { 1, 2, 3, 4 };
    struct dtls_conn *conn, *whose = NULL;
    struct dtls_event event = { 0 };
    struct dtls_address nowhere = { .len = 0 };

    crowd_init(&crowd, 1);
    crowd_open(&crowd);
    call(&crowd, 2);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    crowd_run_for(&crowd, NET_SECOND);
    conn = dtls_endpoint_each(crowd.endpoint, NULL);
    const struct dtls_address *address = dtls_endpoint_address(conn);
    CU_ASSERT_PTR_EQUAL(dtls_endpoint_find(crowd.endpoint, address), conn);
    dtls_conn_close(conn, crowd.net.now_us);
    CU_ASSERT_EQUAL(dtls_endpoint_receive(crowd.endpoint, crowd.net.now_us, address, noise, sizeof noise),
                    DTLS_ERR_EVENTS_WAITING);
    CU_ASSERT_EQUAL(dtls_endpoint_tick(crowd.endpoint, crowd.net.now_us), DTLS_ERR_EVENTS_WAITING);
    CU_ASSERT_TRUE(dtls_endpoint_next_event(crowd.endpoint, &whose, &event));
    CU_ASSERT_EQUAL(event.type, DTLS_EVENT_CLOSED);
    CU_ASSERT_PTR_EQUAL(whose, conn);
    CU_ASSERT_FALSE(dtls_conn_is_open(conn)); /* it may still be looked at */
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    crowd_settle(&crowd); /* close_notify leaves, and the connection goes */
    CU_ASSERT_EQUAL(dtls_endpoint_receive(crowd.endpoint, crowd.net.now_us, &nowhere, noise, sizeof noise),
                    DTLS_ERR_ARGUMENT);
    CU_ASSERT_PTR_NULL(dtls_endpoint_find(crowd.endpoint, &nowhere));
    crowd_run_for(&crowd, NET_SECOND);
    size_t ends = 0;
    for (struct caller *caller = crowd.callers; caller != NULL; caller = caller->next)
        ends += caller->ends == 1 && caller->error == DTLS_ERR_CLOSED;
    CU_ASSERT_EQUAL(ends, 1);
    crowd_free(&crowd);
}

/* A hint changes nothing, whatever it says. */
static void what_is_expected_may_not_come(void)
{
    struct crowd crowd;
    struct dtls_address from[100];

    crowd_init(&crowd, 1);
    crowd_open(&crowd);
    call(&crowd, 20);
    for (uint32_t i = 0; i < 100; i++)
        from[i] = crowd_address(i, 5060);
    dtls_endpoint_expect(crowd.endpoint, from, 100);
    crowd_run_for(&crowd, 70 * NET_MS); /* half-open */
    dtls_endpoint_expect(crowd.endpoint, from, 100);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    dtls_endpoint_expect(crowd.endpoint, from, 0);
    dtls_endpoint_expect(crowd.endpoint, from, 100);
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_free(&crowd);
}

/* ---- both roles on one socket ---- */

struct callee {
    struct crowd *crowd;
    struct dtls_conn *conn;
    size_t echoes;
};

static void count_echo(void *arg, struct dtls_conn *conn, const struct dtls_event *event)
{
    struct callee *callee = arg;

    callee->echoes += conn == callee->conn && event->type == DTLS_EVENT_DATA;
}

/* Between the endpoint of the crowd, which has called, and another one, which greets each who is open. */
static void shuttle(struct crowd *crowd, struct dtls_endpoint *other, struct callee *callee)
{
    struct dtls_address here = crowd_address(1, 1), there = crowd_address(2, 2), to;
    struct dtls_conn *whose;
    struct dtls_event event;
    uint8_t datagram[2048];
    size_t len;

    for (int i = 0; i < 20; i++) {
        while (dtls_endpoint_next_event(crowd->endpoint, &whose, &event))
            count_echo(callee, whose, &event);
        while (dtls_endpoint_next_datagram(crowd->endpoint, crowd->net.now_us, datagram, sizeof datagram, &len, &to)) {
            CU_ASSERT_EQUAL(memcmp(to.bytes, there.bytes, to.len), 0);
            CU_ASSERT_EQUAL(dtls_endpoint_receive(other, crowd->net.now_us, &here, datagram, len), DTLS_OK);
            while (dtls_endpoint_next_event(other, &whose, &event))
                if (event.type == DTLS_EVENT_OPEN) {
                    CU_ASSERT_EQUAL(dtls_conn_send(whose, crowd->net.now_us, (const uint8_t *)"hi", 2, datagram,
                                                   sizeof datagram, &len),
                                    DTLS_OK);
                    crowd_inject(crowd, &there, datagram, len); /* overtakes the last flight, which it carries */
                }
        }
        while (dtls_endpoint_next_datagram(other, crowd->net.now_us, datagram, sizeof datagram, &len, &to)) {
            CU_ASSERT_EQUAL(memcmp(to.bytes, here.bytes, to.len), 0);
            CU_ASSERT_EQUAL(dtls_endpoint_receive(crowd->endpoint, crowd->net.now_us, &there, datagram, len), DTLS_OK);
            while (dtls_endpoint_next_event(crowd->endpoint, &whose, &event))
                count_echo(callee, whose, &event);
        }
    }
}

static void an_endpoint_may_call_itself(void)
{
    struct crowd crowd;
    struct dtls_endpoint *other;
    struct callee callee = { .crowd = &crowd };
    struct dtls_address there = crowd_address(2, 2);
    struct dtls_conn *again;

    crowd_init(&crowd, 1);
    crowd.no_echo = true;
    crowd_open(&crowd);
    other = dtls_endpoint_new(&crowd.server, NULL);
    crowd.on_event = count_echo;
    crowd.watcher = &callee;
    CU_ASSERT_PTR_NOT_NULL_FATAL(other);
    CU_ASSERT_EQUAL(dtls_endpoint_connect(crowd.endpoint, crowd.net.now_us, &crowd.client, &there, NULL, &callee.conn),
                    DTLS_OK);
    CU_ASSERT_EQUAL(dtls_endpoint_connect(crowd.endpoint, crowd.net.now_us, &crowd.client, &there, NULL, &again),
                    DTLS_ERR_ARGUMENT);
    CU_ASSERT_PTR_NULL(again);
    shuttle(&crowd, other, &callee);
    CU_ASSERT_TRUE(dtls_conn_is_open(callee.conn));
    CU_ASSERT_EQUAL(callee.echoes, 1);
    dtls_endpoint_free(other);
    crowd_free(&crowd);
}

/* A client's next full handshake asks the configuration whose key it has used (R9), whatever it has been given since.
 */
static void a_configuration_whose_key_is_used_is_in_use(void)
{
    struct keyring ring = { .psk = { keyring_psk("alice", 1, 16) }, .count = 1 };
    struct crowd crowd;
    struct callee callee = { .crowd = &crowd };
    struct dtls_address there = crowd_address(2, 2);
    struct dtls_config newer;

    crowd_init(&crowd, 1);
    keyring_use(&ring, SERVER, &crowd.server);
    crowd.server.identity = NULL;
    crowd.client.verifier.verify = NULL;
    crowd.client.psk_identity = ring.psk[0].identity;
    crowd.client.psk_key = ring.psk[0].key;
    crowd.no_echo = true;
    crowd_open(&crowd);
    newer = crowd.client;
    struct dtls_endpoint *other = dtls_endpoint_new(&crowd.server, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(other);
    CU_ASSERT_EQUAL(dtls_endpoint_connect(crowd.endpoint, crowd.net.now_us, &crowd.client, &there, NULL, &callee.conn),
                    DTLS_OK);
    shuttle(&crowd, other, &callee);
    CU_ASSERT_TRUE_FATAL(dtls_conn_is_open(callee.conn));
    CU_ASSERT_EQUAL(dtls_conn_set_config(callee.conn, &newer), DTLS_OK);
    CU_ASSERT_TRUE(dtls_endpoint_has_config(crowd.endpoint, &newer));
    CU_ASSERT_TRUE(dtls_endpoint_has_config(crowd.endpoint, &crowd.client));
    dtls_endpoint_free(other);
    crowd_free(&crowd);
}

static void keep_conn(void *arg, struct dtls_conn *conn, const struct dtls_event *event)
{
    if (event->type == DTLS_EVENT_OPEN)
        *(struct dtls_conn **)arg = conn;
}

/* Nobody has to tell an endpoint what a verb of its connections has made ready (endpoint.h). */
static void a_probe_that_another_mtu_begins_comes_out(void)
{
    struct crowd crowd;
    struct dtls_conn *conn = NULL;
    struct dtls_event event;
    struct dtls_address to;
    uint8_t datagram[2048];
    size_t len;

    crowd_init(&crowd, 1);
    crowd.server.probe_mtu_to = 1452;
    crowd.client.answer_probes = true;
    crowd.on_event = keep_conn;
    crowd.watcher = &conn;
    crowd_open(&crowd);
    call(&crowd, 1);
    CU_ASSERT_TRUE_FATAL(crowd_run_until_open(&crowd, NET_SECOND));
    crowd_run_for(&crowd, 300 * NET_SECOND);
    CU_ASSERT_EQUAL(dtls_conn_mtu(conn), 1452);
    CU_ASSERT_EQUAL(dtls_conn_set_mtu(conn, 1200), DTLS_OK);
    CU_ASSERT_FALSE(dtls_endpoint_next_event(crowd.endpoint, &conn, &event));
    CU_ASSERT_TRUE(dtls_endpoint_next_datagram(crowd.endpoint, crowd.net.now_us, datagram, sizeof datagram, &len, &to));
    CU_ASSERT_EQUAL(len, 1452);
    crowd_free(&crowd);
}

/* ---- ends ---- */

static void remove_at_once(void *arg, struct dtls_conn *conn, const struct dtls_event *event)
{
    (void)arg;
    if (event->type == DTLS_EVENT_REHANDSHAKE_STARTED)
        dtls_endpoint_remove(conn);
}

static void datagrams_of_a_connection_that_is_gone(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 1);
    crowd_open(&crowd);
    call(&crowd, 3);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    crowd.on_event = remove_at_once;
    crowd_run_for(&crowd, NET_SECOND);
    struct caller *gone = crowd.callers;
    CU_ASSERT_EQUAL(dtls_conn_rehandshake(gone->conn, crowd.net.now_us, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    crowd_settle_caller(gone);
    crowd_run_for(&crowd, NET_SECOND);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 2);
    uint64_t stray = crowd_stats(&crowd).stray;
    for (int i = 0; i < 10; i++)
        crowd_say(gone);
    crowd_run_for(&crowd, 50 * NET_MS);
    CU_ASSERT(crowd_stats(&crowd).stray >= stray + 10);
    CU_ASSERT_EQUAL(gone->echoes, 0);
    crowd_vanish(gone);
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_free(&crowd);
}

/* All at the same moment, since all began at the same moment. */
static void a_thousand_fail_in_one_turn(void)
{
    struct crowd crowd;
    enum { MANY = 1000 };

    crowd_init(&crowd, 1);
    crowd.settings.most = 2 * MANY;
    crowd.settings.most_half_open = 2 * MANY;
    crowd.server.handshake_timeout_ms = 3000;
    crowd_open(&crowd);
    for (uint16_t i = 0; i < MANY; i++)
        crowd_call(&crowd, 1, i, NULL);
    crowd_run_for(&crowd, 50 * NET_MS); /* their second hellos are on the way */
    for (struct caller *caller = crowd.callers; caller != NULL; caller = caller->next)
        crowd_vanish(caller);
    struct caller *genuine = crowd_call(&crowd, 2, 1, NULL);
    crowd_run_for(&crowd, 2 * NET_SECOND);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), MANY + 1);
    CU_ASSERT_EQUAL(genuine->opens, 1);
    crowd_run_for(&crowd, 2 * NET_SECOND);
    CU_ASSERT_EQUAL(crowd.errors[-100 - DTLS_ERR_TIMEOUT], MANY);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_free(&crowd);
}

/* The application may close others, and remove others, from within an event. */
static void end_all_others(void *arg, struct dtls_conn *conn, const struct dtls_event *event)
{
    struct crowd *crowd = arg;
    struct dtls_conn *at = NULL, *victims[64];
    size_t count = 0;

    if (event->type != DTLS_EVENT_DATA)
        return;
    while ((at = dtls_endpoint_each(crowd->endpoint, at)) != NULL)
        if (at != conn)
            victims[count++] = at;
    for (size_t i = 0; i < count; i++)
        if (i % 2 == 0)
            dtls_endpoint_remove(victims[i]);
        else
            dtls_conn_close(victims[i], crowd->net.now_us);
}

static void one_event_may_end_all_others(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 1);
    crowd_open(&crowd);
    call(&crowd, 40);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    crowd_run_for(&crowd, NET_SECOND);
    crowd.on_event = end_all_others;
    crowd.watcher = &crowd;
    crowd_say(crowd.callers);
    crowd_run_for(&crowd, NET_SECOND);
    CU_ASSERT_EQUAL(crowd.callers->echoes, 1);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_CLOSED], 19);
    crowd_free(&crowd);
}

/* A socket that takes nothing: what the endpoint has to say waits there, and memory does not grow. */
static void a_socket_that_is_full(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 1);
    crowd_open(&crowd);
    call(&crowd, 20);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    crowd_run_for(&crowd, NET_SECOND);
    crowd.stuck = true;
    for (struct dtls_conn *conn = NULL; (conn = dtls_endpoint_each(crowd.endpoint, conn)) != NULL;)
        CU_ASSERT_EQUAL(dtls_conn_rehandshake(conn, crowd.net.now_us, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    crowd_settle(&crowd);
    crowd_run_for(&crowd, 5 * NET_SECOND);
    size_t live = crowd.memory.live_bytes;
    crowd_run_for(&crowd, 10 * NET_SECOND);
    CU_ASSERT_EQUAL(crowd.memory.live_bytes, live);
    crowd.stuck = false;
    crowd_settle(&crowd);
    crowd_run_for(&crowd, 10 * NET_SECOND);
    CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_REHANDSHAKE_DONE], 20);
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_free(&crowd);
}

/* ---- memory (S8) ---- */

static void any_allocation_may_fail(void)
{
    struct crowd crowd;
    size_t fails = 0;

    crowd_init(&crowd, 1);
    for (crowd.memory.fail_at = 0;; crowd.memory.fail_at++) {
        crowd.memory.asked = 0;
        struct dtls_endpoint *endpoint = dtls_endpoint_new(&crowd.server, NULL);
        CU_ASSERT_EQUAL(endpoint == NULL, crowd.memory.asked > crowd.memory.fail_at);
        dtls_endpoint_free(endpoint);
        CU_ASSERT_EQUAL(crowd.memory.live_blocks, 0);
        if (endpoint != NULL)
            break;
    }
    crowd_free(&crowd);
    for (size_t fail_at = 0; fails == fail_at; fail_at++) {
        crowd_init(&crowd, 1);
        crowd_open(&crowd);
        crowd.memory.asked = 0;
        crowd.memory.fail_at = fail_at;
        struct caller *caller = crowd_call(&crowd, 1, 1, NULL);
        CHECK_CASE(crowd_run_until_open(&crowd, 20 * NET_SECOND) || caller->ends > 0, "allocation %zu fails: no end",
                   fail_at);
        fails += crowd.memory.failed > 0;
        crowd.memory.fail_at = MEMORY_NEVER_FAILS;
        crowd_run_for(&crowd, 61 * NET_SECOND);
        crowd_vanish(caller);
        crowd_call(&crowd, 2, 1, NULL);
        CHECK_CASE(crowd_run_until_open(&crowd, 20 * NET_SECOND), "allocation %zu failed, and the next caller suffers",
                   fail_at);
        crowd_free(&crowd);
    }
    CHECK_CASE(fails > 10, "%zu allocations", fails);
}

static CU_TestInfo tests[] = {
    { "many calls on a bad network, none hears another (lesson 63)", many_calls_on_a_bad_network },
    { "a hello costs nothing until its cookie is back (S4)", a_hello_costs_nothing_until_its_cookie_is_back },
    { "one deadline for all, after any verb", one_deadline_for_all },
    { "events come before the next datagram", events_come_before_the_next_datagram },
    { "what is expected may not come", what_is_expected_may_not_come },
    { "a client and a server on one socket", an_endpoint_may_call_itself },
    { "a configuration whose pre-shared key is used is in use (R9)", a_configuration_whose_key_is_used_is_in_use },
    { "a probe that another MTU begins comes out of the endpoint (M6)", a_probe_that_another_mtu_begins_comes_out },
    { "datagrams of a connection that is gone", datagrams_of_a_connection_that_is_gone },
    { "a thousand fail in one turn", a_thousand_fail_in_one_turn },
    { "one event may end all others", one_event_may_end_all_others },
    { "a socket that is full", a_socket_that_is_full },
    { "any allocation may fail (S8)", any_allocation_may_fail },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "endpoint", tests);
}
