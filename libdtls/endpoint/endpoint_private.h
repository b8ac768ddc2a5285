/* endpoint_private.h - the inside of an endpoint, shared by the files of this folder.
 *
 * endpoint.c: what comes in and goes out. members.c: the life of one member, and the table. restart.c: a client that
 * begins anew (S6). hello.c: the stateless hello. sources.c, deadlines.c, address.c: one structure each. */
#ifndef DTLS_ENDPOINT_PRIVATE_H
#define DTLS_ENDPOINT_PRIVATE_H

#include "endpoint/deadlines.h"
#include "endpoint/sources.h"

struct dtls_endpoint {
    const struct dtls_config *config; /* of the associations to come */
    struct dtls_endpoint_settings settings;
    struct dtls_memory memory;
    struct dtls_random random;
    dtls_time now;
    struct dtls_endpoint_stats stats;

    struct dtls_cookie_secrets cookies;
    uint8_t reply[DTLS_HELLO_REPLY_LEN]; /* to a hello, while reply_waits */
    bool reply_waits;
    struct dtls_address reply_to;

    struct dtls_address_key key;
    struct dtls_member **buckets; /* owned; the table */
    size_t mask;                  /* number of buckets - 1 */
    size_t count;                 /* members in the table */
    struct dtls_member *recent;   /* the one that was found last; in the table, or NULL */
    size_t over;                  /* whose end has been told, and whose last datagram has not left */

    struct dtls_ready_list ready;   /* events may wait, or the deadline may be another */
    struct dtls_ready_list sending; /* datagrams may wait */
    struct dtls_deadlines deadlines;
    struct dtls_sources sources;

    uint8_t *copy; /* of a datagram that two associations were tried with; events may point into it */
    size_t copy_len;
};

/* ---- members.c ---- */

struct dtls_member *dtls_member_of(const struct dtls_conn *conn);

/* In the table, or NULL. */
struct dtls_member *dtls_members_find(const struct dtls_endpoint *endpoint, const struct dtls_address *address);
struct dtls_member *dtls_members_find_again(struct dtls_endpoint *endpoint, const struct dtls_address *address);
void dtls_members_put(struct dtls_endpoint *endpoint, struct dtls_member *member);
void dtls_members_take_out(struct dtls_endpoint *endpoint, struct dtls_member *member);

/* `by`, of the same address, takes the place of one that is there: whoever walks through the table goes on. */
void dtls_members_replace(struct dtls_endpoint *endpoint, struct dtls_member *member, struct dtls_member *by);

/* A connection that has not started, in no list. NULL without memory. */
struct dtls_member *dtls_member_new(struct dtls_endpoint *endpoint, const struct dtls_config *config,
                                    enum dtls_role role, const struct dtls_address *address);

/* Ends it now, for this reason, and with this alert (0: none): an event tells the application. */
void dtls_member_end(struct dtls_member *member, int error, uint8_t alert);

/* It has ended, or is to vanish: nothing is given to it any more. A rival takes its place. */
void dtls_member_bury(struct dtls_member *member);

/* Frees it. It is in no list but the two of the endpoint. */
void dtls_member_free(struct dtls_member *member);

/* Asks the connection when it wants to be called. */
void dtls_member_set_deadline(struct dtls_member *member);

/* A first handshake of a client begins, with `config`, beside `elder` if that is not NULL; NULL when it may not, and
 * that is counted. */
struct dtls_member *dtls_member_admit(struct dtls_endpoint *endpoint, const struct dtls_config *config,
                                      const struct dtls_address *from, struct dtls_member *elder);

/* ---- endpoint.c ---- */

/* May a handshake begin that starts with this ClientHello, which has a `random` if it is the first fragment of it (else
 * NULL)? `anew`: at the address of one that is there, which takes a cookie even where the address is validated (S6): it
 * may be forged. Answers statelessly where it should. The configuration to begin with; NULL: it may not. */
const struct dtls_config *dtls_endpoint_judge(struct dtls_endpoint *endpoint, const struct dtls_address *from,
                                              const uint8_t *datagram, size_t len, const uint8_t *random, bool anew);

/* ---- restart.c ---- */

/* Gives a datagram of epoch 0 to whom it may concern; `look` and `random` as hello.h has them. */
void dtls_restart_hear(struct dtls_member *member, const struct dtls_address *from, uint8_t *datagram, size_t len,
                       int look, const uint8_t *random);

/* One that has a rival gets a sealed datagram. */
void dtls_restart_share(struct dtls_member *member, uint8_t *datagram, size_t len);

/* A first handshake is done: it takes the place of its elder, if it may. */
void dtls_restart_complete(struct dtls_member *member);

#endif
