/* commands.h - what a user can type to a running program (--commands): lines that begin with a colon. */
#ifndef APPS_COMMANDS_H
#define APPS_COMMANDS_H

#include "apps/report.h"

enum command_verb { COMMAND_REHANDSHAKE, COMMAND_ACCEPT, COMMAND_REFUSE, COMMAND_STATUS, COMMAND_CLOSE };

struct command {
    enum command_verb verb;
    enum dtls_rehandshake_mode mode; /* of COMMAND_REHANDSHAKE */
};

/* For --help. */
#define COMMANDS_HELP                                                                                                  \
    "With --commands, lines of stdin that begin with a colon are no data:\n"                                           \
    "  :rehandshake full|abbreviated   renew the keys\n"                                                               \
    "  :accept, :refuse                answer a request (--rehandshake-policy ask)\n"                                  \
    "  :status                         tell epoch, suite, round trip and counts\n"                                     \
    "  :close                          end the association\n"

/* Is the line a command, and not data? */
bool command_is(const uint8_t *line, size_t len);

/* Reads one, without its end. False, after a complaint of one line, for one that there is not. */
bool command_read(const uint8_t *line, size_t len, struct command *out);

/* Does it to one association; what the engine refuses is told. True when it was done. */
bool command_do(const struct command *command, struct dtls_ev_conn *conn, const struct report *report);

#endif
