/* exporter.h - what keying material is exported from (RFC 5705), one for each epoch that is kept; and with what of it
 * media is protected (RFC 5764, 4.2; contract K3). */
#ifndef DTLS_HANDSHAKE_EXPORTER_H
#define DTLS_HANDSHAKE_EXPORTER_H

#include "crypto/memory.h"
#include "dtls/conn.h"
#include "handshake/key_schedule.h"

/* A block of its own, so that a connection which wants none carries none. Owned by its association, in a list. */
struct dtls_exporter {
    struct dtls_exporter *older;
    uint16_t epoch;
    uint16_t srtp_profile; /* 0: none was agreed on */
    bool extended_master_secret;
    bool open;       /* the application may have it: its handshake is done, or its event ACCEPT has been told */
    bool send_waits; /* the application does not send with it yet */
    enum dtls_hash hash;
    dtls_time send_at;   /* when it does at the latest */
    dtls_time repeat_at; /* when the last flight is sent again, and how long after that once more; 0: it never was */
    uint64_t repeat_us;
    struct dtls_randoms randoms;
    uint8_t master[DTLS_MASTER_SECRET_LEN];
    uint8_t mki_len;
    uint8_t mki[];
};

/* With room for the MKI, which is copied. NULL without memory. */
struct dtls_exporter *dtls_exporter_new(const struct dtls_memory *memory, struct dtls_bytes mki);

/* Wipes and frees; NULL is allowed. */
void dtls_exporter_free(const struct dtls_memory *memory, struct dtls_exporter *exporter);

/* The one of an epoch in a list; NULL when there is none. */
struct dtls_exporter *dtls_exporter_find(struct dtls_exporter *newest, uint16_t epoch);

/* RFC 5705, 4; `context` NULL: none, which is not the same as an empty one. It has at most 65,535 bytes. */
void dtls_exporter_export(const struct dtls_exporter *exporter, const char *label, const struct dtls_bytes *context,
                          uint8_t *out, size_t len);

/* RFC 5764, 4.2; srtp_profile is not 0. */
void dtls_exporter_srtp_keys(const struct dtls_exporter *exporter, enum dtls_role role, struct dtls_srtp_keys *out);

#endif
