/* srtp_negotiation.c - contract K1: which profile and which MKI two ends agree on; and what can be exported (RFC 5705).
 */
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/media.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

static const uint16_t all[DTLS_MAX_SRTP_PROFILES] = {
    DTLS_SRTP_AES128_CM_HMAC_SHA1_80,
    DTLS_SRTP_AES128_CM_HMAC_SHA1_32,
    DTLS_SRTP_AEAD_AES_128_GCM,
    DTLS_SRTP_AEAD_AES_256_GCM,
};

static void set_profiles(struct dtls_config *config, const uint16_t *profiles, size_t count)
{
    memcpy(config->srtp_profiles, profiles, count * sizeof profiles[0]);
    config->srtp_profile_count = count;
}

/* One handshake to its end; the keys of both ends, crosswise equal, or zeroes where there are none. */
static void agree(const struct pair_options *options, struct dtls_srtp_keys *client, struct dtls_srtp_keys *server)
{
    struct pair *pair = pair_new(options);
    struct media *media = media_new(pair);

    *client = *server = (struct dtls_srtp_keys){ 0 };
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 20 * NET_SECOND));
    dtls_conn_srtp_keys(pair->end[CLIENT].conn, 1, client);
    dtls_conn_srtp_keys(pair->end[SERVER].conn, 1, server);
    for (int end = CLIENT; end <= SERVER; end++)
        CU_ASSERT_EQUAL(pair_count(pair, (enum net_end)end, DTLS_EVENT_KEYS), client->profile != 0 ? 2 : 0);
    media_check(media);
    media_free(media);
    pair_free(pair);
}

/* ---- profiles ---- */

static void each_profile_has_its_lengths(void)
{
    static const uint8_t lengths[][2] = { { 16, 14 }, { 16, 14 }, { 16, 12 }, { 32, 12 } };

    for (size_t i = 0; i < DTLS_MAX_SRTP_PROFILES; i++) {
        struct dtls_srtp_keys client, server;
        struct pair_options options;
        pair_options(&options, i);
        set_profiles(&options.config[CLIENT], all, 4);
        set_profiles(&options.config[SERVER], &all[i], 1);
        agree(&options, &client, &server);
        CU_ASSERT_TRUE(client.profile == all[i] && server.profile == all[i] && client.epoch == 1);
        CU_ASSERT_TRUE(client.key_len == lengths[i][0] && client.salt_len == lengths[i][1]);
        CU_ASSERT_EQUAL(client.mki_len, 0);
        const char *name = dtls_srtp_profile_name(all[i]);
        CU_ASSERT_TRUE(dtls_srtp_profile_by_name(name) == all[i] && dtls_srtp_profile_by_name(name + 5) == all[i]);
    }
    CU_ASSERT_PTR_NULL(dtls_srtp_profile_name(5));
    CU_ASSERT_EQUAL(dtls_srtp_profile_by_name("SRTP_NULL_HMAC_SHA1_80"), 0);
}

static void the_servers_order_decides(void)
{
    for (size_t i = 0; i < DTLS_MAX_SRTP_PROFILES; i++) {
        struct dtls_srtp_keys client, server;
        struct pair_options options;
        const uint16_t turned[] = { all[i], all[(i + 1) % 4], all[(i + 2) % 4], all[(i + 3) % 4] };
        pair_options(&options, i);
        set_profiles(&options.config[CLIENT], all, 4);
        set_profiles(&options.config[SERVER], turned, 4);
        agree(&options, &client, &server);
        CU_ASSERT_EQUAL(client.profile, all[i]);
        set_profiles(&options.config[CLIENT], &all[(i + 1) % 4], 1);
        agree(&options, &client, &server);
        CU_ASSERT_EQUAL(client.profile, all[(i + 1) % 4]);
    }
}

static void without_a_common_profile_it_goes_on_without_keys(void)
{
    static const size_t counts[][2] = { { 0, 4 }, { 4, 0 }, { 0, 0 }, { 2, 2 } };

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct dtls_srtp_keys client, server;
        struct pair_options options;
        pair_options(&options, i);
        set_profiles(&options.config[CLIENT], all, counts[i][0]);
        set_profiles(&options.config[SERVER], counts[i][1] == 2 ? all + 2 : all, counts[i][1]);
        agree(&options, &client, &server);
        CU_ASSERT_TRUE(client.profile == 0 && server.profile == 0);
    }
}

