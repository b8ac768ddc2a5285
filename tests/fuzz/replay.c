/* replay.c - a fuzz target without a fuzzer: runs it on every file of its corpus, then on mutations of these.
 *
 * Usage: fuzz-TARGET DIRECTORY MUTATIONS  the whole of it, in a child process, as two TAP tests
 *        fuzz-TARGET FILE...              each input once, in this process: for a debugger, or for afl-fuzz (@@)
 *
 * The input that ends the child is left in the file fuzz-TARGET-crash. The mutations are the same in every run.
 * Environment: DTLS_SEEDS, if it is more, how many mutations there are (`./dev test --long`). */
#define _DEFAULT_SOURCE /* scandir, MAP_ANONYMOUS */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/box/rng.h"
#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 65536, FILES_MAX = 1000, MOST_AT_ONCE = 5, RUN_MAX = 32 };

struct input {
    size_t len;
    uint8_t bytes[INPUT_MAX];
};

/* What the child tells its parent. */
struct progress {
    size_t files, mutations; /* begun */
    struct input running;
};

static struct progress *progress;

/* ---- the corpus ---- */

static struct dtls_bytes corpus[FILES_MAX];
static size_t corpus_count;

static void give_up(const char *what, const char *why)
{
    printf("Bail out! %s: %s\n", what, why);
    exit(1);
}

static void read_file(const char *path, struct input *into)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        give_up(path, "cannot be read");
    into->len = fread(into->bytes, 1, sizeof into->bytes, file);
    fclose(file);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void read_corpus(const char *directory)
{
    struct dirent **entries;
    char path[1024];
    int count = scandir(directory, &entries, is_visible, by_name);

    for (int i = 0; i < count && i < FILES_MAX; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        read_file(path, &progress->running);
        struct dtls_bytes file = { progress->running.bytes, progress->running.len };
        corpus[corpus_count++] = (struct dtls_bytes){ fuzz_copy(file), file.len };
        free(entries[i]);
    }
    if (count <= 0)
        give_up(directory, "has no input");
    free(entries);
}

static void free_corpus(void)
{
    while (corpus_count > 0)
        free((void *)corpus[--corpus_count].at);
}

/* ---- mutations ---- */

static size_t up_to(struct rng *chance, size_t most)
{
    return (size_t)rng_up_to(chance, most);
}

/* `len` bytes more at a place; what does not fit falls off the end. */
static uint8_t *insert(struct input *input, size_t at, size_t *len)
{
    if (*len > INPUT_MAX - input->len)
        *len = INPUT_MAX - input->len;
    memmove(input->bytes + at + *len, input->bytes + at, input->len - at);
    input->len += *len;
    return input->bytes + at;
}

static void cut_out(struct input *input, size_t at, size_t len)
{
    if (len > input->len - at)
        len = input->len - at;
    memmove(input->bytes + at, input->bytes + at + len, input->len - at - len);
    input->len -= len;
}

/* A piece of another input, or of the same. */
static void splice(struct input *input, struct rng *chance, size_t at)
{
    struct dtls_bytes other = corpus[up_to(chance, corpus_count - 1)];
    size_t from = up_to(chance, other.len), len = up_to(chance, other.len - from);
    uint8_t *gap = insert(input, at, &len);

    if (len > 0)
        memcpy(gap, other.at + from, len);
}

static void mutate(struct input *input, struct rng *chance)
{
    static const uint8_t telling[] = { 0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff };
    size_t at = up_to(chance, input->len), run = 1 + up_to(chance, RUN_MAX - 1);

    switch (at == input->len ? 3 + up_to(chance, 1) : up_to(chance, 6)) {
    case 0:
        input->bytes[at] ^= (uint8_t)(1u << up_to(chance, 7));
        break;
    case 1:
        input->bytes[at] = telling[up_to(chance, sizeof telling - 1)];
        break;
    case 2:
        input->bytes[at] = (uint8_t)(input->bytes[at] + up_to(chance, 32) - 16);
        break;
    case 3:
        splice(input, chance, at);
        break;
    case 4: {
        uint8_t *gap = insert(input, at, &run);
        rng_fill(chance, gap, run);
        break;
    }
    case 5:
        cut_out(input, at, run);
        break;
    default:
        input->len = at;
    }
}

/* ---- running ---- */

static void run(const struct input *input)
{
    uint8_t *exact = fuzz_copy((struct dtls_bytes){ input->bytes, input->len });

    LLVMFuzzerTestOneInput(exact, input->len);
    free(exact);
}

static void run_corpus(void)
{
    for (; progress->files < corpus_count; progress->files++) {
        struct dtls_bytes file = corpus[progress->files];
        progress->running.len = file.len;
        if (file.len > 0)
            memcpy(progress->running.bytes, file.at, file.len);
        run(&progress->running);
    }
}

static void run_mutations(size_t count)
{
    for (; progress->mutations < count; progress->mutations++) {
        struct rng chance = { progress->mutations };
        struct dtls_bytes file = corpus[up_to(&chance, corpus_count - 1)];
        progress->running.len = file.len;
        if (file.len > 0)
            memcpy(progress->running.bytes, file.at, file.len);
        for (size_t changes = 1 + up_to(&chance, MOST_AT_ONCE - 1); changes > 0; changes--)
            mutate(&progress->running, &chance);
        run(&progress->running);
    }
}

static void keep_crash(const char *program)
{
    char path[1024];

    snprintf(path, sizeof path, "%s-crash", program);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return;
    fwrite(progress->running.bytes, 1, progress->running.len, file);
    fclose(file);
    printf("# %zu bytes ended it: %s\n", progress->running.len, path);
}

/* Two tests: the corpus, and its mutations. */
static int test(const char *program, const char *directory, size_t mutations)
{
    read_corpus(directory);
    printf("1..2\n");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        run_corpus();
        run_mutations(mutations);
        free_corpus();
        exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        give_up(program, "no child process");
    bool corpus_good = progress->files == corpus_count,
         mutations_good = status == 0 && progress->mutations == mutations;
    printf("%sok 1 - each of %zu inputs of the corpus\n", corpus_good ? "" : "not ", corpus_count);
    printf("%sok 2 - each of %zu mutations of them\n", mutations_good ? "" : "not ", mutations);
    if (status != 0)
        keep_crash(program);
    free_corpus();
    return corpus_good && mutations_good ? 0 : 1;
}

static size_t how_many(const char *argument)
{
    const char *seeds = getenv("DTLS_SEEDS");
    size_t wanted = argument == NULL ? 0 : strtoul(argument, NULL, 10);
    size_t asked = seeds == NULL ? 0 : strtoul(seeds, NULL, 10);

    return asked > wanted ? asked : wanted;
}

int main(int argc, char **argv)
{
    struct stat about;

    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (argc < 2 || progress == MAP_FAILED)
        give_up(argv[0], "needs the directory of its corpus, or files");
    if (stat(argv[1], &about) == 0 && S_ISDIR(about.st_mode))
        return test(argv[0], argv[1], how_many(argv[2]));
    for (int i = 1; i < argc; i++) {
        read_file(argv[i], &progress->running);
        run(&progress->running);
    }
    return 0;
}
