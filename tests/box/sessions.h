/* sessions.h - two media sessions as two ends of a call have them: keys, numbered RTP packets, and RTCP. */
#ifndef DTLS_TESTS_BOX_SESSIONS_H
#define DTLS_TESTS_BOX_SESSIONS_H

#include "dtls/srtp.h"
#include "tests/box/net.h"

enum { SESSIONS_ROOM = 2048, SESSIONS_PAYLOAD = 40, SESSIONS_RTP = 12 + SESSIONS_PAYLOAD, SESSIONS_RTCP = 28 };

struct sessions {
    struct dtls_srtp *end[2]; /* by enum net_end */
    uint16_t profile;
    uint8_t mki_len;
};

/* Two sessions without keys. */
void sessions_init(struct sessions *media, uint16_t profile, uint8_t mki_len,
                   const struct dtls_srtp_settings *settings);
void sessions_clear(struct sessions *media);

/* The keys of an epoch as an end gets them; those of other epochs are others. */
void sessions_keys(const struct sessions *media, enum net_end end, uint16_t epoch, struct dtls_srtp_keys *out);

/* Both must be DTLS_OK. */
void sessions_accept(struct sessions *media, enum net_end end, dtls_time now, uint16_t epoch);
void sessions_send_with(struct sessions *media, enum net_end end, dtls_time now, uint16_t epoch);

/* Accept and send, at both ends. */
void sessions_renew(struct sessions *media, dtls_time now, uint16_t epoch);

/* A packet whose payload is different for each ssrc and index; RTP carries the index's last 16 bits. */
size_t sessions_rtp(uint8_t *out, uint32_t ssrc, uint64_t index);
size_t sessions_rtcp(uint8_t *out, uint32_t ssrc, uint64_t number);

/* The same, protected by an end; must succeed. */
size_t sessions_sealed_rtp(struct sessions *media, enum net_end end, dtls_time now, uint8_t out[SESSIONS_ROOM],
                           uint32_t ssrc, uint64_t index);
size_t sessions_sealed_rtcp(struct sessions *media, enum net_end end, dtls_time now, uint8_t out[SESSIONS_ROOM],
                            uint32_t ssrc, uint64_t number);

/* A copy is unprotected by an end: did it become that very packet? */
bool sessions_opens_rtp(struct sessions *media, enum net_end end, dtls_time now, const uint8_t *sealed, size_t len,
                        uint32_t ssrc, uint64_t index);
bool sessions_opens_rtcp(struct sessions *media, enum net_end end, dtls_time now, const uint8_t *sealed, size_t len,
                         uint32_t ssrc, uint64_t number);

struct dtls_srtp_stats sessions_stats(const struct sessions *media, enum net_end end);

#endif
