/* scene.h - the kinds of handshake a test can be about, each prepared up to the moment before its first datagram. */
#ifndef DTLS_TESTS_BOX_SCENE_H
#define DTLS_TESTS_BOX_SCENE_H

#include "tests/box/pair.h"

enum scene_kind {
    SCENE_FULL, /* with cookie exchange, as the other first handshakes here */
    SCENE_MUTUAL,
    SCENE_RESUMED_BY_ID,
    SCENE_RESUMED_BY_TICKET,
    SCENE_TICKET,           /* a full one that issues a ticket */
    SCENE_FULL_FROM_CLIENT, /* and from here on rehandshakes */
    SCENE_FULL_FROM_SERVER,
    SCENE_ABBREVIATED_FROM_CLIENT,
    SCENE_ABBREVIATED_FROM_SERVER,
    SCENE_MUTUAL_FROM_CLIENT,
    SCENE_KINDS,
};

/* What several handshakes of one kind share: the server's memory and the client's session. */
struct scene {
    enum scene_kind kind;
    struct dtls_session_cache *cache;
    struct dtls_ticket_keys ticket_keys;
    struct dtls_session *session;
    uint64_t start_us; /* no pair of a shared cache may start before the one that filled it */
};

const char *scene_name(enum scene_kind kind);
bool scene_is_rehandshake(enum scene_kind kind);

/* Prepares; a kind that resumes has its first association here, over a perfect network. */
void scene_begin(struct scene *scene, enum scene_kind kind);
void scene_end(struct scene *scene);

/* The options for the kind; the test may change what it likes before scene_pair. */
void scene_options(const struct scene *scene, struct pair_options *options, uint64_t seed);

/* A pair that is ready for the handshake. options->filter sees its datagrams, from index 0, and none before. */
struct pair *scene_prepare(const struct scene *scene, const struct pair_options *options);

/* Begins it: sends the first datagram. What the engine answers. */
int scene_start(const struct scene *scene, struct pair *pair);

/* Both in one. */
struct pair *scene_pair(const struct scene *scene, const struct pair_options *options);

/* Until the handshake is done at both ends. */
bool scene_run(const struct scene *scene, struct pair *pair, uint64_t limit_us);

/* Was it the kind of handshake that was wanted, and nothing else? Checked with CUnit. */
void scene_check(const struct scene *scene, const struct pair *pair);

#endif
