/* question.h - what a handshake asks the application, and answers that come later (contract R19).
 *
 * Some callbacks of the configuration (psk.h) are given a question instead of being asked for a return value. Each is
 * to be answered exactly once: in the callback, or at any later time, by the function that goes with it, in the
 * connection's thread. Until then the handshake waits: no message of it is processed, its timeout rests, and its total
 * time runs; data flows on in a rehandshake. In the callback the connection itself must be left alone. Afterwards:
 *
 *     err = dtls_question_answer_psk(question, &psk);      // it is the engine's now; DTLS_OK: somebody has waited
 *     if (err == DTLS_OK) dtls_conn_tick(conn, now);       // the handshake goes on; then settle (conn.h)
 *
 * A question outlives its connection: whose handshake is over, replaced, or gone with its connection is told so by
 * DTLS_ERR_NOT_ASKED, and nothing happens. Only the configuration's `release` and `memory_arg` must be there still. One
 * that is never answered keeps its few hundred bytes. */
#ifndef DTLS_QUESTION_H
#define DTLS_QUESTION_H

#include "dtls/error.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dtls_conn; /* conn.h */

/* One question: the application's, from the callback until it is answered. */
struct dtls_question;

/* Who waits for the answer; NULL when nobody does any more. Not for a question that has been answered. */
DTLS_API struct dtls_conn *dtls_question_conn(const struct dtls_question *question);

#ifdef __cplusplus
}
#endif

#endif
