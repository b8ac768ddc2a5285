/* epochs.c - what belongs to one epoch and comes in another; what is sent again after the keys have changed. */
#include <stdlib.h>
#include <string.h>

#include "conn/conn_private.h"
#include "messages/handshake_header.h"
#include "tests/attacks/siege.h"
#include "tests/box/forge.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

enum { HEADER = SIEGE_FRAGMENT_HEADER };

/* ---- one record with messages of two key states ---- */

static const struct net_recorded *last_sent(const struct siege *siege)
{
    return &siege->pair->net.recorded[siege->pair->net.recorded_count - 1];
}

/* The first record of a datagram, which may be in the clear. */
static bool open_first(const struct siege *siege, const struct net_recorded *sent, struct peeked *out)
{
    struct record_view records[RECORD_VIEW_MAX];

    if (record_view_split(sent->bytes, sent->len, records) == 0 ||
        !peek(siege->pair, sent->from, sent->bytes, sent->len, 0, out))
        return false;
    if (records[0].epoch == 0) {
        out->len = records[0].len;
        memcpy(out->bytes, records[0].body, records[0].len);
    }
    return true;
}

/* The client's true Finished, which nobody else could make, in one record of the old epoch with ClientKeyExchange. */
static void finished_of_the_old_epoch_is_refused(void)
{
    for (enum siege_phase phase = SIEGE_KEYS; phase <= SIEGE_AGAIN_KEYS; phase += SIEGE_AGAIN_KEYS - SIEGE_KEYS) {
        struct pair_options options;
        struct siege siege;
        struct peeked exchange, finished;
        uint8_t body[2 * PEEK_MAX];
        pair_options(&options, 1);
        options.recording = true;
        siege_begin(&siege, phase, &options);
        const struct net_recorded *flight = last_sent(&siege);
        CU_ASSERT_EQUAL_FATAL(flight->from, CLIENT);
        CU_ASSERT_TRUE_FATAL(open_first(&siege, flight, &exchange));
        CU_ASSERT_TRUE_FATAL(peek(siege.pair, CLIENT, flight->bytes, flight->len, 2, &finished));
        CU_ASSERT_TRUE(exchange.bytes[0] == DTLS_CLIENT_KEY_EXCHANGE && finished.bytes[0] == DTLS_FINISHED);
        memcpy(body, exchange.bytes, exchange.len);
        memcpy(body + exchange.len, finished.bytes, finished.len);
        uint16_t epoch = siege_epoch(&siege);
        if (epoch == 0)
            siege_strike_record(&siege, SERVER, RECORD_HANDSHAKE, 0, body, exchange.len + finished.len);
        else
            CU_ASSERT_TRUE(
                forge_receive(siege.pair, SERVER, epoch, RECORD_HANDSHAKE, body, exchange.len + finished.len));
        const struct dtls_conn *server = siege.pair->end[SERVER].conn;
        CU_ASSERT_PTR_NOT_NULL(server->as.epochs.next); /* it has taken the one, and not the other */
        CU_ASSERT_EQUAL(dtls_conn_epoch(server), epoch);
        siege_survives(&siege, "Finished of the old epoch");
        siege_end(&siege);
    }
}

/* And the server's to a client, when the sealed one is lost. */
static void finished_in_the_clear_is_refused(void)
{
    struct pair_options options;
    struct siege siege;
    struct peeked finished;

    pair_options(&options, 1);
    options.recording = true;
    siege_begin(&siege, SIEGE_KEYS, &options);
    siege.pair->net.link[SERVER].loss = 10000;
    pair_run_for(siege.pair, 20 * NET_MS);
    const struct net_recorded *flight = last_sent(&siege);
    CU_ASSERT_EQUAL_FATAL(flight->from, SERVER);
    CU_ASSERT_TRUE_FATAL(peek(siege.pair, SERVER, flight->bytes, flight->len, 1, &finished));
    CU_ASSERT_EQUAL(finished.bytes[0], DTLS_FINISHED);
    uint64_t dropped = siege_dropped(&siege, CLIENT, DTLS_DROP_STATE);
    siege_strike_record(&siege, CLIENT, RECORD_HANDSHAKE, 0, finished.bytes, finished.len);
    CU_ASSERT_FALSE(pair_is_open(siege.pair, CLIENT));
    CU_ASSERT_EQUAL(siege_dropped(&siege, CLIENT, DTLS_DROP_STATE), dropped + 1);
    siege.pair->net.link[SERVER].loss = 0;
    CU_ASSERT_TRUE(siege_lift(&siege));
    siege_end(&siege);
}

