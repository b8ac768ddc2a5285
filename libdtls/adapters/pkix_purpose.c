/* pkix_purpose.c - what a certificate may be used for (RFC 5280, 4.2.1.3 and 4.2.1.12), and what it demands (RFC 7633).
 */
#include "adapters/pkix_internal.h"

enum { STATUS_REQUEST = 5, FEATURES_MOST = 64 };

/* Key exchange here is by signature: digitalSignature, in either role (RFC 8422, 3 and 5.5). */
static int check_key_usage(struct dtls_pkix_case *judged, gnutls_x509_crt_t leaf, const char *name)
{
    unsigned usage = 0, critical = 0;
    int got = gnutls_x509_crt_get_key_usage(leaf, &usage, &critical);

    if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE || (got >= 0 && (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) != 0))
        return 0;
    return dtls_pkix_refuse(judged, DTLS_ALERT_UNSUPPORTED_CERTIFICATE,
                            "certificate of %s is not for signatures (key usage digitalSignature)", name);
}

/* The leaf's, and that of each authority below the trusted one that has limited itself, as everybody reads it. */
int dtls_pkix_check_purpose(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path, enum dtls_role role)
{
    bool server = role == DTLS_SERVER;
    const char *purpose = server ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
    size_t count = path->count > 1 ? path->count - 1 : 1;
    char name[DTLS_PKIX_NAME];

    for (size_t i = 0; i < count; i++)
        if (gnutls_x509_crt_check_key_purpose(path->at[i], purpose, 0) == 0)
            return dtls_pkix_refuse(judged, DTLS_ALERT_UNSUPPORTED_CERTIFICATE,
                                    "certificate of %s is not for a %s (extended key usage %s)",
                                    dtls_pkix_name_of(path->at[i], name), server ? "server" : "client",
                                    server ? "serverAuth" : "clientAuth");
    return check_key_usage(judged, path->at[0], dtls_pkix_name_of(path->at[0], name));
}

bool dtls_pkix_must_staple(gnutls_x509_crt_t leaf)
{
    gnutls_x509_tlsfeatures_t features;
    unsigned feature = 0, critical = 0;
    bool must = false;

    if (gnutls_x509_tlsfeatures_init(&features) < 0)
        return true; /* without memory nothing is accepted */
    int got = gnutls_x509_crt_get_tlsfeatures(leaf, features, 0, &critical);
    if (got < 0)
        must = got != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE; /* it demands something that we cannot read */
    for (unsigned i = 0; got >= 0 && i < FEATURES_MOST && gnutls_x509_tlsfeatures_get(features, i, &feature) >= 0; i++)
        must = must || feature == STATUS_REQUEST;
    gnutls_x509_tlsfeatures_deinit(features);
    return must;
}
