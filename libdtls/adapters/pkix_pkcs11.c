/* pkix_pkcs11.c - private keys that stay in a token, and identities that sign with one. GnuTLS speaks PKCS#11 for us.
 */
#define _DEFAULT_SOURCE /* strdup, explicit_bzero */
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/pkcs11.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/pkix_internal.h"

struct dtls_pkix_key {
    struct dtls_pkix_uri uri;
    pthread_mutex_t lock;    /* for what follows, and for the token itself */
    gnutls_privkey_t handle; /* NULL: the token has to be looked for */
    bool pin_missing;        /* the token asked for one */
    bool pin_wrong;          /* for good: nobody gives it to the token again */
    bool pin_last_try;       /* the token would lock after one more that is wrong */
};

static int __attribute__((format(printf, 3, 4))) say(char *reason, int error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(reason, DTLS_REASON_MAX, format, args);
    va_end(args);
    return error;
}

/* ---- what may be asked of a key ---- */

struct way {
    uint16_t scheme; /* SignatureScheme (RFC 8446, 4.2.3) */
    gnutls_pk_algorithm_t pk;
    gnutls_sign_algorithm_t algorithm;
    const char *words;
};

static const struct way ways[] = {
    { 0x0403, GNUTLS_PK_ECDSA, GNUTLS_SIGN_ECDSA_SHA256, "ECDSA (CKM_ECDSA)" },
    { 0x0503, GNUTLS_PK_ECDSA, GNUTLS_SIGN_ECDSA_SHA384, "ECDSA (CKM_ECDSA)" },
    { 0x0603, GNUTLS_PK_ECDSA, GNUTLS_SIGN_ECDSA_SHA512, "ECDSA (CKM_ECDSA)" },
    { 0x0807, GNUTLS_PK_EDDSA_ED25519, GNUTLS_SIGN_EDDSA_ED25519, "Ed25519 (CKM_EDDSA)" },
    { 0x0804, GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, "RSA-PSS (CKM_RSA_PKCS_PSS)" },
    { 0x0805, GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, "RSA-PSS (CKM_RSA_PKCS_PSS)" },
    { 0x0806, GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, "RSA-PSS (CKM_RSA_PKCS_PSS)" },
    { 0x0401, GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA256, "RSA PKCS#1 (CKM_RSA_PKCS)" },
    { 0x0501, GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA384, "RSA PKCS#1 (CKM_RSA_PKCS)" },
    { 0x0601, GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA512, "RSA PKCS#1 (CKM_RSA_PKCS)" },
};

static const struct way *way_of(uint16_t scheme)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (ways[i].scheme == scheme)
            return &ways[i];
    return NULL;
}

/* ---- the PIN ---- */

/* GnuTLS asks again, with another `attempt`, after a PIN that was wrong; each try counts in the token. */
static int give_pin(void *arg, int attempt, const char *url, const char *label, unsigned flags, char *pin, size_t cap)
{
    struct dtls_pkix_key *key = arg;
    size_t len = key->uri.pin == NULL ? 0 : strlen(key->uri.pin);

    (void)url;
    (void)label;
    key->pin_missing = key->uri.pin == NULL;
    key->pin_wrong = key->pin_wrong || attempt > 0 || len >= cap;
    key->pin_last_try = (flags & GNUTLS_PIN_FINAL_TRY) != 0;
    if (key->pin_missing || key->pin_wrong || key->pin_last_try)
        return -1;
    memcpy(pin, key->uri.pin, len + 1);
    return 0;
}

static int say_pin(const struct dtls_pkix_key *key, char *reason)
{
    return say(reason, DTLS_PKIX_ERR_PASSWORD, "%s",
               key->pin_missing    ? "the token asks for a PIN, and there is none"
               : key->pin_last_try ? "one try is left before the token locks its PIN: log in with another program first"
                                   : "the token refuses the PIN, which is not tried again: tokens lock after a few");
}

/* ---- the token ---- */

/* GnuTLS keeps a list of modules for the whole process, without a lock. */
static int load_module(const char *path, char *reason)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    if (path[0] == '/' && access(path, R_OK) != 0) /* the loader has no words for it; p11-kit knows where others are */
        return say(reason, DTLS_PKIX_ERR_TOKEN, "the PKCS#11 module %.100s: %.60s", path, strerror(errno));
    pthread_mutex_lock(&lock);
    int got = gnutls_pkcs11_add_provider(path, NULL);
    pthread_mutex_unlock(&lock);
    return got >= 0 ? DTLS_OK
                    : say(reason, DTLS_PKIX_ERR_TOKEN, "the PKCS#11 module %.100s cannot be loaded: %.60s", path,
                          gnutls_strerror(got));
}

