/* endpoint_admit.c - whom an endpoint lets in, with which configuration, and how many. */
#include <string.h>

#include "tests/box/crowd.h"
#include "tests/box/identity.h"
#include "tests/tap.h"

/* `count` callers of as many hosts. */
static void call(struct crowd *crowd, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        crowd_call(crowd, i + 1, 5060, NULL);
}

static enum dtls_admit odd_ones_are_known(void *arg, const struct dtls_address *from, const struct dtls_config **config)
{
    (void)arg;
    (void)config;
    return from->bytes[0] % 3 == 0   ? DTLS_ADMIT_NOT
           : from->bytes[0] % 3 == 1 ? DTLS_ADMIT_VALIDATED
                                     : DTLS_ADMIT_COOKIE;
}

static void only_some_addresses(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 1);
    crowd.settings.admit = odd_ones_are_known;
    crowd_open(&crowd);
    call(&crowd, 9);
    CU_ASSERT_FALSE(crowd_run_until_open(&crowd, 5 * NET_SECOND));
    for (const struct caller *caller = crowd.callers; caller != NULL; caller = caller->next)
        CU_ASSERT_EQUAL(caller->opens, caller->address.bytes[0] % 3 != 0);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).hellos_answered, 3);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).admitted, 6);
    CU_ASSERT(crowd_stats(&crowd).stray >= 3);
    crowd_free(&crowd);
}

static enum dtls_admit everyone_is_known(void *arg, const struct dtls_address *from, const struct dtls_config **config)
{
    (void)arg;
    (void)config;
    (void)from;
    return DTLS_ADMIT_VALIDATED;
}

struct letter {
    uint8_t bytes[2048];
    size_t len;
};

static struct net_verdict keep_it(void *arg, const struct net_sending *sending)
{
    struct letter *letter = arg;

    if (letter->len == 0 && sending->from == CLIENT) {
        memcpy(letter->bytes, sending->bytes, sending->len);
        letter->len = sending->len;
        return (struct net_verdict){ NET_DROP, 0 };
    }
    return (struct net_verdict){ NET_PASS, 0 };
}

/* The `len` bytes from `offset` of a ClientHello, as a datagram of their own. */
static size_t cut(const struct letter *hello, size_t offset, size_t len, uint8_t sequence, uint8_t *out)
{
    enum { RECORD = 13, HEADER = 12 };

    memcpy(out, hello->bytes, RECORD + HEADER);
    out[10] = sequence;
    out[11] = (uint8_t)((HEADER + len) >> 8);
    out[12] = (uint8_t)(HEADER + len);
    out[RECORD + 7] = (uint8_t)(offset >> 8);
    out[RECORD + 8] = (uint8_t)offset;
    out[RECORD + 10] = (uint8_t)(len >> 8);
    out[RECORD + 11] = (uint8_t)len;
    memcpy(out + RECORD + HEADER, hello->bytes + RECORD + HEADER + offset, len);
    return RECORD + HEADER + len;
}

/* S4: a ClientHello in several datagrams, any order, one round trip less. */
static void a_validated_address_may_send_its_hello_in_any_order(void)
{
    struct crowd crowd;
    struct letter hello = { .len = 0 };
    uint8_t piece[2048];

    crowd_init(&crowd, 1);
    crowd.settings.admit = everyone_is_known;
    crowd_open(&crowd);
    net_set_filter(&crowd.net, keep_it, &hello);
    struct caller *caller = crowd_call(&crowd, 1, 1, NULL);
    size_t body = hello.len - 25, half = body / 2;
    crowd_inject(&crowd, &caller->address, piece, cut(&hello, half, body - half, 1, piece));
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    CU_ASSERT_EQUAL(crowd.datagrams, 0);
    crowd_inject(&crowd, &caller->address, piece, cut(&hello, 0, half, 0, piece));
    CU_ASSERT(crowd.datagrams > 0);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, 80 * NET_MS)); /* not by the client's retransmission */
    CU_ASSERT_EQUAL(caller->opens, 1);
    CU_ASSERT_EQUAL(crowd_stats(&crowd).hellos_answered, 0);
    crowd_free(&crowd);
}

