/* alpn.c - which application protocol two ends agree on (RFC 7301), and what comes of it when there is none. */
#include <string.h>

#include "tests/box/call.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

static const char *const coap_sip[] = { "coap", "sip/2" };
static const char *const sip_coap[] = { "sip/2", "coap" };
static const char *const mqtt[] = { "mqtt" };

struct list {
    const char *const *names;
    size_t count;
};

static const struct list none = { NULL, 0 }, first = { coap_sip, 2 }, turned = { sip_coap, 2 }, other = { mqtt, 1 };

static void set(struct dtls_config *config, const struct list *list, enum dtls_alpn_policy policy)
{
    config->alpn = list->names;
    config->alpn_count = list->count;
    config->alpn_policy = policy;
}

static bool is(const char *text, const char *expected)
{
    return expected == NULL ? text == NULL : text != NULL && strcmp(text, expected) == 0;
}

static bool both_have(const struct pair *pair, const char *expected)
{
    return is(dtls_conn_alpn(pair->end[CLIENT].conn), expected) && is(dtls_conn_alpn(pair->end[SERVER].conn), expected);
}

/* Who ends it, and of what; nobody: both are open with this protocol. */
enum who { NOBODY = -1 };

static void the_policies_decide(void)
{
    static const struct {
        const struct list *client, *server;
        enum dtls_alpn_policy client_policy, server_policy;
        int ends; /* enum net_end, or NOBODY */
        const char *protocol;
    } cases[] = {
        { &first, &first, DTLS_ALPN_IF_OFFERED, DTLS_ALPN_IF_OFFERED, NOBODY, "coap" },
        { &first, &turned, DTLS_ALPN_IF_OFFERED, DTLS_ALPN_IF_OFFERED, NOBODY, "sip/2" }, /* the server's order */
        { &turned, &first, DTLS_ALPN_REQUIRED, DTLS_ALPN_REQUIRED, NOBODY, "coap" },
        { &none, &first, DTLS_ALPN_IF_OFFERED, DTLS_ALPN_IF_OFFERED, NOBODY, NULL },
        { &first, &none, DTLS_ALPN_IF_OFFERED, DTLS_ALPN_IF_OFFERED, NOBODY, NULL },
        { &none, &none, DTLS_ALPN_IF_OFFERED, DTLS_ALPN_IF_OFFERED, NOBODY, NULL },
        { &other, &first, DTLS_ALPN_IF_OFFERED, DTLS_ALPN_IF_OFFERED, SERVER, NULL }, /* RFC 7301, 3.2 */
        { &other, &first, DTLS_ALPN_OPTIONAL, DTLS_ALPN_IF_OFFERED, SERVER, NULL },
        { &other, &first, DTLS_ALPN_IF_OFFERED, DTLS_ALPN_OPTIONAL, NOBODY, NULL },
        { &other, &first, DTLS_ALPN_REQUIRED, DTLS_ALPN_OPTIONAL, CLIENT, NULL },
        { &first, &none, DTLS_ALPN_REQUIRED, DTLS_ALPN_IF_OFFERED, CLIENT, NULL },
        { &none, &first, DTLS_ALPN_IF_OFFERED, DTLS_ALPN_REQUIRED, SERVER, NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair_options options;
        pair_options(&options, i);
        set(&options.config[CLIENT], cases[i].client, cases[i].client_policy);
        set(&options.config[SERVER], cases[i].server, cases[i].server_policy);
        struct pair *pair = pair_new(&options);
        pair_run_for(pair, 30 * NET_SECOND);
        if (cases[i].ends == NOBODY) {
            CHECK_CASE(pair_both_open(pair) && both_have(pair, cases[i].protocol), "case %zu: not open with it", i);
        } else {
            enum net_end ends = (enum net_end)cases[i].ends;
            const struct pair_event *failed = pair_last(pair, ends, DTLS_EVENT_FAILED);
            CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_NO_COMMON_PROTOCOL, "case %zu: goes on", i);
            failed = pair_last(pair, net_other(ends), DTLS_EVENT_FAILED);
            CHECK_CASE(failed != NULL && failed->alert == DTLS_ALERT_NO_APPLICATION_PROTOCOL, "case %zu: no alert", i);
        }
        pair_free(pair);
    }
}

