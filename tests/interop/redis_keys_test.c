/* redis_keys_test.c - ticket keys that a fleet shares through Redis: one server makes them, two follow. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/interop/redis_scene.h"

/* ---- ticket keys ---- */

enum { FOLLOWERS = 2 };

struct fleet {
    struct scene scene[1 + FOLLOWERS]; /* the first makes the keys; one loop for all */
    struct dtls_ticket_keys keys[1 + FOLLOWERS], by;
};

static bool is_same(const struct dtls_ticket_keys *a, const struct dtls_ticket_keys *b)
{
    return a->count == b->count && memcmp(a->keys, b->keys, a->count * sizeof a->keys[0]) == 0;
}

static struct fleet *the_fleet;

static bool all_have_the_keys(const struct scene *scene)
{
    (void)scene;
    for (size_t i = 0; i < FOLLOWERS; i++)
        if (the_fleet->keys[0].count == 0 || !is_same(&the_fleet->keys[0], &the_fleet->keys[1 + i]))
            return false;
    return true;
}

static struct dtls_ticket_keys older;

static bool the_keys_are_others(const struct scene *scene)
{
    return !is_same(&older, &the_fleet->keys[0]) && all_have_the_keys(scene);
}

static void begin_fleet(struct fleet *fleet, uint32_t period_s)
{
    *fleet = (struct fleet){ .by = { .keys = { { .name = "a", .key = "b" } }, .count = 1 } };
    the_fleet = fleet;
    scene_begin(&fleet->scene[0]);
    scene_start_server(&fleet->scene[0], NULL);
    for (size_t i = 0; i < 1 + FOLLOWERS; i++) {
        struct scene *scene = &fleet->scene[i];
        scene->loop = fleet->scene[0].loop;
        scene->port = fleet->scene[0].port;
        CU_ASSERT_EQUAL_FATAL(scene_try_store(scene, "redis://127.0.0.1:%d", NULL), DTLS_OK);
        CU_ASSERT_EQUAL(
            dtls_redis_share_keys(scene->redis, &fleet->keys[i], &fleet->by, i == 0 ? period_s : 0, 5 * period_s),
            DTLS_OK);
    }
}

static void end_fleet(struct fleet *fleet)
{
    for (size_t i = 1; i < 1 + FOLLOWERS; i++)
        dtls_redis_free(fleet->scene[i].redis);
    scene_end(&fleet->scene[0]);
}

static void keys_are_made_by_one_and_had_by_all(void)
{
    struct fleet fleet;

    begin_fleet(&fleet, 1);
    CU_ASSERT_TRUE(scene_run_until(&fleet.scene[0], all_have_the_keys));
    older = fleet.keys[0];
    CU_ASSERT_TRUE(older.count >= 2); /* this period's and the next one's */
    CU_ASSERT_TRUE(scene_run_until(&fleet.scene[0], the_keys_are_others));
    /* Without Redis everyone goes on with what there is; the maker's newer ones come when it is back. */
    scene_end_server(&fleet.scene[0]);
    CU_ASSERT_TRUE(scene_run_until(&fleet.scene[1], scene_is_down));
    older = fleet.keys[0];
    scene_start_server(&fleet.scene[0], NULL);
    CU_ASSERT_TRUE(scene_run_until(&fleet.scene[0], the_keys_are_others));
    end_fleet(&fleet);
}

static void a_maker_that_comes_back_begins_with_what_is_there(void)
{
    struct fleet fleet;
    struct scene *maker = &fleet.scene[0];

    begin_fleet(&fleet, 600);
    CU_ASSERT_TRUE(scene_run_until(maker, all_have_the_keys));
    older = fleet.keys[0];
    dtls_redis_free(maker->redis);
    memset(&fleet.keys[0], 0, sizeof fleet.keys[0]);
    CU_ASSERT_EQUAL_FATAL(scene_try_store(maker, "redis://127.0.0.1:%d", NULL), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_redis_share_keys(maker->redis, &fleet.keys[0], &fleet.by, 600, 3000), DTLS_OK);
    CU_ASSERT_TRUE(scene_run_until(maker, all_have_the_keys));
    CU_ASSERT_TRUE(is_same(&older, &fleet.keys[0]));
    CU_ASSERT_EQUAL(dtls_redis_share_keys(maker->redis, &fleet.keys[0], &fleet.by, 600, 3000), DTLS_ERR_ARGUMENT);
    end_fleet(&fleet);
}