static void what_is_required_and_not_agreed_on_ends_it(void)
{
    for (int end = CLIENT; end <= SERVER; end++)
        for (size_t others = 0; others < 2; others++) {
            struct pair_options options;
            pair_options(&options, 1);
            set_profiles(&options.config[end], all, 1);
            options.config[end].srtp_required = true;
            set_profiles(&options.config[1 - end], all + 1, others);
            struct pair *pair = pair_new(&options);
            pair_run_for(pair, 30 * NET_SECOND);
            const struct pair_event *failed = pair_last(pair, (enum net_end)end, DTLS_EVENT_FAILED);
            CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_NO_COMMON_SUITE, "end %d, %zu", end, others);
            failed = pair_last(pair, (enum net_end)(1 - end), DTLS_EVENT_FAILED);
            CHECK_CASE(failed != NULL && failed->alert == DTLS_ALERT_HANDSHAKE_FAILURE, "end %d, %zu", end, others);
            CU_ASSERT_TRUE(pair->end[CLIENT].event_count == 1 && pair->end[SERVER].event_count == 1);
            pair_free(pair);
        }
}

/* ---- MKI ---- */

static void an_mki_of_every_length_is_echoed(void)
{
    static const uint8_t lengths[] = { 0, 1, 4, 128, 129, 255 };

    for (size_t i = 0; i < 2 * sizeof lengths; i++) {
        uint8_t len = lengths[i / 2];
        struct dtls_srtp_keys client, server, again;
        struct pair_options options;
        pair_options(&options, i);
        for (int end = CLIENT; end <= SERVER; end++) {
            set_profiles(&options.config[end], all, 4);
            options.config[end].mtu = i % 2 == 0 ? 1200 : 256;
        }
        options.config[CLIENT].srtp_mki_len = len;
        options.config[SERVER].srtp_mki_len = 1; /* any length will do */
        agree(&options, &client, &server);
        CHECK_CASE(client.mki_len == len && server.mki_len == len && memcmp(client.mki, server.mki, len) == 0,
                   "%u bytes are %u and %u", len, client.mki_len, server.mki_len);
        options.seed += 100;
        agree(&options, &again, &server);
        CHECK_CASE(len == 0 || memcmp(client.mki, again.mki, len) != 0, "%u bytes are not fresh", len);
        options.config[SERVER].srtp_mki_len = 0;
        agree(&options, &client, &server);
        CHECK_CASE(client.mki_len == 0 && server.mki_len == 0, "%u bytes, which the server does not want", len);
    }
}

/* The same random bytes in each handshake, from the moment that it is told so. */
struct stuck {
    bool on;
    struct rng rng;
};

static int stuck_random(void *arg, uint8_t *out, size_t len)
{
    struct stuck *stuck = arg;

    rng_fill(&stuck->rng, out, len);
    if (stuck->on && len == 2)
        memset(out, 0x42, len);
    return DTLS_OK;
}

static void each_handshake_has_another_mki_and_equal_ones_are_none(void)
{
    for (int equal = 0; equal < 2; equal++) {
        struct stuck stuck = { equal, { 9 } };
        struct pair_options options;
        struct call call;
        struct dtls_srtp_keys old, new;
        pair_options(&options, 3);
        for (int end = CLIENT; end <= SERVER; end++) {
            set_profiles(&options.config[end], all, 4);
            options.config[end].srtp_mki_len = 2;
        }
        options.config[CLIENT].random = stuck_random;
        options.config[CLIENT].random_arg = &stuck;
        call_begin(&call, &options);
        struct dtls_conn *client = call.pair->end[CLIENT].conn, *server = call.pair->end[SERVER].conn;
        for (size_t number = 1; number <= 2; number++) {
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[2 * (number - 1)], number, 5 * NET_SECOND));
            uint16_t epoch = (uint16_t)(number + 1);
            CU_ASSERT_EQUAL(dtls_conn_srtp_keys(client, number == 1 ? 1 : epoch - 1, &old), DTLS_OK);
            CU_ASSERT_EQUAL(dtls_conn_srtp_keys(client, epoch, &new), DTLS_OK);
            if (number == 1)
                CU_ASSERT_TRUE(old.mki_len == 2 && new.mki_len == (equal ? 0 : 2));
            CU_ASSERT_TRUE(new.mki_len == 0 || old.mki_len != new.mki_len || memcmp(old.mki, new.mki, 2) != 0);
            CU_ASSERT_EQUAL(dtls_conn_srtp_keys(server, epoch, &old), DTLS_OK);
            CU_ASSERT_TRUE(old.mki_len == new.mki_len &&memcmp(old.mki, new.mki, sizeof old.mki) == 0);
            pair_run_for(call.pair, 2 * NET_SECOND);
        }
        call_end(&call);
    }
}

