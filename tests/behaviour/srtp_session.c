/* srtp_session.c - a media session through changes of its keys (contract K3, K4): what it takes, what it drops. */
#include <string.h>

#include "tests/box/sessions.h"
#include "tests/tap.h"

enum { SSRC = 0x11223344 };

static const uint16_t profiles[] = { DTLS_SRTP_AES128_CM_HMAC_SHA1_80, DTLS_SRTP_AES128_CM_HMAC_SHA1_32,
                                     DTLS_SRTP_AEAD_AES_128_GCM, DTLS_SRTP_AEAD_AES_256_GCM };
static const uint8_t mki_lens[] = { 0, 1, 4, 128 };

#define EACH_KIND(profile, mki)                                                                                        \
    for (size_t p_ = 0, m_ = 0; p_ < 4; p_ += m_ == 3, m_ = (m_ + 1) % 4)                                              \
        for (uint16_t profile = profiles[p_], mki = mki_lens[m_], once_ = 1; once_ == 1; once_ = 0)

/* ---- both ways, and the change of keys ---- */

static void carries_media_both_ways(void)
{
    uint8_t sealed[SESSIONS_ROOM];
    struct sessions media;

    EACH_KIND(profile, mki)
    {
        sessions_init(&media, profile, (uint8_t)mki, NULL);
        sessions_renew(&media, 0, 1);
        for (int end = CLIENT; end <= SERVER; end++)
            for (uint64_t i = 0; i < 20; i++) {
                size_t len = sessions_sealed_rtp(&media, end, 0, sealed, SSRC, 1000 + i);
                CHECK_CASE(len > (size_t)SESSIONS_RTP + mki && len <= SESSIONS_RTP + DTLS_SRTP_OVERHEAD, "%u %u",
                           profile, mki);
                CHECK_CASE(sessions_opens_rtp(&media, net_other(end), 0, sealed, len, SSRC, 1000 + i), "RTP, %u %u",
                           profile, mki);
                len = sessions_sealed_rtcp(&media, end, 0, sealed, SSRC, i);
                CHECK_CASE(sessions_opens_rtcp(&media, net_other(end), 0, sealed, len, SSRC, i), "RTCP, %u %u", profile,
                           mki);
            }
        CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).rtp_unprotected, 20);
        CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).rtcp_protected, 20);
        sessions_clear(&media);
    }
}

static void both_sets_are_accepted_in_a_hand_over(void)
{
    uint8_t old[2][SESSIONS_ROOM], new[SESSIONS_ROOM];
    size_t old_len[2];
    struct sessions media;

    EACH_KIND(profile, mki)
    {
        sessions_init(&media, profile, (uint8_t)mki, NULL);
        sessions_renew(&media, 0, 1);
        old_len[0] = sessions_sealed_rtp(&media, CLIENT, 0, old[0], SSRC, 10);
        old_len[1] = sessions_sealed_rtcp(&media, CLIENT, 0, old[1], SSRC, 10);
        sessions_renew(&media, 0, 2);
        size_t len = sessions_sealed_rtp(&media, CLIENT, 0, new, SSRC, 11);
        CHECK_CASE(sessions_opens_rtp(&media, SERVER, 0, new, len, SSRC, 11), "new, %u %u", profile, mki);
        CHECK_CASE(sessions_opens_rtp(&media, SERVER, 0, old[0], old_len[0], SSRC, 10), "old, %u %u", profile, mki);
        len = sessions_sealed_rtcp(&media, CLIENT, 0, new, SSRC, 11);
        CHECK_CASE(sessions_opens_rtcp(&media, SERVER, 0, new, len, SSRC, 11), "new RTCP, %u %u", profile, mki);
        CHECK_CASE(sessions_opens_rtcp(&media, SERVER, 0, old[1], old_len[1], SSRC, 10), "old RTCP, %u %u", profile,
                   mki);
        sessions_clear(&media);
    }
}

