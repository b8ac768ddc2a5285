/* pkix_sane.c - what no decent authority puts into a certificate, and what is refused before anything is made of it. */
#include <string.h>

#include "adapters/pkix_internal.h"
#include "identity/der.h"

enum {
    EXTENSIONS_MOST = 40,
    OID_MOST = 64,
    SERIAL_MOST = 20, /* RFC 5280, 4.1.2.2 */
    NAME_MOST = 2048, /* bytes of a subject or an issuer: GnuTLS takes a time that grows with the square of it */
};

static int check_extensions(struct dtls_pkix_case *judged, gnutls_x509_crt_t certificate, const char *name)
{
    char oids[EXTENSIONS_MOST][OID_MOST];

    for (unsigned count = 0;; count++) {
        char oid[OID_MOST] = "";
        size_t len = sizeof oid;
        int got = gnutls_x509_crt_get_extension_oid(certificate, count, oid, &len);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return 0;
        if (got < 0 || count == EXTENSIONS_MOST)
            return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                                    "certificate of %s has extensions that are too long, or too many", name);
        for (unsigned i = 0; i < count; i++)
            if (strcmp(oids[i], oid) == 0)
                return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE, "certificate of %s has extension %s twice",
                                        name, oid);
        memcpy(oids[count], oid, sizeof oid);
    }
}

/* In a string of single bytes, in DER; one of two or four is full of them. */
static bool has_nul(struct dtls_bytes string)
{
    static const uint8_t tags[] = { 0x0c, 0x13, 0x14, 0x16 }; /* UTF8String, Printable-, T61-, IA5String */

    for (size_t i = 0; i < sizeof tags; i++) {
        struct dtls_reader from = dtls_reader_of(string);
        struct dtls_bytes text = dtls_der_read(&from, tags[i]);
        if (text.len > 0 && memchr(text.at, '\0', text.len) != NULL)
            return true;
    }
    return false;
}

/* RFC 5280, 4.2.1.6: what comes as a name has to be one. A NUL in the middle has fooled others. */
static int check_names(struct dtls_pkix_case *judged, gnutls_x509_crt_t certificate, const char *name)
{
    uint8_t text[256];

    for (unsigned i = 0; i < 1024; i++) {
        size_t len = sizeof text;
        unsigned type = 0;
        int got = gnutls_x509_crt_get_subject_alt_name2(certificate, i, text, &len, &type, NULL);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
        bool is_text = type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_RFC822NAME || type == GNUTLS_SAN_URI;
        if (got >= 0 && is_text && len <= sizeof text && memchr(text, '\0', len) != NULL)
            return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE, "certificate of %s has a NUL in a name", name);
    }
    size_t len = sizeof text;
    if (gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 1, text, &len) >= 0 &&
        has_nul((struct dtls_bytes){ text, len }))
        return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE, "certificate of %s has a NUL in its common name",
                                name);
    return 0;
}

static bool has_short_names(gnutls_x509_crt_t certificate)
{
    gnutls_datum_t subject = { 0 }, issuer = { 0 };
    bool is_short = gnutls_x509_crt_get_raw_dn(certificate, &subject) >= 0 &&
                    gnutls_x509_crt_get_raw_issuer_dn(certificate, &issuer) >= 0 && subject.size <= NAME_MOST &&
                    issuer.size <= NAME_MOST;

    gnutls_free(subject.data);
    gnutls_free(issuer.data);
    return is_short;
}

int dtls_pkix_check_sanity(struct dtls_pkix_case *judged, gnutls_x509_crt_t certificate)
{
    char name[DTLS_PKIX_NAME];
    uint8_t serial[SERIAL_MOST + 1];
    size_t len = sizeof serial;

    if (!has_short_names(certificate)) /* before it is looked into */
        return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                                "a certificate has a subject or an issuer of more than %d bytes", NAME_MOST);
    dtls_pkix_name_of(certificate, name);
    int got = gnutls_x509_crt_get_serial(certificate, serial, &len);
    if (got < 0 || len == 0 || len > sizeof serial || (len == sizeof serial && serial[0] != 0))
        return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                                "certificate of %s has a serial number of more than %d bytes", name, SERIAL_MOST);
    if ((serial[0] & 0x80) != 0)
        return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE, "certificate of %s has a negative serial number",
                                name);
    int alert = check_extensions(judged, certificate, name);
    return alert != 0 ? alert : check_names(judged, certificate, name);
}
