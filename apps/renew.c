/* renew.c - rehandshakes on a schedule. */
#include "apps/renew.h"

static void on_time(struct ev_loop *loop, ev_timer *timer, int happened)
{
    struct renew *renew = timer->data;
    const struct report *report = renew->report;
    const struct settings_modes *modes = &renew->settings->rehandshake;
    enum dtls_rehandshake_mode mode = modes->at[renew->turn % modes->count];
    char peer[ADDRESS_TEXT];
    int error = DTLS_ERR_REHANDSHAKE_RUNNING;

    (void)loop;
    (void)happened;
    report_peer(renew->conn, peer);
    if (!dtls_conn_rehandshake_pending(dtls_ev_engine(renew->conn))) {
        renew->turn++;
        error = dtls_ev_rehandshake(renew->conn, mode); /* may end the connection, and `renew` with it */
    }
    report_rehandshake_start(report, peer, mode, error);
}

void renew_start(struct renew *renew, struct ev_loop *loop, struct dtls_ev_conn *conn, const struct settings *settings,
                 const struct report *report)
{
    double every = settings->rehandshake_every_s;
    double first = settings->rehandshake_first_s > 0 ? settings->rehandshake_first_s : every;

    *renew = (struct renew){ .loop = loop, .conn = conn, .settings = settings, .report = report };
    ev_timer_init(&renew->timer, on_time, first, every);
    renew->timer.data = renew;
    if (every > 0)
        ev_timer_start(loop, &renew->timer);
}

void renew_stop(struct renew *renew)
{
    if (renew->loop != NULL)
        ev_timer_stop(renew->loop, &renew->timer);
}
