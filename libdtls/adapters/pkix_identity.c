/* pkix_identity.c - private keys in wrappings that the core does not open: encrypted ones, and PKCS#12. */
#include <gnutls/pkcs12.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/pkix_internal.h"

static void wipe(gnutls_datum_t *secret)
{
    if (secret->data != NULL)
        gnutls_memset(secret->data, 0, secret->size);
    gnutls_free(secret->data);
}

/* As the core reads it. */
static int identity_of(const char *certificates, size_t len, gnutls_x509_privkey_t key, struct dtls_identity **out)
{
    gnutls_datum_t plain = { 0 };

    if (gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &plain) < 0)
        return DTLS_ERR_BAD_KEY;
    int result = dtls_identity_from_pem(certificates, len, (const char *)plain.data, plain.size, out);
    wipe(&plain);
    return result;
}

/* What GnuTLS says of a key that it cannot open. */
static int error_of(int got, const char *password)
{
    switch (got) {
    case GNUTLS_E_MEMORY_ERROR:
        return DTLS_ERR_NO_MEMORY;
    case GNUTLS_E_DECRYPTION_FAILED:
    case GNUTLS_E_MAC_VERIFY_FAILED:
        return DTLS_PKIX_ERR_PASSWORD;
    default:
        return password == NULL ? DTLS_PKIX_ERR_PASSWORD : DTLS_ERR_BAD_KEY;
    }
}

int dtls_pkix_identity_from_pem(const char *certificates, size_t certificates_len, const char *private_key,
                                size_t private_key_len, const char *password, struct dtls_identity **out)
{
    const gnutls_datum_t text = { (unsigned char *)(uintptr_t)private_key, (unsigned)private_key_len };
    int result = dtls_identity_from_pem(certificates, certificates_len, private_key, private_key_len, out);
    gnutls_x509_privkey_t key;

    if (result != DTLS_ERR_ENCRYPTED_KEY)
        return result;
    if (password == NULL)
        return DTLS_PKIX_ERR_PASSWORD;
    if (gnutls_x509_privkey_init(&key) < 0)
        return DTLS_ERR_NO_MEMORY;
    int got = gnutls_x509_privkey_import2(key, &text, GNUTLS_X509_FMT_PEM, password, 0);
    result = got < 0 ? error_of(got, password) : identity_of(certificates, certificates_len, key, out);
    gnutls_x509_privkey_deinit(key);
    return result;
}

/* ---- PKCS#12 ---- */

/* The key, and its certificates with the leaf first. */
struct contents {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t *chain;
    unsigned count;
};

int dtls_pkix_write_chain(const gnutls_x509_crt_t *chain, unsigned count, char **pem, size_t *len)
{
    *pem = NULL;
    *len = 0;
    for (unsigned i = 0; i < count; i++) {
        gnutls_datum_t one = { 0 };
        if (gnutls_x509_crt_export2(chain[i], GNUTLS_X509_FMT_PEM, &one) < 0)
            return DTLS_ERR_BAD_X509;
        char *longer = realloc(*pem, *len + one.size);
        if (longer != NULL) {
            memcpy(longer + *len, one.data, one.size);
            *pem = longer;
            *len += one.size;
        }
        gnutls_free(one.data);
        if (longer == NULL)
            return DTLS_ERR_NO_MEMORY;
    }
    return DTLS_OK;
}

static int identity_of_contents(const struct contents *contents, struct dtls_identity **out)
{
    char *pem;
    size_t len;
    int result = dtls_pkix_write_chain(contents->chain, contents->count, &pem, &len);

    if (result == DTLS_OK)
        result = identity_of(pem, len, contents->key, out);
    free(pem);
    return result;
}

static int open_file(gnutls_pkcs12_t pkcs12, const gnutls_datum_t *file, const char *password,
                     struct contents *contents)
{
    int got = gnutls_pkcs12_import(pkcs12, file, GNUTLS_X509_FMT_DER, 0);

    if (got < 0)
        return got == GNUTLS_E_MEMORY_ERROR ? DTLS_ERR_NO_MEMORY : DTLS_ERR_BAD_KEY;
    got = gnutls_pkcs12_verify_mac(pkcs12, password);
    if (got >= 0)
        got = gnutls_pkcs12_simple_parse(pkcs12, password, &contents->key, &contents->chain, &contents->count, NULL,
                                         NULL, NULL, 0);
    if (got < 0)
        return got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ? DTLS_PKIX_ERR_EMPTY : error_of(got, password);
    return contents->key == NULL || contents->count == 0 ? DTLS_PKIX_ERR_EMPTY : DTLS_OK;
}

int dtls_pkix_identity_from_pkcs12(const void *file, size_t len, const char *password, struct dtls_identity **out)
{
    const gnutls_datum_t der = { (unsigned char *)(uintptr_t)file, (unsigned)len };
    struct contents contents = { 0 };
    gnutls_pkcs12_t pkcs12;

    *out = NULL;
    if (len == 0 || len > UINT32_MAX)
        return DTLS_ERR_BAD_KEY;
    if (gnutls_pkcs12_init(&pkcs12) < 0)
        return DTLS_ERR_NO_MEMORY;
    int result = open_file(pkcs12, &der, password, &contents);
    if (result == DTLS_OK)
        result = identity_of_contents(&contents, out);
    for (unsigned i = 0; i < contents.count; i++)
        gnutls_x509_crt_deinit(contents.chain[i]);
    gnutls_free(contents.chain);
    if (contents.key != NULL)
        gnutls_x509_privkey_deinit(contents.key);
    gnutls_pkcs12_deinit(pkcs12);
    return result;
}
