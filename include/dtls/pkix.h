/* pkix.h - libdtls-pkix: who vouches for the peer's certificate. Link with libdtls-pkix, which stands on GnuTLS's X.509
 * functions.
 *
 *     dtls_pkix_trust_new(&trust);
 *     dtls_pkix_trust_add_system(trust, NULL);                  // or _file, _directory, _add; and CRLs
 *     settings = (struct dtls_pkix_settings){ .role = DTLS_CLIENT, .name = "sip.example" };
 *     dtls_pkix_new(trust, &settings, &pkix);
 *     config.verifier = dtls_pkix_verifier(pkix);
 *     config.request_status = true;                             // a client: have OCSP responses stapled
 *
 * What is made is not changed afterwards, so that any number of verifiers, connections and threads may share it: a new
 * CRL is for a new trust, and with it a new verifier (dtls_conn_set_config, dtls_ev_server_set_config).
 * The words of a refusal are those of the connection that is refused: dtls_conn_reason. */
#ifndef DTLS_PKIX_H
#define DTLS_PKIX_H

#include "dtls/dtls.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- whom we trust ---- */

/* Authorities, and lists of what they have revoked. */
struct dtls_pkix_trust;

/* Without anyone in it yet. DTLS_OK and *out, the caller's, to free after every verifier made with it; or
 * DTLS_ERR_NO_MEMORY, and *out is NULL. */
DTLS_API int dtls_pkix_trust_new(struct dtls_pkix_trust **out);
DTLS_API void dtls_pkix_trust_free(struct dtls_pkix_trust *trust); /* NULL is allowed */

/*
 * Trusts every certificate in a text of PEM, or a single one in DER; in a file; in the files of a directory (those
 * without one are passed over); in the system's store. A certificate that is no authority's is trusted for itself
 * alone: a peer may show exactly that one. *count (may be NULL): how many there were. Copied. To be done before
 * the first verifier is made. DTLS_OK; DTLS_PKIX_ERR_SYSTEM, DTLS_PKIX_ERR_EMPTY, DTLS_ERR_BAD_X509 (one does not
 * parse), DTLS_ERR_NO_MEMORY: then some may have been added.
 */
DTLS_API int dtls_pkix_trust_add(struct dtls_pkix_trust *trust, const void *certificates, size_t len, size_t *count);
DTLS_API int dtls_pkix_trust_add_file(struct dtls_pkix_trust *trust, const char *path, size_t *count);
DTLS_API int dtls_pkix_trust_add_directory(struct dtls_pkix_trust *trust, const char *path, size_t *count);
DTLS_API int dtls_pkix_trust_add_system(struct dtls_pkix_trust *trust, size_t *count);

/*
 * The certificate revocation lists (RFC 5280, 5) in a text of PEM, or a single one in DER; or in a file. Whoever has
 * issued one of them is held to it: a certificate of that issuer is refused when it is on the list, and also when no
 * list of that issuer is in force (nextUpdate is over, or the signature is not the issuer's). Other issuers need none.
 * *count (may be NULL): how many there were. To be done before the first verifier is made.
 * DTLS_OK; DTLS_PKIX_ERR_SYSTEM, DTLS_PKIX_ERR_EMPTY, DTLS_PKIX_ERR_CRL, DTLS_ERR_NO_MEMORY: then some may have been
 * added.
 */
DTLS_API int dtls_pkix_trust_add_crls(struct dtls_pkix_trust *trust, const void *crls, size_t len, size_t *count);
DTLS_API int dtls_pkix_trust_add_crl_file(struct dtls_pkix_trust *trust, const char *path, size_t *count);

/* The name (a Name in DER) of the `index`-th authority, as a server tells its clients whose certificates it takes; an
 * empty view past the end. Valid as long as `trust`. */
DTLS_API struct dtls_bytes dtls_pkix_trust_authority(const struct dtls_pkix_trust *trust, size_t index);

/* ---- the verifier ---- */

/* A verifier, and whom it has accepted. */
struct dtls_pkix;

