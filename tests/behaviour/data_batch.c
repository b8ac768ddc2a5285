/* data_batch.c - dtls_conn_send_batch: many records in one call, as if each had been sent alone. */
#include "tests/box/scene.h"
#include "tests/tap.h"

#include <string.h>

enum { BATCH = 12, CAP = BATCH * 1200 };

static struct pair *open_pair(uint64_t seed)
{
    struct pair_options options;

    pair_options(&options, seed);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    return pair;
}

/* Records of `len` bytes, each of them full of its own letter. */
static void fill(struct dtls_bytes data[BATCH], size_t len)
{
    static uint8_t bytes[BATCH][1300];

    for (size_t i = 0; i < BATCH; i++) {
        memset(bytes[i], (int)('a' + i), sizeof bytes[i]);
        data[i] = (struct dtls_bytes){ bytes[i], len };
    }
}

/* Gives the receiver the datagrams of a batch; how many of them, in order, bring the data. */
static size_t receive_all(struct pair *pair, enum net_end to, const struct dtls_bytes *data, uint8_t *out,
                          const size_t *lens, size_t count)
{
    struct dtls_conn *conn = pair->end[to].conn;
    struct dtls_event event;
    size_t good = 0;

    for (size_t i = 0; i < count; out += lens[i++]) {
        CU_ASSERT_EQUAL(dtls_conn_receive(conn, pair->net.now_us, out, lens[i]), DTLS_OK);
        while (dtls_conn_next_event(conn, &event))
            good += event.type == DTLS_EVENT_DATA && event.data.len == data[i].len &&
                    (event.data.len == 0 || memcmp(event.data.at, data[i].at, event.data.len) == 0);
    }
    return good;
}

static void a_batch_is_the_same_as_single_sends(void)
{
    struct pair *pairs[2] = { open_pair(1), open_pair(1) }; /* the same keys */
    struct dtls_bytes data[BATCH];
    static uint8_t out[2][CAP];
    size_t lens[2][BATCH], sent = 99, used = 0;

    fill(data, 160);
    data[3].len = 0;
    data[7].len = 700;
    for (size_t i = 0; i < BATCH; i++) {
        CU_ASSERT_EQUAL(dtls_conn_send(pairs[0]->end[CLIENT].conn, pairs[0]->net.now_us, data[i].at, data[i].len,
                                       out[0] + used, CAP - used, &lens[0][i]),
                        DTLS_OK);
        used += lens[0][i];
    }
    CU_ASSERT_EQUAL(dtls_conn_send_batch(pairs[1]->end[CLIENT].conn, pairs[1]->net.now_us, data, BATCH, out[1], CAP,
                                         lens[1], &sent),
                    DTLS_OK);
    CU_ASSERT_EQUAL(sent, BATCH);
    CU_ASSERT_TRUE(memcmp(lens[0], lens[1], sizeof lens[0]) == 0 && memcmp(out[0], out[1], used) == 0);
    struct dtls_stats stats[2] = { pair_stats(pairs[0], CLIENT), pair_stats(pairs[1], CLIENT) };
    CU_ASSERT_EQUAL(memcmp(&stats[0], &stats[1], sizeof stats[0]), 0);
    CU_ASSERT_EQUAL(receive_all(pairs[1], SERVER, data, out[1], lens[1], BATCH), BATCH);
    CU_ASSERT_EQUAL(
        dtls_conn_send_batch(pairs[1]->end[CLIENT].conn, pairs[1]->net.now_us, NULL, 0, NULL, 0, NULL, &sent), DTLS_OK);
    CU_ASSERT_EQUAL(sent, 0);
    pair_free(pairs[0]);
    pair_free(pairs[1]);
}

static void what_is_refused_ends_the_batch(void)
{
    struct pair *pair = open_pair(2);
    struct dtls_conn *client = pair->end[CLIENT].conn;
    uint64_t before = pair_stats(pair, CLIENT).records_sent;
    struct dtls_bytes data[BATCH];
    static uint8_t out[CAP];
    size_t lens[BATCH], sent = 99;

    fill(data, 160);
    data[5].len = dtls_conn_max_payload(client) + 1;
    CU_ASSERT_EQUAL(dtls_conn_send_batch(client, pair->net.now_us, data, BATCH, out, CAP, lens, &sent),
                    DTLS_ERR_LARGE_PACKET);
    CU_ASSERT_EQUAL(sent, 5);
    CU_ASSERT_EQUAL(lens[5], dtls_conn_max_payload(client));
    CU_ASSERT_EQUAL(pair_stats(pair, CLIENT).records_sent, before + 5);
    CU_ASSERT_EQUAL(receive_all(pair, SERVER, data, out, lens, 5), 5);
    data[5].len = lens[5]; /* and so the rest goes on */
    CU_ASSERT_EQUAL(dtls_conn_send_batch(client, pair->net.now_us, data + 5, BATCH - 5, out, CAP, lens, &sent),
                    DTLS_OK);
    CU_ASSERT_EQUAL(sent, BATCH - 5);
    CU_ASSERT_EQUAL(receive_all(pair, SERVER, data + 5, out, lens, sent), BATCH - 5);

    dtls_conn_close(client, pair->net.now_us);
    CU_ASSERT_EQUAL(dtls_conn_send_batch(client, pair->net.now_us, data, BATCH, out, CAP, lens, &sent),
                    DTLS_ERR_NOT_OPEN);
    CU_ASSERT_EQUAL(sent, 0);
    pair_free(pair);
}

