/* issue.c - makes certificates, and bends them. */
#include "tests/pkix/issue.h"

#include <gnutls/abstract.h>
#include <gnutls/x509-ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pkix/der.h"

enum { MOST = 1024 };

static struct issued *all[MOST]; /* so that none is lost */
static size_t all_count;

void issue_check(int got, const char *what)
{
    if (got >= 0)
        return;
    fprintf(stderr, "certificates of the tests: %s: %s\n", what, gnutls_strerror(got));
    exit(1);
}

static struct issued *new_one(void)
{
    struct issued *one = calloc(1, sizeof *one);

    if (one == NULL || all_count == MOST)
        issue_check(GNUTLS_E_MEMORY_ERROR, "room");
    all[all_count++] = one;
    return one;
}

static void make_key(struct issued *one, const struct issue_spec *spec)
{
    issue_check(gnutls_x509_privkey_init(&one->key), "key");
    if (spec->same_key != NULL)
        issue_check(gnutls_x509_privkey_cpy(one->key, spec->same_key->key), "key");
    else if (spec->key == ISSUE_P256)
        issue_check(gnutls_x509_privkey_generate(one->key, GNUTLS_PK_ECDSA,
                                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                    "P-256");
    else
        issue_check(gnutls_x509_privkey_generate(one->key, GNUTLS_PK_RSA, spec->key == ISSUE_RSA1024 ? 1024 : 2048, 0),
                    "RSA");
}

static void add_names(gnutls_x509_crt_t crt, const struct issue_spec *spec)
{
    for (size_t i = 0; i < 3 && spec->hosts[i] != NULL; i++)
        issue_check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, spec->hosts[i],
                                                         (unsigned)strlen(spec->hosts[i]), GNUTLS_FSAN_APPEND),
                    "host");
    uint8_t address[16];
    size_t len = spec->address == NULL ? 0 : der_address(spec->address, address);
    if (len > 0)
        issue_check(
            gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, (unsigned)len, GNUTLS_FSAN_APPEND),
            "address");
}

static void add_constraints(gnutls_x509_crt_t crt, const struct issue_spec *spec)
{
    const char *const names[] = { spec->permitted, spec->excluded };
    gnutls_x509_name_constraints_t constraints;

    if (spec->permitted == NULL && spec->excluded == NULL)
        return;
    issue_check(gnutls_x509_name_constraints_init(&constraints), "constraints");
    for (int i = 0; i < 2; i++) {
        if (names[i] == NULL)
            continue;
        const gnutls_datum_t name = { (unsigned char *)(uintptr_t)names[i], (unsigned)strlen(names[i]) };
        issue_check(i == 0 ? gnutls_x509_name_constraints_add_permitted(constraints, GNUTLS_SAN_DNSNAME, &name)
                           : gnutls_x509_name_constraints_add_excluded(constraints, GNUTLS_SAN_DNSNAME, &name),
                    "constraint");
    }
    issue_check(gnutls_x509_crt_set_name_constraints(crt, constraints, 1), "constraints");
    gnutls_x509_name_constraints_deinit(constraints);
}

static void add_features(gnutls_x509_crt_t crt)
{
    gnutls_x509_tlsfeatures_t features;

    issue_check(gnutls_x509_tlsfeatures_init(&features), "features");
    issue_check(gnutls_x509_tlsfeatures_add(features, 5), "feature");
    issue_check(gnutls_x509_crt_set_tlsfeatures(crt, features), "features");
    gnutls_x509_tlsfeatures_deinit(features);
}

static void add_uses(gnutls_x509_crt_t crt, const struct issue_spec *spec)
{
    unsigned usage = spec->ca ? GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE;

    issue_check(gnutls_x509_crt_set_basic_constraints(crt, spec->ca, spec->path_limit - 1), "basic constraints");
    issue_check(gnutls_x509_crt_set_key_usage(crt, spec->usage != 0 ? spec->usage : usage), "key usage");
    if (spec->purpose != NULL && spec->purpose[0] != '\0') {
        issue_check(gnutls_x509_crt_set_key_purpose_oid(crt, spec->purpose, 0), "purpose");
    } else if (spec->purpose == NULL && !spec->ca) {
        issue_check(gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0), "purpose");
        issue_check(gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_CLIENT, 0), "purpose");
    }
}

