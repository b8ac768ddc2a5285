/* pkix_crl.c - certificate revocation lists (RFC 5280, 5): read once into sorted serial numbers, then asked. */
#include <gnutls/abstract.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/pkix_internal.h"
#include "identity/der.h"

enum { OID_MOST = 64, SERIAL = sizeof((struct dtls_pkix_revoked *)0)->serial };

/* ---- reading ---- */

/* What may be critical in a CRL that is all of its issuer's: nothing. (An issuing distribution point, or a delta, says
 * that it is not.) */
static bool is_whole(gnutls_x509_crl_t crl)
{
    for (unsigned i = 0;; i++) {
        char oid[OID_MOST];
        size_t len = sizeof oid;
        unsigned critical = 0;
        int got = gnutls_x509_crl_get_extension_info(crl, i, oid, &len, &critical);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return true;
        if (got < 0 || critical != 0)
            return false;
    }
}

/* At the end of the span, so that numbers of any length compare. False: longer than a serial number may be. */
static bool take_serial(const uint8_t *serial, size_t len, uint8_t out[SERIAL])
{
    for (; len > 0 && *serial == 0; len--)
        serial++;
    if (len > SERIAL)
        return false;
    memset(out, 0, SERIAL);
    memcpy(out + SERIAL - len, serial, len);
    return true;
}

static int compare(const void *a, const void *b)
{
    return memcmp(((const struct dtls_pkix_revoked *)a)->serial, ((const struct dtls_pkix_revoked *)b)->serial, SERIAL);
}

static int read_revoked(struct dtls_pkix_crl *out, size_t count)
{
    gnutls_x509_crl_iter_t at = NULL;
    int result = DTLS_OK;

    for (size_t i = 0; i < count && result == DTLS_OK; i++) {
        uint8_t serial[64];
        size_t len = sizeof serial;
        time_t when = 0;
        if (gnutls_x509_crl_iter_crt_serial(out->crl, &at, serial, &len, &when) < 0 ||
            !take_serial(serial, len, out->revoked[i].serial))
            result = DTLS_PKIX_ERR_CRL;
        out->revoked[i].when = when;
    }
    if (at != NULL)
        gnutls_x509_crl_iter_deinit(at);
    out->count = count;
    qsort(out->revoked, count, sizeof out->revoked[0], compare);
    return result;
}

/* TBSCertList and the signature behind it (RFC 5280, 5.1). */
static bool find_signature(struct dtls_pkix_crl *crl)
{
    struct dtls_reader file = dtls_reader_of((struct dtls_bytes){ crl->der.data, crl->der.size });
    struct dtls_reader list = dtls_reader_of(dtls_der_read(&file, DTLS_DER_SEQUENCE));
    struct dtls_reader all = list;

    dtls_der_read(&list, DTLS_DER_SEQUENCE);
    struct dtls_bytes tbs = dtls_read_bytes(&all, all.left - list.left);
    dtls_der_read(&list, DTLS_DER_SEQUENCE); /* algorithm */
    struct dtls_reader bits = dtls_reader_of(dtls_der_read(&list, DTLS_DER_BIT_STRING));
    if (dtls_read_u8(&bits) != 0)
        return false;
    struct dtls_bytes signature = dtls_read_rest(&bits);
    if (!dtls_reader_finished(&list) || !dtls_reader_finished(&file) || !dtls_reader_finished(&bits))
        return false;
    crl->to_be_signed = (gnutls_datum_t){ (unsigned char *)(uintptr_t)tbs.at, (unsigned)tbs.len };
    crl->signature = (gnutls_datum_t){ (unsigned char *)(uintptr_t)signature.at, (unsigned)signature.len };
    return true;
}

static void clear_parts(struct dtls_pkix_crl *crl)
{
    gnutls_free(crl->issuer.data);
    gnutls_free(crl->der.data);
    free(crl->revoked);
}

int dtls_pkix_crl_read(gnutls_x509_crl_t crl, struct dtls_pkix_crl *out)
{
    struct dtls_pkix_crl read = { .crl = crl };
    int count = gnutls_x509_crl_get_crt_count(crl), result = DTLS_PKIX_ERR_CRL;

    if (count < 0 || !is_whole(crl))
        return DTLS_PKIX_ERR_CRL;
    if (gnutls_x509_crl_get_raw_issuer_dn(crl, &read.issuer) >= 0 &&
        gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_DER, &read.der) >= 0 && find_signature(&read)) {
        read.revoked = calloc((size_t)count + 1, sizeof read.revoked[0]);
        result = read.revoked == NULL ? DTLS_ERR_NO_MEMORY : read_revoked(&read, (size_t)count);
    }
    if (result == DTLS_OK)
        *out = read;
    else
        clear_parts(&read);
    return result;
}

void dtls_pkix_crl_clear(struct dtls_pkix_crl *crl)
{
    gnutls_x509_crl_deinit(crl->crl);
    clear_parts(crl);
}

