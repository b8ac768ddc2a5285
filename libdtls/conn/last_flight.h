/* last_flight.h - the final flight of a handshake, kept by the side that sent it (contract R3 and T5). */
#ifndef DTLS_CONN_LAST_FLIGHT_H
#define DTLS_CONN_LAST_FLIGHT_H

#include "handshake/handshake.h"

/* Copies nobody asked for: OpenSSL and BoringSSL count repeated Finished messages and give up at the 13th. */
enum { DTLS_MOST_COPIES = 8, DTLS_MOST_FIRST_COPIES = 3 };

#define DTLS_OLD_EPOCH_FOR_LARGE                                                                                       \
    ((dtls_time)1000 * 1000) /* how long data that leaves no room for it stays in n (R3)                               \
                              */

enum { DTLS_LAST_FLIGHT_MOST = 3 /* NewSessionTicket, ChangeCipherSpec, Finished */ };

/* A copy of the flight, in one block as small as it can be: an idle connection carries it. */
struct dtls_last_flight {
    dtls_time switched_at;
    dtls_time answered_at; /* last answer to a repeated Finished; 0: none yet */
    uint16_t epoch;        /* n+1: of its Finished */
    bool rides;            /* small enough to travel with application data: no ticket in it */
    bool confirmed;        /* an authentic record of n+1 other than Finished came: the peer has it */
    uint8_t copies;        /* sent with data, or by timer (K3) */
    uint8_t most_copies;
    uint8_t count;
    struct {
        uint8_t type, message_type;
        uint16_t epoch, message_seq, len;
    } messages[DTLS_LAST_FLIGHT_MOST];
    uint16_t room;
    uint8_t bytes[]; /* the bodies, side by side */
};

/* Room for one, made when its handshake begins: at the end it must not fail. `ticket`: a NewSessionTicket may be in it.
 * NULL without memory. */
struct dtls_last_flight *dtls_last_flight_new(const struct dtls_memory *memory, bool ticket);

/* Takes the flight of a handshake that has finished first. */
void dtls_last_flight_take(struct dtls_last_flight *last, const struct dtls_handshake *hs, dtls_time now);
void dtls_last_flight_free(const struct dtls_memory *memory, struct dtls_last_flight *last);

/* Puts all of it into an outbox. */
void dtls_last_flight_send(const struct dtls_last_flight *last, struct dtls_outbox *outbox);

/* May it be sent again without being asked for? NULL is allowed in this and the next three. */
bool dtls_last_flight_has_copies(const struct dtls_last_flight *last);

/* Should it go with the next application record? */
bool dtls_last_flight_wants_to_ride(const struct dtls_last_flight *last);

/* Is it still unknown whether the peer has it? */
bool dtls_last_flight_is_open(const struct dtls_last_flight *last);

/* Nobody will ask for it any more: the peer is known to have it, and 2 MSL are over (T5). Without that sign it is kept:
 * after an outage of any length the peer may still be waiting for it (R10). */
bool dtls_last_flight_is_over(const struct dtls_last_flight *last, dtls_time now);

/* The bytes it takes in a datagram. */
size_t dtls_last_flight_len(const struct dtls_last_flight *last, const struct dtls_epochs *epochs);

/* The peer has repeated its Finished: is it time for an answer? At most one per round trip; there is no count, since
 * every repetition is authentic and fresh. */
bool dtls_last_flight_answer(struct dtls_last_flight *last, const struct dtls_round_trip *path, dtls_time now);

#endif
