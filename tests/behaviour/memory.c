/* memory.c - any allocation may fail, in any call: no leak, no crash, and no connection that waits for ever
 * (contract S8). */
#include "conn/conn_private.h"
#include "tests/box/memory.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

enum how { PLAIN, JOBS, MEDIA };

static bool has_ended(const struct pair *pair, enum net_end end)
{
    return pair_count(pair, end, DTLS_EVENT_FAILED) + pair_count(pair, end, DTLS_EVENT_CLOSED) > 0;
}

/* Both ends are where they can stay: the handshake is done, or an end is over. */
static void check_first(const struct scene *scene, struct pair *pair, bool done, enum net_end poor, size_t number)
{
    const struct pair_event *failed = pair_last(pair, poor, DTLS_EVENT_FAILED);

    if (done)
        CHECK_CASE(pair_ping(pair, NET_SECOND), "%s, allocation %zu of end %d: no ping", scene_name(scene->kind),
                   number, (int)poor);
    else
        CHECK_CASE(has_ended(pair, poor) || has_ended(pair, net_other(poor)),
                   "%s, allocation %zu of end %d: neither done nor over", scene_name(scene->kind), number, (int)poor);
    CHECK_CASE(failed == NULL || failed->error == DTLS_ERR_NO_MEMORY || failed->error == DTLS_ERR_ALERT ||
                   failed->error == DTLS_ERR_TIMEOUT,
               "%s, allocation %zu of end %d: fails with %d", scene_name(scene->kind), number, (int)poor,
               failed == NULL ? 0 : failed->error);
}

/* One for each epoch, and none that a step which was undone has left behind. */
static void check_exporters(const struct scene *scene, const struct pair *pair, size_t number)
{
    for (int end = CLIENT; end <= SERVER; end++)
        for (const struct dtls_exporter *at = pair->end[end].conn->as.exporters; at != NULL; at = at->older)
            CHECK_CASE(dtls_exporter_find(at->older, at->epoch) == NULL,
                       "%s, allocation %zu: two exporters of epoch %u", scene_name(scene->kind), number, at->epoch);
}

/* One allocation fails: the attempt does not even begin, or it is done all the same. */
static void check_rehandshake(const struct scene *scene, struct pair *pair, bool begun, bool done, enum net_end poor,
                              size_t number)
{
    CHECK_CASE(done == begun, "%s, allocation %zu of end %d: begun %d, done %d", scene_name(scene->kind), number,
               (int)poor, begun, done);
    check_exporters(scene, pair, number);
    CHECK_CASE(pair_both_open(pair) && pair_ping(pair, NET_SECOND) &&
                   dtls_conn_epoch(pair->end[CLIENT].conn) == dtls_conn_epoch(pair->end[SERVER].conn),
               "%s, allocation %zu of end %d: the association suffers", scene_name(scene->kind), number, (int)poor);
    pair_run_for(pair, 2 * NET_SECOND);
    CHECK_CASE(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_ABBREVIATED) == DTLS_OK &&
                   pair_run_until_renewed(pair, done ? 2 : 1, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND),
               "%s, allocation %zu of end %d: the next one is not done", scene_name(scene->kind), number, (int)poor);
}

/* Data and a thinner path, still with little memory. */
static void live_on(const struct scene *scene, struct pair *pair, enum net_end poor, size_t number)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        dtls_conn_datagram_too_big(pair->end[end].conn, pair->net.now_us, 600);
        pair_settle(pair, (enum net_end)end);
    }
    CHECK_CASE(pair_ping(pair, NET_SECOND) && pair_count(pair, poor, DTLS_EVENT_MTU) == 1,
               "%s, allocation %zu of end %d: no data after a new MTU", scene_name(scene->kind), number, (int)poor);
}

static void end_cleanly(const struct scene *scene, struct pair *pair, enum net_end poor, size_t number)
{
    pair_close(pair, poor);
    pair_run_for(pair, NET_SECOND);
    CHECK_CASE(pair_count(pair, CLIENT, DTLS_EVENT_CLOSED) == 1 && pair_count(pair, SERVER, DTLS_EVENT_CLOSED) == 1,
               "%s, allocation %zu of end %d: no clean end", scene_name(scene->kind), number, (int)poor);
}

/* Runs one life in which allocation `number` of one end fails, counted from the handshake on; false when it did not ask
 * for so many until then. */
