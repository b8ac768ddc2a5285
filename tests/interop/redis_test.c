/* redis_test.c - a store in Redis that is there: what is kept, for how long, and who is let in. */
#include <stdio.h>
#include <string.h>

#include "tests/interop/redis_scene.h"

/* ---- as it should be ---- */

static void what_is_put_is_got(void)
{
    struct scene scene;

    scene_begin_with_server(&scene, NULL);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 0);
    for (unsigned i = 1; i <= 300; i++)
        scene_put(&scene, i, 1 + i % DTLS_STORE_ENTRY_MOST, 60);
    for (unsigned i = 1; i <= 300; i++)
        CHECK_CASE(scene_get(&scene, i, false) == 1 + i % DTLS_STORE_ENTRY_MOST, "entry %u", i);
    CU_ASSERT_EQUAL(scene_get(&scene, 7, true), 8);
    CU_ASSERT_EQUAL(scene_get(&scene, 7, true), 0);
    const struct dtls_store *store = dtls_redis_store(scene.redis);
    store->remove(store->arg, scene_name(8));
    CU_ASSERT_EQUAL(scene_get(&scene, 8, false), 0);
    scene_put(&scene, 9, 20, 60); /* in place of the other */
    CU_ASSERT_EQUAL(scene_get(&scene, 9, false), 20);
    ev_run(scene.loop, EVRUN_NOWAIT);
    struct dtls_redis_stats stats;
    dtls_redis_stats(scene.redis, &stats);
    CU_ASSERT_TRUE(stats.gets == 305 && stats.found == 302 && stats.puts == 301 && stats.removes == 1 &&
                   stats.refused == 0 && stats.lost == 0 && stats.errors == 0 && stats.connects == 1);
    CU_ASSERT_EQUAL(scene.news, 305); /* one was waited for at a time */
    scene_end(&scene);
}

static void many_answers_in_a_turn_are_told_once(void)
{
    static struct dtls_question questions[1000];
    struct scene scene;

    scene_begin_with_server(&scene, NULL);
    scene_wanted = scene_answered + 1000;
    for (unsigned i = 0; i < 1000; i++)
        scene_ask(&scene, &questions[i], i, false);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_answered));
    ev_run(scene.loop, EVRUN_NOWAIT);
    CHECK_CASE(scene.news >= 1 && scene.news < 500, "told %u times", scene.news);
    scene_end(&scene);
}

static void entries_live_as_long_as_they_may(void)
{
    struct scene scene;
    double until = ev_time() + SCENE_MOST_S;

    scene_begin_with_server(&scene, NULL);
    scene_put(&scene, 1, 10, 1);
    scene_put(&scene, 2, 10, 60);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 10);
    while (scene_get(&scene, 1, false) > 0 && ev_time() < until)
        ev_sleep(0.05);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 0);
    CU_ASSERT_EQUAL(scene_get(&scene, 2, false), 10);
    scene_end(&scene);
}

static void prefixes_keep_fleets_apart(void)
{
    const struct dtls_redis_settings other = { .prefix = "other:" };
    struct scene scene;

    scene_begin_with_server(&scene, NULL);
    scene_put(&scene, 1, 10, 60);
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 10);
    struct dtls_redis *first = scene.redis;
    scene.up = false;
    CU_ASSERT_EQUAL_FATAL(scene_try_store(&scene, "redis://127.0.0.1:%d", &other), DTLS_OK);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_up));
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 0);
    dtls_redis_free(scene.redis);
    scene.up = false;
    CU_ASSERT_EQUAL_FATAL(scene_try_store(&scene, "redis://127.0.0.1:%d/3", NULL), DTLS_OK);
    CU_ASSERT_TRUE(scene_run_until(&scene, scene_is_up));
    CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 0); /* another database */
    dtls_redis_free(first);
    scene_end(&scene);
}

/* ---- who is let in ---- */

static void passwords(void)
{
    const struct dtls_redis_settings narrow = { .most_waiting = 1 }; /* which is not for the greeting */
    static const struct {
        const char *url;
        bool up;
    } cases[] = {
        { "redis://:secret@127.0.0.1:%d", true },        { "redis://default:secret@127.0.0.1:%d/2", true },
        { "redis://:%%73ecret@127.0.0.1:%d", true },     { "redis://127.0.0.1:%d", false },
        { "redis://:wrong@127.0.0.1:%d", false },        { "redis://nobody:secret@127.0.0.1:%d", false },
        { "redis://:secret@127.0.0.1:%d/60000", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene;
        scene_begin(&scene);
        scene_start_server(&scene, "secret");
        CU_ASSERT_EQUAL_FATAL(scene_try_store(&scene, cases[i].url, &narrow), DTLS_OK);
        double until = ev_time() + SCENE_MOST_S; /* at first the server may not be there */
        while (!scene.up && strchr(scene.words, ' ') == NULL && ev_time() < until)
            ev_run(scene.loop, EVRUN_ONCE);
        while (!scene.up && strstr(scene.words, "refused") != NULL && ev_time() < until)
            ev_run(scene.loop, EVRUN_ONCE);
        CHECK_CASE(scene.up == cases[i].up, "%s: %s", cases[i].url, scene.words);
        if (!scene.up) {
            CHECK_CASE(strstr(scene.words, "NOAUTH") != NULL || strstr(scene.words, "WRONGPASS") != NULL ||
                           strstr(scene.words, "DB index") != NULL,
                       "%s: %s", cases[i].url, scene.words);
            CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 0);
        }
        scene_end(&scene);
    }
}

