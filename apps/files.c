/* files.c - identities, sessions and key logs on disk. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "apps/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apps/complain.h"

enum {
    LARGEST_FILE = 1 << 20,
    DAY_S = 24 * 60 * 60,
};

/* The first `cap` bytes of a file; -1 with errno. */
static ssize_t read_file(const char *path, char *out, size_t cap)
{
    size_t len = 0;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    while ((got = read(fd, out + len, cap - len)) > 0)
        len += (size_t)got;
    int reason = errno;
    close(fd);
    errno = reason;
    return got < 0 ? -1 : (ssize_t)len;
}

ssize_t files_read(const char *path, char *out, size_t cap, struct files_why *why)
{
    ssize_t got = read_file(path, out, cap);

    if (got < 0)
        snprintf(why->words, sizeof why->words, "%s: %s", path, strerror(errno));
    if (got < (ssize_t)cap)
        return got;
    snprintf(why->words, sizeof why->words, "%s: longer than %zu KiB, it cannot be what is wanted here", path,
             cap >> 10);
    explicit_bzero(out, cap);
    return -1;
}

char *files_text(const char *path)
{
    struct files_why why;
    char *text = malloc(LARGEST_FILE + 1);

    if (text == NULL)
        refuse("%s: %s", path, dtls_error_string(DTLS_ERR_NO_MEMORY));
    ssize_t len = files_read(path, text, LARGEST_FILE, &why);
    if (len < 0)
        refuse("%s", why.words);
    text[len] = '\0';
    return text;
}

static struct dtls_identity *make_identity(struct files_why *why)
{
    struct dtls_identity *identity;
    int64_t now = (int64_t)time(NULL);
    int error =
        dtls_identity_generate(DTLS_KEY_ECDSA_P256, "libdtls", now - DAY_S, now + 30 * DAY_S, NULL, NULL, &identity);

    if (error != DTLS_OK)
        snprintf(why->words, sizeof why->words, "cannot make a certificate: %s", dtls_error_string(error));
    return identity;
}

static size_t count_blocks(const char *text, size_t len)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    size_t count = 0;

    for (size_t i = 0; i + sizeof begin - 1 <= len; i++)
        if (memcmp(text + i, begin, sizeof begin - 1) == 0)
            count++;
    return count;
}

/* Which of the two files is to blame? */
static void blame(int error, const char *cert, const char *key, bool has_certificate, struct files_why *why)
{
    const char *words = dtls_error_string(error);

    if (error == DTLS_ERR_KEY_MISMATCH)
        snprintf(why->words, sizeof why->words, "%s and %s: %s", cert, key, words);
    else if (error == DTLS_ERR_BAD_PEM && cert == key)
        snprintf(why->words, sizeof why->words,
                 "%s: needs a certificate and its private key, both in PEM (or give --key FILE too)", cert);
    else if (error == DTLS_ERR_BAD_KEY || error == DTLS_ERR_ENCRYPTED_KEY ||
             (error == DTLS_ERR_BAD_PEM && has_certificate))
        snprintf(why->words, sizeof why->words, "%s: %s", key, words);
    else
        snprintf(why->words, sizeof why->words, "%s: %s", cert, words);
}

struct dtls_identity *files_identity(const char *cert, const char *key, struct files_why *why)
{
    static char cert_text[LARGEST_FILE], key_text[LARGEST_FILE];
    struct dtls_identity *identity = NULL;

    if (cert == NULL)
        return make_identity(why);
    if (key == NULL)
        key = cert;
    ssize_t cert_len = files_read(cert, cert_text, sizeof cert_text, why);
    ssize_t key_len = cert_len >= 0 ? files_read(key, key_text, sizeof key_text, why) : -1;
    if (key_len >= 0) {
        int error = dtls_identity_from_pem(cert_text, (size_t)cert_len, key_text, (size_t)key_len, &identity);
        if (error != DTLS_OK)
            blame(error, cert, key, count_blocks(cert_text, (size_t)cert_len) > 0, why);
    }
    explicit_bzero(cert_text, cert_len > 0 ? (size_t)cert_len : 0);
    explicit_bzero(key_text, key_len > 0 ? (size_t)key_len : 0);
    return identity;
}

bool files_ticket_keys(const char *path, struct dtls_ticket_keys *keys, struct files_why *why)
{
    char text[8192];
    size_t line;
    ssize_t len = files_read(path, text, sizeof text, why);
    bool good = len >= 0 && dtls_ticket_keys_read(keys, text, (size_t)len, &line) == DTLS_OK;

    if (len >= 0 && !good && line == 0)
        snprintf(why->words, sizeof why->words, "%s: there is no key in it", path);
    else if (len >= 0 && !good)
        snprintf(why->words, sizeof why->words, "%s: line %zu is no key: 96 hexadecimal digits (see docs/fleet.md)",
                 path, line);
    explicit_bzero(text, sizeof text);
    return good;
}

/* A new private file beside `path`, open to write; its name is the caller's to free. -1 with errno. */
static int open_beside(const char *path, char **name)
{
    size_t len = strlen(path) + sizeof ".XXXXXX";

    *name = malloc(len);
    if (*name == NULL)
        return -1;
    snprintf(*name, len, "%s.XXXXXX", path);
    return mkstemp(*name);
}

/* Writes it whole or not at all; what is at `path` stays in the second case. */
static bool replace_file(const char *path, const uint8_t *bytes, size_t len)
{
    char *beside;
    int fd = open_beside(path, &beside);

    bool kept = fd >= 0 && write(fd, bytes, len) == (ssize_t)len && rename(beside, path) == 0;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !kept)
        unlink(beside);
    free(beside);
    errno = reason;
    return kept;
}

bool files_keep_session(const char *path, const struct dtls_session *session)
{
    uint8_t bytes[DTLS_SESSION_MAX];
    size_t len;

    errno = EINVAL;
    bool kept = dtls_session_write(session, bytes, sizeof bytes, &len) == DTLS_OK && replace_file(path, bytes, len);
    explicit_bzero(bytes, sizeof bytes);
    return kept;
}

static void check_place(const char *path)
{
    char *beside;
    int fd = open_beside(path, &beside);

    if (fd < 0)
        refuse("%s: cannot be written: %s", path, strerror(errno));
    close(fd);
    unlink(beside);
    free(beside);
}

struct dtls_session *files_session(const char *path)
{
    struct dtls_session *session = NULL;
    char bytes[DTLS_SESSION_MAX + 1];
    ssize_t len = read_file(path, bytes, sizeof bytes);

    if (len < 0 && errno != ENOENT)
        refuse("%s: %s", path, strerror(errno));
    if (len >= 0 && dtls_session_read((const uint8_t *)bytes, (size_t)len, &session) != DTLS_OK)
        refuse("%s: %s", path, dtls_error_string(DTLS_ERR_BAD_SESSION));
    explicit_bzero(bytes, sizeof bytes);
    check_place(path);
    return session;
}

FILE *files_open_keylog(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "a") : NULL;

    if (file == NULL)
        refuse("%s: %s", path, strerror(errno));
    return file;
}

void files_keylog(void *file, const char *line)
{
    fprintf(file, "%s\n", line);
    fflush(file);
}