/* ---- asking ---- */

static const struct dtls_pkix_revoked *find(const struct dtls_pkix_crl *crl, gnutls_x509_crt_t certificate)
{
    struct dtls_pkix_revoked wanted = { .when = 0 };
    uint8_t serial[64];
    size_t len = sizeof serial;

    if (gnutls_x509_crt_get_serial(certificate, serial, &len) < 0 || !take_serial(serial, len, wanted.serial))
        return NULL; /* it has been refused before */
    return bsearch(&wanted, crl->revoked, crl->count, sizeof crl->revoked[0], compare);
}

/* May it sign lists (RFC 5280, 4.2.1.3)? */
static bool may_sign(gnutls_x509_crt_t issuer)
{
    unsigned usage = 0, critical = 0;

    if (gnutls_x509_crt_get_ca_status(issuer, &critical) <= 0)
        return false;
    return gnutls_x509_crt_get_key_usage(issuer, &usage, &critical) < 0 || (usage & GNUTLS_KEY_CRL_SIGN) != 0;
}

/* GnuTLS would judge the time with it, by its own clock, and say it with the same bit. */
static bool is_by(const struct dtls_pkix_crl *crl, gnutls_x509_crt_t issuer)
{
    gnutls_sign_algorithm_t algorithm = (gnutls_sign_algorithm_t)gnutls_x509_crl_get_signature_algorithm(crl->crl);
    gnutls_pubkey_t key;
    bool good = false;

    if (!may_sign(issuer) || gnutls_sign_is_secure2(algorithm, GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS) == 0 ||
        gnutls_pubkey_init(&key) < 0)
        return false;
    if (gnutls_pubkey_import_x509(key, issuer, 0) >= 0)
        good = gnutls_pubkey_verify_data2(key, algorithm, 0, &crl->to_be_signed, &crl->signature) >= 0;
    gnutls_pubkey_deinit(key);
    return good;
}

static int refuse_revoked(struct dtls_pkix_case *judged, gnutls_x509_crt_t certificate, int64_t when)
{
    char name[DTLS_PKIX_NAME], issuer[DTLS_PKIX_NAME], date[DTLS_PKIX_SPAN];

    return dtls_pkix_refuse(judged, DTLS_ALERT_CERTIFICATE_REVOKED, "certificate of %s was revoked by %s on %s",
                            dtls_pkix_name_of(certificate, name), dtls_pkix_issuer_of(certificate, issuer),
                            dtls_pkix_date(when, date));
}

/* Is one of the issuer's lists in force, and is the certificate on none of them? */
static int check_certificate(struct dtls_pkix_case *judged, gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer)
{
    gnutls_datum_t name = { 0 };
    char shown[DTLS_PKIX_NAME], date[DTLS_PKIX_SPAN];
    int64_t best = INT64_MIN;
    bool has = false, signed_by_it = false;
    int alert = 0;

    if (judged->trust->crl_count == 0)
        return 0;
    if (gnutls_x509_crt_get_raw_issuer_dn(certificate, &name) < 0)
        return dtls_pkix_refuse(judged, DTLS_ALERT_CERTIFICATE_UNKNOWN, "a certificate without a readable issuer");
    for (size_t i = 0; alert == 0 && i < judged->trust->crl_count; i++) {
        const struct dtls_pkix_crl *crl = &judged->trust->crls[i];
        if (crl->issuer.size != name.size || memcmp(crl->issuer.data, name.data, name.size) != 0)
            continue;
        has = true;
        if (!is_by(crl, issuer)) /* of the same name with another key, perhaps */
            continue;
        signed_by_it = true;
        const struct dtls_pkix_revoked *revoked = find(crl, certificate);
        if (revoked != NULL)
            alert = refuse_revoked(judged, certificate, revoked->when);
        int64_t from = gnutls_x509_crl_get_this_update(crl->crl), to = gnutls_x509_crl_get_next_update(crl->crl);
        if (from <= judged->now && to > best)
            best = to;
    }
    gnutls_free(name.data);
    if (alert != 0 || !has)
        return alert;
    dtls_pkix_issuer_of(certificate, shown);
    if (!signed_by_it)
        return dtls_pkix_refuse(judged, DTLS_ALERT_CERTIFICATE_UNKNOWN,
                                "the CRL of %s is not signed by it: nobody knows what it has revoked", shown);
    if (best < judged->now)
        return dtls_pkix_refuse(judged, DTLS_ALERT_CERTIFICATE_UNKNOWN,
                                "the CRL of %s is out of date since %s: get the next one", shown,
                                best == INT64_MIN ? "ever" : dtls_pkix_date(best, date));
    dtls_pkix_holds_until(judged, best);
    return 0;
}

int dtls_pkix_check_crls(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path)
{
    int alert = 0;

    for (size_t i = 0; alert == 0 && i + 1 < path->count; i++)
        alert = check_certificate(judged, path->at[i], path->at[i + 1]);
    return alert;
}