static void says_when_a_packet_confirms_new_keys(void)
{
    uint8_t packet[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AEAD_AES_128_GCM, 0, NULL);
    sessions_renew(&media, 0, 1);
    sessions_accept(&media, SERVER, 0, 2); /* the first finisher: stays on the old ones */
    sessions_accept(&media, CLIENT, 0, 2);

    size_t len = sessions_sealed_rtp(&media, CLIENT, 0, packet, SSRC, 1);
    dtls_srtp_unprotect_rtp(media.end[SERVER], 0, packet, len, &opened);
    CU_ASSERT_TRUE(opened.epoch == 1 && !opened.confirms_epoch);

    sessions_send_with(&media, CLIENT, 0, 2);
    for (uint64_t i = 2; i < 4; i++) {
        len = sessions_sealed_rtp(&media, CLIENT, 0, packet, SSRC, i);
        dtls_srtp_unprotect_rtp(media.end[SERVER], 0, packet, len, &opened);
        CU_ASSERT_TRUE(opened.epoch == 2 && opened.confirms_epoch);
    }
    len = sessions_sealed_rtcp(&media, CLIENT, 0, packet, SSRC, 1);
    dtls_srtp_unprotect_rtcp(media.end[SERVER], 0, packet, len, &opened);
    CU_ASSERT_TRUE(opened.epoch == 2 && opened.confirms_epoch);

    sessions_send_with(&media, SERVER, 0, 2);
    len = sessions_sealed_rtp(&media, CLIENT, 0, packet, SSRC, 4);
    dtls_srtp_unprotect_rtp(media.end[SERVER], 0, packet, len, &opened);
    CU_ASSERT_TRUE(opened.epoch == 2 && !opened.confirms_epoch);
    sessions_clear(&media);
}

static void a_packet_is_not_played_again_under_any_keys(void)
{
    uint8_t first[SESSIONS_ROOM], again[SESSIONS_ROOM];
    struct sessions media;

    EACH_KIND(profile, mki)
    {
        sessions_init(&media, profile, (uint8_t)mki, NULL);
        sessions_renew(&media, 0, 1);
        size_t len = sessions_sealed_rtp(&media, CLIENT, 0, first, SSRC, 7);
        CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, first, len, SSRC, 7));
        sessions_renew(&media, 0, 2);
        CHECK_CASE(!sessions_opens_rtp(&media, SERVER, 0, first, len, SSRC, 7), "replayed, %u %u", profile, mki);

        /* A careless sender that numbers it again under the new keys: another session, as ours refuses. */
        struct sessions careless;
        sessions_init(&careless, profile, (uint8_t)mki, NULL);
        sessions_renew(&careless, 0, 2);
        size_t again_len = sessions_sealed_rtp(&careless, CLIENT, 0, again, SSRC, 7);
        CHECK_CASE(!sessions_opens_rtp(&media, SERVER, 0, again, again_len, SSRC, 7), "numbered again, %u %u", profile,
                   mki);
        CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).replayed, 2);

        len = sessions_sealed_rtcp(&media, CLIENT, 0, first, SSRC, 7);
        CU_ASSERT_TRUE(sessions_opens_rtcp(&media, SERVER, 0, first, len, SSRC, 7));
        CHECK_CASE(!sessions_opens_rtcp(&media, SERVER, 0, first, len, SSRC, 7), "RTCP, %u %u", profile, mki);
        CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).replayed, 3);
        sessions_clear(&careless);
        sessions_clear(&media);
    }
}

/* ---- the end of keys ---- */

static void old_keys_end_after_two_minutes(void)
{
    const dtls_time changed = 5 * NET_SECOND, end = changed + DTLS_SRTP_OLD_KEYS_US;
    uint8_t before[SESSIONS_ROOM], after[SESSIONS_ROOM];
    struct sessions media;

    for (uint8_t mki = 0; mki <= 2; mki += 2) {
        sessions_init(&media, DTLS_SRTP_AES128_CM_HMAC_SHA1_80, mki, NULL);
        sessions_renew(&media, 0, 1);
        CU_ASSERT_EQUAL(dtls_srtp_deadline(media.end[SERVER]), DTLS_NEVER);
        size_t before_len = sessions_sealed_rtp(&media, CLIENT, 0, before, SSRC, 1);
        size_t after_len = sessions_sealed_rtp(&media, CLIENT, 0, after, SSRC, 2);
        sessions_renew(&media, changed, 2);
        CU_ASSERT_EQUAL(dtls_srtp_deadline(media.end[SERVER]), end);
        sessions_send_with(&media, SERVER, changed + 1, 2); /* again: the end stays where it was */
        CU_ASSERT_EQUAL(dtls_srtp_deadline(media.end[SERVER]), end);

        CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, end - 1, before, before_len, SSRC, 1));
        CU_ASSERT_FALSE(sessions_opens_rtp(&media, SERVER, end, after, after_len, SSRC, 2));
        struct dtls_srtp_stats stats = sessions_stats(&media, SERVER);
        CU_ASSERT_TRUE(mki == 0 ? stats.forged == 1 : stats.old_key == 1);
        CU_ASSERT_EQUAL(dtls_srtp_deadline(media.end[SERVER]), DTLS_NEVER);
        sessions_clear(&media);
    }
}

