/* srtp_streams.c - streams of a media session: the roll-over counter, and how many SSRCs there may be (contract K4). */
#include <malloc.h>
#include <string.h>

#include "tests/allocations.h"
#include "tests/box/sessions.h"
#include "tests/tap.h"

enum { SSRC = 7, WRAP = 65536 };

struct sealed {
    uint64_t index;
    size_t len;
    uint8_t bytes[256];
};

static void seal(struct sessions *media, struct sealed *out, uint32_t ssrc, uint64_t index)
{
    uint8_t room[SESSIONS_ROOM];

    out->index = index;
    out->len = sessions_sealed_rtp(media, CLIENT, 0, room, ssrc, index);
    memcpy(out->bytes, room, out->len);
}

static void shuffle(struct rng *rng, struct sealed *packets, size_t count)
{
    for (size_t i = count - 1; i > 0; i--) {
        size_t other = rng_up_to(rng, i);
        struct sealed kept = packets[i];
        packets[i] = packets[other];
        packets[other] = kept;
    }
}

/* ---- the roll-over counter ---- */

static void counts_over_a_wrap_with_loss_reordering_and_copies(void)
{
    enum { AROUND = 200 };
    static struct sealed packets[2 * AROUND];
    struct rng rng = { 3 };
    struct sessions media;

    for (uint16_t profile = 1; profile <= 7; profile += 6) {
        sessions_init(&media, profile, 0, NULL);
        sessions_renew(&media, 0, 1);
        for (size_t wrap = 1; wrap <= 3; wrap++) {
            for (size_t i = 0; i < 2 * AROUND; i++)
                seal(&media, &packets[i], SSRC, wrap * WRAP - AROUND + i);
            CU_ASSERT_TRUE(
                sessions_opens_rtp(&media, SERVER, 0, packets[0].bytes, packets[0].len, SSRC, packets[0].index));
            shuffle(&rng, packets + 1, 2 * AROUND - 1);
            for (size_t i = 1; i < 2 * AROUND; i++) {
                if (rng_chance(&rng, 2000))
                    continue;
                for (int copy = 0; copy <= 1; copy++)
                    CHECK_CASE(sessions_opens_rtp(&media, SERVER, 0, packets[i].bytes, packets[i].len, SSRC,
                                                  packets[i].index) == (copy == 0),
                               "profile %u, index %u, copy %d", profile, (unsigned)packets[i].index, copy);
            }
            /* On to the next wrap, in steps that a receiver can follow. */
            for (uint64_t at = wrap * WRAP + 20000; at < (wrap + 1) * WRAP - AROUND; at += 20000) {
                seal(&media, &packets[0], SSRC, at);
                CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, packets[0].bytes, packets[0].len, SSRC, at));
            }
        }
        sessions_clear(&media);
    }
}

/* The keys change `before` packets before the wrap (or after it); what is sent around both comes in any order, and some
 * of it never. */
static void change_keys_near_a_wrap(uint16_t profile, uint8_t mki, int change, uint64_t round, struct rng *rng)
{
    enum { AROUND = 6 };
    struct sealed packets[2 * AROUND], first;
    struct sessions media;

    sessions_init(&media, profile, mki, NULL);
    sessions_renew(&media, 0, 1);
    for (uint64_t at = 20000; at < round * WRAP - AROUND; at += 20000) {
        seal(&media, &first, SSRC, at);
        CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, first.bytes, first.len, SSRC, at));
    }
    sessions_accept(&media, SERVER, 0, 2);
    for (int i = -AROUND; i < AROUND; i++) {
        if (i == change) {
            sessions_accept(&media, CLIENT, 0, 2);
            sessions_send_with(&media, CLIENT, 0, 2);
        }
        seal(&media, &packets[i + AROUND], SSRC, round * WRAP + (uint64_t)(int64_t)i);
    }
    shuffle(rng, packets, 2 * AROUND);
    size_t lost = rng_up_to(rng, 4);
    for (size_t i = lost; i < 2 * AROUND; i++)
        CHECK_CASE(sessions_opens_rtp(&media, SERVER, 0, packets[i].bytes, packets[i].len, SSRC, packets[i].index),
                   "profile %u, keys change at %d, round %u, index %+d, %zu lost", profile, change, (unsigned)round,
                   (int)((int64_t)packets[i].index - (int64_t)(round * WRAP)), lost);
    for (size_t i = lost; i < 2 * AROUND; i++)
        CHECK_CASE(!sessions_opens_rtp(&media, SERVER, 0, packets[i].bytes, packets[i].len, SSRC, packets[i].index),
                   "again, profile %u, keys change at %d", profile, change);
    sessions_clear(&media);
}

