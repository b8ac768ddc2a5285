/* meet.h - one handshake on the box, in which one end judges the other with a verifier of libdtls-pkix. */
#ifndef DTLS_TESTS_PKIX_MEET_H
#define DTLS_TESTS_PKIX_MEET_H

#include "dtls/pkix.h"
#include "tests/box/pair.h"
#include "tests/pkix/issue.h"

/* Who meets whom. */
struct meeting {
    enum net_end judge;
    const struct issued *chain[DTLS_MOST_CERTIFICATES]; /* what is shown, the leaf first */
    const struct issued *trusted[4];                    /* whom the judge trusts */
    gnutls_datum_t crls[3];                             /* freed by meet */
    const char *name;                                   /* that the judge expects; NULL: any */
    struct dtls_bytes staple;
    bool asks_not; /* the client does not ask for one */
    int64_t now;   /* 0: ISSUE_NOW */
};

struct verdict {
    bool open;
    int error;     /* the judge's */
    uint8_t alert; /* as the other end got it */
    char words[DTLS_REASON_MAX];
};

struct verdict meet(const struct meeting *meeting);

/* Checks with CUnit that it opens; or that neither end opens, that the other one is told `alert`, and that the judge's
 * words have `words` in them. */
void meet_accepted(const struct meeting *meeting, const char *what);
void meet_refused(const struct meeting *meeting, enum dtls_alert alert, const char *words);

/* ---- a little world of authorities: root, and mid below it ---- */

const struct issued *root(void);
const struct issued *mid(void);

/* A leaf of `mid`, for sip.example, to be changed. */
struct issue_spec leaf_spec(void);

/* A meeting where it is shown with mid, root is trusted, and sip.example expected of a server. */
struct meeting meeting_of(enum net_end judge, const struct issued *leaf);

/* It, judged by either end, is refused. */
void refused_by_both(const struct issue_spec *leaf, enum dtls_alert alert, const char *words);

int64_t meet_clock(void *arg); /* *(int64_t *)arg */

#endif
