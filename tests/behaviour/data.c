/* data.c - application records: what is sent arrives once, whole, in the order of arrival, in every phase. */
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/box/traffic.h"
#include "tests/tap.h"

#include <stdio.h>
#include <string.h>

/* ---- a listener that keeps what is delivered ---- */

enum { HEARD_MAX = 512 };

struct heard {
    struct pair *pair;
    struct {
        enum net_end end;
        uint16_t epoch;
        uint64_t time_us;
        size_t len;
        char text[64]; /* the beginning */
    } records[HEARD_MAX];
    size_t count;
    bool echo; /* the server sends everything back */
};

static void hear(void *arg, enum net_end end, const struct dtls_event *event)
{
    struct heard *heard = arg;

    if (heard->count == HEARD_MAX)
        return;
    size_t i = heard->count++;
    heard->records[i].end = end;
    heard->records[i].epoch = event->epoch;
    heard->records[i].time_us = heard->pair->net.now_us;
    heard->records[i].len = event->data.len;
    snprintf(heard->records[i].text, sizeof heard->records[i].text, "%.*s", (int)event->data.len,
             (const char *)event->data.at);
    if (heard->echo && end == SERVER) {
        uint8_t out[2000];
        size_t len = 0;
        CU_ASSERT_EQUAL(dtls_conn_send(heard->pair->end[SERVER].conn, heard->pair->net.now_us, event->data.at,
                                       event->data.len, out, sizeof out, &len),
                        DTLS_OK);
        net_send(&heard->pair->net, SERVER, out, len, 0);
    }
}

static void listen_to(struct pair *pair, struct heard *heard)
{
    *heard = (struct heard){ .pair = pair };
    pair->on_data = hear;
    pair->watcher = heard;
}

static bool heard_is(const struct heard *heard, size_t index, const char *text)
{
    return index < heard->count && strcmp(heard->records[index].text, text) == 0;
}

static struct pair *open_pair(struct pair_options *options)
{
    struct pair *pair = pair_new(options);

    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND)); /* confirms the last flight, so that it rides no more */
    return pair;
}

/* Seals `text` into `out` without sending it; the datagram's length. */
static size_t seal(struct pair *pair, enum net_end from, const char *text, uint8_t out[2000])
{
    size_t len = 0;
    int result =
        dtls_conn_send(pair->end[from].conn, pair->net.now_us, (const uint8_t *)text, strlen(text), out, 2000, &len);

    CHECK_CASE(result == DTLS_OK, "\"%s\" cannot be sent: %s", text, dtls_error_string(result));
    return len;
}

/* ---- sending and receiving ---- */

static void every_size_is_echoed(void)
{
    struct pair_options options;
    struct heard *heard = &(struct heard){ 0 };
    char data[1163];

    pair_options(&options, 1);
    struct pair *pair = open_pair(&options);
    for (size_t len = 1; len <= sizeof data; len += len < 70 ? 1 : 41) {
        memset(data, 'a' + (int)(len % 26), len);
        listen_to(pair, heard);
        heard->echo = true;
        CU_ASSERT_EQUAL(pair_send(pair, CLIENT, data, len), DTLS_OK);
        pair_run_for(pair, 50 * NET_MS);
        CHECK_CASE(heard->count == 2 && heard->records[1].end == CLIENT && heard->records[1].len == len &&
                       memcmp(heard->records[1].text, data, len < 63 ? len : 63) == 0,
                   "%zu bytes are not echoed", len);
    }
    pair_free(pair);
}

