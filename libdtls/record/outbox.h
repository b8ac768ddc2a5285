/* outbox.h - packs handshake messages, ChangeCipherSpec and alerts into datagrams under the MTU (contract M2). */
#ifndef DTLS_RECORD_OUTBOX_H
#define DTLS_RECORD_OUTBOX_H

#include "record/epochs.h"

/* One thing to send. Handshake messages may be cut into fragments, the others never are. */
struct dtls_outgoing {
    struct dtls_bytes body; /* a view; the owner keeps it while it waits here */
    uint16_t epoch;
    uint16_t message_seq;
    uint8_t message_type; /* of a handshake message */
    uint8_t type;         /* enum dtls_content_type */
    bool ends_datagram;   /* what follows it begins another one */
};

enum {
    DTLS_OUTBOX_FEW = 4,   /* what leaves without a handshake: a last flight (3), and a HelloRequest or an alert */
    DTLS_OUTBOX_MOST = 24, /* the largest flight (8), an unconfirmed one in front (3), and alerts */
};

/* Room for what leaves in a handshake; lives as long as that. */
struct dtls_outbox_room {
    struct dtls_outgoing items[DTLS_OUTBOX_MOST];
};

/* One transmission: what is sent, in order, and how far it got. All zeroes is empty. */
struct dtls_outbox {
    struct dtls_outgoing few[DTLS_OUTBOX_FEW];
    struct dtls_outbox_room *room; /* used instead, unless NULL; not owned */
    uint8_t count;
    uint8_t item;         /* what the next datagram begins with */
    uint8_t flight_end;   /* the items in front of it are a flight of the running handshake */
    uint32_t offset;      /* from which byte of its body the next datagram begins with `item` */
    uint32_t limit;       /* datagrams of this transmission are cut at this size; 0: not decided yet */
    uint64_t interval_us; /* between two datagrams of a flight (R16); 0: at once */
    dtls_time not_before; /* for the next one */
};

void dtls_outbox_clear(struct dtls_outbox *outbox);

/* A handshake has begun: what waits moves into `room`, which has to last until dtls_outbox_leave_room. That clears. */
void dtls_outbox_take_room(struct dtls_outbox *outbox, struct dtls_outbox_room *room);
void dtls_outbox_leave_room(struct dtls_outbox *outbox);

/* Appends; a full outbox (no honest peer makes one) ignores it. */
void dtls_outbox_add(struct dtls_outbox *outbox, const struct dtls_outgoing *item);

/* What is appended from now on begins another datagram. */
void dtls_outbox_end_datagram(struct dtls_outbox *outbox);

bool dtls_outbox_is_empty(const struct dtls_outbox *outbox);

/* How many datagrams of at most `size` bytes are left; SIZE_MAX when something fits into none. */
size_t dtls_outbox_datagrams(const struct dtls_outbox *outbox, const struct dtls_epochs *epochs, size_t size);

/* What was added so far is a flight, whose datagrams leave `interval_us` apart. */
void dtls_outbox_end_flight(struct dtls_outbox *outbox, uint64_t interval_us);

/* Has not all of the flight been given out yet? */
bool dtls_outbox_flight_is_leaving(const struct dtls_outbox *outbox);

/* And is that so because it leaves datagram by datagram? The next one is due at not_before. */
bool dtls_outbox_is_pacing(const struct dtls_outbox *outbox);

/*
 * Writes the next datagram: as few datagrams as `mtu` allows, and among those the even cut. Items whose epoch has no
 * keys any more are left out. Returns its length, 0 when there is none, or none may leave yet. `out` has room for `mtu`
 * bytes.
 */
size_t dtls_outbox_next(struct dtls_outbox *outbox, const struct dtls_epochs *epochs, size_t mtu, dtls_time now,
                        uint8_t *out);

#endif