/* And with a cookie, it is judged on the first piece alone; one that overtakes it is dropped. */
static void a_cookie_is_judged_on_the_first_piece(void)
{
    struct crowd crowd;
    struct letter hello = { .len = 0 };
    uint8_t piece[2048];

    crowd_init(&crowd, 1);
    crowd_open(&crowd);
    struct caller *caller = crowd_call(&crowd, 1, 1, NULL);
    crowd_run_for(&crowd, 30 * NET_MS); /* the answer is on the way */
    net_set_filter(&crowd.net, keep_it, &hello);
    crowd_run_for(&crowd, 20 * NET_MS);
    size_t body = hello.len - 25, first = 2 + 32 + 1 + 1 + 32;
    crowd_inject(&crowd, &caller->address, piece, cut(&hello, first, body - first, 2, piece));
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 0);
    crowd_inject(&crowd, &caller->address, piece, cut(&hello, 0, first - 1, 1, piece)); /* the cookie is not whole */
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 0);
    crowd_inject(&crowd, &caller->address, piece, cut(&hello, 0, first, 1, piece));
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 1);
    crowd_inject(&crowd, &caller->address, piece, cut(&hello, first, body - first, 2, piece));
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, 80 * NET_MS));
    CU_ASSERT_EQUAL(crowd_stats(&crowd).stray, 2);
    crowd_free(&crowd);
}

static void a_full_house(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 1);
    crowd.settings.most = 5;
    crowd_open(&crowd);
    call(&crowd, 5);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    struct caller *late = crowd_call(&crowd, 77, 1, NULL);
    crowd_run_for(&crowd, 500 * NET_MS);
    CU_ASSERT_EQUAL(late->opens, 0);
    CU_ASSERT(crowd_stats(&crowd).refused_full >= 1);
    struct dtls_conn *first = dtls_endpoint_each(crowd.endpoint, NULL);
    dtls_conn_close(first, crowd.net.now_us); /* a place is free: the hello that comes again gets it */
    crowd_settle(&crowd);
    crowd_run_for(&crowd, 5 * NET_SECOND);
    CU_ASSERT_EQUAL(late->opens, 1);
    crowd_free(&crowd);
}

static void settings_that_make_no_sense(void)
{
    struct crowd crowd;
    struct dtls_endpoint_settings settings = { .most = (size_t)1 << 25 };

    crowd_init(&crowd, 1);
    CU_ASSERT_PTR_NULL(dtls_endpoint_new(&crowd.server, &settings));
    settings = (struct dtls_endpoint_settings){ .source_rate = 2000000 };
    CU_ASSERT_PTR_NULL(dtls_endpoint_new(&crowd.server, &settings));
    CU_ASSERT_PTR_NOT_NULL(strstr(dtls_endpoint_problem(&settings), "source_rate"));
    CU_ASSERT_PTR_NULL(dtls_endpoint_problem(&(struct dtls_endpoint_settings){ .most = 1 }));
    crowd.server.identity = NULL;
    CU_ASSERT_PTR_NULL(dtls_endpoint_new(&crowd.server, NULL));
    crowd.server.identity = identity_of(IDENTITY_SERVER);
    crowd_open(&crowd);
    struct dtls_config broken = crowd.server;
    broken.mtu = 1;
    CU_ASSERT_EQUAL(dtls_endpoint_set_config(crowd.endpoint, &broken), DTLS_ERR_ARGUMENT);
    crowd_free(&crowd);
}

