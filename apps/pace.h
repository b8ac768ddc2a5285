/* pace.h - sends a flow's records at their rate (--flow), with a progress line when stderr is a terminal. */
#ifndef APPS_PACE_H
#define APPS_PACE_H

#include "apps/flow.h"
#include "apps/settings.h"
#include "dtls/ev.h"

struct pace {
    struct flow flow;
    double rate; /* records a second */
    size_t most; /* bytes of a record that adapts; 0: records have one size */
    struct ev_loop *loop;
    struct dtls_ev_conn *conn; /* NULL: not running */
    ev_timer timer, progress;
    dtls_time start;
    void (*done)(void *arg, int status);
    void *arg;
};

/* Makes the flow that the settings ask for. Refuses (exit 2) one that is too long. Ends with flow_free(). */
void pace_init(struct pace *pace, const struct settings *settings);

/*
 * From OPEN until pace_stop. Calls done(arg, status) once: with EXIT_FINE when all is sent, or, after a complaint, with
 * the exit status that is due because the rest cannot be sent. Progress is shown until pace_stop.
 */
void pace_start(struct pace *pace, struct ev_loop *loop, struct dtls_ev_conn *conn, void (*done)(void *arg, int status),
                void *arg);
void pace_stop(struct pace *pace);

/* Event MTU: with --adapt, records have the size that they were to have as far as it fits. */
void pace_adapt(struct pace *pace);

#endif
