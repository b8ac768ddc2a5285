/* complain.h - the one line on stderr that says what is wrong, and how programs end. */
#ifndef APPS_COMPLAIN_H
#define APPS_COMPLAIN_H

enum exit_status {
    EXIT_FINE = 0,
    EXIT_CONNECTION = 1, /* the connection failed */
    EXIT_MISTAKE = 2,    /* the user's; nothing was started */
};

/* The program's name, in front of every complaint. `name` is kept. */
void complain_as(const char *name);

/* printf to stderr, as one line. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Complains and exits with EXIT_MISTAKE. */
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
