/* rehandshake_job.c - contract R17: public-key work is taken out, done by a thread, and given back, while data flows.
 */
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/memory.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

#define SLOW_US (300 * NET_MS) /* a slow machine's signature, and more than two timeouts */

static void with_jobs(struct pair_options *options, uint64_t job_us)
{
    options->config[CLIENT].public_key_jobs = options->config[SERVER].public_key_jobs = true;
    options->job_us = job_us;
}

/* ---- what comes of them ---- */

/* Jobs of a handshake: a client verifies, agrees, and perhaps signs; a server signs, agrees, and perhaps verifies. */
static void check_jobs(const struct pair *pair, const char *what, size_t client, size_t server)
{
    CHECK_CASE(pair_count(pair, CLIENT, DTLS_EVENT_JOB) == client && pair_count(pair, SERVER, DTLS_EVENT_JOB) == server,
               "%s: %zu and %zu jobs", what, pair_count(pair, CLIENT, DTLS_EVENT_JOB),
               pair_count(pair, SERVER, DTLS_EVENT_JOB));
    CHECK_CASE(pair_jobs(pair) == 0, "%s: a job is out", what);
}

static void every_kind_of_handshake_works_with_jobs(void)
{
    static const struct {
        size_t client, server; /* of the handshake, after the first one where it is another */
    } jobs[SCENE_KINDS] = {
        [SCENE_FULL] = { 1, 2 },
        [SCENE_MUTUAL] = { 2, 3 },
        [SCENE_TICKET] = { 1, 2 },
        [SCENE_FULL_FROM_CLIENT] = { 2, 4 },
        [SCENE_FULL_FROM_SERVER] = { 2, 4 },
        [SCENE_ABBREVIATED_FROM_CLIENT] = { 1, 2 },
        [SCENE_ABBREVIATED_FROM_SERVER] = { 1, 2 },
        [SCENE_MUTUAL_FROM_CLIENT] = { 4, 6 },
    };

    for (int kind = 0; kind < SCENE_KINDS; kind++) {
        struct scene scene;
        struct pair_options options;
        scene_begin(&scene, (enum scene_kind)kind);
        scene_options(&scene, &options, 1);
        with_jobs(&options, SLOW_US);
        struct pair *pair = scene_pair(&scene, &options);
        CHECK_CASE(scene_run(&scene, pair, 10 * NET_SECOND), "%s: never done", scene_name(scene.kind));
        scene_check(&scene, pair);
        check_jobs(pair, scene_name(scene.kind), jobs[kind].client, jobs[kind].server);
        CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
        pair_free(pair);
        scene_end(&scene);
    }
}

static void every_key_and_group_works_with_jobs(void)
{
    static const enum identity_kind kinds[] = { IDENTITY_CLIENT, IDENTITY_P384, IDENTITY_ED25519, IDENTITY_RSA2048,
                                                IDENTITY_RSA4096_CHAIN };
    static const uint16_t groups[] = { DTLS_GROUP_X25519, DTLS_GROUP_SECP256R1, DTLS_GROUP_SECP384R1 };

    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (size_t g = 0; g < 3; g++) {
            struct pair_options options;
            pair_options(&options, 2);
            with_jobs(&options, 10 * NET_MS);
            options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
            options.config[SERVER].identity = options.config[CLIENT].identity = identity_of(kinds[k]);
            options.config[CLIENT].groups[0] = groups[g];
            options.config[CLIENT].group_count = 1;
            struct pair *pair = pair_new(&options);
            CHECK_CASE(pair_run_until_open(pair, 10 * NET_SECOND) && pair_ping(pair, NET_SECOND),
                       "key %d, group %u: never open", kinds[k], groups[g]);
            check_jobs(pair, "a mutual handshake", 2, 3);
            pair_free(pair);
        }
}

static void without_the_setting_there_are_none(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 3);
    call_begin(&call, &options);
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, NET_SECOND));
    check_jobs(call.pair, "by default", 0, 0);
    CU_ASSERT_PTR_NULL(dtls_conn_take_job(call.pair->end[CLIENT].conn));
    call_end(&call);
}

/* ---- what happens meanwhile ---- */

