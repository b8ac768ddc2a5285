/* member.h - one association of an endpoint, in all the lists that it is in. */
#ifndef DTLS_ENDPOINT_MEMBER_H
#define DTLS_ENDPOINT_MEMBER_H

#include "conn/conn_private.h"
#include "dtls/endpoint.h"

#define DTLS_NOT_IN_HEAP SIZE_MAX

struct dtls_member {
    struct dtls_ready ready; /* first: the connection points here, and means the member */
    struct dtls_ready sending;
    struct dtls_conn *conn; /* owned */
    struct dtls_endpoint *endpoint;
    struct dtls_address address;

    struct dtls_member *next; /* in the same bucket of the table */
    bool in_table;
    bool over;    /* its end has been told: it goes when it is in neither list any more */
    bool refused; /* it may not take its elder's place (S6): nothing but its end is told */

    /* A client that begins anew (S6). */
    struct dtls_member *rival, *elder; /* the new handshake; the association that is there */
    uint8_t random[DTLS_HELLO_RANDOM_LEN];
    bool knows_random; /* of the ClientHello that it began with; false also in a client */
    bool has_restarted;
    dtls_time restarted_at;

    dtls_time deadline;
    size_t heap_at; /* in the heap of deadlines, or DTLS_NOT_IN_HEAP */

    /* While its first handshake runs. */
    bool half_open;
    dtls_time began_at;
    struct dtls_source *source;
    struct dtls_member *older, *newer; /* of those that are half-open */
};

#endif