static void refusals_change_nothing(void)
{
    struct pair_options options;
    uint8_t out[2000];
    size_t len = 0;

    pair_options(&options, 2);
    struct pair *pair = pair_new(&options);
    for (int end = CLIENT; end <= SERVER; end++)
        CU_ASSERT_EQUAL(pair_send(pair, (enum net_end)end, "early", 5), DTLS_ERR_NOT_OPEN);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_conn *conn = pair->end[end].conn;
        CU_ASSERT_EQUAL(dtls_conn_send(conn, pair->net.now_us, (const uint8_t *)"data", 4, out, 4, &len),
                        DTLS_ERR_BUFFER_TOO_SMALL);
        CU_ASSERT_TRUE(len > 4 && len <= 1200);
        CU_ASSERT_EQUAL(pair_stats(pair, (enum net_end)end).records_sent, 1); /* the ping */
        CU_ASSERT_EQUAL(dtls_conn_send(conn, pair->net.now_us, (const uint8_t *)"data", 4, out, len, &len), DTLS_OK);
    }
    CU_ASSERT_EQUAL(pair_count(pair, SERVER, DTLS_EVENT_DATA), 1);
    pair_free(pair);
}

static void sealing_in_place_gives_the_same_bytes(void)
{
    struct pair *pairs[2];
    uint8_t out[2][2000];
    size_t len[2] = { 0, 0 };

    for (int i = 0; i < 2; i++) {
        struct pair_options options;
        pair_options(&options, 3); /* the same seed, so the same keys */
        pairs[i] = open_pair(&options);
    }
    memcpy(out[1] + DTLS_SEND_HEADROOM, "in place", 8);
    dtls_conn_send(pairs[0]->end[CLIENT].conn, pairs[0]->net.now_us, (const uint8_t *)"in place", 8, out[0], 2000,
                   &len[0]);
    dtls_conn_send(pairs[1]->end[CLIENT].conn, pairs[1]->net.now_us, out[1] + DTLS_SEND_HEADROOM, 8, out[1], 2000,
                   &len[1]);
    CU_ASSERT_TRUE(len[0] > 0 && len[0] == len[1] && memcmp(out[0], out[1], len[0]) == 0);
    pair_free(pairs[0]);
    pair_free(pairs[1]);
}

static void several_records_of_one_datagram_are_several_events(void)
{
    struct pair_options options;
    struct heard *heard = &(struct heard){ 0 };
    struct dtls_event event;
    uint8_t datagram[4000], other[2000];

    pair_options(&options, 4);
    struct pair *pair = open_pair(&options);
    struct dtls_conn *server = pair->end[SERVER].conn;
    listen_to(pair, heard);
    size_t len = seal(pair, CLIENT, "one", datagram);
    len += seal(pair, CLIENT, "two", datagram + len);
    size_t other_len = seal(pair, CLIENT, "three", other);

    CU_ASSERT_EQUAL(dtls_conn_receive(server, pair->net.now_us, datagram, len), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_conn_receive(server, pair->net.now_us, other, other_len), DTLS_ERR_EVENTS_WAITING);
    CU_ASSERT_TRUE(dtls_conn_next_event(server, &event));
    CU_ASSERT_TRUE(event.data.len == 3 && memcmp(event.data.at, "one", 3) == 0);
    CU_ASSERT_EQUAL(dtls_conn_receive(server, pair->net.now_us, other, other_len), DTLS_ERR_EVENTS_WAITING);
    CU_ASSERT_TRUE(dtls_conn_next_event(server, &event));
    CU_ASSERT_TRUE(event.data.len == 3 && memcmp(event.data.at, "two", 3) == 0);
    CU_ASSERT_FALSE(dtls_conn_next_event(server, &event));
    CU_ASSERT_EQUAL(dtls_conn_receive(server, pair->net.now_us, other, other_len), DTLS_OK);
    pair_settle(pair, SERVER);
    CU_ASSERT_TRUE(heard->count == 1 && heard_is(heard, 0, "three"));
    CU_ASSERT_EQUAL(pair_drops(pair, SERVER), 0);
    pair_free(pair);
}

/* ---- the replay window (contract S1) ---- */

static struct net_verdict double_all(void *arg, const struct net_sending *sending)
{
    (void)arg;
    (void)sending;
    return (struct net_verdict){ NET_DOUBLE, 0 };
}

