/* options.c - reads command lines by a table. Knows no option's meaning. */
#include "apps/options.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/complain.h"

enum { HELP_COLUMN = 33 };

static char expected[200]; /* what the last reader wanted */

static bool is_end(const struct option_row *row)
{
    return row->name == NULL && row->help == NULL;
}

const char *option_flag(const struct option_row *row, const char *text, void *to)
{
    (void)row;
    (void)text;
    *(bool *)to = true;
    return NULL;
}

const char *option_text(const struct option_row *row, const char *text, void *to)
{
    (void)row;
    *(const char **)to = text;
    return *text != '\0' ? NULL : "a value";
}

static const char *expect_number(const struct option_row *row, const char *kind)
{
    snprintf(expected, sizeof expected, "%s from %.10g to %.10g", kind, row->least, row->most);
    return expected;
}

const char *option_whole(const struct option_row *row, const char *text, void *to)
{
    size_t len = strlen(text);

    if (len == 0 || len > 10 || strspn(text, "0123456789") != len)
        return expect_number(row, "a whole number");
    unsigned long long number = strtoull(text, NULL, 10);
    if ((double)number < row->least || (double)number > row->most)
        return expect_number(row, "a whole number");
    *(uint32_t *)to = (uint32_t)number;
    return NULL;
}

const char *option_real(const struct option_row *row, const char *text, void *to)
{
    size_t len = strlen(text);
    char *end;
    double number = strtod(text, &end);

    if (len == 0 || strspn(text, "0123456789.") != len || *end != '\0' || number < row->least || number > row->most)
        return expect_number(row, "a number");
    *(double *)to = number;
    return NULL;
}

int option_place(const char *const *words, const char *text, size_t len)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strlen(words[i]) == len && strncmp(words[i], text, len) == 0)
            return i;
    return -1;
}

const char *option_word(const struct option_row *row, const char *text, void *to)
{
    int place = option_place(row->words, text, strlen(text));

    if (place >= 0) {
        *(int *)to = place;
        return NULL;
    }
    snprintf(expected, sizeof expected, "one of");
    for (size_t i = 0; row->words[i] != NULL; i++) {
        size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "%s %s", i > 0 ? "," : "", row->words[i]);
    }
    return expected;
}

static void print_row(const struct option_row *row)
{
    char left[HELP_COLUMN + 40];
    const char *line = row->help;

    if (row->name == NULL) {
        printf("\n%s\n", row->help);
        return;
    }
    snprintf(left, sizeof left, row->value != NULL ? "  --%s %s" : "  --%s", row->name, row->value);
    while (line != NULL) {
        int len = (int)strcspn(line, "\n");
        printf("%-*s %.*s\n", HELP_COLUMN, left, len, line);
        left[0] = '\0';
        line = line[len] == '\n' ? line + len + 1 : NULL;
    }
}

static void print_help(const struct option_program *program)
{
    printf("usage: %s %s\n\n%s\n", program->name, program->usage, program->about);
    for (const struct option_row *row = program->rows; !is_end(row); row++)
        if (row->programs & program->mask)
            print_row(row);
    printf("  %-*s %s\n", HELP_COLUMN - 2, "--help", "this text");
    printf("  %-*s %s\n", HELP_COLUMN - 2, "--version", "the version");
    printf("\n%s", program->notes);
}

static bool is_word(const char *name, size_t len, const char *word)
{
    return strlen(word) == len && strncmp(word, name, len) == 0;
}

static const struct option_row *find_row(const struct option_program *program, const char *name, size_t len)
{
    for (const struct option_row *row = program->rows; !is_end(row); row++)
        if ((row->programs & program->mask) && row->name != NULL && is_word(name, len, row->name))
            return row;
    return NULL;
}

/* One option at argv[0]; returns how many arguments it took. */
static int read_option(const struct option_program *program, char **argv, void *settings)
{
    const char *name = argv[0] + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    int taken = 1;

    if (is_word(name, len, "help") && value == NULL) {
        print_help(program);
        exit(EXIT_FINE);
    }
    if (is_word(name, len, "version") && value == NULL) {
        printf("%s (libdtls) %s\n", program->name, DTLS_VERSION);
        exit(EXIT_FINE);
    }
    if (is_word(name, len, "help") || is_word(name, len, "version"))
        refuse("--%.*s takes no value", (int)len, name);
    const struct option_row *row = find_row(program, name, len);
    if (row == NULL)
        refuse("unknown option --%.*s (see --help)", (int)len, name);
    if (row->value == NULL && value != NULL)
        refuse("--%s takes no value", row->name);
    if (row->value != NULL && value == NULL) {
        value = argv[taken++];
        if (value == NULL)
            refuse("--%s: a value is missing: %s", row->name, row->value);
    }
    const char *wanted = row->read(row, value, (char *)settings + row->at);
    if (wanted != NULL)
        refuse("--%s: '%s' is not %s", row->name, value, wanted);
    return taken;
}

/* Whoever reads our output has to know where it is cut off: a full disk, a reader that has gone. */
static void check_output(void)
{
    bool failed = ferror(stdout);

    if (fflush(stdout) == 0 && !failed)
        return;
    complain("stdout: not all of it could be written");
    _exit(EXIT_MISTAKE);
}

void options_read(const struct option_program *program, int argc, char **argv, void *settings, const char **operands)
{
    size_t count = 0;
    bool options = true;

    atexit(check_output);

    for (int i = 1; i < argc;) {
        bool is_option = options && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0) {
            options = false;
            i++;
        } else if (is_option && argv[i][1] == '-') {
            i += read_option(program, argv + i, settings);
        } else if (is_option) {
            refuse("unknown option %s (see --help)", argv[i]);
        } else {
            if (count == program->operands)
                refuse("'%s' is one argument too many (see --help)", argv[i]);
            operands[count++] = argv[i++];
        }
    }
    if (count < program->operands && strchr(program->usage, '\n') == NULL)
        refuse("an argument is missing: %s %s (see --help)", program->name, program->usage);
    if (count < program->operands)
        refuse("an argument is missing (see --help)");
}
