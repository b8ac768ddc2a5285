/* media.c - what a media session costs: a packet each way, beside libsrtp used directly; what is allocated for it; new
 * keys; and the first packet of a stream under them. Written for a packet of voice. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "dtls/srtp.h"

enum { RTP = 172, ROOM = 512, BATCH = 1000, ROUNDS = 20, KEYS = 100 };

static const struct {
    uint16_t profile;
    uint8_t key_len, salt_len;
    const char *name;
} profiles[] = {
    { DTLS_SRTP_AES128_CM_HMAC_SHA1_80, 16, 14, "AES128_CM_HMAC_SHA1_80" },
    { DTLS_SRTP_AEAD_AES_128_GCM, 16, 12, "AEAD_AES_128_GCM" },
    { DTLS_SRTP_AEAD_AES_256_GCM, 32, 12, "AEAD_AES_256_GCM" },
};

/* ---- allocations, of all libraries in the process ---- */

static unsigned long allocations;

void *malloc(size_t len)
{
    static void *(*next)(size_t);

    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "malloc");
    allocations++;
    return next(len);
}

/* ---- packets ---- */

static uint8_t packets[BATCH][ROOM];
static size_t lengths[BATCH];
static uint64_t number; /* of the next packet */

static void write_packets(void)
{
    for (size_t i = 0; i < BATCH; i++, number++) {
        memset(packets[i], 0x5a, RTP);
        memcpy(packets[i], "\x80\x00", 2);
        packets[i][2] = (uint8_t)(number >> 8);
        packets[i][3] = (uint8_t)number;
        lengths[i] = RTP;
    }
}

static struct dtls_srtp_keys make_keys(size_t p, uint16_t epoch)
{
    struct dtls_srtp_keys keys = {
        .epoch = epoch, .profile = profiles[p].profile, .key_len = profiles[p].key_len, .salt_len = profiles[p].salt_len
    };

    memset(keys.send_key, epoch, keys.key_len);
    memset(keys.receive_key, epoch, keys.key_len);
    return keys;
}

/* ---- what is measured ---- */

struct costs {
    double protect, unprotect; /* seconds of a batch, the quickest of all */
    unsigned long allocations; /* of a batch, both ways */
};

static void keep_quickest(double *kept, double seconds)
{
    if (*kept == 0 || seconds < *kept)
        *kept = seconds;
}

static struct costs of_a_session(size_t p)
{
    struct dtls_srtp_keys keys = make_keys(p, 1);
    struct costs costs = { 0 };
    struct dtls_srtp_opened opened;
    struct dtls_srtp *session;

    if (dtls_srtp_new(NULL, &session) != DTLS_OK || dtls_srtp_add_keys(session, 0, &keys) != DTLS_OK ||
        dtls_srtp_send_with(session, 0, 1) != DTLS_OK)
        bench_fail("no session");
    for (int round = 0; round < ROUNDS; round++) {
        write_packets();
        unsigned long before = allocations;
        double start = bench_cpu_seconds();
        for (size_t i = 0; i < BATCH; i++)
            if (dtls_srtp_protect_rtp(session, 0, packets[i], RTP, ROOM, &lengths[i]) != DTLS_OK)
                bench_fail("a packet is not protected");
        double middle = bench_cpu_seconds();
        for (size_t i = 0; i < BATCH; i++)
            if (dtls_srtp_unprotect_rtp(session, 0, packets[i], lengths[i], &opened) != DTLS_OK || opened.len != RTP)
                bench_fail("a packet is not opened");
        keep_quickest(&costs.unprotect, bench_cpu_seconds() - middle);
        keep_quickest(&costs.protect, middle - start);
        costs.allocations = allocations - before;
    }
    dtls_srtp_free(session);
    return costs;
}

static srtp_t direct_context(size_t p, srtp_ssrc_type_t any)
{
    uint8_t master[46] = { 0 };
    srtp_policy_t policy = { .ssrc = { any, 0 }, .key = master, .window_size = 1024 };
    srtp_t context;

    srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, (srtp_profile_t)profiles[p].profile);
    srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, (srtp_profile_t)profiles[p].profile);
    if (srtp_create(&context, &policy) != srtp_err_status_ok)
        bench_fail("no context");
    return context;
}