static void keys_change_within_3_packets_of_a_wrap(void)
{
    struct rng rng = { 4 };

    for (int change = -3; change <= 3; change++)
        for (int i = 0; i < 6; i++) {
            change_keys_near_a_wrap(DTLS_SRTP_AES128_CM_HMAC_SHA1_80, 0, change, 1, &rng);
            change_keys_near_a_wrap(DTLS_SRTP_AEAD_AES_128_GCM, 0, change, 1, &rng);
            change_keys_near_a_wrap(DTLS_SRTP_AEAD_AES_256_GCM, 4, change, 2, &rng);
        }
}

static void late_packets_of_old_keys_keep_their_own_count(void)
{
    struct sealed late[3], now;
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AES128_CM_HMAC_SHA1_32, 0, NULL);
    sessions_renew(&media, 0, 1);
    seal(&media, &late[0], SSRC, 65500);
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, late[0].bytes, late[0].len, SSRC, 65500));
    seal(&media, &late[1], SSRC, 65535);
    seal(&media, &late[2], SSRC, 65537);
    sessions_renew(&media, 0, 2);
    for (uint64_t i = 65538; i < 66000; i++) {
        seal(&media, &now, SSRC, i);
        CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, now.bytes, now.len, SSRC, i));
    }
    for (size_t i = 2; i >= 1; i--)
        CHECK_CASE(sessions_opens_rtp(&media, SERVER, 0, late[i].bytes, late[i].len, SSRC, late[i].index), "late %zu",
                   i);
    sessions_clear(&media);
}

static void what_is_behind_the_window_is_dropped(void)
{
    struct sealed oldest, older, newest;
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AEAD_AES_128_GCM, 0, &(struct dtls_srtp_settings){ .replay_window = 64 });
    sessions_renew(&media, 0, 1);
    seal(&media, &older, SSRC, 100);
    seal(&media, &oldest, SSRC, 101);
    seal(&media, &newest, SSRC, 164);
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, newest.bytes, newest.len, SSRC, 164));
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, oldest.bytes, oldest.len, SSRC, 101));
    CU_ASSERT_FALSE(sessions_opens_rtp(&media, SERVER, 0, older.bytes, older.len, SSRC, 100));
    CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).replayed, 1);
    sessions_clear(&media);
}

/* ---- how many streams ---- */

static void forged_ssrcs_take_no_place_and_no_memory(void)
{
    enum { FLOOD = 3000 };
    uint8_t packet[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;
    struct sealed real;
    struct rng rng = { 9 };
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AEAD_AES_128_GCM, 0, &(struct dtls_srtp_settings){ .max_streams = 2 });
    sessions_renew(&media, 0, 1);
    seal(&media, &real, SSRC, 1);
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, real.bytes, real.len, SSRC, 1));
    size_t before = allocations();
    for (uint32_t i = 0; i < FLOOD; i++) {
        size_t len = sessions_rtp(packet, 1000 + i, rng_next(&rng)) + 16;
        dtls_srtp_unprotect_rtp(media.end[SERVER], 0, packet, len, &opened);
        CU_ASSERT_EQUAL(opened.len, 0);
        len = sessions_rtcp(packet, 1000 + i, i) + 20;
        packet[len - 4] |= 0x80;
        dtls_srtp_unprotect_rtcp(media.end[SERVER], 0, packet, len, &opened);
        CU_ASSERT_EQUAL(opened.len, 0);
    }
    CU_ASSERT_EQUAL(allocations(), before);
    CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).forged, 2 * FLOOD);
    CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).evicted, 0);
    seal(&media, &real, SSRC, 2);
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, real.bytes, real.len, SSRC, 2));
    sessions_clear(&media);
}

