/* conn_config.c - a configuration that cannot work is refused with a sentence that names its field. */
#include <string.h>

#include "dtls/dtls.h"
#include "tests/tap.h"

static struct dtls_identity *identity;
static const struct dtls_store elsewhere; /* a store that is not this process's own memory */

static struct dtls_config good(void)
{
    struct dtls_config config;

    dtls_config_init(&config);
    config.identity = identity;
    config.verifier = dtls_verifier_accept();
    return config;
}

static void defaults_and_the_presets_are_fine(void)
{
    struct dtls_config config = good();

    CU_ASSERT_PTR_NULL(dtls_config_problem(&config, DTLS_CLIENT));
    CU_ASSERT_PTR_NULL(dtls_config_problem(&config, DTLS_SERVER));
    dtls_config_preset_realtime(&config);
    CU_ASSERT_PTR_NULL(dtls_config_problem(&config, DTLS_CLIENT));
    CU_ASSERT_TRUE(config.initial_timeout_ms == 100 && config.maximum_timeout_ms == 2000);
    dtls_config_preset_webrtc(&config);
    CU_ASSERT_PTR_NULL(dtls_config_problem(&config, DTLS_SERVER));
    CU_ASSERT_TRUE(config.rehandshake_never && config.rehandshake_policy == DTLS_REHANDSHAKE_DENY);
}

/* The sentence names the field, and no connection is made. */
static void check_refused(const struct dtls_config *config, enum dtls_role role, const char *field)
{
    const char *problem = dtls_config_problem(config, role);

    CHECK_CASE(problem != NULL && strstr(problem, field) != NULL, "%s: %s", field, problem == NULL ? "fine" : problem);
    CU_ASSERT_PTR_NULL(dtls_conn_new(config, role));
}

static void *allocate_nothing(void *arg, size_t len)
{
    (void)arg;
    (void)len;
    return NULL;
}

static void ask_nobody(void *arg, struct dtls_question *question, struct dtls_bytes name)
{
    (void)arg;
    (void)question;
    (void)name;
}

static struct dtls_bytes bytes(size_t len)
{
    static const uint8_t zeroes[256];

    return (struct dtls_bytes){ zeroes, len };
}

/* A key alone is enough at either end. */
static void a_pre_shared_key_is_enough(void)
{
    struct dtls_config config = good();

    config.identity = NULL;
    config.verifier.verify = NULL;
    config.psk_key = bytes(16);
    CU_ASSERT_PTR_NULL(dtls_config_problem(&config, DTLS_CLIENT));
    config.psk_key = bytes(0);
    config.psk = ask_nobody;
    CU_ASSERT_PTR_NULL(dtls_config_problem(&config, DTLS_CLIENT));
    CU_ASSERT_PTR_NULL(dtls_config_problem(&config, DTLS_SERVER));
}

#define REFUSED(role, field, change)                                                                                   \
    do {                                                                                                               \
        struct dtls_config config = good();                                                                            \
        change;                                                                                                        \
        check_refused(&config, role, field);                                                                           \
    } while (0)