/* What GnuTLS says of a token, as far as we have better words. */
static int say_trouble(const struct dtls_pkix_key *key, int got, const char *what, char *reason)
{
    if (key->pin_missing || key->pin_wrong || key->pin_last_try)
        return say_pin(key, reason);
    switch (got) {
    case GNUTLS_E_MEMORY_ERROR:
        return say(reason, DTLS_ERR_NO_MEMORY, "%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    case GNUTLS_E_PARSING_ERROR:
        return say(reason, DTLS_ERR_ARGUMENT, "this is no pkcs11: URI");
    case GNUTLS_E_PKCS11_PIN_LOCKED:
        return say(reason, DTLS_PKIX_ERR_PASSWORD, "the token has locked its PIN");
    case GNUTLS_E_PKCS11_PIN_EXPIRED:
        return say(reason, DTLS_PKIX_ERR_PASSWORD, "the token's PIN has expired");
    case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
        return say(reason, DTLS_PKIX_ERR_TOKEN, "there is no such %s", what);
    case GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM:
    case GNUTLS_E_PKCS11_UNSUPPORTED_FEATURE_ERROR:
        return say(reason, DTLS_PKIX_ERR_TOKEN, "the token cannot sign with %s", what);
    default:
        return say(reason, DTLS_PKIX_ERR_TOKEN, "the token fails: %s", gnutls_strerror(got));
    }
}

static void drop(struct dtls_pkix_key *key)
{
    if (key->handle != NULL)
        gnutls_privkey_deinit(key->handle);
    key->handle = NULL;
}

/* Looks for the token, logs in, and looks for the key. */
static int find(struct dtls_pkix_key *key, char *reason)
{
    unsigned flags;

    key->pin_missing = key->pin_last_try = false;
    if (key->pin_wrong)
        return say_pin(key, reason);
    int got = gnutls_pkcs11_token_get_flags(key->uri.object, &flags);
    if (got < 0)
        return say_trouble(key, got, "token", reason);
    if (gnutls_privkey_init(&key->handle) < 0)
        return say(reason, DTLS_ERR_NO_MEMORY, "%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    gnutls_privkey_set_pin_function(key->handle, give_pin, key);
    got = gnutls_privkey_import_url(key->handle, key->uri.object, 0);
    if (got >= 0)
        return DTLS_OK;
    drop(key);
    key->pin_wrong = key->pin_wrong || (got == GNUTLS_E_PKCS11_PIN_ERROR && !key->pin_missing && !key->pin_last_try);
    return say_trouble(key, got, "private key in the token", reason);
}

static gnutls_datum_t datum(struct dtls_bytes bytes)
{
    return (gnutls_datum_t){ (unsigned char *)(uintptr_t)bytes.at, (unsigned)bytes.len };
}

static int ask(struct dtls_pkix_key *key, const struct way *way, const struct dtls_sign_request *request, uint8_t *out,
               size_t *len, char *reason)
{
    const gnutls_datum_t digest = datum(request->digest), message = datum(request->message);
    gnutls_datum_t made = { 0 };
    int got = digest.size > 0 ? gnutls_privkey_sign_hash2(key->handle, way->algorithm, 0, &digest, &made)
                              : gnutls_privkey_sign_data2(key->handle, way->algorithm, 0, &message, &made);

    if (got < 0)
        return say_trouble(key, got, way->words, reason);
    bool fits = made.size <= DTLS_SIGNATURE_LARGEST;
    if (fits)
        memcpy(out, made.data, *len = made.size);
    gnutls_free(made.data);
    return fits ? DTLS_OK : say(reason, DTLS_PKIX_ERR_TOKEN, "what the token gives is no signature");
}

/* A session that fails may only be of a time before the token was away: the token is looked for once more. And it is
 * never used again, since GnuTLS leaves a key locked whose session it could not open a second time. */
static int sign(struct dtls_pkix_key *key, const struct way *way, const struct dtls_sign_request *request, uint8_t *out,
                size_t *len, char *reason)
{
    for (;;) {
        bool fresh = key->handle == NULL;
        int result = fresh ? find(key, reason) : DTLS_OK;
        if (result == DTLS_OK)
            result = ask(key, way, request, out, len, reason);
        if (result == DTLS_OK)
            return DTLS_OK;
        drop(key);
        if (fresh || key->pin_wrong)
            return result;
    }
}

/* ---- a key ---- */

static int look(struct dtls_pkix_key *key, const struct dtls_pkix_key_settings *settings, char *reason)
{
    int result = dtls_pkix_uri_read(settings->uri, &key->uri, reason);
    const char *module = settings->module != NULL ? settings->module : key->uri.module;

    if (result == DTLS_OK && settings->pin != NULL) {
        char *pin = strdup(settings->pin);
        if (pin == NULL)
            return say(reason, DTLS_ERR_NO_MEMORY, "%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
        if (key->uri.pin != NULL)
            explicit_bzero(key->uri.pin, strlen(key->uri.pin));
        free(key->uri.pin);
        key->uri.pin = pin;
    }
    if (result == DTLS_OK && module != NULL)
        result = load_module(module, reason);
    return result == DTLS_OK ? find(key, reason) : result;
}

int dtls_pkix_key_open(const struct dtls_pkix_key_settings *settings, struct dtls_pkix_key **out, char *reason)
{
    struct dtls_pkix_key *key = calloc(1, sizeof *key);

    *out = NULL;
    if (key == NULL || pthread_mutex_init(&key->lock, NULL) != 0) {
        free(key);
        return say(reason, DTLS_ERR_NO_MEMORY, "%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    }
    int result = look(key, settings, reason);
    if (result != DTLS_OK)
        dtls_pkix_key_close(key);
    else
        *out = key;
    return result;
}

void dtls_pkix_key_close(struct dtls_pkix_key *key)
{
    if (key == NULL)
        return;
    drop(key);
    pthread_mutex_destroy(&key->lock);
    dtls_pkix_uri_clear(&key->uri);
    free(key);
}

int dtls_pkix_key_sign(struct dtls_pkix_key *key, const struct dtls_sign_request *request, uint8_t *out, size_t *len,
                       char *reason)
{
    const struct way *way = way_of(request->scheme);

    *len = 0;
    if (way == NULL)
        return say(reason, DTLS_ERR_ARGUMENT, "no way to sign with scheme 0x%04x", request->scheme);
    pthread_mutex_lock(&key->lock);
    int result = sign(key, way, request, out, len, reason);
    pthread_mutex_unlock(&key->lock);
    return result;
}

/* ---- is it the certificate's? ---- */

static int say_mismatch(char *reason)
{
    return say(reason, DTLS_ERR_KEY_MISMATCH, "the token's key is not the one of the certificate");
}

static int check_way(struct dtls_pkix_key *key, gnutls_pubkey_t public, const struct way *way, char *reason)
{
    static const char message[] = "libdtls asks whether this is the key of a certificate";
    const struct dtls_sign_request request = { .scheme = way->scheme,
                                               .message = { (const uint8_t *)message, sizeof message - 1 } };
    uint8_t signature[DTLS_SIGNATURE_LARGEST];
    size_t len;
    int result = dtls_pkix_key_sign(key, &request, signature, &len, reason);

    if (result != DTLS_OK)
        return result;
    const gnutls_datum_t said = datum(request.message), signed_with = { signature, (unsigned)len };
    return gnutls_pubkey_verify_data2(public, way->algorithm, 0, &said, &signed_with) < 0 ? say_mismatch(reason)
                                                                                          : DTLS_OK;
}

static bool is_of_kind(struct dtls_pkix_key *key, gnutls_pk_algorithm_t kind)
{
    pthread_mutex_lock(&key->lock);
    bool is = key->handle == NULL || gnutls_privkey_get_pk_algorithm(key->handle, NULL) == (int)kind;
    pthread_mutex_unlock(&key->lock);
    return is;
}

/* A token need not have the public key: so it signs. Of each kind of signature one is enough. */
static int check(struct dtls_pkix_key *key, gnutls_pubkey_t public, char *reason)
{
    unsigned bits = 0;
    gnutls_pk_algorithm_t kind = (gnutls_pk_algorithm_t)gnutls_pubkey_get_pk_algorithm(public, &bits);
    const char *before = NULL;
    int result = is_of_kind(key, kind) ? DTLS_OK : say_mismatch(reason);

    for (size_t i = 0; result == DTLS_OK && i < sizeof ways / sizeof ways[0]; i++) {
        bool another = ways[i].pk == kind && (before == NULL || strcmp(before, ways[i].words) != 0);
        if (another)
            result = check_way(key, public, &ways[i], reason);
        before = another ? ways[i].words : before;
    }
    if (result == DTLS_OK && before == NULL)
        return say(reason, DTLS_ERR_BAD_KEY, "%s", dtls_error_string(DTLS_ERR_BAD_KEY));
    return result;
}

int dtls_pkix_key_check(struct dtls_pkix_key *key, const struct dtls_identity *identity, char *reason)
{
    const gnutls_datum_t info = datum(dtls_identity_key_info(identity));
    gnutls_pubkey_t public;

    if (gnutls_pubkey_init(&public) < 0)
        return say(reason, DTLS_ERR_NO_MEMORY, "%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    int result = gnutls_pubkey_import(public, &info, GNUTLS_X509_FMT_DER) < 0
                     ? say(reason, DTLS_ERR_BAD_X509, "%s", dtls_error_string(DTLS_ERR_BAD_X509))
                     : check(key, public, reason);
    gnutls_pubkey_deinit(public);
    return result;
}

/* ---- an identity of it ---- */

static void answer(void *arg, struct dtls_question *question, const struct dtls_sign_request *request)
{
    uint8_t signature[DTLS_SIGNATURE_LARGEST];
    char reason[DTLS_REASON_MAX];
    size_t len;

    if (dtls_pkix_key_sign(arg, request, signature, &len, reason) == DTLS_OK)
        dtls_question_answer_signature(question, signature, len);
    else
        dtls_question_refuse_signature(question, reason);
}

static void release(void *arg)
{
    dtls_pkix_key_close(arg);
}

static int identity_of(struct dtls_pkix_key *key, const char *certificates, size_t len, struct dtls_identity **out,
                       char *reason)
{
    int result = dtls_identity_from_signer(certificates, len, answer, key, out);

    if (result != DTLS_OK)
        return say(reason, result, "the certificate: %s", dtls_error_string(result));
    result = dtls_pkix_key_check(key, *out, reason);
    if (result == DTLS_OK) {
        dtls_identity_release_signer(*out, release);
        return DTLS_OK;
    }
    dtls_identity_free(*out);
    *out = NULL;
    return result;
}

/* The certificates as PEM; to be freed with free, also after an error. */
static int fetch_chain(struct dtls_pkix_key *key, const char *text, char **pem, size_t *len, char *reason)
{
    gnutls_x509_crt_t *chain = NULL;
    struct dtls_pkix_uri uri;
    unsigned count = 0;
    int result = dtls_pkix_uri_read(text, &uri, reason);

    if (result != DTLS_OK)
        return result;
    int got = gnutls_x509_crt_list_import_url(&chain, &count, uri.object, give_pin, key, 0);
    if (got < 0)
        result = say_trouble(key, got, "certificate in the token", reason);
    else if ((result = dtls_pkix_write_chain(chain, count, pem, len)) != DTLS_OK)
        say(reason, result, "%s", dtls_error_string(result));
    for (unsigned i = 0; got >= 0 && i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    dtls_pkix_uri_clear(&uri);
    return result;
}

int dtls_pkix_identity_from_pkcs11(const char *certificates, size_t certificates_len,
                                   const struct dtls_pkix_key_settings *settings, struct dtls_identity **out,
                                   char *reason)
{
    struct dtls_pkix_key *key;
    char *pem = NULL;

    *out = NULL;
    int result = dtls_pkix_key_open(settings, &key, reason);
    if (key == NULL)
        return result;
    if (dtls_pkix_is_uri(certificates, certificates_len)) {
        char *uri = strndup(certificates, certificates_len);
        result = uri == NULL ? say(reason, DTLS_ERR_NO_MEMORY, "%s", dtls_error_string(DTLS_ERR_NO_MEMORY))
                             : fetch_chain(key, uri, &pem, &certificates_len, reason);
        if (uri != NULL)
            explicit_bzero(uri, strlen(uri)); /* it may have a PIN */
        free(uri);
    }
    if (result == DTLS_OK)
        result = identity_of(key, pem != NULL ? pem : certificates, certificates_len, out, reason);
    free(pem);
    if (result != DTLS_OK)
        dtls_pkix_key_close(key);
    return result;
}
