/* identity.h - who we are (certificate chain and private key) and how we judge who the peer is. */
#ifndef DTLS_IDENTITY_H
#define DTLS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtls/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The two ends of an association: who says hello, and who answers. */
enum dtls_role { DTLS_CLIENT, DTLS_SERVER };

/* A view: never freed, valid as long as what it points into. */
struct dtls_bytes {
    const uint8_t *at; /* may be NULL where `len` is 0 */
    size_t len;        /* bytes */
};

/* Fills out[0..len) with unpredictable bytes. Returns DTLS_OK or DTLS_ERR_RANDOM.
 * The default of every place that takes one is dtls_system_random. */
typedef int dtls_random_function(void *arg, uint8_t *out, size_t len);

/* The operating system's randomness; `arg` is not used. DTLS_OK or DTLS_ERR_RANDOM, and `out` is not to be used. */
DTLS_API int dtls_system_random(void *arg, uint8_t *out, size_t len);

/*
 * A certificate chain and the private key of its first certificate. Immutable once made, so any number of
 * configurations and threads may share one; it must outlive every connection that uses it.
 */
struct dtls_identity;

/*
 * Reads PEM text: 1 to 10 CERTIFICATE blocks (leaf first) and one private key (PKCS#8 "PRIVATE KEY",
 * SEC1 "EC PRIVATE KEY" or PKCS#1 "RSA PRIVATE KEY"). Keys: P-256, P-384, Ed25519, RSA of 2048 to 8192 bits.
 * Both texts may be the same file. The texts are copied. On DTLS_OK *out is the caller's, to free.
 * Errors: DTLS_ERR_BAD_PEM, _BAD_X509, _BAD_KEY, _ENCRYPTED_KEY, _KEY_MISMATCH, _NO_MEMORY; *out is then NULL.
 */
DTLS_API int dtls_identity_from_pem(const char *certificates, size_t certificates_len, const char *private_key,
                                    size_t private_key_len, struct dtls_identity **out);

/*
 * A server's answer to clients that ask for the status of its certificate (status_request, RFC 6066, 8): an OCSP
 * response about the leaf, in DER, as its authority has signed it; 1 to 65,535 bytes, copied. It is not looked at. A
 * new one is for a new identity: it is to be given before the identity is used anywhere. Length 0: none any more.
 * DTLS_OK; DTLS_ERR_ARGUMENT (too long), DTLS_ERR_NO_MEMORY, and nothing has changed.
 */
DTLS_API int dtls_identity_set_ocsp_response(struct dtls_identity *identity, const uint8_t *response, size_t len);

/* A key without a certificate, to be shown as a raw public key (RFC 7250; own_types in config.h): one private key as
 * above. Errors: DTLS_ERR_BAD_PEM, _BAD_KEY, _ENCRYPTED_KEY, _NO_MEMORY; *out is then NULL. */
DTLS_API int dtls_identity_from_key(const char *private_key, size_t private_key_len, struct dtls_identity **out);

/* The kinds of keys that can be made. */
enum dtls_key_type {
    DTLS_KEY_ECDSA_P256, /* ECDSA over P-256 (RFC 8422) */
    DTLS_KEY_ED25519,    /* EdDSA (RFC 8410, RFC 8422) */
};

/*
 * Makes a fresh key and a self-signed certificate for it (RFC 5280; as WebRTC uses them, RFC 8827, 6.5).
 * `common_name` is 1 to 64 bytes of UTF-8; the validity is in seconds since 1970 (UTC, years 1970 to 9999).
 * `random` may be NULL for the operating system's. On DTLS_OK *out is the caller's, to free. Errors:
 * DTLS_ERR_ARGUMENT, DTLS_ERR_RANDOM, DTLS_ERR_NO_MEMORY; *out is then NULL.
 */
DTLS_API int dtls_identity_generate(enum dtls_key_type type, const char *common_name, int64_t not_before,
                                    int64_t not_after, dtls_random_function *random, void *random_arg,
                                    struct dtls_identity **out);

/* Wipes the key and frees; NULL is allowed. */
DTLS_API void dtls_identity_free(struct dtls_identity *identity);

/* Certificate `index` of the chain in DER, leaf first; an empty view past the end. */
DTLS_API struct dtls_bytes dtls_identity_certificate(const struct dtls_identity *identity, size_t index);

/* Its public key, a SubjectPublicKeyInfo in DER: what is shown of it as a raw key. Valid as long as the identity. */
DTLS_API struct dtls_bytes dtls_identity_key_info(const struct dtls_identity *identity);

enum {
    DTLS_FINGERPRINT_LEN = 32,  /* SHA-256 of the leaf certificate's DER, or of a raw key's */
    DTLS_FINGERPRINT_TEXT = 104 /* bytes of it as text: "SHA-256:" + 32 * "AB:" - ':' + NUL */
};

/* The SHA-256 fingerprint of the identity's own leaf certificate; of its key, where it has none. And always of its key
 * (dtls_identity_key_info), for peers that are shown that. */
DTLS_API void dtls_identity_fingerprint(const struct dtls_identity *identity, uint8_t out[DTLS_FINGERPRINT_LEN]);
DTLS_API void dtls_identity_key_fingerprint(const struct dtls_identity *identity, uint8_t out[DTLS_FINGERPRINT_LEN]);

/* Writes "SHA-256:AB:CD:..." (upper case) with its NUL. */
DTLS_API void dtls_fingerprint_format(const uint8_t fingerprint[DTLS_FINGERPRINT_LEN], char out[DTLS_FINGERPRINT_TEXT]);

