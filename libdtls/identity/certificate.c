/* certificate.c - finds names and the public key in an X.509 certificate (RFC 5280, 4.1). Judges nothing: validity,
 * extensions and signature are walked over. */
#include "identity/certificate.h"

#include <string.h>

#include "crypto/hash.h"
#include "identity/der.h"
#include "identity/key_info.h"

/* What is looked at of a certificate, as views with their headers. */
struct parts {
    struct dtls_bytes issuer, subject, key_info;
};

/* A SEQUENCE, whole. */
static struct dtls_bytes read_sequence(struct dtls_reader *from)
{
    struct dtls_reader check = *from;

    dtls_der_read(&check, DTLS_DER_SEQUENCE);
    if (check.broken)
        dtls_reader_break(from);
    return dtls_der_read_any(from);
}

/* False when the TBSCertificate does not parse. */
static bool read_parts(struct dtls_bytes tbs, struct parts *out)
{
    struct dtls_reader from = dtls_reader_of(tbs);
    struct dtls_bytes version;

    dtls_der_read_optional(&from, DTLS_DER_CONTEXT_0, &version);
    dtls_der_read(&from, DTLS_DER_INTEGER);  /* serial number */
    dtls_der_read(&from, DTLS_DER_SEQUENCE); /* signature algorithm */
    out->issuer = read_sequence(&from);
    dtls_der_read(&from, DTLS_DER_SEQUENCE); /* validity */
    out->subject = read_sequence(&from);
    out->key_info = read_sequence(&from);
    while (dtls_reader_has_more(&from))
        dtls_der_read_any(&from); /* unique identifiers, extensions */
    return !from.broken;
}

static bool read_certificate(struct dtls_bytes der, struct parts *out)
{
    struct dtls_reader file = dtls_reader_of(der);
    struct dtls_reader certificate = dtls_reader_of(dtls_der_read(&file, DTLS_DER_SEQUENCE));
    struct dtls_bytes tbs = dtls_der_read(&certificate, DTLS_DER_SEQUENCE);

    dtls_der_read(&certificate, DTLS_DER_SEQUENCE);   /* signature algorithm */
    dtls_der_read(&certificate, DTLS_DER_BIT_STRING); /* signature */
    return dtls_reader_finished(&certificate) && dtls_reader_finished(&file) && read_parts(tbs, out);
}

int dtls_certificate_key_info(struct dtls_bytes der, struct dtls_bytes *out)
{
    struct parts parts;

    if (!read_certificate(der, &parts))
        return DTLS_ERR_BAD_X509;
    *out = parts.key_info;
    return DTLS_OK;
}

int dtls_certificate_public_key(struct dtls_bytes der, struct dtls_public_key *out)
{
    struct dtls_bytes info;
    int err = dtls_certificate_key_info(der, &info);

    return err == DTLS_OK ? dtls_key_info_public_key(info, out) : err;
}

bool dtls_certificate_names(struct dtls_bytes der, struct dtls_bytes *issuer, struct dtls_bytes *subject)
{
    struct parts parts;

    if (!read_certificate(der, &parts))
        return false;
    *issuer = parts.issuer;
    *subject = parts.subject;
    return true;
}

void dtls_certificate_fingerprint(struct dtls_bytes der, uint8_t out[DTLS_FINGERPRINT_LEN])
{
    uint8_t digest[DTLS_HASH_MAX];

    dtls_hash_once(DTLS_SHA256, der, digest);
    memcpy(out, digest, DTLS_FINGERPRINT_LEN);
}

void dtls_certificate_fingerprint_by(struct dtls_bytes der, enum dtls_fingerprint_hash hash,
                                     struct dtls_fingerprint *out)
{
    static const enum dtls_hash hashes[] = { [DTLS_FINGERPRINT_SHA_256] = DTLS_SHA256,
                                             [DTLS_FINGERPRINT_SHA_384] = DTLS_SHA384,
                                             [DTLS_FINGERPRINT_SHA_512] = DTLS_SHA512 };

    *out = (struct dtls_fingerprint){ .hash = hash };
    dtls_hash_once(hashes[hash], der, out->bytes);
}
