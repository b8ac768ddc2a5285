/* srtp.c - a media session: which keys a packet is under, and when keys begin and end (contract K3, K4).
 * Knows no cipher and no libsrtp: srtp_generation.h has one set of keys, srtp_streams.h what outlives them all. */
#include "dtls/srtp.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/srtp_generation.h"
#include "adapters/srtp_streams.h"
#include "bytes/reader.h"
#include "bytes/time_after.h"
#include "crypto/secret.h"

enum {
    VERSION = 2,
    RTP_HEADER = 12,
    RTCP_HEADER = 8,
    RETIRED = 4,          /* MKIs of keys that are over, kept to tell their packets from those of unknown keys */
    MOST_INDEX_BITS = 48, /* RFC 3711, 3.3.1 */
};

struct dtls_srtp {
    struct dtls_srtp_settings settings;
    struct dtls_srtp_generation generations[DTLS_SRTP_GENERATIONS]; /* newest first; those without a number are free */
    struct dtls_srtp_mki retired[RETIRED];                          /* newest first; without length: none */
    uint64_t added;                                                 /* generations so far */
    uint64_t sending;                                               /* number of the one sent with; 0: none */
    struct dtls_srtp_streams sent, received;
    struct dtls_srtp_stats stats;
    uint8_t *scratch; /* as malloc aligns it */
};

static size_t scratch_len(const struct dtls_srtp *session)
{
    return session->settings.max_packet + DTLS_SRTP_OVERHEAD;
}

/* ---- keys ---- */

static struct dtls_srtp_generation *find_epoch(struct dtls_srtp *session, uint16_t epoch)
{
    for (size_t i = 0; i < DTLS_SRTP_GENERATIONS; i++)
        if (session->generations[i].number != 0 && session->generations[i].epoch == epoch)
            return &session->generations[i];
    return NULL;
}

static struct dtls_srtp_generation *find_sending(struct dtls_srtp *session)
{
    for (size_t i = 0; i < DTLS_SRTP_GENERATIONS; i++)
        if (session->sending != 0 && session->generations[i].number == session->sending)
            return &session->generations[i];
    return NULL;
}

/* Wipes it, moves the older ones up, and remembers its MKI, which is public. */
static void retire(struct dtls_srtp *session, struct dtls_srtp_generation *generation)
{
    struct dtls_srtp_generation *last = &session->generations[DTLS_SRTP_GENERATIONS - 1];

    if (generation->mki.len > 0) {
        memmove(session->retired + 1, session->retired, (RETIRED - 1) * sizeof session->retired[0]);
        session->retired[0] = generation->mki;
    }
    dtls_srtp_generation_close(generation);
    memmove(generation, generation + 1, (size_t)(last - generation) * sizeof *generation);
    dtls_wipe(last, sizeof *last);
}

/* A place in front; when all are taken, the oldest that is not sent with gives way. */
static struct dtls_srtp_generation *make_room(struct dtls_srtp *session)
{
    struct dtls_srtp_generation *last = &session->generations[DTLS_SRTP_GENERATIONS - 1];

    if (last->number != 0)
        retire(session, last->number == session->sending ? last - 1 : last);
    memmove(session->generations + 1, session->generations,
            (DTLS_SRTP_GENERATIONS - 1) * sizeof session->generations[0]);
    dtls_wipe(&session->generations[0], sizeof session->generations[0]);
    return &session->generations[0];
}

int dtls_srtp_add_keys(struct dtls_srtp *session, dtls_time now, const struct dtls_srtp_keys *keys)
{
    struct dtls_srtp_generation made;

    dtls_srtp_tick(session, now);
    if (find_epoch(session, keys->epoch) != NULL)
        return DTLS_ERR_ARGUMENT;
    int error = dtls_srtp_generation_open(&made, keys, session->settings.replay_window);
    if (error != DTLS_OK)
        return error;

    made.number = ++session->added;
    made.until = DTLS_NEVER;
    *make_room(session) = made;
    dtls_wipe(&made, sizeof made);
    return DTLS_OK;
}

int dtls_srtp_send_with(struct dtls_srtp *session, dtls_time now, uint16_t epoch)
{
    struct dtls_srtp_generation *wanted;

    dtls_srtp_tick(session, now);
    wanted = find_epoch(session, epoch);
    if (wanted == NULL || wanted->number < session->sending)
        return DTLS_ERR_ARGUMENT;
    session->sending = wanted->number;
    for (size_t i = 0; i < DTLS_SRTP_GENERATIONS; i++) {
        struct dtls_srtp_generation *generation = &session->generations[i];
        if (generation->number != 0 && generation->number < wanted->number && generation->until == DTLS_NEVER) {
            generation->until = dtls_time_after(now, DTLS_SRTP_OLD_KEYS_US);
            dtls_srtp_generation_end_sending(generation);
        }
    }
    return DTLS_OK;
}