/* Reads what _format writes; also lower case, a space for the first ':' (as in SDP), and no ':' between the bytes.
 * DTLS_ERR_BAD_FINGERPRINT leaves `out` alone. */
DTLS_API int dtls_fingerprint_parse(const char *text, uint8_t out[DTLS_FINGERPRINT_LEN]);

/* The hashes of fingerprints in signalling (RFC 8122, 5); the stronger is the greater. */
enum dtls_fingerprint_hash {
    DTLS_FINGERPRINT_SHA_256 = 1, /* 32 bytes */
    DTLS_FINGERPRINT_SHA_384,     /* 48 bytes */
    DTLS_FINGERPRINT_SHA_512,     /* 64 bytes */
};

enum {
    DTLS_FINGERPRINT_MAX = 64, /* bytes of the longest */
    DTLS_FINGERPRINT_SDP = 200 /* bytes of it as text: "sha-512 " + 64 * "AB:" - ':' + NUL */
};

/* A certificate's fingerprint by one of them. */
struct dtls_fingerprint {
    enum dtls_fingerprint_hash hash;     /* by which */
    uint8_t bytes[DTLS_FINGERPRINT_MAX]; /* as many as the hash has, and then zeroes */
};

/* Bytes of a fingerprint: 32, 48 or 64; 0 for any other number. */
DTLS_API size_t dtls_fingerprint_len(enum dtls_fingerprint_hash hash);

/* That of the identity's own leaf certificate, for the SDP that is sent. `hash` is one of the three. */
DTLS_API void dtls_identity_fingerprint_by(const struct dtls_identity *identity, enum dtls_fingerprint_hash hash,
                                           struct dtls_fingerprint *out);

/* Writes the value of an SDP attribute "fingerprint", "sha-256 AB:CD:...", with its NUL. */
DTLS_API void dtls_fingerprint_to_sdp(const struct dtls_fingerprint *fingerprint, char out[DTLS_FINGERPRINT_SDP]);

/* Reads such a value, in any mix of cases; also what _format writes, as _parse does. DTLS_ERR_BAD_FINGERPRINT (another
 * hash, too) leaves `out` alone: such a line of SDP is to be passed over, and if there is no other, nobody can be
 * trusted. */
DTLS_API int dtls_fingerprint_from_sdp(const char *text, struct dtls_fingerprint *out);

enum {
    DTLS_MOST_CERTIFICATES = 10, /* in a chain, ours or a peer's; a longer one is refused unread */
    DTLS_REASON_MAX = 200,       /* bytes of a verifier's words, with their NUL */
};

/* What a peer has shown. A raw key comes only where peer_types (config.h) allows it; it has neither a name nor an
 * issuer, nor does it expire: somebody has to know it. */
enum dtls_peer_kind { DTLS_PEER_CERTIFICATE, DTLS_PEER_RAW_KEY };

/* What a verifier is asked to judge. Views are valid during the call only. */
struct dtls_peer_identity {
    enum dtls_peer_kind kind;       /* what it has shown */
    const uint8_t *fingerprint;     /* SHA-256 of the leaf, or of the raw key, DTLS_FINGERPRINT_LEN bytes */
    const struct dtls_bytes *chain; /* DER, leaf first; all of it no longer than max_message (config.h) */
    size_t chain_count;             /* 0 for a raw key; and in a resumed session: then only the fingerprint is known */
    struct dtls_bytes key_info;     /* the public key, a SubjectPublicKeyInfo in DER; empty in a resumed session */
    enum dtls_role role;            /* the peer's */
    bool asked_status;              /* a client has asked for a stapled OCSP response (request_status, config.h), */
    struct dtls_bytes status;       /* and this came, in DER; empty: none */
    char *reason; /* room for DTLS_REASON_MAX bytes: why not, in words for a person, with a NUL. They are kept with the
                     connection that is refused (dtls_conn_reason), so a verifier needs no memory of its own */
};

/*
 * The verifier door. Called inside the handshake, when the peer's certificate arrives; the proof that the peer owns its
 * key is checked by the engine, and OPEN comes only after both. Returns 0 to accept, or the alert description (enum
 * dtls_alert, not 0) with which the handshake ends (DTLS_ERR_BAD_CERTIFICATE). Where a stapled OCSP response may come
 * it is called when that has come, or what stands behind it. It is also asked about the peer of a session that could be
 * resumed, in an abbreviated rehandshake too: after a no a full handshake follows instead. It must not call the
 * connection or its endpoint.
 */
struct dtls_verifier {
    int (*verify)(void *arg, const struct dtls_peer_identity *peer); /* NULL: there is no verifier */
    void *arg;                                                       /* its first argument */
};

/* Accepts exactly one certificate, or raw key: `fingerprint` is a view of DTLS_FINGERPRINT_LEN bytes that must outlive
 * it. _pinned_key takes that of the key, and accepts it raw or in any certificate; of a certificate's session the key
 * is not known, so that a full handshake follows. */
DTLS_API struct dtls_verifier dtls_verifier_pinned(const uint8_t *fingerprint);
DTLS_API struct dtls_verifier dtls_verifier_pinned_key(const uint8_t *fingerprint);

/* Accepts every certificate: the application looks at dtls_conn_peer_fingerprint itself, at OPEN. */
DTLS_API struct dtls_verifier dtls_verifier_accept(void);

#ifdef __cplusplus
}
#endif

#endif