/* R9: a live association keeps its credential. */
static void another_configuration_is_for_those_who_come(void)
{
    struct crowd crowd;

    crowd_init(&crowd, 1);
    crowd_open(&crowd);
    struct dtls_config newer = crowd.server;
    newer.identity = identity_of(IDENTITY_OTHER);
    struct caller *before = crowd_call(&crowd, 1, 1, NULL);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    CU_ASSERT_EQUAL(dtls_endpoint_set_config(crowd.endpoint, &newer), DTLS_OK);
    struct caller *after = crowd_call(&crowd, 2, 1, NULL);
    CU_ASSERT_TRUE(crowd_run_until_open(&crowd, NET_SECOND));
    crowd_run_for(&crowd, NET_SECOND);
    CU_ASSERT_EQUAL(dtls_conn_rehandshake(before->conn, crowd.net.now_us, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    crowd_settle_caller(before);
    crowd_run_for(&crowd, NET_SECOND);
    CU_ASSERT_EQUAL(dtls_conn_epoch(before->conn), 2);
    CU_ASSERT_EQUAL(memcmp(dtls_conn_peer_fingerprint(before->conn), identity_fingerprint(IDENTITY_SERVER), 32), 0);
    CU_ASSERT_EQUAL(memcmp(dtls_conn_peer_fingerprint(after->conn), identity_fingerprint(IDENTITY_OTHER), 32), 0);
    crowd_free(&crowd);
}

/* Each host has told which certificate it will show: one of them shows another. */
struct guest_list {
    struct dtls_fingerprint fingerprint[2];
    struct dtls_config config[2];
};

static enum dtls_admit as_told(void *arg, const struct dtls_address *from, const struct dtls_config **config)
{
    struct guest_list *guests = arg;

    *config = &guests->config[from->bytes[0] & 1];
    return DTLS_ADMIT_VALIDATED;
}

/* K2: what signalling has told of one peer counts for that peer. */
static void each_address_may_have_a_configuration_of_its_own(void)
{
    struct crowd crowd;
    struct guest_list guests;

    crowd_init(&crowd, 1);
    crowd.client.identity = identity_of(IDENTITY_CLIENT);
    for (int i = 0; i < 2; i++) {
        dtls_identity_fingerprint_by(identity_of(i == 0 ? IDENTITY_CLIENT : IDENTITY_OTHER), DTLS_FINGERPRINT_SHA_256,
                                     &guests.fingerprint[i]);
        guests.config[i] = crowd.server;
        guests.config[i].fingerprints = &guests.fingerprint[i];
        guests.config[i].fingerprint_count = 1;
    }
    crowd.settings.admit = as_told;
    crowd.settings.arg = &guests;
    crowd_open(&crowd);
    call(&crowd, 2);
    crowd_run_for(&crowd, 5 * NET_SECOND);
    for (const struct caller *caller = crowd.callers; caller != NULL; caller = caller->next) {
        bool as_told_of = (caller->address.bytes[0] & 1) == 0;
        CU_ASSERT_EQUAL(caller->opens > 0 && caller->ends == 0, as_told_of);
        if (!as_told_of)
            CU_ASSERT_EQUAL(caller->alert, 42 /* bad_certificate */);
    }
    CU_ASSERT_TRUE(dtls_endpoint_has_config(crowd.endpoint, &guests.config[0]));
    CU_ASSERT_FALSE(dtls_endpoint_has_config(crowd.endpoint, &guests.config[1]));
    crowd_free(&crowd);
}

static enum dtls_admit with_a_mistake(void *arg, const struct dtls_address *from, const struct dtls_config **config)
{
    (void)from;
    *config = arg;
    return DTLS_ADMIT_VALIDATED;
}

static void nobody_is_let_in_with_a_configuration_that_is_none(void)
{
    struct crowd crowd;
    struct dtls_config config;

    crowd_init(&crowd, 1);
    config = crowd.server;
    config.identity = NULL;
    crowd.settings.admit = with_a_mistake;
    crowd.settings.arg = &config;
    crowd_open(&crowd);
    call(&crowd, 1);
    crowd_run_for(&crowd, NET_SECOND);
    CU_ASSERT_EQUAL(dtls_endpoint_count(crowd.endpoint), 0);
    CU_ASSERT(crowd_stats(&crowd).stray > 0);
    CU_ASSERT_EQUAL(crowd.datagrams, 0);
    crowd_free(&crowd);
}

static CU_TestInfo tests[] = {
    { "only some addresses are let in", only_some_addresses },
    { "a validated address may send its hello in any order (S4)", a_validated_address_may_send_its_hello_in_any_order },
    { "a cookie is judged on the first piece of a hello (S4)", a_cookie_is_judged_on_the_first_piece },
    { "a full house drops hellos, and only those", a_full_house },
    { "settings that make no sense", settings_that_make_no_sense },
    { "another configuration is for those who come (R9)", another_configuration_is_for_those_who_come },
    { "each address may have a configuration of its own (K2)", each_address_may_have_a_configuration_of_its_own },
    { "nobody is let in with a configuration that is none", nobody_is_let_in_with_a_configuration_that_is_none },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "endpoint admit", tests);
}
