/* question.c - the life of a question. Knows no connection, and nothing of what is asked. */
#include "handshake/question.h"

struct dtls_question *dtls_question_new(const struct dtls_memory *memory, struct dtls_handshake *hs,
                                        enum dtls_question_kind kind, size_t room)
{
    struct dtls_question *question = dtls_allocate(memory, sizeof *question + room);

    if (question == NULL)
        return NULL;
    question->memory = *memory;
    question->hs = hs;
    question->kind = (uint8_t)kind;
    question->room = room;
    return question;
}

void dtls_question_free(struct dtls_question *question)
{
    if (question == NULL)
        return;
    struct dtls_memory memory = question->memory;
    dtls_release(&memory, question, sizeof *question + question->room);
}

void dtls_question_abandon(struct dtls_question *question)
{
    if (question == NULL)
        return;
    question->hs = NULL;
    if (question->answered)
        dtls_question_free(question);
}

struct dtls_writer dtls_question_open(struct dtls_question *question)
{
    return dtls_writer_to(question->answer, question->room);
}

void dtls_question_grant(struct dtls_question *question, const struct dtls_writer *answer)
{
    question->answer_len = answer->len;
    question->granted = question->answered = true;
}

void dtls_question_deny(struct dtls_question *question)
{
    question->answered = true;
}
