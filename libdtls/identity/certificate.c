/* certificate.c - finds the public key in an X.509 certificate (RFC 5280, 4.1). Judges nothing: names, validity,
 * extensions and signature are walked over. */
#include "identity/certificate.h"

#include <string.h>

#include "crypto/hash.h"
#include "identity/algorithm.h"

enum { POINT_P256 = 65, POINT_P384 = 97, UNCOMPRESSED = 0x04 };

static struct dtls_bytes read_point(struct dtls_reader *bits, size_t len)
{
    struct dtls_reader form = *bits;

    if (dtls_read_u8(&form) != UNCOMPRESSED)
        dtls_reader_break(bits);
    return dtls_read_bytes(bits, len);
}

static void read_rsa_key(struct dtls_reader *bits, struct dtls_public_key *key)
{
    struct dtls_reader numbers = dtls_reader_of(dtls_der_read(bits, DTLS_DER_SEQUENCE));

    key->modulus = dtls_der_read_unsigned(&numbers);
    key->exponent = dtls_der_read_unsigned(&numbers);
    if (!dtls_reader_finished(&numbers))
        dtls_reader_break(bits);
}

/* SubjectPublicKeyInfo */
static bool read_key_info(struct dtls_bytes info, struct dtls_public_key *key)
{
    struct dtls_reader from = dtls_reader_of(info);

    key->kind = dtls_algorithm_read_key(&from);
    struct dtls_reader bits = dtls_reader_of(dtls_der_read(&from, DTLS_DER_BIT_STRING));
    if (dtls_read_u8(&bits) != 0) /* a key is whole bytes: no unused bits at the end */
        return false;
    switch (key->kind) {
    case DTLS_KEY_P256:
        key->point = read_point(&bits, POINT_P256);
        break;
    case DTLS_KEY_P384:
        key->point = read_point(&bits, POINT_P384);
        break;
    case DTLS_KEY_ED:
        key->point = dtls_read_bytes(&bits, DTLS_ED25519_LEN);
        break;
    case DTLS_KEY_RSA:
        read_rsa_key(&bits, key);
        break;
    case DTLS_KEY_NONE:
        return false;
    }
    return dtls_reader_finished(&bits) && dtls_reader_finished(&from);
}

/* The SubjectPublicKeyInfo of a TBSCertificate; an empty view when it does not parse. */
static struct dtls_bytes find_key_info(struct dtls_bytes tbs)
{
    struct dtls_reader from = dtls_reader_of(tbs);
    struct dtls_bytes version;

    dtls_der_read_optional(&from, DTLS_DER_CONTEXT_0, &version);
    dtls_der_read(&from, DTLS_DER_INTEGER);  /* serial number */
    dtls_der_read(&from, DTLS_DER_SEQUENCE); /* signature algorithm */
    dtls_der_read(&from, DTLS_DER_SEQUENCE); /* issuer */
    dtls_der_read(&from, DTLS_DER_SEQUENCE); /* validity */
    dtls_der_read(&from, DTLS_DER_SEQUENCE); /* subject */
    struct dtls_bytes info = dtls_der_read(&from, DTLS_DER_SEQUENCE);
    while (dtls_reader_has_more(&from))
        dtls_der_read_any(&from); /* unique identifiers, extensions */
    return from.broken ? (struct dtls_bytes){ 0 } : info;
}

int dtls_certificate_public_key(struct dtls_bytes der, struct dtls_public_key *out)
{
    struct dtls_reader file = dtls_reader_of(der);
    struct dtls_reader certificate = dtls_reader_of(dtls_der_read(&file, DTLS_DER_SEQUENCE));
    struct dtls_bytes tbs = dtls_der_read(&certificate, DTLS_DER_SEQUENCE);
    struct dtls_public_key key = { 0 };

    dtls_der_read(&certificate, DTLS_DER_SEQUENCE);   /* signature algorithm */
    dtls_der_read(&certificate, DTLS_DER_BIT_STRING); /* signature */
    if (!dtls_reader_finished(&certificate) || !dtls_reader_finished(&file))
        return DTLS_ERR_BAD_X509;
    if (!read_key_info(find_key_info(tbs), &key))
        return DTLS_ERR_BAD_X509;
    *out = key;
    return DTLS_OK;
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
