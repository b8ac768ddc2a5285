/* side.c - starts a process and understands its lines. */
#define _GNU_SOURCE /* pipe2 */
#include "bench/rehandshake/side.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

void side_start(struct side *side, const char *program, const char *const *arguments)
{
    const char *argv[SIDE_ARGUMENTS] = { program, "call" };
    int out[2], err[2];

    for (size_t i = 0; arguments[i] != NULL && i + 3 < SIDE_ARGUMENTS; i++)
        argv[i + 2] = arguments[i];
    *side = (struct side){ 0 };
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0 || (side->pid = fork()) < 0)
        bench_fail("no process for a peer");
    if (side->pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        execv(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    side->out = out[0];
    side->err = err[0];
    fcntl(side->out, F_SETFL, O_NONBLOCK);
    fcntl(side->err, F_SETFL, O_NONBLOCK);
}

/* ---- lines ---- */

/* The number behind "key": in a line; `otherwise` when there is none. */
static uint64_t number_of(const char *line, const char *key, uint64_t otherwise)
{
    char pattern[32];

    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *at = strstr(line, pattern);
    return at == NULL ? otherwise : strtoull(at + strlen(pattern), NULL, 10);
}

static bool is_event(const char *line, const char *name)
{
    char pattern[48];

    snprintf(pattern, sizeof pattern, "{\"event\":\"%s\"", name);
    return strncmp(line, pattern, strlen(pattern)) == 0;
}

static void copy_text(const char *line, char out[BOOK_ERROR])
{
    const char *at = strstr(line, "\"text\":\"");

    if (at == NULL)
        return;
    at += strlen("\"text\":\"");
    snprintf(out, BOOK_ERROR, "%.*s", (int)strcspn(at, "\""), at);
}

static void take_record(const char *line, enum book_side which, struct book *book)
{
    size_t number = (size_t)number_of(line, "n", 0);
    enum book_side from = is_event(line, "received") ? (which == BOOK_CLIENT ? BOOK_SERVER : BOOK_CLIENT) : which;
    struct book_record *record = book_record(book, from, number);

    if (is_event(line, "received")) {
        record->deliveries++;
        if (record->deliveries > 1)
            return;
        record->arrived = number_of(line, "arrived", 0);
        record->delivered = number_of(line, "delivered", 0);
        return;
    }
    record->wished = number_of(line, "wish", 0);
    record->left = number_of(line, "left", 0);
    record->datagram = (size_t)number_of(line, "datagram", SIZE_MAX);
}

static void take_line(struct side *side, const char *line, enum book_side which, struct book *book)
{
    uint64_t cpu = number_of(line, "cpu", 0);

    if (is_event(line, "sent") || is_event(line, "unsent") || is_event(line, "received"))
        take_record(line, which, book);
    else if (is_event(line, "listening"))
        side->port = (uint16_t)number_of(line, "port", 0);
    else if (is_event(line, "open"))
        side->opened = true;
    else if (is_event(line, "rehandshake_start"))
        book->started = number_of(line, "t", 0);
    else if (is_event(line, "rehandshake_done"))
        book->done[which] = number_of(line, "t", 0);
    else if (is_event(line, "rehandshake_refused"))
        side->refused = true;
    else if (is_event(line, "error") && !book->dead)
        copy_text(line, book->error);
    else if (is_event(line, "end"))
        side->alive = strstr(line, "\"alive\":true") != NULL;
    book->dead = book->dead || is_event(line, "error");
    side->ended = side->ended || is_event(line, "end");
    if (cpu == 0)
        return;
    if (book->done[which] == 0)
        side->cpu_before = cpu;
    else if (side->cpu_done == 0)
        side->cpu_done = cpu;
}

/* True at the end of the file. */
static bool read_some(int fd, char *to, size_t cap, size_t *len)
{
    ssize_t got = read(fd, to + *len, cap - *len);

    if (got > 0)
        *len += (size_t)got;
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

void side_read(struct side *side, enum book_side which, struct book *book)
{
    size_t len = 0;
    char *end, words[SIDE_LINE];

    if (side->err >= 0 && read_some(side->err, words, sizeof words - 1, &len)) {
        close(side->err);
        side->err = -1;
    }
    words[len] = '\0';
    if (len > 0)
        snprintf(side->complaint, sizeof side->complaint, "%.*s", (int)strcspn(words, "\n"), words);
    if (side->out >= 0 && read_some(side->out, side->line, sizeof side->line, &side->len)) {
        close(side->out);
        side->out = -1;
    }
    while ((end = memchr(side->line, '\n', side->len)) != NULL) {
        *end = '\0';
        take_line(side, side->line, which, book);
        size_t used = (size_t)(end + 1 - side->line);
        side->len -= used;
        memmove(side->line, end + 1, side->len);
    }
    if (side->len == sizeof side->line)
        side->len = 0; /* no line of ours is so long */
}

bool side_is_over(const struct side *side)
{
    return side->out < 0 && side->err < 0;
}

void side_end(struct side *side)
{
    if (!side_is_over(side))
        kill(side->pid, SIGKILL);
    if (side->out >= 0)
        close(side->out);
    if (side->err >= 0)
        close(side->err);
    while (waitpid(side->pid, &side->status, 0) < 0 && errno == EINTR)
        ;
}