/* Whom a verifier is to judge. */
struct dtls_pkix_settings {
    enum dtls_role role;       /* ours. DTLS_CLIENT: judges servers */
    const char *name;          /* the peer's: a host name in ASCII, or an IP address as text. It has to be among the
                                  subjectAltNames of its certificate (RFC 9525): a common name counts for nothing; "*"
                                  stands for one whole left-most label of a host name; an address only for itself. A
                                  client needs one. In a server NULL, the default, is any client of the authorities.
                                  Copied */
    bool any_name;             /* a client, by its own wish, takes the certificate of whatever host */
    int64_t (*now)(void *arg); /* seconds since 1970, UTC; called in the thread of each connection; NULL: the system's
                                  clock */
    void *now_arg;             /* its first argument */
};

/* NULL when a verifier can be made of them, else a sentence that says what is missing, never to be freed. */
DTLS_API const char *dtls_pkix_problem(const struct dtls_pkix_trust *trust, const struct dtls_pkix_settings *settings);

/* `trust` must outlive it. DTLS_OK and *out, the caller's, to free after every connection that uses it; or
 * DTLS_ERR_ARGUMENT (dtls_pkix_problem), DTLS_ERR_NO_MEMORY, and *out is NULL. */
DTLS_API int dtls_pkix_new(const struct dtls_pkix_trust *trust, const struct dtls_pkix_settings *settings,
                           struct dtls_pkix **out);
DTLS_API void dtls_pkix_free(struct dtls_pkix *pkix); /* NULL is allowed */

/*
 * The verifier, for any number of configurations. It accepts a chain that leads to an authority, where each signature
 * is good and made with at least 112 bits of security (no SHA-1, no RSA below 2,048), each certificate in its time,
 * with basic constraints, path length, name constraints and usages that allow it, none revoked, the leaf one of the
 * peer's role and name; and the stapled OCSP response, if one came, says "good", now, in the name of the issuer. A
 * server's certificate that demands a staple (RFC 7633) is refused without. What is surplus in a chain is passed over.
 * At most DTLS_MOST_CERTIFICATES certificates are looked at, and 8 ways from leaf to authority.
 *
 * Sessions. Who resumes one shows no certificate. So it remembers the fingerprints of the last 1,024 clients, or 64
 * servers, that it has accepted, each until the first of its certificates, CRLs or OCSP response is out of date; a
 * session with anyone else is not resumed, and a full handshake follows. Another verifier remembers nobody.
 */
DTLS_API struct dtls_verifier dtls_pkix_verifier(struct dtls_pkix *pkix);

/* ---- who we are ---- */

/*
 * As dtls_identity_from_pem, with a private key that may be encrypted (PKCS#8 "ENCRYPTED PRIVATE KEY", or the older
 * form of OpenSSL) under `password`; NULL: there is none. Besides its errors: DTLS_PKIX_ERR_PASSWORD.
 */
DTLS_API int dtls_pkix_identity_from_pem(const char *certificates, size_t certificates_len, const char *private_key,
                                         size_t private_key_len, const char *password, struct dtls_identity **out);

/* The private key of a PKCS#12 file, its certificate, and the chain above that as far as it is in there.
 * DTLS_PKIX_ERR_PASSWORD, DTLS_PKIX_ERR_EMPTY (no key, or no certificate of it), DTLS_ERR_BAD_KEY (no PKCS#12), and as
 * dtls_identity_from_pem. */
DTLS_API int dtls_pkix_identity_from_pkcs12(const void *file, size_t len, const char *password,
                                            struct dtls_identity **out);

/* ---- a private key that stays in a token (PKCS#11) ---- */

/* Where a key is. What these point to is copied. */
struct dtls_pkix_key_settings {
    const char *uri; /* "pkcs11:token=...;object=..." (RFC 7512), with pin-value or pin-source (file:/PATH, of which the
                        first line counts), and module-path, if you like */
    const char *pin; /* counts instead of the one in the URI; NULL: that one */
    const char *module; /* path of a PKCS#11 module, loaded for the whole process beside those that p11-kit is
                           configured with; NULL: module-path. Neither: those alone */
};

