/* srtp_keys.c - contract K3: when a set of keys is to be accepted, when it is to send, and that no packet is lost over
 * it, whatever the network does to the handshake.
 *
 * Environment: DTLS_SEEDS, how many bad networks the long test tries of each kind, in tenths (default 1,000). */
#include <stdlib.h>
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/forge.h"
#include "tests/box/media.h"
#include "tests/box/memory.h"
#include "tests/box/peek.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

enum { NO_DROP = 1000000 };

static void media_options(struct pair_options *options, uint64_t seed)
{
    pair_options(options, seed);
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_config *config = &options->config[end];
        config->srtp_profiles[0] = DTLS_SRTP_AEAD_AES_128_GCM;
        config->srtp_profiles[1] = DTLS_SRTP_AES128_CM_HMAC_SHA1_80;
        config->srtp_profile_count = 2;
        config->srtp_mki_len = seed % 2 == 0 ? 4 : 0;
    }
}

/* An open association over a calm network, which then becomes that of the options; two seconds have passed (R13). */
static struct media *begin(const struct pair_options *options)
{
    struct pair_options calm = *options;

    calm.filter = NULL;
    for (int end = CLIENT; end <= SERVER; end++)
        calm.link[end].loss = calm.link[end].duplicate = calm.link[end].reorder = 0;
    struct pair *pair = pair_new(&calm);
    struct media *media = media_new(pair);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 5 * NET_SECOND));
    pair_run_for(pair, 2 * NET_SECOND);
    for (int end = CLIENT; end <= SERVER; end++)
        pair->net.link[end] = options->link[end];
    net_set_filter(&pair->net, options->filter, options->filter_arg);
    return media;
}

static void end(struct media *media)
{
    struct pair *pair = media->pair;

    media_flow(media, 0);
    pair_run_for(pair, NET_SECOND);
    media_check(media);
    media_free(media);
    pair_free(pair);
}

/* The place of an event of an end, from 1; 0: it never came. */
static size_t place_of(const struct pair *pair, enum net_end which, enum dtls_event_type type, uint16_t epoch,
                       enum dtls_keys keys)
{
    const struct pair_end *at = &pair->end[which];

    for (size_t i = 0; i < at->event_count; i++)
        if (at->events[i].type == type && at->events[i].epoch == epoch &&
            (type != DTLS_EVENT_KEYS || at->events[i].keys == keys))
            return i + 1;
    return 0;
}

static uint64_t time_of(const struct pair *pair, enum net_end which, uint16_t epoch, enum dtls_keys keys)
{
    size_t place = place_of(pair, which, DTLS_EVENT_KEYS, epoch, keys);

    return place == 0 ? NET_NEVER : pair->end[which].events[place - 1].time_us;
}

/* ---- the first handshake ---- */

static bool no_keys_before_open(const struct pair *pair, const void *arg)
{
    struct dtls_srtp_keys keys;
    uint8_t out[8];

    (void)arg;
    for (int end = CLIENT; end <= SERVER; end++)
        for (uint16_t epoch = 0; epoch <= 1; epoch++)
            if (pair_count(pair, (enum net_end)end, DTLS_EVENT_OPEN) == 0)
                CU_ASSERT_TRUE(dtls_conn_srtp_keys(pair->end[end].conn, epoch, &keys) == DTLS_ERR_NOT_OPEN &&
                               dtls_conn_export(pair->end[end].conn, epoch, "EXPERIMENTAL", NULL, out, 8) ==
                                   DTLS_ERR_NOT_OPEN);
    return pair_both_open(pair);
}