/* ---- a handshake with the wrong epoch on one of its records ---- */

struct mixer {
    struct pair *pair;
    enum net_end from;
    size_t record, seen; /* of those that `from` sends in the clear */
    uint16_t epoch;
};

static struct net_verdict change_epoch(void *arg, const struct net_sending *sending)
{
    struct mixer *mixer = arg;
    struct record_view records[RECORD_VIEW_MAX];
    uint8_t bytes[2000];

    if (sending->from != mixer->from || mixer->seen > mixer->record)
        return (struct net_verdict){ NET_PASS, 0 };
    size_t count = record_view_split(sending->bytes, sending->len, records);
    memcpy(bytes, sending->bytes, sending->len);
    for (size_t i = 0; i < count; i++)
        if (records[i].epoch == 0 && records[i].type == RECORD_HANDSHAKE && mixer->seen++ == mixer->record) {
            bytes[records[i].at + 3] = (uint8_t)(mixer->epoch >> 8);
            bytes[records[i].at + 4] = (uint8_t)mixer->epoch;
        }
    net_inject(&mixer->pair->net, net_other(sending->from), sending->now_us + 20 * NET_MS, bytes, sending->len);
    return (struct net_verdict){ NET_DROP, 0 };
}

static void a_handshake_in_mixed_epochs_is_not_taken(void)
{
    static const uint16_t epochs[] = { 1, 2, 0x7fff, 0xffff };

    for (int from = CLIENT; from <= SERVER; from++)
        for (size_t record = 0; record < (from == CLIENT ? 2 : 4); record++)
            for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
                struct mixer mixer = { .from = (enum net_end)from, .record = record, .epoch = epochs[i] };
                struct pair_options options;
                pair_options(&options, 1);
                options.silent = true;
                options.filter = change_epoch;
                options.filter_arg = &mixer;
                mixer.pair = pair_new(&options);
                CU_ASSERT_EQUAL(pair_start_client(mixer.pair), DTLS_OK);
                CHECK_CASE(pair_run_until_open(mixer.pair, 10 * NET_SECOND) && pair_ping(mixer.pair, NET_SECOND),
                           "end %d's record %zu in epoch %u: not done", from, record, epochs[i]);
                CHECK_CASE(
                    pair_stats(mixer.pair, CLIENT).retransmissions + pair_stats(mixer.pair, SERVER).retransmissions > 0,
                    "end %d's record %zu is taken in epoch %u", from, record, epochs[i]);
                pair_free(mixer.pair);
            }
}

/* Copies of everything that was sent so far, in epochs that do not exist; and inventions, each several times. */
static void strike_other_epochs(struct siege *siege, enum net_end victim)
{
    const struct net *net = &siege->pair->net;
    struct rng rng = { 42142 };
    uint8_t bytes[2000];

    for (size_t i = siege_count(1000); i > 0; i--) {
        const struct net_recorded *old = &net->recorded[rng_up_to(&rng, net->recorded_count - 1)];
        uint16_t epoch = (uint16_t)(siege_epoch(siege) + 2 + rng_up_to(&rng, 60000));
        size_t len = old->len;
        memcpy(bytes, old->bytes, len);
        if (rng_chance(&rng, 5000)) {
            len = RECORD_HEADER_LEN + rng_up_to(&rng, 300);
            rng_fill(&rng, bytes, len);
            record_view_header(bytes, (uint8_t)(20 + rng_up_to(&rng, 3)), epoch, rng_next(&rng) >> 16,
                               len - RECORD_HEADER_LEN);
        }
        bytes[3] = (uint8_t)(epoch >> 8);
        bytes[4] = (uint8_t)epoch;
        len = RECORD_HEADER_LEN + ((size_t)bytes[11] << 8 | bytes[12]); /* the first record alone */
        uint64_t dropped = siege_dropped(siege, victim, DTLS_DROP_EPOCH);
        for (int times = 0; times < 3; times++)
            siege_strike(siege, victim, bytes, len);
        CHECK_CASE(siege_dropped(siege, victim, DTLS_DROP_EPOCH) == dropped + 3, "%s, end %d: epoch %u is not dropped",
                   siege_name(siege->phase), (int)victim, epoch);
    }
}

