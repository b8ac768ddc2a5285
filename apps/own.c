/* own.c - who a program is: reads what its options name, and puts it together. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "apps/own.h"

#include <stdlib.h>
#include <string.h>

enum { PASSWORD_MOST = 1024, RESPONSE_MOST = 65536 };

/* "env:NAME", or a file, of which the first line counts. False: `why` says what is wrong. */
static bool read_password(const char *from, char out[PASSWORD_MOST], struct files_why *why)
{
    if (strncmp(from, "env:", 4) != 0) {
        ssize_t len = files_read(from, out, PASSWORD_MOST, why);
        if (len >= 0)
            out[len] = '\0';
        out[len < 0 ? 0 : strcspn(out, "\r\n")] = '\0';
        return len >= 0;
    }
    const char *value = getenv(from + 4);
    size_t len = value == NULL ? 0 : strlen(value);
    if (value == NULL || len >= PASSWORD_MOST) {
        snprintf(why->words, sizeof why->words, "--key-password %s: %s", from, value == NULL ? "not set" : "too long");
        return false;
    }
    memcpy(out, value, len + 1);
    return true;
}

static struct dtls_identity *read_identity(const struct settings *settings, struct files_why *why)
{
    char password[PASSWORD_MOST] = "";
    const char *given = settings->key_password != NULL ? password : NULL;
    struct dtls_identity *identity = NULL;

    if (settings->pkcs12 == NULL && given == NULL && !settings_have_token(settings))
        return files_identity(settings->cert, settings->key, why);
    if (given != NULL && !read_password(settings->key_password, password, why))
        return NULL;
    if (settings->pkcs12 != NULL)
        identity = trust_pkcs12(settings->pkcs12, given, why);
    else if (settings_have_token(settings))
        identity = trust_token(settings->cert, settings->key, given, why);
    else
        identity = trust_encrypted(settings->cert, settings->key, given, why);
    explicit_bzero(password, sizeof password);
    return identity;
}

struct dtls_identity *own_identity(const struct settings *settings, struct files_why *why)
{
    static char response[RESPONSE_MOST];
    struct dtls_identity *identity = read_identity(settings, why);

    if (identity == NULL || settings->ocsp_response == NULL)
        return identity;
    ssize_t len = files_read(settings->ocsp_response, response, sizeof response, why);
    int error = len < 0 ? DTLS_OK : dtls_identity_set_ocsp_response(identity, (const uint8_t *)response, (size_t)len);
    if (len > 0 && error == DTLS_OK)
        return identity;
    if (len >= 0)
        snprintf(why->words, sizeof why->words, "%s: %s", settings->ocsp_response,
                 len == 0 ? "empty" : dtls_error_string(error));
    dtls_identity_free(identity);
    return NULL;
}
