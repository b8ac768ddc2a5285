/* pkix_name.c - is a certificate that of a host, or of an address (RFC 9525)? Only subjectAltName counts: a common name
 * is for people to read. */
#include <arpa/inet.h>
#include <string.h>

#include "adapters/pkix_internal.h"

enum {
    HOST_MOST = 253,       /* bytes of a host name (RFC 1034, 3.1) */
    LABEL_MOST = 63,       /* and of one of its labels */
    SANS_MOST = 1024,      /* names looked at: a certificate with more is for nobody in particular */
    LEAST_BEHIND_STAR = 2, /* labels: "*.example" would stand for half the world */
};

/* Without regard to case, in ASCII and nowhere else. */
static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool same(const char *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower((uint8_t)a[i]) != lower(b[i]))
            return false;
    return true;
}

/* A root dot at the end says nothing more. */
static size_t host_len(const char *host)
{
    size_t len = strlen(host);

    return len > 1 && host[len - 1] == '.' ? len - 1 : len;
}

static bool is_label_byte(uint8_t c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Labels of letters, digits, '-' and '_' (which the world uses), none of them empty. How many; 0: it is no such name.
 * A NUL, a wildcard, or anything else is in no host name. */
static size_t count_labels(const uint8_t *name, size_t len)
{
    size_t count = 1, label = 0;

    if (len == 0 || len > HOST_MOST)
        return 0;
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '.') {
            if (label == 0)
                return 0;
            label = 0;
            count++;
        } else if (!is_label_byte(name[i]) || ++label > LABEL_MOST) {
            return 0;
        }
    }
    return label > 0 ? count : 0;
}

size_t dtls_pkix_address(const char *name, uint8_t out[16])
{
    if (inet_pton(AF_INET, name, out) == 1)
        return 4;
    return inet_pton(AF_INET6, name, out) == 1 ? 16 : 0;
}

/* What looks like an address, and is none ("1.2.3"), is no host either: the last label of a host has a letter. */
bool dtls_pkix_is_host(const char *name)
{
    size_t len = host_len(name), at = len;
    bool letter = false;

    if (count_labels((const uint8_t *)name, len) == 0)
        return false;
    for (; at > 0 && name[at - 1] != '.'; at--)
        letter = letter || name[at - 1] < '0' || name[at - 1] > '9';
    return letter;
}

/* "*." and then a host name: the star stands for one label, all of it (RFC 9525, 6.3). */
bool dtls_pkix_host_matches(const char *host, const uint8_t *pattern, size_t len)
{
    size_t host_bytes = host_len(host);

    if (len > 1 && pattern[len - 1] == '.')
        len--;
    if (len > 2 && pattern[0] == '*' && pattern[1] == '.') {
        const char *rest = memchr(host, '.', host_bytes);
        if (rest == NULL || rest == host || count_labels(pattern + 2, len - 2) < LEAST_BEHIND_STAR)
            return false;
        size_t label = (size_t)(rest - host);
        return host_bytes - label == len - 1 && same(rest, pattern + 1, len - 1);
    }
    return count_labels(pattern, len) > 0 && host_bytes == len && same(host, pattern, len);
}

int dtls_pkix_check_name(struct dtls_pkix_case *judged, gnutls_x509_crt_t leaf, const char *name)
{
    uint8_t address[16], san[HOST_MOST + 3];
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
