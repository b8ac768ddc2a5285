/* pkix_internal.h - what the rooms of libdtls-pkix share: a trust, a path, and a refusal. */
#ifndef DTLS_ADAPTERS_PKIX_INTERNAL_H
#define DTLS_ADAPTERS_PKIX_INTERNAL_H

#include <gnutls/x509.h>

#include "dtls/pkix.h"

/* A CRL whose issuer is held to it. */
struct dtls_pkix_crl {
    gnutls_x509_crl_t crl;
    gnutls_datum_t issuer; /* the name in DER; owned */
    gnutls_datum_t der;    /* all of it; owned; and views into it: */
    gnutls_datum_t to_be_signed, signature;
    struct dtls_pkix_revoked {
        uint8_t serial[20]; /* without leading zeroes, at the end of the span */
        int64_t when;
    } * revoked; /* sorted by serial */
    size_t count;
};

struct dtls_pkix_trust {
    gnutls_x509_crt_t *anchors;
    gnutls_datum_t *names; /* of them, in DER; owned */
    size_t anchor_count;
    struct dtls_pkix_crl *crls;
    size_t crl_count;
};

/* From the leaf up to the trusted certificate, which is the last one; the two may be the same. */
struct dtls_pkix_path {
    gnutls_x509_crt_t at[DTLS_MOST_CERTIFICATES + 1];
    size_t count;
};

/* What one call of the verifier is about. */
struct dtls_pkix_case {
    const struct dtls_pkix_trust *trust;
    enum dtls_role role; /* the peer's */
    int64_t now;
    int64_t good_until; /* when the first of what it stands on is out of date */
    char *reason;       /* DTLS_REASON_MAX bytes */
};

/* Writes the words; returns the alert. */
int dtls_pkix_refuse(struct dtls_pkix_case *judged, enum dtls_alert alert, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What holds until `end` makes all that stands on it hold no longer. */
void dtls_pkix_holds_until(struct dtls_pkix_case *judged, int64_t end);

/* ---- pkix_words.c ---- */

enum { DTLS_PKIX_NAME = 72, DTLS_PKIX_SPAN = 48 };

/* What a person calls the owner of a certificate: a leaf's first host name or address, else its common name, else all
 * of its name; printable ASCII, cut to fit. */
const char *dtls_pkix_name_of(gnutls_x509_crt_t certificate, char out[DTLS_PKIX_NAME]);
const char *dtls_pkix_issuer_of(gnutls_x509_crt_t certificate, char out[DTLS_PKIX_NAME]);

/* "3 days", "1 hour"; and "2026-01-31 12:00 UTC". */
const char *dtls_pkix_span(int64_t seconds, char out[DTLS_PKIX_SPAN]);
const char *dtls_pkix_date(int64_t time, char out[DTLS_PKIX_SPAN]);

/* ---- the steps of a verdict: each 0, or the alert, and the words are written ---- */

/* pkix_path.c: a way from chain[0] to somebody trusted, whose links are all good now, that may be used so, and on which
 * nobody has been revoked. */
int dtls_pkix_find_path(struct dtls_pkix_case *judged, gnutls_x509_crt_t *chain, size_t count,
                        struct dtls_pkix_path *out);

/* pkix_sane.c: is it one that a decent authority would make? GnuTLS has parsed it. */
int dtls_pkix_check_sanity(struct dtls_pkix_case *judged, gnutls_x509_crt_t certificate);

/* pkix_purpose.c: may all on the way be used for a peer of that role? And does it demand a stapled response (RFC 7633)?
 */
int dtls_pkix_check_purpose(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path, enum dtls_role role);
bool dtls_pkix_must_staple(gnutls_x509_crt_t leaf);

/* pkix_name.c: is it the certificate of that host or address? */
int dtls_pkix_check_name(struct dtls_pkix_case *judged, gnutls_x509_crt_t leaf, const char *name);

/* pkix_crl.c: has anybody on the way been revoked? */
int dtls_pkix_check_crls(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path);

/* pkix_ocsp.c: what the issuer says of the leaf. */
int dtls_pkix_check_status(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path, struct dtls_bytes status);

/* ---- pkix_name.c, pkix_crl.c, pkix_seen.c: parts that need no case ---- */

/* Does a dNSName of a certificate stand for `host` (RFC 9525, 6.3)? No wildcard in `host`. */
bool dtls_pkix_host_matches(const char *host, const uint8_t *pattern, size_t len);

/* Is it a host name that may be looked for in a certificate; an address: 4 or 16 bytes, and their number, or 0. */
bool dtls_pkix_is_host(const char *name);
size_t dtls_pkix_address(const char *name, uint8_t out[16]);

int dtls_pkix_crl_read(gnutls_x509_crl_t crl, struct dtls_pkix_crl *out); /* takes `crl` over, if DTLS_OK */
void dtls_pkix_crl_clear(struct dtls_pkix_crl *crl);

/* Whom a verifier has accepted, and until when that holds. */
struct dtls_pkix_seen;
struct dtls_pkix_seen *dtls_pkix_seen_new(size_t most); /* NULL without memory */
void dtls_pkix_seen_free(struct dtls_pkix_seen *seen);
void dtls_pkix_seen_add(struct dtls_pkix_seen *seen, const uint8_t *fingerprint, int64_t good_until);
void dtls_pkix_seen_drop(struct dtls_pkix_seen *seen, const uint8_t *fingerprint);
bool dtls_pkix_seen_has(struct dtls_pkix_seen *seen, const uint8_t *fingerprint, int64_t now);

/* ---- pkix_pkcs11_uri.c ---- */

/* A pkcs11: URI in its parts; owned. */
struct dtls_pkix_uri {
    char *object; /* the URI without the other two */
    char *pin;    /* of pin-value, or pin-source; NULL: neither is there */
    char *module; /* of module-path; NULL: it is not there */
};

bool dtls_pkix_is_uri(const char *text, size_t len); /* does it begin like one? */

/* DTLS_OK, and to be cleared; or DTLS_ERR_ARGUMENT, DTLS_PKIX_ERR_SYSTEM, DTLS_ERR_NO_MEMORY, in words of
 * DTLS_REASON_MAX bytes. */
int dtls_pkix_uri_read(const char *uri, struct dtls_pkix_uri *out, char *reason);
void dtls_pkix_uri_clear(struct dtls_pkix_uri *uri);

/* ---- pkix_identity.c ---- */

/* Certificates as PEM, one behind the other; to be freed with free, also after an error. */
int dtls_pkix_write_chain(const gnutls_x509_crt_t *chain, unsigned count, char **pem, size_t *len);

/* ---- pkix_file.c ---- */

/* The bytes of a file of up to 16 MiB, to be freed with free, and a NUL behind them. NULL with errno. */
uint8_t *dtls_pkix_read_file(const char *path, size_t *len);

#endif
