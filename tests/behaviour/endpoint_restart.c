/* endpoint_restart.c - contract S6: a new ClientHello from the address of a live association. */
#include <stdlib.h>
#include <string.h>

#include "tests/box/crowd.h"
#include "tests/box/identity.h"
#include "tests/tap.h"

/* The endpoint's events of interest, in order. */
struct diary {
    enum dtls_event_type type[64];
    int error[64];
    const struct dtls_conn *conn[64];
    size_t count;
};

static void note(void *arg, struct dtls_conn *conn, const struct dtls_event *event)
{
    struct diary *diary = arg;

    if (event->type == DTLS_EVENT_DATA || diary->count == 64)
        return;
    diary->type[diary->count] = event->type;
    diary->error[diary->count] = event->type == DTLS_EVENT_FAILED ? event->error : DTLS_OK;
    diary->conn[diary->count++] = conn;
}

/* One caller, at host 1 port 1, has an association that has been confirmed both ways. */
static struct caller *begin(struct crowd *crowd, uint64_t seed, struct diary *diary)
{
    crowd_init(crowd, seed);
    crowd->on_event = note;
    crowd->watcher = diary;
    crowd->server.client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
    *diary = (struct diary){ .count = 0 };
    crowd_open(crowd);
    struct caller *caller = crowd_call(crowd, 1, 1, NULL);
    CU_ASSERT_TRUE_FATAL(crowd_run_until_open(crowd, NET_SECOND));
    CU_ASSERT_TRUE_FATAL(crowd_ping(crowd, NET_SECOND));
    crowd_run_for(crowd, NET_SECOND);
    return caller;
}

static void a_client_that_begins_anew(void)
{
    struct crowd crowd;
    struct diary diary;
    struct caller *old = begin(&crowd, 1, &diary);

    crowd_vanish(old);
    struct caller *fresh = crowd_call(&crowd, 1, 1, NULL);
    crowd_run_for(&crowd, 70 * NET_MS); /* half way through its handshake */
    CU_ASSERT_EQUAL(diary.count, 1);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    CU_ASSERT_EQUAL(fresh->foreign, 0);
    CU_ASSERT_EQUAL_FATAL(diary.count, 3);
    CU_ASSERT_EQUAL(diary.type[1], DTLS_EVENT_FAILED); /* the end of the old one, then the beginning of the new */
    CU_ASSERT_EQUAL(diary.error[1], DTLS_ERR_REPLACED);
    CU_ASSERT_PTR_EQUAL(diary.conn[1], diary.conn[0]);
    CU_ASSERT_EQUAL(diary.type[2], DTLS_EVENT_OPEN);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).restarts, 1);
    crowd_free(&crowd);
}

/* While both ends of the old one live, a rival's handshake costs it nothing: two programs behind one address. */
static void the_old_one_lives_until_the_new_one_is_verified(void)
{
    struct crowd crowd;
    struct diary diary;
    struct caller *old = begin(&crowd, 2, &diary);
    struct caller *fresh = crowd_call(&crowd, 1, 1, NULL);

    for (int i = 0; i < 8; i++) { /* 80 ms: the client's last flight is on the way */
        CU_ASSERT_EQUAL(crowd_say(old), DTLS_OK);
        crowd_run_for(&crowd, 10 * NET_MS);
    }
    CU_ASSERT_EQUAL(diary.count, 1);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, 500 * NET_MS));
    crowd_run_for(&crowd, 100 * NET_MS);
    CU_ASSERT(old->echoes >= 6); /* all that were there before Finished */
    CU_ASSERT_EQUAL(old->foreign + fresh->foreign, 0);
    CU_ASSERT_EQUAL(old->ends, 0); /* nobody told it: the address is another's now */
    crowd_vanish(old);
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_free(&crowd);
}

/* The new client's records of epoch 1 are not the old one's, which has keys of an epoch 1, too: its Finished stands in
 * a datagram of its own here. */
static void records_of_epoch_1_find_the_one_they_are_for(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct crowd crowd;
        struct diary diary;
        struct caller *old = begin(&crowd, seed, &diary), *fresh;
        struct dtls_config config = crowd.client;
        config.mtu = 256 + seed; /* and Finished moves about */
        crowd.net.link[CLIENT].jitter_us = 60 * NET_MS;
        fresh = crowd_call(&crowd, 1, 1, &config);
        for (int i = 0; i < 200 && !dtls_conn_is_open(fresh->conn); i++) {
            crowd_say(old);
            crowd_run_for(&crowd, 10 * NET_MS);
        }
        CHECK_CASE(dtls_conn_is_open(fresh->conn), "seed %llu: the new one does not open", (unsigned long long)seed);
        crowd_vanish(old);
        CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
        CU_ASSERT_EQUAL(crowd_stats(&crowd).restarts, 1);
        crowd_free(&crowd);
    }
}

