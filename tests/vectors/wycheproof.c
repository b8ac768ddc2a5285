/* wycheproof.c - groups of tests, and what they say of themselves. Knows no primitive. */
#include "tests/vectors/wycheproof.h"

#include <stdio.h>
#include <stdlib.h>

static void forget_fields(struct wycheproof *file)
{
    while (file->field_count > 0)
        free(file->fields[--file->field_count]);
}

void wycheproof_open(struct wycheproof *file, const char *name)
{
    char path[1000];

    *file = (struct wycheproof){ .name = name };
    snprintf(path, sizeof path, WYCHEPROOF "/%s", name);
    CHECK_CASE(json_file_read(path, &file->text), "%s cannot be read", path);
    file->groups = json_get(file->text, "testGroups");
}

bool wycheproof_next(struct wycheproof *file)
{
    forget_fields(file);
    while (!json_next(&file->tests, &file->test)) {
        if (!json_next(&file->groups, &file->group))
            return false;
        file->tests = json_get(file->group, "tests");
    }
    struct json result = json_get(file->test, "result");
    file->id = json_number(json_get(file->test, "tcId"));
    file->valid = json_is(result, "valid");
    file->acceptable = json_is(result, "acceptable");
    CHECK_CASE(file->valid || file->acceptable || json_is(result, "invalid"), "%s %ld: no result", file->name,
               file->id);
    file->ran++;
    return true;
}

void wycheproof_skip(struct wycheproof *file)
{
    file->ran--;
    file->skipped++;
}

void wycheproof_close(struct wycheproof *file, size_t ran)
{
    long stated = json_number(json_get(file->text, "numberOfTests"));

    forget_fields(file);
    printf("# %s: %zu ran, %zu skipped\n", file->name, file->ran, file->skipped);
    CHECK_CASE(stated > 0 && (size_t)stated == file->ran + file->skipped, "%s has %ld vectors", file->name, stated);
    CHECK_CASE(file->ran == ran, "%s: %zu ran, %zu expected", file->name, file->ran, ran);
    json_file_free(&file->text);
}

struct dtls_bytes wycheproof_hex(struct wycheproof *file, struct json object, const char *name)
{
    struct dtls_bytes bytes = { NULL, 0 };
    uint8_t *at;

    bool ok = file->field_count < WYCHEPROOF_FIELDS && json_hex(json_get(object, name), &at, &bytes.len);
    CHECK_CASE(ok, "%s %ld: no %s", file->name, file->id, name);
    if (ok)
        bytes.at = file->fields[file->field_count++] = at;
    return bytes;
}

bool wycheproof_has_flag(const struct wycheproof *file, const char *flag)
{
    struct json flags = json_get(file->test, "flags"), one;

    while (json_next(&flags, &one))
        if (json_is(one, flag))
            return true;
    return false;
}