static void add_oddities(gnutls_x509_crt_t crt, const struct issue_spec *spec)
{
    static const char unknown[] = "1.3.6.1.4.1.99999.1", padding[] = "1.3.6.1.4.1.99999.2";

    if (spec->unknown_critical)
        issue_check(gnutls_x509_crt_set_extension_by_oid(crt, unknown, "\5\0", 2, 1), "unknown");
    if (spec->padding > 0) {
        void *bytes = calloc(1, spec->padding);
        issue_check(gnutls_x509_crt_set_extension_by_oid(crt, padding, bytes, spec->padding, 0), "padding");
        free(bytes);
    }
}

static void add_key_ids(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
    uint8_t id[64];
    size_t len = sizeof id;

    issue_check(gnutls_x509_crt_get_key_id(crt, 0, id, &len), "key id");
    issue_check(gnutls_x509_crt_set_subject_key_id(crt, id, len), "subject key id");
    len = sizeof id;
    issue_check(gnutls_x509_crt_get_key_id(issuer, 0, id, &len), "key id");
    issue_check(gnutls_x509_crt_set_authority_key_id(crt, id, len), "authority key id");
}

static void add_extensions(gnutls_x509_crt_t crt, const struct issue_spec *spec, gnutls_x509_crt_t issuer)
{
    add_names(crt, spec);
    add_uses(crt, spec);
    add_constraints(crt, spec);
    if (spec->must_staple)
        add_features(crt);
    add_oddities(crt, spec);
    add_key_ids(crt, issuer);
}

static void take_der(struct issued *one)
{
    gnutls_datum_t der;

    issue_check(gnutls_x509_crt_export2(one->certificate, GNUTLS_X509_FMT_DER, &der), "DER");
    one->der = (struct dtls_bytes){ der.data, der.size };
}

const struct issued *issue(const struct issue_spec *spec)
{
    static uint32_t last;
    struct issued *one = new_one();
    const struct issued *issuer = spec->issuer == NULL ? one : spec->issuer;
    gnutls_x509_crt_t crt;
    const uint32_t number = ++last;
    const uint8_t serial[5] = { 1, (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                                (uint8_t)number };

    make_key(one, spec);
    issue_check(gnutls_x509_crt_init(&crt), "certificate");
    one->certificate = crt;
    issue_check(gnutls_x509_crt_set_version(crt, spec->version_1 ? 1 : 3), "version");
    issue_check(gnutls_x509_crt_set_serial(crt, spec->serial_len > 0 ? spec->serial : serial,
                                           spec->serial_len > 0 ? spec->serial_len : sizeof serial),
                "serial");
    issue_check(gnutls_x509_crt_set_activation_time(crt, spec->from != 0 ? spec->from : ISSUE_NOW - 3650 * ISSUE_DAY),
                "from");
    issue_check(gnutls_x509_crt_set_expiration_time(crt, spec->to != 0 ? spec->to : ISSUE_NOW + 3650 * ISSUE_DAY),
                "to");
    issue_check(
        gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, spec->name, (unsigned)strlen(spec->name)),
        "name");
    for (size_t i = 0; i < spec->units; i++)
        issue_check(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, 0, "u", 1), "unit");
    issue_check(gnutls_x509_crt_set_key(crt, one->key), "key");
    if (!spec->version_1)
        add_extensions(crt, spec, issuer->certificate);
    issue_check(gnutls_x509_crt_sign2(crt, issuer->certificate, issuer->key,
                                      spec->sha1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256, 0),
                "signature");
    take_der(one);
    return one;
}

gnutls_datum_t issue_sign(const struct issued *owner, const void *bytes, size_t len)
{
    const gnutls_datum_t data = { (unsigned char *)(uintptr_t)bytes, (unsigned)len };
    gnutls_datum_t signature = { 0 };
    gnutls_privkey_t key;

    issue_check(gnutls_privkey_init(&key), "signer");
    issue_check(gnutls_privkey_import_x509(key, owner->key, 0), "signer");
    issue_check(gnutls_privkey_sign_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &signature), "signature");
    gnutls_privkey_deinit(key);
    return signature;
}

