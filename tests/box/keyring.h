/* keyring.h - an application that knows pre-shared keys, and answers at once, later, or never (contract R19). */
#ifndef DTLS_TESTS_BOX_KEYRING_H
#define DTLS_TESTS_BOX_KEYRING_H

#include "tests/box/pair.h"

enum { KEYRING_MOST = 4, KEYRING_QUESTIONS = 64 };

#define KEYRING_NEVER UINT64_MAX

/* Of one end. In a server the key of an identity is looked up; a client answers any hint with its first one. */
struct keyring {
    struct dtls_psk psk[KEYRING_MOST];
    size_t count;

    struct pair *pair; /* to be set when it is there, for answers that come later */
    enum net_end end;
    uint64_t wait_us; /* 0: in the callback; KEYRING_NEVER: only when keyring_answer is called */

    size_t asked, answered, refused; /* refused: nobody waited any more */
    int error;                       /* of the last answer */
    uint8_t name[DTLS_PSK_MAX_IDENTITY];
    size_t name_len;                                  /* that was asked for last */
    struct dtls_question *waiting[KEYRING_QUESTIONS]; /* oldest first */
    const struct dtls_psk *answer[KEYRING_QUESTIONS]; /* to each */
    size_t waiting_count;
};

/* `config` asks `ring` from now on. */
void keyring_use(struct keyring *ring, enum net_end end, struct dtls_config *config);

/* A key of so many bytes, all the same. */
struct dtls_psk keyring_psk(const char *identity, uint8_t byte, size_t len);

/* Answers the oldest question that waits, with what it was asked for, or `no`; what the engine says. */
int keyring_answer(struct keyring *ring, bool no);

#endif