static void both_events_come_right_behind_open(void)
{
    struct pair_options options;

    media_options(&options, 1);
    struct pair *pair = pair_new(&options);
    struct media *media = media_new(pair);
    CU_ASSERT_TRUE(pair_run_until(pair, no_keys_before_open, NULL, 5 * NET_SECOND));
    for (int end = CLIENT; end <= SERVER; end++) {
        size_t open = place_of(pair, (enum net_end)end, DTLS_EVENT_OPEN, 1, 0);
        CU_ASSERT_TRUE(open > 0);
        CU_ASSERT_EQUAL(place_of(pair, (enum net_end)end, DTLS_EVENT_KEYS, 1, DTLS_KEYS_ACCEPT), open + 1);
        CU_ASSERT_EQUAL(place_of(pair, (enum net_end)end, DTLS_EVENT_KEYS, 1, DTLS_KEYS_SEND), open + 2);
        CU_ASSERT_EQUAL(pair_count(pair, (enum net_end)end, DTLS_EVENT_KEYS), 2);
    }
    media_check(media);
    media_free(media);
    pair_free(pair);
}

/* Three copies at most, because nobody says that the peer has the flight; then nothing is due any more. */
static void a_silent_first_handshake_comes_to_rest(void)
{
    struct pair_options options;

    media_options(&options, 1);
    struct media *media = begin(&options);
    pair_run_for(media->pair, 30 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_stats(media->pair, SERVER).retransmissions, DTLS_MOST_FIRST_COPIES);
    CU_ASSERT_EQUAL(pair_deadline(media->pair), NET_NEVER);
    end(media);
    media_options(&options, 1);
    struct pair *pair = pair_new(&options);
    media = media_new(pair);
    media_flow(media, 20 * NET_MS); /* media says so: none is sent */
    pair_run_for(pair, 30 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_stats(pair, SERVER).retransmissions, 0);
    CU_ASSERT_TRUE(media->end[CLIENT].read > 1000 && media->end[SERVER].read > 1000);
    end(media);
}

/* ---- a rehandshake ---- */

static void accept_comes_first_and_send_when_the_peer_is_known_to_accept(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        const struct call_kind *kind = &call_kinds[k];
        enum net_end first = kind->first_finisher, second = net_other(first);
        struct pair_options options;
        media_options(&options, 10);
        struct media *media = begin(&options);
        media_flow(media, 20 * NET_MS);
        pair_run_for(media->pair, NET_SECOND);
        CU_ASSERT_EQUAL(pair_rehandshake(media->pair, kind->from, kind->mode), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_renewed(media->pair, 1, 5 * NET_SECOND));
        pair_run_for(media->pair, NET_SECOND);
        for (int at = CLIENT; at <= SERVER; at++) {
            size_t accept = place_of(media->pair, (enum net_end)at, DTLS_EVENT_KEYS, 2, DTLS_KEYS_ACCEPT);
            size_t send = place_of(media->pair, (enum net_end)at, DTLS_EVENT_KEYS, 2, DTLS_KEYS_SEND);
            size_t done = place_of(media->pair, (enum net_end)at, DTLS_EVENT_REHANDSHAKE_DONE, 2, 0);
            CHECK_CASE(accept > 0 && accept < done && done < send, "%s, end %d: accept %zu, done %zu, send %zu",
                       kind->name, at, accept, done, send);
        }
        uint64_t second_sends = time_of(media->pair, second, 2, DTLS_KEYS_SEND);
        uint64_t first_sends = time_of(media->pair, first, 2, DTLS_KEYS_SEND);
        CHECK_CASE(second_sends == pair_last(media->pair, second, DTLS_EVENT_REHANDSHAKE_DONE)->time_us &&
                       first_sends >= second_sends + 20 * NET_MS && first_sends <= second_sends + 40 * NET_MS,
                   "%s: the second finisher sends at %llu us, the first at %llu us", kind->name,
                   (unsigned long long)second_sends, (unsigned long long)first_sends);
        CHECK_CASE(time_of(media->pair, first, 2, DTLS_KEYS_ACCEPT) <= first_sends - 40 * NET_MS,
                   "%s: the first finisher accepts too late", kind->name);
        end(media);
    }
}