static void a_doubled_record_is_delivered_once(void)
{
    struct pair_options options;

    pair_options(&options, 5);
    struct pair *pair = open_pair(&options);
    struct traffic *traffic = traffic_new(pair);
    net_set_filter(&pair->net, double_all, NULL);
    for (int i = 0; i < 100; i++)
        traffic_send(traffic, CLIENT, 100);
    pair_run_for(pair, NET_SECOND);
    CU_ASSERT_EQUAL(traffic->flow[CLIENT].delivered, 100);
    CU_ASSERT_EQUAL(pair_stats(pair, SERVER).dropped[DTLS_DROP_REPLAYED], 100);
    traffic_check(traffic);
    traffic_free(traffic);
    pair_free(pair);
}

/* Is a record still taken when `newer` later ones have overtaken it? */
static bool survives_being_overtaken(size_t window, size_t newer)
{
    struct pair_options options;
    struct heard *heard = &(struct heard){ 0 };
    uint8_t late[2000];

    pair_options(&options, 6);
    options.config[SERVER].replay_window = window;
    struct pair *pair = open_pair(&options);
    size_t len = seal(pair, CLIENT, "late", late);
    for (size_t i = 0; i < newer; i++)
        CU_ASSERT_EQUAL(pair_send(pair, CLIENT, "newer", 5), DTLS_OK);
    pair_run_for(pair, NET_SECOND);
    listen_to(pair, heard);
    net_inject(&pair->net, SERVER, pair->net.now_us, late, len);
    pair_run_for(pair, NET_SECOND);
    bool taken = heard->count == 1;
    CU_ASSERT_EQUAL(pair_stats(pair, SERVER).dropped[DTLS_DROP_REPLAYED], taken ? 0 : 1);
    pair_free(pair);
    return taken;
}

static void the_window_is_exact(void)
{
    static const size_t windows[] = { 64, 256, 1024, 4096 };

    for (size_t i = 0; i < 4; i++) {
        CHECK_CASE(survives_being_overtaken(windows[i], windows[i] - 1), "a window of %zu is too small", windows[i]);
        CHECK_CASE(!survives_being_overtaken(windows[i], windows[i]), "a window of %zu is too large", windows[i]);
    }
    CU_ASSERT_TRUE(survives_being_overtaken(65, 127)); /* rounded up to 128 */
}

static struct net_verdict hold_first(void *arg, const struct net_sending *sending)
{
    (void)arg;
    return (struct net_verdict){ sending->index == 0 ? NET_HOLD : NET_PASS, 50 * NET_MS };
}

static void records_are_delivered_as_they_arrive(void)
{
    struct pair_options options;
    struct heard *heard = &(struct heard){ 0 };

    pair_options(&options, 7);
    struct pair *pair = open_pair(&options);
    listen_to(pair, heard);
    net_set_filter(&pair->net, hold_first, NULL);
    pair_send(pair, SERVER, "first", 5);
    pair_send(pair, SERVER, "second", 6);
    pair_run_for(pair, NET_SECOND);
    CU_ASSERT_TRUE(heard->count == 2 && heard_is(heard, 0, "second") && heard_is(heard, 1, "first"));
    pair_free(pair);
}

/* ---- data around the end of a rehandshake (contracts R2, R3, R5) ---- */

static void data_changes_epoch_when_the_peer_is_verified(void)
{
    for (int kind = SCENE_FULL_FROM_CLIENT; kind < SCENE_KINDS; kind++) {
        struct scene scene;
        struct pair_options options;
        scene_begin(&scene, (enum scene_kind)kind);
        scene_options(&scene, &options, 8);
        struct pair *pair = scene_pair(&scene, &options);
        struct traffic *traffic = traffic_new(pair);
        traffic_start(traffic, CLIENT, NET_MS, 100);
        traffic_start(traffic, SERVER, NET_MS, 100);
        pair_run_for(pair, NET_SECOND);
        for (int end = CLIENT; end <= SERVER; end++) {
            const struct pair_event *done = pair_last(pair, (enum net_end)end, DTLS_EVENT_REHANDSHAKE_DONE);
            const struct traffic_flow *flow = &traffic->flow[end];
            CU_ASSERT_PTR_NOT_NULL_FATAL(done);
            for (size_t i = 0; i < flow->count; i++) {
                const struct traffic_record *record = &flow->records[i];
                unsigned expected = record->sent_us < done->time_us ? 1 : 2;
                CHECK_CASE(record->sent_us == done->time_us || record->epoch == expected,
                           "%s: end %d sends in epoch %u, %lld us after it has verified the peer",
                           scene_name((enum scene_kind)kind), end, record->epoch,
                           (long long)(record->sent_us - done->time_us));
            }
        }
        traffic_free(traffic);
        pair_free(pair);
        scene_end(&scene);
    }
}