struct letter {
    uint8_t bytes[2][2048];
    size_t len[2], count;
};

/* The first two hellos of a client. */
static struct net_verdict keep_hellos(void *arg, const struct net_sending *sending)
{
    struct letter *letter = arg;

    if (sending->from == CLIENT && letter->count < 2) {
        memcpy(letter->bytes[letter->count], sending->bytes, sending->len);
        letter->len[letter->count++] = sending->len;
    }
    return (struct net_verdict){ NET_PASS, 0 };
}

static void its_own_first_hello_is_a_duplicate(void)
{
    struct crowd crowd;
    struct letter letter = { .count = 0 };

    crowd_init(&crowd, 4);
    crowd_open(&crowd);
    net_set_filter(&crowd.net, keep_hellos, &letter);
    struct caller *caller = crowd_call(&crowd, 1, 1, NULL);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    crowd_run_for(&crowd, NET_SECOND);
    size_t sent = crowd.datagrams;
    for (int i = 0; i < 1000; i++)
        crowd_inject(&crowd, &caller->address, letter.bytes[i % 2], letter.len[i % 2]);
    CU_ASSERT_EQUAL(crowd.datagrams, sent);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).admitted, 1);
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_free(&crowd);
}

/* Lesson 56: whoever can forge the address, and even knows a cookie, cannot end the association. */
static void ten_thousand_forged_hellos(void)
{
    struct crowd crowd;
    struct diary diary;
    struct caller *old = begin(&crowd, 5, &diary);
    struct letter letter = { .count = 0 };
    uint8_t forged[2048];

    net_set_filter(&crowd.net, keep_hellos, &letter);
    struct caller *spy = crowd_call(&crowd, 1, 1, NULL); /* from there: it hears the cookie, and falls silent */
    crowd_run_for(&crowd, 50 * NET_MS);
    crowd_vanish(spy);
    net_set_filter(&crowd.net, NULL, NULL);
    CU_ASSERT_EQUAL_FATAL(letter.count, 2);
    for (uint32_t i = 0; i < 10000; i++) {
        memcpy(forged, letter.bytes[i % 2], letter.len[i % 2]);
        if (i % 4 < 2) /* another random: the cookie does not fit any more */
            memcpy(forged + 13 + 12 + 2, &i, sizeof i);
        crowd_inject(&crowd, &old->address, forged, letter.len[i % 2]);
        if (i % 100 == 0) {
            CU_ASSERT_EQUAL(crowd_say(old), DTLS_OK);
            crowd_run_for(&crowd, NET_MS);
        }
    }
    crowd_run_for(&crowd, 100 * NET_MS);
    CU_ASSERT_EQUAL(old->echoes, old->said);
    CU_ASSERT_EQUAL(old->ends, 0);
    CU_ASSERT(crowd_stats(&crowd).admitted <= 3);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).restarts, 0);
    crowd_run_for(&crowd, 61 * NET_SECOND); /* the rival's time is over */
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    CU_ASSERT_EQUAL(crowd.errors[-100 - DTLS_ERR_TIMEOUT], 1);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    crowd_free(&crowd);
}

/* ---- who it is ---- */

static struct dtls_config as_another(const struct crowd *crowd, enum identity_kind kind)
{
    struct dtls_config config = crowd->client;

    config.identity = identity_of(kind);
    return config;
}

static bool yes(void *arg, const struct dtls_conn *old, const struct dtls_conn *fresh)
{
    size_t *asked = arg;

    (*asked)++;
    CU_ASSERT_EQUAL(memcmp(dtls_conn_peer_fingerprint(old), identity_fingerprint(IDENTITY_CLIENT), 32), 0);
    CU_ASSERT_EQUAL(memcmp(dtls_conn_peer_fingerprint(fresh), identity_fingerprint(IDENTITY_OTHER), 32), 0);
    return true;
}

