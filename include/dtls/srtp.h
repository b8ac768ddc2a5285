/* srtp.h - libdtls-srtp: RTP and RTCP under keys that change in the middle of a call. Link with libdtls-srtp
 * (libsrtp2).
 *
 * A media session is given the keys of each handshake and told when to send with them (contract K3); streams keep their
 * SSRC, roll-over counter and replay window across all of them (K4), so no packet is lost or played twice. It does no
 * I/O and reads no clock.
 *
 *   when the engine has new keys        dtls_srtp_add_keys: accept these too
 *   when it says so                     dtls_srtp_send_with: send with these
 *   when an attempt was given up        dtls_srtp_forget
 *   for each packet                     dtls_srtp_protect_rtp or _rtcp, dtls_srtp_unprotect_rtp or _rtcp
 *   when dtls_srtp_deadline has come    dtls_srtp_tick: keys that are over are wiped
 *
 * One session is used by one thread at a time; several may be used by several. libsrtp is initialised by the first
 * dtls_srtp_new of the process and never shut down: an application that calls srtp_shutdown ends all sessions. */
#ifndef DTLS_SRTP_H
#define DTLS_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtls/config.h"
#include "dtls/error.h"
#include "dtls/srtp_keys.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DTLS_SRTP_GENERATIONS = 3,         /* sets of keys that live at once */
    DTLS_SRTP_LONGEST_MKI = 128,       /* bytes; what peers on libsrtp take */
    DTLS_SRTP_OVERHEAD = 16 + 4 + 128, /* the most that protection adds to a packet */
    DTLS_SRTP_OLD_KEYS_US = 120000000, /* for how long old keys are accepted behind new ones: 1 MSL */
};

/* All zeroes are the defaults. */
struct dtls_srtp_settings {
    size_t max_streams;   /* SSRCs known at once, each way: 1 to 4,096; 64 */
    size_t replay_window; /* packets that one may be late: 64 to 32,704, a multiple of 64; 1,024 */
    size_t max_packet;    /* bytes of a protected packet: 256 to 65,535; 2,048 */
};

/* Why packets were dropped, and what else happened. Each packet given to _unprotect_ is counted once. */
struct dtls_srtp_stats {
    uint64_t rtp_protected, rtcp_protected;     /* packets that were given back to be sent */
    uint64_t rtp_unprotected, rtcp_unprotected; /* authentic ones that were given out */
    uint64_t no_keys;                           /* dropped: came before any keys */
    uint64_t malformed;   /* not version 2, or shorter than its header says, or without room for a tag */
    uint64_t too_long;    /* longer than max_packet */
    uint64_t replayed;    /* its number was accepted before, or is behind the window */
    uint64_t unknown_key; /* its MKI is that of no keys */
    uint64_t old_key;     /* its MKI is that of keys that are over (without an MKI: forged) */
    uint64_t forged;      /* no keys verify it */
    uint64_t failed;      /* authentic, or perhaps, but there was no memory for it */
    uint64_t evicted;     /* streams received that had to give way to a new SSRC */
};

/* A media session: the keys of a few epochs, and the streams that are protected with them. */
struct dtls_srtp;

/*
 * A media session without keys. `settings` are copied; NULL: the defaults. All of a session's tables are allocated
 * here, and what libsrtp keeps for a stream with its first packet under each set of keys. DTLS_OK and *out, the
 * caller's, to free; or DTLS_ERR_ARGUMENT, DTLS_ERR_NO_MEMORY, DTLS_SRTP_ERR_LIBSRTP, and *out is as it was.
 */
DTLS_API int dtls_srtp_new(const struct dtls_srtp_settings *settings, struct dtls_srtp **out);

/* Wipes all keys. NULL is allowed. */
DTLS_API void dtls_srtp_free(struct dtls_srtp *session);

/*
 * Accepts packets under these keys from now on, beside those before them (K3, ACCEPT); `keys` is copied, and remains
 * the caller's to wipe. When DTLS_SRTP_GENERATIONS sets live, the oldest that is not sent with gives way. Nothing
 * changes on DTLS_SRTP_ERR_MKI, DTLS_SRTP_ERR_PROFILE, DTLS_ERR_NO_MEMORY, DTLS_SRTP_ERR_LIBSRTP, or on
 * DTLS_ERR_ARGUMENT: keys of this epoch live already.
 */
