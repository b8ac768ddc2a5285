/* oracle.h - an application that is asked which identity to show, and answers at once, later, or never (contract R19).
 */
#ifndef DTLS_TESTS_BOX_ORACLE_H
#define DTLS_TESTS_BOX_ORACLE_H

#include "tests/box/pair.h"

enum { ORACLE_QUESTIONS = 64 };

#define ORACLE_NEVER UINT64_MAX

/* Of one end. */
struct oracle {
    struct pair *pair; /* to be set when it is there, for answers that come later */
    enum net_end end;
    uint64_t wait_us; /* 0: in the callback; ORACLE_NEVER: only when oracle_answer is called */
    bool suggested;   /* the answer is what is suggested, else: */
    const struct dtls_identity *identity;

    size_t asked, answered, refused; /* refused: nobody waited any more */
    int error;                       /* of the last answer */
    char name[256];                  /* of the last question; and how many authorities it told of */
    size_t authorities;
    struct dtls_question *waiting[ORACLE_QUESTIONS]; /* oldest first */
    const struct dtls_identity *answer[ORACLE_QUESTIONS];
    size_t waiting_count;
};

/* `config` asks `oracle` from now on. */
void oracle_use(struct oracle *oracle, enum net_end end, struct dtls_config *config);

/* Answers the oldest question that waits; what the engine says. */
int oracle_answer(struct oracle *oracle);

#endif