static void three_sets_live_and_a_fourth_ends_the_oldest(void)
{
    uint8_t sealed[4][SESSIONS_ROOM];
    size_t len[4];
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AEAD_AES_256_GCM, 3, NULL);
    for (uint16_t epoch = 1; epoch <= 4; epoch++) {
        sessions_renew(&media, epoch, epoch);
        len[epoch - 1] = sessions_sealed_rtp(&media, CLIENT, epoch, sealed[epoch - 1], SSRC, epoch);
    }
    CU_ASSERT_FALSE(sessions_opens_rtp(&media, SERVER, 5, sealed[0], len[0], SSRC, 1));
    CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).old_key, 1);
    for (uint16_t epoch = 2; epoch <= 4; epoch++) /* two generations old, one, and the newest */
        CHECK_CASE(sessions_opens_rtp(&media, SERVER, 5, sealed[epoch - 1], len[epoch - 1], SSRC, epoch), "epoch %u",
                   epoch);
    sessions_clear(&media);
}

static void the_keys_sent_with_never_give_way(void)
{
    uint8_t sealed[SESSIONS_ROOM];
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AEAD_AES_128_GCM, 0, NULL);
    sessions_renew(&media, 0, 1);
    for (uint16_t epoch = 2; epoch <= 6; epoch++)
        sessions_accept(&media, CLIENT, 0, epoch);
    size_t len = sessions_sealed_rtp(&media, CLIENT, 0, sealed, SSRC, 1);
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, sealed, len, SSRC, 1));
    sessions_send_with(&media, CLIENT, 0, 6);
    sessions_send_with(&media, CLIENT, 0, 6);
    CU_ASSERT_EQUAL(dtls_srtp_send_with(media.end[CLIENT], 0, 5), DTLS_ERR_ARGUMENT); /* older */
    CU_ASSERT_EQUAL(dtls_srtp_send_with(media.end[CLIENT], 0, 2), DTLS_ERR_ARGUMENT); /* gave way */
    CU_ASSERT_EQUAL(dtls_srtp_send_with(media.end[CLIENT], 0, 9), DTLS_ERR_ARGUMENT); /* never was */
    sessions_clear(&media);
}

static void keys_of_a_forgotten_attempt_are_gone(void)
{
    uint8_t sealed[SESSIONS_ROOM];
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AES128_CM_HMAC_SHA1_32, 4, NULL);
    sessions_renew(&media, 0, 1);
    sessions_accept(&media, SERVER, 0, 2);
    sessions_accept(&media, CLIENT, 0, 2);
    sessions_send_with(&media, CLIENT, 0, 2);
    size_t len = sessions_sealed_rtp(&media, CLIENT, 0, sealed, SSRC, 1);
    CU_ASSERT_EQUAL(dtls_srtp_forget(media.end[SERVER], 1), DTLS_ERR_ARGUMENT); /* sent with */
    CU_ASSERT_EQUAL(dtls_srtp_forget(media.end[SERVER], 2), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_srtp_forget(media.end[SERVER], 2), DTLS_OK);
    CU_ASSERT_FALSE(sessions_opens_rtp(&media, SERVER, 0, sealed, len, SSRC, 1));
    CU_ASSERT_EQUAL(dtls_srtp_send_with(media.end[SERVER], 0, 2), DTLS_ERR_ARGUMENT);
    sessions_accept(&media, SERVER, 0, 2); /* the next attempt makes that epoch again */
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, sealed, len, SSRC, 1));
    sessions_clear(&media);
}

/* ---- MKI ---- */