/* A client of another kind says the same one again: a server of ours answers with an empty one. */
static void a_server_takes_no_mki_that_is_in_use(void)
{
    struct stuck stuck = { true, { 9 } };
    struct pair_options options;
    struct call call;
    struct dtls_srtp_keys keys;

    pair_options(&options, 3);
    for (int end = CLIENT; end <= SERVER; end++) {
        set_profiles(&options.config[end], all, 4);
        options.config[end].srtp_mki_len = 2;
    }
    options.config[CLIENT].random = stuck_random;
    options.config[CLIENT].random_arg = &stuck;
    call_begin(&call, &options);
    call.pair->end[CLIENT].conn->as.exporters->mki[0] ^= 1; /* so that it does not know */
    CU_ASSERT_TRUE(call_renew(&call, &call_kinds[0], 1, 5 * NET_SECOND));
    for (int end = CLIENT; end <= SERVER; end++) {
        CU_ASSERT_EQUAL(dtls_conn_srtp_keys(call.pair->end[end].conn, 2, &keys), DTLS_OK);
        CU_ASSERT_EQUAL(keys.mki_len, 0);
    }
    call_end(&call);
}

/* ---- anew each time ---- */

static void a_resumed_handshake_agrees_anew(void)
{
    for (int kind = SCENE_RESUMED_BY_ID; kind <= SCENE_RESUMED_BY_TICKET; kind++) {
        struct scene scene;
        struct pair_options options;
        scene_begin(&scene, (enum scene_kind)kind); /* without SRTP */
        scene_options(&scene, &options, 5);
        set_profiles(&options.config[CLIENT], all, 4);
        set_profiles(&options.config[SERVER], all + 3, 1);
        struct pair *pair = scene_pair(&scene, &options);
        struct media *media = media_new(pair);
        CU_ASSERT_TRUE(scene_run(&scene, pair, 5 * NET_SECOND));
        CU_ASSERT_TRUE(pair_last(pair, CLIENT, DTLS_EVENT_OPEN)->resumed);
        CU_ASSERT_TRUE(media_sends_with(media, CLIENT, 1) && media_sends_with(media, SERVER, 1));
        CU_ASSERT_EQUAL(media->end[CLIENT].sets[1].keys.profile, all[3]);
        media_check(media);
        media_free(media);
        pair_free(pair);
        scene_end(&scene);
    }
}

static void a_rehandshake_agrees_anew(void)
{
    for (int k = 0; k < CALL_KINDS; k++) {
        struct pair_options options;
        struct call call;
        struct dtls_srtp_keys keys;
        pair_options(&options, 5);
        set_profiles(&options.config[CLIENT], all, 4);
        set_profiles(&options.config[SERVER], all, 1);
        call_begin(&call, &options);
        for (size_t number = 1; number <= 3; number++) { /* another profile, none, and one again */
            struct dtls_config config = *call_config(&call, SERVER);
            set_profiles(&config, all + number, number == 2 ? 0 : 1);
            call_set_config(&call, SERVER, &config);
            CU_ASSERT_TRUE(call_renew(&call, &call_kinds[k], number, 5 * NET_SECOND));
            pair_run_for(call.pair, 2 * NET_SECOND);
            for (int end = CLIENT; end <= SERVER; end++) {
                int err = dtls_conn_srtp_keys(call.pair->end[end].conn, (uint16_t)(number + 1), &keys);
                CHECK_CASE(number == 2 ? err == DTLS_ERR_NO_KEYS : err == DTLS_OK && keys.profile == all[number],
                           "%s, number %zu: %d", call_kinds[k].name, number, err);
            }
        }
        for (int end = CLIENT; end <= SERVER; end++) /* ten seconds are not waited where there was no older set */
            CU_ASSERT_EQUAL(pair_last(call.pair, (enum net_end)end, DTLS_EVENT_KEYS)->keys, DTLS_KEYS_SEND);
        call_end(&call);
    }
}

/* ---- the exporter ---- */

