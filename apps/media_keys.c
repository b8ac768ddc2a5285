/* media_keys.c - contract K3, as an application obeys it. */
#include "apps/media_keys.h"

#include "crypto/secret.h"

int media_keys_take(struct dtls_srtp *srtp, dtls_time now, const struct dtls_conn *conn, const struct dtls_event *event)
{
    struct dtls_srtp_keys keys;
    int error;

    switch (event->keys) {
    case DTLS_KEYS_ACCEPT:
        error = dtls_conn_srtp_keys(conn, event->epoch, &keys);
        if (error == DTLS_OK)
            error = dtls_srtp_add_keys(srtp, now, &keys);
        dtls_wipe(&keys, sizeof keys);
        return error;
    case DTLS_KEYS_SEND:
        return dtls_srtp_send_with(srtp, now, event->epoch);
    case DTLS_KEYS_FORGET:
        return dtls_srtp_forget(srtp, event->epoch);
    }
    return DTLS_ERR_ARGUMENT;
}
