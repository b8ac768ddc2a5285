/* pkix_path.c - a way from the leaf to somebody trusted, and whether each of its links holds. GnuTLS judges signatures,
 * constraints and strength of a way that is already found; which way, and the time, are ours: its own clock is one for
 * the whole process. */
#include <stdio.h>
#include <string.h>

#include "adapters/pkix_internal.h"

enum {
    WAYS_MOST = 8, /* tried in all, and steps on the way: certificates of one name in all orders cost little */
    STEPS_MOST = 64,
    /* RSA of 2,048 bits and the like: no SHA-1. A trusted certificate of version 1 cannot say that it is an
     * authority's: it is trusted for itself (RFC 5280, 6.1.4 (k)). GnuTLS by itself would take it for one. */
    FLAGS = GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS |
            GNUTLS_VERIFY_DISABLE_CRL_CHECKS | GNUTLS_VERIFY_DO_NOT_ALLOW_X509_V1_CA_CRT,
};

struct search {
    struct dtls_pkix_case *judged;
    gnutls_x509_crt_t *chain;
    size_t count;
    unsigned ways, steps;
    bool found;
    bool used[DTLS_MOST_CERTIFICATES];
    struct dtls_pkix_path path;
    int alert; /* of the first way that led to somebody trusted, whose words stay; 0: there was none */
    char words[DTLS_REASON_MAX];
    size_t furthest; /* certificates in the longest way, the last of which is */
    gnutls_x509_crt_t last;
};

/* ---- one way ---- */

static int check_time(struct dtls_pkix_case *judged, gnutls_x509_crt_t certificate)
{
    int64_t from = gnutls_x509_crt_get_activation_time(certificate);
    int64_t to = gnutls_x509_crt_get_expiration_time(certificate);
    char name[DTLS_PKIX_NAME], span[DTLS_PKIX_SPAN], date[DTLS_PKIX_SPAN];

    dtls_pkix_name_of(certificate, name);
    if (from == -1 || to == -1)
        return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE, "certificate of %s has a validity that is no time",
                                name);
    if (judged->now < from)
        return dtls_pkix_refuse(judged, DTLS_ALERT_CERTIFICATE_EXPIRED,
                                "certificate of %s is not valid yet: from %s, in %s (is the clock right?)", name,
                                dtls_pkix_date(from, date), dtls_pkix_span(from - judged->now, span));
    if (judged->now > to)
        return dtls_pkix_refuse(judged, DTLS_ALERT_CERTIFICATE_EXPIRED, "certificate of %s expired %s ago (%s)", name,
                                dtls_pkix_span(judged->now - to, span), dtls_pkix_date(to, date));
    dtls_pkix_holds_until(judged, to);
    return 0;
}

/* How many authorities may stand between it and the leaf; -1: any number. */
static int path_limit(gnutls_x509_crt_t authority)
{
    unsigned critical = 0, ca = 0;
    int limit = -1;

    return gnutls_x509_crt_get_basic_constraints(authority, &critical, &ca, &limit) >= 0 ? limit : -1;
}

static bool may_sign_certificates(gnutls_x509_crt_t authority)
{
    unsigned usage = 0, critical = 0;

    return gnutls_x509_crt_get_key_usage(authority, &usage, &critical) < 0 || (usage & GNUTLS_KEY_KEY_CERT_SIGN) != 0;
}

/* Which of the constraints: GnuTLS has one bit for all. */
static int refuse_constraint(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path, size_t at,
                             const char *name)
{
    char issuer[DTLS_PKIX_NAME], below[DTLS_PKIX_NAME];

    for (size_t i = path->count - 1; i > at; i--)
        if (!may_sign_certificates(path->at[i]))
            return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                                    "%s may not sign certificates (key usage), but has signed that of %s",
                                    dtls_pkix_name_of(path->at[i], issuer), dtls_pkix_name_of(path->at[i - 1], below));
    for (size_t i = at + 1; i < path->count; i++) {
        int limit = path_limit(path->at[i]);
        if (limit >= 0 && (size_t)limit < i - 1)
            return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                                    "the way to %s is too long: %zu authorit%s below it, and it allows %d",
                                    dtls_pkix_name_of(path->at[i], issuer), i - 1, i == 2 ? "y" : "ies", limit);
    }
    return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                            "certificate of %s has a name that an authority above it may not vouch for", name);
}

static int refuse_weak(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path, size_t at, const char *name)
{
    const char *with =
        gnutls_sign_get_name((gnutls_sign_algorithm_t)gnutls_x509_crt_get_signature_algorithm(path->at[at]));
    unsigned bits = 0;
    int kind = gnutls_x509_crt_get_pk_algorithm(path->at[at + 1], &bits);

    return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                            "certificate of %s is signed too weakly: %s, with an %s key of %u bits", name,
                            with == NULL ? "unknown" : with, gnutls_pk_get_name((gnutls_pk_algorithm_t)kind), bits);
}

