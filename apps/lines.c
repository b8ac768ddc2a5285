/* lines.c - cuts a stream into lines. */
#include "apps/lines.h"

#include <string.h>

static void keep(struct lines *lines, const uint8_t *bytes, size_t len)
{
    if (lines->len + len <= LINES_MAX)
        memcpy(lines->line + lines->len, bytes, len);
    lines->len += len;
}

void lines_feed(struct lines *lines, const uint8_t *bytes, size_t len,
                void (*take)(void *arg, uint64_t number, const uint8_t *line, size_t len), void *arg)
{
    const uint8_t *end;

    while (len > 0 && (end = memchr(bytes, '\n', len)) != NULL) {
        size_t part = (size_t)(end - bytes);
        keep(lines, bytes, part + lines->keeps_ends);
        size_t line_len = lines->len;
        lines->len = 0;
        lines->number++;
        take(arg, lines->number, line_len <= LINES_MAX ? lines->line : NULL, line_len);
        bytes += part + 1;
        len -= part + 1;
    }
    keep(lines, bytes, len);
}
