/* options.h - a command line read by a table, and the help that the same table prints. */
#ifndef APPS_OPTIONS_H
#define APPS_OPTIONS_H

#include <stddef.h>

/* One option. A row without a name and with a help text is a heading; one with neither ends the table. */
struct option_row {
    unsigned programs; /* bit mask: those that have it */
    const char *name;  /* without the dashes */
    const char *value; /* what the help calls its value; NULL: it takes none */
    const char *help;  /* "\n" starts another line */
    /* Reads `text` (NULL without a value) into `to`; returns NULL, or what was expected instead. */
    const char *(*read)(const struct option_row *row, const char *text, void *to);
    size_t at;                /* offset of `to` in the settings */
    double least, most;       /* for numbers */
    const char *const *words; /* for a choice, NULL at the end */
};

struct option_program {
    const char *name;
    unsigned mask;
    const char *usage, *about; /* in front of the options, and what it is for */
    const char *notes;         /* behind them */
    size_t operands;           /* arguments that are no options, exactly so many */
    const struct option_row *rows;
};

/*
 * Reads a whole command line into `settings` and `operands`. "--name value" and "--name=value" mean the same, "--" ends
 * the options. --help and --version print and exit 0; a mistake is one line on stderr and exit 2, and so is, at the end
 * of the program, output that could not be written.
 */
void options_read(const struct option_program *program, int argc, char **argv, void *settings, const char **operands);

/* Readers. `to` is: bool, const char *, uint32_t, double, int (the word's place). */
const char *option_flag(const struct option_row *row, const char *text, void *to);
const char *option_text(const struct option_row *row, const char *text, void *to);
const char *option_whole(const struct option_row *row, const char *text, void *to);
const char *option_real(const struct option_row *row, const char *text, void *to);
const char *option_word(const struct option_row *row, const char *text, void *to);

/* The place of text[0..len) among words, or -1. */
int option_place(const char *const *words, const char *text, size_t len);

#endif