/* What GnuTLS has against the link from certificate `at` to the one above it. */
static int refuse_link(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path, size_t at, unsigned status)
{
    char name[DTLS_PKIX_NAME], issuer[DTLS_PKIX_NAME];

    dtls_pkix_name_of(path->at[at], name);
    dtls_pkix_name_of(path->at[at + 1], issuer);
    if ((status & GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS) != 0)
        return dtls_pkix_refuse(judged, DTLS_ALERT_UNSUPPORTED_CERTIFICATE,
                                "certificate of %s has a critical extension that is not known", name);
    if ((status & GNUTLS_CERT_SIGNER_NOT_CA) != 0)
        return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                                "%s is no authority (basic constraints), but has signed the certificate of %s", issuer,
                                name);
    if ((status & GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE) != 0)
        return refuse_constraint(judged, path, at, name);
    if ((status & GNUTLS_CERT_INSECURE_ALGORITHM) != 0)
        return refuse_weak(judged, path, at, name);
    return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                            "the signature on the certificate of %s is not that of %s", name, issuer);
}

/* The status of the way from certificate `from` up. */
static unsigned verify_from(const struct dtls_pkix_path *path, size_t from)
{
    unsigned status = GNUTLS_CERT_INVALID;
    size_t below = path->count - 1;

    if (gnutls_x509_crt_list_verify(path->at + from, (unsigned)(below - from), path->at + below, 1, NULL, 0,
                                    FLAGS | GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM), &status) < 0)
        return GNUTLS_CERT_INVALID;
    return status;
}

static int check_links(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path)
{
    if (path->count == 1 || verify_from(path, 0) == 0) /* the peer has shown what is trusted itself */
        return 0;
    for (size_t from = path->count - 1; from-- > 0;) {
        unsigned status = verify_from(path, from);
        /* The first one is taken for a leaf, and an authority's common name for a host: its link may be a good one. */
        bool is_of_names = (status & ~(unsigned)GNUTLS_CERT_INVALID) == GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE;
        if (status != 0 && (from == 0 || !is_of_names))
            return refuse_link(judged, path, from, status);
    }
    return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE, "the peer's certificates do not hold together");
}

static int check_way(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path)
{
    int alert = check_links(judged, path);

    for (size_t i = 0; alert == 0 && i < path->count; i++)
        alert = check_time(judged, path->at[i]);
    if (alert == 0)
        alert = dtls_pkix_check_purpose(judged, path, judged->role);
    return alert == 0 ? dtls_pkix_check_crls(judged, path) : alert;
}

/* ---- all ways ---- */

/* A way has led to somebody trusted. True: it is a good one, or no more are tried. */
static bool arrive(struct search *search)
{
    struct dtls_pkix_case attempt = *search->judged;

    search->ways++;
    int alert = check_way(&attempt, &search->path);
    if (alert == 0) {
        search->judged->good_until = attempt.good_until;
        search->found = true;
        return true;
    }
    if (search->alert == 0) {
        search->alert = alert;
        memcpy(search->words, search->judged->reason, sizeof search->words);
    }
    return search->ways == WAYS_MOST;
}

/* To whom the last certificate of the way leads: somebody trusted first, so that the way is short. True: no further. */
static bool go_on(struct search *search)
{
    const struct dtls_pkix_trust *trust = search->judged->trust;
    struct dtls_pkix_path *path = &search->path;
    gnutls_x509_crt_t last = path->at[path->count - 1];
    size_t count = path->count;

    if (++search->steps > STEPS_MOST)
        return true;
    if (count > search->furthest) {
        search->furthest = count;
        search->last = last;
    }
    for (size_t i = 0; i < trust->anchor_count; i++) {
        bool itself = gnutls_x509_crt_equals(last, trust->anchors[i]) != 0;
        if (!itself && gnutls_x509_crt_check_issuer(last, trust->anchors[i]) == 0)
            continue;
        path->count = itself ? count : count + 1;
        path->at[path->count - 1] = trust->anchors[i];
        if (arrive(search))
            return true;
        path->at[count - 1] = last;
        path->count = count;
    }
    for (size_t i = 0; i < search->count && count < DTLS_MOST_CERTIFICATES; i++) {
        if (search->used[i] || gnutls_x509_crt_check_issuer(last, search->chain[i]) == 0)
            continue;
        search->used[i] = true;
        path->at[count] = search->chain[i];
        path->count = count + 1;
        if (go_on(search))
            return true;
        path->count = count;
        search->used[i] = false;
    }
    return false;
}

static int refuse_unknown(const struct search *search)
{
    char name[DTLS_PKIX_NAME], issuer[DTLS_PKIX_NAME];

    dtls_pkix_name_of(search->last, name);
    if (gnutls_x509_crt_check_issuer(search->last, search->last) != 0)
        return dtls_pkix_refuse(search->judged, DTLS_ALERT_UNKNOWN_CA, "%s vouches for itself, and is not trusted",
                                name);
    return dtls_pkix_refuse(search->judged, DTLS_ALERT_UNKNOWN_CA,
                            "certificate of %s is issued by %s, who is not trusted and whose certificate is missing",
                            name, dtls_pkix_issuer_of(search->last, issuer));
}

int dtls_pkix_find_path(struct dtls_pkix_case *judged, gnutls_x509_crt_t *chain, size_t count,
                        struct dtls_pkix_path *out)
{
    struct search search = { .judged = judged, .chain = chain, .count = count };

    search.path.at[0] = chain[0];
    search.path.count = 1;
    search.used[0] = true;
    go_on(&search);
    if (search.found) {
        *out = search.path;
        return 0;
    }
    if (search.alert == 0)
        return refuse_unknown(&search);
    memcpy(judged->reason, search.words, sizeof search.words);
    return search.alert;
}