/* What the network does to the first finisher's new records. */
struct surgery {
    struct pair *pair;
    enum net_end from; /* the first finisher */
    bool cut_flights;  /* take the flight from behind the data */
    bool lose_flights; /* lose the datagrams that carry nothing else */
    size_t riding_flights, naked_flights, early_data;
};

static struct net_verdict operate(void *arg, const struct net_sending *sending)
{
    struct surgery *surgery = arg;
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = record_view_split(sending->bytes, sending->len, records);
    bool flight = count >= 2 && records[count - 2].type == RECORD_CHANGE_CIPHER_SPEC &&
                  records[count - 1].type == RECORD_HANDSHAKE;
    bool data = count > 0 && records[0].type == RECORD_DATA;

    if (sending->from != surgery->from || count == 0 || records[count - 1].epoch < 2)
        return (struct net_verdict){ NET_PASS, 0 };
    surgery->early_data += data;
    if (flight && data) {
        surgery->riding_flights++;
        CU_ASSERT_TRUE(count == 3 && sending->len - records[1].at <= 99);
        CU_ASSERT_TRUE(records[0].epoch == 2 && records[1].epoch == 1 && records[2].epoch == 2);
        if (!surgery->cut_flights)
            return (struct net_verdict){ NET_PASS, 0 };
        net_inject(&surgery->pair->net, net_other(sending->from), sending->now_us + 20 * NET_MS, sending->bytes,
                   records[1].at);
        return (struct net_verdict){ NET_DROP, 0 };
    }
    if (flight) {
        surgery->naked_flights++;
        CU_ASSERT_EQUAL(count, 2);
        return (struct net_verdict){ surgery->lose_flights ? NET_DROP : NET_PASS, 0 };
    }
    return (struct net_verdict){ NET_PASS, 0 };
}

/* A full rehandshake from the client (first finisher: the server) up to the server's switch. */
static struct pair *server_has_switched(struct scene *scene, struct pair_options *options, struct surgery *surgery)
{
    options->filter = operate;
    options->filter_arg = surgery;
    struct pair *pair = scene_pair(scene, options);
    surgery->pair = pair;
    surgery->from = SERVER;
    CU_ASSERT_TRUE(pair_run_until_event(pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND));
    return pair;
}

