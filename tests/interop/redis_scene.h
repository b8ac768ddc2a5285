/* redis_scene.h - libdtls-redis without an engine: questions, and a dtls_question_answer_stored in front of the
 * library's; a redis-server of our own, and a store on it. */
#ifndef DTLS_TESTS_REDIS_SCENE_H
#define DTLS_TESTS_REDIS_SCENE_H

#include <sys/types.h>

#include "dtls/redis.h"
#include "tests/tap.h"

enum { SCENE_MOST_S = 20 }; /* of anything here */

struct dtls_question {
    unsigned answers;
    size_t len; /* of the answer; 0: there is none, or it is too long */
    uint8_t entry[DTLS_STORE_ENTRY_MOST];
};

extern size_t scene_answered; /* questions, in all */
extern size_t scene_wanted;   /* for scene_is_answered */

struct scene {
    struct ev_loop *loop;
    char room[32];
    int port;
    pid_t server; /* 0: none */
    struct dtls_redis *redis;
    bool up;
    unsigned changes, news;
    char words[256];
};

/* The whole of a test program's main, as tap_main; where there is no redis-server it skips all of them. */
int scene_main(int argc, char **argv, const char *suite, CU_TestInfo *tests);

/* A loop, a room in /tmp, a port that nobody has. */
void scene_begin(struct scene *scene);
void scene_begin_with_server(struct scene *scene, const struct dtls_redis_settings *settings);

/* Frees the store, if there is one, and ends the server. */
void scene_end(struct scene *scene);

/* A socket on any port of 127.0.0.1, which does not wait. */
int scene_listen_anywhere(int *port);

/* At 127.0.0.1 and the room's path "redis@home". `password` may be NULL. It takes a while until it is there. */
void scene_start_server(struct scene *scene, const char *password);
void scene_end_server(struct scene *scene);

/* dtls_redis_new: `format` is the URL with %d for the port; `settings` may be NULL. */
int scene_try_store(struct scene *scene, const char *format, const struct dtls_redis_settings *settings);

/* Runs the loop until `done`; false when that takes too long. */
bool scene_run_until(struct scene *scene, bool (*done)(const struct scene *scene));
bool scene_is_up(const struct scene *scene);
bool scene_is_down(const struct scene *scene);
bool scene_is_answered(const struct scene *scene); /* as many as are wanted */

/* Of entry `number`; valid until the next call. */
struct dtls_bytes scene_name(unsigned number);

void scene_put(const struct scene *scene, unsigned number, size_t len, uint32_t lifetime_s);
void scene_ask(const struct scene *scene, struct dtls_question *question, unsigned number, bool take);

/* Asks, and waits: how long the entry is, 0: there is none. */
size_t scene_get(struct scene *scene, unsigned number, bool take);

#endif
