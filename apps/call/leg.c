/* leg.c - packets of one call, both ways. */
#include "apps/call/leg.h"

#include <inttypes.h>
#include <string.h>

#include "apps/call/rtp.h"
#include "apps/media_keys.h"
#include "dtls/mux.h"

enum { ROOM = 2048 };

bool leg_begin(struct leg *leg)
{
    uint8_t random[10];

    if (dtls_srtp_new(NULL, &leg->srtp) != DTLS_OK || dtls_system_random(NULL, random, sizeof random) != DTLS_OK)
        return false;
    memcpy(&leg->ssrc, random, 4);
    memcpy(&leg->timestamp, random + 4, 4);
    memcpy(&leg->sequence, random + 8, 2);
    leg->sequence &= 0x7fff; /* RFC 3711, 3.3.1: no rollover among the first packets */
    leg->reception.clock_rate = voice_step(leg->voice) * VOICE_FRAMES_A_SECOND;
    return true;
}

void leg_end(struct leg *leg)
{
    dtls_srtp_free(leg->srtp);
    leg->srtp = NULL;
}

int leg_take_keys(struct leg *leg, dtls_time now, const struct dtls_conn *conn, const struct dtls_event *event)
{
    int error = media_keys_take(leg->srtp, now, conn, event);

    if (error == DTLS_OK && event->keys == DTLS_KEYS_SEND) {
        leg->rehandshakes += leg->may_send;
        leg->may_send = true;
    }
    return error;
}

/* A number that stands for the payload: FNV-1a. Not against anyone; it only has to differ. */
static void log_frame(const struct leg *leg, const char *verb, uint16_t sequence, const uint8_t *payload, size_t len)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    if (leg->frames == NULL)
        return;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ payload[i]) * UINT64_C(0x100000001b3);
    fprintf(leg->frames, "%s %u %016" PRIx64 "\n", verb, sequence, sum);
}

bool leg_say(struct leg *leg, dtls_time now)
{
    uint8_t payload[VOICE_MOST_PAYLOAD], packet[ROOM];
    struct dtls_writer to = dtls_writer_to(packet, sizeof packet);
    size_t len = voice_next(leg->voice, payload), out_len;

    if (len == 0)
        return false;
    rtp_write(&to, &(struct rtp_packet){ .marker = !leg->spoke,
                                         .type = voice_type(leg->voice),
                                         .sequence = leg->sequence,
                                         .timestamp = leg->timestamp,
                                         .ssrc = leg->ssrc,
                                         .payload = { payload, len } });
    int error = dtls_srtp_protect_rtp(leg->srtp, now, packet, to.len, sizeof packet, &out_len);
    if (error == DTLS_OK)
        error = leg->send(leg->arg, packet, out_len);
    if (error == DTLS_OK) {
        log_frame(leg, "sent", leg->sequence, payload, len);
        leg->sent++;
        leg->octets += len;
    } else {
        leg->unsent++;
    }
    leg->spoke = true;
    leg->sequence++;
    leg->timestamp += voice_step(leg->voice);
    return true;
}

void leg_report(struct leg *leg, dtls_time now, uint64_t unix_us, bool bye)
{
    uint8_t packet[ROOM];
    struct dtls_writer to = dtls_writer_to(packet, sizeof packet);
    struct rtcp_report report = { .ssrc = leg->ssrc,
                                  .is_sender = leg->sent > 0,
                                  .ntp = rtcp_ntp(unix_us),
                                  .timestamp = leg->timestamp,
                                  .packets = (uint32_t)leg->sent,
                                  .octets = (uint32_t)leg->octets };
    size_t out_len;

    if (!leg->may_send)
        return;
    report.has_block = reception_block(&leg->reception, now, &report.block);
    rtcp_write(&to, &report, "dtls-call", bye);
    if (dtls_srtp_protect_rtcp(leg->srtp, now, packet, to.len, sizeof packet, &out_len) == DTLS_OK &&
        leg->send(leg->arg, packet, out_len) == DTLS_OK)
        leg->reports_sent++;
}

static void hear_rtcp(struct leg *leg, dtls_time now, uint64_t unix_us, struct dtls_bytes bytes)
{
    struct rtcp_compound compound;
    uint64_t round_trip_us;

    if (!rtcp_read(bytes, leg->ssrc, &compound)) {
        leg->foreign++;
        return;
    }
    leg->has_bye = leg->has_bye || compound.has_bye;
    if (!compound.has_report)
        return;
    leg->reports_received++;
    if (compound.report.is_sender)
        reception_report(&leg->reception, now, compound.report.ntp);
    if (compound.report.has_block && rtcp_round_trip_us(&compound.report.block, rtcp_ntp(unix_us), &round_trip_us))
        leg->round_trip_us = round_trip_us;
}

/* In its turn, or after some that are missing; what comes late has been concealed already. */
static void hear_frame(struct leg *leg, const struct rtp_packet *rtp)
{
    uint64_t number = leg->reception.highest;

    if (leg->next != 0 && number > leg->next)
        voice_conceal(leg->voice, number - leg->next);
    voice_take(leg->voice, rtp->payload.at, rtp->payload.len);
    leg->next = number + 1;
}

static void hear_rtp(struct leg *leg, dtls_time now, struct dtls_bytes bytes)
{
    struct rtp_packet rtp;

    if (!rtp_read(bytes, &rtp) || rtp.type != voice_type(leg->voice)) {
        leg->foreign++;
        return;
    }
    enum reception_kind kind = reception_packet(&leg->reception, now, rtp.ssrc, rtp.sequence, rtp.timestamp);
    log_frame(leg, "received", rtp.sequence, rtp.payload.at, rtp.payload.len);
    if (kind == RECEPTION_NEW)
        hear_frame(leg, &rtp);
}

bool leg_hear(struct leg *leg, dtls_time now, uint64_t unix_us, uint8_t *datagram, size_t len, uint16_t *epoch)
{
    bool is_rtcp = dtls_mux_classify(datagram, len) == DTLS_MUX_RTCP;
    struct dtls_srtp_opened opened;

    int error = is_rtcp ? dtls_srtp_unprotect_rtcp(leg->srtp, now, datagram, len, &opened)
                        : dtls_srtp_unprotect_rtp(leg->srtp, now, datagram, len, &opened);
    if (error != DTLS_OK || opened.len == 0)
        return false;
    if (is_rtcp)
        hear_rtcp(leg, now, unix_us, (struct dtls_bytes){ datagram, opened.len });
    else
        hear_rtp(leg, now, (struct dtls_bytes){ datagram, opened.len });
    *epoch = opened.epoch;
    return true;
}

uint64_t leg_undecryptable(const struct leg *leg)
{
    struct dtls_srtp_stats stats;

    dtls_srtp_stats(leg->srtp, &stats);
    return stats.no_keys + stats.malformed + stats.too_long + stats.unknown_key + stats.old_key + stats.forged +
           stats.failed;
}

/* What comes twice does not get past the replay window. */
uint64_t leg_duplicated(const struct leg *leg)
{
    struct dtls_srtp_stats stats;

    dtls_srtp_stats(leg->srtp, &stats);
    return stats.replayed + leg->reception.duplicated;
}
