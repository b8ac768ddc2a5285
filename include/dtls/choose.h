/* choose.h - several identities: which one is shown to whom (docs/identity.md). */
#ifndef DTLS_CHOOSE_H
#define DTLS_CHOOSE_H

#include "dtls/identity.h"
#include "dtls/question.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One row of the table `identities` (config.h). */
struct dtls_named_identity {
    const char *name; /* a DNS name as in server_name, or one whose left-most label is "*", which stands for one whole
                         label ("*.example.org"); NULL: for clients that ask for none of the other names, or for no
                         name. Not looked at in a client */
    const struct dtls_identity *identity; /* that of this name; it must outlive every connection that may use it */
};

/* What is known of the peer when an identity is to be shown to it. All are views, until the callback returns. */
struct dtls_identity_request {
    const char *server_name;               /* a server: that the client asks for, in lower case; NULL: none */
    struct dtls_bytes schemes;             /* signature_algorithms (RFC 5246, 7.4.1.4.1): 2-byte numbers */
    struct dtls_bytes authorities;         /* that the peer trusts, for dtls_authorities_next; empty: it does not say */
    const struct dtls_identity *suggested; /* what the table would choose; NULL: nothing in it fits */
};

/*
 * Asked in each full handshake in which an identity is to be shown, but for one that has to stay (change_own_identity):
 * in a server whose client offers a suite with certificates, in a client that is asked for its certificate. To be
 * answered with dtls_question_answer_identity (question.h has the rules: at once or later).
 */
typedef void dtls_identity_function(void *arg, struct dtls_question *question,
                                    const struct dtls_identity_request *request);

/*
 * The answer: an identity that outlives the connection; or NULL, none. A client then shows none; a server ends the
 * handshake, unless it may go on with a pre-shared key: with unrecognized_name where refuse_unknown_names is set and
 * the client has named something, else with handshake_failure, as it does when its client could not verify the
 * identity. DTLS_OK. DTLS_ERR_ARGUMENT (another kind of question): it is still to be answered. DTLS_ERR_NOT_ASKED:
 * nobody waits any more; the question is freed.
 */
DTLS_API int dtls_question_answer_identity(struct dtls_question *question, const struct dtls_identity *identity);

enum { DTLS_AUTHORITIES_MAX = 16384 }; /* bytes of a list */

/*
 * Authorities as the wire has them: each the subject of a certificate in DER, with its length in two bytes in front.
 * _from_pem makes such a list of the CERTIFICATE blocks of a text. DTLS_OK and *len, in bytes; or, without *len,
 * DTLS_ERR_BAD_PEM, DTLS_ERR_BAD_X509, DTLS_ERR_BUFFER_TOO_SMALL, DTLS_ERR_NO_MEMORY. _next takes the first name off a
 * list; false when there is none left.
 */
DTLS_API int dtls_authorities_from_pem(const char *certificates, size_t certificates_len, uint8_t *out, size_t cap,
                                       size_t *len);
DTLS_API bool dtls_authorities_next(struct dtls_bytes *list, struct dtls_bytes *name);

#ifdef __cplusplus
}
#endif

#endif
