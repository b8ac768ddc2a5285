/* pkix_words.c - names, spans of time and dates as a person reads them. What a certificate says of itself is the peer's
 * to choose, and ends up in logs: nothing but printable ASCII gets through. */
#define _POSIX_C_SOURCE 200809L /* gmtime_r */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapters/pkix_internal.h"

enum { TEXT_MOST = 256 };

int dtls_pkix_refuse(struct dtls_pkix_case *judged, enum dtls_alert alert, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(judged->reason, DTLS_REASON_MAX, format, args);
    va_end(args);
    return (int)alert;
}

void dtls_pkix_holds_until(struct dtls_pkix_case *judged, int64_t end)
{
    if (end < judged->good_until)
        judged->good_until = end;
}

static const char *show(const uint8_t *text, size_t len, char out[DTLS_PKIX_NAME])
{
    size_t most = DTLS_PKIX_NAME - 4; /* "...", NUL */

    size_t used = 0;

    for (; used < len && used < most; used++) {
        bool printable = text[used] >= ' ' && text[used] <= '~';
        out[used] = (char)(printable ? text[used] : '?');
    }
    snprintf(out + used, DTLS_PKIX_NAME - used, "%s", len > most ? "..." : "");
    return out;
}

static const char *show_address(const uint8_t *at, size_t len, char out[DTLS_PKIX_NAME])
{
    size_t used = 0;

    if (len == 4) {
        snprintf(out, DTLS_PKIX_NAME, "%u.%u.%u.%u", at[0], at[1], at[2], at[3]);
        return out;
    }
    for (size_t i = 0; i + 1 < len && used < DTLS_PKIX_NAME; i += 2)
        used += (size_t)snprintf(out + used, DTLS_PKIX_NAME - used, "%s%x", i > 0 ? ":" : "", at[i] << 8 | at[i + 1]);
    return out;
}

/* The first host name, or else address. */
static bool first_san(gnutls_x509_crt_t certificate, char out[DTLS_PKIX_NAME])
{
    for (int wanted = 0; wanted < 2; wanted++)
        for (unsigned i = 0; i < 16; i++) {
            uint8_t name[TEXT_MOST];
            size_t len = sizeof name;
            unsigned type = 0;
            int got = gnutls_x509_crt_get_subject_alt_name2(certificate, i, name, &len, &type, NULL);
            if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
                break;
            if (got >= 0 && len <= sizeof name && wanted == 0 && type == GNUTLS_SAN_DNSNAME)
                return show(name, len, out) != NULL;
            if (got >= 0 && wanted == 1 && type == GNUTLS_SAN_IPADDRESS && (len == 4 || len == 16))
                return show_address(name, len, out) != NULL;
        }
    return false;
}

/* The common name, or else the organisation. */
static bool part_of_name(gnutls_x509_crt_t certificate, bool issuer, char out[DTLS_PKIX_NAME])
{
    static const char *const parts[] = { GNUTLS_OID_X520_COMMON_NAME, GNUTLS_OID_X520_ORGANIZATION_NAME };

    for (size_t i = 0; i < 2; i++) {
        uint8_t name[TEXT_MOST];
        size_t len = sizeof name;
        int got = issuer ? gnutls_x509_crt_get_issuer_dn_by_oid(certificate, parts[i], 0, 0, name, &len)
                         : gnutls_x509_crt_get_dn_by_oid(certificate, parts[i], 0, 0, name, &len);
        if (got >= 0 && len > 0 && len <= sizeof name)
            return show(name, len, out) != NULL;
    }
    return false;
}

static const char *whole_name(gnutls_x509_crt_t certificate, bool issuer, char out[DTLS_PKIX_NAME])
{
    gnutls_datum_t name = { 0 };
    int got =
        issuer ? gnutls_x509_crt_get_issuer_dn3(certificate, &name, 0) : gnutls_x509_crt_get_dn3(certificate, &name, 0);

    if (got >= 0 && name.size > 0)
        show(name.data, name.size, out);
    else
        snprintf(out, DTLS_PKIX_NAME, "(no name)");
    gnutls_free(name.data);
    return out;
}

const char *dtls_pkix_name_of(gnutls_x509_crt_t certificate, char out[DTLS_PKIX_NAME])
{
    if (first_san(certificate, out) || part_of_name(certificate, false, out))
        return out;
    return whole_name(certificate, false, out);
}

const char *dtls_pkix_issuer_of(gnutls_x509_crt_t certificate, char out[DTLS_PKIX_NAME])
{
    return part_of_name(certificate, true, out) ? out : whole_name(certificate, true, out);
}

const char *dtls_pkix_span(int64_t seconds, char out[DTLS_PKIX_SPAN])
{
    static const struct {
        const char *word;
        int64_t seconds;
    } units[] = { { "day", 86400 }, { "hour", 3600 }, { "minute", 60 }, { "second", 1 } };
    size_t unit = 0;

    while (unit < 3 && seconds < units[unit].seconds)
        unit++;
    long long count = seconds / units[unit].seconds;
    snprintf(out, DTLS_PKIX_SPAN, "%lld %s%s", count, units[unit].word, count == 1 ? "" : "s");
    return out;
}

const char *dtls_pkix_date(int64_t time, char out[DTLS_PKIX_SPAN])
{
    struct tm date;
    time_t seconds = (time_t)time;

    if (gmtime_r(&seconds, &date) == NULL || strftime(out, DTLS_PKIX_SPAN, "%Y-%m-%d %H:%M UTC", &date) == 0)
        snprintf(out, DTLS_PKIX_SPAN, "?");
    return out;
}