static void an_mki_longer_than_128_bytes_is_refused(void)
{
    static const struct {
        uint8_t len;
        int error;
    } cases[] = { { 0, DTLS_OK },
                  { 1, DTLS_OK },
                  { 127, DTLS_OK },
                  { 128, DTLS_OK },
                  { 129, DTLS_SRTP_ERR_MKI },
                  { 255, DTLS_SRTP_ERR_MKI } };
    struct dtls_srtp_keys keys;
    struct sessions media;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sessions_init(&media, DTLS_SRTP_AEAD_AES_128_GCM, cases[i].len, NULL);
        sessions_keys(&media, CLIENT, 1, &keys);
        CHECK_CASE(dtls_srtp_add_keys(media.end[CLIENT], 0, &keys) == cases[i].error, "%u bytes", cases[i].len);
        CHECK_CASE(dtls_srtp_send_with(media.end[CLIENT], 0, 1) == (cases[i].error ? DTLS_ERR_ARGUMENT : DTLS_OK),
                   "%u bytes, then send", cases[i].len);
        sessions_clear(&media);
    }
}

static void a_wrong_mki_is_the_mki_of_unknown_keys(void)
{
    uint8_t sealed[SESSIONS_ROOM];
    struct sessions media;

    for (size_t p = 0; p < 4; p++) {
        size_t behind = p == 0 ? 10 : p == 1 ? 4 : 0;
        sessions_init(&media, profiles[p], 4, NULL);
        sessions_renew(&media, 0, 1);
        size_t len = sessions_sealed_rtp(&media, CLIENT, 0, sealed, SSRC, 1);
        sealed[len - behind - 1] ^= 1;
        CHECK_CASE(!sessions_opens_rtp(&media, SERVER, 0, sealed, len, SSRC, 1), "profile %u", profiles[p]);
        CHECK_CASE(sessions_stats(&media, SERVER).unknown_key == 1, "profile %u", profiles[p]);
        sealed[len - behind - 1] ^= 1;
        CHECK_CASE(sessions_opens_rtp(&media, SERVER, 0, sealed, len, SSRC, 1), "profile %u, right", profiles[p]);
        sessions_clear(&media);
    }
}

/* Contract K1: then it tells nothing, and all of them are tried. Nor need all keys have one, or one length. */
static void sets_with_one_mki_are_told_apart_by_trying(void)
{
    static const uint8_t lens[] = { 2, 2, 0, 2, 9 };
    uint8_t sealed[5][SESSIONS_ROOM];
    struct dtls_srtp_keys keys;
    size_t len[5];
    struct sessions media;

    for (size_t p = 0; p < 4; p++) {
        sessions_init(&media, profiles[p], 2, NULL);
        for (uint16_t i = 0; i < 5; i++) {
            for (int end = CLIENT; end <= SERVER; end++) {
                sessions_keys(&media, end, (uint16_t)(i + 1), &keys);
                keys.mki_len = lens[i];
                memset(keys.mki, 0x55, keys.mki_len);
                CU_ASSERT_EQUAL(dtls_srtp_add_keys(media.end[end], 0, &keys), DTLS_OK);
                sessions_send_with(&media, end, 0, (uint16_t)(i + 1));
            }
            len[i] = sessions_sealed_rtp(&media, CLIENT, 0, sealed[i], SSRC, i);
            if (i >= 1) { /* the one before it, late, then this one */
                CHECK_CASE(sessions_opens_rtp(&media, SERVER, 0, sealed[i - 1], len[i - 1], SSRC, i - 1u),
                           "profile %u, %u", profiles[p], i);
            }
        }
        sessions_clear(&media);
    }
}

/* ---- bad input ---- */

static void before_any_keys_nothing_passes(void)
{
    uint8_t sealed[SESSIONS_ROOM], packet[SESSIONS_ROOM];
    size_t out_len = 0;
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AEAD_AES_128_GCM, 0, NULL);
    sessions_accept(&media, CLIENT, 0, 1);
    size_t len = sessions_rtp(packet, SSRC, 1);
    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, len, sizeof packet, &out_len),
                    DTLS_SRTP_ERR_NO_KEYS); /* accepted is not yet sent with */
    sessions_send_with(&media, CLIENT, 0, 1);
    len = sessions_sealed_rtp(&media, CLIENT, 0, sealed, SSRC, 1);
    CU_ASSERT_FALSE(sessions_opens_rtp(&media, SERVER, 0, sealed, len, SSRC, 1));
    CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).no_keys, 1);
    sessions_accept(&media, SERVER, 0, 1);
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, sealed, len, SSRC, 1));
    sessions_clear(&media);
}