/*
 * The identity of a certificate chain, as dtls_identity_from_signer takes it, or of a pkcs11: URI of the leaf in a
 * token (and what is found above it there), and a key in a token: P-256, P-384, Ed25519 where the module has it, RSA.
 * The token signs once or twice to begin with (RSA: PKCS#1 and PSS): is it the certificate's key, and can it do what
 * peers ask for?
 *
 * Each signature of a handshake is made at once, in the connection's thread: nothing else of its loop happens
 * meanwhile, for as long as the token takes. public_key_jobs do not change that. Who cannot wait has
 * dtls_pkix_key_sign, below, for threads of their own.
 *
 * A token that goes away is the end of each full handshake which needs it (DTLS_ERR_INTERNAL; dtls_conn_reason has the
 * words), and of no more; it is looked for again for each signature, and signs when its module finds it. A PIN that was
 * refused is not given to it again, not by any later handshake, either: tokens lock after a few; nor is it given where
 * only one try is left.
 *
 * DTLS_OK and *out, the caller's, to free as any other; the session with the token ends then. DTLS_ERR_ARGUMENT (no
 * such URI), DTLS_PKIX_ERR_TOKEN, DTLS_PKIX_ERR_PASSWORD (the PIN), DTLS_PKIX_ERR_SYSTEM (pin-source; errno),
 * DTLS_ERR_KEY_MISMATCH, and as dtls_identity_from_signer: *out is NULL, and `reason`, of DTLS_REASON_MAX bytes, says
 * why in a sentence, without the PIN.
 */
DTLS_API int dtls_pkix_identity_from_pkcs11(const char *certificates, size_t certificates_len,
                                            const struct dtls_pkix_key_settings *settings, struct dtls_identity **out,
                                            char *reason);

/*
 * The same in its parts, for a program whose loop must not wait. The identity is one of dtls_identity_from_signer; its
 * function gives a copy of the request's scheme and digest (of the message, where there is none) to a thread, which
 * calls dtls_pkix_key_sign; then the connection's thread answers the question (dtls_question_answer_signature, or
 * _refuse_signature with the reason; question.h). docs/identity.md has an example.
 *
 * A key may be used from any thread; it makes one signature at a time. Opening, checking and signing block. Errors,
 * each with its `reason`, are those above.
 */
struct dtls_pkix_key;

/* Looks for it, and logs in. DTLS_OK and *out, the caller's, to close; or DTLS_ERR_ARGUMENT, DTLS_ERR_NO_MEMORY,
 * DTLS_PKIX_ERR_TOKEN, _PASSWORD, _SYSTEM, as above: *out is NULL. */
DTLS_API int dtls_pkix_key_open(const struct dtls_pkix_key_settings *settings, struct dtls_pkix_key **out,
                                char *reason);
DTLS_API void dtls_pkix_key_close(struct dtls_pkix_key *key); /* NULL is allowed; no thread is in it any more */

/* DTLS_OK when it is the key of `identity`, and signs in each way that peers may ask for; else DTLS_ERR_KEY_MISMATCH,
 * DTLS_ERR_BAD_X509, DTLS_ERR_BAD_KEY (of no kind that we know), or an error of _sign. */
DTLS_API int dtls_pkix_key_check(struct dtls_pkix_key *key, const struct dtls_identity *identity, char *reason);

/* One signature, as it goes into a handshake: of request->digest, or, where that is empty, of request->message; `out`
 * has DTLS_SIGNATURE_LARGEST bytes. request->identity is not looked at. DTLS_OK and *len; or DTLS_ERR_ARGUMENT (no such
 * scheme), DTLS_PKIX_ERR_TOKEN, DTLS_PKIX_ERR_PASSWORD, DTLS_ERR_NO_MEMORY. */
DTLS_API int dtls_pkix_key_sign(struct dtls_pkix_key *key, const struct dtls_sign_request *request, uint8_t *out,
                                size_t *len, char *reason);

#ifdef __cplusplus
}
#endif

#endif