static void the_first_record_that_arrives_completes(void)
{
    struct scene scene;
    struct pair_options options;
    struct heard *heard = &(struct heard){ 0 };
    struct surgery surgery = { .lose_flights = true };

    scene_begin(&scene, SCENE_FULL_FROM_CLIENT);
    scene_options(&scene, &options, 9);
    struct pair *pair = server_has_switched(&scene, &options, &surgery);
    listen_to(pair, heard);
    uint64_t now_us = pair->net.now_us;
    CU_ASSERT_EQUAL(pair_send(pair, SERVER, "new keys", 8), DTLS_OK);
    pair_run_for(pair, 20 * NET_MS);
    const struct pair_event *done = pair_last(pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(done);
    CU_ASSERT_EQUAL(done->time_us, now_us + 20 * NET_MS);
    CU_ASSERT_TRUE(heard_is(heard, 0, "new keys") && heard->records[0].epoch == 2);
    CU_ASSERT_EQUAL(pair_stats(pair, CLIENT).held, 0); /* not even copied: Finished stands behind it */
    CU_ASSERT_TRUE(surgery.naked_flights == 1 && surgery.riding_flights == 1);
    pair_free(pair);
    scene_end(&scene);
}

static void the_last_flight_rides_behind_data_at_most_eight_times(void)
{
    struct scene scene;
    struct pair_options options;
    struct surgery surgery = { 0 };

    scene_begin(&scene, SCENE_FULL_FROM_CLIENT);
    scene_options(&scene, &options, 10);
    struct pair *pair = server_has_switched(&scene, &options, &surgery);
    pair->net.link[CLIENT].loss = 10000; /* no proof ever comes back */
    for (int i = 0; i < 100; i++) {
        CU_ASSERT_EQUAL(pair_send(pair, SERVER, "media", 5), DTLS_OK);
        pair_run_for(pair, 20 * NET_MS);
    }
    CU_ASSERT_TRUE(surgery.riding_flights > 0 && surgery.riding_flights + surgery.naked_flights <= 9);
    CU_ASSERT_EQUAL(surgery.early_data, 100);
    pair_free(pair);
    scene_end(&scene);
}

static void what_has_no_room_for_the_flight_waits_a_second_for_new_keys(void)
{
    struct scene scene;
    struct pair_options options;
    struct surgery surgery = { 0 };

    scene_begin(&scene, SCENE_FULL_FROM_CLIENT);
    scene_options(&scene, &options, 11);
    struct pair *pair = server_has_switched(&scene, &options, &surgery);
    uint64_t switched_us = pair->net.now_us;
    pair->net.link[CLIENT].loss = 10000;
    struct traffic *traffic = traffic_new(pair);
    traffic_start(traffic, SERVER, 10 * NET_MS, dtls_conn_max_payload(pair->end[SERVER].conn));
    pair_run_for(pair, 2 * NET_SECOND);
    const struct traffic_flow *flow = &traffic->flow[SERVER];
    for (size_t i = 0; i < flow->count; i++) {
        uint64_t age_us = flow->records[i].sent_us - switched_us;
        CHECK_CASE(age_us == NET_SECOND || flow->records[i].epoch == (age_us < NET_SECOND ? 1 : 2),
                   "in epoch %u after %llu us", flow->records[i].epoch, (unsigned long long)age_us);
    }
    traffic_stop(traffic);
    pair_run_for(pair, NET_SECOND);
    traffic_check(traffic);
    traffic_free(traffic);
    pair_free(pair);
    scene_end(&scene);
}

static void what_overtakes_finished_is_held(void)
{
    struct scene scene;
    struct pair_options options;
    struct heard *heard = &(struct heard){ 0 };
    struct surgery surgery = { .cut_flights = true, .lose_flights = true };

    scene_begin(&scene, SCENE_FULL_FROM_CLIENT);
    scene_options(&scene, &options, 12);
    struct pair *pair = server_has_switched(&scene, &options, &surgery);
    listen_to(pair, heard);
    uint64_t answers = pair_stats(pair, CLIENT).answers;
    for (int i = 0; i < 5; i++) {
        char text[] = { 'h', 'e', 'l', 'd', ' ', (char)('0' + i) };
        CU_ASSERT_EQUAL(pair_send(pair, SERVER, text, sizeof text), DTLS_OK);
    }
    pair_run_for(pair, 25 * NET_MS);
    CU_ASSERT_EQUAL(pair_stats(pair, CLIENT).held, 5);
    CU_ASSERT_EQUAL(heard->count, 0);
    CU_ASSERT_TRUE(pair_stats(pair, CLIENT).answers > answers); /* it asks for the flight it has missed (R5) */
    surgery.cut_flights = surgery.lose_flights = false;
    CU_ASSERT_TRUE(scene_run(&scene, pair, NET_SECOND));
    CU_ASSERT_EQUAL(heard->count, 5);
    CU_ASSERT_TRUE(heard_is(heard, 0, "held 0") && heard_is(heard, 4, "held 4"));
    pair_free(pair);
    scene_end(&scene);
}

/* How many of 20 held records survive a bound. */
static size_t survivors(size_t held_records, size_t held_bytes)
{
    struct scene scene;
    struct pair_options options;
    struct surgery surgery = { .cut_flights = true, .lose_flights = true };

    scene_begin(&scene, SCENE_FULL_FROM_CLIENT);
    scene_options(&scene, &options, 13);
    options.config[CLIENT].held_records = held_records;
    options.config[CLIENT].held_bytes = held_bytes;
    struct pair *pair = server_has_switched(&scene, &options, &surgery);
    struct traffic *traffic = traffic_new(pair);
    for (int i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(traffic_send(traffic, SERVER, 100), DTLS_OK);
    pair_run_for(pair, 25 * NET_MS);
    surgery.cut_flights = surgery.lose_flights = false;
    CU_ASSERT_TRUE(scene_run(&scene, pair, NET_SECOND));
    size_t delivered = traffic->flow[SERVER].delivered;
    CU_ASSERT_EQUAL(pair_stats(pair, CLIENT).dropped[DTLS_DROP_NO_ROOM], 20 - delivered);
    for (size_t i = 0; i < 20; i++) /* the newest are the ones that go */
        CU_ASSERT_EQUAL(traffic->flow[SERVER].records[i].deliveries, i < delivered);
    traffic_free(traffic);
    pair_free(pair);
    scene_end(&scene);
    return delivered;
}

static void holding_has_bounds(void)
{
    CU_ASSERT_EQUAL(survivors(256, 262144), 20);
    CU_ASSERT_EQUAL(survivors(4, 262144), 4);
    CU_ASSERT_EQUAL(survivors(256, 750), 7);
}

static void an_abbreviated_rehandshake_holds_nothing(void)
{
    struct scene scene;
    struct pair_options options;
    struct heard *heard = &(struct heard){ 0 };
    struct surgery surgery = { .from = CLIENT, .cut_flights = true, .lose_flights = true };

    scene_begin(&scene, SCENE_ABBREVIATED_FROM_CLIENT);
    scene_options(&scene, &options, 14);
    options.filter = operate;
    options.filter_arg = &surgery;
    struct pair *pair = scene_pair(&scene, &options);
    surgery.pair = pair;
    CU_ASSERT_TRUE(pair_run_until_event(pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND));
    listen_to(pair, heard);
    CU_ASSERT_EQUAL(pair_send(pair, CLIENT, "at once", 7), DTLS_OK);
    pair_run_for(pair, 20 * NET_MS);
    CU_ASSERT_TRUE(heard_is(heard, 0, "at once") && heard->records[0].epoch == 2);
    CU_ASSERT_EQUAL(pair_count(pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE), 0);
    surgery.cut_flights = surgery.lose_flights = false;
    CU_ASSERT_TRUE(scene_run(&scene, pair, NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_free(pair);
    scene_end(&scene);
}

static CU_TestInfo tests[] = {
    { "every size is echoed", every_size_is_echoed },
    { "refused records change nothing", refusals_change_nothing },
    { "sealing in place gives the same bytes", sealing_in_place_gives_the_same_bytes },
    { "several records are several events, and a receive before they are taken is refused",
      several_records_of_one_datagram_are_several_events },
    { "a doubled record is delivered once", a_doubled_record_is_delivered_once },
    { "the replay window is as large as configured", the_window_is_exact },
    { "records are delivered in the order of arrival", records_are_delivered_as_they_arrive },
    { "data changes epoch when the peer's Finished is verified", data_changes_epoch_when_the_peer_is_verified },
    { "the first record that arrives completes the rehandshake", the_first_record_that_arrives_completes },
    { "the last flight rides behind data, at most eight times", the_last_flight_rides_behind_data_at_most_eight_times },
    { "what has no room for the last flight behind it keeps the old keys for a second",
      what_has_no_room_for_the_flight_waits_a_second_for_new_keys },
    { "records that overtake Finished are held and then delivered in order", what_overtakes_finished_is_held },
    { "what is held has bounds, and the newest is dropped", holding_has_bounds },
    { "an abbreviated rehandshake delivers new records at once", an_abbreviated_rehandshake_holds_nothing },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "data", tests);
}
