/* pkix_pkcs11_uri.c - takes a pkcs11: URI apart (RFC 7512): the PIN and the module come out of it, and what is left
 * names the object alone. Knows no token. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/pkix_internal.h"

static const char scheme[] = "pkcs11:";

bool dtls_pkix_is_uri(const char *text, size_t len)
{
    return len >= sizeof scheme - 1 && memcmp(text, scheme, sizeof scheme - 1) == 0;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A copy of it with what its percent signs stand for; to be freed. NULL: one stands for nothing, or for a NUL, or there
 * is no memory. */
static char *decode(struct dtls_bytes text)
{
    char *out = malloc(text.len + 1);
    size_t used = 0;

    for (size_t i = 0; out != NULL && i < text.len; i++) {
        int c = text.at[i];
        if (c == '%') {
            int high = i + 2 < text.len ? digit_of((char)text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? digit_of((char)text.at[i + 2]) : -1;
            c = high < 0 || low < 0 ? 0 : high << 4 | low;
            i += 2;
        }
        if (c == 0) {
            explicit_bzero(out, used); /* of a PIN, perhaps */
            free(out);
            return NULL;
        }
        out[used++] = (char)c;
    }
    if (out != NULL)
        out[used] = '\0';
    return out;
}

/* The next piece of a list; false: that was all. */
static bool next(const char **list, const char *between, struct dtls_bytes *piece)
{
    if (**list == '\0')
        return false;
    piece->at = (const uint8_t *)*list;
    piece->len = strcspn(*list, between);
    *list += piece->len;
    *list += **list != '\0';
    return true;
}

/* "NAME=VALUE"? Then it is VALUE afterwards. */
static bool take_name(struct dtls_bytes *piece, const char *name)
{
    size_t len = strlen(name);

    if (piece->len <= len || memcmp(piece->at, name, len) != 0 || piece->at[len] != '=')
        return false;
    piece->at += len + 1;
    piece->len -= len + 1;
    return true;
}

static int say(char *reason, int error, const char *words)
{
    snprintf(reason, DTLS_REASON_MAX, "%s", words);
    return error;
}

/* "/PATH", "file:/PATH" or "file:///PATH": where the path begins; NULL in any other. */
static const char *path_in(const char *source)
{
    const char *path = strchr(source, '/');

    if (path == NULL || path == source)
        return path;
    if (path - source != 5 || memcmp(source, "file:", 5) != 0)
        return NULL;
    if (path[1] != '/')
        return path;
    return path[2] == '/' ? path + 2 : NULL; /* else a host comes first */
}

/* The first line of the file that pin-source names. */
static int read_source(const char *source, char **pin, char *reason)
{
    const char *path = path_in(source);
    size_t len;

    if (path == NULL)
        return say(reason, DTLS_ERR_ARGUMENT, "pin-source is no file: only file:/PATH is taken");
    uint8_t *text = dtls_pkix_read_file(path, &len);
    if (text == NULL) {
        snprintf(reason, DTLS_REASON_MAX, "pin-source %.100s: %.60s", path, strerror(errno));
        return DTLS_PKIX_ERR_SYSTEM;
    }
    size_t line = strcspn((const char *)text, "\r\n");
    *pin = malloc(line + 1);
    if (*pin != NULL) {
        memcpy(*pin, text, line);
        (*pin)[line] = '\0';
    }
    explicit_bzero(text, len);
    free(text);
    return *pin == NULL ? say(reason, DTLS_ERR_NO_MEMORY, dtls_error_string(DTLS_ERR_NO_MEMORY)) : DTLS_OK;
}

/* One that may be there once: no name has two values, and a PIN one source. */
static int take_once(struct dtls_bytes value, char **to, char *reason)
{
    if (*to != NULL)
        return say(reason, DTLS_ERR_ARGUMENT, "the URI says twice where the PIN, or the module, is");
    *to = decode(value);
    return *to != NULL ? DTLS_OK : say(reason, DTLS_ERR_ARGUMENT, "a percent sign in the URI stands for no character");
}

static int take_query(const char *query, struct dtls_pkix_uri *out, char *reason)
{
    size_t used = strlen(out->object);
    char between = '?';
    struct dtls_bytes piece;
    int result = DTLS_OK;

    while (result == DTLS_OK && next(&query, "&", &piece)) {
        if (take_name(&piece, "pin-value")) {
            result = take_once(piece, &out->pin, reason);
        } else if (take_name(&piece, "module-path")) {
            result = take_once(piece, &out->module, reason);
        } else if (take_name(&piece, "pin-source")) {
            char *source = NULL;
            result = out->pin != NULL ? take_once(piece, &out->pin, reason) : take_once(piece, &source, reason);
            if (result == DTLS_OK)
                result = read_source(source, &out->pin, reason);
            free(source);
        } else { /* what it may be is for others to know */
            out->object[used++] = between;
            memcpy(out->object + used, piece.at, piece.len);
            out->object[used += piece.len] = '\0';
            between = '&';
        }
    }
    return result;
}

static bool names_object(const char *path)
{
    struct dtls_bytes piece;

    while (next(&path, ";", &piece))
        if (take_name(&piece, "object") || take_name(&piece, "id"))
            return true;
    return false;
}

int dtls_pkix_uri_read(const char *uri, struct dtls_pkix_uri *out, char *reason)
{
    size_t len = strlen(uri), path_len = strcspn(uri, "?");

    *out = (struct dtls_pkix_uri){ 0 };
    if (!dtls_pkix_is_uri(uri, len))
        return say(reason, DTLS_ERR_ARGUMENT, "this is no pkcs11: URI");
    out->object = malloc(len + 1);
    if (out->object == NULL)
        return say(reason, DTLS_ERR_NO_MEMORY, dtls_error_string(DTLS_ERR_NO_MEMORY));
    memcpy(out->object, uri, path_len);
    out->object[path_len] = '\0';
    int result = names_object(out->object + sizeof scheme - 1)
                     ? take_query(uri + path_len + (uri[path_len] == '?'), out, reason)
                     : say(reason, DTLS_ERR_ARGUMENT, "the URI names no object: it needs object= or id=");
    if (result != DTLS_OK)
        dtls_pkix_uri_clear(out);
    return result;
}

void dtls_pkix_uri_clear(struct dtls_pkix_uri *uri)
{
    if (uri->pin != NULL)
        explicit_bzero(uri->pin, strlen(uri->pin));
    free(uri->pin);
    free(uri->module);
    free(uri->object);
    *uri = (struct dtls_pkix_uri){ 0 };
}