static void a_server_on_this_machine_is_found_by_its_path(void)
{
    static const char *const who[] = { "", ":secret@", "default:secret@" };

    for (size_t i = 0; i < sizeof who / sizeof who[0]; i++) {
        struct scene scene;
        char url[100];
        scene_begin(&scene);
        scene_start_server(&scene, i == 0 ? NULL : "secret");
        snprintf(url, sizeof url, "redis+unix:%s%s/redis@home", who[i], scene.room);
        CU_ASSERT_EQUAL_FATAL(scene_try_store(&scene, url, NULL), DTLS_OK);
        CHECK_CASE(scene_run_until(&scene, scene_is_up), "%s: %s", url, scene.words);
        scene_put(&scene, 1, 10, 60);
        CU_ASSERT_EQUAL(scene_get(&scene, 1, false), 10);
        scene_end(&scene);
    }
}

static void urls(void)
{
    static const struct {
        const char *url;
        int error;
    } cases[] = {
        { "redis://127.0.0.1", DTLS_OK },
        { "redis://127.0.0.1/", DTLS_OK },
        { "redis://[::1]:6379/1", DTLS_OK },
        { "redis://localhost:6379", DTLS_OK },
        { "redis://u:p%40ss@127.0.0.1", DTLS_OK },
        { "redis://:p:a/t@127.0.0.1", DTLS_ERR_ARGUMENT }, /* %2F */
        { "redis+unix:/run/redis.sock", DTLS_OK },
        { "redis+unix:u:p@/run/redis@home:1", DTLS_OK },
        { "redis+unix:", DTLS_ERR_ARGUMENT },
        { "redis+unix:redis.sock", DTLS_ERR_ARGUMENT },
        { "redis+unix:u@/run/redis.sock", DTLS_ERR_ARGUMENT },
        { "redis+unix:host/run/redis.sock", DTLS_ERR_ARGUMENT },
        { "redis+unix:/this/is/a/path/of/more/than/a/hundred/and/seven/bytes/or/so/for/which/a/socket's/address/has/no/"
          "room/nor/need/at/all",
          DTLS_ERR_ARGUMENT },
        { "", DTLS_ERR_ARGUMENT },
        { "127.0.0.1:6379", DTLS_ERR_ARGUMENT },
        { "rediss://127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://", DTLS_ERR_ARGUMENT },
        { "redis://:6379", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1:", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1:0", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1:65536", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1:6379x", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1/one", DTLS_ERR_ARGUMENT },
        { "redis://127.0.0.1/1/2", DTLS_ERR_ARGUMENT },
        { "redis://[::1", DTLS_ERR_ARGUMENT },
        { "redis://[::1]x", DTLS_ERR_ARGUMENT },
        { "redis://user@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://user:@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://:p%4@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://:p%00@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://:p%zz@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://:p%+5@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://:p%-1@127.0.0.1", DTLS_ERR_ARGUMENT },
        { "redis://nobody.invalid", DTLS_REDIS_ERR_HOST },
    };
    char long_url[1000] = "redis://", long_prefix[66];

    memset(long_url + 8, 'a', 900);
    memset(long_prefix, 'p', 65);
    long_prefix[65] = '\0';
    for (size_t i = 0; i < sizeof cases / sizeof cases[0] + 2; i++) {
        struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
        bool listed = i < sizeof cases / sizeof cases[0];
        struct dtls_redis_settings settings = { .url = listed ? cases[i].url : long_url };
        struct dtls_redis *redis = (struct dtls_redis *)&settings;
        if (i > sizeof cases / sizeof cases[0])
            settings = (struct dtls_redis_settings){ .url = "redis://127.0.0.1", .prefix = long_prefix };
        int err = dtls_redis_new(loop, &settings, &redis);
        CHECK_CASE(err == (listed ? cases[i].error : DTLS_ERR_ARGUMENT), "%s: %d", settings.url, err);
        CHECK_CASE((redis != NULL) == (err == DTLS_OK), "%s", settings.url);
        dtls_redis_free(redis);
        ev_loop_destroy(loop);
    }
}

static CU_TestInfo tests[] = {
    { "what is put is got, whatever its bytes; taken once; removed", what_is_put_is_got },
    { "many answers in a turn of the loop are told once", many_answers_in_a_turn_are_told_once },
    { "entries live as long as they may", entries_live_as_long_as_they_may },
    { "prefixes and databases keep fleets apart", prefixes_keep_fleets_apart },
    { "passwords, users and databases: let in, or told why not", passwords },
    { "a server on this machine is found by its path", a_server_on_this_machine_is_found_by_its_path },
    { "URLs, good and bad", urls },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, "redis", tests);
}
