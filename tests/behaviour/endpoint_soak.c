/* endpoint_soak.c - many calls on one endpoint for a while, each renewing its keys again and again: nothing is lost by
 * us, and memory is flat. `./dev test --long` holds ten thousand calls for minutes. */
#include <stdlib.h>
#include <string.h>

#include "tests/box/crowd.h"
#include "tests/box/identity.h"
#include "tests/tap.h"

struct soak {
    struct crowd crowd;
    uint32_t count;          /* calls */
    uint64_t interval_us;    /* between two records of one call */
    uint64_t rehandshake_us; /* and between two rehandshakes */
    uint64_t until_us;
    size_t refused;
};

struct speaker {
    struct soak *soak;
    struct caller *caller;
};

static void say(void *arg)
{
    struct speaker *speaker = arg;
    struct soak *soak = speaker->soak;

    if (crowd_say(speaker->caller) != DTLS_OK)
        soak->refused++;
    if (soak->crowd.net.now_us + soak->interval_us <= soak->until_us)
        net_call_at(&soak->crowd.net, soak->crowd.net.now_us + soak->interval_us, say, speaker);
}

static void renew(void *arg)
{
    struct speaker *speaker = arg;
    struct soak *soak = speaker->soak;

    if (dtls_conn_rehandshake(speaker->caller->conn, soak->crowd.net.now_us,
                              speaker->caller->number % 2 == 0 ? DTLS_REHANDSHAKE_FULL
                                                               : DTLS_REHANDSHAKE_ABBREVIATED) != DTLS_OK)
        soak->refused++;
    crowd_settle_caller(speaker->caller);
    if (soak->crowd.net.now_us + soak->rehandshake_us <= soak->until_us)
        net_call_at(&soak->crowd.net, soak->crowd.net.now_us + soak->rehandshake_us, renew, speaker);
}

/* Calls are spread over the time between two of their records, or rehandshakes. */
static struct speaker *begin(struct soak *soak)
{
    struct speaker *speakers = calloc(soak->count, sizeof *speakers);
    struct crowd *crowd = &soak->crowd;

    if (speakers == NULL)
        abort();
    for (uint32_t i = 0; i < soak->count; i++) {
        speakers[i] = (struct speaker){ soak, crowd_call(crowd, i + 1, 5060, NULL) };
        if (i % 100 == 99)
            crowd_run_for(crowd, 50 * NET_MS);
    }
    CU_ASSERT_TRUE_FATAL(crowd_run_until_open(crowd, 60 * NET_SECOND));
    crowd_run_for(crowd, NET_SECOND);
    return speakers;
}

static void check(const struct soak *soak)
{
    uint64_t said = 0, heard = 0, epochs = 0;

    for (const struct caller *caller = soak->crowd.callers; caller != NULL; caller = caller->next) {
        said += caller->said;
        heard += caller->echoes;
        epochs += dtls_conn_epoch(caller->conn);
        CHECK_CASE(caller->ends + caller->foreign == 0, "caller %llu: ended %zu, foreign %zu",
                   (unsigned long long)caller->number, caller->ends, caller->foreign);
    }
    CHECK_CASE(said == heard, "%llu records, %llu came back", (unsigned long long)said, (unsigned long long)heard);
    CHECK_CASE(soak->refused == 0, "%zu refusals", soak->refused);
    CHECK_CASE(epochs >= 2 * (uint64_t)soak->count, "%llu epochs in all", (unsigned long long)epochs);
}

static void hold(uint32_t count, uint64_t seconds, uint64_t rehandshake_s, unsigned jitter_ms)
{
    static struct soak soak;
    struct crowd *crowd = &soak.crowd;

    soak = (struct soak){ .count = count, .interval_us = 20 * NET_MS, .rehandshake_us = rehandshake_s * NET_SECOND };
    crowd_init(crowd, 1);
    crowd->settings.most = count;
    crowd->net.link[CLIENT].jitter_us = crowd->net.link[SERVER].jitter_us = jitter_ms * NET_MS;
    crowd_open(crowd);
    struct speaker *speakers = begin(&soak);
    uint64_t start = crowd->net.now_us;
    soak.until_us = start + seconds * NET_SECOND;
    for (uint32_t i = 0; i < count; i++) {
        net_call_at(&crowd->net, start + soak.interval_us * i / count, say, &speakers[i]);
        net_call_at(&crowd->net, start + soak.rehandshake_us * i / count, renew, &speakers[i]);
    }
    /* Memory is compared at moments at which as many rehandshakes are under way, or keys of one are still kept. */
    crowd_run_for(crowd, (seconds / 2) * NET_SECOND);
    crowd->memory.most_bytes = crowd->memory.live_bytes;
    size_t middle = crowd->memory.live_bytes;
    crowd_run_for(crowd, (seconds - seconds / 2) * NET_SECOND);
    size_t most = crowd->memory.most_bytes;
    crowd_run_for(crowd, NET_SECOND); /* the last echoes, and last flights */
    check(&soak);
    CHECK_CASE(most < middle + middle / 5, "%zu bytes in the middle, up to %zu later", middle, most);
    free(speakers);
    crowd_free(crowd);
}

static void calls_that_renew_their_keys(void)
{
    if (getenv("DTLS_FLOOD") != NULL) { /* a minute between two rehandshakes, and two minutes */
        hold(10000, 120, 60, 0);
    } else {
        hold(100, 40, 10, 0);
        hold(100, 20, 4, 30);
    }
}

static CU_TestInfo tests[] = {
    { "calls that renew their keys lose nothing, and memory is flat", calls_that_renew_their_keys },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "endpoint_soak", tests);
}
