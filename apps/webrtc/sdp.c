/* sdp.c - lines of SDP. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "apps/webrtc/sdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_FORMATS = 64 }; /* of one section that are looked at */

#define TEXT(bytes) (int)(bytes).len, (const char *)(bytes).at

/* ---- words and lines ---- */

/* Cuts off what is in front of `end`, which goes; all of it, where there is none. */
static struct dtls_bytes cut(struct dtls_bytes *rest, char end)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->at, end, rest->len) : NULL;
    struct dtls_bytes piece = { rest->at, at != NULL ? (size_t)(at - rest->at) : rest->len };
    size_t gone = piece.len + (at != NULL);

    *rest = (struct dtls_bytes){ gone > 0 ? rest->at + gone : rest->at, rest->len - gone };
    return piece;
}

static struct dtls_bytes next_line(struct dtls_bytes *rest)
{
    struct dtls_bytes line = cut(rest, '\n');

    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* In any case of its letters. */
static bool begins(struct dtls_bytes text, const char *with)
{
    size_t len = strlen(with);

    return text.len >= len && strncasecmp((const char *)text.at, with, len) == 0;
}

static bool is(struct dtls_bytes text, const char *word)
{
    return text.len == strlen(word) && begins(text, word);
}

static bool equal(struct dtls_bytes a, struct dtls_bytes b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static bool has_word(struct dtls_bytes words, struct dtls_bytes word)
{
    while (words.len > 0)
        if (equal(cut(&words, ' '), word))
            return true;
    return false;
}

/* The next line "a=NAME:VALUE", or "a=NAME" with an empty value; false: there is none. */
static bool next_attribute(struct dtls_bytes *lines, const char *name, struct dtls_bytes *value)
{
    size_t len = strlen(name);

    while (lines->len > 0) {
        struct dtls_bytes line = next_line(lines);
        if (!begins(line, "a=") || line.len < 2 + len || memcmp(line.at + 2, name, len) != 0 ||
            (line.len > 2 + len && line.at[2 + len] != ':'))
            continue;
        cut(&line, ':');
        *value = line;
        return true;
    }
    return false;
}

static bool attribute(struct dtls_bytes lines, const char *name, struct dtls_bytes *value)
{
    return next_attribute(&lines, name, value);
}

/* A section's own, or else that of the session. */
static bool attribute_of(const struct sdp_offer *offer, const struct sdp_media *media, const char *name,
                         struct dtls_bytes *value)
{
    return attribute(media->lines, name, value) || attribute(offer->session, name, value);
}

/* The next line "a=NAME:TYPE REST" of a payload type (RFC 8866, 6.6; RFC 4585, 4.2). */
static bool next_of_type(struct dtls_bytes *lines, const char *name, struct dtls_bytes type, struct dtls_bytes *rest)
{
    while (next_attribute(lines, name, rest))
        if (equal(cut(rest, ' '), type))
            return true;
    return false;
}

/* ---- the offer ---- */

/* One that can be sent back as it came; what only repairs or fills in others is left out. */
static bool is_codec(struct dtls_bytes name)
{
    static const char *const codecs[] = { "opus/", "G722/", "PCMU/", "PCMA/", "VP8/", "VP9/", "H264/", "AV1/" };

    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (begins(name, codecs[i]))
            return true;
    return false;
}

static struct dtls_bytes choose_type(const struct sdp_media *media)
{
    struct dtls_bytes formats = media->formats, name;

    for (size_t count = 0; formats.len > 0 && count < MOST_FORMATS; count++) {
        struct dtls_bytes type = cut(&formats, ' '), lines = media->lines;
        if (next_of_type(&lines, "rtpmap", type, &name) && is_codec(name))
            return type;
    }
    return (struct dtls_bytes){ 0 };
}

/* Which sections do we take? With BUNDLE (RFC 9143) all share one transport; without it, the first alone. */
static const struct sdp_media *choose_media(struct sdp_offer *offer)
{
    struct dtls_bytes lines = offer->session, group = { 0 }, ignored;
    const struct sdp_media *first = NULL;

    while (next_attribute(&lines, "group", &group) && !is(cut(&group, ' '), "BUNDLE"))
        group = (struct dtls_bytes){ 0 };
    for (size_t i = 0; i < offer->media_count; i++) {
        struct sdp_media *media = &offer->media[i];
        bool is_av = is(media->kind, "audio") || is(media->kind, "video");
        if (!attribute(media->lines, "mid", &media->mid) || !is_av || !is(media->protocol, "UDP/TLS/RTP/SAVPF") ||
            !attribute(media->lines, "rtcp-mux", &ignored) || (first != NULL && !has_word(group, media->mid)))
            continue;
        media->type = choose_type(media);
        if (media->type.len > 0 && first == NULL)
            first = media;
    }
    return first;
}

static void take_fingerprints(struct sdp_offer *offer, struct dtls_bytes lines)
{
    struct dtls_bytes value;
    char text[DTLS_FINGERPRINT_SDP];

    while (offer->fingerprint_count < SDP_MOST_FINGERPRINTS && next_attribute(&lines, "fingerprint", &value)) {
        snprintf(text, sizeof text, "%.*s", TEXT(value));
        if (value.len < sizeof text &&
            dtls_fingerprint_from_sdp(text, &offer->fingerprints[offer->fingerprint_count]) == DTLS_OK)
            offer->fingerprint_count++;
    }
}

static const char *take_transport(struct sdp_offer *offer, const struct sdp_media *media)
{
    struct dtls_bytes password, setup;

    if (!attribute_of(offer, media, "ice-ufrag", &offer->ufrag) || offer->ufrag.len < 4 || offer->ufrag.len > 256)
        return "the offer has no a=ice-ufrag of 4 to 256 characters";
    if (!attribute_of(offer, media, "ice-pwd", &password) || password.len < 22 || password.len > 256)
        return "the offer has no a=ice-pwd of 22 to 256 characters";
    if (!attribute_of(offer, media, "setup", &setup))
        return "the offer has no a=setup";
    offer->may_be_client = is(setup, "actpass") || is(setup, "active");
    offer->may_be_server = is(setup, "actpass") || is(setup, "passive");
    if (!offer->may_be_client && !offer->may_be_server)
        return "the offer's a=setup is neither actpass, active nor passive";
    take_fingerprints(offer, media->lines);
    if (offer->fingerprint_count == 0)
        take_fingerprints(offer, offer->session);
    return offer->fingerprint_count > 0 ? NULL : "the offer has no a=fingerprint with SHA-256, SHA-384 or SHA-512";
}

/* An m= line: KIND PORT PROTOCOL FORMATS. */
static struct sdp_media read_media(struct dtls_bytes line, struct dtls_bytes rest)
{
    struct sdp_media media = { .lines = { rest.at, 0 } };

    cut(&line, '=');
    media.kind = cut(&line, ' ');
    cut(&line, ' ');
    media.protocol = cut(&line, ' ');
    media.formats = line;
    return media;
}

static const char *take_lines(struct dtls_bytes text, struct sdp_offer *offer)
{
    struct dtls_bytes rest = text, *lines = &offer->session;

    offer->session.at = text.at;
    while (rest.len > 0) {
        struct dtls_bytes line = next_line(&rest);
        if (line.len < 2 || line.at[1] != '=')
            return "a line of the offer is not of the form x=...";
        for (size_t i = 0; i < line.len; i++)
            if (line.at[i] < ' ')
                return "the offer has control characters";
        if (line.at[0] == 'm') {
            if (offer->media_count == SDP_MOST_MEDIA)
                return "the offer has more than 16 m= sections";
            offer->media[offer->media_count] = read_media(line, rest);
            if (offer->media[offer->media_count].formats.len == 0)
                return "an m= line of the offer has no formats";
            lines = &offer->media[offer->media_count++].lines;
        } else {
            lines->len = (size_t)(line.at + line.len - lines->at);
        }
    }
    return NULL;
}

const char *sdp_read(struct dtls_bytes text, struct sdp_offer *out)
{
    *out = (struct sdp_offer){ 0 };
    if (!begins(text, "v=0"))
        return "this is no SDP: it does not begin with v=0";
    const char *problem = take_lines(text, out);
    if (problem != NULL)
        return problem;
    const struct sdp_media *first = choose_media(out);
    if (first == NULL)
        return "the offer has no audio or video over UDP/TLS/RTP/SAVPF with a=mid, a=rtcp-mux and a codec we know";
    return take_transport(out, first);
}

/* ---- the answer ---- */

/* Nothing goes back where nothing comes (RFC 3264, 6.1). */
static const char *direction(const struct sdp_offer *offer, const struct sdp_media *media)
{
    static const char *const pairs[][2] = {
        { "sendrecv", "sendrecv" }, { "sendonly", "recvonly" }, { "recvonly", "inactive" }, { "inactive", "inactive" }
    };
    const struct dtls_bytes where[] = { media->lines, offer->session };
    struct dtls_bytes ignored;

    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++)
            if (attribute(where[i], pairs[k][0], &ignored))
                return pairs[k][1];
    return "sendrecv";
}

/* No plain "nack": what was sent once is not sent again by us. */
static bool is_feedback_of_ours(struct dtls_bytes feedback)
{
    return is(feedback, "nack pli") || is(feedback, "ccm fir") || is(feedback, "transport-cc") ||
           is(feedback, "goog-remb");
}

static bool is_extension_of_ours(struct dtls_bytes uri)
{
    return is(uri, "urn:ietf:params:rtp-hdrext:sdes:mid") ||
           is(uri, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time") ||
           is(uri, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01");
}

static void write_codec(FILE *to, const struct sdp_media *media)
{
    struct dtls_bytes lines = media->lines, value;

    while (next_of_type(&lines, "rtpmap", media->type, &value))
        fprintf(to, "a=rtpmap:%.*s %.*s\r\n", TEXT(media->type), TEXT(value));
    for (lines = media->lines; next_of_type(&lines, "fmtp", media->type, &value);)
        fprintf(to, "a=fmtp:%.*s %.*s\r\n", TEXT(media->type), TEXT(value));
    for (lines = media->lines; next_of_type(&lines, "rtcp-fb", media->type, &value);)
        if (is_feedback_of_ours(value))
            fprintf(to, "a=rtcp-fb:%.*s %.*s\r\n", TEXT(media->type), TEXT(value));
    for (lines = media->lines; next_attribute(&lines, "extmap", &value);) {
        struct dtls_bytes number = cut(&value, ' ');
        if (is_extension_of_ours(value))
            fprintf(to, "a=extmap:%.*s %.*s\r\n", TEXT(number), TEXT(value));
    }
}

static void write_media(FILE *to, const struct sdp_offer *offer, const struct sdp_media *media,
                        const struct sdp_end *end)
{
    const char *family = strchr(end->host, ':') != NULL ? "IP6" : "IP4";
    struct dtls_bytes formats = media->formats, format = cut(&formats, ' ');

    if (media->type.len == 0) { /* RFC 3264, 6: refused */
        fprintf(to, "m=%.*s 0 %.*s %.*s\r\nc=IN IP4 0.0.0.0\r\n", TEXT(media->kind), TEXT(media->protocol),
                TEXT(format));
        if (media->mid.len > 0)
            fprintf(to, "a=mid:%.*s\r\n", TEXT(media->mid));
        return;
    }
    fprintf(to, "m=%.*s %u %.*s %.*s\r\nc=IN %s %s\r\n", TEXT(media->kind), end->port, TEXT(media->protocol),
            TEXT(media->type), family, end->host);
    fprintf(to, "a=mid:%.*s\r\na=%s\r\na=msid:echo %.*s\r\na=rtcp-mux\r\n", TEXT(media->mid), direction(offer, media),
            TEXT(media->mid));
    fprintf(to, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\na=setup:%s\r\n", end->ufrag, end->password,
            end->fingerprint, end->is_client ? "active" : "passive");
    write_codec(to, media);
    fprintf(to, "a=candidate:1 1 udp 2130706431 %s %u typ host\r\na=end-of-candidates\r\n", end->host, end->port);
}

char *sdp_answer(const struct sdp_offer *offer, const struct sdp_end *end)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    if (to == NULL)
        return NULL;
    fprintf(to, "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE");
    for (size_t i = 0; i < offer->media_count; i++)
        if (offer->media[i].type.len > 0)
            fprintf(to, " %.*s", TEXT(offer->media[i].mid));
    fprintf(to, "\r\n");
    for (size_t i = 0; i < offer->media_count; i++)
        write_media(to, offer, &offer->media[i], end);
    bool whole = ferror(to) == 0;
    if (fclose(to) == 0 && whole)
        return text;
    free(text);
    return NULL;
}
