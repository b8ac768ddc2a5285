/* config.c - default settings, and what is wrong with given ones. */
#include "dtls/config.h"

#include <string.h>

#include "bytes/reader.h"
#include "dtls/store.h"
#include "handshake/alpn.h"
#include "handshake/choice.h"
#include "handshake/srtp.h"
#include "handshake/suites.h"
#include "identity/host_name.h"
#include "identity/identity.h"

void dtls_config_init(struct dtls_config *config)
{
    *config = (struct dtls_config){
        .initial_timeout_ms = 1000,
        .maximum_timeout_ms = 60000,
        .handshake_timeout_ms = 60000,
        .mtu = 1200,
        .replay_window = 256,
        .held_records = 256,
        .held_bytes = 262144,
        .record_size_limit = 16384,
        .max_message = 32768,
        .rehandshake_mode = DTLS_REHANDSHAKE_ABBREVIATED,
        .rehandshake_interval_ms = 1000,
        .flight_interval_ms = DTLS_FLIGHT_INTERVAL_AUTO,
        .session_lifetime_s = 86400,
        .store_timeout_ms = 200,
    };
}

void dtls_config_preset_realtime(struct dtls_config *config)
{
    config->initial_timeout_ms = 100;
    config->maximum_timeout_ms = 2000;
}

void dtls_config_preset_webrtc(struct dtls_config *config)
{
    dtls_config_preset_realtime(config);
    config->rehandshake_policy = DTLS_REHANDSHAKE_DENY;
    config->rehandshake_never = true;
}

static bool suites_are_known(const struct dtls_config *config)
{
    for (size_t i = 0; i < config->suite_count; i++)
        if (dtls_suite_find(config->suites[i]) == NULL)
            return false;
    return true;
}

static bool groups_are_known(const struct dtls_config *config)
{
    for (size_t i = 0; i < config->group_count; i++)
        if (dtls_group_name(config->groups[i]) == NULL)
            return false;
    return true;
}

static bool srtp_profiles_are_known(const struct dtls_config *config)
{
    for (size_t i = 0; i < config->srtp_profile_count; i++) {
        if (dtls_srtp_profile_find(config->srtp_profiles[i]) == NULL)
            return false;
        for (size_t j = 0; j < i; j++)
            if (config->srtp_profiles[i] == config->srtp_profiles[j])
                return false;
    }
    return true;
}

static bool fingerprints_are_known(const struct dtls_config *config)
{
    for (size_t i = 0; config->fingerprints != NULL && i < config->fingerprint_count; i++)
        if (dtls_fingerprint_len(config->fingerprints[i].hash) == 0)
            return false;
    return config->fingerprints != NULL;
}

static const char *psk_problem(const struct dtls_config *config, enum dtls_role role)
{
    if (!dtls_config_has_psk(config))
        return config->psk_identity.len > 0 ? "psk_identity needs psk_key" : NULL;
    if (config->psk != NULL && config->psk_key.len > 0)
        return "psk and psk_key contradict each other";
    if (role == DTLS_SERVER && config->psk == NULL)
        return "psk_key is a client's: a server needs psk, to be asked for each client's key";
    if (config->psk_identity.len > DTLS_PSK_MAX_IDENTITY)
        return "psk_identity is above 255 bytes";
    if (config->psk_key.len > DTLS_PSK_MAX_KEY)
        return "psk_key is above 64 bytes";
    if (config->psk_hint.len > DTLS_PSK_MAX_HINT)
        return "psk_hint is above 255 bytes";
    if (config->fingerprint_count > 0)
        return "fingerprints and psk or psk_key contradict each other";
    return NULL;
}

static struct dtls_bytes text_of(const char *text)
{
    return dtls_view(text, strlen(text));
}

