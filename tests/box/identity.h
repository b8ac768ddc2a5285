/* identity.h - identities for tests: each is made or read once per process and shared by every pair. */
#ifndef DTLS_TESTS_BOX_IDENTITY_H
#define DTLS_TESTS_BOX_IDENTITY_H

#include "dtls/identity.h"

enum identity_kind {
    IDENTITY_CLIENT,  /* generated P-256 */
    IDENTITY_SERVER,  /* generated P-256 */
    IDENTITY_OTHER,   /* generated P-256, a stranger */
    IDENTITY_ED25519, /* and from here on the files of tests/data/identity */
    IDENTITY_P384,
    IDENTITY_RSA2048,
    IDENTITY_RSA4096_CHAIN, /* three certificates, for fragments */
    IDENTITY_LONG_CHAIN,    /* a P-256 leaf in front of the RSA-4096 certificates: long, and quick to sign with */
    IDENTITY_KINDS,
};

/* Never NULL (the test program ends when a file is missing) and never freed. */
const struct dtls_identity *identity_of(enum identity_kind kind);

/* Its fingerprint, for pins; never freed. */
const uint8_t *identity_fingerprint(enum identity_kind kind);

#endif