/* The previous set can still be had while its records are read, and then is wiped. */
static void the_older_set_stays_as_long_as_its_epoch(void)
{
    struct pair_options options;
    struct memory memory[2] = { { .fail_at = MEMORY_NEVER_FAILS }, { .fail_at = MEMORY_NEVER_FAILS } };
    size_t before[2] = { 0 };

    media_options(&options, 10);
    for (int at = CLIENT; at <= SERVER; at++)
        memory_use(&memory[at], &options.config[at]);
    struct media *media = begin(&options);
    for (uint16_t epoch = 2; epoch <= 6; epoch++) {
        CU_ASSERT_EQUAL(pair_rehandshake(media->pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until_renewed(media->pair, epoch - 1, 5 * NET_SECOND));
        pair_ping(media->pair, NET_SECOND);
        for (int at = CLIENT; at <= SERVER; at++) {
            struct dtls_srtp_keys keys;
            const struct dtls_conn *conn = media->pair->end[at].conn;
            CU_ASSERT_EQUAL(dtls_conn_srtp_keys(conn, epoch, &keys), DTLS_OK);
            CU_ASSERT_EQUAL(dtls_conn_srtp_keys(conn, epoch - 1, &keys), DTLS_OK);
            CU_ASSERT_EQUAL(dtls_conn_srtp_keys(conn, epoch - 2, &keys), DTLS_ERR_NO_KEYS);
            CU_ASSERT_EQUAL(dtls_conn_srtp_keys(conn, epoch + 1, &keys), DTLS_ERR_NO_KEYS);
        }
        pair_run_for(media->pair, 11 * NET_SECOND);
        for (int at = CLIENT; at <= SERVER; at++) {
            struct dtls_srtp_keys keys;
            CU_ASSERT_EQUAL(dtls_conn_srtp_keys(media->pair->end[at].conn, epoch - 1, &keys), DTLS_ERR_NO_KEYS);
            CHECK_CASE(epoch == 2 || memory[at].live_bytes == before[at], "end %d, epoch %u: %zu bytes, and then %zu",
                       at, epoch, before[at], memory[at].live_bytes);
            before[at] = memory[at].live_bytes;
        }
    }
    end(media);
    CU_ASSERT_TRUE(memory[CLIENT].live_blocks == 0 && memory[SERVER].live_blocks == 0);
}

/* ---- the first finisher waits ---- */

/* Brings a full rehandshake to where the server has finished and knows nothing of its client yet. */
static struct media *first_is_done(struct pair_options *options)
{
    struct media *media = begin(options);

    media->silent = true;
    CU_ASSERT_EQUAL(pair_rehandshake(media->pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_event(media->pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE, 5 * NET_SECOND));
    return media;
}

static void a_record_of_the_new_epoch_hands_over(void)
{
    struct pair_options options;

    media_options(&options, 20);
    struct media *media = first_is_done(&options);
    CU_ASSERT_TRUE(pair_run_until_renewed(media->pair, 1, NET_SECOND));
    pair_run_for(media->pair, NET_SECOND);
    CU_ASSERT_FALSE(media_sends_with(media, SERVER, 2));
    CU_ASSERT_EQUAL(pair_send(media->pair, CLIENT, "x", 1), DTLS_OK);
    pair_run_for(media->pair, 100 * NET_MS);
    CU_ASSERT_TRUE(media_sends_with(media, SERVER, 2));
    end(media);
}

static void a_packet_of_the_new_set_hands_over(void)
{
    struct pair_options options;

    media_options(&options, 20);
    struct media *media = first_is_done(&options);
    struct dtls_conn *server = media->pair->end[SERVER].conn;
    CU_ASSERT_TRUE(pair_run_until_renewed(media->pair, 1, NET_SECOND));
    CU_ASSERT_EQUAL(dtls_conn_media_confirmed(server, media->pair->net.now_us, 1), DTLS_OK); /* of the old one */
    CU_ASSERT_EQUAL(dtls_conn_media_confirmed(server, media->pair->net.now_us, 3), DTLS_ERR_NO_KEYS);
    CU_ASSERT_EQUAL(dtls_conn_media_confirmed(server, media->pair->net.now_us, 0), DTLS_ERR_NO_KEYS);
    pair_settle(media->pair, SERVER);
    CU_ASSERT_FALSE(media_sends_with(media, SERVER, 2));
    uint64_t sent = pair_stats(media->pair, SERVER).datagrams_sent;
    CU_ASSERT_EQUAL(dtls_conn_media_confirmed(server, media->pair->net.now_us, 2), DTLS_OK);
    pair_settle(media->pair, SERVER);
    CU_ASSERT_TRUE(media_sends_with(media, SERVER, 2));
    CU_ASSERT_EQUAL(dtls_conn_media_confirmed(server, media->pair->net.now_us, 2), DTLS_OK);
    pair_run_for(media->pair, 20 * NET_SECOND); /* and the flight is not repeated any more */
    CU_ASSERT_EQUAL(pair_stats(media->pair, SERVER).datagrams_sent, sent);
    CU_ASSERT_EQUAL(media->end[SERVER].sends, 2);
    end(media);
}

static void ten_seconds_of_silence_hand_over(void)
{
    struct pair_options options;

    media_options(&options, 20);
    struct media *media = first_is_done(&options);
    uint64_t done = media->pair->net.now_us;
    CU_ASSERT_TRUE(dtls_conn_deadline(media->pair->end[SERVER].conn) < done + 10 * NET_SECOND);
    pair_run_for(media->pair, 10 * NET_SECOND - 1);
    CU_ASSERT_FALSE(media_sends_with(media, SERVER, 2));
    pair_run_for(media->pair, 1);
    CU_ASSERT_TRUE(media_sends_with(media, SERVER, 2));
    CU_ASSERT_EQUAL(time_of(media->pair, SERVER, 2, DTLS_KEYS_SEND), done + 10 * NET_SECOND);
    end(media);
}

struct deaf {
    enum net_end to;
    bool on;
    size_t lost;
};

static struct net_verdict lose_to(void *arg, const struct net_sending *sending)
{
    struct deaf *deaf = arg;
    bool lose = deaf->on && sending->from == net_other(deaf->to) && sending->bytes[0] < 128;

    deaf->lost += lose;
    return (struct net_verdict){ lose ? NET_DROP : NET_PASS, 0 };
}

/* As long as it repeats its Finished it has not got ours. */
static void a_repeated_finished_puts_it_off(void)
{
    struct pair_options options;
    struct deaf deaf = { CLIENT, false, 0 };

    media_options(&options, 20);
    options.filter = lose_to;
    options.filter_arg = &deaf;
    struct media *media = begin(&options);
    media_flow(media, 20 * NET_MS);
    CU_ASSERT_EQUAL(pair_rehandshake(media->pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(media->pair, 50 * NET_MS); /* the server's first flight has left */
    deaf.on = true;
    CU_ASSERT_TRUE(pair_run_until_event(media->pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE, 5 * NET_SECOND));
    pair_run_for(media->pair, 25 * NET_SECOND);
    CU_ASSERT_TRUE(deaf.lost > 8);
    CU_ASSERT_FALSE(media_sends_with(media, SERVER, 2) || media_sends_with(media, CLIENT, 2));
    deaf.on = false;
    CU_ASSERT_TRUE(pair_run_until_renewed(media->pair, 1, 5 * NET_SECOND));
    pair_run_for(media->pair, NET_SECOND);
    CU_ASSERT_TRUE(media_sends_with(media, SERVER, 2) && media_sends_with(media, CLIENT, 2));
    end(media);
}

/* In a server the keys are there before its client has proved who it is. */
static void no_keys_before_the_peer_has_proved_itself(void)
{
    struct pair_options options;

    media_options(&options, 20);
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.config[SERVER].public_key_jobs = true;
    options.job_us = 50 * NET_MS;
    struct media *media = begin(&options);
    struct dtls_conn *server = media->pair->end[SERVER].conn;
    size_t jobs = pair_count(media->pair, SERVER, DTLS_EVENT_JOB);
    struct dtls_srtp_keys keys;
    CU_ASSERT_EQUAL(pair_rehandshake(media->pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    while (pair_count(media->pair, SERVER, DTLS_EVENT_JOB) < jobs + 3) /* share, agreement, CertificateVerify */
        pair_run_for(media->pair, NET_MS);
    CU_ASSERT_PTR_NOT_NULL(server->as.epochs.next);
    CU_ASSERT_FALSE(media_accepts(media, SERVER, 2));
    CU_ASSERT_EQUAL(dtls_conn_srtp_keys(server, 2, &keys), DTLS_ERR_NO_KEYS);
    CU_ASSERT_EQUAL(dtls_conn_media_confirmed(server, media->pair->net.now_us, 2), DTLS_ERR_NO_KEYS);
    CU_ASSERT_TRUE(pair_run_until_renewed(media->pair, 1, 5 * NET_SECOND));
    CU_ASSERT_TRUE(media_accepts(media, SERVER, 2));
    end(media);
}

/* Of a peer that is ahead: our own flight asks for its last one at once, as with data (R5). */
static void a_packet_ahead_of_finished_asks_for_it(void)
{
    struct pair_options options;
    struct deaf deaf = { CLIENT, false, 0 };

    media_options(&options, 20);
    options.filter = lose_to;
    options.filter_arg = &deaf;
    struct media *media = begin(&options);
    CU_ASSERT_EQUAL(pair_rehandshake(media->pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(media->pair, 50 * NET_MS);
    deaf.on = true;
    CU_ASSERT_TRUE(pair_run_until_event(media->pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND));
    deaf.on = false;
    struct dtls_conn *client = media->pair->end[CLIENT].conn;
    CU_ASSERT_TRUE(media_accepts(media, CLIENT, 2) && !media_sends_with(media, CLIENT, 2));
    CU_ASSERT_EQUAL(dtls_conn_media_confirmed(client, media->pair->net.now_us, 2), DTLS_OK);
    pair_settle(media->pair, CLIENT);
    CU_ASSERT_EQUAL(pair_stats(media->pair, CLIENT).answers, 1);
    CU_ASSERT_TRUE(pair_run_until_renewed(media->pair, 1, 41 * NET_MS));
    end(media);
}

/* ---- the last flight by timer ---- */

/* The client's own timer is slow: the server must not wait for it. */
static void the_last_flight_is_repeated_without_data(void)
{
    struct pair_options options;
    struct deaf deaf = { CLIENT, false, 0 };

    media_options(&options, 30);
    options.filter = lose_to;
    options.filter_arg = &deaf;
    struct media *media = begin(&options);
    CU_ASSERT_EQUAL(pair_rehandshake(media->pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(media->pair, 50 * NET_MS);
    deaf.on = true;
    CU_ASSERT_TRUE(pair_run_until_event(media->pair, SERVER, DTLS_EVENT_REHANDSHAKE_DONE, NET_SECOND));
    CU_ASSERT_EQUAL(deaf.lost, 1);
    deaf.on = false;
    media->pair->end[CLIENT].conn->hs->timer.deadline += 60 * NET_SECOND;
    CU_ASSERT_TRUE(pair_run_until_renewed(media->pair, 1, 300 * NET_MS));
    CU_ASSERT_EQUAL(pair_stats(media->pair, SERVER).retransmissions, DTLS_MOST_FIRST_COPIES + 1);
    end(media);
}

/* Those that ride with data and those by timer are eight together. */
static void data_and_timer_share_the_copies(void)
{
    struct pair_options options;
    struct deaf deaf = { SERVER, false, 0 };

    media_options(&options, 30);
    options.filter = lose_to;
    options.filter_arg = &deaf;
    struct media *media = first_is_done(&options);
    uint64_t before = pair_stats(media->pair, SERVER).retransmissions;
    deaf.on = true; /* and nothing confirms it */
    pair_send(media->pair, SERVER, "x", 1);
    pair_send(media->pair, SERVER, "x", 1);
    pair_run_for(media->pair, 100 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_stats(media->pair, SERVER).retransmissions - before, DTLS_MOST_COPIES - 2);
    end(media);
}

static void without_srtp_nothing_is_repeated(void)
{
    struct pair_options options;

    media_options(&options, 30);
    options.config[CLIENT].srtp_profile_count = 0;
    struct media *media = first_is_done(&options);
    pair_run_for(media->pair, 20 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_stats(media->pair, SERVER).retransmissions, 0);
    CU_ASSERT_EQUAL(pair_count(media->pair, SERVER, DTLS_EVENT_KEYS), 0);
    end(media);
}

/* ---- an attempt that is replaced ---- */

static void a_replaced_attempt_takes_its_keys_back(void)
{
    struct pair_options options;
    struct deaf deaf = { CLIENT, true, 0 };

    media_options(&options, 40);
    options.filter = lose_to;
    options.filter_arg = &deaf;
    struct media *media = begin(&options);
    struct dtls_conn *client = media->pair->end[CLIENT].conn;
    pair_rehandshake(media->pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED);
    pair_run_for(media->pair, NET_SECOND / 2);
    CU_ASSERT_TRUE(media_accepts(media, SERVER, 2) && !media_accepts(media, CLIENT, 2));
    struct dtls_srtp_keys replaced = media->end[SERVER].sets[2].keys;
    pair_run_for(media->pair, 2 * NET_SECOND);
    dtls_conn_drop_handshake(client); /* as if it had begun anew */
    client->re.ours = false;
    CU_ASSERT_EQUAL(pair_rehandshake(media->pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED), DTLS_OK);
    pair_run_for(media->pair, NET_SECOND / 2);
    CU_ASSERT_EQUAL(media->end[SERVER].forgets, 1);
    CU_ASSERT_TRUE(media_accepts(media, SERVER, 2));
    const struct dtls_exporter *newest = media->pair->end[SERVER].conn->as.exporters; /* and nothing of it is left */
    CU_ASSERT_TRUE(newest->epoch == 2 && newest->older->epoch == 1 && newest->older->older == NULL);
    CU_ASSERT_NOT_EQUAL(memcmp(&replaced, &media->end[SERVER].sets[2].keys, sizeof replaced), 0);
    deaf.on = false;
    CU_ASSERT_TRUE(pair_run_until_renewed(media->pair, 1, 5 * NET_SECOND));
    end(media);
}

/* ---- every loss ---- */

struct droplist {
    size_t first, seen;
};

static struct net_verdict drop_listed(void *arg, const struct net_sending *sending)
{
    struct droplist *list = arg;

    if (sending->bytes[0] >= 128)
        return (struct net_verdict){ NET_PASS, 0 };
    return (struct net_verdict){ list->seen++ == list->first ? NET_DROP : NET_PASS, 0 };
}

/* One rehandshake without its datagram `first`, under media; how many datagrams it took. */
static size_t survive(const struct call_kind *kind, size_t first)
{
    struct droplist list = { first, 0 };
    struct pair_options options;

    media_options(&options, 50);
    options.config[CLIENT].mtu = options.config[SERVER].mtu = 548;
    options.filter = drop_listed;
    options.filter_arg = &list;
    struct media *media = begin(&options);
    list.seen = 0;
    media_flow(media, 10 * NET_MS);
    pair_rehandshake(media->pair, kind->from, kind->mode);
    bool done = pair_run_until_renewed(media->pair, 1, 5 * NET_SECOND);
    pair_run_for(media->pair, NET_SECOND);
    CHECK_CASE(done && media_sends_with(media, CLIENT, 2) && media_sends_with(media, SERVER, 2),
               "%s without datagram %zu: done %d", kind->name, first, done);
    end(media);
    return list.seen;
}

static void any_datagram_of_a_rehandshake_may_be_lost(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        size_t count = survive(&call_kinds[k], NO_DROP);
        CU_ASSERT_TRUE(count >= 3);
        for (size_t first = 0; first < count; first++)
            survive(&call_kinds[k], first);
    }
}

static size_t seeds(void)
{
    const char *text = getenv("DTLS_SEEDS");

    return (text == NULL ? 1000 : strtoul(text, NULL, 10)) / 10;
}

static void every_packet_is_read_at_loss(unsigned loss)
{
    for (size_t seed = 0; seed < seeds(); seed++)
        for (int k = 0; k < CALL_KINDS; k++) {
            const struct call_kind *kind = &call_kinds[k];
            struct pair_options options;
            media_options(&options, seed * CALL_KINDS + (size_t)k);
            for (int at = CLIENT; at <= SERVER; at++) {
                options.link[at].loss = loss;
                options.link[at].jitter_us = 10 * NET_MS;
                options.link[at].reorder = 500;
                options.link[at].reorder_us = 60 * NET_MS;
                options.link[at].duplicate = loss > 0 ? 200 : 0;
            }
            struct media *media = begin(&options);
            media_flow(media, 20 * NET_MS);
            for (size_t number = 1; number <= 2; number++) {
                pair_rehandshake(media->pair, kind->from, kind->mode);
                bool done = pair_run_until_renewed(media->pair, number, 60 * NET_SECOND);
                pair_run_for(media->pair, 2 * NET_SECOND);
                uint16_t epoch = (uint16_t)(number + 1);
                CHECK_CASE(done && media_sends_with(media, CLIENT, epoch) && media_sends_with(media, SERVER, epoch),
                           "%s, seed %zu, number %zu: done %d, sends %d and %d", kind->name, seed, number, done,
                           media_sends_with(media, CLIENT, epoch), media_sends_with(media, SERVER, epoch));
            }
            end(media);
        }
}

static void every_packet_is_read_without_loss(void)
{
    every_packet_is_read_at_loss(0);
}

static void every_packet_is_read_at_5_percent(void)
{
    every_packet_is_read_at_loss(500);
}

static void every_packet_is_read_at_20_percent(void)
{
    every_packet_is_read_at_loss(2000);
}

static CU_TestInfo tests[] = {
    { "ACCEPT and SEND come right behind OPEN, and no keys before (K2, K3)", both_events_come_right_behind_open },
    { "a silent first handshake comes to rest", a_silent_first_handshake_comes_to_rest },
    { "ACCEPT comes before DONE, SEND when the peer is known to accept (K3)",
      accept_comes_first_and_send_when_the_peer_is_known_to_accept },
    { "the older set stays as long as its epoch, and leaves nothing behind", the_older_set_stays_as_long_as_its_epoch },
    { "the first finisher sends with the new set after a record of the new epoch",
      a_record_of_the_new_epoch_hands_over },
    { "or after a packet of the new set", a_packet_of_the_new_set_hands_over },
    { "or after ten seconds of silence", ten_seconds_of_silence_hand_over },
    { "a repeated Finished puts that off", a_repeated_finished_puts_it_off },
    { "no keys before the peer has proved itself (K2)", no_keys_before_the_peer_has_proved_itself },
    { "a packet ahead of Finished asks for it", a_packet_ahead_of_finished_asks_for_it },
    { "the last flight is repeated by timer where no data carries it", the_last_flight_is_repeated_without_data },
    { "eight copies in all, with data or by timer", data_and_timer_share_the_copies },
    { "without SRTP nothing is repeated and nothing told", without_srtp_nothing_is_repeated },
    { "a replaced attempt takes its keys back", a_replaced_attempt_takes_its_keys_back },
    { "any datagram of a rehandshake may be lost, and no packet is", any_datagram_of_a_rehandshake_may_be_lost },
    { "every packet that arrives is read, without loss", every_packet_is_read_without_loss },
    { "every packet that arrives is read, at 5 % loss", every_packet_is_read_at_5_percent },
    { "every packet that arrives is read, at 20 % loss", every_packet_is_read_at_20_percent },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "srtp_keys", tests);
}