static void the_stream_silent_for_longest_gives_way(void)
{
    struct dtls_srtp_settings receiver = { .max_streams = 3 };
    struct sealed packets[5], again;
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AES128_CM_HMAC_SHA1_80, 0, NULL);
    dtls_srtp_free(media.end[SERVER]);
    CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(&receiver, &media.end[SERVER]), DTLS_OK);
    sessions_renew(&media, 0, 1);
    sessions_renew(&media, 0, 2); /* streams are kept by both sets */
    for (uint32_t ssrc = 0; ssrc < 5; ssrc++)
        seal(&media, &packets[ssrc], ssrc, 10);
    for (uint32_t ssrc = 0; ssrc < 3; ssrc++)
        CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, packets[ssrc].bytes, packets[ssrc].len, ssrc, 10));
    seal(&media, &again, 0, 11); /* 0 speaks: now 1 is the one */
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, again.bytes, again.len, 0, 11));
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, packets[3].bytes, packets[3].len, 3, 10));
    CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).evicted, 1);
    CU_ASSERT_FALSE(sessions_opens_rtp(&media, SERVER, 0, packets[0].bytes, packets[0].len, 0, 10)); /* known still */
    CU_ASSERT_FALSE(sessions_opens_rtp(&media, SERVER, 0, packets[2].bytes, packets[2].len, 2, 10));
    CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).replayed, 2);
    seal(&media, &again, 1, 11); /* comes back, as a new one */
    CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, again.bytes, again.len, 1, 11));
    CU_ASSERT_EQUAL(sessions_stats(&media, SERVER).evicted, 2);
    sessions_clear(&media);
}

static void streams_that_gave_way_leave_no_memory_behind(void)
{
    enum { STREAMS = 2000 };
    static struct sealed packets[STREAMS]; /* first all of the sender's work, for that takes memory */
    struct dtls_srtp_settings receiver = { .max_streams = 4 };
    struct sessions media;

    for (int call = 0; call < 2; call++) {
        sessions_init(&media, DTLS_SRTP_AEAD_AES_128_GCM, 0, &(struct dtls_srtp_settings){ .max_streams = 4096 });
        dtls_srtp_free(media.end[SERVER]);
        CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(&receiver, &media.end[SERVER]), DTLS_OK);
        sessions_renew(&media, 0, 1);
        for (uint32_t ssrc = 0; ssrc < STREAMS; ssrc++)
            seal(&media, &packets[ssrc], ssrc, 10);
        size_t before = mallinfo2().uordblks;
        for (uint32_t ssrc = 0; ssrc < STREAMS; ssrc++)
            CU_ASSERT_TRUE(sessions_opens_rtp(&media, SERVER, 0, packets[ssrc].bytes, packets[ssrc].len, ssrc, 10));
        int64_t taken = (int64_t)(mallinfo2().uordblks - before);
        CHECK_CASE(taken < 64 * 1024, "%lld bytes for %d streams", (long long)taken, STREAMS);
        sessions_clear(&media);
    }
}

