/* suites.c - what can be negotiated, and our order of preference. */
#include "handshake/suites.h"

#include <string.h>

#include "bytes/reader.h"
#include "record/header.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define GCM_128 .aead = &dtls_aes_128_gcm, .hash = DTLS_SHA256
#define GCM_256 .aead = &dtls_aes_256_gcm, .hash = DTLS_SHA384
#define CHACHA  .aead = &dtls_chacha20_poly1305, .hash = DTLS_SHA256
#define CCM     .aead = &dtls_aes_128_ccm, .hash = DTLS_SHA256
#define CCM_8   .aead = &dtls_aes_128_ccm_8, .hash = DTLS_SHA256

#define ECDSA     .ecdhe = true
#define RSA       .ecdhe = true, .rsa = true
#define ECDHE_PSK .ecdhe = true, .psk = true
#define PSK       .psk = true

/* A tag of 8 bytes is for those who know why. RFC 9147, 4.5.3 would have us close after 2^7 forgeries, and then whoever
 * can send us datagrams could end any association (S1). */
static const struct dtls_suite_row suites[DTLS_MAX_SUITES] = {
    { DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", GCM_128, ECDSA },
    { DTLS_ECDHE_RSA_AES_128_GCM_SHA256, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", GCM_128, RSA },
    { DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", CHACHA, ECDSA },
    { DTLS_ECDHE_RSA_CHACHA20_POLY1305_SHA256, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", CHACHA, RSA },
    { DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", GCM_256, ECDSA },
    { DTLS_ECDHE_RSA_AES_256_GCM_SHA384, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", GCM_256, RSA },
    { DTLS_ECDHE_ECDSA_AES_128_CCM, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", CCM, ECDSA },
    { DTLS_ECDHE_PSK_AES_128_GCM_SHA256, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", GCM_128, ECDHE_PSK },
    { DTLS_ECDHE_PSK_CHACHA20_POLY1305_SHA256, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", CHACHA, ECDHE_PSK },
    { DTLS_PSK_AES_128_GCM_SHA256, "TLS_PSK_WITH_AES_128_GCM_SHA256", GCM_128, PSK },
    { DTLS_PSK_AES_128_CCM, "TLS_PSK_WITH_AES_128_CCM", CCM, PSK },
    { DTLS_ECDHE_ECDSA_AES_128_CCM_8, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", CCM_8, ECDSA, .named_only = true },
    { DTLS_PSK_AES_128_CCM_8, "TLS_PSK_WITH_AES_128_CCM_8", CCM_8, PSK, .named_only = true },
};

static const struct {
    uint16_t id;
    const char *name;
} groups[DTLS_MAX_GROUPS] = {
    { DTLS_GROUP_X25519, "x25519" },
    { DTLS_GROUP_SECP256R1, "secp256r1" },
    { DTLS_GROUP_SECP384R1, "secp384r1" },
};

const uint16_t dtls_schemes[] = {
    DTLS_ECDSA_SHA256,   DTLS_ED25519,        DTLS_ECDSA_SHA384,     DTLS_ECDSA_SHA512,     DTLS_RSA_PSS_SHA256,
    DTLS_RSA_PSS_SHA384, DTLS_RSA_PSS_SHA512, DTLS_RSA_PKCS1_SHA256, DTLS_RSA_PKCS1_SHA384, DTLS_RSA_PKCS1_SHA512,
};
const size_t dtls_scheme_count = COUNT(dtls_schemes);

const struct dtls_suite_row *dtls_suite_find(uint16_t id)
{
    for (size_t i = 0; i < COUNT(suites); i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}

const char *dtls_suite_name(uint16_t suite)
{
    const struct dtls_suite_row *row = dtls_suite_find(suite);

    return row == NULL ? NULL : row->name;
}

uint16_t dtls_suite_by_name(const char *name)
{
    for (size_t i = 0; i < COUNT(suites); i++)
        if (strcmp(name, suites[i].name) == 0 || strcmp(name, suites[i].name + strlen("TLS_")) == 0)
            return suites[i].id;
    return 0;
}

const char *dtls_group_name(uint16_t group)
{
    for (size_t i = 0; i < COUNT(groups); i++)
        if (groups[i].id == group)
            return groups[i].name;
    return NULL;
}

uint16_t dtls_group_by_name(const char *name)
{
    for (size_t i = 0; i < COUNT(groups); i++)
        if (strcmp(name, groups[i].name) == 0)
            return groups[i].id;
    return 0;
}

bool dtls_config_has_psk(const struct dtls_config *config)
{
    return config->psk != NULL || config->psk_key.len > 0;
}

static bool is_usable(const struct dtls_config *config, enum dtls_role role, const struct dtls_suite_row *row)
{
    if (row->psk)
        return dtls_config_has_psk(config);
    return role == DTLS_SERVER || config->verifier.verify != NULL || config->fingerprint_count > 0;
}

size_t dtls_config_suites(const struct dtls_config *config, enum dtls_role role, uint16_t out[DTLS_MAX_SUITES])
{
    size_t most = config->suite_count > 0 ? config->suite_count : COUNT(suites), count = 0;

    for (size_t i = 0; i < most; i++) {
        const struct dtls_suite_row *row = config->suite_count > 0 ? dtls_suite_find(config->suites[i]) : &suites[i];
        if ((config->suite_count > 0 || !row->named_only) && is_usable(config, role, row))
            out[count++] = row->id;
    }
    return count;
}

size_t dtls_config_groups(const struct dtls_config *config, uint16_t out[DTLS_MAX_GROUPS])
{
    if (config->group_count > 0) {
        memcpy(out, config->groups, config->group_count * sizeof out[0]);
        return config->group_count;
    }
    for (size_t i = 0; i < COUNT(groups); i++)
        out[i] = groups[i].id;
    return COUNT(groups);
}

bool dtls_config_has_suite(const struct dtls_config *config, enum dtls_role role, uint16_t suite)
{
    uint16_t suite_list[DTLS_MAX_SUITES];
    size_t count = dtls_config_suites(config, role, suite_list);

    while (count > 0)
        if (suite_list[--count] == suite)
            return true;
    return false;
}

bool dtls_config_has_group(const struct dtls_config *config, uint16_t group)
{
    uint16_t group_list[DTLS_MAX_GROUPS];
    size_t count = dtls_config_groups(config, group_list);

    while (count > 0)
        if (group_list[--count] == group)
            return true;
    return false;
}

bool dtls_config_fits_psk(const struct dtls_config *config, enum dtls_role role)
{
    uint16_t suite_list[DTLS_MAX_SUITES];
    size_t count = dtls_config_suites(config, role, suite_list);

    while (count > 0)
        if (dtls_suite_find(suite_list[--count])->psk)
            return true;
    return false;
}

bool dtls_config_fits(const struct dtls_config *config, enum dtls_key_kind kind)
{
    uint16_t suite_list[DTLS_MAX_SUITES];
    size_t count = dtls_config_suites(config, DTLS_SERVER, suite_list);

    while (count > 0) {
        const struct dtls_suite_row *row = dtls_suite_find(suite_list[--count]);
        if (!row->psk && row->rsa == (kind == DTLS_KEY_RSA))
            return true;
    }
    return false;
}

size_t dtls_config_expansion(const struct dtls_config *config, enum dtls_role role)
{
    uint16_t ids[DTLS_MAX_SUITES];
    size_t count = dtls_config_suites(config, role, ids), most = 0;

    for (size_t i = 0; i < count; i++) {
        const struct dtls_aead *aead = dtls_suite_find(ids[i])->aead;
        if (aead->explicit_len + aead->tag_len > most)
            most = aead->explicit_len + aead->tag_len;
    }
    return DTLS_RECORD_HEADER_LEN + most;
}

uint16_t dtls_scheme_choose(enum dtls_key_kind kind, struct dtls_bytes offered)
{
    /* The hash that is as strong as the curve, where the peer takes it. */
    if (kind == DTLS_KEY_P384 && dtls_bytes_have_u16(offered, DTLS_ECDSA_SHA384))
        return DTLS_ECDSA_SHA384;
    for (size_t i = 0; i < dtls_scheme_count; i++)
        if (dtls_scheme_fits(dtls_schemes[i], kind) && dtls_bytes_have_u16(offered, dtls_schemes[i]))
            return dtls_schemes[i];
    return 0;
}
