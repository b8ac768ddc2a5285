/* input.c - reads stdin in small pieces. */
#include "apps/input.h"

#include <errno.h>
#include <unistd.h>

enum { CHUNK = 512 }; /* bytes at a time: input leaves room for what comes back */

static void on_input(struct ev_loop *loop, ev_io *watcher, int happened)
{
    struct input *input = watcher->data;
    uint8_t bytes[CHUNK];
    ssize_t len = read(STDIN_FILENO, bytes, sizeof bytes);

    (void)happened;
    if (len > 0) {
        lines_feed(&input->lines, bytes, (size_t)len, input->take, input->arg);
        return;
    }
    if (len < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    ev_io_stop(loop, watcher);
    if (input->lines.len > 0) /* the last line has no end */
        lines_feed(&input->lines, (const uint8_t *)"\n", 1, input->take, input->arg);
    if (input->end != NULL)
        input->end(input->arg);
}

void input_init(struct input *input)
{
    ev_io_init(&input->watcher, on_input, STDIN_FILENO, EV_READ);
    input->watcher.data = input;
}

void input_start(struct input *input, struct ev_loop *loop)
{
    ev_io_start(loop, &input->watcher);
}
