/* lines.h - cuts a stream of bytes into lines of bounded length. */
#ifndef APPS_LINES_H
#define APPS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINES_MAX = 65536 }; /* bytes of a line that are kept */

struct lines {
    uint8_t line[LINES_MAX];
    size_t len;      /* of the line so far; above LINES_MAX only its length is known */
    uint64_t number; /* of lines before it */
    bool keeps_ends; /* a line comes with its newline */
};

/* Calls take(arg, number of the line from 1, line, its length) for each line that `bytes` end.
 * A length above LINES_MAX comes without the line (NULL). */
void lines_feed(struct lines *lines, const uint8_t *bytes, size_t len,
                void (*take)(void *arg, uint64_t number, const uint8_t *line, size_t len), void *arg);

#endif
