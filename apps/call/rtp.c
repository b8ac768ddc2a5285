/* rtp.c - RTP packets, read and written. */
#include "apps/call/rtp.h"

enum { VERSION = 2, PADDING = 0x20, EXTENSION = 0x10, CSRC_COUNT = 0x0f, MARKER = 0x80 };

void rtp_write(struct dtls_writer *to, const struct rtp_packet *packet)
{
    dtls_write_u8(to, VERSION << 6);
    dtls_write_u8(to, (uint8_t)((packet->marker ? MARKER : 0) | (packet->type & 0x7f)));
    dtls_write_u16(to, packet->sequence);
    dtls_write_u32(to, packet->timestamp);
    dtls_write_u32(to, packet->ssrc);
    dtls_write_bytes(to, packet->payload);
}

/* The last byte counts the padding, itself included. */
static bool drop_padding(struct dtls_bytes *payload)
{
    struct dtls_reader reader = dtls_reader_of(*payload);

    if (payload->len == 0)
        return false;
    dtls_read_bytes(&reader, payload->len - 1);
    uint8_t count = dtls_read_u8(&reader);
    if (count == 0 || count > payload->len)
        return false;
    payload->len -= count;
    return true;
}

bool rtp_read(struct dtls_bytes bytes, struct rtp_packet *out)
{
    struct dtls_reader reader = dtls_reader_of(bytes);
    struct rtp_packet packet;
    uint8_t first = dtls_read_u8(&reader), second = dtls_read_u8(&reader);

    packet.marker = (second & MARKER) != 0;
    packet.type = second & 0x7f;
    packet.sequence = dtls_read_u16(&reader);
    packet.timestamp = dtls_read_u32(&reader);
    packet.ssrc = dtls_read_u32(&reader);
    dtls_read_bytes(&reader, (size_t)(first & CSRC_COUNT) * 4);
    if ((first & EXTENSION) != 0) {
        dtls_read_u16(&reader); /* whose it is */
        dtls_read_bytes(&reader, (size_t)dtls_read_u16(&reader) * 4);
    }
    packet.payload = dtls_read_rest(&reader);
    if (!dtls_reader_finished(&reader) || first >> 6 != VERSION)
        return false;
    if ((first & PADDING) != 0 && !drop_padding(&packet.payload))
        return false;
    *out = packet;
    return true;
}
