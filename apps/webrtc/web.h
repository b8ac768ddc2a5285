/* web.h - the page over HTTP, and the two signalling requests of WHIP (RFC 9725): POST an offer to /calls, DELETE what
 * came of it; GET of that says how it goes, as JSON. */
#ifndef APPS_WEBRTC_WEB_H
#define APPS_WEBRTC_WEB_H

#include <microhttpd.h>

#include "apps/webrtc/calls.h"

struct web {
    struct calls *calls;
    struct MHD_Daemon *daemon;
    struct ev_loop *loop;
    uint16_t port;
    ev_io readable;
    ev_timer deadline;
};

/* Serves on `host` and `port` (0: any); HTTPS where there are a certificate and its key, PEM texts that outlive it.
 * Refuses (exit 2) what the system does not give. */
void web_open(struct web *web, struct ev_loop *loop, struct calls *calls, const char *host, uint16_t port,
              const char *cert, const char *key);
void web_close(struct web *web);

extern const char web_page[]; /* page.html */

#endif
