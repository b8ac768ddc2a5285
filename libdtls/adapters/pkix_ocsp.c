/* pkix_ocsp.c - a stapled OCSP response (RFC 6960): whether the issuer says that the leaf is good, now. */
#include <gnutls/ocsp.h>

#include "adapters/pkix_internal.h"

enum {
    ANSWERS_MOST = 16,          /* certificates that one response may speak of */
    CERTIFICATES_MOST = 4,      /* and those in it, of responders */
    SKEW_S = 300,               /* a responder's clock may be ahead of ours */
    FRESH_S = 3 * 24 * 60 * 60, /* how long a response without nextUpdate is good for */
};

static int refuse(struct dtls_pkix_case *judged, const char *what)
{
    return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, "the stapled OCSP response %s", what);
}

/* GnuTLS knows no time of ours: a responder's own certificate has to be valid, too. */
static bool responders_are_valid(const struct dtls_pkix_case *judged, gnutls_ocsp_resp_t response)
{
    gnutls_x509_crt_t *certificates = NULL;
    size_t count = 0;
    bool valid = true;

    if (gnutls_ocsp_resp_get_certs(response, &certificates, &count) < 0)
        return true; /* it has none: the issuer itself has signed */
    if (count > CERTIFICATES_MOST)
        valid = false;
    for (size_t i = 0; i < count; i++) {
        int64_t from = gnutls_x509_crt_get_activation_time(certificates[i]);
        int64_t to = gnutls_x509_crt_get_expiration_time(certificates[i]);
        if (from == -1 || to == -1 || judged->now < from || judged->now > to)
            valid = false;
        gnutls_x509_crt_deinit(certificates[i]);
    }
    gnutls_free(certificates);
    return valid;
}

/* By the issuer, or by somebody whom it has made its responder (RFC 6960, 4.2.2.2). */
static int check_signature(struct dtls_pkix_case *judged, gnutls_ocsp_resp_t response, gnutls_x509_crt_t issuer)
{
    unsigned why = 0;
    int got =
        gnutls_ocsp_resp_verify_direct(response, issuer, &why,
                                       GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS |
                                           GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM));

    if (got < 0)
        return refuse(judged, "has a signature that cannot be read");
    if ((why & GNUTLS_OCSP_VERIFY_INSECURE_ALGORITHM) != 0)
        return refuse(judged, "is signed too weakly");
    if ((why & GNUTLS_OCSP_VERIFY_SIGNATURE_FAILURE) != 0)
        return refuse(judged, "has a signature that is not its responder's");
    if (why != 0)
        return refuse(judged, "is not signed by the issuer, nor by a responder of its");
    return responders_are_valid(judged, response) ? 0
                                                  : refuse(judged, "is signed by a responder that is not valid now");
}

/* The answer about the leaf. */
static int check_answer(struct dtls_pkix_case *judged, gnutls_ocsp_resp_t response, unsigned at, gnutls_x509_crt_t leaf)
{
    char name[DTLS_PKIX_NAME], issuer[DTLS_PKIX_NAME], date[DTLS_PKIX_SPAN];
    unsigned status = GNUTLS_OCSP_CERT_UNKNOWN, reason = 0;
    time_t from = -1, to = -1, revoked = -1;

    if (gnutls_ocsp_resp_get_single(response, at, NULL, NULL, NULL, NULL, &status, &from, &to, &revoked, &reason) < 0 ||
        from == (time_t)-1)
        return refuse(judged, "has an answer that cannot be read");
    if (status == GNUTLS_OCSP_CERT_REVOKED)
        return dtls_pkix_refuse(judged, DTLS_ALERT_CERTIFICATE_REVOKED,
                                "certificate of %s was revoked by %s on %s (OCSP)", dtls_pkix_name_of(leaf, name),
                                dtls_pkix_issuer_of(leaf, issuer), dtls_pkix_date(revoked, date));
    if (status != GNUTLS_OCSP_CERT_GOOD)
        return refuse(judged, "says that the certificate is unknown to its issuer");
    if (from > judged->now + SKEW_S)
        return refuse(judged, "is of the future (is the clock right?)");
    int64_t end = to != (time_t)-1 ? (int64_t)to : (int64_t)from + FRESH_S;
    if (end < judged->now)
        return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE,
                                "the stapled OCSP response about %s is out of date since %s",
                                dtls_pkix_name_of(leaf, name), dtls_pkix_date(end, date));
    dtls_pkix_holds_until(judged, end);
    return 0;
}

static int check_response(struct dtls_pkix_case *judged, gnutls_ocsp_resp_t response, const struct dtls_pkix_path *path)
{
    if (gnutls_ocsp_resp_get_status(response) != GNUTLS_OCSP_RESP_SUCCESSFUL)
        return refuse(judged, "is a responder's refusal to answer");
    for (unsigned i = 0; i < ANSWERS_MOST; i++) {
        int got = gnutls_ocsp_resp_check_crt(response, i, path->at[0]);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
        if (got < 0) /* about another certificate */
            continue;
        int alert = check_signature(judged, response, path->at[path->count > 1 ? 1 : 0]);
        return alert != 0 ? alert : check_answer(judged, response, i, path->at[0]);
    }
    return refuse(judged, "is about another certificate");
}

int dtls_pkix_check_status(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path, struct dtls_bytes status)
{
    const gnutls_datum_t der = { (unsigned char *)(uintptr_t)status.at, (unsigned)status.len };
    gnutls_ocsp_resp_t response;

    if (gnutls_ocsp_resp_init(&response) < 0)
        return dtls_pkix_refuse(judged, DTLS_ALERT_INTERNAL_ERROR, "out of memory");
    int alert = gnutls_ocsp_resp_import2(response, &der, GNUTLS_X509_FMT_DER) < 0
                    ? refuse(judged, "cannot be read")
                    : check_response(judged, response, path);
    gnutls_ocsp_resp_deinit(response);
    return alert;
}
