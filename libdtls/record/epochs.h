/* epochs.h - the three epochs of an association: previous, current, next (contract R). Knows when the old one ends. */
#ifndef DTLS_RECORD_EPOCHS_H
#define DTLS_RECORD_EPOCHS_H

#include "dtls/config.h"
#include "record/epoch.h"

#define DTLS_MSL         ((dtls_time)120 * 1000 * 1000) /* RFC 793's two minutes, in microseconds */
#define DTLS_EPOCH_GRACE ((dtls_time)10 * 1000 * 1000)  /* of the old epoch, once the new one is in use (R4) */

/* Own all three. */
struct dtls_epochs {
    const struct dtls_memory *memory;
    struct dtls_epoch *previous; /* still read for a while, and written for its last flight (T5); may be NULL */
    struct dtls_epoch *current;  /* application data is sent under this one (R2) */
    struct dtls_epoch *next;     /* being negotiated; NULL until its keys are known */
    dtls_time previous_ends;     /* when the old one stops being read; DTLS_NEVER while none is */
};

/* Starts with epoch 0; DTLS_OK or DTLS_ERR_NO_MEMORY. `memory` must outlive it. */
int dtls_epochs_init(struct dtls_epochs *epochs, const struct dtls_memory *memory, size_t replay_window);
void dtls_epochs_free(struct dtls_epochs *epochs);

/* The epoch of this number, or NULL. */
struct dtls_epoch *dtls_epochs_find(const struct dtls_epochs *epochs, uint16_t number);

/* Takes ownership of the next epoch; one that was there (of an attempt that was replaced) is wiped. */
void dtls_epochs_set_next(struct dtls_epochs *epochs, struct dtls_epoch *next);

/* The peer's Finished is verified: next becomes current. Epoch 0 is never read again (S2); any other for 1 MSL at
 * most. */
void dtls_epochs_advance(struct dtls_epochs *epochs, dtls_time now);

/* The peer uses the current epoch: the old one has 10 s left. */
void dtls_epochs_current_in_use(struct dtls_epochs *epochs, dtls_time now);

/* Ends what is over at `now`. `keep_writing`: the old write key is still needed for a last flight (T5). */
void dtls_epochs_expire(struct dtls_epochs *epochs, dtls_time now, bool keep_writing);

#endif
