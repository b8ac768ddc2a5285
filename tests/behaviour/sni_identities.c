/* sni_identities.c - which of several identities a server shows, to whom; and an application that says so itself, at
 * once, later, never, or when nobody waits any more. */
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/memory.h"
#include "tests/box/oracle.h"
#include "tests/tap.h"

enum { NONE = -1 };

static bool shows(const struct pair *pair, enum identity_kind kind)
{
    const uint8_t *shown = dtls_conn_peer_fingerprint(pair->end[CLIENT].conn);

    return shown != NULL && memcmp(shown, identity_fingerprint(kind), DTLS_FINGERPRINT_LEN) == 0;
}

/* A table of up to so many rows; the default is IDENTITY_SERVER. */
struct table {
    struct dtls_named_identity rows[8];
    size_t count;
};

static void add(struct table *table, const char *name, enum identity_kind kind)
{
    table->rows[table->count++] = (struct dtls_named_identity){ name, identity_of(kind) };
}

static void use(struct pair_options *options, const struct table *table, const char *name)
{
    pair_options(options, 3);
    options->config[SERVER].identities = table->rows;
    options->config[SERVER].identity_count = table->count;
    options->config[CLIENT].server_name = name;
}

static struct pair *run(const struct pair_options *options)
{
    struct pair *pair = pair_new(options);

    pair_run_for(pair, 20 * NET_SECOND);
    return pair;
}

static void by_name_the_exact_one_first(void)
{
    static const struct {
        const char *name;
        enum identity_kind shown;
    } cases[] = {
        { "a.example.org", IDENTITY_OTHER },
        { "A.Example.ORG", IDENTITY_OTHER },
        { "b.example.org", IDENTITY_ED25519 },
        { "c.b.example.org", IDENTITY_SERVER },
        { "example.org", IDENTITY_SERVER },
        { "other.example", IDENTITY_SERVER },
        { NULL, IDENTITY_SERVER },
    };
    struct table table = { .count = 0 };

    add(&table, "*.example.org", IDENTITY_ED25519);
    add(&table, "a.example.org", IDENTITY_OTHER); /* behind the wildcard, and tried in front of it */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair_options options;
        use(&options, &table, cases[i].name);
        struct pair *pair = run(&options);
        CHECK_CASE(pair_both_open(pair) && shows(pair, cases[i].shown), "case %zu", i);
        pair_free(pair);
    }
}

static void rows_without_a_name_stand_behind_the_default(void)
{
    struct table table = { .count = 0 };
    struct pair_options options;

    add(&table, NULL, IDENTITY_OTHER);
    use(&options, &table, "a.example");
    struct pair *pair = run(&options);
    CU_ASSERT_TRUE(pair_both_open(pair) && shows(pair, IDENTITY_SERVER));
    pair_free(pair);
    options.config[SERVER].identity = NULL;
    pair = run(&options);
    CU_ASSERT_TRUE(pair_both_open(pair) && shows(pair, IDENTITY_OTHER));
    pair_free(pair);
}

/* Of one name, by what the client can verify: its suites stand for the kind of key here. */
static void by_what_the_client_can_verify(void)
{
    static const struct {
        uint16_t suite;
        int shown; /* enum identity_kind, or NONE */
    } cases[] = {
        { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, IDENTITY_OTHER },
        { DTLS_ECDHE_RSA_AES_128_GCM_SHA256, IDENTITY_RSA2048 },
    };
    struct table table = { .count = 0 };

    add(&table, "a.example", IDENTITY_OTHER);
    add(&table, "a.example", IDENTITY_RSA2048);
    add(&table, "b.example", IDENTITY_OTHER);
    for (size_t i = 0; i < 2; i++)
        for (int name = 0; name < 3; name++) {
            struct pair_options options;
            use(&options, &table, name == 0 ? "a.example" : "b.example");
            options.config[CLIENT].suites[0] = cases[i].suite;
            options.config[CLIENT].suite_count = 1;
            if (name == 2)
                options.config[SERVER].identity = identity_of(IDENTITY_RSA4096_CHAIN);
            struct pair *pair = run(&options);
            bool rsa = i == 1;
            if (name == 1 && rsa) { /* nothing for it: neither of its name nor any other */
                const struct pair_event *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
                CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_NO_COMMON_SUITE);
            } else {
                enum identity_kind shown =
                    name == 2 && rsa ? IDENTITY_RSA4096_CHAIN : (enum identity_kind)cases[i].shown;
                CHECK_CASE(pair_both_open(pair) && shows(pair, shown), "suite %04x, name %d", cases[i].suite, name);
            }
            pair_free(pair);
        }
}