/* TBSCertificate, the algorithm behind it, and a new signature. */
static struct dtls_bytes sign_again(struct dtls_bytes der, const struct issued *issuer)
{
    struct der_span inside = der_inside(der), tbs = der_next(&inside), algorithm = der_next(&inside);
    gnutls_datum_t signature = issue_sign(issuer, tbs.at, tbs.len);
    struct der_text body = { 0 };

    der_add(&body, tbs.at, tbs.len);
    der_add(&body, algorithm.at, algorithm.len);
    der_add_bits(&body, signature.data, signature.size);
    gnutls_free(signature.data);
    der_wrap(&body, 0, 0x30);
    return (struct dtls_bytes){ body.bytes, body.len };
}

const struct issued *issue_changed(const struct issued *original, const struct issued *issuer, const void *was,
                                   const void *is, size_t len)
{
    struct issued *one = new_one();
    uint8_t *der = malloc(original->der.len);

    memcpy(der, original->der.at, original->der.len);
    for (size_t i = 0; i + len <= original->der.len; i++)
        if (memcmp(der + i, was, len) == 0)
            memcpy(der + i, is, len);
    *one = *original;
    one->der = sign_again((struct dtls_bytes){ der, original->der.len }, issuer);
    free(der);
    return one;
}

const struct issued *issue_forged(const struct issued *original)
{
    struct issued *one = new_one();
    uint8_t *der = malloc(original->der.len);

    memcpy(der, original->der.at, original->der.len);
    der[original->der.len - 1] ^= 1; /* the end of s */
    *one = *original;
    one->der = (struct dtls_bytes){ der, original->der.len };
    return one;
}

char *issue_pem(const struct issued *const *chain, size_t count, size_t *len)
{
    char *pem = NULL;

    *len = 0;
    for (size_t i = 0; i < count; i++) {
        const gnutls_datum_t der = { (unsigned char *)(uintptr_t)chain[i]->der.at, (unsigned)chain[i]->der.len };
        gnutls_datum_t one;
        issue_check(gnutls_pem_base64_encode2("CERTIFICATE", &der, &one), "PEM");
        pem = realloc(pem, *len + one.size + 1);
        memcpy(pem + *len, one.data, one.size);
        *len += one.size;
        pem[(*len)++] = '\n';
        gnutls_free(one.data);
    }
    return pem;
}

gnutls_datum_t issue_key_pem(const struct issued *owner, const char *password)
{
    gnutls_datum_t pem;

    issue_check(gnutls_x509_privkey_export2_pkcs8(owner->key, GNUTLS_X509_FMT_PEM, password,
                                                  password == NULL ? GNUTLS_PKCS_PLAIN : GNUTLS_PKCS_PBES2_AES_256,
                                                  &pem),
                "key as PEM");
    return pem;
}

struct dtls_identity *issue_identity(const struct issued *const *chain, size_t count)
{
    struct dtls_identity *identity = NULL;
    size_t len;
    char *pem = issue_pem(chain, count, &len);
    gnutls_datum_t key = issue_key_pem(chain[0], NULL);
    int result = dtls_identity_from_pem(pem, len, (const char *)key.data, key.size, &identity);

    gnutls_free(key.data);
    free(pem);
    if (result != DTLS_OK) {
        fprintf(stderr, "certificates of the tests: identity: %s\n", dtls_error_string(result));
        exit(1);
    }
    return identity;
}

gnutls_datum_t issue_crl(const struct issued *issuer, const struct issued *revoked, int64_t from, int64_t to)
{
    gnutls_x509_crl_t crl;
    gnutls_datum_t der;

    issue_check(gnutls_x509_crl_init(&crl), "CRL");
    issue_check(gnutls_x509_crl_set_version(crl, 2), "CRL");
    issue_check(gnutls_x509_crl_set_this_update(crl, from), "CRL");
    issue_check(gnutls_x509_crl_set_next_update(crl, to), "CRL");
    issue_check(gnutls_x509_crl_set_number(crl, "\1", 1), "CRL");
    if (revoked != NULL)
        issue_check(gnutls_x509_crl_set_crt(crl, revoked->certificate, from), "CRL");
    issue_check(gnutls_x509_crl_sign2(crl, issuer->certificate, issuer->key, GNUTLS_DIG_SHA256, 0), "CRL");
    issue_check(gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_DER, &der), "CRL");
    gnutls_x509_crl_deinit(crl);
    return der;
}
