/* calls.h - the calls of all browsers on one UDP port: STUN says whose an address is, DTLS makes the keys, media is
 * sent back. A call is begun by an offer, and ends by itself. */
#ifndef APPS_WEBRTC_CALLS_H
#define APPS_WEBRTC_CALLS_H

#include <ev.h>

#include "apps/address.h"
#include "apps/webrtc/sdp.h"
#include "dtls/endpoint.h"

enum { CALL_ID = 20 }; /* characters; 100 bits that nobody guesses */
enum { CALL_PATHS = 4 };

struct calls_settings {
    bool active, json;
    uint32_t most;
    const struct dtls_config *config; /* of all calls; the fingerprints are each call's own */
};

enum call_state { CALL_NEW, CALL_CONNECTING, CALL_CONNECTED, CALL_FAILED, CALL_CLOSED }; /* the last two: it is over */

struct call {
    struct calls *calls;
    struct call *next;
    char id[CALL_ID + 1];                      /* that HTTP knows it by: whoever has it may end the call */
    char ufrag[CALL_ID + 1], password[32 + 1]; /* our ICE's */
    char ufrags[CALL_ID + 1 + 256 + 1];        /* "ours:theirs", as each STUN request has it in the clear */
    struct dtls_fingerprint fingerprints[SDP_MOST_FINGERPRINTS];
    struct dtls_config config;
    struct dtls_address address; /* in the endpoint: our ufrag, with its NUL behind it */
    bool is_client;              /* of DTLS */

    struct address paths[CALL_PATHS]; /* that STUN has shown to be the browser's */
    bool nominated[CALL_PATHS];
    size_t path_count, path;      /* the one that we send to */
    dtls_time began_at, heard_at; /* a good STUN request; once it is over: when that was */

    enum call_state state;
    char reason[160]; /* of an end that nobody wanted */
    struct dtls_srtp *srtp;
    uint16_t suite, profile;
    uint64_t received, sent;
};

struct calls {
    struct calls_settings settings;
    struct ev_loop *loop;
    int socket;
    char host[ADDRESS_HOST];
    uint16_t port;
    char fingerprint[DTLS_FINGERPRINT_SDP];
    struct dtls_endpoint *endpoint;
    struct call *first;
    ev_io readable;
    ev_timer deadline, sweep;
};

/* Binds `host` and `port` (0: any); refuses (exit 2) what the system does not give. `settings` are copied. */
void calls_open(struct calls *calls, struct ev_loop *loop, const struct calls_settings *settings, const char *host,
                uint16_t port);
void calls_close(struct calls *calls);

/* A call begins, and where there are `most`, the oldest that is over is forgotten for it, or else the oldest that no
 * browser has come to. NULL when there is none, or without memory. */
struct call *calls_begin(struct calls *calls, const struct sdp_offer *offer);

/* What answers its offer: views into the call. */
struct sdp_end call_answer(const struct call *call);

/* "connected", and so on. */
const char *call_state_name(const struct call *call);

/* The one with this id that has not been forgotten: some seconds after its end it is. */
struct call *calls_find(const struct calls *calls, const char *id);

/* close_notify, and the end. */
void call_hang_up(struct call *call);

#endif