int dtls_srtp_forget(struct dtls_srtp *session, uint16_t epoch)
{
    struct dtls_srtp_generation *generation = find_epoch(session, epoch);

    if (generation == NULL)
        return DTLS_OK;
    if (generation->number == session->sending)
        return DTLS_ERR_ARGUMENT;
    retire(session, generation);
    return DTLS_OK;
}

dtls_time dtls_srtp_deadline(const struct dtls_srtp *session)
{
    dtls_time earliest = DTLS_NEVER;

    for (size_t i = 0; i < DTLS_SRTP_GENERATIONS; i++)
        if (session->generations[i].number != 0 && session->generations[i].until < earliest)
            earliest = session->generations[i].until;
    return earliest;
}

void dtls_srtp_tick(struct dtls_srtp *session, dtls_time now)
{
    for (size_t i = DTLS_SRTP_GENERATIONS; i-- > 0;)
        if (session->generations[i].number != 0 && session->generations[i].until <= now)
            retire(session, &session->generations[i]);
}

/* ---- packets ---- */

/* False: not of version 2, or shorter than it says. */
static bool read_rtp(struct dtls_bytes bytes, struct dtls_srtp_packet *out)
{
    struct dtls_reader reader = dtls_reader_of(bytes);
    uint8_t first = dtls_read_u8(&reader);

    dtls_read_u8(&reader); /* marker and payload type */
    out->is_rtcp = false;
    out->sequence = dtls_read_u16(&reader);
    dtls_read_u32(&reader); /* timestamp */
    out->ssrc = dtls_read_u32(&reader);
    dtls_read_bytes(&reader, (size_t)(first & 0x0f) * 4); /* CSRCs */
    out->header_len = RTP_HEADER + (size_t)(first & 0x0f) * 4;
    if ((first & 0x10) != 0) {
        dtls_read_u16(&reader); /* the extension's profile */
        size_t words = dtls_read_u16(&reader);
        dtls_read_bytes(&reader, words * 4);
        out->header_len += 4 + words * 4;
    }
    return !reader.broken && first >> 6 == VERSION;
}

static bool read_rtcp(struct dtls_bytes bytes, struct dtls_srtp_packet *out)
{
    struct dtls_reader reader = dtls_reader_of(bytes);
    uint8_t first = dtls_read_u8(&reader);

    dtls_read_bytes(&reader, 3); /* type and length of the first of a compound packet */
    *out = (struct dtls_srtp_packet){ .is_rtcp = true, .header_len = RTCP_HEADER, .ssrc = dtls_read_u32(&reader) };
    return !reader.broken && first >> 6 == VERSION;
}

/* The stream of a packet that is to be sent. A sender's counter must not start again under the keys that have seen it:
 * the same key stream would protect two packets. So only who has not sent with these keys gives way. */
static int sent_stream(struct dtls_srtp *session, uint32_t ssrc, struct dtls_srtp_stream **out)
{
    struct dtls_srtp_streams *streams = &session->sent;
    struct dtls_srtp_stream *oldest;

    *out = dtls_srtp_streams_find(streams, ssrc);
    if (*out != NULL)
        return DTLS_OK;
    oldest = dtls_srtp_streams_oldest(streams, session->sending);
    if (oldest == NULL && dtls_srtp_streams_full(streams))
        return DTLS_SRTP_ERR_STREAMS;
    *out = dtls_srtp_streams_add(streams, ssrc, oldest);
    return DTLS_OK;
}

static int protect(struct dtls_srtp *session, dtls_time now, bool is_rtcp, uint8_t *packet, size_t len, size_t cap,
                   size_t *out_len)
{
    struct dtls_srtp_generation *generation;
    struct dtls_srtp_packet header = { 0 };
    struct dtls_srtp_stream *stream;
    uint64_t index = 0;

    dtls_srtp_tick(session, now);
    generation = find_sending(session);
    if (generation == NULL)
        return DTLS_SRTP_ERR_NO_KEYS;
    size_t longer = len + dtls_srtp_generation_overhead(generation, is_rtcp);
    if (longer > session->settings.max_packet || !(is_rtcp ? read_rtcp : read_rtp)(dtls_view(packet, len), &header))
        return DTLS_SRTP_ERR_PACKET;
    if (longer > cap) {
        *out_len = longer;
        return DTLS_ERR_BUFFER_TOO_SMALL;
    }

    int error = sent_stream(session, header.ssrc, &stream);
    if (error != DTLS_OK)
        return error;
    if (!is_rtcp) {
        index = dtls_srtp_stream_index(stream, header.sequence);
        header.roc = (uint32_t)(index >> 16);
        if (index >> MOST_INDEX_BITS != 0)
            return DTLS_ERR_EXHAUSTED;
        if (!dtls_replay_is_fresh(&stream->window, index))
            return DTLS_SRTP_ERR_REPEATED;
    }

    memcpy(session->scratch, packet, len);
    error = dtls_srtp_generation_protect(generation, &header, session->scratch, &len);
    if (error != DTLS_OK)
        return error;
    memcpy(packet, session->scratch, len);
    *out_len = len;
    if (is_rtcp)
        dtls_srtp_streams_touch(&session->sent, stream, generation->number);
    else
        dtls_srtp_streams_mark(&session->sent, stream, index, generation->number);
    *(is_rtcp ? &session->stats.rtcp_protected : &session->stats.rtp_protected) += 1;
    return DTLS_OK;
}

