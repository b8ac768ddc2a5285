/* signer.h - identities whose private key is elsewhere: in an HSM, or with a key server (docs/identity.md). */
#ifndef DTLS_SIGNER_H
#define DTLS_SIGNER_H

#include "dtls/identity.h"
#include "dtls/question.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is to be signed. Views until the callback returns. */
struct dtls_sign_request {
    const struct dtls_identity *identity; /* with whose key */
    uint16_t scheme; /* SignatureScheme (RFC 8446, 4.2.3): 0x0403 is ECDSA with SHA-256, 0x0807 Ed25519, 0x0804
                        RSA-PSS with SHA-256 (salt as long as the hash), 0x0401 RSA PKCS#1 with SHA-256... */
    struct dtls_bytes message; /* all of it: what Ed25519 signs */
    struct dtls_bytes digest;  /* its hash by the scheme, which is what a PKCS#11 token wants for ECDSA and for RSA;
                                  empty for Ed25519 */
};

/*
 * Asked for each signature: one in a full handshake of a server, one in that of a client which shows its identity. In
 * the connection's thread, with public_key_jobs too. To be answered with dtls_question_answer_signature (question.h has
 * the rules: at once or later).
 */
typedef void dtls_sign_function(void *arg, struct dtls_question *question, const struct dtls_sign_request *request);

/*
 * An identity without its private key. The text has 1 to 10 CERTIFICATE blocks (leaf first), or one PUBLIC KEY block
 * for a raw public key (RFC 7250), as dtls_identity_from_pem takes them. Errors: DTLS_ERR_BAD_PEM, _BAD_X509,
 * _NO_MEMORY; *out is then NULL.
 */
DTLS_API int dtls_identity_from_signer(const char *public_text, size_t public_len, dtls_sign_function *sign,
                                       void *sign_arg, struct dtls_identity **out);

/* Has `release` called with sign_arg by dtls_identity_free, as the last of what it does, so that an identity can be
 * handed on as one that has its own key. NULL, as it is at first: nobody is called. */
DTLS_API void dtls_identity_release_signer(struct dtls_identity *identity, void (*release)(void *sign_arg));

enum { DTLS_SIGNATURE_LARGEST = 1024 }; /* bytes: RSA-8192 has the longest */

/*
 * The signature as it goes into the handshake: for ECDSA in DER (RFC 3279, 2.2.3; a token that gives r and s as they
 * are needs that done), for RSA as long as the modulus, for Ed25519 64 bytes. It is copied. It is verified before it
 * leaves, as a job where public_key_jobs is set: a wrong one, and NULL, are the end of the connection
 * (DTLS_ERR_INTERNAL). DTLS_OK. DTLS_ERR_ARGUMENT (too long, another kind of question): it is still to be answered.
 * DTLS_ERR_NOT_ASKED: nobody waits any more; the question is freed.
 */
DTLS_API int dtls_question_answer_signature(struct dtls_question *question, const uint8_t *signature, size_t len);

/* As an answer of NULL, in words for a person: dtls_conn_reason has them after FAILED, cut to DTLS_REASON_MAX. They are
 * copied; the peer does not get them. Returns as dtls_question_answer_signature does. */
DTLS_API int dtls_question_refuse_signature(struct dtls_question *question, const char *why);

#ifdef __cplusplus
}
#endif

#endif
