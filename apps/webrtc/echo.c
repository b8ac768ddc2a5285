/* echo.c - RTP and RTCP, turned round (RFC 3550, RFC 4585, RFC 5104). Every SSRC is exchanged for its other, ours for
 * theirs and theirs for ours: so a browser's receiver tells its own sender how things go. */
#include "apps/webrtc/echo.h"

#include "bytes/reader.h"
#include "bytes/writer.h"
#include "dtls/mux.h"

enum { SR = 200, RR = 201, SDES = 202, BYE = 203, RTPFB = 205, PSFB = 206, FIR = 4, REMB = 15 };
enum { REST = 1 << 16 }; /* of anything: all of it */
#define OTHER UINT32_C(0x65636821)

static void copy(struct dtls_reader *from, struct dtls_writer *to, size_t len)
{
    dtls_write_bytes(to, dtls_read_bytes(from, len < from->left ? len : from->left));
}

static void turn(struct dtls_reader *from, struct dtls_writer *to)
{
    dtls_write_u32(to, dtls_read_u32(from) ^ OTHER);
}

static bool turn_rtp(struct dtls_bytes packet, struct dtls_writer *to)
{
    struct dtls_reader from = dtls_reader_of(packet);

    copy(&from, to, 8);
    turn(&from, to);
    copy(&from, to, REST);
    return !from.broken;
}

/* One packet of a compound one: SSRCs in front, bytes that stay, and SSRCs with bytes behind each. Others are left out.
 */
static void turn_one(uint8_t head, uint8_t type, struct dtls_bytes body, struct dtls_writer *to)
{
    struct dtls_reader from = dtls_reader_of(body);
    size_t count = head & 0x1f, front = 1, stays = 0, each = 0;

    if (type == SR || type == RR) {
        stays = type == SR ? 20 : 0;
        each = 20;
    } else if (type == BYE) {
        front = 0;
    } else if (type == RTPFB || type == PSFB) {
        front = 2;
        stays = type == PSFB && head % 32 == REMB ? 8 : type == PSFB && head % 32 == FIR ? 0 : REST;
        each = head % 32 == FIR ? 4 : 0;
        count = (body.len - body.len % 4) / 4;
    } else if (type != SDES || count != 1) {
        return;
    } else {
        stays = REST;
    }
    dtls_write_u8(to, head);
    dtls_write_u8(to, type);
    dtls_write_u16(to, (uint16_t)(body.len / 4));
    while (front-- > 0)
        turn(&from, to);
    copy(&from, to, stays);
    for (; count > 0 && dtls_reader_has_more(&from); count--) {
        turn(&from, to);
        copy(&from, to, each);
    }
    copy(&from, to, REST);
    to->broken = to->broken || from.broken;
}

static bool turn_rtcp(struct dtls_bytes packet, struct dtls_writer *to)
{
    struct dtls_reader from = dtls_reader_of(packet);

    while (dtls_reader_has_more(&from)) {
        uint8_t head = dtls_read_u8(&from), type = dtls_read_u8(&from);
        turn_one(head, type, dtls_read_bytes(&from, 4 * (size_t)dtls_read_u16(&from)), to);
    }
    return !from.broken;
}

size_t echo_packet(struct dtls_srtp *srtp, dtls_time now, uint8_t *packet, size_t len, uint8_t out[ECHO_ROOM],
                   uint16_t *epoch)
{
    bool is_rtcp = dtls_mux_classify(packet, len) == DTLS_MUX_RTCP;
    struct dtls_writer to = dtls_writer_to(out, ECHO_ROOM);
    struct dtls_srtp_opened opened;
    size_t out_len;

    *epoch = 0;
    int error = is_rtcp ? dtls_srtp_unprotect_rtcp(srtp, now, packet, len, &opened)
                        : dtls_srtp_unprotect_rtp(srtp, now, packet, len, &opened);
    if (error != DTLS_OK || opened.len == 0)
        return 0;
    *epoch = opened.epoch;
    struct dtls_bytes plain = { packet, opened.len };
    if (!(is_rtcp ? turn_rtcp(plain, &to) : turn_rtp(plain, &to)) || to.broken || to.len == 0)
        return 0;
    error = is_rtcp ? dtls_srtp_protect_rtcp(srtp, now, out, to.len, ECHO_ROOM, &out_len)
                    : dtls_srtp_protect_rtp(srtp, now, out, to.len, ECHO_ROOM, &out_len);
    return error == DTLS_OK ? out_len : 0;
}