static void a_batch_ends_where_the_buffer_does(void)
{
    struct pair *pair = open_pair(3);
    struct dtls_conn *client = pair->end[CLIENT].conn;
    struct dtls_bytes data[BATCH];
    static uint8_t out[CAP];
    size_t lens[BATCH], sent = 99, one;

    fill(data, 100);
    CU_ASSERT_EQUAL(dtls_conn_send_batch(client, pair->net.now_us, data, 1, out, CAP, lens, &sent), DTLS_OK);
    CU_ASSERT_EQUAL(receive_all(pair, SERVER, data, out, lens, 1), 1);
    one = lens[0];
    memset(out, 0x55, sizeof out);
    CU_ASSERT_EQUAL(dtls_conn_send_batch(client, pair->net.now_us, data, BATCH, out, 4 * one - 1, lens, &sent),
                    DTLS_ERR_BUFFER_TOO_SMALL);
    CU_ASSERT_EQUAL(sent, 3);
    CU_ASSERT_EQUAL(lens[3], one); /* what the fourth needs */
    CU_ASSERT_EQUAL(out[3 * one], 0x55);
    CU_ASSERT_EQUAL(receive_all(pair, SERVER, data, out, lens, 3), 3);
    CU_ASSERT_EQUAL(dtls_conn_send_batch(client, pair->net.now_us, data + 3, 1, out, one, lens, &sent), DTLS_OK);
    CU_ASSERT_EQUAL(receive_all(pair, SERVER, data + 3, out, lens, 1), 1);
    pair_free(pair);
}

static struct net_verdict lose_what_the_server_sends(void *arg, const struct net_sending *sending)
{
    (void)arg;
    return (struct net_verdict){ sending->from == SERVER ? NET_DROP : NET_PASS, 0 };
}

/* R3: the server has switched, the client has not heard of it. */
static void the_last_flight_rides_in_the_first_of_a_batch(void)
{
    struct pair *pair = open_pair(4);
    struct dtls_bytes data[BATCH];
    static uint8_t out[CAP];
    size_t lens[BATCH], sent = 99, riding = 0;

    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(pair, 50 * NET_MS); /* the client's last flight is on its way */
    pair->net.filter = lose_what_the_server_sends;
    CU_ASSERT_TRUE_FATAL(pair_run_until_event(pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND));

    fill(data, 160);
    uint64_t copies = pair_stats(pair, SERVER).final_copies;
    CU_ASSERT_EQUAL(dtls_conn_send_batch(pair->end[SERVER].conn, pair->net.now_us, data, BATCH, out, CAP, lens, &sent),
                    DTLS_OK);
    while (riding < BATCH && lens[riding] > lens[BATCH - 1])
        riding++;
    CU_ASSERT_TRUE(riding > 0 && riding < BATCH);
    CU_ASSERT_EQUAL(pair_stats(pair, SERVER).final_copies, copies + riding);
    for (size_t i = 0; i < BATCH; i++)
        CU_ASSERT_EQUAL(lens[i], i < riding ? lens[0] : lens[BATCH - 1]);
    CU_ASSERT_EQUAL(pair_count(pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE), 0);
    CU_ASSERT_EQUAL(receive_all(pair, CLIENT, data, out, lens, BATCH), BATCH); /* at once: the first completes it */
    CU_ASSERT_EQUAL(dtls_conn_epoch(pair->end[CLIENT].conn), 2);
    pair_free(pair);
}

static CU_TestInfo tests[] = {
    { "a batch is the same bytes as single sends", a_batch_is_the_same_as_single_sends },
    { "what is refused ends the batch, and the rest can go on", what_is_refused_ends_the_batch },
    { "a batch ends where the buffer does, and says what it lacks", a_batch_ends_where_the_buffer_does },
    { "the last flight rides in the first of a batch (R3)", the_last_flight_rides_in_the_first_of_a_batch },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "data_batch", tests);
}
