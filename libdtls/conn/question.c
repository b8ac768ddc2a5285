/* question.c - the application's answers (contract R19): which connection they are for, if any. They are processed by
 * the next dtls_conn_tick, or with the next datagram. */
#include <stddef.h>
#include <stdio.h>

#include "conn/conn_private.h"
#include "dtls/signer.h"
#include "dtls/store.h"
#include "handshake/choice.h"

static struct dtls_conn *conn_of(const struct dtls_question *question)
{
    if (question->hs == NULL)
        return NULL;
    struct dtls_conn *conn = (struct dtls_conn *)((char *)question->hs->as - offsetof(struct dtls_conn, as));
    return conn->state != DTLS_CONN_OVER ? conn : NULL;
}

struct dtls_conn *dtls_question_conn(const struct dtls_question *question)
{
    return conn_of(question);
}

dtls_time dtls_conn_question_deadline(const struct dtls_conn *conn)
{
    const struct dtls_handshake *hs = conn->hs;

    if (conn->state == DTLS_CONN_OVER || hs == NULL || hs->question == NULL || hs->lacking)
        return DTLS_NEVER;
    return hs->question->answered ? conn->now : hs->question_until;
}

/* Nobody hears it: the question, which is the caller's until now, ends here. */
static int ignore(struct dtls_question *question)
{
    if (question->hs != NULL)
        question->hs->question = NULL;
    dtls_question_free(question);
    return DTLS_ERR_NOT_ASKED;
}

int dtls_question_answer_psk(struct dtls_question *question, const struct dtls_psk *psk)
{
    struct dtls_conn *conn = conn_of(question);
    struct dtls_psk given = { 0 };

    if (question->kind != DTLS_QUESTION_PSK)
        return DTLS_ERR_ARGUMENT;
    if (psk != NULL)
        given.key = psk->key;
    if (psk != NULL && conn != NULL && conn->as.role == DTLS_CLIENT) /* a server knows it, and may have left it unset */
        given.identity = psk->identity;
    if (psk != NULL && !dtls_psk_is_valid(&given))
        return DTLS_ERR_ARGUMENT;
    if (conn == NULL)
        return ignore(question);
    if (psk == NULL) {
        dtls_question_deny(question);
    } else {
        struct dtls_writer to = dtls_question_open(question);
        dtls_psk_write(&to, &given);
        dtls_question_grant(question, &to);
    }
    dtls_conn_changed(conn);
    return DTLS_OK;
}

int dtls_question_answer_identity(struct dtls_question *question, const struct dtls_identity *identity)
{
    const struct dtls_choice choice = { identity };

    if (question->kind != DTLS_QUESTION_IDENTITY)
        return DTLS_ERR_ARGUMENT;
    struct dtls_conn *conn = conn_of(question);
    if (conn == NULL)
        return ignore(question);
    if (identity == NULL) {
        dtls_question_deny(question);
    } else {
        struct dtls_writer to = dtls_question_open(question);
        dtls_write_bytes(&to, dtls_view(&choice, sizeof choice));
        dtls_question_grant(question, &to);
    }
    dtls_conn_changed(conn);
    return DTLS_OK;
}

int dtls_question_answer_signature(struct dtls_question *question, const uint8_t *signature, size_t len)
{
    if (question->kind != DTLS_QUESTION_SIGNATURE || len > DTLS_SIGNATURE_LARGEST)
        return DTLS_ERR_ARGUMENT;
    struct dtls_conn *conn = conn_of(question);
    if (conn == NULL)
        return ignore(question);
    if (signature == NULL) {
        dtls_question_deny(question);
    } else {
        struct dtls_writer to = dtls_question_open(question);
        dtls_write_bytes(&to, dtls_view(signature, len));
        dtls_question_grant(question, &to);
    }
    dtls_conn_changed(conn);
    return DTLS_OK;
}

int dtls_question_refuse_signature(struct dtls_question *question, const char *why)
{
    struct dtls_handshake *hs = question->hs;

    if (question->kind == DTLS_QUESTION_SIGNATURE && conn_of(question) != NULL) {
        snprintf(hs->reason, sizeof hs->reason, "%s", why);
        hs->sign_refused = true;
    }
    return dtls_question_answer_signature(question, NULL, 0);
}

int dtls_question_answer_stored(struct dtls_question *question, struct dtls_bytes entry)
{
    if (question->kind != DTLS_QUESTION_STORED)
        return DTLS_ERR_ARGUMENT;
    struct dtls_conn *conn = conn_of(question);
    if (conn == NULL)
        return ignore(question);
    struct dtls_writer to = dtls_question_open(question);
    dtls_write_bytes(&to, entry);
    if (entry.len == 0 || to.broken)
        dtls_question_deny(question);
    else
        dtls_question_grant(question, &to);
    dtls_conn_changed(conn);
    return DTLS_OK;
}
