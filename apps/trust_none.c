/* trust_none.c - the programs without libdtls-pkix. */
#include "apps/complain.h"
#include "apps/trust.h"

void trust_check(const struct settings *settings)
{
    const char *option = settings->ca != NULL             ? "ca"
                         : settings->crl != NULL          ? "crl"
                         : settings->pkcs12 != NULL       ? "pkcs12"
                         : settings->key_password != NULL ? "key-password"
                         : settings_have_token(settings)  ? "key pkcs11:..."
                                                          : NULL;

    if (option != NULL)
        refuse("--%s: this program was built without libdtls-pkix (meson option pkix, which needs GnuTLS)", option);
}

struct trust *trust_new(const struct settings *settings, enum dtls_role role, const char *host)
{
    (void)settings;
    (void)role;
    (void)host;
    return NULL;
}

void trust_free(struct trust *trust)
{
    (void)trust;
}

void trust_configure(struct trust *trust, const struct settings *settings, struct dtls_config *config)
{
    (void)trust;
    (void)settings;
    (void)config;
}

struct dtls_identity *trust_pkcs12(const char *path, const char *password, struct files_why *why)
{
    (void)password;
    snprintf(why->words, sizeof why->words, "%s: no libdtls-pkix", path);
    return NULL;
}

struct dtls_identity *trust_encrypted(const char *cert, const char *key, const char *password, struct files_why *why)
{
    (void)key;
    return trust_pkcs12(cert, password, why);
}

struct dtls_identity *trust_token(const char *cert, const char *key, const char *pin, struct files_why *why)
{
    (void)key;
    return trust_pkcs12(cert, pin, why);
}
