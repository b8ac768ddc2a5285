/* names.c - names, identities and protocols out of options and files. */
#include "apps/names.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "apps/files.h"

struct names {
    struct dtls_named_identity rows[SETTINGS_MOST_NAMES];
    size_t count;
    char *texts[SETTINGS_MOST_NAMES + 1]; /* that rows and protocols are views of */
    size_t text_count;
    const char *protocols[DTLS_MAX_ALPN];
    uint8_t authorities[DTLS_AUTHORITIES_MAX];
};

static char *keep(struct names *names, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);

    if (copy == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    memcpy(copy, text, size);
    names->texts[names->text_count++] = copy;
    return copy;
}

/* NAME=CERT[,KEY] */
static void add_identity(struct names *names, const char *text)
{
    char *name = keep(names, text), *cert = strchr(name, '='), *key;
    struct files_why why;

    if (cert == NULL || cert == name || cert[1] == '\0')
        refuse("--sni-cert '%s' is not NAME=CERT[,KEY]", text);
    *cert++ = '\0';
    key = strchr(cert, ',');
    if (key != NULL)
        *key++ = '\0';
    struct dtls_identity *identity = files_identity(cert, key, &why);
    if (identity == NULL)
        refuse("%s", why.words);
    names->rows[names->count++] = (struct dtls_named_identity){ name, identity };
}

static size_t split_protocols(struct names *names, const char *text)
{
    char *at = keep(names, text);

    for (size_t count = 0;; count++) {
        size_t len = strcspn(at, ",");
        bool last = at[len] == '\0';
        if (len == 0 || len > 255 || count == DTLS_MAX_ALPN)
            refuse("--alpn '%s' is not a comma list of up to %d protocols of 1 to 255 bytes", text, DTLS_MAX_ALPN);
        at[len] = '\0';
        names->protocols[count] = at;
        if (last)
            return count + 1;
        at += len + 1;
    }
}

static size_t read_authorities(struct names *names, const char *path)
{
    char *text = files_text(path);
    size_t len = 0;
    int error = dtls_authorities_from_pem(text, strlen(text), names->authorities, sizeof names->authorities, &len);

    free(text);
    if (error == DTLS_ERR_BUFFER_TOO_SMALL)
        refuse("%s: the names of its certificates are above %d bytes", path, DTLS_AUTHORITIES_MAX);
    if (error != DTLS_OK)
        refuse("%s: %s", path, dtls_error_string(error));
    return len;
}

/* A certificate may be for one, a server's name is none. */
static bool is_address(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

struct names *names_configure(const struct settings *settings, struct dtls_config *config)
{
    struct names *names = calloc(1, sizeof *names);

    if (names == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    for (size_t i = 0; i < settings->sni_certs.count; i++)
        add_identity(names, settings->sni_certs.at[i]);
    config->identities = names->rows;
    config->identity_count = names->count;
    if (settings->name != NULL && !(settings->ca != NULL && is_address(settings->name)))
        config->server_name = settings->name;
    if (settings->alpn != NULL) {
        config->alpn_count = split_protocols(names, settings->alpn);
        config->alpn = names->protocols;
    }
    if (settings->client_ca != NULL)
        config->authorities = (struct dtls_bytes){ names->authorities, read_authorities(names, settings->client_ca) };
    return names;
}

void names_free(struct names *names)
{
    if (names == NULL)
        return;
    for (size_t i = 0; i < names->count; i++)
        dtls_identity_free((struct dtls_identity *)(uintptr_t)names->rows[i].identity);
    for (size_t i = 0; i < names->text_count; i++)
        free(names->texts[i]);
    free(names);
}

void names_fingerprint(const struct settings *settings, const struct dtls_identity *identity,
                       uint8_t out[DTLS_FINGERPRINT_LEN])
{
    if (settings->raw_public_key)
        dtls_identity_key_fingerprint(identity, out);
    else
        dtls_identity_fingerprint(identity, out);
}
