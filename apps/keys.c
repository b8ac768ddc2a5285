/* keys.c - reads lines of IDENTITY:HEXKEY, and looks identities up. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "apps/keys.h"

#include <stdlib.h>
#include <string.h>

#include "apps/complain.h"
#include "apps/files.h"

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Two digits for each byte; false for anything else, or for no byte at all. */
static bool read_hex(const char *text, size_t len, struct key *key)
{
    if (len == 0 || len % 2 != 0 || len / 2 > sizeof key->key)
        return false;
    for (size_t i = 0; i < len; i++) {
        int value = digit(text[i]);
        if (value < 0)
            return false;
        key->key[i / 2] = (uint8_t)(key->key[i / 2] << 4 | value);
    }
    key->key_len = len / 2;
    return true;
}

/* The last colon is in front of the key: an identity may have some. */
static bool read_one(const char *text, size_t len, struct key *key)
{
    size_t colon = len;

    *key = (struct key){ 0 };
    while (colon > 0 && text[colon - 1] != ':')
        colon--;
    if (colon == 0 || colon - 1 > sizeof key->identity || !read_hex(text + colon, len - colon, key))
        return false;
    key->identity_len = colon - 1;
    memcpy(key->identity, text, key->identity_len);
    return true;
}

static bool add(struct keys *keys, const char *text, size_t len)
{
    struct key *more = realloc(keys->at, (keys->count + 1) * sizeof *more);

    if (more == NULL)
        refuse("%s", dtls_error_string(DTLS_ERR_NO_MEMORY));
    keys->at = more;
    if (!read_one(text, len, &more[keys->count]))
        return false;
    keys->count++;
    return true;
}

/* Empty lines, and those that begin with #, are for the reader. */
static void add_file(struct keys *keys, const char *path)
{
    char *text = files_text(path);
    size_t number = 1;

    for (const char *line = text; *line != '\0'; number++) {
        size_t len = strcspn(line, "\n"), end = len > 0 && line[len - 1] == '\r' ? len - 1 : len;
        if (end > 0 && line[0] != '#' && !add(keys, line, end))
            refuse("%s: line %zu is no IDENTITY:HEXKEY (up to %d and %d bytes)", path, number, DTLS_PSK_MAX_IDENTITY,
                   DTLS_PSK_MAX_KEY);
        line += len + (line[len] == '\n');
    }
    explicit_bzero(text, strlen(text));
    free(text);
    if (keys->count == 0)
        refuse("%s: there is no IDENTITY:HEXKEY in it", path);
}

const char *keys_read(const struct option_row *row, const char *text, void *to)
{
    (void)row;
    if (text[0] == '@') {
        add_file(to, text + 1);
        return NULL;
    }
    return add(to, text, strlen(text))
               ? NULL
               : "IDENTITY:HEXKEY with 1 to 64 bytes of key and up to 255 of identity, or @FILE";
}

void keys_answer(void *keys, struct dtls_question *question, struct dtls_bytes identity)
{
    const struct keys *all = keys;

    for (size_t i = 0; i < all->count; i++) {
        const struct key *key = &all->at[i];
        if (key->identity_len != identity.len ||
            (identity.len > 0 && memcmp(key->identity, identity.at, identity.len) != 0))
            continue;
        dtls_question_answer_psk(question, &(struct dtls_psk){ .key = { key->key, key->key_len } });
        return;
    }
    dtls_question_answer_psk(question, NULL);
}

void keys_free(struct keys *keys)
{
    if (keys->at != NULL)
        explicit_bzero(keys->at, keys->count * sizeof *keys->at);
    free(keys->at);
    *keys = (struct keys){ 0 };
}
