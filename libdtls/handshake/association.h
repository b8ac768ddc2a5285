/* association.h - what lives across the handshakes of one connection. */
#ifndef DTLS_HANDSHAKE_ASSOCIATION_H
#define DTLS_HANDSHAKE_ASSOCIATION_H

#include <string.h>

#include "crypto/random.h"
#include "dtls/conn.h"
#include "handshake/exporter.h"
#include "handshake/session.h"
#include "handshake/timer.h"
#include "record/epochs.h"

/* What the last finished handshake established: the active set. A rehandshake builds another beside it. */
struct dtls_established {
    const struct dtls_suite_row *suite; /* NULL before the first */
    const char *server_name;            /* that the client has asked for; a server's is owned; NULL: none */
    const char *alpn;                   /* agreed on, one of the configuration's; NULL: none */
    uint16_t group;                     /* 0 when resumed */
    bool extended_master_secret;
    bool renegotiation_info; /* RFC 5746 */
    uint16_t record_limit;   /* the most plaintext that the peer takes in one record (M8) */
    uint16_t own_limit;      /* and that it was told of us */
    bool heartbeats;         /* both sides have agreed on them (RFC 6520): we answer requests */
    bool may_probe;          /* and may send some */
    bool has_peer;           /* the peer has shown a certificate, in this handshake or an earlier one, or (suite->psk)
                                proved that it knows a key */
    bool peer_raw;           /* it is a raw public key (RFC 7250) */
    uint8_t peer[DTLS_FINGERPRINT_LEN]; /* of the certificate, or of the client's identity */
    uint8_t client_verify[DTLS_VERIFY_DATA_LEN], server_verify[DTLS_VERIFY_DATA_LEN]; /* RFC 5746, 3.1 */
};

/* Nobody is the same as nobody; a certificate is never the same as a pre-shared key. */
static inline bool dtls_is_same_peer(const struct dtls_established *a, const struct dtls_established *b)
{
    return a->has_peer == b->has_peer &&
           (!a->has_peer || (a->suite->psk == b->suite->psk && memcmp(a->peer, b->peer, sizeof a->peer) == 0));
}

struct dtls_association {
    uint8_t role; /* enum dtls_role */
    uint8_t cookie_len;
    uint16_t replay_window;
    uint32_t max_message;
    const struct dtls_config *config;     /* outlives us; for the next handshake */
    const struct dtls_identity *identity; /* what we have presented; NULL: nothing yet (R9) */
    const struct dtls_config *psk_config; /* a client: whose pre-shared key we have used; NULL: none yet (R9) */
    uint8_t *shown;     /* where there are certificates and the configuration wants them kept: the body of the peer's
                           Certificate; with a pre-shared key: the client's identity (psk.h). Owned; NULL: neither */
    uint32_t shown_len; /* the block has one byte more */
    bool own_raw;       /* what we have presented was a raw public key */
    struct dtls_memory memory;
    struct dtls_random random;
    struct dtls_epochs epochs;
    struct dtls_established active;
    struct dtls_session
        *session; /* the connection's own, resumable (R11), or the one a client starts with; may be NULL */
    const struct dtls_store *store; /* a server's, which may keep that session; NULL: none does. Its configuration may
                                       be another by now, and outlives us all the same */
    uint8_t *cookie; /* a client's last one: its rehandshakes may send it again (R6); owned; NULL: none */
    struct dtls_exporter *exporters; /* newest first: of the next epoch, the current one, the previous one while it is
                                        read; NULL: the configuration wants none */
    struct dtls_round_trip path;
    struct dtls_stats stats;
};

/* What a set owns. */
void dtls_established_clear(const struct dtls_association *as, struct dtls_established *set);

/* Wipes what would be exported from epochs that are gone, or not read any more. */
void dtls_association_forget_keys(struct dtls_association *as);

/* Wipes the next epoch, if there is one, and what would be exported from it: it will not be. */
void dtls_association_drop_next(struct dtls_association *as);

#endif
