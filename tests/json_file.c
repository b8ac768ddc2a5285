/* json_file.c - one walker, skip_value, judges the text; everything else relies on its having been judged. */
#include "tests/json_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 4 << 20, MAX_DEPTH = 16 };

static struct json skip_space(struct json text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.at[0]) != NULL && text.at[0] != '\0')
        text.at++, text.len--;
    return text;
}

static bool take(struct json *text, char wanted)
{
    *text = skip_space(*text);
    if (text->len == 0 || text->at[0] != wanted)
        return false;
    text->at++, text->len--;
    return true;
}

static bool skip_string(struct json *text)
{
    if (!take(text, '"'))
        return false;
    for (; text->len > 0 && text->at[0] != '"'; text->at++, text->len--) {
        if ((unsigned char)text->at[0] < ' ' || (text->at[0] == '\\' && text->len < 2))
            return false;
        if (text->at[0] == '\\')
            text->at++, text->len--;
    }
    return take(text, '"');
}

/* A number, true, false or null. */
static bool skip_word(struct json *text)
{
    size_t len = 0;

    while (len < text->len && text->at[len] != '\0' &&
           strchr("-+.0123456789abcdefghijklmnopqrstuvwxyzE", text->at[len]) != NULL)
        len++;
    text->at += len;
    text->len -= len;
    return len > 0;
}

static bool skip_value(struct json *text, int depth)
{
    *text = skip_space(*text);
    if (text->len == 0 || depth > MAX_DEPTH)
        return false;
    if (text->at[0] == '"')
        return skip_string(text);
    if (text->at[0] != '{' && text->at[0] != '[')
        return skip_word(text);

    bool object = text->at[0] == '{';
    char last = object ? '}' : ']';
    text->at++, text->len--;
    if (take(text, last))
        return true;
    do {
        if (object && (!skip_string(text) || !take(text, ':')))
            return false;
        if (!skip_value(text, depth + 1))
            return false;
    } while (take(text, ','));
    return take(text, last);
}

/* Takes one value off the front. */
static struct json take_value(struct json *text)
{
    struct json value = skip_space(*text);

    *text = value;
    if (!skip_value(text, 0))
        return (struct json){ NULL, 0 };
    value.len -= text->len;
    return value;
}

bool json_file_read(const char *path, struct json *out)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(MAX_FILE);
    size_t len = file != NULL && text != NULL ? fread(text, 1, MAX_FILE, file) : 0;
    struct json rest = { text, len };

    if (file != NULL)
        fclose(file);
    *out = (struct json){ text, len };
    if (len > 0 && len < MAX_FILE && skip_value(&rest, 0) && skip_space(rest).len == 0)
        return true;
    json_file_free(out);
    return false;
}

void json_file_free(struct json *file)
{
    free((char *)file->at);
    *file = (struct json){ NULL, 0 };
}

struct json json_get(struct json object, const char *name)
{
    if (!take(&object, '{'))
        return (struct json){ NULL, 0 };
    do {
        struct json key = take_value(&object);
        if (!take(&object, ':'))
            break;
        struct json value = take_value(&object);
        if (json_is(key, name))
            return value;
    } while (take(&object, ','));
    return (struct json){ NULL, 0 };
}

bool json_next(struct json *array, struct json *item)
{
    if (!take(array, '[') && !take(array, ','))
        return false;
    *item = take_value(array);
    return item->len > 0;
}

bool json_is(struct json value, const char *text)
{
    size_t len = strlen(text);

    return value.len == len + 2 && value.at[0] == '"' && memcmp(value.at + 1, text, len) == 0;
}

long json_number(struct json value)
{
    char text[12] = "";
    char *end;

    if (value.len == 0 || value.len >= sizeof text)
        return -1;
    memcpy(text, value.at, value.len);
    long number = strtol(text, &end, 10);
    return *end == '\0' ? number : -1;
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

bool json_hex(struct json value, uint8_t **out, size_t *len)
{
    *out = NULL;
    *len = 0;
    if (value.len < 2 || value.len % 2 != 0 || value.at[0] != '"')
        return false;
    *len = value.len / 2 - 1;
    *out = malloc(*len + (*len == 0));
    for (size_t i = 0; *out != NULL && i < *len; i++) {
        int high = digit(value.at[1 + 2 * i]), low = digit(value.at[2 + 2 * i]);
        if (high < 0 || low < 0) {
            free(*out);
            *out = NULL;
        } else {
            (*out)[i] = (uint8_t)(high << 4 | low);
        }
    }
    return *out != NULL;
}
