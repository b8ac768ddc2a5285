/* bench.h - what the benchmarks share: two engines joined in memory, a clock, and a counting allocator. */
#ifndef DTLS_BENCH_BENCH_H
#define DTLS_BENCH_BENCH_H

#include "dtls/dtls.h"

/* Blocks allocated since the program started, by every connection that has its configuration from bench_config. */
extern unsigned long bench_allocations;

/* Defaults, the identity, a verifier that accepts, and the counting allocator. */
void bench_config(struct dtls_config *config, const struct dtls_identity *identity);

/* Bytes of heap, what malloc adds included, so that they compare with what malloc itself says of another library. */
struct bench_heap {
    size_t live;
    size_t most; /* that ever lived at once */
};

/* After bench_config: the connections made with it are counted in `heap`, which must outlive them. */
void bench_weigh(struct dtls_config *config, struct bench_heap *heap);

/* A fresh P-256 identity; ends the program when that fails. */
struct dtls_identity *bench_identity(void);

/* Starts both and carries datagrams between them, without loss or delay, until both are open; ends the program when
 * they are not. A session that the client gets is kept in *session (may be NULL), the caller's to free. */
void bench_connect(struct dtls_conn *client, struct dtls_conn *server, struct dtls_session **session);

/* Carries what both have to send, without loss or delay, until there is nothing. Events are dropped. */
void bench_settle(struct dtls_conn *client, struct dtls_conn *server, dtls_time now);

/* CPU seconds of this process. */
double bench_cpu_seconds(void);

/* Prints one line that says what was measured on: CPU model, cores, kernel. */
void bench_print_machine(void);

/* The command line of a program that has no options of its own: --help, --version, and mistakes (exit 2). */
void bench_no_options(const char *name, const char *about, int argc, char **argv);

/* Ends the program with one line on stderr and status 1. */
_Noreturn void bench_fail(const char *what);

#endif
