/* server_name.c - the name that a client asks for (RFC 6066, 3): who sees it, when it changes, and that a session is of
 * the name that it was made with. */
#include "conn/conn_private.h"

#include <string.h>

#include "handshake/binding.h"
#include "identity/host_name.h"
#include "tests/box/call.h"
#include "tests/box/memory.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

static bool is(const char *text, const char *expected)
{
    return expected == NULL ? text == NULL : text != NULL && strcmp(text, expected) == 0;
}

static const char *name_at(const struct pair *pair, enum net_end end)
{
    return dtls_conn_server_name(pair->end[end].conn);
}

static void the_server_sees_it_and_the_client_knows(void)
{
    static const char *const names[][2] = { { NULL, NULL },
                                            { "sip.example", "sip.example" },
                                            { "SIP.Example", "sip.example" },
                                            { "xn--bcher-kva.example", "xn--bcher-kva.example" } };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (int mutual = 0; mutual < 2; mutual++) {
            struct pair_options options;
            pair_options(&options, i);
            options.config[CLIENT].server_name = names[i][0];
            options.config[SERVER].server_name = "ignored.example"; /* a server has none of its own */
            if (mutual)
                options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
            struct pair *pair = pair_new(&options);
            CU_ASSERT_PTR_NULL(name_at(pair, CLIENT));
            CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
            CHECK_CASE(is(name_at(pair, CLIENT), names[i][0]) && is(name_at(pair, SERVER), names[i][1]), "%zu", i);
            pair_free(pair);
        }
}

static void a_long_name_fits_a_small_mtu_and_loss(void)
{
    char name[DTLS_HOST_NAME_MAX + 1];

    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = i % 60 == 59 ? '.' : 'a';
    name[sizeof name - 1] = '\0';
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct pair_options options;
        pair_options(&options, seed);
        options.config[CLIENT].server_name = name;
        for (int end = CLIENT; end <= SERVER; end++) {
            options.config[end].mtu = 256;
            options.link[end].loss = 1500;
        }
        struct pair *pair = pair_new(&options);
        CHECK_CASE(pair_run_until_open(pair, 60 * NET_SECOND) && is(name_at(pair, SERVER), name), "seed %llu",
                   (unsigned long long)seed);
        pair_free(pair);
    }
}

/* ---- sessions ---- */

/* Two associations one after the other, with these names; was the second one resumed? */
static bool resumes(enum scene_kind kind, const char *first, const char *second, bool offers)
{
    struct scene scene;
    struct pair_options options;
    struct rng rng = { 3 };
    bool by_id = kind == SCENE_RESUMED_BY_ID;

    scene = (struct scene){ .kind = kind, .start_us = NET_SECOND };
    rng_fill(&rng, scene.ticket_keys.keys[0].key, sizeof scene.ticket_keys.keys[0].key);
    scene.ticket_keys.count = 1;
    scene.cache = by_id ? dtls_session_cache_new(4) : NULL;
    scene_options(&scene, &options, 1);
    options.config[CLIENT].server_name = first;
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    struct dtls_session *session = pair_session(pair);
    CU_ASSERT_PTR_NOT_NULL_FATAL(session);
    scene.start_us = pair->net.now_us;
    pair_free(pair);

    if (!offers) /* a client that does not keep to it: the session says nothing of a name to it */
        dtls_session_bind(&session->state, second, NULL);
    scene_options(&scene, &options, 2);
    options.config[CLIENT].server_name = second;
    pair = pair_new(&options);
    int taken = dtls_conn_resume(pair->end[CLIENT].conn, session);
    CU_ASSERT_EQUAL(taken, DTLS_ERR_ARGUMENT); /* it has begun */
    pair_free(pair);
    options.silent = true;
    pair = pair_new(&options);
    taken = dtls_conn_resume(pair->end[CLIENT].conn, session);
    CHECK_CASE(taken == (offers && !is(first, second) ? DTLS_ERR_ARGUMENT : DTLS_OK), "%s, %s: %d", first, second,
               taken);
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    bool resumed = pair_last(pair, SERVER, DTLS_EVENT_OPEN)->resumed;
    CU_ASSERT_EQUAL(pair_last(pair, CLIENT, DTLS_EVENT_OPEN)->resumed, resumed);
    CU_ASSERT_TRUE(is(name_at(pair, SERVER), second) && is(name_at(pair, CLIENT), second));
    pair_free(pair);
    dtls_session_free(session);
    dtls_session_cache_free(scene.cache);
    return resumed;
}