static void every_shorter_packet_is_dropped_and_left_alone(void)
{
    uint8_t sealed[SESSIONS_ROOM], cut[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;
    struct sessions media;

    EACH_KIND(profile, mki)
    {
        sessions_init(&media, profile, (uint8_t)mki, NULL);
        sessions_renew(&media, 0, 1);
        for (int is_rtcp = 0; is_rtcp <= 1; is_rtcp++) {
            size_t len = (is_rtcp ? sessions_sealed_rtcp : sessions_sealed_rtp)(&media, CLIENT, 0, sealed, SSRC, 1);
            for (size_t n = 0; n < len; n++) {
                memcpy(cut, sealed, n);
                (is_rtcp ? dtls_srtp_unprotect_rtcp : dtls_srtp_unprotect_rtp)(media.end[SERVER], 0, cut, n, &opened);
                CHECK_CASE(opened.len == 0 && memcmp(cut, sealed, n) == 0, "%zu of %zu bytes, %u %u", n, len, profile,
                           mki);
            }
            CHECK_CASE((is_rtcp ? sessions_opens_rtcp : sessions_opens_rtp)(&media, SERVER, 0, sealed, len, SSRC, 1),
                       "whole, %u %u", profile, mki);
        }
        struct dtls_srtp_stats stats = sessions_stats(&media, SERVER);
        CU_ASSERT_TRUE(stats.malformed >= 12 + 8);
        sessions_clear(&media);
    }
}

static void rtp_shorter_than_its_header_is_neither_taken_nor_sent(void)
{
    static const struct {
        uint8_t first;
        uint16_t words; /* of the extension */
        size_t len;
    } cases[] = {
        { 0x80, 0, 11 },      /* no SSRC */
        { 0x81, 0, 12 },      /* one CSRC and none there */
        { 0x8f, 0, 12 + 59 }, /* fifteen */
        { 0x90, 0, 12 },      /* no extension header */
        { 0x90, 1, 16 },      /* an extension of a word, and none there */
        { 0x90, 0xffff, 60 }, /* and of 256 KiB */
        { 0x9f, 1, 12 + 60 + 7 } /* all of it, but for a byte */,
        { 0x40, 0, 60 }, /* version 1 */
    };
    uint8_t packet[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AEAD_AES_128_GCM, 0, NULL);
    sessions_renew(&media, 0, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t at = 12 + (size_t)(cases[i].first & 15) * 4, len = 0;
        memset(packet, 0, sizeof packet);
        packet[0] = cases[i].first;
        packet[at + 2] = (uint8_t)(cases[i].words >> 8);
        packet[at + 3] = (uint8_t)cases[i].words;
        CHECK_CASE(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, cases[i].len, sizeof packet, &len) ==
                       DTLS_SRTP_ERR_PACKET,
                   "case %zu, sent", i);
        dtls_srtp_unprotect_rtp(media.end[SERVER], 0, packet, cases[i].len, &opened);
        CHECK_CASE(opened.len == 0 && sessions_stats(&media, SERVER).malformed == i + 1, "case %zu, received", i);
    }
    sessions_clear(&media);
}

static void headers_with_sources_and_extensions_pass(void)
{
    uint8_t packet[SESSIONS_ROOM], sent[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;
    struct sessions media;

    for (size_t p = 0; p < 4; p++) {
        sessions_init(&media, profiles[p], 1, NULL);
        sessions_renew(&media, 0, 1);
        for (unsigned sources = 0; sources < 16; sources++) {
            size_t len = sessions_rtp(packet, SSRC, sources);
            packet[0] = (uint8_t)(0x90 | sources);
            memset(packet + 12, 0, 4 * 16);
            packet[12 + 4 * sources + 3] = 2;
            len = 12 + 4 * sources + 12 + (sources % 3); /* no payload, or a little */
            memcpy(sent, packet, len);
            size_t sealed_len = 0;
            CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, len, sizeof packet, &sealed_len),
                            DTLS_OK);
            size_t payload = len - (12 + 4 * sources + 12);
            dtls_srtp_unprotect_rtp(media.end[SERVER], 0, packet, sealed_len - payload - 1, &opened);
            CHECK_CASE(sessions_stats(&media, SERVER).malformed == sources + 1,
                       "profile %u, %u sources, no room for a tag", profiles[p], sources);
            dtls_srtp_unprotect_rtp(media.end[SERVER], 0, packet, sealed_len, &opened);
            CHECK_CASE(opened.len == len && memcmp(packet, sent, len) == 0, "profile %u, %u sources", profiles[p],
                       sources);
        }
        sessions_clear(&media);
    }
}

