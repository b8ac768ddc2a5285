/* call.c - how a call begins and ends. */
#include "tests/box/call.h"

#include "tests/tap.h"

const struct call_kind call_kinds[CALL_KINDS] = {
    { "full from the client", CLIENT, DTLS_REHANDSHAKE_FULL, SERVER },
    { "full from the server", SERVER, DTLS_REHANDSHAKE_FULL, SERVER },
    { "abbreviated from the client", CLIENT, DTLS_REHANDSHAKE_ABBREVIATED, CLIENT },
    { "abbreviated from the server", SERVER, DTLS_REHANDSHAKE_ABBREVIATED, CLIENT },
};

void call_begin(struct call *call, const struct pair_options *options)
{
    struct pair_options calm = *options;

    *call = (struct call){ 0 };
    calm.filter = NULL;
    calm.recording = false;
    for (int end = CLIENT; end <= SERVER; end++)
        calm.link[end].loss = calm.link[end].duplicate = calm.link[end].reorder = calm.link[end].corrupt = 0;
    call->pair = pair_new(&calm);
    call->traffic = traffic_new(call->pair);
    CHECK_CASE(pair_run_until_open(call->pair, 10 * NET_SECOND) && pair_ping(call->pair, 2 * NET_SECOND),
               "seed %llu: no association", (unsigned long long)options->seed);
    pair_run_for(call->pair, 2 * NET_SECOND);
    for (int end = CLIENT; end <= SERVER; end++)
        call->pair->net.link[end] = options->link[end];
    call->pair->net.recording = options->recording;
    net_set_filter(&call->pair->net, options->filter, options->filter_arg);
}

void call_flow(struct call *call, uint64_t interval_us, size_t size)
{
    traffic_start(call->traffic, CLIENT, interval_us, size);
    traffic_start(call->traffic, SERVER, interval_us, size);
}

void call_end(struct call *call)
{
    traffic_stop(call->traffic);
    pair_run_for(call->pair, 3 * NET_SECOND);
    traffic_check(call->traffic);
    traffic_free(call->traffic);
    pair_free(call->pair);
}

const struct dtls_config *call_config(const struct call *call, enum net_end end)
{
    size_t count = call->config_count[end];

    return count == 0 ? &call->pair->end[end].config : &call->configs[end][count - 1];
}

void call_set_config(struct call *call, enum net_end end, const struct dtls_config *config)
{
    CU_ASSERT_TRUE_FATAL(call->config_count[end] < CALL_CONFIGS);
    struct dtls_config *copy = &call->configs[end][call->config_count[end]++];
    *copy = *config;
    CU_ASSERT_EQUAL(dtls_conn_set_config(call->pair->end[end].conn, copy), DTLS_OK);
}

bool call_renew(struct call *call, const struct call_kind *kind, size_t number, uint64_t limit_us)
{
    int result = pair_rehandshake(call->pair, kind->from, kind->mode);

    CHECK_CASE(result == DTLS_OK, "seed %llu: %s, number %zu, does not begin: %s", (unsigned long long)call->pair->seed,
               kind->name, number, dtls_error_string(result));
    return pair_run_until_renewed(call->pair, number, limit_us);
}

bool call_is_alive(struct call *call)
{
    struct pair *pair = call->pair;

    return pair_both_open(pair) && dtls_conn_epoch(pair->end[CLIENT].conn) == dtls_conn_epoch(pair->end[SERVER].conn) &&
           pair_ping(pair, 10 * NET_SECOND);
}