static void the_longest_list_fits_a_small_mtu_and_loss(void)
{
    static char text[DTLS_MAX_ALPN][256];
    const char *names[DTLS_MAX_ALPN];
    const struct list all = { names, DTLS_MAX_ALPN };

    for (size_t i = 0; i < DTLS_MAX_ALPN; i++) {
        memset(text[i], 'a' + (int)i, i == 0 ? 255 : 50);
        names[i] = text[i];
    }
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct pair_options options;
        pair_options(&options, seed);
        for (int end = CLIENT; end <= SERVER; end++) {
            options.config[end].mtu = 256;
            options.link[end].loss = 1500;
            set(&options.config[end], &all, DTLS_ALPN_REQUIRED);
        }
        struct pair *pair = pair_new(&options);
        CHECK_CASE(pair_run_until_open(pair, 60 * NET_SECOND) && both_have(pair, names[0]), "seed %llu",
                   (unsigned long long)seed);
        pair_free(pair);
    }
}

static void a_resumed_handshake_agrees_anew(void)
{
    for (int kind = SCENE_RESUMED_BY_ID; kind <= SCENE_RESUMED_BY_TICKET; kind++) {
        struct scene scene;
        struct pair_options options;
        scene_begin(&scene, (enum scene_kind)kind); /* without ALPN */
        scene_options(&scene, &options, 5);
        set(&options.config[CLIENT], &first, DTLS_ALPN_IF_OFFERED);
        set(&options.config[SERVER], &turned, DTLS_ALPN_IF_OFFERED);
        struct pair *pair = scene_pair(&scene, &options);
        CU_ASSERT_TRUE(scene_run(&scene, pair, 5 * NET_SECOND));
        CU_ASSERT_TRUE(pair_last(pair, CLIENT, DTLS_EVENT_OPEN)->resumed && both_have(pair, "sip/2"));
        pair_free(pair);
        scene_end(&scene);
    }
}

static void a_rehandshake_agrees_anew_and_shows_it_when_it_is_done(void)
{
    static const struct {
        const struct list *list;
        const char *protocol;
    } rounds[] = { { &first, "coap" }, { &turned, "sip/2" }, { &none, NULL }, { &first, "coap" } };

    for (int k = 0; k < CALL_KINDS; k++) {
        struct pair_options options;
        struct call call;
        pair_options(&options, 5);
        set(&options.config[CLIENT], &first, DTLS_ALPN_IF_OFFERED);
        set(&options.config[SERVER], rounds[0].list, DTLS_ALPN_IF_OFFERED);
        call_begin(&call, &options);
        for (size_t number = 1; number < sizeof rounds / sizeof rounds[0]; number++) {
            struct dtls_config config = *call_config(&call, SERVER);
            set(&config, rounds[number].list, DTLS_ALPN_IF_OFFERED);
            call_set_config(&call, SERVER, &config);
            CU_ASSERT_TRUE(both_have(call.pair, rounds[number - 1].protocol));
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], number, 5 * NET_SECOND));
            CHECK_CASE(both_have(call.pair, rounds[number].protocol), "%s, number %zu", call_kinds[k].name, number);
            pair_run_for(call.pair, 2 * NET_SECOND);
        }
        call_end(&call);
    }
}

/* The peer that the application knows has turned into something else: the association ends, by either. */
static void a_rehandshake_without_a_common_protocol_is_the_end(void)
{
    struct pair_options options;
    struct call call;

    pair_options(&options, 5);
    for (int end = CLIENT; end <= SERVER; end++)
        set(&options.config[end], &first, DTLS_ALPN_IF_OFFERED);
    call_begin(&call, &options);
    struct dtls_config config = *call_config(&call, CLIENT);
    set(&config, &other, DTLS_ALPN_IF_OFFERED);
    call_set_config(&call, CLIENT, &config);
    CU_ASSERT_EQUAL(pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    pair_run_for(call.pair, 5 * NET_SECOND);
    const struct pair_event *failed = pair_last(call.pair, SERVER, DTLS_EVENT_FAILED);
    CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_NO_COMMON_PROTOCOL);
    failed = pair_last(call.pair, CLIENT, DTLS_EVENT_FAILED);
    CU_ASSERT_TRUE(failed != NULL && failed->alert == DTLS_ALERT_NO_APPLICATION_PROTOCOL);
    call_end(&call);
}

static CU_TestInfo tests[] = {
    { "the server's order decides which, and the policies what comes of none", the_policies_decide },
    { "the longest list, an MTU of 256 and loss", the_longest_list_fits_a_small_mtu_and_loss },
    { "a resumed handshake agrees anew", a_resumed_handshake_agrees_anew },
    { "a rehandshake agrees anew, and shows it when it is done",
      a_rehandshake_agrees_anew_and_shows_it_when_it_is_done },
    { "a rehandshake without a common protocol is the end", a_rehandshake_without_a_common_protocol_is_the_end },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "alpn", tests);
}