/* All keys, the newest first; those whose MKI is not in the packet need no trying. What counts of the verdicts is the
 * best one: a packet is replayed only if none opens it and one has seen it. */
static enum dtls_srtp_verdict open_with_any(struct dtls_srtp *session, const struct dtls_srtp_packet *header,
                                            struct dtls_bytes bytes, struct dtls_srtp_generation **by, size_t *len)
{
    static const uint8_t rank[] = { /* by enum dtls_srtp_verdict */
                                    [DTLS_SRTP_SHORT] = 0,    [DTLS_SRTP_OTHER_MKI] = 1, [DTLS_SRTP_FORGED] = 2,
                                    [DTLS_SRTP_REPLAYED] = 3, [DTLS_SRTP_NO_MEMORY] = 4, [DTLS_SRTP_AUTHENTIC] = 5
    };
    enum dtls_srtp_verdict best = DTLS_SRTP_SHORT;

    for (size_t i = 0; i < DTLS_SRTP_GENERATIONS && best != DTLS_SRTP_AUTHENTIC; i++) {
        struct dtls_srtp_generation *generation = &session->generations[i];
        if (generation->number == 0)
            continue;
        enum dtls_srtp_verdict verdict =
            dtls_srtp_generation_unprotect(generation, header, bytes, session->scratch, len);
        if (rank[verdict] >= rank[best])
            best = verdict;
        *by = generation;
    }
    return best;
}

static bool is_of_retired_keys(const struct dtls_srtp *session, bool is_rtcp, struct dtls_bytes bytes)
{
    for (size_t i = 0; i < RETIRED; i++)
        if (session->retired[i].len > 0 && dtls_srtp_mki_fits(&session->retired[i], is_rtcp, bytes))
            return true;
    return false;
}

static int count(struct dtls_srtp *session, enum dtls_srtp_verdict verdict, bool is_rtcp, struct dtls_bytes bytes)
{
    struct dtls_srtp_stats *stats = &session->stats;

    switch (verdict) {
    case DTLS_SRTP_AUTHENTIC:
        *(is_rtcp ? &stats->rtcp_unprotected : &stats->rtp_unprotected) += 1;
        return DTLS_OK;
    case DTLS_SRTP_OTHER_MKI:
        *(is_of_retired_keys(session, is_rtcp, bytes) ? &stats->old_key : &stats->unknown_key) += 1;
        return DTLS_OK;
    case DTLS_SRTP_SHORT:
        stats->malformed++;
        return DTLS_OK;
    case DTLS_SRTP_REPLAYED:
        stats->replayed++;
        return DTLS_OK;
    case DTLS_SRTP_FORGED:
        stats->forged++;
        return DTLS_OK;
    case DTLS_SRTP_NO_MEMORY:
        stats->failed++;
        return DTLS_ERR_NO_MEMORY;
    }
    return DTLS_OK;
}

/* An authentic packet has come: its stream, new or known. */
static struct dtls_srtp_stream *received_stream(struct dtls_srtp *session, uint32_t ssrc,
                                                struct dtls_srtp_stream *known)
{
    struct dtls_srtp_stream *oldest;

    if (known != NULL)
        return known;
    oldest = dtls_srtp_streams_oldest(&session->received, 0);
    if (oldest != NULL) {
        for (size_t i = 0; i < DTLS_SRTP_GENERATIONS; i++)
            dtls_srtp_generation_drop_stream(&session->generations[i], oldest->ssrc);
        session->stats.evicted++;
    }
    return dtls_srtp_streams_add(&session->received, ssrc, oldest);
}

static int unprotect(struct dtls_srtp *session, dtls_time now, bool is_rtcp, uint8_t *packet, size_t len,
                     struct dtls_srtp_opened *out)
{
    struct dtls_bytes bytes = dtls_view(packet, len);
    struct dtls_srtp_generation *generation = NULL;
    struct dtls_srtp_packet header = { 0 };
    struct dtls_srtp_stream *stream;
    uint64_t index = 0;
    size_t opened = 0;