/* RFC 8422, 5.1.1: the curve of the key counts, unless there is nothing else. */
static void a_key_on_a_curve_that_the_client_has_is_preferred(void)
{
    struct table table = { .count = 0 };

    add(&table, "a.example", IDENTITY_P384);
    add(&table, "a.example", IDENTITY_OTHER); /* P-256 */
    add(&table, "b.example", IDENTITY_P384);
    for (int name = 0; name < 2; name++)
        for (int both = 0; both < 2; both++) {
            struct pair_options options;
            use(&options, &table, name == 0 ? "a.example" : "b.example");
            options.config[CLIENT].groups[0] = DTLS_GROUP_SECP256R1;
            options.config[CLIENT].groups[1] = DTLS_GROUP_SECP384R1;
            options.config[CLIENT].group_count = both ? 2 : 1;
            struct pair *pair = run(&options);
            CHECK_CASE(pair_both_open(pair) && shows(pair, name == 0 && !both ? IDENTITY_OTHER : IDENTITY_P384),
                       "name %d, both %d", name, both);
            pair_free(pair);
        }
}

static void an_unknown_name_is_refused_where_that_is_wanted(void)
{
    static const struct {
        const char *name;
        bool refused;
    } cases[] = { { "a.example", false }, { "b.x.example", false }, { "x.example", true }, { NULL, false } };
    struct table table = { .count = 0 };

    add(&table, "a.example", IDENTITY_OTHER);
    add(&table, "*.x.example", IDENTITY_OTHER);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int asks = 0; asks < 2; asks++) {
            struct oracle oracle = { .suggested = false };
            struct pair_options options;
            use(&options, &table, cases[i].name);
            options.config[SERVER].refuse_unknown_names = true;
            if (asks) { /* who knows no more than the table */
                oracle.identity = cases[i].refused ? NULL : identity_of(IDENTITY_OTHER);
                oracle_use(&oracle, SERVER, &options.config[SERVER]);
            }
            struct pair *pair = run(&options);
            CU_ASSERT_EQUAL(oracle.asked, asks ? 1 : 0);
            if (cases[i].refused) {
                const struct pair_event *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
                CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_UNKNOWN_NAME);
                failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
                CU_ASSERT_TRUE(failed != NULL && failed->alert == DTLS_ALERT_UNRECOGNIZED_NAME);
            } else {
                CHECK_CASE(pair_both_open(pair), "case %zu", i);
            }
            pair_free(pair);
        }
}

/* What was shown first stays (R9), whatever the client asks for later; unless it may change. */
static void in_a_rehandshake_the_identity_stays_unless_it_may_change(void)
{
    struct table table = { .count = 0 };

    add(&table, "a.example", IDENTITY_OTHER);
    add(&table, "b.example", IDENTITY_ED25519);
    for (int change = 0; change < 2; change++) {
        struct pair_options options;
        struct call call;
        use(&options, &table, "a.example");
        options.config[SERVER].change_own_identity = change;
        options.config[CLIENT].allow_identity_change = true;
        call_begin(&call, &options);
        CU_ASSERT_TRUE(shows(call.pair, IDENTITY_OTHER));
        struct dtls_config config = *call_config(&call, CLIENT);
        config.server_name = "b.example";
        call_set_config(&call, CLIENT, &config);
        CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
        CU_ASSERT_TRUE(shows(call.pair, change ? IDENTITY_ED25519 : IDENTITY_OTHER));
        CU_ASSERT_STRING_EQUAL(dtls_conn_server_name(call.pair->end[SERVER].conn), "b.example");
        call_end(&call);
    }
}

