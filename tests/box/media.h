/* media.h - two media sessions as two ends of a call have them: keys, numbered RTP packets, and RTCP. */
#ifndef DTLS_TESTS_BOX_MEDIA_H
#define DTLS_TESTS_BOX_MEDIA_H

#include "dtls/srtp.h"
#include "tests/box/net.h"

enum { MEDIA_ROOM = 2048, MEDIA_PAYLOAD = 40, MEDIA_RTP = 12 + MEDIA_PAYLOAD, MEDIA_RTCP = 28 };

struct media {
    struct dtls_srtp *end[2]; /* by enum net_end */
    uint16_t profile;
    uint8_t mki_len;
};

/* Two sessions without keys. */
void media_init(struct media *media, uint16_t profile, uint8_t mki_len, const struct dtls_srtp_settings *settings);
void media_clear(struct media *media);

/* The keys of an epoch as an end gets them; those of other epochs are others. */
void media_keys(const struct media *media, enum net_end end, uint16_t epoch, struct dtls_srtp_keys *out);

/* Both must be DTLS_OK. */
void media_accept(struct media *media, enum net_end end, dtls_time now, uint16_t epoch);
void media_send_with(struct media *media, enum net_end end, dtls_time now, uint16_t epoch);

/* Accept and send, at both ends. */
void media_renew(struct media *media, dtls_time now, uint16_t epoch);

/* A packet whose payload is different for each ssrc and index; RTP carries the index's last 16 bits. */
size_t media_rtp(uint8_t *out, uint32_t ssrc, uint64_t index);
size_t media_rtcp(uint8_t *out, uint32_t ssrc, uint64_t number);

/* The same, protected by an end; must succeed. */
size_t media_sealed_rtp(struct media *media, enum net_end end, dtls_time now, uint8_t out[MEDIA_ROOM], uint32_t ssrc,
                        uint64_t index);
size_t media_sealed_rtcp(struct media *media, enum net_end end, dtls_time now, uint8_t out[MEDIA_ROOM], uint32_t ssrc,
                         uint64_t number);

/* A copy is unprotected by an end: did it become that very packet? */
bool media_opens_rtp(struct media *media, enum net_end end, dtls_time now, const uint8_t *sealed, size_t len,
                     uint32_t ssrc, uint64_t index);
bool media_opens_rtcp(struct media *media, enum net_end end, dtls_time now, const uint8_t *sealed, size_t len,
                      uint32_t ssrc, uint64_t number);

struct dtls_srtp_stats media_stats(const struct media *media, enum net_end end);

#endif