static struct costs of_libsrtp(size_t p)
{
    srtp_t sender = direct_context(p, ssrc_any_outbound), receiver = direct_context(p, ssrc_any_inbound);
    struct costs costs = { 0 };

    for (int round = 0; round < ROUNDS; round++) {
        int len[BATCH];
        write_packets();
        unsigned long before = allocations;
        double start = bench_cpu_seconds();
        for (size_t i = 0; i < BATCH; i++)
            if (srtp_protect(sender, packets[i], (len[i] = RTP, &len[i])) != srtp_err_status_ok)
                bench_fail("libsrtp does not protect a packet");
        double middle = bench_cpu_seconds();
        for (size_t i = 0; i < BATCH; i++)
            if (srtp_unprotect(receiver, packets[i], &len[i]) != srtp_err_status_ok || len[i] != RTP)
                bench_fail("libsrtp does not open a packet");
        keep_quickest(&costs.unprotect, bench_cpu_seconds() - middle);
        keep_quickest(&costs.protect, middle - start);
        costs.allocations = allocations - before;
    }
    srtp_dealloc(sender);
    srtp_dealloc(receiver);
    return costs;
}

static void print_costs(const char *profile, const char *whose, const struct costs *costs)
{
    printf("%-24s %-12s  protect %6.0f ns  unprotect %6.0f ns  %5.1f allocations\n", profile, whose,
           costs->protect / BATCH * 1e9, costs->unprotect / BATCH * 1e9, (double)costs->allocations / BATCH);
}

/* New keys, and then the first packet of a stream that has gone past its first 65,536. */
static void print_renewal(size_t p)
{
    double add = 0, first = 0, start;
    struct dtls_srtp *session;

    if (dtls_srtp_new(NULL, &session) != DTLS_OK)
        bench_fail("no session");
    number = 0;
    for (uint16_t epoch = 1; epoch <= KEYS; epoch++) {
        struct dtls_srtp_keys keys = make_keys(p, epoch);
        start = bench_cpu_seconds();
        if (dtls_srtp_add_keys(session, 0, &keys) != DTLS_OK || dtls_srtp_send_with(session, 0, epoch) != DTLS_OK)
            bench_fail("new keys are refused");
        add += bench_cpu_seconds() - start;
        for (int batch = 0; batch < (epoch == 1 ? 70 : 1); batch++) {
            write_packets();
            for (size_t i = 0; i < BATCH; i++) {
                start = bench_cpu_seconds();
                if (dtls_srtp_protect_rtp(session, 0, packets[i], RTP, ROOM, &lengths[i]) != DTLS_OK)
                    bench_fail("a packet is not protected");
                first += epoch > 1 && i == 0 ? bench_cpu_seconds() - start : 0;
            }
        }
    }
    printf("%-24s %-12s  new keys %6.0f us  a stream's first packet under them %6.0f us\n", profiles[p].name,
           "libdtls-srtp", add / KEYS * 1e6, first / (KEYS - 1) * 1e6);
    dtls_srtp_free(session);
}

int main(int argc, char **argv)
{
    bench_no_options(
        "media",
        "What a media session costs: a packet each way, beside libsrtp used directly, what is allocated for\n"
        "it, new keys, and the first packet of a stream under them.\n",
        argc, argv);
    bench_print_machine();
    printf("%s; RTP packets of %d bytes, the quickest of %d batches of %d\n", srtp_get_version_string(), RTP, ROUNDS,
           BATCH);
    for (size_t p = 0; p < sizeof profiles / sizeof profiles[0]; p++) {
        struct costs ours = of_a_session(p), theirs = of_libsrtp(p);
        print_costs(profiles[p].name, "libdtls-srtp", &ours);
        print_costs(profiles[p].name, "libsrtp", &theirs);
        print_renewal(p);
    }
    return 0;
}
