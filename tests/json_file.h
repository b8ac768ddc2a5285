/* json_file.h - reads JSON as files of test vectors have it. The text is judged as a whole once; then values are views
 * into it, found by walking. No escapes in what is asked for, no fractions, 16 levels at most. */
#ifndef DTLS_TESTS_JSON_FILE_H
#define DTLS_TESTS_JSON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One value, as text; len is 0 where there is none, and all that is asked of such a value is empty too. */
struct json {
    const char *at;
    size_t len;
};

/* The whole of a file's text, to be freed with json_file_free; false when it cannot be read or is no JSON. */
bool json_file_read(const char *path, struct json *out);
void json_file_free(struct json *file);

/* The member of an object. */
struct json json_get(struct json object, const char *name);

/* Takes the next item of an array: begin with a copy of the array, go on with what is left in it. */
bool json_next(struct json *array, struct json *item);

/* Is it this string? */
bool json_is(struct json value, const char *text);

/* A whole number; -1 when it is none. */
long json_number(struct json value);

/* The bytes of a hexadecimal string, in memory of exactly that size (malloc; to be freed); false when it is none. */
bool json_hex(struct json value, uint8_t **out, size_t *len);

#endif