static void only_the_same_certificate_takes_its_place(void)
{
    size_t asked = 0;

    for (int round = 0; round < 3; round++) { /* another one; the same; another one that the application allows */
        struct crowd crowd;
        struct diary diary = { .count = 0 };
        crowd_init(&crowd, 6);
        crowd.server.client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        crowd.on_event = note;
        crowd.watcher = &diary;
        if (round == 2) {
            crowd.settings.replace = yes;
            crowd.settings.arg = &asked;
        }
        crowd_open(&crowd);
        struct dtls_config other = as_another(&crowd, round == 1 ? IDENTITY_CLIENT : IDENTITY_OTHER);
        struct caller *old = crowd_call(&crowd, 1, 1, NULL);
        CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
        CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
        struct caller *fresh = crowd_call(&crowd, 1, 1, &other);
        for (int i = 0; i < 30; i++) {
            crowd_say(old);
            crowd_run_for(&crowd, 10 * NET_MS);
        }
        if (round == 0) {
            CU_ASSERT_EQUAL(fresh->ends, 1);
            CU_ASSERT_EQUAL(fresh->error, DTLS_ERR_ALERT);
            CU_ASSERT_EQUAL(fresh->alert, DTLS_ALERT_ACCESS_DENIED);
            CU_ASSERT_EQUAL(diary.count, 2); /* the application has heard of its end alone */
            CU_ASSERT_EQUAL(diary.error[1], DTLS_ERR_IDENTITY_CHANGED);
            CU_ASSERT_EQUAL(crowd_stats(&crowd).impostors, 1);
            crowd_run_for(&crowd, 100 * NET_MS);
            CU_ASSERT_EQUAL(old->echoes, old->said);
        } else {
            CU_ASSERT_TRUE(dtls_conn_is_open(fresh->conn));
            CU_ASSERT_EQUAL(crowd_stats(&crowd).restarts, 1);
            CU_ASSERT_EQUAL(diary.count, 3);
        }
        crowd_free(&crowd);
    }
    CU_ASSERT_EQUAL(asked, 1);
}

/* ---- with public-key work in threads (R17) ---- */

/* The endpoint's events, and a job that is out. */
struct desk {
    struct crowd *crowd;
    struct diary diary;
    bool keeps; /* the jobs; else they are done at once */
    struct dtls_job *job;
    struct dtls_conn *whose;
};

static void do_job(void *arg, struct dtls_conn *conn, const struct dtls_event *event)
{
    struct desk *desk = arg;

    if (event->type != DTLS_EVENT_JOB) {
        note(&desk->diary, conn, event);
        return;
    }
    struct dtls_job *job = dtls_conn_take_job(conn);
    if (desk->keeps) {
        desk->job = job;
        desk->whose = conn;
        return;
    }
    dtls_job_run(job);
    dtls_conn_finish_job(conn, desk->crowd->net.now_us, job);
}

/* The rest of a datagram is read while its events are taken: the end of a handshake may come up there. */
static void the_order_is_the_same_when_jobs_are_done_elsewhere(void)
{
    for (int round = 0; round < 2; round++) { /* another certificate; the same */
        struct crowd crowd;
        struct desk desk = { .crowd = &crowd };
        crowd_init(&crowd, 11);
        crowd.server.client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        crowd.server.public_key_jobs = true;
        crowd.on_event = do_job;
        crowd.watcher = &desk;
        crowd_open(&crowd);
        struct dtls_config other = as_another(&crowd, round == 1 ? IDENTITY_CLIENT : IDENTITY_OTHER);
        crowd_call(&crowd, 1, 1, NULL);
        CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
        CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
        struct caller *fresh = crowd_call(&crowd, 1, 1, &other);
        crowd_run_for(&crowd, 300 * NET_MS);
        CU_ASSERT_EQUAL(crowd_stats(&crowd).impostors, round == 0);
        CU_ASSERT_EQUAL(dtls_conn_is_open(fresh->conn), round == 1);
        CU_ASSERT_EQUAL_FATAL(desk.diary.count, round == 0 ? 2 : 3);
        CU_ASSERT_EQUAL(desk.diary.type[1], DTLS_EVENT_FAILED);
        CU_ASSERT_EQUAL(desk.diary.error[1], round == 0 ? DTLS_ERR_IDENTITY_CHANGED : DTLS_ERR_REPLACED);
        if (round == 0)
            CU_ASSERT_PTR_NOT_EQUAL(desk.diary.conn[1], desk.diary.conn[0]);
        if (round == 1)
            CU_ASSERT_EQUAL(desk.diary.type[2], DTLS_EVENT_OPEN);
        crowd_free(&crowd);
    }
}