const char *dtls_config_problem(const struct dtls_config *config, enum dtls_role role)
{
    const char *problem;

    if (role != DTLS_CLIENT && role != DTLS_SERVER)
        return "role is neither DTLS_CLIENT nor DTLS_SERVER";
    if (role == DTLS_SERVER && !dtls_config_has_identity(config) && config->psk == NULL)
        return "a server needs an identity, or psk";
    if (config->client_certificate > DTLS_CLIENT_CERTIFICATE_REQUIRE)
        return "client_certificate is not one of its values";
    if (config->fingerprint_count > 0 && !fingerprints_are_known(config))
        return "fingerprints is missing, or has one of an unknown hash";
    if (config->fingerprint_count == 0 &&
        (role == DTLS_CLIENT ? !dtls_config_has_psk(config)
                             : config->client_certificate != DTLS_CLIENT_CERTIFICATE_NONE) &&
        config->verifier.verify == NULL)
        return "verifier is missing";
    problem = psk_problem(config, role);
    if (problem != NULL)
        return problem;
    if (config->suite_count > DTLS_MAX_SUITES || !suites_are_known(config))
        return "suites has one that is unknown, or too many";
    if (dtls_config_has_psk(config) && !dtls_config_fits_psk(config, role))
        return "suites has none with a pre-shared key, and psk or psk_key is set";
    if (role == DTLS_SERVER && config->identity != NULL && config->psk == NULL && config->identity_count == 0 &&
        config->choose_identity == NULL && !dtls_config_fits(config, config->identity->public_key.kind))
        return "suites has none for the identity's kind of key";
    if (dtls_config_suites(config, role, (uint16_t[DTLS_MAX_SUITES]){ 0 }) == 0)
        return "suites has only those with a pre-shared key, and psk and psk_key are missing; or the other way round";
    if (config->group_count > DTLS_MAX_GROUPS || !groups_are_known(config))
        return "groups has one that is unknown, or too many";
    if (config->srtp_profile_count > DTLS_MAX_SRTP_PROFILES || !srtp_profiles_are_known(config))
        return "srtp_profiles has one that is unknown, or twice, or too many";
    if (config->srtp_required && config->srtp_profile_count == 0)
        return "srtp_required needs srtp_profiles";
    if (role == DTLS_CLIENT && config->server_name != NULL && !dtls_host_name_is_valid(text_of(config->server_name)))
        return "server_name is no DNS name";
    problem = dtls_choice_problem(config, role);
    if (problem != NULL)
        return problem;
    problem = dtls_alpn_problem(config);
    if (problem != NULL)
        return problem;
    if (config->initial_timeout_ms < 50 || config->initial_timeout_ms > 60000)
        return "initial_timeout_ms is not between 50 and 60,000";
    if (config->maximum_timeout_ms < config->initial_timeout_ms)
        return "maximum_timeout_ms is below initial_timeout_ms";
    if (config->mtu < DTLS_SMALLEST_MTU || config->mtu > DTLS_LARGEST_MTU)
        return "mtu is not between 256 and 65,507";
    if (config->replay_window < 64 || config->replay_window > 4096)
        return "replay_window is not between 64 and 4,096";
    if (config->probe_mtu_to != 0 && (config->probe_mtu_to < config->mtu || config->probe_mtu_to > DTLS_LARGEST_MTU))
        return "probe_mtu_to is not between mtu and 65,507";
    if (config->record_size_limit < 64 || config->record_size_limit > 16384)
        return "record_size_limit is not between 64 and 16,384";
    if (config->max_message < 1024 || config->max_message > 131072)
        return "max_message is not between 1,024 and 131,072";
    if (config->rehandshake_policy > DTLS_REHANDSHAKE_ASK)
        return "rehandshake_policy is not one of its values";
    if (config->rehandshake_mode > DTLS_REHANDSHAKE_ABBREVIATED)
        return "rehandshake_mode is not one of its values";
    if (config->peer_model > DTLS_PEER_STRICT)
        return "peer_model is not one of its values";
    if (config->flight_interval_ms > 10000 && config->flight_interval_ms != DTLS_FLIGHT_INTERVAL_AUTO)
        return "flight_interval_ms is above 10,000";
    if (config->renew_mode > DTLS_REHANDSHAKE_ABBREVIATED)
        return "renew_mode is not one of its values";
    if (config->rehandshake_never &&
        (config->renew_after_records > 0 || config->renew_after_bytes > 0 || config->renew_after_s > 0))
        return "rehandshake_never and renew_after_records, _bytes or _s contradict each other";
    if (config->renegotiation_cookie > DTLS_RENEGOTIATION_COOKIE_OLD)
        return "renegotiation_cookie is not one of its values";
    if (config->ticket_keys != NULL && config->ticket_keys->count > DTLS_MAX_TICKET_KEYS)
        return "ticket_keys has too many";
    if (config->store != NULL && !config->store->is_own_memory &&
        (config->store_keys == NULL || config->store_keys->count > DTLS_MAX_TICKET_KEYS))
        return "store needs store_keys";
    if (config->store_timeout_ms < 1 || config->store_timeout_ms > 10000)
        return "store_timeout_ms is not between 1 and 10,000";
    if ((config->allocate == NULL) != (config->release == NULL))
        return "allocate and release come both or not at all";
    return NULL;
}
