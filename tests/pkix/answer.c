/* answer.c - writes OCSP responses (RFC 6960, 4.2.1). */
#include "tests/pkix/answer.h"

#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pkix/der.h"

enum { SHA_1 = 20 };

static const uint8_t sha_1_oid[] = { 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00 };
static const uint8_t ecdsa_sha_256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
static const uint8_t basic_oid[] = { 0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01 };

static void add_hash(struct der_text *to, const void *bytes, size_t len)
{
    uint8_t digest[SHA_1];

    issue_check(gnutls_hash_fast(GNUTLS_DIG_SHA1, bytes, len, digest), "SHA-1");
    der_add_value(to, 0x04, digest, sizeof digest);
}

/* The bits of SubjectPublicKeyInfo, the seventh value of a certificate with a version. */
static void add_key_hash(struct der_text *to, const struct issued *issuer)
{
    struct der_span certificate = der_inside(issuer->der), rest = der_inside((struct dtls_bytes){ certificate.at, 0 });
    struct der_span info = { NULL, 0 };

    for (int i = 0; i < 7; i++)
        info = der_next(&rest);
    rest = der_inside((struct dtls_bytes){ info.at, info.len });
    der_next(&rest); /* algorithm */
    struct der_span bits = der_inside((struct dtls_bytes){ rest.at, rest.len });
    add_hash(to, bits.at + 1, bits.len - 1);
}

static void add_certificate_id(struct der_text *to, const struct answer_spec *spec)
{
    size_t from = to->len, len = 64;
    uint8_t serial[64];
    gnutls_datum_t name;

    der_add(to, sha_1_oid, sizeof sha_1_oid);
    issue_check(gnutls_x509_crt_get_raw_dn(spec->issuer->certificate, &name), "name");
    add_hash(to, name.data, name.size);
    gnutls_free(name.data);
    add_key_hash(to, spec->issuer);
    issue_check(gnutls_x509_crt_get_serial(spec->about->certificate, serial, &len), "serial");
    der_add_value(to, 0x02, serial, len);
    der_wrap(to, from, 0x30);
}

static void add_single(struct der_text *to, const struct answer_spec *spec)
{
    size_t from = to->len, inner;

    add_certificate_id(to, spec);
    inner = to->len;
    if (spec->status == ANSWER_REVOKED)
        der_add_time(to, ISSUE_NOW - 2 * ISSUE_DAY);
    der_wrap(to, inner, spec->status == ANSWER_GOOD ? 0x80 : spec->status == ANSWER_REVOKED ? 0xa1 : 0x82);
    der_add_time(to, spec->from != 0 ? spec->from : ISSUE_NOW - ISSUE_DAY);
    inner = to->len;
    if (spec->to >= 0) {
        der_add_time(to, spec->to != 0 ? spec->to : ISSUE_NOW + 6 * ISSUE_DAY);
        der_wrap(to, inner, 0xa0);
    }
    der_wrap(to, from, 0x30);
}

/* ResponseData */
static struct der_text response_data(const struct answer_spec *spec, const struct issued *signer)
{
    struct der_text data = { 0 };
    gnutls_datum_t name;

    issue_check(gnutls_x509_crt_get_raw_dn(signer->certificate, &name), "name");
    der_add_value(&data, 0xa1, name.data, name.size);
    gnutls_free(name.data);
    der_add_time(&data, spec->from != 0 ? spec->from : ISSUE_NOW - ISSUE_DAY);
    size_t from = data.len;
    add_single(&data, spec);
    der_wrap(&data, from, 0x30);
    der_wrap(&data, 0, 0x30);
    return data;
}

/* BasicOCSPResponse, around ResponseData. */
static void sign(struct der_text *data, const struct answer_spec *spec, const struct issued *signer)
{
    gnutls_datum_t signature = issue_sign(signer, data->bytes, data->len);

    if (spec->broken)
        signature.data[signature.size - 1] ^= 1;
    der_add(data, ecdsa_sha_256, sizeof ecdsa_sha_256);
    der_add_bits(data, signature.data, signature.size);
    gnutls_free(signature.data);
    if (spec->enclosed != NULL) {
        size_t from = data->len;
        der_add(data, spec->enclosed->der.at, spec->enclosed->der.len);
        der_wrap(data, from, 0x30);
        der_wrap(data, from, 0xa0);
    }
    der_wrap(data, 0, 0x30);
}

struct dtls_bytes answer(const struct answer_spec *spec)
{
    enum { MOST = 256 };
    static uint8_t *all[MOST]; /* so that none is lost */
    static size_t count;
    const struct issued *signer = spec->signer != NULL ? spec->signer : spec->issuer;
    const uint8_t outcome = (uint8_t)spec->outcome;
    struct der_text whole = { 0 };

    der_add_value(&whole, 0x0a, &outcome, 1);
    if (spec->outcome == 0) {
        struct der_text basic = response_data(spec, signer);
        size_t from = whole.len;
        sign(&basic, spec, signer);
        der_add(&whole, basic_oid, sizeof basic_oid);
        der_add_value(&whole, 0x04, basic.bytes, basic.len);
        der_wrap(&whole, from, 0x30);
        der_wrap(&whole, from, 0xa0);
        free(basic.bytes);
    }
    der_wrap(&whole, 0, 0x30);
    if (count == MOST || all[count] != NULL)
        abort();
    all[count++] = whole.bytes;
    return (struct dtls_bytes){ whole.bytes, whole.len };
}
