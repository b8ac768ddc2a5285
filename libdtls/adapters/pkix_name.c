/* pkix_name.c - is a certificate that of a host, or of an address (RFC 9525)? Only subjectAltName counts: a common name
 * is for people to read. */
#include <arpa/inet.h>
#include <string.h>

#include "adapters/pkix_internal.h"
#include "bytes/reader.h"
#include "identity/host_name.h"

enum { SANS_MOST = 1024 }; /* names looked at: a certificate with more is for nobody in particular */

/* A root dot at the end says nothing more. */
static size_t host_len(const char *host)
{
    size_t len = strlen(host);

    return len > 1 && host[len - 1] == '.' ? len - 1 : len;
}

size_t dtls_pkix_address(const char *name, uint8_t out[16])
{
    if (inet_pton(AF_INET, name, out) == 1)
        return 4;
    return inet_pton(AF_INET6, name, out) == 1 ? 16 : 0;
}

bool dtls_pkix_is_host(const char *name)
{
    return dtls_host_name_is_valid(dtls_view(name, host_len(name)));
}

bool dtls_pkix_host_matches(const char *host, const uint8_t *pattern, size_t len)
{
    struct dtls_bytes wanted = { pattern, len > 1 && pattern[len - 1] == '.' ? len - 1 : len };

    return dtls_host_pattern_is_valid(wanted) && dtls_host_pattern_has(wanted, dtls_view(host, host_len(host)));
}

int dtls_pkix_check_name(struct dtls_pkix_case *judged, gnutls_x509_crt_t leaf, const char *name)
{
    uint8_t address[16], san[DTLS_HOST_NAME_MAX + 3];
    size_t address_len = dtls_pkix_address(name, address);
    char shown[DTLS_PKIX_NAME];
    bool any = false;

    for (unsigned i = 0; i < SANS_MOST; i++) {
        size_t len = sizeof san;
        unsigned type = 0;
        int got = gnutls_x509_crt_get_subject_alt_name2(leaf, i, san, &len, &type, NULL);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
        any = true;
        if (got < 0 || len > sizeof san) /* one that we do not know, or longer than any host name */
            continue;
        if (type == GNUTLS_SAN_IPADDRESS && address_len > 0 && len == address_len && memcmp(san, address, len) == 0)
            return 0;
        if (type == GNUTLS_SAN_DNSNAME && address_len == 0 && dtls_pkix_host_matches(name, san, len))
            return 0;
    }
    if (!any)
        return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                                "certificate of %s has no subjectAltName, so it is not that of %s",
                                dtls_pkix_name_of(leaf, shown), name);
    return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE, "certificate of %s is not for %s",
                            dtls_pkix_name_of(leaf, shown), name);
}
