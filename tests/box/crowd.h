/* crowd.h - many clients and one endpoint in the virtual network, each driven by an owner who obeys only the doors of
 * dtls/conn.h and dtls/endpoint.h. The endpoint's owner sends every record back. */
#ifndef DTLS_TESTS_BOX_CROWD_H
#define DTLS_TESTS_BOX_CROWD_H

#include "dtls/dtls.h"
#include "tests/box/memory.h"
#include "tests/box/net.h"

struct crowd;

enum { CROWD_BUCKETS = 16384 };

/* A client. Several may share an address: what is sent there reaches all of them. */
struct caller {
    struct crowd *crowd;
    struct dtls_conn *conn; /* NULL: it has vanished */
    struct dtls_address address;
    struct caller *next;      /* in the crowd */
    struct caller *next_near; /* in the same bucket of addresses */
    uint64_t number;
    uint64_t wakes_us; /* when a call is queued for its timer */
    uint64_t said;
    size_t opens, echoes, foreign, ends; /* foreign: data that is not this caller's */
    int error;                           /* with an end: DTLS_ERR_CLOSED for a clean one */
    uint8_t alert;
    bool slow; /* nothing that it sends leaves (a half-open one) */
};

struct crowd {
    uint64_t seed;
    struct net net;
    struct rng random;
    struct dtls_config server, client;
    struct dtls_endpoint_settings settings;
    struct memory memory; /* the endpoint's, and that of its connections */
    struct dtls_endpoint *endpoint;
    struct caller *callers;    /* the newest first */
    struct caller **by_number; /* caller_count of them, from number 1 on */
    struct caller *near[CROWD_BUCKETS];
    uint64_t caller_count;
    size_t counts[DTLS_EVENT_FAILED + 1]; /* the endpoint's events, by type */
    int errors[128];                      /* how many FAILED with error -100 - i */
    size_t datagrams;                     /* that the endpoint has sent */
    size_t ticks;
    bool stuck;   /* its socket takes nothing */
    bool no_echo; /* data is only counted */

    /* A watcher of the endpoint's events, before the echo. */
    void (*on_event)(void *arg, struct dtls_conn *conn, const struct dtls_event *event);
    void *watcher;
};

/* Realtime preset, P-256, everyone accepted, 20 ms each way; change fields, then crowd_open. */
void crowd_init(struct crowd *crowd, uint64_t seed);
void crowd_open(struct crowd *crowd);
void crowd_free(struct crowd *crowd);

/* An address by number: hosts have many ports. */
struct dtls_address crowd_address(uint32_t host, uint16_t port);

/* A client begins at an address, with `config` (NULL: the crowd's). Lives until crowd_free. */
struct caller *crowd_call(struct crowd *crowd, uint32_t host, uint16_t port, const struct dtls_config *config);

/* It is gone, without a word. */
void crowd_vanish(struct caller *caller);

/* Sends one record that names the caller, and its number; what dtls_conn_send answers. */
int crowd_say(struct caller *caller);

/* After a verb of its connection was called directly. */
void crowd_settle_caller(struct caller *caller);
/* After the endpoint was given something directly. */
void crowd_settle(struct crowd *crowd);

/* A datagram reaches the endpoint at once. */
void crowd_inject(struct crowd *crowd, const struct dtls_address *from, const uint8_t *bytes, size_t len);

void crowd_run_for(struct crowd *crowd, uint64_t us);

/* Until all that live are open; false when `limit_us` have gone by. */
bool crowd_run_until_open(struct crowd *crowd, uint64_t limit_us);

/* Everyone who lives says something, and hears it, once, within the limit. */
bool crowd_ping(struct crowd *crowd, uint64_t limit_us);

struct dtls_endpoint_stats crowd_stats(const struct crowd *crowd);

#endif
