/* media.c - keys out of a seed, and packets whose every byte can be foretold. */
#include "tests/box/media.h"

#include <string.h>

#include "tests/tap.h"

static bool is_gcm(uint16_t profile)
{
    return profile == DTLS_SRTP_AEAD_AES_128_GCM || profile == DTLS_SRTP_AEAD_AES_256_GCM;
}

void media_init(struct media *media, uint16_t profile, uint8_t mki_len, const struct dtls_srtp_settings *settings)
{
    *media = (struct media){ .profile = profile, .mki_len = mki_len };
    CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(settings, &media->end[CLIENT]), DTLS_OK);
    CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(settings, &media->end[SERVER]), DTLS_OK);
}

void media_clear(struct media *media)
{
    dtls_srtp_free(media->end[CLIENT]);
    dtls_srtp_free(media->end[SERVER]);
}

void media_keys(const struct media *media, enum net_end end, uint16_t epoch, struct dtls_srtp_keys *out)
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

void media_accept(struct media *media, enum net_end end, dtls_time now, uint16_t epoch)
{
    struct dtls_srtp_keys keys;

    media_keys(media, end, epoch, &keys);
    CU_ASSERT_EQUAL(dtls_srtp_add_keys(media->end[end], now, &keys), DTLS_OK);
}

void media_send_with(struct media *media, enum net_end end, dtls_time now, uint16_t epoch)
{
    CU_ASSERT_EQUAL(dtls_srtp_send_with(media->end[end], now, epoch), DTLS_OK);
}

void media_renew(struct media *media, dtls_time now, uint16_t epoch)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        media_accept(media, end, now, epoch);
        media_send_with(media, end, now, epoch);
    }
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

size_t media_rtp(uint8_t *out, uint32_t ssrc, uint64_t index)
{
    struct rng rng = { index ^ ((uint64_t)ssrc << 32) };

    out[0] = 0x80;
    out[1] = 0;
    out[2] = (uint8_t)(index >> 8);
    out[3] = (uint8_t)index;
    put_u32(out + 4, (uint32_t)index * 160);
    put_u32(out + 8, ssrc);
    rng_fill(&rng, out + 12, MEDIA_PAYLOAD);
    return MEDIA_RTP;
}

size_t media_rtcp(uint8_t *out, uint32_t ssrc, uint64_t number)
{
    struct rng rng = { ~number ^ ((uint64_t)ssrc << 32) };

    out[0] = 0x80;
    out[1] = 200;
    out[2] = 0;
    out[3] = 6; /* words after the first: a sender report without blocks */
    put_u32(out + 4, ssrc);
    rng_fill(&rng, out + 8, MEDIA_RTCP - 8);
    return MEDIA_RTCP;
}

size_t media_sealed_rtp(struct media *media, enum net_end end, dtls_time now, uint8_t out[MEDIA_ROOM], uint32_t ssrc,
                        uint64_t index)
{
    size_t len = media_rtp(out, ssrc, index);

    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media->end[end], now, out, len, MEDIA_ROOM, &len), DTLS_OK);
    return len;
}

size_t media_sealed_rtcp(struct media *media, enum net_end end, dtls_time now, uint8_t out[MEDIA_ROOM], uint32_t ssrc,
                         uint64_t number)
{
    size_t len = media_rtcp(out, ssrc, number);

    CU_ASSERT_EQUAL(dtls_srtp_protect_rtcp(media->end[end], now, out, len, MEDIA_ROOM, &len), DTLS_OK);
    return len;
}

bool media_opens_rtp(struct media *media, enum net_end end, dtls_time now, const uint8_t *sealed, size_t len,
                     uint32_t ssrc, uint64_t index)
{
    uint8_t copy[MEDIA_ROOM], expected[MEDIA_ROOM];
    struct dtls_srtp_opened opened;

    memcpy(copy, sealed, len);
    CU_ASSERT_EQUAL(dtls_srtp_unprotect_rtp(media->end[end], now, copy, len, &opened), DTLS_OK);
    return opened.len == media_rtp(expected, ssrc, index) && memcmp(copy, expected, opened.len) == 0;
}

bool media_opens_rtcp(struct media *media, enum net_end end, dtls_time now, const uint8_t *sealed, size_t len,
                      uint32_t ssrc, uint64_t number)
{
    uint8_t copy[MEDIA_ROOM], expected[MEDIA_ROOM];
    struct dtls_srtp_opened opened;

    memcpy(copy, sealed, len);
    CU_ASSERT_EQUAL(dtls_srtp_unprotect_rtcp(media->end[end], now, copy, len, &opened), DTLS_OK);
    return opened.len == media_rtcp(expected, ssrc, number) && memcmp(copy, expected, opened.len) == 0;
}

struct dtls_srtp_stats media_stats(const struct media *media, enum net_end end)
{
    struct dtls_srtp_stats stats;

    dtls_srtp_stats(media->end[end], &stats);
    return stats;
}
