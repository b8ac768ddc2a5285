/* srtp_rekey.c - long calls on a bad network whose keys change all the time: each packet that the network delivers is
 * unprotected exactly once and is what was sent (contract K3, K4). The handshakes are played: who is first to finish
 * sends with the new keys once it has heard the peer do so. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "tests/box/sessions.h"
#include "tests/tap.h"

enum { SSRC = 0xcafe, FIRST_INDEX = 64000 };

struct plan {
    uint16_t profile;
    uint8_t mki_len;
    unsigned loss; /* per 10,000 */
    uint64_t interval_us, rekey_us;
    size_t packets; /* each way */
};

struct call {
    const struct plan *plan;
    struct net net;
    struct sessions media;
    struct rng chance;
    uint16_t epoch;
    enum net_end first_finisher; /* of the handshake under way */
    bool waits;                  /* the first finisher, for a proof */
    size_t sent[2], rtcp_sent[2];
    uint8_t *arrived[2]; /* by receiver and packet: delivered by the network */
    size_t delivered, copies, wrong, missed, twice, rtcp_delivered, rtcp_wrong;
    size_t heap_early, heap_late;
};

enum { IS_RTCP = 1 };

static void send_rtp(struct call *call, enum net_end end)
{
    uint8_t packet[SESSIONS_ROOM];
    uint64_t number = call->sent[end]++;
    size_t len = sessions_sealed_rtp(&call->media, end, call->net.now_us, packet, SSRC, FIRST_INDEX + number);

    net_send(&call->net, end, packet, len, number << 1);
}

static void send_rtcp(struct call *call, enum net_end end)
{
    uint8_t packet[SESSIONS_ROOM];
    uint64_t number = call->rtcp_sent[end]++;
    size_t len = sessions_sealed_rtcp(&call->media, end, call->net.now_us, packet, SSRC, number);

    net_send(&call->net, end, packet, len, number << 1 | IS_RTCP);
}