static const char *wanted_words;

static bool somebody_was_told(const struct scene *scene)
{
    return strstr(scene->words, wanted_words) != NULL;
}

static void tell_redis(const struct scene *scene, const char *words)
{
    char command[128];

    snprintf(command, sizeof command, "redis-cli -p %d %s >/dev/null", scene->port, words);
    CHECK_CASE(system(command) == 0, "%s", words);
}

/* A follower that begins with nothing. */
static void renew_follower(struct fleet *fleet, size_t which)
{
    struct scene *scene = &fleet->scene[which];

    dtls_redis_free(scene->redis);
    scene->words[0] = '\0';
    fleet->keys[which] = (struct dtls_ticket_keys){ .count = 0 };
    CU_ASSERT_EQUAL_FATAL(scene_try_store(scene, "redis://127.0.0.1:%d", NULL), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_redis_share_keys(scene->redis, &fleet->keys[which], &fleet->by, 0, 0), DTLS_OK);
}

/* The set is in the store for longer than the maker needs to look again. */
static void a_store_that_has_forgotten_is_reminded(void)
{
    struct fleet fleet;

    begin_fleet(&fleet, 3);
    CU_ASSERT_TRUE(scene_run_until(&fleet.scene[0], all_have_the_keys));
    older = fleet.keys[0];
    CU_ASSERT_TRUE(scene_run_until(&fleet.scene[0], the_keys_are_others)); /* so that the next ones are far */
    older = fleet.keys[0];
    tell_redis(&fleet.scene[0], "flushall");
    renew_follower(&fleet, 1);
    CU_ASSERT_TRUE(scene_run_until(&fleet.scene[0], all_have_the_keys));
    CU_ASSERT_TRUE(is_same(&older, &fleet.keys[0]));
    end_fleet(&fleet);
}

/* By somebody who has kept it, and cannot read it. */
static void an_old_set_that_is_put_back_changes_nothing(void)
{
    struct fleet fleet;
    struct scene *maker = &fleet.scene[0], *follower = &fleet.scene[1];

    begin_fleet(&fleet, 1);
    CU_ASSERT_TRUE(scene_run_until(maker, all_have_the_keys));
    tell_redis(maker, "copy dtls:ticket-keys kept");
    for (int i = 0; i < 2; i++) {
        older = fleet.keys[0];
        CU_ASSERT_TRUE(scene_run_until(maker, the_keys_are_others));
    }
    dtls_redis_free(maker->redis);
    maker->redis = NULL;
    older = fleet.keys[1];
    tell_redis(maker, "copy kept dtls:ticket-keys replace");
    wanted_words = "are older";
    CU_ASSERT_TRUE(scene_run_until(follower, somebody_was_told));
    CU_ASSERT_TRUE(is_same(&older, &fleet.keys[1]));
    end_fleet(&fleet);
}

/* Somebody has written there: keys of another fleet, or nothing of the kind. */
static void keys_that_do_not_open_change_nothing(void)
{
    struct fleet fleet;

    for (int way = 0; way < 2; way++) {
        begin_fleet(&fleet, 600);
        CU_ASSERT_TRUE(scene_run_until(&fleet.scene[0], all_have_the_keys));
        struct scene *follower = &fleet.scene[1];
        older = fleet.keys[1];
        dtls_redis_free(follower->redis);
        follower->words[0] = '\0';
        fleet.by.keys[0].key[0] ^= way == 0; /* this fleet's keys are others now */
        if (way == 1)
            tell_redis(follower, "set dtls:ticket-keys poison");
        wanted_words = "do not open";
        CU_ASSERT_EQUAL_FATAL(scene_try_store(follower, "redis://127.0.0.1:%d", NULL), DTLS_OK);
        CU_ASSERT_EQUAL(dtls_redis_share_keys(follower->redis, &fleet.keys[1], &fleet.by, 0, 0), DTLS_OK);
        CU_ASSERT_TRUE(scene_run_until(follower, somebody_was_told));
        CU_ASSERT_TRUE(is_same(&older, &fleet.keys[1]));
        end_fleet(&fleet);
    }
}