static void both_ends_export_the_same(void)
{
    static const struct dtls_bytes contexts[] = { { (const uint8_t *)"", 0 }, { (const uint8_t *)"context", 7 } };
    uint8_t seen[3][96], out[96];
    struct pair_options options;

    pair_options(&options, 8);
    options.config[CLIENT].exporter = options.config[SERVER].exporter = true;
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    const struct dtls_conn *client = pair->end[CLIENT].conn, *server = pair->end[SERVER].conn;
    for (size_t i = 0; i < 3; i++) {
        const struct dtls_bytes *context = i == 0 ? NULL : &contexts[i - 1];
        CU_ASSERT_EQUAL(dtls_conn_export(client, 1, "EXPERIMENTAL x", context, seen[i], sizeof seen[i]), DTLS_OK);
        CU_ASSERT_EQUAL(dtls_conn_export(server, 1, "EXPERIMENTAL x", context, out, sizeof out), DTLS_OK);
        CU_ASSERT_EQUAL(memcmp(seen[i], out, sizeof out), 0);
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_NOT_EQUAL(memcmp(seen[i], seen[j], sizeof out), 0);
    }
    CU_ASSERT_EQUAL(dtls_conn_export(client, 1, "EXPERIMENTAL y", NULL, out, sizeof out), DTLS_OK);
    CU_ASSERT_NOT_EQUAL(memcmp(seen[0], out, sizeof out), 0);
    CU_ASSERT_EQUAL(dtls_conn_export(client, 1, "EXPERIMENTAL x", NULL, out, 5), DTLS_OK); /* a beginning */
    CU_ASSERT_EQUAL(memcmp(seen[0], out, 5), 0);
    CU_ASSERT_EQUAL(pair_count(pair, CLIENT, DTLS_EVENT_KEYS), 0);
    pair_close(pair, CLIENT);
    CU_ASSERT_EQUAL(dtls_conn_export(client, 1, "EXPERIMENTAL x", NULL, out, 5), DTLS_ERR_NOT_OPEN);
    pair_free(pair);
}

static void what_may_not_be_exported_is_refused(void)
{
    static const char *const reserved[] = { "client finished",        "server finished", "master secret",
                                            "extended master secret", "key expansion",   "" };
    static uint8_t long_context[65536];
    struct pair_options options;
    uint8_t out[16], untouched[16];

    pair_options(&options, 8);
    options.config[CLIENT].exporter = true;
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    struct dtls_conn *client = pair->end[CLIENT].conn;
    memset(out, 0x5a, sizeof out);
    memcpy(untouched, out, sizeof out);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        CU_ASSERT_EQUAL(dtls_conn_export(client, 1, reserved[i], NULL, out, 16), DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(dtls_conn_export(client, 1, "x", &(struct dtls_bytes){ long_context, 65536 }, out, 16),
                    DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(dtls_conn_export(client, 0, "x", NULL, out, 16), DTLS_ERR_NO_KEYS);
    CU_ASSERT_EQUAL(dtls_conn_export(client, 2, "x", NULL, out, 16), DTLS_ERR_NO_KEYS);
    CU_ASSERT_EQUAL(dtls_conn_export(pair->end[SERVER].conn, 1, "x", NULL, out, 16), DTLS_ERR_NO_KEYS);
    client->as.exporters->extended_master_secret = false; /* RFC 7627, 5.4 */
    CU_ASSERT_EQUAL(dtls_conn_export(client, 1, "x", NULL, out, 16), DTLS_ERR_NO_KEYS);
    client->as.exporters->extended_master_secret = true;
    CU_ASSERT_EQUAL(memcmp(out, untouched, sizeof out), 0);
    CU_ASSERT_EQUAL(dtls_conn_export(client, 1, "x", &(struct dtls_bytes){ long_context, 65535 }, out, 16), DTLS_OK);
    pair_free(pair);
}

static CU_TestInfo tests[] = {
    { "each profile has its lengths, and its names", each_profile_has_its_lengths },
    { "the server's order decides", the_servers_order_decides },
    { "without a common profile it goes on without keys (RFC 5764, 4.1)",
      without_a_common_profile_it_goes_on_without_keys },
    { "what is required and not agreed on ends it, at either end", what_is_required_and_not_agreed_on_ends_it },
    { "MKI of 0, 1, 4, 128, 129 and 255 bytes, at MTU 1200 and 256", an_mki_of_every_length_is_echoed },
    { "each handshake has another MKI, and equal ones are none (K1)",
      each_handshake_has_another_mki_and_equal_ones_are_none },
    { "a server takes no MKI that is in use", a_server_takes_no_mki_that_is_in_use },
    { "a resumed handshake agrees anew", a_resumed_handshake_agrees_anew },
    { "a rehandshake agrees anew", a_rehandshake_agrees_anew },
    { "both ends export the same, and a context is not none (RFC 5705)", both_ends_export_the_same },
    { "what may not be exported is refused", what_may_not_be_exported_is_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "srtp_negotiation", tests);
}
