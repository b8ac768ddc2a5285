/* call.h - an open association over a calm network, data both ways if wanted, and the wish to renew its keys. */
#ifndef DTLS_TESTS_BOX_CALL_H
#define DTLS_TESTS_BOX_CALL_H

#include "tests/box/pair.h"
#include "tests/box/traffic.h"

enum { CALL_KINDS = 4, CALL_CONFIGS = 32 };

/* Who asks for which rehandshake. */
struct call_kind {
    const char *name;
    enum net_end from;
    enum dtls_rehandshake_mode mode;
    enum net_end first_finisher; /* who sends the final flight: the server of a full one, the client of the other */
};

extern const struct call_kind call_kinds[CALL_KINDS];

struct call {
    struct pair *pair;
    struct traffic *traffic;
    struct dtls_config configs[2][CALL_CONFIGS]; /* what call_set_config gave the ends */
    size_t config_count[2];
};

/* Opens the pair without filter and loss, exchanges a ping, and lets two seconds pass (contract R13). From then on the
 * options' links, filter (from index 0) and recording are in force. */
void call_begin(struct call *call, const struct pair_options *options);

/* Both ends send records of `size` bytes from now on. */
void call_flow(struct call *call, uint64_t interval_us, size_t size);

/* Stops the flow, lets the network drain, checks it (traffic_check), and frees everything. */
void call_end(struct call *call);

/* Other settings for one end, copied; start from *call_config. */
const struct dtls_config *call_config(const struct call *call, enum net_end end);
void call_set_config(struct call *call, enum net_end end, const struct dtls_config *config);

/* Asks for a rehandshake, which must begin, and runs until it is the `number`th that both ends have DONE. */
bool call_renew(struct call *call, const struct call_kind *kind, size_t number, uint64_t limit_us);

/* Both ends in one epoch, and data arrives both ways. */
bool call_is_alive(struct call *call);

#endif
