/* ticket_keys.c - sets of keys: made and rotated, sealed for a store, read from a file. Knows no clock. */
#include <string.h>

#include "bytes/reader.h"
#include "crypto/secret.h"
#include "handshake/sealed.h"

static const struct dtls_random system_random;

/* ---- rotation ---- */

#define LATEST_S (UINT64_MAX / 1000000 / 2) /* of microseconds; no time, but an error that was taken for one */

enum { MOST_PERIODS = 12 }; /* that a key opens beyond its own: with its successors' they fit into a set */

static void forget(struct dtls_ticket_keys *keys, uint64_t now_s)
{
    size_t kept = 0;

    for (size_t i = 0; i < keys->count; i++)
        if (keys->keys[i].accept_until == 0 || keys->keys[i].accept_until > now_s)
            keys->keys[kept++] = keys->keys[i];
    for (size_t i = kept; i < keys->count; i++)
        dtls_wipe(&keys->keys[i], sizeof keys->keys[i]);
    keys->count = kept;
}

/* Of this period and the next. What begins later comes from a clock that was wrong, or by other means: it does not
 * count. */
static const struct dtls_ticket_key *newest(const struct dtls_ticket_keys *keys, uint64_t now_s, uint32_t period_s)
{
    const struct dtls_ticket_key *found = NULL;

    for (size_t i = 0; i < keys->count; i++)
        if (keys->keys[i].issue_from <= now_s + 2 * (uint64_t)period_s &&
            (found == NULL || keys->keys[i].issue_from > found->issue_from))
            found = &keys->keys[i];
    return found;
}

static uint64_t distance(const struct dtls_ticket_key *key, uint64_t now_s)
{
    return key->issue_from > now_s ? key->issue_from - now_s : now_s - key->issue_from;
}

/* A place; in a full set that of the key which is furthest from now. */
static struct dtls_ticket_key *place_in(struct dtls_ticket_keys *keys, uint64_t now_s)
{
    struct dtls_ticket_key *furthest = &keys->keys[0];

    if (keys->count < DTLS_MAX_TICKET_KEYS)
        return &keys->keys[keys->count++];
    for (size_t i = 1; i < keys->count; i++)
        if (distance(&keys->keys[i], now_s) > distance(furthest, now_s))
            furthest = &keys->keys[i];
    return furthest;
}

static int make(struct dtls_ticket_key *key, uint64_t issue_from, uint64_t accept_until)
{
    if (dtls_random_bytes(&system_random, key->name, sizeof key->name) != DTLS_OK ||
        dtls_random_bytes(&system_random, key->key, sizeof key->key) != DTLS_OK)
        return DTLS_ERR_RANDOM;
    key->issue_from = issue_from;
    key->accept_until = accept_until;
    return DTLS_OK;
}

int dtls_ticket_keys_rotate(struct dtls_ticket_keys *keys, uint64_t now_s, uint32_t period_s, uint32_t lifetime_s,
                            bool *changed)
{
    int err = DTLS_OK;

    *changed = false;
    if (period_s == 0 || lifetime_s / period_s > MOST_PERIODS || now_s > LATEST_S || keys->count > DTLS_MAX_TICKET_KEYS)
        return DTLS_ERR_ARGUMENT;
    struct dtls_ticket_keys next = *keys;
    forget(&next, now_s);
    const struct dtls_ticket_key *last = newest(&next, now_s, period_s);
    bool one_seals = last != NULL && dtls_sealing_key(&next, now_s) != NULL;
    uint64_t from = !one_seals || last->issue_from + period_s <= now_s ? now_s : last->issue_from + period_s;
    for (; err == DTLS_OK && from <= now_s + period_s; from += period_s) /* this period's, and the next one's */
        err = make(place_in(&next, now_s), from, from + period_s + lifetime_s);
    if (err == DTLS_OK) {
        *changed = next.count != keys->count || memcmp(next.keys, keys->keys, sizeof next.keys) != 0;
        *keys = next;
    }
    dtls_wipe(&next, sizeof next);
    return err;
}

/* ---- through a store ---- */

enum { KEY_LEN = 16 + 32 + 8 + 8 };

static void write_key(struct dtls_writer *to, const struct dtls_ticket_key *key)
{
    dtls_write_bytes(to, dtls_view(key->name, sizeof key->name));
    dtls_write_bytes(to, dtls_view(key->key, sizeof key->key));
    dtls_write_u64(to, key->issue_from);
    dtls_write_u64(to, key->accept_until);
}

static void read_key(struct dtls_reader *from, struct dtls_ticket_key *key)
{
    struct dtls_bytes name = dtls_read_bytes(from, sizeof key->name), secret = dtls_read_bytes(from, sizeof key->key);

    key->issue_from = dtls_read_u64(from);
    key->accept_until = dtls_read_u64(from);
    if (from->broken || name.len != sizeof key->name || secret.len != sizeof key->key)
        return;
    memcpy(key->name, name.at, sizeof key->name);
    memcpy(key->key, secret.at, sizeof key->key);
}

