/* work_options.c - the command lines of `records` and `handshakes`, and their lines of output. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "apps/options.h"
#include "bench/figure.h"
#include "bench/peers/work.h"

enum { FOR_RECORDS = 1, FOR_HANDSHAKES = 2, FOR_BOTH = 3 };

#define AT(member) offsetof(struct work, member)

static const char *const cipher_words[] = { "aes-128-gcm", "chacha20-poly1305", NULL };
static const char *const cipher_names[] = { "AES-128-GCM", "ChaCha20-Poly1305" };
static const char *const kind_words[] = { "x25519", "p256", "resumed", NULL };
static const char *const kind_names[] = { "full, x25519", "full, P-256", "resumed by ticket" };

static const struct option_row rows[] = {
    { FOR_RECORDS, "size", "BYTES", "of data in each record (160)", option_whole, AT(size), 1, 1400, NULL },
    { FOR_RECORDS, "cipher", "NAME", "aes-128-gcm (the default) or chacha20-poly1305", option_word, AT(cipher), 0, 0,
      cipher_words },
    { FOR_HANDSHAKES, "kind", "KIND", "x25519 (the default), p256: full with this group; or\nresumed, by ticket",
      option_word, AT(kind), 0, 0, kind_words },
    { FOR_BOTH, "ms", "MS", "of CPU time to measure (200)", option_whole, AT(ms), 1, 60000, NULL },
    { FOR_BOTH, "json", NULL, "one JSON object for each line", option_flag, AT(json), 0, 0, NULL },
    { 0 },
};

void work_read(struct work *work, const char *program, int argc, char **argv)
{
    const char *word;

    *work = (struct work){ .handshakes = strcmp(argv[1], "handshakes") == 0, .size = 160, .ms = 200 };
    const struct option_program command = {
        program,
        work->handshakes ? FOR_HANDSHAKES : FOR_RECORDS,
        work->handshakes ? "handshakes [OPTION...]" : "records [OPTION...]",
        "CPU time of both ends of connections in this process, for each record or handshake.",
        "",
        1,
        rows,
    };
    options_read(&command, argc, argv, work, &word);
}

void work_print(const struct work *work, const char *impl, const char *version, const char *part, double value)
{
    char name[80];

    if (work->handshakes)
        snprintf(name, sizeof name, "%s: %s", kind_names[work->kind], part);
    else
        snprintf(name, sizeof name, "%s, %u bytes: %s", cipher_names[work->cipher], (unsigned)work->size, part);
    figure_print(&(struct figure){ work->handshakes ? "handshakes" : "records", impl, version, name, value,
                                   work->handshakes ? "us" : "ns" },
                 work->json);
}