/* ---- half-open ones ---- */

static void a_half_open_one_gives_way_at_once(void)
{
    struct crowd crowd;
    struct diary diary = { .count = 0 };

    crowd_init(&crowd, 7);
    crowd.on_event = note;
    crowd.watcher = &diary;
    crowd_open(&crowd);
    struct caller *first = crowd_call(&crowd, 1, 1, NULL);
    crowd_run_for(&crowd, 70 * NET_MS);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    crowd_vanish(first);
    crowd_run_for(&crowd, 20 * NET_MS); /* its flight arrives at nobody */
    struct caller *second = crowd_call(&crowd, 1, 1, NULL);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    CU_ASSERT_EQUAL(second->foreign, 0);
    CU_ASSERT_EQUAL_FATAL(diary.count, 2);
    CU_ASSERT_EQUAL(diary.error[0], DTLS_ERR_REPLACED);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    crowd_free(&crowd);
}

static enum dtls_admit everyone_is_known(void *arg, const struct dtls_address *from, const struct dtls_config **config)
{
    (void)arg;
    (void)config;
    (void)from;
    return DTLS_ADMIT_VALIDATED;
}

/* ICE has shown whose the address is, not who has sent this hello: to begin anew takes a cookie there, too. */
static void a_forged_hello_at_a_validated_address(void)
{
    struct crowd crowd;
    struct diary diary = { .count = 0 };
    struct letter letter = { .count = 0 };

    crowd_init(&crowd, 14);
    crowd.settings.admit = everyone_is_known;
    crowd.on_event = note;
    crowd.watcher = &diary;
    crowd_open(&crowd);
    net_set_filter(&crowd.net, keep_hellos, &letter);
    struct caller *caller = crowd_call(&crowd, 1, 1, NULL);
    crowd_run_for(&crowd, 30 * NET_MS);
    for (int i = 0; i < 20; i++) { /* in its handshake, and after that */
        letter.bytes[0][13 + 12 + 2]++;
        crowd_inject(&crowd, &caller->address, letter.bytes[0], letter.len[0]);
        crowd_run_for(&crowd, 300 * NET_MS);
    }
    CU_ASSERT_EQUAL(caller->opens, 1);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).admitted, 1);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).hellos_answered, 20);
    CU_ASSERT_EQUAL(diary.count, 1);
    crowd_vanish(caller);
    crowd_call(&crowd, 1, 1, NULL);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_free(&crowd);
}

/* Whoever cannot come in drives nobody out. */
static void one_that_is_not_admitted_replaces_nobody(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 11);
    crowd.settings.source_rate = 1;
    crowd.settings.source_burst = 1;
    crowd_open(&crowd);
    struct caller *first = crowd_call(&crowd, 1, 1, NULL);
    crowd_run_for(&crowd, 70 * NET_MS);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).admitted, 1);
    first->slow = true; /* its last flight is late */
    crowd_run_for(&crowd, 30 * NET_MS);
    struct caller *second = crowd_call(&crowd, 1, 1, NULL);
    crowd_run_for(&crowd, 70 * NET_MS);
    CU_ASSERT(crowd_stats(&crowd).refused_rate >= 1);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).admitted, 1);
    CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_FAILED], 0);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    crowd_vanish(second);
    first->slow = false;
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, 10 * NET_SECOND));
    crowd_free(&crowd);
}

static void a_client_that_begins_anew_all_the_time(void)
{
    struct crowd crowd;
    struct diary diary;
    struct caller *old = begin(&crowd, 8, &diary);
    crowd_call(&crowd, 2, 1, NULL); /* a witness */

    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    for (int i = 0; i < 150; i++) { /* 15 in a second, for ten; none stays for its handshake */
        struct caller *fresh = crowd_call(&crowd, 1, 1, NULL);
        crowd_run_for(&crowd, 65 * NET_MS);
        crowd_vanish(fresh);
    }
    uint64_t admitted = crowd_stats(&crowd).admitted;
    CHECK_CASE(admitted >= 4 && admitted <= 2 + 10, "%llu were admitted", (unsigned long long)admitted);
    CU_ASSERT(crowd_stats(&crowd).refused_rate > 50);
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_vanish(old);
    crowd_run_for(&crowd, NET_SECOND);
    crowd_call(&crowd, 1, 1, NULL);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, 5 * NET_SECOND));
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    crowd_free(&crowd);
}