static void far_epochs_are_dropped(void)
{
    struct pair_options options;

    pair_options(&options, 1);
    options.recording = true;
    siege_each(0, SIEGE_PHASES - 1, &options, "epochs that do not exist", strike_other_epochs);
}

/* ---- application data between ChangeCipherSpec and Finished ---- */

struct letters {
    enum net_end victim;
    char seen[8];
    size_t count;
};

static void note_letter(void *arg, enum net_end end, const struct dtls_event *event)
{
    struct letters *letters = arg;

    if (end == letters->victim && event->data.len == 1 && letters->count < sizeof letters->seen)
        letters->seen[letters->count++] = (char)event->data.at[0];
}

/* The victim has keys and knows that the switch is near; data of every sort comes, and Finished last, or never. */
static void strike_before_finished(enum siege_phase phase, enum net_end victim, bool finish)
{
    struct letters letters = { .victim = victim };
    struct pair_options options;
    struct siege siege;

    pair_options(&options, 1);
    options.recording = true;
    siege_begin(&siege, phase, &options);
    siege.pair->on_data = note_letter;
    siege.pair->watcher = &letters;
    uint16_t next = (uint16_t)(siege_epoch(&siege) + 1);
    if (victim == SERVER) { /* of the client's flight ClientKeyExchange alone has come */
        struct record_view exchange;
        const struct net_recorded *flight = last_sent(&siege);
        CU_ASSERT_TRUE_FATAL(record_view_find(flight->bytes, flight->len, RECORD_HANDSHAKE, &exchange));
        siege_strike(&siege, SERVER, flight->bytes, RECORD_HEADER_LEN + exchange.len);
    }
    siege_strike_record(&siege, victim, RECORD_CHANGE_CIPHER_SPEC, 0, "\1", 1);
    for (uint16_t epoch = 0; epoch <= next; epoch++)
        for (int i = 0; i < 5; i++)
            siege_strike_record(&siege, victim, RECORD_DATA, epoch, "application data of thirty bytes", 30);
    for (const char *letter = "abc"; *letter != 0; letter++)
        CU_ASSERT_TRUE(forge_receive(siege.pair, victim, next, RECORD_DATA, letter, 1));
    CHECK_CASE(letters.count == 0, "%s, end %d: %zu are delivered before Finished", siege_name(phase), (int)victim,
               letters.count);
    if (finish) {
        siege_survives(&siege, "data before Finished");
        CHECK_CASE(strcmp(letters.seen, "abc") == 0, "%s, end %d: '%s' is delivered", siege_name(phase), (int)victim,
                   letters.seen);
    }
    siege_end(&siege);
}

static void data_before_finished_waits_for_it(void)
{
    for (int victim = CLIENT; victim <= SERVER; victim++)
        for (int finish = 0; finish <= 1; finish++) {
            strike_before_finished(SIEGE_KEYS, (enum net_end)victim, finish == 1);
            strike_before_finished(SIEGE_AGAIN_KEYS, (enum net_end)victim, finish == 1);
        }
}

/* ---- what is sent again after the switch ---- */

struct loser {
    enum net_end from;
    unsigned left;
};