static void what_cannot_work_is_named(void)
{
    static char long_text[257];

    memset(long_text, 'a', 256);
    REFUSED(DTLS_SERVER, "identity", config.identity = NULL);
    REFUSED(DTLS_CLIENT, "verifier", config.verifier.verify = NULL);
    REFUSED(DTLS_SERVER, "verifier",
            (config.verifier.verify = NULL, config.client_certificate = DTLS_CLIENT_CERTIFICATE_ASK));
    REFUSED(DTLS_CLIENT, "fingerprints", config.fingerprint_count = 1);
    REFUSED(DTLS_CLIENT, "fingerprints",
            (config.fingerprints = &(struct dtls_fingerprint){ 0 }, config.fingerprint_count = 1));
    REFUSED(DTLS_SERVER, "client_certificate", config.client_certificate = (enum dtls_client_certificate)3);
    REFUSED(DTLS_CLIENT, "suites", (config.suites[0] = 0x1301, config.suite_count = 1));
    REFUSED(DTLS_CLIENT, "suites", config.suite_count = DTLS_MAX_SUITES + 1);
    REFUSED(DTLS_SERVER, "suites",
            (config.suites[0] = DTLS_ECDHE_RSA_AES_128_GCM_SHA256, config.suite_count = 1)); /* the key is P-256 */
    REFUSED(DTLS_CLIENT, "psk_identity needs psk_key", config.psk_identity = bytes(1));
    REFUSED(DTLS_CLIENT, "psk and psk_key", (config.psk = ask_nobody, config.psk_key = bytes(16)));
    REFUSED(DTLS_SERVER, "psk_key is a client's", config.psk_key = bytes(16));
    REFUSED(DTLS_CLIENT, "psk_identity is above", (config.psk_key = bytes(16), config.psk_identity = bytes(256)));
    REFUSED(DTLS_CLIENT, "psk_key is above", config.psk_key = bytes(65));
    REFUSED(DTLS_SERVER, "psk_hint is above", (config.psk = ask_nobody, config.psk_hint = bytes(256)));
    REFUSED(DTLS_CLIENT, "fingerprints and psk",
            (config.psk = ask_nobody,
             config.fingerprints = &(struct dtls_fingerprint){ .hash = DTLS_FINGERPRINT_SHA_256 },
             config.fingerprint_count = 1));
    REFUSED(DTLS_SERVER, "suites has none with a pre-shared key",
            (config.psk = ask_nobody, config.suites[0] = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, config.suite_count = 1));
    REFUSED(DTLS_CLIENT, "suites has only those with a pre-shared key",
            (config.suites[0] = DTLS_PSK_AES_128_GCM_SHA256, config.suite_count = 1));
    REFUSED(DTLS_SERVER, "suites has none for the identity's kind",
            (config.suites[0] = DTLS_PSK_AES_128_GCM_SHA256, config.suite_count = 1));
    REFUSED(DTLS_CLIENT, "groups", (config.groups[0] = 25, config.group_count = 1));
    REFUSED(DTLS_CLIENT, "srtp_profiles", (config.srtp_profiles[0] = 5, config.srtp_profile_count = 1));
    REFUSED(DTLS_SERVER, "srtp_profiles",
            (config.srtp_profiles[0] = config.srtp_profiles[1] = DTLS_SRTP_AEAD_AES_128_GCM,
             config.srtp_profile_count = 2));
    REFUSED(DTLS_CLIENT, "srtp_profiles", config.srtp_profile_count = DTLS_MAX_SRTP_PROFILES + 1);
    REFUSED(DTLS_CLIENT, "srtp_required", config.srtp_required = true);
    REFUSED(DTLS_CLIENT, "server_name", config.server_name = "");
    REFUSED(DTLS_CLIENT, "server_name", config.server_name = "192.0.2.1");
    REFUSED(DTLS_CLIENT, "server_name", config.server_name = "sip.example.");
    REFUSED(DTLS_SERVER, "identities", config.identity_count = 1);
    REFUSED(DTLS_SERVER, "identities",
            (config.identities = &(struct dtls_named_identity){ "a.b", NULL }, config.identity_count = 1));
    REFUSED(DTLS_SERVER, "identities",
            (config.identities = &(struct dtls_named_identity){ "*.b", identity }, config.identity_count = 1));
    REFUSED(DTLS_SERVER, "refuse_unknown_names", config.refuse_unknown_names = true);
    REFUSED(DTLS_SERVER, "authorities", config.authorities = ((struct dtls_bytes){ (const uint8_t *)"\0\0", 2 }));
    REFUSED(DTLS_SERVER, "authorities", config.authorities = ((struct dtls_bytes){ (const uint8_t *)"\0\2a", 3 }));
    REFUSED(DTLS_CLIENT, "alpn_policy", config.alpn_policy = (enum dtls_alpn_policy)3);
    REFUSED(DTLS_CLIENT, "alpn_policy", config.alpn_policy = DTLS_ALPN_REQUIRED);
    REFUSED(DTLS_CLIENT, "alpn", config.alpn_count = 1);
    REFUSED(DTLS_CLIENT, "alpn", (config.alpn = (const char *[]){ "" }, config.alpn_count = 1));
    REFUSED(DTLS_CLIENT, "alpn", (config.alpn = (const char *[]){ long_text }, config.alpn_count = 1));
    REFUSED(DTLS_CLIENT, "alpn",
            (config.alpn = (const char *[]){ long_text + 1, long_text + 1, long_text + 1, long_text + 1, "a" },
             config.alpn_count = 5));
    REFUSED(DTLS_CLIENT, "alpn", config.alpn_count = DTLS_MAX_ALPN + 1);
    REFUSED(DTLS_CLIENT, "initial_timeout_ms", config.initial_timeout_ms = 49);
    REFUSED(DTLS_CLIENT, "initial_timeout_ms", config.initial_timeout_ms = 60001);
    REFUSED(DTLS_CLIENT, "maximum_timeout_ms", config.maximum_timeout_ms = 999);
    REFUSED(DTLS_CLIENT, "mtu", config.mtu = 255);
    REFUSED(DTLS_CLIENT, "mtu", config.mtu = 65508);
    REFUSED(DTLS_CLIENT, "replay_window", config.replay_window = 63);
    REFUSED(DTLS_CLIENT, "replay_window", config.replay_window = 4097);
    REFUSED(DTLS_CLIENT, "probe_mtu_to", config.probe_mtu_to = 1199);
    REFUSED(DTLS_CLIENT, "probe_mtu_to", config.probe_mtu_to = 65508);
    REFUSED(DTLS_CLIENT, "record_size_limit", config.record_size_limit = 63);
    REFUSED(DTLS_CLIENT, "record_size_limit", config.record_size_limit = 16385);
    REFUSED(DTLS_CLIENT, "max_message", config.max_message = 1023);
    REFUSED(DTLS_CLIENT, "rehandshake_policy", config.rehandshake_policy = (enum dtls_rehandshake_policy)4);
    REFUSED(DTLS_CLIENT, "rehandshake_mode", config.rehandshake_mode = (enum dtls_rehandshake_mode)2);
    REFUSED(DTLS_CLIENT, "peer_model", config.peer_model = (enum dtls_peer_model)2);
    REFUSED(DTLS_CLIENT, "flight_interval_ms", config.flight_interval_ms = 10001);
    REFUSED(DTLS_CLIENT, "renew_mode", config.renew_mode = (enum dtls_rehandshake_mode)2);
    REFUSED(DTLS_CLIENT, "rehandshake_never", (config.rehandshake_never = true, config.renew_after_s = 1));
    REFUSED(DTLS_CLIENT, "renegotiation_cookie", config.renegotiation_cookie = (enum dtls_renegotiation_cookie)2);
    REFUSED(DTLS_SERVER, "store_keys", config.store = &elsewhere);
    REFUSED(DTLS_SERVER, "store_timeout_ms", config.store_timeout_ms = 0);
    REFUSED(DTLS_SERVER, "store_timeout_ms", config.store_timeout_ms = 10001);
    REFUSED(DTLS_CLIENT, "allocate", config.allocate = allocate_nothing);
}

static CU_TestInfo tests[] = {
    { "the defaults and the presets are fine", defaults_and_the_presets_are_fine },
    { "a pre-shared key is enough", a_pre_shared_key_is_enough },
    { "what cannot work is refused and named", what_cannot_work_is_named },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    if (dtls_identity_generate(DTLS_KEY_ECDSA_P256, "config", 0, 4000000000, NULL, NULL, &identity) != DTLS_OK)
        return 1;
    int status = tap_main(argc, argv, "conn/config", tests);
    dtls_identity_free(identity);
    return status;
}