static void data_flows_while_a_job_is_out(void)
{
    for (int k = 0; k < 2; k++) {
        const uint64_t interval_us = 5 * NET_MS;
        struct pair_options options;
        struct call call;
        pair_options(&options, 4);
        with_jobs(&options, SLOW_US);
        options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
        call_begin(&call, &options);
        call_flow(&call, interval_us, 160);
        pair_run_for(call.pair, 100 * NET_MS);
        uint64_t answers = pair_stats(call.pair, CLIENT).answers + pair_stats(call.pair, SERVER).answers;
        traffic_measure(call.traffic);
        uint64_t start_us = call.pair->net.now_us;
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], 1, 10 * NET_SECOND));
        CU_ASSERT_TRUE(call.pair->net.now_us - start_us > 5 * SLOW_US); /* five jobs, one after the other */
        pair_run_for(call.pair, 100 * NET_MS);
        for (int from = CLIENT; from <= SERVER; from++) {
            const struct traffic_flow *flow = &call.traffic->flow[from];
            CHECK_CASE(flow->longest_gap_us <= interval_us && flow->longest_wait_us == 0,
                       "%s: from end %d: a gap of %llu us, a wait of %llu", call_kinds[k].name, from,
                       (unsigned long long)flow->longest_gap_us, (unsigned long long)flow->longest_wait_us);
        }
        /* Whoever waits for the one that works repeats its flight a few times; that draws no answers. */
        CU_ASSERT_EQUAL(pair_stats(call.pair, CLIENT).answers + pair_stats(call.pair, SERVER).answers, answers);
        call_end(&call);
    }
}

static void the_timeout_rests_while_a_job_is_out(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 5);
    options.job_us = SLOW_US;
    call_begin(&call, &options);
    struct dtls_config config = *call_config(&call, CLIENT); /* in the rehandshake alone: the round trip is known */
    config.public_key_jobs = true;
    call_set_config(&call, CLIENT, &config);
    uint64_t before = pair_stats(call.pair, CLIENT).retransmissions;
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_JOB, NET_SECOND));
    const struct dtls_conn *client = call.pair->end[CLIENT].conn;
    CU_ASSERT_TRUE(client->hs->timer.rto_us < SLOW_US / 2);
    CU_ASSERT_TRUE(dtls_conn_deadline(client) > call.pair->net.now_us + NET_SECOND); /* the total time's, no other */
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND) && call_is_alive(&call));
    CU_ASSERT_EQUAL(pair_stats(call.pair, CLIENT).retransmissions, before);
    call_end(&call);
}

static void jobs_survive_bad_networks(void)
{
    size_t lost = 0, jobs = 0;

    for (uint64_t seed = 0; seed < 100; seed++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, seed);
        with_jobs(&options, seed * 7 % 200 * NET_MS);
        options.config[CLIENT].public_key_jobs = seed % 3 != 0;
        options.config[SERVER].public_key_jobs = seed % 3 != 1;
        options.config[SERVER].client_certificate =
            seed & 4 ? DTLS_CLIENT_CERTIFICATE_ASK : DTLS_CLIENT_CERTIFICATE_NONE;
        for (int end = CLIENT; end <= SERVER; end++) {
            options.link[end].loss = 1500;
            options.link[end].duplicate = 1000;
            options.link[end].jitter_us = 15 * NET_MS;
            options.config[end].mtu = seed & 8 ? 300 : 1200;
            options.config[end].held_records = 4096;
        }
        call_begin(&call, &options);
        call_flow(&call, 10 * NET_MS, 160);
        for (size_t number = 1; number <= 3; number++) {
            CHECK_CASE(call_renew(&call, &call_kinds[(seed + number) % CALL_KINDS], number, 60 * NET_SECOND),
                       "seed %llu: rehandshake %zu is never done", (unsigned long long)seed, number);
            pair_run_for(call.pair, 1100 * NET_MS);
        }
        lost += call.pair->net.counts[CLIENT].lost + call.pair->net.counts[SERVER].lost;
        jobs += pair_count(call.pair, CLIENT, DTLS_EVENT_JOB) + pair_count(call.pair, SERVER, DTLS_EVENT_JOB);
        call_end(&call);
    }
    CU_ASSERT_TRUE(lost > 1000 && jobs > 500);
}

/* ---- jobs that come back otherwise ---- */

/* A rehandshake whose server has its first job out, in this test's own hands. */
static struct dtls_job *take_one(struct call *call, struct memory *memory)
{
    struct pair_options options;

    pair_options(&options, 6);
    memory_use(memory, &options.config[SERVER]);
    call_begin(call, &options);
    struct dtls_config config = *call_config(call, SERVER);
    config.public_key_jobs = true;
    call_set_config(call, SERVER, &config);
    struct dtls_conn *server = call->pair->end[SERVER].conn;
    call->pair->job_us = 3600 * NET_SECOND; /* not before this test takes it back */
    pair_rehandshake(call->pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    struct dtls_event event;
    struct dtls_job *job = NULL;
    CU_ASSERT_TRUE(pair_run_until_event(call->pair, SERVER, DTLS_EVENT_JOB, NET_SECOND));
    while (dtls_conn_next_event(server, &event))
        ;
    CU_ASSERT_EQUAL(pair_jobs(call->pair), 1);
    job = dtls_conn_take_job(server);
    CU_ASSERT_PTR_NULL(job); /* it is out already */
    return job;
}

static void a_job_is_taken_once(void)
{
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct call call;

    take_one(&call, &memory);
    call_end(&call); /* the connection goes first, the job after it */
    CU_ASSERT_EQUAL(memory.live_blocks, 0);
}

/* The events are taken by hand here: pair.c would take the job. */
static struct dtls_job *reach_job(struct dtls_conn *client, struct dtls_conn *server)
{
    uint8_t bytes[2000];
    struct dtls_event event;
    struct dtls_job *job = NULL;
    size_t len;

