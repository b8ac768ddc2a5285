/* shelf.h - a store for sessions (dtls/store.h) that answers at once, later, or never, forgets nothing by itself, and
 * may be tampered with. */
#ifndef DTLS_TESTS_BOX_SHELF_H
#define DTLS_TESTS_BOX_SHELF_H

#include "tests/box/pair.h"

enum { SHELF_MOST = 64 };

#define SHELF_NEVER UINT64_MAX

struct shelf_entry {
    uint8_t name[DTLS_STORE_NAME_LEN];
    uint8_t bytes[2 * DTLS_STORE_ENTRY_MOST];
    size_t len; /* 0: removed */
    uint32_t lifetime_s;
};

struct shelf {
    struct dtls_store door;
    struct shelf_entry entries[SHELF_MOST]; /* oldest first */
    size_t count;
    size_t gets, puts, takes, removes, refused; /* refused: an answer for which nobody waited any more */

    struct pair *pair; /* to be set when it is there, for answers that come later */
    uint64_t wait_us;  /* 0: in the callback; SHELF_NEVER: only when shelf_answer is called */
    struct {
        struct dtls_question *question;
        const struct shelf_entry *entry; /* NULL: there is none */
    } waiting[SHELF_MOST];               /* oldest first */
    size_t waiting_count;
};

/* An empty one; `config` keeps its sessions there from now on, sealed with `keys`. */
void shelf_use(struct shelf *shelf, struct dtls_config *config, const struct dtls_ticket_keys *keys);

/* Answers the oldest question that waits; what the engine says. */
int shelf_answer(struct shelf *shelf);

#endif