/* A sender that forgot its counter would use a key stream twice. */
static void a_sender_forgets_no_stream_under_the_keys_it_sends_with(void)
{
    struct dtls_srtp_settings two = { .max_streams = 2 };
    uint8_t packet[SESSIONS_ROOM];
    size_t out_len = 0;
    struct sealed sealed;
    struct sessions media;

    sessions_init(&media, DTLS_SRTP_AEAD_AES_128_GCM, 0, &two);
    sessions_renew(&media, 0, 1);
    seal(&media, &sealed, 1, 1);
    seal(&media, &sealed, 2, 1);
    size_t len = sessions_rtp(packet, 3, 1);
    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, len, sizeof packet, &out_len),
                    DTLS_SRTP_ERR_STREAMS);
    seal(&media, &sealed, 1, 2);

    sessions_renew(&media, 0, 2);
    seal(&media, &sealed, 2, 2); /* so 1 has not sent with the new keys */
    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, len, sizeof packet, &out_len), DTLS_OK);
    len = sessions_rtp(packet, 1, 3);
    CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(media.end[CLIENT], 0, packet, len, sizeof packet, &out_len),
                    DTLS_SRTP_ERR_STREAMS);
    sessions_clear(&media);
}

static void a_packet_allocates_nothing(void)
{
    uint8_t packet[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;
    struct sessions media;

    for (size_t p = 0; p < 4; p++) {
        uint16_t profile = (uint16_t[]){ 1, 2, 7, 8 }[p];
        sessions_init(&media, profile, 2, NULL);
        sessions_renew(&media, 0, 1);
        sessions_renew(&media, 0, 2);
        size_t before = 0;
        for (uint64_t i = 0; i < 2000; i++) {
            if (i == 1)
                before = allocations();
            size_t len = sessions_sealed_rtp(&media, CLIENT, 0, packet, SSRC, 65000 + i);
            dtls_srtp_unprotect_rtp(media.end[SERVER], 0, packet, len, &opened);
            CU_ASSERT_EQUAL(opened.len, SESSIONS_RTP);
            len = sessions_sealed_rtcp(&media, CLIENT, 0, packet, SSRC, i);
            dtls_srtp_unprotect_rtcp(media.end[SERVER], 0, packet, len, &opened);
            CU_ASSERT_EQUAL(opened.len, SESSIONS_RTCP);
        }
        CHECK_CASE(allocations() - before == 0, "profile %u: %zu allocations", profile, allocations() - before);
        sessions_clear(&media);
    }
}

static void a_session_without_memory_leaves_nothing(void)
{
    struct dtls_srtp *session = NULL;
    size_t refused = 0;

    for (int error = DTLS_ERR_NO_MEMORY; error != DTLS_OK; refused++) {
        allocations_fail_at(refused);
        error = dtls_srtp_new(NULL, &session);
        allocations_fail_at(SIZE_MAX);
        CU_ASSERT_TRUE_FATAL(error == DTLS_OK || error == DTLS_ERR_NO_MEMORY);
    }
    CU_ASSERT_TRUE(refused > 4); /* what the sanitizer finds is the rest of this test */
    dtls_srtp_free(session);
}

static CU_TestInfo tests[] = {
    { "wraps are counted with loss, reordering and copies around them",
      counts_over_a_wrap_with_loss_reordering_and_copies },
    { "keys change within 3 packets of a wrap, packets in any order", keys_change_within_3_packets_of_a_wrap },
    { "late packets of old keys are counted as of their own round", late_packets_of_old_keys_keep_their_own_count },
    { "what is behind the replay window is dropped", what_is_behind_the_window_is_dropped },
    { "a flood of forged SSRCs takes no place and no memory", forged_ssrcs_take_no_place_and_no_memory },
    { "of too many streams the one silent for longest gives way", the_stream_silent_for_longest_gives_way },
    { "streams that gave way leave no memory behind", streams_that_gave_way_leave_no_memory_behind },
    { "a sender forgets no stream under the keys in use", a_sender_forgets_no_stream_under_the_keys_it_sends_with },
    { "after a stream's first a packet allocates nothing of ours", a_packet_allocates_nothing },
    { "a session that gets no memory leaves nothing behind", a_session_without_memory_leaves_nothing },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "srtp_streams", tests);
}
