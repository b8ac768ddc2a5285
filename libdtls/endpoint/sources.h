/* sources.h - first handshakes by the host they come from: how many it may begin, and which one gives way. */
#ifndef DTLS_ENDPOINT_SOURCES_H
#define DTLS_ENDPOINT_SOURCES_H

#include "endpoint/address.h"
#include "endpoint/member.h"

enum { DTLS_SOURCES = 1024 };

/* Hosts whose hashes meet share one; nobody can choose to. All zeroes: has begun nothing yet. */
struct dtls_source {
    uint64_t spent_us;  /* of its allowance: each handshake takes 1 s / rate, and time gives it back */
    dtls_time spent_at; /* as of then */
    size_t half_open;
};

struct dtls_sources {
    struct dtls_address_key key;
    uint32_t rate, burst;
    size_t half_open; /* of all, in the order in which they came: */
    struct dtls_member *oldest, *newest;
    struct dtls_source at[DTLS_SOURCES];
};

struct dtls_source *dtls_sources_find(struct dtls_sources *sources, const struct dtls_address *address);

/* May it begin one more? Then that is counted. */
bool dtls_sources_allow(const struct dtls_sources *sources, struct dtls_source *source, dtls_time now);

/* A first handshake begins; and ends, well or not (once: after that it does nothing). */
void dtls_sources_enter(struct dtls_sources *sources, struct dtls_source *source, struct dtls_member *member);
void dtls_sources_leave(struct dtls_sources *sources, struct dtls_member *member);

/* Whose turn it is to give way: of the 64 oldest, the one whose source has the most; of equals, the oldest. NULL when
 * there is none. */
struct dtls_member *dtls_sources_victim(const struct dtls_sources *sources);

#endif
