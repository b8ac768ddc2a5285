/* scene.c - how each kind of handshake comes about. */
#include "tests/box/scene.h"

#include "tests/tap.h"

static const struct kind {
    const char *name;
    bool mutual, by_id, by_ticket, resumed, rehandshake;
    enum net_end from;
    enum dtls_rehandshake_mode mode;
} kinds[SCENE_KINDS] = {
    [SCENE_FULL] = { .name = "full" },
    [SCENE_MUTUAL] = { .name = "mutual", .mutual = true },
    [SCENE_RESUMED_BY_ID] = { .name = "resumed by id", .by_id = true, .resumed = true },
    [SCENE_RESUMED_BY_TICKET] = { .name = "resumed by ticket", .by_ticket = true, .resumed = true },
    [SCENE_TICKET] = { .name = "full with a ticket", .by_ticket = true },
    [SCENE_FULL_FROM_CLIENT] = { .name = "full rehandshake from the client", .rehandshake = true, .from = CLIENT },
    [SCENE_FULL_FROM_SERVER] = { .name = "full rehandshake from the server", .rehandshake = true, .from = SERVER },
    [SCENE_ABBREVIATED_FROM_CLIENT] = { .name = "abbreviated rehandshake from the client",
                                        .rehandshake = true,
                                        .from = CLIENT,
                                        .mode = DTLS_REHANDSHAKE_ABBREVIATED,
                                        .resumed = true },
    [SCENE_ABBREVIATED_FROM_SERVER] = { .name = "abbreviated rehandshake from the server",
                                        .rehandshake = true,
                                        .from = SERVER,
                                        .mode = DTLS_REHANDSHAKE_ABBREVIATED,
                                        .resumed = true },
    [SCENE_MUTUAL_FROM_CLIENT] = { .name = "mutual full rehandshake from the client",
                                   .mutual = true,
                                   .rehandshake = true,
                                   .from = CLIENT },
};

const char *scene_name(enum scene_kind kind)
{
    return kinds[kind].name;
}

bool scene_is_rehandshake(enum scene_kind kind)
{
    return kinds[kind].rehandshake;
}

void scene_begin(struct scene *scene, enum scene_kind kind)
{
    struct rng rng = { 48 };
    struct pair_options options;

    *scene = (struct scene){ .kind = kind, .start_us = NET_SECOND };
    rng_fill(&rng, scene->ticket_keys.keys[0].key, sizeof scene->ticket_keys.keys[0].key);
    scene->ticket_keys.count = 1;
    if (kinds[kind].by_id)
        scene->cache = dtls_session_cache_new(64);
    if (!kinds[kind].resumed || kinds[kind].rehandshake)
        return;
    scene_options(scene, &options, 0);
    struct pair *pair = pair_new(&options);
    CHECK_CASE(pair_run_until_open(pair, 10 * NET_SECOND), "%s: the first association fails", kinds[kind].name);
    pair_run_for(pair, NET_SECOND);
    scene->session = pair_session(pair);
    CHECK_CASE(scene->session != NULL, "%s: the first association gave no session", kinds[kind].name);
    scene->start_us = pair->net.now_us;
    pair_free(pair);
}

void scene_end(struct scene *scene)
{
    dtls_session_cache_free(scene->cache);
    dtls_session_free(scene->session);
}

void scene_options(const struct scene *scene, struct pair_options *options, uint64_t seed)
{
    const struct kind *kind = &kinds[scene->kind];

    pair_options(options, seed);
    options->start_us = scene->start_us;
    options->cookies = true;
    options->session = scene->session;
    options->config[SERVER].store = dtls_session_cache_store(scene->cache);
    if (kind->by_ticket)
        options->config[SERVER].ticket_keys = &scene->ticket_keys;
    if (kind->mutual)
        options->config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
}

/* An open association, over a friendly network, past the interval of contract R13. */
static struct pair *associate(const struct kind *kind, const struct pair_options *options)
{
    struct pair_options calm = *options;

    calm.filter = NULL;
    calm.link[CLIENT] = calm.link[SERVER] = (struct net_link){ .delay_us = 20 * NET_MS };
    struct pair *pair = pair_new(&calm);
    CHECK_CASE(pair_run_until_open(pair, 10 * NET_SECOND), "seed %llu: %s: no first handshake",
               (unsigned long long)options->seed, kind->name);
    CHECK_CASE(pair_ping(pair, NET_SECOND), "seed %llu: %s: no ping before it", (unsigned long long)options->seed,
               kind->name);
    pair_run_for(pair, 2 * NET_SECOND);
    pair->net.link[CLIENT] = options->link[CLIENT];
    pair->net.link[SERVER] = options->link[SERVER];
    net_set_filter(&pair->net, options->filter, options->filter_arg);
    return pair;
}

struct pair *scene_prepare(const struct scene *scene, const struct pair_options *options)
{
    struct pair_options waiting = *options;

    waiting.silent = true;
    return kinds[scene->kind].rehandshake ? associate(&kinds[scene->kind], options) : pair_new(&waiting);
}

int scene_start(const struct scene *scene, struct pair *pair)
{
    const struct kind *kind = &kinds[scene->kind];

    return kind->rehandshake ? pair_rehandshake(pair, kind->from, kind->mode) : pair_start_client(pair);
}

struct pair *scene_pair(const struct scene *scene, const struct pair_options *options)
{
    struct pair *pair = scene_prepare(scene, options);
    int result = scene_start(scene, pair);

    CHECK_CASE(result == DTLS_OK, "%s: does not begin: %s", kinds[scene->kind].name, dtls_error_string(result));
    return pair;
}

bool scene_run(const struct scene *scene, struct pair *pair, uint64_t limit_us)
{
    return kinds[scene->kind].rehandshake ? pair_run_until_renewed(pair, 1, limit_us)
                                          : pair_run_until_open(pair, limit_us);
}

void scene_check(const struct scene *scene, const struct pair *pair)
{
    const struct kind *kind = &kinds[scene->kind];
    enum dtls_event_type type = kind->rehandshake ? DTLS_EVENT_REHANDSHAKE_DONE : DTLS_EVENT_OPEN;

    for (int i = CLIENT; i <= SERVER; i++) {
        enum net_end end = (enum net_end)i;
        const struct pair_event *last = pair_last(pair, end, type);
        const char *name = end == CLIENT ? "client" : "server";
        unsigned long long seed = pair->seed;
        CHECK_CASE(last != NULL && pair_count(pair, end, type) == 1, "seed %llu: %s: not done once at the %s", seed,
                   kind->name, name);
        CHECK_CASE(last == NULL || last->resumed == kind->resumed, "seed %llu: %s: another kind at the %s", seed,
                   kind->name, name);
        CHECK_CASE(last == NULL || last->epoch == (kind->rehandshake ? 2 : 1), "seed %llu: %s: another epoch at the %s",
                   seed, kind->name, name);
        CHECK_CASE(pair_count(pair, end, DTLS_EVENT_FAILED) == 0, "seed %llu: %s: the %s fails", seed, kind->name,
                   name);
    }
}