    while (job == NULL) {
        bool moved = false;
        while (dtls_conn_next_datagram(client, 1, bytes, sizeof bytes, &len)) {
            dtls_conn_receive(server, 1, bytes, len);
            moved = true;
            while (dtls_conn_next_event(server, &event))
                ;
            if ((job = dtls_conn_take_job(server)) != NULL)
                break;
        }
        while (job == NULL && dtls_conn_next_datagram(server, 1, bytes, sizeof bytes, &len)) {
            dtls_conn_receive(client, 1, bytes, len);
            moved = true;
            while (dtls_conn_next_event(client, &event))
                ;
        }
        if (!moved)
            break;
    }
    return job;
}

/* Two engines without a network, the server with jobs, at its first one. */
struct bare {
    struct memory memory;
    struct dtls_config config[2];
    struct dtls_conn *client, *server;
    struct dtls_job *job;
};

static void begin_bare(struct bare *bare)
{
    *bare = (struct bare){ .memory = { .fail_at = MEMORY_NEVER_FAILS } };
    for (int end = CLIENT; end <= SERVER; end++) {
        dtls_config_init(&bare->config[end]);
        bare->config[end].identity = identity_of(end == CLIENT ? IDENTITY_CLIENT : IDENTITY_SERVER);
        bare->config[end].verifier = dtls_verifier_accept();
    }
    memory_use(&bare->memory, &bare->config[SERVER]);
    bare->config[SERVER].public_key_jobs = true;
    bare->client = dtls_conn_new(&bare->config[CLIENT], DTLS_CLIENT);
    bare->server = dtls_conn_new(&bare->config[SERVER], DTLS_SERVER);
    CU_ASSERT_TRUE(bare->client != NULL && bare->server != NULL);
    dtls_conn_start(bare->server, 1);
    dtls_conn_start(bare->client, 1);
    bare->job = reach_job(bare->client, bare->server);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bare->job);
}

static void end_bare(struct bare *bare)
{
    dtls_conn_free(bare->client);
    dtls_conn_free(bare->server);
    CU_ASSERT_EQUAL(bare->memory.live_blocks, 0);
}

static void a_job_that_was_not_run_is_run(void)
{
    struct dtls_event event;
    struct bare bare;

    begin_bare(&bare);
    CU_ASSERT_EQUAL(dtls_conn_finish_job(bare.server, 1, bare.job), DTLS_OK);
    bare.job = reach_job(bare.client, bare.server);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bare.job);
    dtls_job_run(bare.job);
    CU_ASSERT_EQUAL(dtls_conn_finish_job(bare.server, 1, bare.job), DTLS_OK);
    while (dtls_conn_next_event(bare.server, &event)) /* Finished came while its keys were not there yet (R5) */
        ;
    CU_ASSERT_TRUE(dtls_conn_is_open(bare.server));
    end_bare(&bare);
}

static void a_job_may_outlive_its_connection(void)
{
    struct bare bare;

    begin_bare(&bare);
    dtls_conn_close(bare.server, 1);
    dtls_job_run(bare.job);
    CU_ASSERT_EQUAL(dtls_conn_finish_job(bare.server, 1, bare.job), DTLS_ERR_CLOSED);
    end_bare(&bare);
    begin_bare(&bare);
    dtls_conn_free(bare.server);
    bare.server = NULL;
    dtls_job_run(bare.job);
    dtls_job_free(bare.job);
    end_bare(&bare);
}

static void a_job_that_fails_ends_the_handshake(void)
{
    struct bare bare;
    struct dtls_event event;

    begin_bare(&bare);
    dtls_job_run(bare.job);
    bare.job->error = DTLS_ERR_RANDOM;
    CU_ASSERT_EQUAL(dtls_conn_finish_job(bare.server, 1, bare.job), DTLS_ERR_RANDOM);
    CU_ASSERT_TRUE(dtls_conn_next_event(bare.server, &event) && event.type == DTLS_EVENT_FAILED &&
                   event.error == DTLS_ERR_RANDOM);
    end_bare(&bare);
}