/* ---- an application that chooses ---- */

static void begin(struct oracle *oracle, struct pair_options *options, uint64_t wait_us)
{
    *oracle = (struct oracle){ .wait_us = wait_us, .identity = identity_of(IDENTITY_OTHER) };
    pair_options(options, 4);
    options->config[CLIENT].server_name = "a.example";
    oracle_use(oracle, SERVER, &options->config[SERVER]);
}

static struct pair *make_pair(struct oracle *oracle, struct pair_options *options)
{
    options->silent = true;
    struct pair *pair = pair_new(options);
    oracle->pair = pair;
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    return pair;
}

static void it_may_answer_at_once_or_later(void)
{
    static const uint64_t waits[] = { 0, 1, 70 * NET_MS, 7 * NET_SECOND };

    for (size_t w = 0; w < sizeof waits / sizeof waits[0]; w++)
        for (int jobs = 0; jobs < 2; jobs++)
            for (int lossy = 0; lossy < 2; lossy++) {
                struct oracle oracle;
                struct pair_options options;
                begin(&oracle, &options, waits[w]);
                options.config[SERVER].public_key_jobs = jobs;
                options.job_us = 3 * NET_MS;
                options.link[CLIENT].loss = options.link[SERVER].loss = lossy ? 2000 : 0;
                struct pair *pair = make_pair(&oracle, &options);
                uint64_t start_us = pair->net.now_us;
                CHECK_CASE(pair_run_until_open(pair, 40 * NET_SECOND) && shows(pair, IDENTITY_OTHER), "after %llu us",
                           (unsigned long long)waits[w]);
                CU_ASSERT_TRUE(pair->net.now_us - start_us >= waits[w]);
                CU_ASSERT_TRUE(oracle.asked == 1 && oracle.answered == 1);
                CU_ASSERT_STRING_EQUAL(oracle.name, "a.example");
                CU_ASSERT_TRUE(pair_ping(pair, 5 * NET_SECOND) || lossy);
                pair_free(pair);
            }
}

static void it_may_have_none_or_one_of_no_use(void)
{
    for (int of_no_use = 0; of_no_use < 2; of_no_use++) {
        struct oracle oracle;
        struct pair_options options;
        begin(&oracle, &options, 0);
        oracle.identity = of_no_use ? identity_of(IDENTITY_RSA2048) : NULL;
        options.config[CLIENT].suites[0] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256;
        options.config[CLIENT].suite_count = 1;
        struct pair *pair = make_pair(&oracle, &options);
        pair_run_for(pair, 5 * NET_SECOND);
        const struct pair_event *failed = pair_last(pair, SERVER, DTLS_EVENT_FAILED);
        CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_NO_COMMON_SUITE);
        failed = pair_last(pair, CLIENT, DTLS_EVENT_FAILED);
        CU_ASSERT_TRUE(failed != NULL && failed->alert == DTLS_ALERT_HANDSHAKE_FAILURE);
        pair_free(pair);
    }
}

static void without_an_answer_it_ends_in_its_time(void)
{
    struct oracle oracle;
    struct pair_options options;

    begin(&oracle, &options, ORACLE_NEVER);
    options.config[SERVER].handshake_timeout_ms = 5000;
    struct pair *pair = make_pair(&oracle, &options);
    CU_ASSERT_TRUE(pair_run_until_event(pair, SERVER, DTLS_EVENT_FAILED, 60 * NET_SECOND));
    CU_ASSERT_EQUAL(pair_last(pair, SERVER, DTLS_EVENT_FAILED)->error, DTLS_ERR_TIMEOUT);
    CU_ASSERT_EQUAL(oracle_answer(&oracle), DTLS_ERR_NOT_ASKED);
    pair_free(pair);
}