static void a_session_is_of_its_name(void)
{
    static const char *const names[] = { NULL, "a.example", "b.example" };

    for (int kind = SCENE_RESUMED_BY_ID; kind <= SCENE_RESUMED_BY_TICKET; kind++)
        for (size_t first = 0; first < 3; first++)
            for (size_t second = 0; second < 3; second++)
                for (int offers = 0; offers < 2; offers++)
                    CHECK_CASE(resumes((enum scene_kind)kind, names[first], names[second], offers) == (first == second),
                               "%s: %zu, then %zu, %s", scene_name((enum scene_kind)kind), first, second,
                               offers ? "an honest client" : "a client that offers it all the same");
}

/* ---- rehandshakes ---- */

static void a_rehandshake_may_ask_for_another(void)
{
    static const char *const names[] = { "a.example", "b.example", NULL, "b.example", "b.example" };

    for (int k = 0; k < CALL_KINDS; k++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, 5);
        options.config[CLIENT].server_name = names[0];
        call_begin(&call, &options);
        for (size_t number = 1; number < sizeof names / sizeof names[0]; number++) {
            struct dtls_config config = *call_config(&call, CLIENT);
            config.server_name = names[number];
            call_set_config(&call, CLIENT, &config);
            CU_ASSERT_TRUE(is(name_at(call.pair, SERVER), names[number - 1]));
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], number, 5 * NET_SECOND));
            bool resumed = pair_last(call.pair, CLIENT, DTLS_EVENT_REHANDSHAKE_DONE)->resumed;
            bool may = call_kinds[k].mode == DTLS_REHANDSHAKE_ABBREVIATED && is(names[number], names[number - 1]);
            CHECK_CASE(resumed == may, "%s, number %zu: %d", call_kinds[k].name, number, resumed);
            for (int end = CLIENT; end <= SERVER; end++)
                CU_ASSERT_TRUE(is(name_at(call.pair, (enum net_end)end), names[number]));
            pair_run_for(call.pair, 2 * NET_SECOND);
        }
        call_end(&call);
    }
}

/* ---- memory ---- */

/* One block of its own length in a server, whatever a client asks for and however often; it goes with the connection,
 * and with a rehandshake that fails. */
static void it_costs_its_length_and_leaks_nothing(void)
{
    struct memory memory[2];
    size_t bytes[2] = { 0 };

    for (int named = 0; named < 2; named++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, 5);
        for (int end = CLIENT; end <= SERVER; end++) {
            memory[end] = (struct memory){ .fail_at = MEMORY_NEVER_FAILS };
            memory_use(&memory[end], &options.config[end]);
        }
        options.config[CLIENT].server_name = named ? "a.example" : NULL;
        call_begin(&call, &options);
        for (size_t number = 1; number <= 4; number++) {
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[number % CALL_KINDS], number, 5 * NET_SECOND));
            pair_run_for(call.pair, 130 * NET_SECOND);
        }
        bytes[named] = memory[SERVER].live_bytes;
        CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        pair_run_for(call.pair, 30 * NET_MS); /* the server has begun, and has its name twice */
        call_end(&call);
        CU_ASSERT_EQUAL(memory[SERVER].live_blocks, 0);
    }
    CU_ASSERT_EQUAL(bytes[1] - bytes[0], strlen("a.example") + 1);
}

static void any_allocation_may_fail(void)
{
    for (int again = 0; again < 2; again++)
        for (size_t number = 0, failed = 1; failed > 0; number++) {
            struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
            struct pair_options options;
            pair_options(&options, 7);
            options.config[CLIENT].server_name = "a.example";
            memory_use(&memory, &options.config[SERVER]);
            memory.fail_at = again ? MEMORY_NEVER_FAILS : number;
            struct pair *pair = pair_new(&options);
            bool open = pair_run_until_open(pair, 5 * NET_SECOND);
            if (again) {
                CU_ASSERT_TRUE(open);
                pair_run_for(pair, 2 * NET_SECOND);
                memory.fail_at = memory.asked + number;
                CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
                CHECK_CASE(pair_run_until_renewed(pair, 1, 20 * NET_SECOND), "allocation %zu: no rehandshake", number);
            }
            CHECK_CASE(!open || is(name_at(pair, SERVER), "a.example"), "allocation %zu: another name", number);
            failed = memory.failed;
            pair_free(pair);
            CHECK_CASE(memory.live_blocks == 0, "allocation %zu: a leak", number);
        }
}

static CU_TestInfo tests[] = {
    { "a server sees the name that its client asks for, in lower case", the_server_sees_it_and_the_client_knows },
    { "a name of 253 bytes, an MTU of 256 and loss", a_long_name_fits_a_small_mtu_and_loss },
    { "a session is neither offered to nor taken for another name, or none", a_session_is_of_its_name },
    { "a rehandshake may ask for another name, and is a full one then", a_rehandshake_may_ask_for_another },
    { "a name costs a server its length, once", it_costs_its_length_and_leaks_nothing },
    { "any allocation may fail (S8)", any_allocation_may_fail },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "server_name", tests);
}