static void the_old_one_closes_while_its_rival_is_on_the_way(void)
{
    struct crowd crowd;
    struct diary diary;
    struct caller *old = begin(&crowd, 9, &diary);

    crowd_call(&crowd, 1, 1, NULL);
    crowd_run_for(&crowd, 70 * NET_MS);
    dtls_conn_close(old->conn, crowd.net.now_us);
    crowd_settle_caller(old);
    crowd_vanish(old);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    CU_ASSERT_TRUE(crowd_ping(&crowd, NET_SECOND));
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    CU_ASSERT_EQUAL(crowd.counts[DTLS_EVENT_CLOSED], 1);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).restarts, 0);
    crowd_free(&crowd);
}

/* Freed with an elder, a rival, and one that was replaced and not told yet. */
static void an_endpoint_freed_in_the_middle_of_it(void)
{
    struct crowd crowd;
    struct diary diary;
    struct letter letter = { .count = 0 };

    begin(&crowd, 10, &diary);
    net_set_filter(&crowd.net, keep_hellos, &letter);
    struct caller *fresh = crowd_call(&crowd, 1, 1, NULL);
    crowd_run_for(&crowd, 1100 * NET_MS);
    crowd_vanish(fresh);
    crowd_call(&crowd, 1, 1, NULL);
    crowd_run_for(&crowd, 50 * NET_MS);
    uint8_t copy[2048];
    memcpy(copy, letter.bytes[1], letter.len[1]);
    dtls_endpoint_receive(crowd.endpoint, crowd.net.now_us, &fresh->address, copy, letter.len[1]);
    crowd_free(&crowd);
}

/* Whoever frees all that it knows must not miss the one that only waits for its place. */
static void each_one_is_visited(void)
{
    for (int first = 0; first < 2; first++) { /* the place in a bucket may be any */
        struct crowd crowd;
        struct diary diary;
        begin(&crowd, 12 + (uint64_t)first, &diary);
        for (uint16_t i = 0; i < 40; i++)
            crowd_call(&crowd, 2, i, NULL);
        CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
        for (uint16_t i = 0; i < 40; i++)
            crowd_call(&crowd, 2, i, NULL);
        crowd_run_for(&crowd, 70 * NET_MS);
        CU_ASSERT_EQUAL(crowd_stats(&crowd).admitted, 81);
        CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 41);
        size_t visited = 0;
        struct dtls_conn *next;
        for (struct dtls_conn *conn = dtls_endpoint_each(crowd.endpoint, NULL); conn != NULL; conn = next) {
            next = dtls_endpoint_each(crowd.endpoint, conn);
            visited++;
            if (first == 1)
                dtls_endpoint_remove(conn);
        }
        CU_ASSERT_EQUAL(visited, 81);
        CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), first == 1 ? 0 : 41);
        crowd_free(&crowd);
    }
}

static CU_TestInfo tests[] = {
    { "a client that begins anew (RFC 6347, 4.2.8)", a_client_that_begins_anew },
    { "the old one lives until the new one is verified", the_old_one_lives_until_the_new_one_is_verified },
    { "records of epoch 1 find the one they are for", records_of_epoch_1_find_the_one_they_are_for },
    { "its own first hello is a duplicate", its_own_first_hello_is_a_duplicate },
    { "ten thousand forged hellos leave the old one alive (lesson 56)", ten_thousand_forged_hellos },
    { "only the same certificate takes its place", only_the_same_certificate_takes_its_place },
    { "the order is the same when jobs are done elsewhere (R17)", the_order_is_the_same_when_jobs_are_done_elsewhere },
    { "a half-open one gives way at once", a_half_open_one_gives_way_at_once },
    { "a forged hello at a validated address", a_forged_hello_at_a_validated_address },
    { "one that is not admitted replaces nobody", one_that_is_not_admitted_replaces_nobody },
    { "a client that begins anew all the time", a_client_that_begins_anew_all_the_time },
    { "the old one closes while its rival is on the way", the_old_one_closes_while_its_rival_is_on_the_way },
    { "each one is visited, and may be removed", each_one_is_visited },
    { "an endpoint freed in the middle of it", an_endpoint_freed_in_the_middle_of_it },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "endpoint_restart", tests);
}