static void an_answer_to_nobody_is_refused(void)
{
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct oracle oracle;
    struct pair_options options;

    begin(&oracle, &options, ORACLE_NEVER);
    memory_use(&memory, &options.config[SERVER]);
    struct pair *pair = make_pair(&oracle, &options);
    pair_run_for(pair, NET_SECOND);
    CU_ASSERT_PTR_EQUAL(dtls_question_conn(oracle.waiting[0]), pair->end[SERVER].conn);
    CU_ASSERT_EQUAL(dtls_question_answer_psk(oracle.waiting[0], NULL), DTLS_ERR_ARGUMENT);
    pair_free(pair);
    CU_ASSERT_EQUAL(memory.live_blocks, 1); /* the question */
    CU_ASSERT_EQUAL(oracle_answer(&oracle), DTLS_ERR_NOT_ASKED);
    CU_ASSERT_EQUAL(memory.live_blocks, 0);
}

static void data_flows_while_a_rehandshake_waits_and_any_allocation_may_fail(void)
{
    for (size_t number = 0, failed = 1; failed > 0; number++) {
        struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
        struct oracle oracle;
        struct pair_options options;
        struct call call;
        begin(&oracle, &options, 0);
        options.config[SERVER].change_own_identity = true; /* or it would not be asked again */
        memory_use(&memory, &options.config[SERVER]);
        call_begin(&call, &options);
        call_flow(&call, 5 * NET_MS, 160);
        pair_run_for(call.pair, 50 * NET_MS);
        oracle.pair = call.pair;
        oracle.wait_us = 500 * NET_MS;
        memory.fail_at = memory.asked + number;
        traffic_measure(call.traffic);
        bool begun = pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL) == DTLS_OK;
        CHECK_CASE(begun && pair_run_until_renewed(call.pair, 1, 30 * NET_SECOND), "allocation %zu: never done",
                   number);
        CHECK_CASE(oracle.asked >= 2, "allocation %zu: asked %zu times", number, oracle.asked);
        for (int from = CLIENT; from <= SERVER; from++)
            CU_ASSERT_TRUE(call.traffic->flow[from].longest_gap_us <= 5 * NET_MS);
        failed = memory.failed;
        call_end(&call);
        while (oracle.waiting_count > 0)
            CU_ASSERT_EQUAL(oracle_answer(&oracle), DTLS_ERR_NOT_ASKED);
        CHECK_CASE(memory.live_blocks == 0, "allocation %zu: a leak", number);
    }
}

static CU_TestInfo tests[] = {
    { "by name: the exact row, then a wildcard of one label, then the default", by_name_the_exact_one_first },
    { "rows without a name stand behind the default", rows_without_a_name_stand_behind_the_default },
    { "of one name, by what the client can verify", by_what_the_client_can_verify },
    { "a key on a curve that the client has is preferred", a_key_on_a_curve_that_the_client_has_is_preferred },
    { "an unknown name is unrecognized_name where that is wanted", an_unknown_name_is_refused_where_that_is_wanted },
    { "in a rehandshake the identity stays unless it may change (R9)",
      in_a_rehandshake_the_identity_stays_unless_it_may_change },
    { "the application may say which, at once or later", it_may_answer_at_once_or_later },
    { "it may have none, or one that the client cannot verify", it_may_have_none_or_one_of_no_use },
    { "without an answer the handshake ends in its time", without_an_answer_it_ends_in_its_time },
    { "an answer to nobody is refused", an_answer_to_nobody_is_refused },
    { "data flows while a rehandshake waits, and any allocation may fail (S8)",
      data_flows_while_a_rehandshake_waits_and_any_allocation_may_fail },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "sni_identities", tests);
}