static bool survive(const struct scene *scene, enum net_end poor, size_t number, bool for_good, enum how how)
{
    bool first = !scene_is_rehandshake(scene->kind);
    struct pair_options options;
    struct memory memory = { .fail_at = first ? number : MEMORY_NEVER_FAILS, .fail_for_good = for_good };

    scene_options(scene, &options, 1);
    options.cookies = false;
    options.config[poor].public_key_jobs = how == JOBS;
    for (int end = CLIENT; end <= SERVER && how == MEDIA; end++) {
        options.config[end].srtp_profiles[0] = DTLS_SRTP_AEAD_AES_256_GCM;
        options.config[end].srtp_profile_count = 1;
        options.config[end].srtp_mki_len = 4;
    }
    memory_use(&memory, &options.config[poor]);
    struct pair *pair = scene_prepare(scene, &options);
    if (!first)
        memory.fail_at = memory.asked + number;
    if (pair->end[CLIENT].conn != NULL && pair->end[SERVER].conn != NULL) {
        int begun = scene_start(scene, pair);
        bool done = begun == DTLS_OK && scene_run(scene, pair, 200 * NET_SECOND);
        CHECK_CASE(begun == DTLS_OK || begun == DTLS_ERR_NO_MEMORY, "%s, allocation %zu: begins with %d",
                   scene_name(scene->kind), number, begun);
        bool live = pair_both_open(pair) && done;
        if (live)
            live_on(scene, pair, poor, number);
        memory.fail_at = MEMORY_NEVER_FAILS;
        if (!first)
            check_rehandshake(scene, pair, begun == DTLS_OK, done, poor, number);
        else if (begun == DTLS_OK)
            check_first(scene, pair, done, poor, number);
        if (live)
            end_cleanly(scene, pair, poor, number);
    }
    pair_free(pair);
    CHECK_CASE(memory.live_blocks == 0 && memory.live_bytes == 0,
               "%s, allocation %zu of end %d: %zu blocks with %zu bytes are lost", scene_name(scene->kind), number,
               (int)poor, memory.live_blocks, memory.live_bytes);
    return memory.failed > 0;
}

static void fail_each(enum scene_kind kind, bool for_good, enum how how)
{
    for (int poor = CLIENT; poor <= SERVER; poor++) {
        struct scene scene;
        size_t number = 0;
        scene_begin(&scene, kind);
        while (survive(&scene, (enum net_end)poor, number, for_good, how))
            number++;
        CHECK_CASE(number > 3, "%s: end %d asks for memory only %zu times", scene_name(kind), poor, number);
        scene_end(&scene);
    }
}

static void rehandshakes_outlive_a_failing_allocation(void)
{
    for (int kind = SCENE_FULL_FROM_CLIENT; kind < SCENE_KINDS; kind++)
        fail_each((enum scene_kind)kind, false, PLAIN);
}

static void so_it_is_with_jobs(void)
{
    fail_each(SCENE_MUTUAL, false, JOBS);
    fail_each(SCENE_MUTUAL_FROM_CLIENT, false, JOBS);
}

static void so_it_is_with_keys_for_media(void)
{
    for (int kind = SCENE_FULL_FROM_CLIENT; kind < SCENE_KINDS; kind++)
        fail_each((enum scene_kind)kind, false, MEDIA);
    fail_each(SCENE_MUTUAL, false, MEDIA);
    fail_each(SCENE_RESUMED_BY_ID, true, MEDIA);
}

static void first_handshakes_survive_a_failing_allocation(void)
{
    for (int kind = 0; kind < SCENE_FULL_FROM_CLIENT; kind++)
        fail_each((enum scene_kind)kind, false, PLAIN);
}

static void first_handshakes_survive_the_end_of_memory(void)
{
    for (int kind = 0; kind < SCENE_FULL_FROM_CLIENT; kind++)
        fail_each((enum scene_kind)kind, true, PLAIN);
}

static void records_need_no_memory(void)
{
    struct pair_options options;
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };

    pair_options(&options, 2);
    memory_use(&memory, &options.config[CLIENT]);
    memory_use(&memory, &options.config[SERVER]);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    size_t asked = memory.asked;
    for (int i = 0; i < 100; i++)
        CU_ASSERT_TRUE(pair_ping(pair, NET_SECOND));
    CU_ASSERT_EQUAL(memory.asked, asked);
    pair_free(pair);
    CU_ASSERT_EQUAL(memory.live_blocks, 0);
}

static CU_TestInfo tests[] = {
    { "first handshakes survive any failing allocation", first_handshakes_survive_a_failing_allocation },
    { "first handshakes survive the end of all memory", first_handshakes_survive_the_end_of_memory },
    { "an association outlives any failing allocation in a rehandshake, which is done all the same (S8)",
      rehandshakes_outlive_a_failing_allocation },
    { "so it is where public-key work is a job (S8, R17)", so_it_is_with_jobs },
    { "so it is with keys for media, which have blocks of their own (S8, K3)", so_it_is_with_keys_for_media },
    { "records need no memory", records_need_no_memory },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "memory", tests);
}
