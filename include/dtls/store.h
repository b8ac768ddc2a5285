/* store.h - where a server keeps its sessions, for clients that come back to it or to another server of its fleet
 * (docs/fleet.md), and the keys by which no one else can read or make them. */
#ifndef DTLS_STORE_H
#define DTLS_STORE_H

#include "dtls/identity.h"
#include "dtls/question.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DTLS_STORE_NAME_LEN = 32,    /* bytes of the name of an entry: a session id, which is random */
    DTLS_STORE_ENTRY_MOST = 256, /* bytes of an entry at most */
};

/*
 * The door to a store. The functions are called in the connection's thread, from within the engine: they must not call
 * it, but for the question's answer. What goes through here is sealed with the configuration's store_keys, so the store
 * itself need not be trusted: what it gives back is resumed only if it is what a server with these keys has put there
 * under this name, and only if today's policy would still accept its client.
 */
struct dtls_store {
    /*
     * What is kept under `name`? To be answered, exactly once, with dtls_question_answer_stored: at once, or later, as
     * late as it may be, since the handshake waits for no more than store_timeout_ms and is a full one then. A question
     * that is never answered keeps its few hundred bytes for ever (question.h), and clients make as many as they like:
     * whoever has asked a store that says nothing gives up some time, and answers that there is none. With `take` the
     * entry is removed in the same step, so that of all who ask for it at the same time one gets it
     * (single_use_sessions).
     */
    void (*get)(void *arg, struct dtls_question *question, struct dtls_bytes name, bool take);

    /* Keeps a copy of `entry` for lifetime_s seconds (at least 1), in place of what there was. Nobody waits for it:
     * what does not get there is not resumed. */
    void (*put)(void *arg, struct dtls_bytes name, struct dtls_bytes entry, uint32_t lifetime_s);

    /* A session ends for good: its association has come to a fatal alert (RFC 5246, 7.2.2), or has made another by a
     * full rehandshake. Nobody waits for it. */
    void (*remove)(void *arg, struct dtls_bytes name);

    void *arg;          /* the first argument of all three */
    bool is_own_memory; /* of this process alone: entries are put as they are, and store_keys are not needed */
};

/* The answer: the entry as it was put (copied); one of 0 bytes: there is none. One that is too long is none. DTLS_OK;
 * DTLS_ERR_ARGUMENT (another kind of question): it is still to be answered. DTLS_ERR_NOT_ASKED: nobody waits any more
 * (also because the time is over); the question is freed. */
DTLS_API int dtls_question_answer_stored(struct dtls_question *question, struct dtls_bytes entry);

/* A store in memory, of one thread. */
struct dtls_session_cache;

/*
 * A bounded store in memory: `count` entries, 1 to 65,536, about 190 bytes each, allocated at once; a new one takes the
 * place of the oldest. Not for two threads at a time. NULL without memory or with a bad count.
 */
DTLS_API struct dtls_session_cache *dtls_session_cache_new(size_t count);

/* Its door, for dtls_config.store; valid until it is freed. NULL for NULL: no store. */
DTLS_API const struct dtls_store *dtls_session_cache_store(struct dtls_session_cache *cache);

/* Wipes and frees; NULL is allowed. No connection that uses it may be left. */
DTLS_API void dtls_session_cache_free(struct dtls_session_cache *cache);

/* ---- keys that seal tickets (RFC 5077), and entries of stores ---- */

/* One key. The first 48 bytes are random. Times are seconds since 1970 (dtls_config.unix_time_offset_us). */
struct dtls_ticket_key {
    uint8_t name[16];      /* goes with each ticket, to be found by */
    uint8_t key[32];       /* the secret */
    uint64_t issue_from;   /* seals from then on; 0: from ever */
    uint64_t accept_until; /* opens until then; 0: for ever */
};

enum { DTLS_MAX_TICKET_KEYS = 16 }; /* in a set */

/*
 * A set: of the keys that may seal now, the one with the latest issue_from does (of several, the first); all whose time
 * is not over open. Nothing is sealed where none may. Whoever owns it may change it between two calls of the engine: it
 * belongs to one thread.
 */
struct dtls_ticket_keys {
    struct dtls_ticket_key keys[DTLS_MAX_TICKET_KEYS]; /* in any order */
    size_t count;                                      /* of those that are there: 0 to DTLS_MAX_TICKET_KEYS */
};

/*
 * Rotation, by the one server of a fleet that makes the keys: forgets those whose time is over, and makes new ones, so
 * that there is one for this `period_s` (at least 1) and one for the next, which the other servers have a whole period
 * to learn. A key opens until `lifetime_s` after it has ceased to seal. In a full set the key that is furthest from now
 * gives way, whatever its time. At `now_s` (seconds since 1970); to be called at least once a period; where that was
 * wrong, the next call with the right time makes a key for it. *changed is set to whether there is anything to share.
 * DTLS_OK; or, and nothing has changed, DTLS_ERR_RANDOM, or DTLS_ERR_ARGUMENT: period_s is 0, lifetime_s is 13
 * periods or more, now_s is no time (a (time_t)-1, say), or the count is above 16.
 */
DTLS_API int dtls_ticket_keys_rotate(struct dtls_ticket_keys *keys, uint64_t now_s, uint32_t period_s,
                                     uint32_t lifetime_s, bool *changed);

enum { DTLS_SEALED_KEYS_MOST = 1088 }; /* bytes of a sealed set at most */

/*
 * A set on its way through a store, sealed with another one, `by`, that never goes there. DTLS_OK and *len;
 * DTLS_ERR_NO_MEMORY, DTLS_ERR_RANDOM, or DTLS_ERR_ARGUMENT: none of `by` may seal at now_s, or a count is above 16.
 */
DTLS_API int dtls_ticket_keys_seal(const struct dtls_ticket_keys *keys, const struct dtls_ticket_keys *by,
                                   uint64_t now_s, uint8_t out[DTLS_SEALED_KEYS_MOST], size_t *len);

/* And back. DTLS_OK; DTLS_ERR_BAD_SESSION: that was not sealed by `by`, or has a later format; DTLS_ERR_NO_MEMORY.
 * *keys is changed only with DTLS_OK. */
DTLS_API int dtls_ticket_keys_open(struct dtls_ticket_keys *keys, const struct dtls_ticket_keys *by, uint64_t now_s,
                                   struct dtls_bytes sealed);

/*
 * Keys as a text that people keep in a file: a line for each, of 96 hexadecimal digits (name and key; `openssl rand
 * -hex 48` makes one), and, where they are not for ever, issue_from and accept_until as decimal numbers behind it.
 * Empty lines and those that begin with # are skipped. DTLS_OK; or DTLS_ERR_ARGUMENT and *line, the number of the one
 * that is wrong or one too many (0: there is no key at all). *keys is changed only with DTLS_OK.
 */
DTLS_API int dtls_ticket_keys_read(struct dtls_ticket_keys *keys, const char *text, size_t len, size_t *line);

#ifdef __cplusplus
}
#endif

#endif