int dtls_ticket_keys_seal(const struct dtls_ticket_keys *keys, const struct dtls_ticket_keys *by, uint64_t now_s,
                          uint8_t out[DTLS_SEALED_KEYS_MOST], size_t *len)
{
    struct dtls_writer to = dtls_writer_to(out + DTLS_SEALED_PREFIX, DTLS_MAX_TICKET_KEYS * KEY_LEN);
    const struct dtls_ticket_key *key = dtls_sealing_key(by, now_s);

    *len = 0;
    if (key == NULL || keys->count > DTLS_MAX_TICKET_KEYS)
        return DTLS_ERR_ARGUMENT;
    for (size_t i = 0; i < keys->count; i++)
        write_key(&to, &keys->keys[i]);
    int err = dtls_sealed_close(key, DTLS_SEALED_KEYS, dtls_view(NULL, 0), &dtls_heap, &system_random, out, to.len);
    if (err == DTLS_OK)
        *len = to.len + DTLS_SEALED_AROUND;
    else
        dtls_wipe(out, DTLS_SEALED_KEYS_MOST);
    return err;
}

int dtls_ticket_keys_open(struct dtls_ticket_keys *keys, const struct dtls_ticket_keys *by, uint64_t now_s,
                          struct dtls_bytes sealed)
{
    uint8_t plain[DTLS_MAX_TICKET_KEYS * KEY_LEN];
    struct dtls_ticket_keys read = { 0 };
    size_t len = 0;
    int err = dtls_sealed_open(by, now_s, DTLS_SEALED_KEYS, dtls_view(NULL, 0), &dtls_heap, sealed, plain, sizeof plain,
                               &len, NULL);

    if (err == DTLS_OK && len % KEY_LEN != 0)
        err = DTLS_ERR_BAD_SESSION;
    struct dtls_reader from = dtls_reader_of(dtls_view(plain, len));
    while (err == DTLS_OK && read.count < len / KEY_LEN)
        read_key(&from, &read.keys[read.count++]);
    if (err == DTLS_OK)
        *keys = read;
    dtls_wipe(plain, sizeof plain);
    dtls_wipe(&read, sizeof read);
    return err;
}

/* ---- as a text ---- */

static bool read_hex(const char **at, const char *end, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++, *at += 2) {
        int high = end - *at < 2 ? -1 : dtls_hex_digit((*at)[0]), low = high < 0 ? -1 : dtls_hex_digit((*at)[1]);
        if (low < 0)
            return false;
        out[i] = (uint8_t)(16 * high + low);
    }
    return true;
}

static void skip_blanks(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r'))
        (*at)++;
}

/* A number behind at least one blank. */
static bool read_time(const char **at, const char *end, uint64_t *out)
{
    const char *before = *at, *digits;

    skip_blanks(at, end);
    digits = *at;
    for (*out = 0; *at < end && **at >= '0' && **at <= '9' && *at - digits < 18; (*at)++)
        *out = *out * 10 + (uint64_t)(**at - '0');
    return digits > before && *at > digits;
}

static bool read_line(const char *at, const char *end, struct dtls_ticket_key *key)
{
    if (!read_hex(&at, end, key->name, sizeof key->name) || !read_hex(&at, end, key->key, sizeof key->key))
        return false;
    const char *rest = at;
    skip_blanks(&rest, end);
    if (rest == end)
        return true;
    if (!read_time(&at, end, &key->issue_from) || !read_time(&at, end, &key->accept_until))
        return false;
    skip_blanks(&at, end);
    return at == end;
}

static int read_lines(struct dtls_ticket_keys *keys, const char *at, const char *end, size_t *line)
{
    for (*line = 1; at < end; (*line)++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline != NULL ? newline : end;
        skip_blanks(&at, stop);
        if (at < stop && *at != '#' &&
            (keys->count == DTLS_MAX_TICKET_KEYS || !read_line(at, stop, &keys->keys[keys->count++])))
            return DTLS_ERR_ARGUMENT;
        at = newline != NULL ? newline + 1 : end;
    }
    *line = 0;
    return keys->count > 0 ? DTLS_OK : DTLS_ERR_ARGUMENT;
}

int dtls_ticket_keys_read(struct dtls_ticket_keys *keys, const char *text, size_t len, size_t *line)
{
    struct dtls_ticket_keys read = { 0 };
    int err = read_lines(&read, text, text + len, line);

    if (err == DTLS_OK)
        *keys = read;
    dtls_wipe(&read, sizeof read);
    return err;
}
