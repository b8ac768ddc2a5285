/* media_keys.h - what a connection says of its media keys, handed on to the media session. */
#ifndef APPS_MEDIA_KEYS_H
#define APPS_MEDIA_KEYS_H

#include "dtls/conn.h"
#include "dtls/srtp.h"

/* Event KEYS of `conn`. DTLS_OK, or what libdtls-srtp says. */
int media_keys_take(struct dtls_srtp *srtp, dtls_time now, const struct dtls_conn *conn,
                    const struct dtls_event *event);

#endif
