/* srtp_call.c - a whole call on the box: two engines, two media sessions, and RTP under real SRTP while the keys are
 * renewed again and again (contracts K3 and K4 together). Every packet that the network delivers is unprotected once.
 */
#include <stdlib.h>
#include <string.h>

#include "dtls/srtp.h"
#include "tests/box/pair.h"
#include "tests/box/sessions.h"
#include "tests/tap.h"

enum { SSRC = 7, FIRST_INDEX = 100, RENEWALS = 1000 };

struct call {
    struct pair *pair;
    struct dtls_srtp *session[2];
    bool speaks[2];
    uint64_t sent[2];
    size_t room;                     /* packets that the notes have room for */
    uint8_t *arrived[2], *opened[2]; /* by number, at the end that they go to */
    uint64_t interval_us;
};

struct mouth {
    struct call *call;
    enum net_end end;
};

static void on_event(void *arg, enum net_end end, const struct dtls_event *event)
{
    struct call *call = arg;
    uint64_t now_us = call->pair->net.now_us;
    struct dtls_srtp_keys keys;
    int error;

    if (event->type != DTLS_EVENT_KEYS)
        return;
    if (event->keys == DTLS_KEYS_ACCEPT) {
        error = dtls_conn_srtp_keys(call->pair->end[end].conn, event->epoch, &keys);
        if (error == DTLS_OK)
            error = dtls_srtp_add_keys(call->session[end], now_us, &keys);
    } else if (event->keys == DTLS_KEYS_SEND) {
        error = dtls_srtp_send_with(call->session[end], now_us, event->epoch);
        call->speaks[end] = true;
    } else {
        error = dtls_srtp_forget(call->session[end], event->epoch);
    }
    CHECK_CASE(error == DTLS_OK, "seed %llu: end %d, KEYS %d of epoch %u: %d", (unsigned long long)call->pair->seed,
               end, event->keys, event->epoch, error);
}

/* The number of a packet is its tag, less one. */
static void on_media(void *arg, const struct net_datagram *datagram)
{
    struct call *call = arg;
    uint64_t now_us = call->pair->net.now_us, number = datagram->tag - 1;
    enum net_end to = datagram->to;
    uint8_t packet[SESSIONS_ROOM], expected[SESSIONS_ROOM];
    struct dtls_srtp_opened opened;

    memcpy(packet, datagram->bytes, datagram->len);
    call->arrived[to][number] = 1;
    if (dtls_srtp_unprotect_rtp(call->session[to], now_us, packet, datagram->len, &opened) != DTLS_OK ||
        opened.len == 0)
        return;
    size_t len = sessions_rtp(expected, SSRC, FIRST_INDEX + number);
    CHECK_CASE(opened.len == len && memcmp(packet, expected, len) == 0, "seed %llu: packet %llu is another",
               (unsigned long long)call->pair->seed, (unsigned long long)number);
    call->opened[to][number]++;
    dtls_conn_media_confirmed(call->pair->end[to].conn, now_us, opened.epoch);
    pair_settle(call->pair, to);
}

static void speak(void *arg)
{
    struct mouth *mouth = arg;
    struct call *call = mouth->call;
    uint64_t now_us = call->pair->net.now_us, number = call->sent[mouth->end];
    uint8_t packet[SESSIONS_ROOM];
    size_t len = sessions_rtp(packet, SSRC, FIRST_INDEX + number);

    if (call->interval_us == 0 || number == call->room)
        return;
    if (call->speaks[mouth->end]) {
        int error = dtls_srtp_protect_rtp(call->session[mouth->end], now_us, packet, len, sizeof packet, &len);
        CHECK_CASE(error == DTLS_OK, "packet %llu is not protected: %d", (unsigned long long)number, error);
        net_send(&call->pair->net, mouth->end, packet, len, number + 1);
        call->sent[mouth->end]++;
    }
    net_call_at(&call->pair->net, now_us + call->interval_us, speak, mouth);
}