static void deliver(void *arg, struct net_datagram *datagram)
{
    struct call *call = arg;
    bool is_rtcp = (datagram->tag & IS_RTCP) != 0;
    uint64_t number = datagram->tag >> 1;
    uint8_t expected[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;

    (is_rtcp ? dtls_srtp_unprotect_rtcp : dtls_srtp_unprotect_rtp)(call->media.end[datagram->to], call->net.now_us,
                                                                   datagram->bytes, datagram->len, &opened);
    if (opened.confirms_epoch && call->waits && datagram->to == call->first_finisher && opened.epoch == call->epoch) {
        sessions_send_with(&call->media, datagram->to, call->net.now_us, call->epoch);
        call->waits = false;
    }
    size_t len = is_rtcp ? sessions_rtcp(expected, SSRC, number) : sessions_rtp(expected, SSRC, FIRST_INDEX + number);
    bool is_right = opened.len == len && memcmp(datagram->bytes, expected, len) == 0;
    if (is_rtcp) {
        call->rtcp_delivered++;
        call->rtcp_wrong += !is_right && opened.len != 0;
        return;
    }
    uint8_t *arrived = &call->arrived[datagram->to][number];
    if (*arrived) {
        call->copies++;
        call->twice += opened.len != 0;
    } else {
        call->delivered++;
        call->missed += opened.len == 0;
        call->wrong += opened.len != 0 && !is_right;
    }
    *arrived = 1;
}

/* Both have the keys; the second finisher has verified the first one's Finished and sends with them. */
static void rekey(void *arg)
{
    struct call *call = arg;

    if (call->waits) /* K3's ten seconds, had nothing come by then */
        sessions_send_with(&call->media, call->first_finisher, call->net.now_us, call->epoch);
    call->epoch++;
    call->first_finisher = rng_chance(&call->chance, 5000) ? CLIENT : SERVER;
    sessions_accept(&call->media, call->first_finisher, call->net.now_us, call->epoch);
    sessions_accept(&call->media, net_other(call->first_finisher), call->net.now_us, call->epoch);
    sessions_send_with(&call->media, net_other(call->first_finisher), call->net.now_us, call->epoch);
    call->waits = true;
    send_rtcp(call, CLIENT);
    send_rtcp(call, SERVER);
    net_call_at(&call->net, call->net.now_us + call->plan->rekey_us, rekey, call);
}

static void tick(void *arg)
{
    struct call *call = arg;
    uint64_t now = call->net.now_us;

    send_rtp(call, CLIENT);
    send_rtp(call, SERVER);
    if (now % (60 * NET_SECOND) == 5 * NET_SECOND) { /* half-way between two changes of keys */
        call->heap_late = mallinfo2().uordblks;
        if (now == 65 * NET_SECOND)
            call->heap_early = call->heap_late;
    }
    if (call->sent[CLIENT] < call->plan->packets)
        net_call_at(&call->net, now + call->plan->interval_us, tick, call);
}

static void run(struct call *call, const struct plan *plan)
{
    struct net_link link = { .delay_us = 30 * NET_MS,
                             .jitter_us = 15 * NET_MS,
                             .loss = plan->loss,
                             .duplicate = 200,
                             .reorder = 500,
                             .reorder_us = 70 * NET_MS };

    *call = (struct call){ .plan = plan, .chance = { 77 } };
    net_init(&call->net, 5 + plan->loss, 0);
    call->net.deliver = deliver;
    call->net.deliver_arg = call;
    call->net.link[CLIENT] = call->net.link[SERVER] = link;
    sessions_init(&call->media, plan->profile, plan->mki_len, NULL);
    for (int end = CLIENT; end <= SERVER; end++)
        call->arrived[end] = calloc(plan->packets, 1);
    sessions_renew(&call->media, 0, ++call->epoch);
    net_call_at(&call->net, 0, tick, call);
    net_call_at(&call->net, plan->rekey_us, rekey, call);
    uint64_t end_us = plan->packets * plan->interval_us + NET_SECOND;
    while (net_next_time(&call->net) < end_us)
        net_run_next(&call->net);
}

static void check_and_clear(struct call *call)
{
    const struct plan *plan = call->plan;
    struct dtls_srtp_stats stats[2] = { sessions_stats(&call->media, CLIENT), sessions_stats(&call->media, SERVER) };

    CHECK_CASE(call->missed + call->wrong + call->twice == 0,
               "profile %u, loss %u: of %zu delivered %zu missed, %zu wrong; of %zu copies %zu played", plan->profile,
               plan->loss, call->delivered, call->missed, call->wrong, call->copies, call->twice);
    CHECK_CASE(call->rtcp_wrong == 0, "profile %u, loss %u: RTCP", plan->profile, plan->loss);
    CU_ASSERT_EQUAL(stats[0].rtp_unprotected + stats[1].rtp_unprotected, call->delivered);
    CU_ASSERT_EQUAL(stats[0].forged + stats[1].forged + stats[0].old_key + stats[1].old_key, 0);
    CU_ASSERT_TRUE(call->copies > 0); /* the box really was unkind */
    CU_ASSERT_TRUE((call->delivered < 2 * plan->packets) == (plan->loss > 0));
    CU_ASSERT_TRUE(call->net.counts[CLIENT].reordered > 0);
    for (int end = CLIENT; end <= SERVER; end++)
        free(call->arrived[end]);
    sessions_clear(&call->media);
    net_clear(&call->net);
}

static void a_thousand_changes_of_keys(uint16_t profile, uint8_t mki_len, unsigned loss)
{
    struct plan plan = { profile, mki_len, loss, 10 * NET_MS, NET_SECOND, 100200 };
    struct call call;

    run(&call, &plan);
    CU_ASSERT_TRUE(call.epoch > 1000);
    check_and_clear(&call);
}

static void a_thousand_changes_without_loss(void)
{
    a_thousand_changes_of_keys(DTLS_SRTP_AES128_CM_HMAC_SHA1_80, 0, 0);
}

static void a_thousand_changes_at_5_percent_loss(void)
{
    a_thousand_changes_of_keys(DTLS_SRTP_AEAD_AES_128_GCM, 0, 500);
}

static void a_thousand_changes_at_20_percent_loss(void)
{
    a_thousand_changes_of_keys(DTLS_SRTP_AEAD_AES_256_GCM, 4, 2000);
}

/* 180,000 packets each way: the sequence numbers wrap three times, first in the first minute: what libsrtp keeps for a
 * stream is larger from then on. */
static void an_hour_of_a_call(void)
{
    struct plan plan = { DTLS_SRTP_AEAD_AES_128_GCM, 0, 100, 20 * NET_MS, 10 * NET_SECOND, 180000 };
    struct call call;

    run(&call, &plan);
    CHECK_CASE(call.heap_late < call.heap_early + 8192, "heap: %zu bytes in the second minute, %zu in the last",
               call.heap_early, call.heap_late); /* what is on the virtual network is part of it */
    check_and_clear(&call);
}

static CU_TestInfo tests[] = {
    { "1,000 changes of keys at 100 packets a second, no loss", a_thousand_changes_without_loss },
    { "1,000 changes of keys at 100 packets a second, 5 % loss", a_thousand_changes_at_5_percent_loss },
    { "1,000 changes of keys at 100 packets a second, 20 % loss", a_thousand_changes_at_20_percent_loss },
    { "an hour at 50 packets a second: three wraps, and a flat heap", an_hour_of_a_call },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "srtp_rekey", tests);
}