static void every_flipped_bit_is_noticed(void)
{
    uint8_t sealed[SESSIONS_ROOM];
    struct sessions media;

    for (size_t p = 0; p < 4; p++)
        for (int is_rtcp = 0; is_rtcp <= 1; is_rtcp++) {
            bool (*opens)(struct sessions *, enum net_end, dtls_time, const uint8_t *, size_t, uint32_t, uint64_t) =
                is_rtcp ? sessions_opens_rtcp : sessions_opens_rtp;
            sessions_init(&media, profiles[p], 2, NULL);
            sessions_renew(&media, 0, 1);
            sessions_renew(&media, 0, 2); /* two sets to try */
            size_t len = (is_rtcp ? sessions_sealed_rtcp : sessions_sealed_rtp)(&media, CLIENT, 0, sealed, SSRC, 300);
            for (size_t bit = 0; bit < len * 8; bit++) {
                uint8_t copy[SESSIONS_ROOM], before[SESSIONS_ROOM];
                struct dtls_srtp_opened opened;
                memcpy(copy, sealed, len);
                copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
                memcpy(before, copy, len);
                (is_rtcp ? dtls_srtp_unprotect_rtcp : dtls_srtp_unprotect_rtp)(media.end[SERVER], 0, copy, len,
                                                                               &opened);
                CHECK_CASE(opened.len == 0 && memcmp(copy, before, len) == 0, "profile %u, bit %zu", profiles[p], bit);
            }
            CHECK_CASE(opens(&media, SERVER, 0, sealed, len, SSRC, 300), "profile %u, whole", profiles[p]);
            sessions_clear(&media);
        }
}

/* GCM in libsrtp on NSS gathers what is authenticated but not encrypted in a buffer; a datagram that fills it to the
 * brim, and says that it is not encrypted, made it refuse all RTCP that came after. */
static void unencrypted_rtcp_of_any_length_does_no_harm(void)
{
    static uint8_t packet[2200];
    uint8_t sealed[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;
    struct sessions media;

    for (size_t p = 0; p < 4; p++) {
        sessions_init(&media, profiles[p], 0, &(struct dtls_srtp_settings){ .max_packet = sizeof packet });
        sessions_renew(&media, 0, 1);
        for (size_t len = SESSIONS_RTCP; len <= sizeof packet; len++) {
            memset(packet, 0, sizeof packet);
            sessions_rtcp(packet, SSRC, 1);
            memset(packet + SESSIONS_RTCP - 4, 0, 4);
            dtls_srtp_unprotect_rtcp(media.end[SERVER], 0, packet, len, &opened);
            CU_ASSERT_EQUAL(opened.len, 0);
        }
        size_t len = sessions_sealed_rtcp(&media, CLIENT, 0, sealed, SSRC, 2);
        CHECK_CASE(sessions_opens_rtcp(&media, SERVER, 0, sealed, len, SSRC, 2), "profile %u", profiles[p]);
        sessions_clear(&media);
    }
}

static void refusals_change_nothing(void)
{
    uint8_t packet[SESSIONS_ROOM], before[SESSIONS_ROOM];
    struct dtls_srtp_keys keys;
    size_t out_len = 0;
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AES128_CM_HMAC_SHA1_80, 4, NULL);
    sessions_renew(&media, 0, 1);
    sessions_keys(&media, CLIENT, 1, &keys);
    CU_ASSERT_EQUAL(dtls_srtp_add_keys(media.end[CLIENT], 0, &keys), DTLS_ERR_ARGUMENT); /* lives already */
    keys.epoch = 2;
    keys.profile = 5; /* NULL encryption: none of ours */
    CU_ASSERT_EQUAL(dtls_srtp_add_keys(media.end[CLIENT], 0, &keys), DTLS_SRTP_ERR_PROFILE);
    keys.profile = DTLS_SRTP_AEAD_AES_128_GCM; /* with a salt of 14 */
    CU_ASSERT_EQUAL(dtls_srtp_add_keys(media.end[CLIENT], 0, &keys), DTLS_SRTP_ERR_PROFILE);

    size_t len = sessions_rtp(packet, SSRC, 1);
    memcpy(before, packet, len);
    for (size_t cap = len; cap < len + 14; cap++) {
        CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, len, cap, &out_len),
                        DTLS_ERR_BUFFER_TOO_SMALL);
        CU_ASSERT_TRUE(out_len == len + 14 && memcmp(packet, before, len) == 0);
    }
    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, len, len + 14, &out_len), DTLS_OK);
    CU_ASSERT_EQUAL(out_len, len + 14);

    sessions_rtp(packet, SSRC, 1);
    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, len, sizeof packet, &out_len),
                    DTLS_SRTP_ERR_REPEATED);
    CU_ASSERT_EQUAL(memcmp(packet, before, len), 0);
    sessions_renew(&media, 0, 2); /* nor under other keys: the receiver would take it for a copy */
    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, len, sizeof packet, &out_len),
                    DTLS_SRTP_ERR_REPEATED);

    static uint8_t large[4096];
    sessions_rtp(large, SSRC, 2);
    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, large, 2048 - 13, sizeof large, &out_len),
                    DTLS_SRTP_ERR_PACKET);
    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, large, 2048 - 14, sizeof large, &out_len), DTLS_OK);
    sessions_clear(&media);
}

