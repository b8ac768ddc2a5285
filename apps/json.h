/* json.h - writes one JSON object a line on stdout, each flushed. Knows no event. */
#ifndef APPS_JSON_H
#define APPS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {"event":"...", then any of the next, then json_end. NULL: an object that is no event. In between stdout is this
 * thread's alone. */
void json_begin(const char *event);
void json_end(void);

void json_text(const char *key, const char *text);                  /* NULL: null */
void json_bytes(const char *key, const uint8_t *bytes, size_t len); /* as text; what is not UTF-8 is shown as U+FFFD */
void json_whole(const char *key, uint64_t number);
void json_signed(const char *key, int64_t number);
void json_real(const char *key, double number); /* three places */
void json_bool(const char *key, bool yes);

/* "key":{ ... } */
void json_open(const char *key);
void json_close(void);

#endif
