/* sessions.c - keys out of a seed, and packets whose every byte can be foretold. */
#include "tests/box/sessions.h"

#include <string.h>

#include "tests/tap.h"

static bool is_gcm(uint16_t profile)
{
    return profile == DTLS_SRTP_AEAD_AES_128_GCM || profile == DTLS_SRTP_AEAD_AES_256_GCM;
}

void sessions_init(struct sessions *media, uint16_t profile, uint8_t mki_len, const struct dtls_srtp_settings *settings)
{
    *media = (struct sessions){ .profile = profile, .mki_len = mki_len };
    CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(settings, &media->end[CLIENT]), DTLS_OK);
    CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(settings, &media->end[SERVER]), DTLS_OK);
}

void sessions_clear(struct sessions *media)
{
    dtls_srtp_free(media->end[CLIENT]);
    dtls_srtp_free(media->end[SERVER]);
}

void sessions_keys(const struct sessions *media, enum net_end end, uint16_t epoch, struct dtls_srtp_keys *out)
{
    struct rng rng = { epoch };
    uint8_t key[2][DTLS_SRTP_MAX_KEY], salt[2][DTLS_SRTP_MAX_SALT]; /* by sender */

    *out = (struct dtls_srtp_keys){ .epoch = epoch,
                                    .profile = media->profile,
                                    .key_len = media->profile == DTLS_SRTP_AEAD_AES_256_GCM ? 32 : 16,
                                    .salt_len = is_gcm(media->profile) ? 12 : 14,
                                    .mki_len = media->mki_len };
    rng_fill(&rng, key[0], sizeof key);
    rng_fill(&rng, salt[0], sizeof salt);
    rng_fill(&rng, out->mki, media->mki_len);
    memcpy(out->send_key, key[end], out->key_len);
    memcpy(out->send_salt, salt[end], out->salt_len);
    memcpy(out->receive_key, key[net_other(end)], out->key_len);
    memcpy(out->receive_salt, salt[net_other(end)], out->salt_len);
}

void sessions_accept(struct sessions *media, enum net_end end, dtls_time now, uint16_t epoch)
{
    struct dtls_srtp_keys keys;

    sessions_keys(media, end, epoch, &keys);
    CU_ASSERT_EQUAL(dtls_srtp_add_keys(media->end[end], now, &keys), DTLS_OK);
}

void sessions_send_with(struct sessions *media, enum net_end end, dtls_time now, uint16_t epoch)
{
    CU_ASSERT_EQUAL(dtls_srtp_send_with(media->end[end], now, epoch), DTLS_OK);
}

void sessions_renew(struct sessions *media, dtls_time now, uint16_t epoch)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        sessions_accept(media, end, now, epoch);
        sessions_send_with(media, end, now, epoch);
    }
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

size_t sessions_rtp(uint8_t *out, uint32_t ssrc, uint64_t index)
{
    struct rng rng = { index ^ ((uint64_t)ssrc << 32) };

    out[0] = 0x80;
    out[1] = 0;
    out[2] = (uint8_t)(index >> 8);
    out[3] = (uint8_t)index;
    put_u32(out + 4, (uint32_t)index * 160);
    put_u32(out + 8, ssrc);
    rng_fill(&rng, out + 12, SESSIONS_PAYLOAD);
    return SESSIONS_RTP;
}

size_t sessions_rtcp(uint8_t *out, uint32_t ssrc, uint64_t number)
{
    struct rng rng = { ~number ^ ((uint64_t)ssrc << 32) };

    out[0] = 0x80;
    out[1] = 200;
    out[2] = 0;
    out[3] = 6; /* words after the first: a sender report without blocks */
    put_u32(out + 4, ssrc);
    rng_fill(&rng, out + 8, SESSIONS_RTCP - 8);
    return SESSIONS_RTCP;
}

size_t sessions_sealed_rtp(struct sessions *media, enum net_end end, dtls_time now, uint8_t out[SESSIONS_ROOM],
                           uint32_t ssrc, uint64_t index)
{
    size_t len = sessions_rtp(out, ssrc, index);

    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media->end[end], now, out, len, SESSIONS_ROOM, &len), DTLS_OK);
    return len;
}

size_t sessions_sealed_rtcp(struct sessions *media, enum net_end end, dtls_time now, uint8_t out[SESSIONS_ROOM],
                            uint32_t ssrc, uint64_t number)
{
    size_t len = sessions_rtcp(out, ssrc, number);

    CU_ASSERT_EQUAL(dtls_srtp_protect_rtcp(media->end[end], now, out, len, SESSIONS_ROOM, &len), DTLS_OK);
    return len;
}

bool sessions_opens_rtp(struct sessions *media, enum net_end end, dtls_time now, const uint8_t *sealed, size_t len,
                        uint32_t ssrc, uint64_t index)
{
    uint8_t copy[SESSIONS_ROOM], expected[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;

    memcpy(copy, sealed, len);
    CU_ASSERT_EQUAL(dtls_srtp_unprotect_rtp(media->end[end], now, copy, len, &opened), DTLS_OK);
    return opened.len == sessions_rtp(expected, ssrc, index) && memcmp(copy, expected, opened.len) == 0;
}

bool sessions_opens_rtcp(struct sessions *media, enum net_end end, dtls_time now, const uint8_t *sealed, size_t len,
                         uint32_t ssrc, uint64_t number)
{
    uint8_t copy[SESSIONS_ROOM], expected[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;

    memcpy(copy, sealed, len);
    CU_ASSERT_EQUAL(dtls_srtp_unprotect_rtcp(media->end[end], now, copy, len, &opened), DTLS_OK);
    return opened.len == sessions_rtcp(expected, ssrc, number) && memcmp(copy, expected, opened.len) == 0;
}

struct dtls_srtp_stats sessions_stats(const struct sessions *media, enum net_end end)
{
    struct dtls_srtp_stats stats;

    dtls_srtp_stats(media->end[end], &stats);
    return stats;
}
