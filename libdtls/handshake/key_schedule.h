/* key_schedule.h - from the premaster secret to keys and verify_data (RFC 5246, 6.3, 7.4.9, 8.1; RFC 7627, 4). */
#ifndef DTLS_HANDSHAKE_KEY_SCHEDULE_H
#define DTLS_HANDSHAKE_KEY_SCHEDULE_H

#include "handshake/suites.h"
#include "messages/hello.h"
#include "messages/key_exchange.h"
#include "record/epoch.h"

enum { DTLS_MASTER_SECRET_LEN = 48 };

/* The two hellos' randoms. */
struct dtls_randoms {
    uint8_t client[DTLS_HELLO_RANDOM_LEN];
    uint8_t server[DTLS_HELLO_RANDOM_LEN];
};

/* With a session hash (RFC 7627) or, when that is empty, with the randoms. */
void dtls_master_secret(enum dtls_hash hash, struct dtls_bytes premaster, const struct dtls_randoms *randoms,
                        struct dtls_bytes session_hash, uint8_t master[DTLS_MASTER_SECRET_LEN]);

/* The epoch that these secrets make; NULL without memory. */
struct dtls_epoch *dtls_make_epoch(const struct dtls_memory *memory, uint16_t number, enum dtls_role role,
                                   const struct dtls_suite_row *suite, const uint8_t master[DTLS_MASTER_SECRET_LEN],
                                   const struct dtls_randoms *randoms, size_t replay_window);

/* What `sender` puts into Finished after a transcript with this hash. */
void dtls_verify_data(enum dtls_hash hash, const uint8_t master[DTLS_MASTER_SECRET_LEN], enum dtls_role sender,
                      struct dtls_bytes transcript_hash, uint8_t out[DTLS_VERIFY_DATA_LEN]);

/* One line of the NSS key log, for whoever asked for it (config.keylog). */
void dtls_log_key(const struct dtls_config *config, const struct dtls_randoms *randoms,
                  const uint8_t master[DTLS_MASTER_SECRET_LEN]);

#endif
