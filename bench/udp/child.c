/* child.c - a pipe and a process. */
#define _POSIX_C_SOURCE 200809L
#include "bench/udp/child.h"

#include <errno.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become(char *const *arguments, const int pipe_ends[2])
{
    dup2(pipe_ends[1], STDOUT_FILENO);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    execv(arguments[0], arguments);
    _exit(127);
}

/* To the end, also of what does not fit: a full pipe would stop the writer. */
static void read_all(int fd, char *out, size_t cap)
{
    char rest[256];
    size_t len = 0;

    for (;;) {
        size_t left = cap - 1 - len;
        ssize_t got = read(fd, left > 0 ? out + len : rest, left > 0 ? left : sizeof rest);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        len += left > 0 ? (size_t)got : 0;
    }
    out[len] = '\0';
}

bool child_read(char *const *arguments, char *out, size_t cap)
{
    int pipe_ends[2], status = -1;

    out[0] = '\0';
    if (pipe(pipe_ends) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        become(arguments, pipe_ends);
    close(pipe_ends[1]);
    if (pid > 0)
        read_all(pipe_ends[0], out, cap);
    close(pipe_ends[0]);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
