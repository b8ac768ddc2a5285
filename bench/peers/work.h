/* work.h - the options of `records` and `handshakes`, which bare.c has as well, and how a figure is printed. */
#ifndef BENCH_PEERS_WORK_H
#define BENCH_PEERS_WORK_H

#include <stdbool.h>
#include <stdint.h>

enum work_cipher { WORK_AES_128_GCM, WORK_CHACHA20_POLY1305 };

enum work_kind { WORK_X25519, WORK_P256, WORK_RESUMED };

struct work {
    bool handshakes; /* else records */
    int cipher, kind;
    uint32_t size, ms;
    bool json;
};

/* Reads the command line, whose first word is the command; --help, or a mistake, ends the program. */
void work_read(struct work *work, const char *program, int argc, char **argv);

/* One line. `part` is what of the work the value is for: "seal", "client". */
void work_print(const struct work *work, const char *impl, const char *version, const char *part, double value);

#endif
