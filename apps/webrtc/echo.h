/* echo.h - the media of one call: what the browser sends goes back to it, under our names for its streams. Does no I/O.
 */
#ifndef APPS_WEBRTC_ECHO_H
#define APPS_WEBRTC_ECHO_H

#include "dtls/srtp.h"

enum { ECHO_ROOM = 2048 };

/* Takes an SRTP or SRTCP packet, which is changed, and writes the one that is to be sent. Returns its length; 0: there
 * is none. *epoch is that of the keys, once the packet was authentic; else 0. */
size_t echo_packet(struct dtls_srtp *srtp, dtls_time now, uint8_t *packet, size_t len, uint8_t out[ECHO_ROOM],
                   uint16_t *epoch);

#endif
