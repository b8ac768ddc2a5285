/* answer.h - OCSP responses for tests (RFC 6960), which GnuTLS reads but does not make. */
#ifndef DTLS_TESTS_PKIX_ANSWER_H
#define DTLS_TESTS_PKIX_ANSWER_H

#include "tests/pkix/issue.h"

enum answer_status { ANSWER_GOOD, ANSWER_REVOKED, ANSWER_UNKNOWN };

/* All zeroes but the first two: a good answer of the issuer, for a week around ISSUE_NOW. */
struct answer_spec {
    const struct issued *about, *issuer;
    const struct issued *signer;   /* NULL: the issuer */
    const struct issued *enclosed; /* a certificate in it; NULL: none */
    enum answer_status status;
    int64_t from, to; /* 0: as above; `to` -1: it does not say */
    int outcome;      /* OCSPResponseStatus; 0: successful */
    bool broken;      /* one bit of the signature is another */
};

/* In DER; never freed. */
struct dtls_bytes answer(const struct answer_spec *spec);

#endif
