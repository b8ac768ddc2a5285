/* stun.h - the one STUN request that ICE-lite answers, and its answers (RFC 8489, RFC 8445). Knows no call. */
#ifndef APPS_WEBRTC_STUN_H
#define APPS_WEBRTC_STUN_H

#include <sys/socket.h>

#include "bytes/reader.h"

enum { STUN_MOST_UNKNOWN = 4, STUN_MOST_ANSWER = 96 };

/* A Binding request with USERNAME, MESSAGE-INTEGRITY and FINGERPRINT. Views into the datagram. */
struct stun_request {
    struct dtls_bytes datagram, transaction;
    struct dtls_bytes username;          /* "ours:theirs" */
    bool nominates;                      /* USE-CANDIDATE */
    uint16_t unknown[STUN_MOST_UNKNOWN]; /* attributes that must be understood */
    size_t unknown_count;

    size_t signed_len; /* bytes in front of MESSAGE-INTEGRITY */
    struct dtls_bytes integrity;
};

/* False: it is none. What is behind MESSAGE-INTEGRITY is not looked at, but for FINGERPRINT, which must be right. */
bool stun_read(struct dtls_bytes datagram, struct stun_request *out);

/* Was it made with this password? */
bool stun_is_authentic(const struct stun_request *request, struct dtls_bytes password);

/* Writes the answer: where it came from; or, to one with unknown attributes, error 420 with those. Returns its length.
 */
size_t stun_answer(const struct stun_request *request, struct dtls_bytes password, const struct sockaddr *from,
                   uint8_t out[STUN_MOST_ANSWER]);

#endif
