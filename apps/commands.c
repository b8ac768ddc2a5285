/* commands.c - reads a command and gives it to the engine. */
#include "apps/commands.h"

#include <string.h>

#include "apps/complain.h"

static const struct {
    const char *line;
    struct command command;
} commands[] = {
    { ":rehandshake full", { COMMAND_REHANDSHAKE, DTLS_REHANDSHAKE_FULL } },
    { ":rehandshake abbreviated", { COMMAND_REHANDSHAKE, DTLS_REHANDSHAKE_ABBREVIATED } },
    { ":accept", { .verb = COMMAND_ACCEPT } },
    { ":refuse", { .verb = COMMAND_REFUSE } },
    { ":status", { .verb = COMMAND_STATUS } },
    { ":close", { .verb = COMMAND_CLOSE } },
};
enum { SHOWN = 60 /* bytes of a line that is no command */ };

bool command_is(const uint8_t *line, size_t len)
{
    return line != NULL && len > 0 && line[0] == ':';
}

bool command_read(const uint8_t *line, size_t len, struct command *out)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (len == strlen(commands[i].line) && memcmp(line, commands[i].line, len) == 0) {
            *out = commands[i].command;
            return true;
        }
    complain("no such command: %.*s (see --help)", (int)(len < SHOWN ? len : SHOWN), (const char *)line);
    return false;
}

/* `conn` may be gone by now; `peer` was written before. */
static bool went_well(const char *peer, const char *line, int error)
{
    if (error == DTLS_OK)
        return true;
    complain("%s: %s: %s", peer, line, dtls_error_string(error));
    return false;
}

bool command_do(const struct command *command, struct dtls_ev_conn *conn, const struct report *report)
{
    char peer[ADDRESS_TEXT];
    int error;

    report_peer(conn, peer);
    switch (command->verb) {
    case COMMAND_REHANDSHAKE:
        error = dtls_ev_rehandshake(conn, command->mode);
        report_rehandshake_start(report, peer, command->mode, error);
        return error == DTLS_OK;
    case COMMAND_ACCEPT:
        return went_well(peer, ":accept", dtls_ev_accept_rehandshake(conn));
    case COMMAND_REFUSE:
        return went_well(peer, ":refuse", dtls_ev_refuse_rehandshake(conn));
    case COMMAND_STATUS:
        report_status(report, conn);
        return true;
    case COMMAND_CLOSE:
        dtls_ev_close(conn);
        return true;
    }
    return false;
}
