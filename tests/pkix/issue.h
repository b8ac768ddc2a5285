/* issue.h - certificates for tests, made when they are needed: good ones by default, and bad ones as told. What is made
 * stays until the program ends. */
#ifndef DTLS_TESTS_PKIX_ISSUE_H
#define DTLS_TESTS_PKIX_ISSUE_H

#include <gnutls/x509.h>

#include "dtls/identity.h"

#define ISSUE_DAY ((int64_t)86400)
#define ISSUE_NOW ((int64_t)1893456000) /* 2030-01-01, what the tests' clock shows */

enum issue_key { ISSUE_P256, ISSUE_RSA2048, ISSUE_RSA1024 };

/* What is to be made. All zeroes but `name`: a leaf of P-256, valid in 2030, without any name in subjectAltName, for
 * signatures of servers and clients. */
struct issue_spec {
    const char *name;            /* common name */
    const struct issued *issuer; /* NULL: signed by itself */
    enum issue_key key;
    const struct issued *same_key; /* has the key of that one, instead of a fresh one */

    const char *hosts[3], *address; /* subjectAltName */

    int64_t from, to; /* 0: ten years each way */
    bool ca;
    int path_limit;                   /* of an authority; 0: none; n: n - 1 */
    unsigned usage;                   /* GNUTLS_KEY_...; 0: as it should be */
    const char *purpose;              /* instead of server and client; "" is none */
    const char *permitted, *excluded; /* host names, of an authority */
    bool must_staple;
    bool sha1;
    bool version_1; /* without any extension, then */
    bool unknown_critical;
    size_t units;   /* organizational units in its name, 11 bytes each */
    size_t padding; /* bytes of an extension that nobody knows */
    uint8_t serial[24];
    size_t serial_len; /* 0: one that nobody has */
};

struct issued {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
    struct dtls_bytes der; /* may be changed by issue_changed */
};

/* Never NULL, never freed: the program ends when it cannot be made. */
const struct issued *issue(const struct issue_spec *spec);

/* The same certificate with bytes changed before it is signed: each `was` in it is `is`, of the same length. */
const struct issued *issue_changed(const struct issued *original, const struct issued *issuer, const void *was,
                                   const void *is, size_t len);

/* The same with one bit of its signature the other way round. */
const struct issued *issue_forged(const struct issued *original);

/* A chain with the leaf's key, the leaf first; to be freed. */
struct dtls_identity *issue_identity(const struct issued *const *chain, size_t count);

/* Certificates as PEM; to be freed with free. */
char *issue_pem(const struct issued *const *chain, size_t count, size_t *len);

/* A key as PEM: plain, or encrypted (PKCS#8); to be freed with gnutls_free. */
gnutls_datum_t issue_key_pem(const struct issued *owner, const char *password);

/* A CRL in DER: the serial numbers of `revoked`, NULL for none; to be freed with gnutls_free. */
gnutls_datum_t issue_crl(const struct issued *issuer, const struct issued *revoked, int64_t from, int64_t to);

/* A signature with the owner's key (ECDSA, SHA-256); to be freed with gnutls_free. */
gnutls_datum_t issue_sign(const struct issued *owner, const void *bytes, size_t len);

void issue_check(int got, const char *what); /* ends the program when GnuTLS says no */

#endif