/* The client forgets its attempt and makes another while the server works for the first one (S5). */
static void a_job_of_a_replaced_attempt_is_only_freed(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 7);
    with_jobs(&options, SLOW_US);
    options.config[SERVER].random = dtls_system_random; /* two threads may draw at once */
    options.config[SERVER].rehandshake_interval_ms = 0; /* R13 would keep it out for a second */
    call_begin(&call, &options);
    call_flow(&call, 20 * NET_MS, 160);
    struct dtls_conn *client = call.pair->end[CLIENT].conn;
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    pair_run_for(call.pair, 30 * NET_MS);
    CU_ASSERT_EQUAL(pair_jobs(call.pair), 1);
    dtls_conn_drop_handshake(client); /* as no engine of ours would */
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(call.pair, 30 * NET_MS);
    CU_ASSERT_EQUAL(pair_jobs(call.pair), 2);
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 10 * NET_SECOND) && call_is_alive(&call));
    CU_ASSERT_EQUAL(pair_jobs(call.pair), 0);
    call_end(&call);
}

/* The event was passed over, and with it the rest of the datagram: its owner, told that there is nothing more, gave the
 * buffer back, and the next datagram was refused. */
static void a_job_taken_before_its_event_leaves_nothing_unread(void)
{
    struct bare bare;
    struct dtls_event event;
    uint8_t bytes[2000];
    size_t len;

    begin_bare(&bare);
    CU_ASSERT_EQUAL(dtls_conn_finish_job(bare.server, 1, bare.job), DTLS_OK);
    bare.job = NULL;
    while (dtls_conn_next_datagram(bare.server, 1, bytes, sizeof bytes, &len)) {
        dtls_conn_receive(bare.client, 1, bytes, len);
        while (dtls_conn_next_event(bare.client, &event))
            ;
    }
    while (dtls_conn_next_datagram(bare.client, 1, bytes, sizeof bytes, &len)) {
        CU_ASSERT_EQUAL(dtls_conn_receive(bare.server, 1, bytes, len), DTLS_OK);
        if (bare.job == NULL)
            bare.job = dtls_conn_take_job(bare.server);
        while (dtls_conn_next_event(bare.server, &event))
            ;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(bare.job);
    CU_ASSERT_EQUAL(dtls_conn_receive(bare.server, 1, bytes, 0), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_conn_finish_job(bare.server, 1, bare.job), DTLS_OK);
    while (dtls_conn_next_event(bare.server, &event))
        ;
    CU_ASSERT_TRUE(dtls_conn_is_open(bare.server));
    end_bare(&bare);
}

/* The job was made when the peer repeated itself, and done at once, without its owner; the event came all the same, and
 * when it was left out, what stood behind it in the datagram was not read. */
static void a_job_that_lacked_memory_is_the_owners_like_any_other(void)
{
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct pair_options options;
    struct call call;

    pair_options(&options, 1);
    options.config[SERVER].public_key_jobs = true;
    memory_use(&memory, &options.config[SERVER]);
    call_begin(&call, &options);
    pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL);
    CU_ASSERT_TRUE(pair_run_until_event(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_STARTED, NET_SECOND));
    size_t jobs = pair_count(call.pair, SERVER, DTLS_EVENT_JOB);
    memory.fail_at = memory.asked; /* ClientKeyExchange is in the air */
    CU_ASSERT_TRUE(pair_run_until_renewed(call.pair, 1, 5 * NET_SECOND));
    CU_ASSERT_EQUAL(memory.failed, 1);
    CU_ASSERT_EQUAL(pair_count(call.pair, SERVER, DTLS_EVENT_JOB), jobs + 1);
    CU_ASSERT_TRUE(call_is_alive(&call));
    call_end(&call);
}

static CU_TestInfo tests[] = {
    { "every kind of handshake works with jobs (R17)", every_kind_of_handshake_works_with_jobs },
    { "every kind of key and group works with jobs (R17)", every_key_and_group_works_with_jobs },
    { "without the setting there are none (R17)", without_the_setting_there_are_none },
    { "data flows both ways while a job is out, without gap or wait (R17)", data_flows_while_a_job_is_out },
    { "the timeout rests while a job is out (R17)", the_timeout_rests_while_a_job_is_out },
    { "handshakes with jobs survive bad networks, and lose no data (R17)", jobs_survive_bad_networks },
    { "a job is taken once, and may come back after its connection is gone (R17)", a_job_is_taken_once },
    { "a job that comes back undone is done then (R17)", a_job_that_was_not_run_is_run },
    { "a job may outlive its handshake or its connection (R17)", a_job_may_outlive_its_connection },
    { "a job that fails ends the handshake (R17)", a_job_that_fails_ends_the_handshake },
    { "a job of a replaced attempt is only freed (R17, S5)", a_job_of_a_replaced_attempt_is_only_freed },
    { "a job that lacked memory is the owner's like any other (R17, S8)",
      a_job_that_lacked_memory_is_the_owners_like_any_other },
    { "a job taken before its event leaves nothing unread (R17)", a_job_taken_before_its_event_leaves_nothing_unread },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "rehandshake job", tests);
}