DTLS_API int dtls_srtp_add_keys(struct dtls_srtp *session, dtls_time now, const struct dtls_srtp_keys *keys);

/*
 * Protects with the keys of `epoch` from now on (K3, SEND). All that were added before them are accepted for
 * DTLS_SRTP_OLD_KEYS_US more, and then wiped; the half that protects is wiped at once. Saying it again changes nothing.
 * DTLS_ERR_ARGUMENT, and nothing has changed: no such keys live, or newer ones are sent with already.
 */
DTLS_API int dtls_srtp_send_with(struct dtls_srtp *session, dtls_time now, uint16_t epoch);

/* The keys of an attempt that was given up are wiped, if there are any. DTLS_ERR_ARGUMENT: they are sent with. */
DTLS_API int dtls_srtp_forget(struct dtls_srtp *session, uint16_t epoch);

/*
 * Protects one RTP (RTCP) packet of `len` bytes in place; `cap` is the room it has. On DTLS_OK *out_len is the length
 * of what is to be sent, at most DTLS_SRTP_OVERHEAD more. Otherwise the packet is as it was: DTLS_ERR_BUFFER_TOO_SMALL
 * (*out_len says what is needed), DTLS_SRTP_ERR_NO_KEYS, _PACKET, _REPEATED (a packet is to be sent again as RFC 4588
 * has it, or as the bytes that came out here), _STREAMS (known SSRCs go on), _LIBSRTP; DTLS_ERR_NO_MEMORY, for a
 * stream's first packet; DTLS_ERR_EXHAUSTED: 2^48 RTP or 2^31 RTCP packets were sent.
 *
 * A stream should begin with a sequence number below 2^15: if the first packets with 65,535 and 0 change places on the
 * way, the receiver counts one rollover less (RFC 3711, 3.3.1).
 */
DTLS_API int dtls_srtp_protect_rtp(struct dtls_srtp *session, dtls_time now, uint8_t *packet, size_t len, size_t cap,
                                   size_t *out_len);
DTLS_API int dtls_srtp_protect_rtcp(struct dtls_srtp *session, dtls_time now, uint8_t *packet, size_t len, size_t cap,
                                    size_t *out_len);

/* What came out of a protected packet. */
struct dtls_srtp_opened {
    size_t len;          /* of the RTP or RTCP packet; 0: dropped and counted */
    uint16_t epoch;      /* of the keys that verified it */
    bool confirms_epoch; /* they are newer than those sent with: the peer has them, which the engine wants to hear
                            (dtls_conn_media_confirmed). True of each such packet until dtls_srtp_send_with */
};

/*
 * Unprotects one packet in place. DTLS_OK: out->len bytes of `packet` are authentic and have not been given out before;
 * or it was noise, out->len is 0 and `packet` as it was. Which keys it is under is told by its MKI, and where that does
 * not tell, by trying: the newest first. DTLS_ERR_NO_MEMORY: for the first packet of a stream; it is dropped.
 *
 * A new SSRC takes a place only when its first packet is authentic; of max_streams the one that has been silent for
 * longest gives way. One that comes back after that is a new stream: its packets are understood if it has not gone past
 * sequence number 65,535 before.
 */
DTLS_API int dtls_srtp_unprotect_rtp(struct dtls_srtp *session, dtls_time now, uint8_t *packet, size_t len,
                                     struct dtls_srtp_opened *out);
DTLS_API int dtls_srtp_unprotect_rtcp(struct dtls_srtp *session, dtls_time now, uint8_t *packet, size_t len,
                                      struct dtls_srtp_opened *out);

/* When old keys are over: dtls_srtp_tick must be called then, if no other call is. DTLS_NEVER: there are none. */
DTLS_API dtls_time dtls_srtp_deadline(const struct dtls_srtp *session);
DTLS_API void dtls_srtp_tick(struct dtls_srtp *session, dtls_time now);

/* A copy of what it has counted. */
DTLS_API void dtls_srtp_stats(const struct dtls_srtp *session, struct dtls_srtp_stats *out);

#ifdef __cplusplus
}
#endif

#endif