static void begin(struct call *call, uint64_t seed, unsigned loss)
{
    struct pair_options options;

    pair_options(&options, seed);
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_config *config = &options.config[end];
        config->srtp_profiles[0] = seed % 2 == 0 ? DTLS_SRTP_AEAD_AES_128_GCM : DTLS_SRTP_AES128_CM_HMAC_SHA1_80;
        config->srtp_profile_count = 1;
        config->srtp_mki_len = seed % 3 == 0 ? 4 : 0;
        config->rehandshake_interval_ms = 0;
        options.link[end] = (struct net_link){ .delay_us = 20 * NET_MS,
                                               .jitter_us = 10 * NET_MS,
                                               .loss = loss,
                                               .duplicate = 200,
                                               .reorder = 500,
                                               .reorder_us = 60 * NET_MS };
        CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(NULL, &call->session[end]), DTLS_OK);
        call->arrived[end] = calloc(call->room, 1);
        call->opened[end] = calloc(call->room, 1);
    }
    options.silent = true;
    call->pair = pair_new(&options);
    call->pair->on_event = on_event;
    call->pair->on_media = on_media;
    call->pair->media = call;
    pair_start_client(call->pair);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(call->pair, 60 * NET_SECOND));
}

static void end(struct call *call, unsigned loss)
{
    call->interval_us = 0;
    pair_run_for(call->pair, NET_SECOND);
    for (int to = CLIENT; to <= SERVER; to++) {
        uint64_t arrived = 0, missed = 0, twice = 0;
        for (size_t number = 0; number < call->sent[net_other((enum net_end)to)]; number++) {
            arrived += call->arrived[to][number];
            missed += call->arrived[to][number] && call->opened[to][number] == 0;
            twice += call->opened[to][number] > 1;
        }
        CHECK_CASE(arrived > call->sent[net_other((enum net_end)to)] / 2 && missed == 0 && twice == 0,
                   "loss %u, end %d: %llu of %llu arrived, %llu were not read, %llu twice", loss, to,
                   (unsigned long long)arrived, (unsigned long long)call->sent[net_other((enum net_end)to)],
                   (unsigned long long)missed, (unsigned long long)twice);
        free(call->arrived[to]);
        free(call->opened[to]);
        dtls_srtp_free(call->session[to]);
    }
    pair_free(call->pair);
}

/* A rehandshake a second, from either side, full and abbreviated, in a call of 100 packets a second each way. */
static void hold(unsigned loss)
{
    size_t count = RENEWALS;
    struct call call = { .room = count * 400 + 4000, .interval_us = 10 * NET_MS };
    struct mouth mouths[2] = { { &call, CLIENT }, { &call, SERVER } };

    begin(&call, loss / 100 + 1, loss);
    for (int end = CLIENT; end <= SERVER; end++)
        net_call_at(&call.pair->net, call.pair->net.now_us, speak, &mouths[end]);
    for (size_t i = 1; i <= count; i++) {
        uint64_t start = call.pair->net.now_us;
        pair_rehandshake(call.pair, i % 3 == 0 ? SERVER : CLIENT,
                         i % 2 == 0 ? DTLS_REHANDSHAKE_FULL : DTLS_REHANDSHAKE_ABBREVIATED);
        CHECK_CASE(pair_run_until_renewed(call.pair, i, 60 * NET_SECOND), "loss %u: renewal %zu is not done", loss, i);
        uint64_t took = call.pair->net.now_us - start;
        pair_run_for(call.pair, took < NET_SECOND ? NET_SECOND - took : 100 * NET_MS);
    }
    end(&call, loss);
}

static void without_loss(void)
{
    hold(0);
}

static void at_5_percent(void)
{
    hold(500);
}

static void at_20_percent(void)
{
    hold(2000);
}

static CU_TestInfo tests[] = {
    { "a call that renews its keys each second, without loss", without_loss },
    { "a call that renews its keys each second, at 5 % loss", at_5_percent },
    { "a call that renews its keys each second, at 20 % loss", at_20_percent },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "srtp_call", tests);
}
