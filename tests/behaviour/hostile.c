/* hostile.c - contract S: an attacker who sees everything and sends anything, but has no keys. An established
 * association must go on as if nobody were there, and every attempt must be counted. */
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

#include <string.h>

/* An attacker acts whenever somebody sends, just before that datagram arrives. */
struct attacker {
    struct pair *pair;
    void (*attack)(struct attacker *attacker, const struct net_sending *sending);
    struct rng rng;
    uint64_t expected_drops[2]; /* at least, by victim */
};

static struct net_verdict strike_first(void *arg, const struct net_sending *sending)
{
    struct attacker *attacker = arg;

    attacker->attack(attacker, sending);
    return (struct net_verdict){ NET_PASS, 0 };
}

/* Reaches `victim` in the same instant as the datagram that is being sent, but before it. */
static void inject(struct attacker *attacker, enum net_end victim, const uint8_t *bytes, size_t len)
{
    net_inject(&attacker->pair->net, victim, attacker->pair->net.now_us + 20 * NET_MS, bytes, len);
    attacker->expected_drops[victim]++;
}

static void inject_to_both(struct attacker *attacker, const uint8_t *bytes, size_t len)
{
    inject(attacker, CLIENT, bytes, len);
    inject(attacker, SERVER, bytes, len);
}

/* ---- the attacks ---- */

static void send_garbage(struct attacker *attacker, const struct net_sending *sending)
{
    uint8_t bytes[600];

    (void)sending;
    for (size_t len = 1; len <= sizeof bytes; len += 1 + len / 16) {
        rng_fill(&attacker->rng, bytes, len);
        inject_to_both(attacker, bytes, len);
        if (len < RECORD_HEADER_LEN)
            continue;
        /* The same as a well-formed record that only lacks the keys. */
        record_view_header(bytes, (uint8_t)(20 + rng_up_to(&attacker->rng, 3)), (uint16_t)rng_up_to(&attacker->rng, 3),
                           1000 + len, len - RECORD_HEADER_LEN);
        inject_to_both(attacker, bytes, len);
    }
}

/* Every beginning of the datagram; one that ends with a record is no attack but half of the truth. */
static void send_truncations(struct attacker *attacker, const struct net_sending *sending)
{
    struct record_view records[RECORD_VIEW_MAX];

    for (size_t len = 1; len < sending->len; len++) {
        inject(attacker, net_other(sending->from), sending->bytes, len);
        if (record_view_split(sending->bytes, len, records) > 0)
            attacker->expected_drops[net_other(sending->from)]--;
    }
}

