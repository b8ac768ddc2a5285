/* sdp.h - a browser's offer, and our answer (RFC 8866, RFC 8839, RFC 8842; RFC 9429 has them together). We send back
 * what comes, so the first codec that the browser prefers is ours, too. Knows no socket and no call. */
#ifndef APPS_WEBRTC_SDP_H
#define APPS_WEBRTC_SDP_H

#include <stdbool.h>
#include <stdint.h>

#include "dtls/identity.h"

enum { SDP_MOST_MEDIA = 16, SDP_MOST_FINGERPRINTS = 8 };

/* One m= section; views into the offer. */
struct sdp_media {
    struct dtls_bytes kind, protocol, formats; /* of its m= line */
    struct dtls_bytes lines;                   /* that follow it */
    struct dtls_bytes mid;
    struct dtls_bytes type; /* the payload type that we take; empty: the section is refused */
};

struct sdp_offer {
    struct dtls_bytes ufrag;           /* of the browser's ICE */
    bool may_be_client, may_be_server; /* of DTLS: the browser */
    struct dtls_fingerprint fingerprints[SDP_MOST_FINGERPRINTS];
    size_t fingerprint_count;  /* at least one */
    struct dtls_bytes session; /* the lines in front of the first m= */
    struct sdp_media media[SDP_MOST_MEDIA];
    size_t media_count; /* at least one of them is not refused */
};

/* NULL and *out, or a sentence that names what is wrong. */
const char *sdp_read(struct dtls_bytes text, struct sdp_offer *out);

/* Our end: texts with a NUL. */
struct sdp_end {
    const char *host; /* numeric */
    uint16_t port;
    const char *ufrag, *password, *fingerprint; /* as in "sha-256 AB:CD" */
    bool is_client;                             /* of DTLS */
};

/* The answer, to be freed; NULL without memory. */
char *sdp_answer(const struct sdp_offer *offer, const struct sdp_end *end);

#endif
