/* srtp.c - which SRTP profile and MKI a handshake agrees on. Knows no key. */
#include "handshake/srtp.h"

#include <string.h>

#include "handshake/handshake.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct dtls_srtp_profile_row profiles[DTLS_MAX_SRTP_PROFILES] = {
    { DTLS_SRTP_AES128_CM_HMAC_SHA1_80, "SRTP_AES128_CM_HMAC_SHA1_80", 16, 14 },
    { DTLS_SRTP_AES128_CM_HMAC_SHA1_32, "SRTP_AES128_CM_HMAC_SHA1_32", 16, 14 },
    { DTLS_SRTP_AEAD_AES_128_GCM, "SRTP_AEAD_AES_128_GCM", 16, 12 },
    { DTLS_SRTP_AEAD_AES_256_GCM, "SRTP_AEAD_AES_256_GCM", 32, 12 },
};

const struct dtls_srtp_profile_row *dtls_srtp_profile_find(uint16_t id)
{
    for (size_t i = 0; i < COUNT(profiles); i++)
        if (profiles[i].id == id)
            return &profiles[i];
    return NULL;
}

const char *dtls_srtp_profile_name(uint16_t profile)
{
    const struct dtls_srtp_profile_row *row = dtls_srtp_profile_find(profile);

    return row == NULL ? NULL : row->name;
}

uint16_t dtls_srtp_profile_by_name(const char *name)
{
    for (size_t i = 0; i < COUNT(profiles); i++)
        if (strcmp(name, profiles[i].name) == 0 || strcmp(name, profiles[i].name + strlen("SRTP_")) == 0)
            return profiles[i].id;
    return 0;
}

/* By an MKI that keys in use have too, nobody could tell them from the new ones (K1). */
static bool is_in_use(const struct dtls_handshake *hs, struct dtls_bytes mki)
{
    for (const struct dtls_exporter *at = hs->as->exporters; at != NULL; at = at->older)
        if (dtls_bytes_equal(mki, dtls_view(at->mki, at->mki_len)))
            return true;
    return false;
}

int dtls_srtp_draw_mki(struct dtls_handshake *hs)
{
    if (hs->config->srtp_profile_count == 0 || hs->config->srtp_mki_len == 0)
        return DTLS_OK;
    int err = dtls_random_bytes(&hs->as->random, hs->srtp_mki, hs->config->srtp_mki_len);
    if (err == DTLS_OK && !is_in_use(hs, dtls_view(hs->srtp_mki, hs->config->srtp_mki_len)))
        hs->srtp_mki_len = hs->config->srtp_mki_len;
    return err;
}

/* Nothing has been agreed on: is that the end? */
static int do_without(const struct dtls_handshake *hs, int why)
{
    return hs->config->srtp_required ? why : DTLS_OK;
}

int dtls_srtp_take_offer(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    const struct dtls_config *config = hs->config;

    if (config->srtp_profile_count == 0)
        return DTLS_OK;
    if (!hs->pending.extended_master_secret) /* its secret may be another connection's, too (RFC 7627, 5.4) */
        return do_without(hs, DTLS_ERR_UNSAFE_PEER);
    for (size_t i = 0; i < config->srtp_profile_count && hs->srtp_profile == 0; i++)
        if (dtls_bytes_have_u16(extensions->srtp_profiles, config->srtp_profiles[i]))
            hs->srtp_profile = config->srtp_profiles[i];
    if (hs->srtp_profile == 0)
        return do_without(hs, DTLS_ERR_NO_COMMON_SUITE);
    struct dtls_bytes mki = extensions->srtp_mki;
    if (mki.len > 0 && config->srtp_mki_len > 0 && !is_in_use(hs, mki)) {
        memcpy(hs->srtp_mki, mki.at, mki.len);
        hs->srtp_mki_len = (uint8_t)mki.len;
    }
    return DTLS_OK;
}

/* RFC 5764, 4.1.1 and 4.1.3: one of the profiles that were offered; the MKI that was offered, or none. */
int dtls_srtp_take_answer(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    const struct dtls_config *config = hs->config;
    struct dtls_bytes chosen = extensions->srtp_profiles, mki = extensions->srtp_mki;

    if (!extensions->has_srtp)
        return do_without(hs, DTLS_ERR_NO_COMMON_SUITE);
    for (size_t i = 0; i < config->srtp_profile_count && chosen.len == 2; i++)
        if (dtls_bytes_have_u16(chosen, config->srtp_profiles[i]))
            hs->srtp_profile = config->srtp_profiles[i];
    if (hs->srtp_profile == 0 || (mki.len > 0 && !dtls_bytes_equal(mki, dtls_view(hs->srtp_mki, hs->srtp_mki_len))))
        return DTLS_ERR_ILLEGAL_PARAMETER;
    hs->srtp_mki_len = (uint8_t)mki.len;
    /* The server means to send media; with keys that may not be exported we could never read it (RFC 7627, 5.4). */
    return hs->pending.extended_master_secret ? DTLS_OK : DTLS_ERR_UNSAFE_PEER;
}