    *out = (struct dtls_srtp_opened){ 0 };
    dtls_srtp_tick(session, now);
    if (session->generations[0].number == 0) {
        session->stats.no_keys++;
        return DTLS_OK;
    }
    if (len > session->settings.max_packet) {
        session->stats.too_long++;
        return DTLS_OK;
    }
    if (!(is_rtcp ? read_rtcp : read_rtp)(bytes, &header))
        return count(session, DTLS_SRTP_SHORT, is_rtcp, bytes);

    stream = dtls_srtp_streams_find(&session->received, header.ssrc);
    if (!is_rtcp) {
        index = dtls_srtp_stream_index(stream, header.sequence);
        header.roc = (uint32_t)(index >> 16);
        if (index >> MOST_INDEX_BITS != 0 || (stream != NULL && !dtls_replay_is_fresh(&stream->window, index)))
            return count(session, DTLS_SRTP_REPLAYED, is_rtcp, bytes);
    }
    enum dtls_srtp_verdict verdict = open_with_any(session, &header, bytes, &generation, &opened);
    if (verdict == DTLS_SRTP_AUTHENTIC) {
        memcpy(packet, session->scratch, opened);
        *out = (struct dtls_srtp_opened){ opened, generation->epoch, generation->number > session->sending };
        stream = received_stream(session, header.ssrc, stream);
        if (is_rtcp)
            dtls_srtp_streams_touch(&session->received, stream, generation->number);
        else
            dtls_srtp_streams_mark(&session->received, stream, index, generation->number);
    }
    return count(session, verdict, is_rtcp, bytes);
}

/* ---- the header's verbs ---- */

static bool is_valid(const struct dtls_srtp_settings *settings)
{
    return settings->max_streams <= 4096 && settings->replay_window >= 64 && settings->replay_window <= 32704 &&
           settings->replay_window % 64 == 0 && settings->max_packet >= 256 && settings->max_packet <= 65535;
}

int dtls_srtp_new(const struct dtls_srtp_settings *settings, struct dtls_srtp **out)
{
    struct dtls_srtp_settings chosen = settings != NULL ? *settings : (struct dtls_srtp_settings){ 0 };

    chosen.max_streams = chosen.max_streams != 0 ? chosen.max_streams : 64;
    chosen.replay_window = chosen.replay_window != 0 ? chosen.replay_window : 1024;
    chosen.max_packet = chosen.max_packet != 0 ? chosen.max_packet : 2048;
    if (!is_valid(&chosen))
        return DTLS_ERR_ARGUMENT;
    if (!dtls_srtp_library_init())
        return DTLS_SRTP_ERR_LIBSRTP;

    struct dtls_srtp *session = calloc(1, sizeof *session);
    if (session == NULL)
        return DTLS_ERR_NO_MEMORY;
    session->settings = chosen;
    session->scratch = calloc(1, scratch_len(session));
    bool has_tables = dtls_srtp_streams_init(&session->sent, chosen.max_streams, chosen.replay_window);
    has_tables = dtls_srtp_streams_init(&session->received, chosen.max_streams, chosen.replay_window) && has_tables;
    if (session->scratch == NULL || !has_tables) {
        dtls_srtp_free(session);
        return DTLS_ERR_NO_MEMORY;
    }
    *out = session;
    return DTLS_OK;
}

void dtls_srtp_free(struct dtls_srtp *session)
{
    if (session == NULL)
        return;
    for (size_t i = 0; i < DTLS_SRTP_GENERATIONS; i++)
        dtls_srtp_generation_close(&session->generations[i]);
    dtls_srtp_streams_clear(&session->sent);
    dtls_srtp_streams_clear(&session->received);
    if (session->scratch != NULL)
        dtls_wipe(session->scratch, scratch_len(session)); /* the last packet, in the clear */
    free(session->scratch);
    free(session);
}

int dtls_srtp_protect_rtp(struct dtls_srtp *session, dtls_time now, uint8_t *packet, size_t len, size_t cap,
                          size_t *out_len)
{
    return protect(session, now, false, packet, len, cap, out_len);
}

int dtls_srtp_protect_rtcp(struct dtls_srtp *session, dtls_time now, uint8_t *packet, size_t len, size_t cap,
                           size_t *out_len)
{
    return protect(session, now, true, packet, len, cap, out_len);
}

int dtls_srtp_unprotect_rtp(struct dtls_srtp *session, dtls_time now, uint8_t *packet, size_t len,
                            struct dtls_srtp_opened *out)
{
    return unprotect(session, now, false, packet, len, out);
}

int dtls_srtp_unprotect_rtcp(struct dtls_srtp *session, dtls_time now, uint8_t *packet, size_t len,
                             struct dtls_srtp_opened *out)
{
    return unprotect(session, now, true, packet, len, out);
}

void dtls_srtp_stats(const struct dtls_srtp *session, struct dtls_srtp_stats *out)
{
    *out = session->stats;
}