static void settings_outside_their_range_are_refused(void)
{
    static const struct dtls_srtp_settings bad[] = { { .max_streams = 4097 },  { .replay_window = 63 },
                                                     { .replay_window = 100 }, { .replay_window = 32768 },
                                                     { .max_packet = 255 },    { .max_packet = 65536 } };
    struct dtls_srtp *session;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_CASE(dtls_srtp_new(&bad[i], &session) == DTLS_ERR_ARGUMENT, "case %zu", i);
    CU_ASSERT_EQUAL(dtls_srtp_new(&(struct dtls_srtp_settings){ 4096, 32704, 65535 }, &session), DTLS_OK);
    dtls_srtp_free(session);
    dtls_srtp_free(NULL);
}

static CU_TestInfo tests[] = {
    { "RTP and RTCP both ways, with every profile and MKIs of 0 to 128 bytes", carries_media_both_ways },
    { "in a hand-over packets of both sets of keys are accepted", both_sets_are_accepted_in_a_hand_over },
    { "a packet of newer keys than those sent with says so", says_when_a_packet_confirms_new_keys },
    { "a packet is not played again, under its own keys or others", a_packet_is_not_played_again_under_any_keys },
    { "old keys are accepted for two minutes, and then wiped", old_keys_end_after_two_minutes },
    { "packets two generations old are accepted, of three dropped", three_sets_live_and_a_fourth_ends_the_oldest },
    { "the keys that are sent with never give way", the_keys_sent_with_never_give_way },
    { "the keys of an attempt that was given up are gone", keys_of_a_forgotten_attempt_are_gone },
    { "MKIs of 0, 1, 127 and 128 bytes are taken, of 129 and 255 refused", an_mki_longer_than_128_bytes_is_refused },
    { "a packet with a mismatching MKI is dropped", a_wrong_mki_is_the_mki_of_unknown_keys },
    { "sets of keys with one MKI, or some without, are told apart by trying",
      sets_with_one_mki_are_told_apart_by_trying },
    { "before the keys no packet passes", before_any_keys_nothing_passes },
    { "a packet cut short at any byte is dropped and left as it was", every_shorter_packet_is_dropped_and_left_alone },
    { "RTP shorter than its header is neither taken nor sent", rtp_shorter_than_its_header_is_neither_taken_nor_sent },
    { "headers with CSRCs and extensions pass", headers_with_sources_and_extensions_pass },
    { "a flipped bit anywhere is noticed, and the packet left as it was", every_flipped_bit_is_noticed },
    { "unencrypted RTCP of any length is dropped and does no harm", unencrypted_rtcp_of_any_length_does_no_harm },
    { "what is refused changes nothing", refusals_change_nothing },
    { "settings outside their range are refused", settings_outside_their_range_are_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "srtp_session", tests);
}
