/* pair.h - a client and a server engine in the virtual network, each driven by an owner who obeys only the doors of
 * dtls/conn.h: after any call it takes the events, sends the datagrams, and asks the deadline. */
#ifndef DTLS_TESTS_BOX_PAIR_H
#define DTLS_TESTS_BOX_PAIR_H

#include "dtls/dtls.h"
#include "tests/box/identity.h"
#include "tests/box/net.h"

/* Filled in by pair_options; change fields, then call pair_new. */
struct pair_options {
    uint64_t seed;     /* of the network and of both engines' randomness */
    uint64_t start_us; /* what the clock shows first */
    struct net_link link[2];
    struct dtls_config config[2];
    bool cookies;   /* the server asks dtls_hello_check first, as an endpoint does */
    bool silent;    /* make the engines, but do not start the client: pair_start_client does */
    bool recording; /* see struct net */
    net_filter *filter;
    void *filter_arg;
    const struct dtls_session *session; /* the client tries to resume it; NULL for none */
    uint64_t job_us; /* a job (contract R17) comes back so long after it was taken; a thread does it meanwhile */
};

struct pair_event {
    enum dtls_event_type type;
    uint64_t time_us;
    bool resumed;
    uint16_t epoch;
    enum dtls_keys keys;
    uint8_t alert;
    int error;
};

struct pair_job; /* in a thread */

/* One engine and its owner's notes. */
struct pair_end {
    struct dtls_conn *conn; /* NULL: a server that no valid hello has reached yet, or one without memory */
    struct dtls_config config;
    struct rng random;
    struct pair_event *events; /* all but DATA, oldest first */
    size_t event_count;
    size_t counts[DTLS_EVENT_FAILED + 1]; /* by type, DATA included */
    uint8_t session[DTLS_SESSION_MAX];    /* the newest one, serialised */
    size_t session_len;
    uint64_t pings;    /* pair_ping's messages that came */
    size_t ticks;      /* calls of dtls_conn_tick */
    size_t idle_ticks; /* in a row, without the clock moving */
    uint64_t ticked_us;
};

struct pair {
    uint64_t seed;
    struct net net;
    struct pair_end end[2];

    bool cookies;
    struct dtls_cookie_secrets cookie_secrets;
    size_t hellos_answered, hellos_dropped; /* by dtls_hello_check */
    uint64_t pings_sent;
    bool stuck[2]; /* an end's socket takes nothing (EAGAIN): datagrams stay in the engine, and pair_settle goes on */
    uint64_t job_us;
    struct pair_job *jobs; /* all that are out */

    /* Watchers, for traffic.c: every datagram before the engine sees it, every application record from it. */
    void (*on_arrival)(void *arg, const struct net_datagram *datagram);
    void (*on_data)(void *arg, enum net_end end, const struct dtls_event *event);
    void *watcher;

    /* And for media.c: every event but DATA, while the engine still is where it was told; and what on the port is no
     * DTLS (RFC 7983), which the engine then does not see. */
    void (*on_event)(void *arg, enum net_end end, const struct dtls_event *event);
    void (*on_media)(void *arg, const struct net_datagram *datagram);
    void *media;
};

/* The defaults: realtime preset, P-256 identities at both ends, everyone accepted, no client certificate asked for,
 * no cookies, 20 ms each way without loss. */
void pair_options(struct pair_options *options, uint64_t seed);

/* Copies the options; starts both ends. Never NULL; an engine that could not be made is NULL in it. */
struct pair *pair_new(const struct pair_options *options);
void pair_free(struct pair *pair);

/* Starts a client that options.silent has left alone; what dtls_conn_start answers. */
int pair_start_client(struct pair *pair);

/* After calling the engine of an end directly: events, datagrams. The other functions here do it themselves. */
void pair_settle(struct pair *pair, enum net_end end);

/* Lets time pass until `done` says so; false when `limit_us` have gone by without. */
bool pair_run_until(struct pair *pair, bool (*done)(const struct pair *pair, const void *arg), const void *arg,
                    uint64_t limit_us);
void pair_run_for(struct pair *pair, uint64_t us);

/* Until both ends are open. */
bool pair_run_until_open(struct pair *pair, uint64_t limit_us);

/* Until both ends have had `count` rehandshakes DONE. */
bool pair_run_until_renewed(struct pair *pair, size_t count, uint64_t limit_us);

/* Until an end has had its first event of a type. */
bool pair_run_until_event(struct pair *pair, enum net_end end, enum dtls_event_type type, uint64_t limit_us);

/* The engine's verbs, each followed by what an owner does. They return what the engine returns; DTLS_ERR_NOT_OPEN
 * when there is none. */
int pair_send(struct pair *pair, enum net_end from, const void *data, size_t len);
int pair_rehandshake(struct pair *pair, enum net_end from, enum dtls_rehandshake_mode mode);
void pair_close(struct pair *pair, enum net_end from);

/* Sends one message each way; true when each has arrived, once, within the limit. */
bool pair_ping(struct pair *pair, uint64_t limit_us);

bool pair_is_open(const struct pair *pair, enum net_end end);
bool pair_both_open(const struct pair *pair);

/* How many events of a type an end had, and its last one (NULL when none; never DATA). */
size_t pair_count(const struct pair *pair, enum net_end end, enum dtls_event_type type);
const struct pair_event *pair_last(const struct pair *pair, enum net_end end, enum dtls_event_type type);

/* The client's newest session, read back from its serialised form; the caller's, NULL when there is none. */
struct dtls_session *pair_session(const struct pair *pair);

/* Statistics of an end, all zeroes without an engine; and the sum of its drop counters. */
struct dtls_stats pair_stats(const struct pair *pair, enum net_end end);
uint64_t pair_drops(const struct pair *pair, enum net_end end);

/* How many jobs are out. */
size_t pair_jobs(const struct pair *pair);

/* The nearer deadline of the two engines. */
uint64_t pair_deadline(const struct pair *pair);

#endif
