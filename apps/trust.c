/* trust.c - authorities and wrapped keys, as the options name them. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "apps/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/complain.h"
#include "dtls/pkix.h"

struct trust {
    struct dtls_pkix_trust *authorities;
    struct dtls_pkix *pkix;
    struct dtls_fingerprint pinned;
};

void trust_check(const struct settings *settings)
{
    if (settings->ca == NULL && settings->crl != NULL)
        refuse("--crl needs --ca");
    if (settings->ca != NULL && settings->raw_public_key)
        refuse("--ca and --raw-public-key contradict each other: authorities vouch for no raw key");
    if (settings->pkcs12 != NULL && (settings->cert != NULL || settings->key != NULL))
        refuse("--pkcs12 brings certificate and key: it does not go with --cert and --key");
    if (settings->key_password != NULL && settings->cert == NULL && settings->pkcs12 == NULL)
        refuse("--key-password needs --cert or --pkcs12");
    if (settings_is_token(settings->cert) && !settings_is_token(settings->key))
        refuse("--cert pkcs11:... needs its key in the token: --key pkcs11:...");
}

static const char *words_of(int error)
{
    return error == DTLS_PKIX_ERR_SYSTEM ? strerror(errno) : dtls_error_string(error);
}

static int add_authorities(struct dtls_pkix_trust *authorities, const char *from)
{
    struct stat about;

    if (strcmp(from, "system") == 0)
        return dtls_pkix_trust_add_system(authorities, NULL);
    if (stat(from, &about) == 0 && S_ISDIR(about.st_mode))
        return dtls_pkix_trust_add_directory(authorities, from, NULL);
    return dtls_pkix_trust_add_file(authorities, from, NULL);
}

struct trust *trust_new(const struct settings *settings, enum dtls_role role, const char *host)
{
    const struct dtls_pkix_settings wanted = { .role = role, .name = settings->name != NULL ? settings->name : host };
    struct trust *trust = NULL;

    if (settings->ca == NULL)
        return NULL;
    trust = calloc(1, sizeof *trust);
    if (trust == NULL || dtls_pkix_trust_new(&trust->authorities) != DTLS_OK)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    int error = add_authorities(trust->authorities, settings->ca);
    if (error != DTLS_OK)
        refuse("--ca %s: %s", settings->ca, words_of(error));
    if (settings->crl != NULL &&
        (error = dtls_pkix_trust_add_crl_file(trust->authorities, settings->crl, NULL)) != DTLS_OK)
        refuse("--crl %s: %s", settings->crl, words_of(error));
    const char *problem = dtls_pkix_problem(trust->authorities, &wanted);
    if (problem != NULL)
        refuse("--ca, --name: %s", problem);
    error = dtls_pkix_new(trust->authorities, &wanted, &trust->pkix);
    if (error != DTLS_OK)
        refuse("%s", dtls_error_string(error));
    return trust;
}

void trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    dtls_pkix_free(trust->pkix);
    dtls_pkix_trust_free(trust->authorities);
    free(trust);
}

void trust_configure(struct trust *trust, const struct settings *settings, struct dtls_config *config)
{
    config->verifier = dtls_pkix_verifier(trust->pkix);
    config->request_status = true;
    if (!settings->pin.given)
        return;
    trust->pinned.hash = DTLS_FINGERPRINT_SHA_256;
    memcpy(trust->pinned.bytes, settings->pin.fingerprint, DTLS_FINGERPRINT_LEN);
    config->fingerprints = &trust->pinned;
    config->fingerprint_count = 1;
}

/* ---- who we are ---- */

enum { MOST = 1 << 20 };

static struct dtls_identity *told(int error, const char *path, struct dtls_identity *identity, struct files_why *why)
{
    if (error != DTLS_OK)
        snprintf(why->words, sizeof why->words, "%s: %s", path, dtls_error_string(error));
    return error == DTLS_OK ? identity : NULL;
}

struct dtls_identity *trust_pkcs12(const char *path, const char *password, struct files_why *why)
{
    static char file[MOST];
    struct dtls_identity *identity = NULL;
    ssize_t len = files_read(path, file, sizeof file, why);

    if (len < 0)
        return NULL;
    int error = dtls_pkix_identity_from_pkcs12(file, (size_t)len, password, &identity);
    explicit_bzero(file, (size_t)len);
    return told(error, path, identity, why);
}

struct dtls_identity *trust_encrypted(const char *cert, const char *key, const char *password, struct files_why *why)
{
    static char cert_text[MOST], key_text[MOST];
    struct dtls_identity *identity = NULL;
    ssize_t cert_len = files_read(cert, cert_text, sizeof cert_text, why);
    ssize_t key_len = cert_len < 0 ? -1 : files_read(key != NULL ? key : cert, key_text, sizeof key_text, why);

    if (key_len < 0)
        return NULL;
    int error =
        dtls_pkix_identity_from_pem(cert_text, (size_t)cert_len, key_text, (size_t)key_len, password, &identity);
    explicit_bzero(cert_text, (size_t)cert_len);
    explicit_bzero(key_text, (size_t)key_len);
    return told(error, key != NULL ? key : cert, identity, why);
}

struct dtls_identity *trust_token(const char *cert, const char *key, const char *pin, struct files_why *why)
{
    static char text[MOST];
    const struct dtls_pkix_key_settings token = { .uri = key, .pin = pin };
    struct dtls_identity *identity = NULL;
    char reason[DTLS_REASON_MAX];
    bool in_file = !settings_is_token(cert);
    ssize_t len = in_file ? files_read(cert, text, sizeof text, why) : (ssize_t)strlen(cert);

    if (len < 0)
        return NULL;
    if (dtls_pkix_identity_from_pkcs11(in_file ? text : cert, (size_t)len, &token, &identity, reason) != DTLS_OK)
        snprintf(why->words, sizeof why->words, "--key %.*s: %s", (int)strcspn(key, "?"), key, reason); /* no PIN */
    return identity;
}