static bool no_memory;

/* In front of libdtls's own, as the dynamic linker finds it. */
int dtls_ticket_keys_open(struct dtls_ticket_keys *keys, const struct dtls_ticket_keys *by, uint64_t now_s,
                          struct dtls_bytes sealed)
{
    int (*ours)(struct dtls_ticket_keys *, const struct dtls_ticket_keys *, uint64_t, struct dtls_bytes);

    *(void **)&ours = dlsym(RTLD_NEXT, "dtls_ticket_keys_open");
    return no_memory ? DTLS_ERR_NO_MEMORY : ours(keys, by, now_s, sealed);
}

/* A set that there is no memory to open is there all the same. */
static void a_maker_without_memory_waits(void)
{
    struct fleet fleet;
    struct scene *maker = &fleet.scene[0];

    begin_fleet(&fleet, 600);
    CU_ASSERT_TRUE(scene_run_until(maker, all_have_the_keys));
    older = fleet.keys[0];
    dtls_redis_free(maker->redis);
    memset(&fleet.keys[0], 0, sizeof fleet.keys[0]);
    maker->words[0] = '\0';
    no_memory = true;
    CU_ASSERT_EQUAL_FATAL(scene_try_store(maker, "redis://127.0.0.1:%d", NULL), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_redis_share_keys(maker->redis, &fleet.keys[0], &fleet.by, 600, 3000), DTLS_OK);
    wanted_words = "memory";
    CU_ASSERT_TRUE(scene_run_until(maker, somebody_was_told));
    CU_ASSERT_EQUAL(fleet.keys[0].count, 0);
    no_memory = false;
    CU_ASSERT_TRUE(scene_run_until(maker, all_have_the_keys));
    CU_ASSERT_TRUE(is_same(&older, &fleet.keys[0]));
    end_fleet(&fleet);
}

static bool the_maker_has_keys(const struct scene *scene)
{
    (void)scene;
    return the_fleet->keys[0].count > 0;
}

/* An error says nothing of whether there is a set. One that does not open is none: whoever can write there can as well
 * remove it. */
static void a_maker_waits_until_it_is_told_what_is_there(void)
{
    struct fleet fleet;
    struct scene *maker = &fleet.scene[0];

    begin_fleet(&fleet, 600);
    CU_ASSERT_TRUE(scene_run_until(maker, all_have_the_keys));
    for (int way = 0; way < 2; way++) {
        dtls_redis_free(maker->redis);
        memset(&fleet.keys[0], 0, sizeof fleet.keys[0]);
        maker->words[0] = '\0';
        tell_redis(maker, "del dtls:ticket-keys");
        tell_redis(maker, way == 0 ? "rpush dtls:ticket-keys something" : "set dtls:ticket-keys poison");
        CU_ASSERT_EQUAL_FATAL(scene_try_store(maker, "redis://127.0.0.1:%d", NULL), DTLS_OK);
        CU_ASSERT_EQUAL(dtls_redis_share_keys(maker->redis, &fleet.keys[0], &fleet.by, 600, 3000), DTLS_OK);
        wanted_words = way == 0 ? "WRONGTYPE" : "do not open";
        CU_ASSERT_TRUE(scene_run_until(maker, somebody_was_told));
        CU_ASSERT_EQUAL(fleet.keys[0].count > 0, way == 1);
        if (way == 0)
            tell_redis(maker, "del dtls:ticket-keys");
        CU_ASSERT_TRUE(scene_run_until(maker, the_maker_has_keys));
    }
    end_fleet(&fleet);
}

static CU_TestInfo tests[] = {
    { "ticket keys are made by one and had by all", keys_are_made_by_one_and_had_by_all },
    { "a maker that comes back begins with what is there", a_maker_that_comes_back_begins_with_what_is_there },
    { "a store that has forgotten them is reminded", a_store_that_has_forgotten_is_reminded },
    { "an old set that is put back changes nothing", an_old_set_that_is_put_back_changes_nothing },
    { "keys that do not open change nothing", keys_that_do_not_open_change_nothing },
    { "a maker waits until it is told what is there", a_maker_waits_until_it_is_told_what_is_there },
    { "a maker without memory waits", a_maker_without_memory_waits },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, "redis keys", tests);
}