static bool drop_finished(void *arg, const struct peek_note *note)
{
    struct loser *loser = arg;

    if (note->from != loser->from || !peek_is_message(&note->record, DTLS_FINISHED))
        return false;
    bool drop = loser->left > 0;
    loser->left -= drop;
    return drop;
}

static void check_log(const struct peek_log *log, enum scene_kind kind)
{
    uint16_t epoch = scene_is_rehandshake(kind);
    const struct peek_note *first[2] = { NULL, NULL };

    for (size_t i = 0; i < log->count; i++) {
        const struct peek_note *note = &log->notes[i];
        if (note->record.type == RECORD_HANDSHAKE) {
            bool finished = note->record.bytes[0] == DTLS_FINISHED;
            CHECK_CASE(note->record.len > 0 || note->record.epoch == 0, "%s: a record that its sender cannot open",
                       scene_name(kind));
            CHECK_CASE((note->record.epoch == 0 && epoch == 0) || note->record.epoch == epoch + finished,
                       "%s: message %u in epoch %u", scene_name(kind), note->record.bytes[0], note->record.epoch);
            if (finished && first[note->from] == NULL)
                first[note->from] = note;
            CHECK_CASE(!finished || memcmp(first[note->from]->record.bytes, note->record.bytes, note->record.len) == 0,
                       "%s: another Finished", scene_name(kind));
        }
        for (size_t k = 0; k < i; k++)
            CHECK_CASE(log->notes[k].from != note->from || log->notes[k].record.epoch != note->record.epoch ||
                           log->notes[k].record.sequence != note->record.sequence,
                       "%s: a sequence number twice", scene_name(kind));
    }
}

static void flights_sent_again_keep_their_epochs(void)
{
    for (enum scene_kind kind = 0; kind < SCENE_KINDS; kind++)
        for (int from = CLIENT; from <= SERVER; from++)
            for (unsigned losses = 1; losses <= 4; losses++) {
                struct loser loser = { .from = (enum net_end)from, .left = losses };
                struct scene scene;
                struct pair_options options;
                struct peek_log log;
                scene_begin(&scene, kind);
                scene_options(&scene, &options, 6450);
                options.cookies = false;
                struct pair *pair = scene_prepare(&scene, &options);
                peek_log_begin(&log, pair, drop_finished, &loser);
                CU_ASSERT_EQUAL(scene_start(&scene, pair), DTLS_OK);
                CHECK_CASE(scene_run(&scene, pair, 60 * NET_SECOND) && pair_ping(pair, NET_SECOND),
                           "%s, end %d, %u losses: not done", scene_name(kind), from, losses);
                CU_ASSERT_EQUAL(loser.left, 0);
                check_log(&log, kind);
                peek_log_end(&log, pair);
                pair_free(pair);
                scene_end(&scene);
            }
}

/* ---- an owner whose socket is full, and whose timer fires ---- */

struct slow {
    struct pair *pair;
    struct rng rng;
    uint64_t now_us;
};

static void take_events(struct slow *slow, enum net_end end)
{
    struct dtls_event event;

    while (dtls_conn_next_event(slow->pair->end[end].conn, &event))
        slow->pair->end[end].counts[event.type]++;
}

static void give(struct slow *slow, enum net_end to, uint8_t *datagram, size_t len)
{
    int answer = dtls_conn_receive(slow->pair->end[to].conn, slow->now_us, datagram, len);

    CHECK_CASE(answer == DTLS_OK, "seed %llu: end %d answers %d", (unsigned long long)slow->pair->seed, (int)to,
               answer);
    take_events(slow, to);
}

