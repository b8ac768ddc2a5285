/* engine_settings.c - bytes become settings. What a bit means stays as it is, so that the corpus keeps its meaning. */
#include "tests/fuzz/engine_settings.h"

static const uint16_t psk_suites[] = { DTLS_ECDHE_PSK_AES_128_GCM_SHA256, DTLS_ECDHE_PSK_CHACHA20_POLY1305_SHA256,
                                       DTLS_PSK_AES_128_GCM_SHA256, DTLS_PSK_AES_128_CCM };

/* A client is asked, as a server is, or has its key before. `late`: the answers come later, and the client is asked. */
static void use_psk(struct engine_settings *settings, struct pair_options *options, bool late)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_config *config = &options->config[end];
        struct keyring *ring = &settings->rings[end];
        ring->psk[0] = keyring_psk("alice", 7, 16);
        ring->count = 1;
        ring->wait_us = late ? 30 * NET_MS : 0;
        config->identity = NULL;
        if (end == SERVER || late) {
            keyring_use(ring, (enum net_end)end, config);
        } else {
            config->psk_identity = ring->psk[0].identity;
            config->psk_key = ring->psk[0].key;
        }
    }
    options->config[SERVER].psk_hint = dtls_view("who is it?", late ? 10 : 0);
}

void engine_settings_read(struct dtls_reader *in, struct pair_options *options, struct engine_settings *settings)
{
    uint8_t kind = dtls_read_u8(in), who = dtls_read_u8(in), times = dtls_read_u8(in);

    options->cookies = (kind & 1) != 0;
    settings->keeps = (kind & 2) != 0;
    settings->tickets = (kind & 16) != 0;
    settings->psk = (kind & 64) != 0;
    settings->resumes = !settings->psk && (kind & 32) != 0; /* the session is one of certificates */
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_config *config = &options->config[end];
        config->public_key_jobs = (kind & 4 << end) != 0;
        config->rehandshake_policy = (enum dtls_rehandshake_policy)((who >> (2 * end)) % 4);
        config->mtu = (times & 1 << end) != 0 ? 300 : 1200;
        config->rehandshake_interval_ms = (times & 4 << end) != 0 ? 1000 : 0;
        config->rehandshake_timeout_ms = (times & 16 << end) != 0 ? 2000 : 0;
        config->probe_mtu_to = (times & 64) != 0 ? 1500 : 0;
    }
    if ((times & 128) != 0)
        options->config[SERVER].record_size_limit = 300;
    options->config[SERVER].client_certificate = (enum dtls_client_certificate)((who >> 4) % 3);
    if (settings->psk)
        use_psk(settings, options, (kind & 128) != 0);
}

bool engine_settings_change(struct dtls_config *config, enum net_end end, uint8_t choice)
{
    static const uint16_t suites[] = { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
                                       DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384 };
    static const uint16_t groups[] = { DTLS_GROUP_X25519, DTLS_GROUP_SECP256R1, DTLS_GROUP_SECP384R1 };
    unsigned value = choice >> 4;

    switch (choice & 15) {
    case 0:
        config->rehandshake_policy = (enum dtls_rehandshake_policy)(value % 4);
        break;
    case 1:
        config->rehandshake_mode = (enum dtls_rehandshake_mode)(value % 2);
        break;
    case 2:
        config->rehandshake_interval_ms = value * 100;
        break;
    case 3:
        config->rehandshake_timeout_ms = value * 500;
        break;
    case 4: /* the client's choice alone, or they might have nothing in common */
        config->suites[0] = config->psk_key.len > 0 || config->psk != NULL ? psk_suites[value % 4] : suites[value % 3];
        config->suite_count = end == CLIENT && value < 8;
        break;
    case 5:
        config->groups[0] = groups[value % 3];
        config->group_count = end == CLIENT && value < 8;
        break;
    case 6:
        config->peer_model = (enum dtls_peer_model)(value % 2);
        break;
    case 7:
        config->flight_interval_ms = value == 0 ? DTLS_FLIGHT_INTERVAL_AUTO : value * 10;
        break;
    case 8:
        config->public_key_jobs = value % 2 == 1;
        break;
    case 9:
        config->client_certificate = (enum dtls_client_certificate)(value % 3);
        break;
    case 10:
        config->renew_after_records = value;
        break;
    case 11:
        config->renew_after_s = value;
        break;
    case 12:
        config->rehandshake_mandatory = true;
        return true;
    case 13:
        config->identity = identity_of(value % 2 == 0 ? IDENTITY_OTHER : IDENTITY_LONG_CHAIN);
        config->change_own_identity = value % 4 < 2;
        return true;
    case 14:
        config->allow_identity_change = value % 2 == 1;
        break;
    default:
        config->renegotiation_cookie = (enum dtls_renegotiation_cookie)(value % 2);
        config->renew_mode = (enum dtls_rehandshake_mode)(value / 2 % 2);
    }
    return false;
}