static void send_flipped_bits(struct attacker *attacker, const struct net_sending *sending)
{
    uint8_t bytes[2000];

    memcpy(bytes, sending->bytes, sending->len);
    for (size_t bit = 0; bit < 8 * sending->len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        inject(attacker, net_other(sending->from), bytes, sending->len);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* Everything that was ever sent before, to its receiver and to its sender. */
static void send_everything_again(struct attacker *attacker, const struct net_sending *sending)
{
    const struct net *net = &attacker->pair->net;

    for (size_t i = 0; i < net->recorded_count; i++) {
        const struct net_recorded *old = &net->recorded[i];
        if (old->sent_us < sending->now_us - 100 * NET_MS) /* it has arrived */
            inject_to_both(attacker, old->bytes, old->len);
    }
}

static void send_clear_alerts(struct attacker *attacker, const struct net_sending *sending)
{
    uint8_t alert[RECORD_HEADER_LEN + 2];

    for (uint16_t epoch = 0; epoch < 4; epoch++)
        for (unsigned description = 0; description < 120; description++) {
            record_view_header(alert, RECORD_ALERT, epoch, 100 + sending->index, 2);
            alert[RECORD_HEADER_LEN] = description % 2 == 0 ? 2 : 1;
            alert[RECORD_HEADER_LEN + 1] = (uint8_t)description;
            inject_to_both(attacker, alert, sizeof alert);
        }
}

static void send_clear_records(struct attacker *attacker, const struct net_sending *sending)
{
    static const uint8_t change_cipher_spec[] = { 1 }, data[] = "plain data";
    uint8_t bytes[RECORD_HEADER_LEN + sizeof data];

    for (uint16_t epoch = 0; epoch < 4; epoch++) {
        record_view_header(bytes, RECORD_CHANGE_CIPHER_SPEC, epoch, 200 + sending->index, sizeof change_cipher_spec);
        memcpy(bytes + RECORD_HEADER_LEN, change_cipher_spec, sizeof change_cipher_spec);
        inject_to_both(attacker, bytes, RECORD_HEADER_LEN + sizeof change_cipher_spec);
        record_view_header(bytes, RECORD_DATA, epoch, 300 + sending->index, sizeof data);
        memcpy(bytes + RECORD_HEADER_LEN, data, sizeof data);
        inject_to_both(attacker, bytes, sizeof bytes);
        record_view_header(bytes, RECORD_HANDSHAKE, epoch, 400 + sending->index, 0);
        inject_to_both(attacker, bytes, RECORD_HEADER_LEN);
    }
}

/* Every handshake message in the clear, whole and cut, with every likely message_seq. */
static void send_clear_handshake(struct attacker *attacker, const struct net_sending *sending)
{
    static const uint8_t types[] = { 0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20 };
    uint8_t bytes[RECORD_HEADER_LEN + 12 + 60] = { 0 };

    for (size_t type = 0; type < sizeof types; type++)
        for (uint8_t message_seq = 0; message_seq < 8; message_seq++)
            for (uint16_t epoch = 0; epoch < 4; epoch++) {
                uint8_t *header = bytes + RECORD_HEADER_LEN;
                uint8_t len = types[type] == 0 ? 0 : 60;
                rng_fill(&attacker->rng, header + 12, len);
                record_view_header(bytes, RECORD_HANDSHAKE, epoch, 500 + sending->index, 12u + len);
                memset(header, 0, 12);
                header[0] = types[type];
                header[3] = len;
                header[5] = message_seq;
                header[11] = len;
                inject_to_both(attacker, bytes, RECORD_HEADER_LEN + 12u + len);
                header[2] = 100; /* a fragment of a message of 25,600 bytes and more */
                inject_to_both(attacker, bytes, RECORD_HEADER_LEN + 12u + len);
            }
}

/* The client's own first ClientHello, as it was and with another random: a restarted client, says the attacker. */
static void send_new_hello(struct attacker *attacker, const struct net_sending *sending)
{
    const struct net_recorded *first = &attacker->pair->net.recorded[0];
    const size_t random_at = RECORD_HEADER_LEN + 12 + 2;
    uint8_t hello[500];

    CU_ASSERT_TRUE_FATAL(first->from == CLIENT && first->len < sizeof hello);
    memcpy(hello, first->bytes, first->len);
    inject_to_both(attacker, hello, first->len);
    hello[10] = (uint8_t)(100 + sending->index % 100); /* the record's sequence */
    inject_to_both(attacker, hello, first->len);
    hello[random_at] ^= 1;
    inject_to_both(attacker, hello, first->len);
}

/* ---- what an attack must not change ---- */

/* What someone outside, and the application, can see of a run. */
struct outcome {
    size_t sent[2], events[2];
    uint64_t drops[2], retransmissions, done_us;
};

static struct outcome outcome_of(const struct pair *pair, uint64_t begun_us)
{
    struct outcome outcome = { .done_us = pair->net.now_us - begun_us };

    for (int end = CLIENT; end <= SERVER; end++) {
        outcome.sent[end] = pair->net.counts[end].sent;
        outcome.events[end] = pair->end[end].event_count;
        outcome.drops[end] = pair_drops(pair, (enum net_end)end);
        outcome.retransmissions += pair_stats(pair, (enum net_end)end).retransmissions;
    }
    return outcome;
}

static struct outcome run(const struct scene *scene, struct attacker *attacker)
{
    struct pair_options options;

    scene_options(scene, &options, 1);
    options.recording = true;
    struct pair *pair = scene_prepare(scene, &options);
    uint64_t begun_us = pair->net.now_us;
    if (attacker != NULL) {
        attacker->pair = pair;
        net_set_filter(&pair->net, strike_first, attacker);
    }
    CU_ASSERT_EQUAL(scene_start(scene, pair), DTLS_OK);
    CHECK_CASE(scene_run(scene, pair, 5 * NET_SECOND), "%s: not done", scene_name(scene->kind));
    struct outcome outcome = outcome_of(pair, begun_us);
    CHECK_CASE(pair_ping(pair, NET_SECOND), "%s: no ping", scene_name(scene->kind));
    pair_run_for(pair, NET_SECOND);
    CHECK_CASE(pair_ping(pair, NET_SECOND), "%s: no second ping", scene_name(scene->kind));
    CHECK_CASE(pair_both_open(pair), "%s: the association has ended", scene_name(scene->kind));
    scene_check(scene, pair);
    uint64_t done_us = outcome.done_us;
    outcome = outcome_of(pair, begun_us);
    outcome.done_us = done_us;
    pair_free(pair);
    return outcome;
}

static void attack_rehandshakes(const char *name, void (*attack)(struct attacker *, const struct net_sending *))
{
    for (int kind = SCENE_FULL_FROM_CLIENT; kind < SCENE_KINDS; kind++) {
        struct scene scene;
        struct attacker attacker = { .attack = attack, .rng = { 7 } };
        scene_begin(&scene, (enum scene_kind)kind);
        struct outcome calm = run(&scene, NULL), attacked = run(&scene, &attacker);
        for (int end = CLIENT; end <= SERVER; end++) {
            uint64_t expected = calm.drops[end] + attacker.expected_drops[end];
            CHECK_CASE(attacked.sent[end] == calm.sent[end], "%s under %s: end %d sends %zu datagrams instead of %zu",
                       scene_name((enum scene_kind)kind), name, end, attacked.sent[end], calm.sent[end]);
            CHECK_CASE(attacked.events[end] == calm.events[end], "%s under %s: end %d has %zu events instead of %zu",
                       scene_name((enum scene_kind)kind), name, end, attacked.events[end], calm.events[end]);
            CHECK_CASE(attacked.drops[end] >= expected, "%s under %s: end %d counts %llu drops of %llu",
                       scene_name((enum scene_kind)kind), name, end, (unsigned long long)attacked.drops[end],
                       (unsigned long long)expected);
        }
        CHECK_CASE(attacked.done_us == calm.done_us && attacked.retransmissions == 0,
                   "%s under %s: it takes %llu us instead of %llu", scene_name((enum scene_kind)kind), name,
                   (unsigned long long)attacked.done_us, (unsigned long long)calm.done_us);
        CU_ASSERT_TRUE(attacker.expected_drops[CLIENT] > 0 && attacker.expected_drops[SERVER] > 0);
        scene_end(&scene);
    }
}

static void garbage_changes_nothing(void)
{
    attack_rehandshakes("garbage", send_garbage);
}

static void truncations_change_nothing(void)
{
    attack_rehandshakes("truncations", send_truncations);
}

static void flipped_bits_change_nothing(void)
{
    attack_rehandshakes("flipped bits", send_flipped_bits);
}

static void replays_change_nothing(void)
{
    attack_rehandshakes("replays", send_everything_again);
}

static void clear_alerts_change_nothing(void)
{
    attack_rehandshakes("clear alerts", send_clear_alerts);
}

static void clear_records_change_nothing(void)
{
    attack_rehandshakes("clear records", send_clear_records);
}

static void clear_handshake_messages_change_nothing(void)
{
    attack_rehandshakes("clear handshake messages", send_clear_handshake);
}

static void a_new_hello_changes_nothing(void)
{
    attack_rehandshakes("a new ClientHello", send_new_hello);
}

/* ---- an association that idles ---- */

static void every_length_of_garbage_is_survived(void)
{
    static uint8_t bytes[65535];
    struct rng rng = { 8 };
    struct pair_options options;

    pair_options(&options, 2);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    uint64_t drops = pair_drops(pair, SERVER);
    size_t sent = pair->net.counts[SERVER].sent, lengths = 0;
    for (size_t len = 1; len <= sizeof bytes; len += len < 2000 ? 1 : 977, lengths++) {
        rng_fill(&rng, bytes, len);
        net_inject(&pair->net, SERVER, pair->net.now_us, bytes, len);
    }
    net_inject(&pair->net, SERVER, pair->net.now_us, bytes, 0);
    pair_run_for(pair, NET_MS);
    CU_ASSERT_TRUE(pair_drops(pair, SERVER) >= drops + lengths);
    CU_ASSERT_EQUAL(pair->net.counts[SERVER].sent, sent);
    CU_ASSERT_EQUAL(pair->end[SERVER].event_count, 1); /* OPEN */
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    pair_free(pair);
}

static void a_captured_datagram_is_no_amplifier(void)
{
    for (int kind = 0; kind < SCENE_KINDS; kind++) {
        struct scene scene;
        struct pair_options options;
        scene_begin(&scene, (enum scene_kind)kind);
        scene_options(&scene, &options, 3);
        options.recording = true;
        struct pair *pair = scene_pair(&scene, &options);
        CU_ASSERT_TRUE(scene_run(&scene, pair, 5 * NET_SECOND));
        pair_run_for(pair, NET_SECOND);
        size_t count = pair->net.recorded_count, sent = pair->net.counts[CLIENT].sent + pair->net.counts[SERVER].sent;
        for (size_t i = 0; i < count; i++)
            for (uint64_t at_us = 0; at_us < 10 * NET_SECOND; at_us += 50 * NET_MS) {
                net_inject(&pair->net, CLIENT, pair->net.now_us + at_us, pair->net.recorded[i].bytes,
                           pair->net.recorded[i].len);
                net_inject(&pair->net, SERVER, pair->net.now_us + at_us, pair->net.recorded[i].bytes,
                           pair->net.recorded[i].len);
            }
        pair_run_for(pair, 10 * NET_SECOND);
        CHECK_CASE(pair->net.counts[CLIENT].sent + pair->net.counts[SERVER].sent == sent,
                   "%s: %zu datagrams in answer to captured ones", scene_name((enum scene_kind)kind),
                   pair->net.counts[CLIENT].sent + pair->net.counts[SERVER].sent - sent);
        CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
        pair_free(pair);
        scene_end(&scene);
    }
}

/* ---- a first handshake ---- */

/* Contract T4: at most eight answers beyond the server's own timer. */
static void a_repeated_first_hello_is_answered_a_few_times(void)
{
    struct pair_options options;

    pair_options(&options, 4);
    options.link[SERVER].loss = 10000;
    options.config[CLIENT].initial_timeout_ms = options.config[CLIENT].maximum_timeout_ms = 60000;
    options.recording = true;
    struct pair *pair = pair_new(&options);
    for (uint64_t at_us = 0; at_us < 10 * NET_SECOND; at_us += NET_MS)
        net_inject(&pair->net, SERVER, pair->net.now_us + at_us, pair->net.recorded[0].bytes,
                   pair->net.recorded[0].len);
    pair_run_for(pair, 10 * NET_SECOND);
    struct dtls_stats stats = pair_stats(pair, SERVER);
    CHECK_CASE(stats.answers <= 8, "%llu answers", (unsigned long long)stats.answers);
    size_t flights = 0;
    for (size_t i = 1; i < pair->net.recorded_count; i++) /* the one before is of another moment, or the client's */
        flights += pair->net.recorded[i].sent_us != pair->net.recorded[i - 1].sent_us;
    CHECK_CASE(flights <= 1 + 8 + stats.retransmissions, "%zu flights", flights);
    pair_free(pair);
}

/* Contract S9: unauthenticated alerts end nothing at once. */
static void strike_with_alerts(struct attacker *attacker, const struct net_sending *sending)
{
    uint8_t alert[RECORD_HEADER_LEN + 2];

    for (uint8_t level = 1; level <= 2; level++) {
        record_view_header(alert, RECORD_ALERT, 0, 5000 + 2 * sending->index + level, 2);
        alert[RECORD_HEADER_LEN] = level;
        alert[RECORD_HEADER_LEN + 1] = level == 1 ? DTLS_ALERT_CLOSE_NOTIFY : DTLS_ALERT_HANDSHAKE_FAILURE;
        inject_to_both(attacker, alert, sizeof alert);
    }
}

static void first_handshakes_under(const char *name, void (*attack)(struct attacker *, const struct net_sending *))
{
    for (int kind = 0; kind < SCENE_FULL_FROM_CLIENT; kind++)
        for (int cookies = 0; cookies <= 1; cookies++) {
            struct scene scene;
            struct pair_options options;
            struct attacker attacker = { .attack = attack, .rng = { 9 } };
            scene_begin(&scene, (enum scene_kind)kind);
            scene_options(&scene, &options, 5);
            options.cookies = cookies == 1;
            struct pair *pair = scene_prepare(&scene, &options);
            attacker.pair = pair;
            net_set_filter(&pair->net, strike_first, &attacker);
            CU_ASSERT_EQUAL(scene_start(&scene, pair), DTLS_OK);
            CHECK_CASE(scene_run(&scene, pair, 5 * NET_SECOND), "%s under %s: not done",
                       scene_name((enum scene_kind)kind), name);
            CHECK_CASE(pair_ping(pair, NET_SECOND), "%s under %s: no ping", scene_name((enum scene_kind)kind), name);
            scene_check(&scene, pair);
            pair_free(pair);
            scene_end(&scene);
        }
}

static void alerts_end_no_first_handshake(void)
{
    first_handshakes_under("clear alerts", strike_with_alerts);
}

static void garbage_ends_no_first_handshake(void)
{
    first_handshakes_under("garbage", send_garbage);
}

static void truncations_end_no_first_handshake(void)
{
    first_handshakes_under("truncations", send_truncations);
}

/* A forged alert that comes true: nobody answers any more. */
static void a_remembered_alert_names_the_cause(void)
{
    struct pair_options options;
    uint8_t alert[RECORD_HEADER_LEN + 2];

    pair_options(&options, 6);
    options.link[CLIENT].loss = 10000;
    struct pair *pair = pair_new(&options);
    record_view_header(alert, RECORD_ALERT, 0, 0, 2);
    alert[RECORD_HEADER_LEN] = 2;
    alert[RECORD_HEADER_LEN + 1] = DTLS_ALERT_HANDSHAKE_FAILURE;
    net_inject(&pair->net, CLIENT, pair->net.now_us + 10 * NET_MS, alert, sizeof alert);
    pair_run_for(pair, 5 * NET_SECOND);
    const struct pair_event *failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(failed);
    CU_ASSERT_EQUAL(failed->error, DTLS_ERR_ALERT);
    CU_ASSERT_EQUAL(failed->alert, DTLS_ALERT_HANDSHAKE_FAILURE);
    CU_ASSERT_EQUAL(failed->time_us, options.start_us + 300 * NET_MS); /* two more timeouts: 100 and 200 ms */
    pair_free(pair);
}

static CU_TestInfo tests[] = {
    { "garbage changes no association", garbage_changes_nothing },
    { "truncated datagrams change no association", truncations_change_nothing },
    { "flipped bits change no association", flipped_bits_change_nothing },
    { "replayed and reflected datagrams change no association", replays_change_nothing },
    { "alerts without keys change no association", clear_alerts_change_nothing },
    { "records without keys change no association", clear_records_change_nothing },
    { "handshake messages without keys change no association", clear_handshake_messages_change_nothing },
    { "a ClientHello of epoch 0 changes no association", a_new_hello_changes_nothing },
    { "garbage of every length is dropped and counted", every_length_of_garbage_is_survived },
    { "a captured datagram is no amplifier", a_captured_datagram_is_no_amplifier },
    { "a repeated first ClientHello is answered at most eight times", a_repeated_first_hello_is_answered_a_few_times },
    { "forged alerts end no first handshake", alerts_end_no_first_handshake },
    { "garbage ends no first handshake", garbage_ends_no_first_handshake },
    { "truncated datagrams end no first handshake", truncations_end_no_first_handshake },
    { "an alert without keys names the cause when nobody answers", a_remembered_alert_names_the_cause },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "hostile", tests);
}