/* One datagram, if the socket takes any; else the timer, in the middle of whatever is being sent. */
static void write_some(struct slow *slow, enum net_end end)
{
    struct dtls_conn *conn = slow->pair->end[end].conn;
    struct record_view records[RECORD_VIEW_MAX];
    size_t mtu = dtls_conn_mtu(conn), len = 0;
    uint8_t *out = malloc(mtu);

    if (out == NULL)
        abort();
    if (rng_chance(&slow->rng, 700)) { /* EAGAIN; and time has gone by */
        uint64_t deadline = dtls_conn_deadline(conn);
        if (deadline != DTLS_NEVER && deadline > slow->now_us)
            slow->now_us = deadline;
        CU_ASSERT_EQUAL(dtls_conn_tick(conn, slow->now_us), DTLS_OK);
        take_events(slow, end);
        CU_ASSERT_FALSE(dtls_conn_next_datagram(conn, slow->now_us, out, mtu - 1, &len)); /* nothing is lost by that */
    } else if (dtls_conn_next_datagram(conn, slow->now_us, out, mtu, &len)) {
        CHECK_CASE(len <= mtu && record_view_split(out, len, records) > 0, "seed %llu: end %d gives no records",
                   (unsigned long long)slow->pair->seed, (int)end);
        give(slow, net_other(end), out, len);
    }
    free(out);
}

static bool write_until(struct slow *slow, enum dtls_event_type type)
{
    for (size_t steps = 0; steps < 20000; steps++) {
        if (pair_count(slow->pair, CLIENT, type) > 0 && pair_count(slow->pair, SERVER, type) > 0)
            return true;
        slow->now_us += 100;
        write_some(slow, (enum net_end)(steps % 2));
        for (int end = CLIENT; end <= SERVER; end++)
            if (dtls_conn_deadline(slow->pair->end[end].conn) <= slow->now_us) {
                CU_ASSERT_EQUAL(dtls_conn_tick(slow->pair->end[end].conn, slow->now_us), DTLS_OK);
                take_events(slow, (enum net_end)end);
            }
    }
    return false;
}

static void timers_fire_while_the_socket_is_full(void)
{
    for (uint64_t seed = 1; seed <= siege_count(100); seed++) {
        struct slow slow = { .rng = { seed }, .now_us = NET_SECOND };
        struct pair_options options;
        struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
        pair_options(&options, seed);
        options.silent = true;
        options.config[SERVER].identity = identity_of(IDENTITY_LONG_CHAIN);
        options.config[SERVER].mtu = 256 + 100 * (seed % 5);
        options.config[SERVER].handshake_timeout_ms = options.config[CLIENT].handshake_timeout_ms = 0;
        memory_use(&memory, &options.config[SERVER]);
        slow.pair = pair_new(&options);
        CU_ASSERT_EQUAL(dtls_conn_start(slow.pair->end[CLIENT].conn, slow.now_us), DTLS_OK);
        CHECK_CASE(write_until(&slow, DTLS_EVENT_OPEN), "seed %llu: not done", (unsigned long long)seed);
        enum net_end from = (enum net_end)(seed % 2);
        CU_ASSERT_EQUAL(dtls_conn_rehandshake(slow.pair->end[from].conn, slow.now_us, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CHECK_CASE(write_until(&slow, DTLS_EVENT_REHANDSHAKE_DONE), "seed %llu: no rehandshake",
                   (unsigned long long)seed);
        pair_free(slow.pair);
        CU_ASSERT_EQUAL(memory.live_blocks, 0);
    }
}

static CU_TestInfo tests[] = {
    { "CVE-2023-6937: Finished in a record of the old epoch is refused", finished_of_the_old_epoch_is_refused },
    { "CVE-2023-6937: a true Finished in the clear opens nothing", finished_in_the_clear_is_refused },
    { "CVE-2021-42141: a handshake in mixed epochs is not taken", a_handshake_in_mixed_epochs_is_not_taken },
    { "CVE-2021-42142: records of epochs that do not exist are dropped, copies too", far_epochs_are_dropped },
    { "CVE-2014-8176: application data between ChangeCipherSpec and Finished waits, or goes with the connection",
      data_before_finished_waits_for_it },
    { "CVE-2013-6450: flights sent again after the switch keep their epochs", flights_sent_again_keep_their_epochs },
    { "CVE-2026-84782: timers that fire while the socket is full damage no flight",
      timers_fire_while_the_socket_is_full },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks epochs", tests);
}
