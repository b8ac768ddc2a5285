/* pkix_sane.c - what no decent authority puts into a certificate, and what is refused before anything is made of it. */
#include <string.h>

#include "adapters/pkix_internal.h"
#include "identity/der.h"

enum {
    EXTENSIONS_MOST = 40,
    OID_MOST = 64,
    SERIAL_MOST = 20, /* RFC 5280, 4.1.2.2 */
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

int dtls_pkix_check_sanity(struct dtls_pkix_case *judged, gnutls_x509_crt_t certificate)
{
    char name[DTLS_PKIX_NAME];
    uint8_t serial[SERIAL_MOST + 1];
    size_t len = sizeof serial;

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
