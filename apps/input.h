/* input.h - stdin, line by line, as libev brings it. */
#ifndef APPS_INPUT_H
#define APPS_INPUT_H

#include <ev.h>

#include "apps/lines.h"

struct input {
    struct lines lines;
    ev_io watcher;
    void (*take)(void *arg, uint64_t number, const uint8_t *line, size_t len); /* as in lines.h */
    void (*end)(void *arg); /* no line will come any more; may be NULL */
    void *arg;
};

/* With `take`, `end` and `arg` filled in; lines come from input_start on. */
void input_init(struct input *input);
void input_start(struct input *input, struct ev_loop *loop);

#endif
