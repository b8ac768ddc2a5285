/* question.h - what a handshake waits to be told by the application (contract R19).
 *
 * A step that needs an answer ends with dtls_handshake_ask (handshake.h). The question is a block of its own, since the
 * application may keep it beyond the handshake and its connection; the answer is written into it, so that answering
 * needs no memory. */
#ifndef DTLS_HANDSHAKE_QUESTION_H
#define DTLS_HANDSHAKE_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes/writer.h"
#include "crypto/memory.h"
#include "dtls/question.h"

struct dtls_handshake;

/* What is asked; only the answer that goes with it is taken. */
enum dtls_question_kind {
    DTLS_QUESTION_PSK,
    DTLS_QUESTION_IDENTITY,
    DTLS_QUESTION_SIGNATURE,
    DTLS_QUESTION_STORED,
};

struct dtls_question {
    struct dtls_memory memory;
    struct dtls_handshake *hs; /* NULL: nobody waits any more */
    uint8_t kind;              /* enum dtls_question_kind */
    bool answered;             /* from then on it is the handshake's, before that the application's */
    bool granted;              /* the answer is not "no": it is `answer` */
    size_t answer_len, room;
    uint8_t answer[]; /* `room` bytes */
};

/* A question of a handshake, with room for so long an answer; NULL without memory. */
struct dtls_question *dtls_question_new(const struct dtls_memory *memory, struct dtls_handshake *hs,
                                        enum dtls_question_kind kind, size_t room);

/* Wipes and frees; NULL is allowed. */
void dtls_question_free(struct dtls_question *question);

/* Nobody waits for it any more: frees it, if it has been answered, or leaves it to whoever will. NULL is allowed. */
void dtls_question_abandon(struct dtls_question *question);

/* Where the answer is written; then dtls_question_grant, or _deny. A writer that broke was given too much. */
struct dtls_writer dtls_question_open(struct dtls_question *question);
void dtls_question_grant(struct dtls_question *question, const struct dtls_writer *answer);
void dtls_question_deny(struct dtls_question *question);

#endif
