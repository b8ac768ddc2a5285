/* srtp_streams.h - the SSRCs of one direction: how far each has counted, and what it has accepted (RFC 3711, 3.3.1).
 * Knows numbers only: no keys, no packet layout, no libsrtp. */
#ifndef DTLS_ADAPTERS_SRTP_STREAMS_H
#define DTLS_ADAPTERS_SRTP_STREAMS_H

#include "record/replay.h"

/* One SSRC. Packet indices are 48 bits: the roll-over counter and the sequence number. */
struct dtls_srtp_stream {
    uint32_t ssrc;
    struct dtls_replay window; /* over packet indices, across all keys */
    uint64_t used;             /* the turn of its last packet: the smallest has been silent for longest */
    uint64_t generation;       /* number of the keys that its last packet was under */
};

struct dtls_srtp_streams {
    struct dtls_srtp_stream *all; /* those in use come first */
    size_t count, cap;
    uint64_t *windows; /* of all of them, one block */
    size_t window;     /* packets, a multiple of 64 */
    uint64_t turn;
};

/* False: no memory. */
bool dtls_srtp_streams_init(struct dtls_srtp_streams *streams, size_t cap, size_t window);
void dtls_srtp_streams_clear(struct dtls_srtp_streams *streams);

/* NULL: not known. */
struct dtls_srtp_stream *dtls_srtp_streams_find(const struct dtls_srtp_streams *streams, uint32_t ssrc);

/* Which one would have to give way to a new one, and may: the one that has been silent for longest of those whose last
 * packet was under other keys than `generation` (0: of all). NULL when there is none, or a place is free. */
struct dtls_srtp_stream *dtls_srtp_streams_oldest(const struct dtls_srtp_streams *streams, uint64_t generation);
bool dtls_srtp_streams_full(const struct dtls_srtp_streams *streams);

/* A place for a new SSRC; `in_place_of` (may be NULL where a place is free) is overwritten. */
struct dtls_srtp_stream *dtls_srtp_streams_add(struct dtls_srtp_streams *streams, uint32_t ssrc,
                                               struct dtls_srtp_stream *in_place_of);

/* The packet index of a sequence number: the one closest to the newest accepted (RFC 3711, appendix A). NULL is a
 * stream that begins. */
uint64_t dtls_srtp_stream_index(const struct dtls_srtp_stream *stream, uint16_t sequence);

/* Marks a packet that was sent, or accepted, under the keys of this number. */
void dtls_srtp_streams_mark(struct dtls_srtp_streams *streams, struct dtls_srtp_stream *stream, uint64_t index,
                            uint64_t generation);

/* The same for RTCP, which has numbers of its own. */
void dtls_srtp_streams_touch(struct dtls_srtp_streams *streams, struct dtls_srtp_stream *stream, uint64_t generation);

#endif
