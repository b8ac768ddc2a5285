/* rtcp.c - compound packets, read and written. */
#include "apps/call/rtcp.h"

#include <string.h>

enum {
    VERSION = 2,
    COUNT = 0x1f,
    PADDING = 0x20,
    SENDER_REPORT = 200,
    RECEIVER_REPORT = 201,
    DESCRIPTION = 202,
    BYE = 203
};
enum { CNAME = 1 };

static const uint64_t seconds_before_1970 = UINT64_C(2208988800); /* since 1900, where NTP begins */

/* ---- writing ---- */

static void write_block(struct dtls_writer *to, const struct rtcp_block *block)
{
    const int32_t most = 0x7fffff, least = -0x800000;
    int32_t lost = block->lost > most ? most : block->lost < least ? least : block->lost;

    dtls_write_u32(to, block->ssrc);
    dtls_write_u8(to, block->fraction_lost);
    dtls_write_u24(to, (uint32_t)lost & 0xffffff);
    dtls_write_u32(to, block->highest);
    dtls_write_u32(to, block->jitter);
    dtls_write_u32(to, block->last_report);
    dtls_write_u32(to, block->delay);
}

static void write_header(struct dtls_writer *to, uint8_t count, uint8_t type, size_t words)
{
    dtls_write_u8(to, (uint8_t)(VERSION << 6 | count));
    dtls_write_u8(to, type);
    dtls_write_u16(to, (uint16_t)words); /* behind this one */
}

static void write_report(struct dtls_writer *to, const struct rtcp_report *report)
{
    size_t words = 1 + (report->is_sender ? 5 : 0) + (report->has_block ? 6 : 0);

    write_header(to, report->has_block ? 1 : 0, report->is_sender ? SENDER_REPORT : RECEIVER_REPORT, words);
    dtls_write_u32(to, report->ssrc);
    if (report->is_sender) {
        dtls_write_u64(to, report->ntp);
        dtls_write_u32(to, report->timestamp);
        dtls_write_u32(to, report->packets);
        dtls_write_u32(to, report->octets);
    }
    if (report->has_block)
        write_block(to, &report->block);
}

static void write_name(struct dtls_writer *to, uint32_t ssrc, const char *cname)
{
    size_t len = strlen(cname), items = 2 + len, padded = (items + 1 + 3) / 4 * 4; /* a zero ends the items */

    write_header(to, 1, DESCRIPTION, 1 + padded / 4);
    dtls_write_u32(to, ssrc);
    dtls_write_u8(to, CNAME);
    dtls_write_vec8(to, dtls_view(cname, len));
    for (size_t i = items; i < padded; i++)
        dtls_write_u8(to, 0);
}

void rtcp_write(struct dtls_writer *to, const struct rtcp_report *report, const char *cname, bool bye)
{
    write_report(to, report);
    write_name(to, report->ssrc, cname);
    if (bye) {
        write_header(to, 1, BYE, 1);
        dtls_write_u32(to, report->ssrc);
    }
}

/* ---- reading ---- */

static struct rtcp_block read_block(struct dtls_reader *from)
{
    struct rtcp_block block;

    block.ssrc = dtls_read_u32(from);
    block.fraction_lost = dtls_read_u8(from);
    uint32_t lost = dtls_read_u24(from);
    block.lost = (int32_t)lost - ((lost & 0x800000) != 0 ? 0x1000000 : 0);
    block.highest = dtls_read_u32(from);
    block.jitter = dtls_read_u32(from);
    block.last_report = dtls_read_u32(from);
    block.delay = dtls_read_u32(from);
    return block;
}

/* What is behind the blocks is a profile's own. */
static bool read_report(struct dtls_bytes body, bool is_sender, uint8_t count, uint32_t about, struct rtcp_report *out)
{
    struct dtls_reader reader = dtls_reader_of(body);

    *out = (struct rtcp_report){ .ssrc = dtls_read_u32(&reader), .is_sender = is_sender };
    if (is_sender) {
        out->ntp = dtls_read_u64(&reader);
        out->timestamp = dtls_read_u32(&reader);
        out->packets = dtls_read_u32(&reader);
        out->octets = dtls_read_u32(&reader);
    }
    for (uint8_t i = 0; i < count; i++) {
        struct rtcp_block block = read_block(&reader);
        if (block.ssrc == about && !out->has_block) {
            out->has_block = true;
            out->block = block;
        }
    }
    return !reader.broken;
}

bool rtcp_read(struct dtls_bytes bytes, uint32_t about, struct rtcp_compound *out)
{
    struct dtls_reader reader = dtls_reader_of(bytes);
    struct rtcp_compound compound = { 0 };
    bool is_first = true;

    while (dtls_reader_has_more(&reader)) {
        uint8_t first = dtls_read_u8(&reader), type = dtls_read_u8(&reader);
        struct dtls_bytes body = dtls_read_bytes(&reader, (size_t)dtls_read_u16(&reader) * 4);
        bool is_report = type == SENDER_REPORT || type == RECEIVER_REPORT;
        struct rtcp_report report;

        /* RFC 3550, A.2: all are of version 2, the first is a report and has no padding. */
        if (reader.broken || first >> 6 != VERSION || (is_first && (!is_report || (first & PADDING) != 0)))
            return false;
        if (is_report && !read_report(body, type == SENDER_REPORT, first & COUNT, about, &report))
            return false;
        if (is_first) {
            compound.has_report = true;
            compound.report = report;
        }
        compound.has_bye = compound.has_bye || type == BYE;
        is_first = false;
    }
    if (!dtls_reader_finished(&reader) || is_first)
        return false;
    *out = compound;
    return true;
}

/* ---- time ---- */

uint64_t rtcp_ntp(uint64_t unix_us)
{
    return (unix_us / 1000000 + seconds_before_1970) << 32 | ((unix_us % 1000000) << 32) / 1000000;
}

uint32_t rtcp_ntp_middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

bool rtcp_round_trip_us(const struct rtcp_block *block, uint64_t ntp, uint64_t *out)
{
    uint32_t trip = rtcp_ntp_middle(ntp) - block->last_report - block->delay;

    /* Half of the range is below zero: clocks that were set, or numbers made up. */
    if (block->last_report == 0 || trip >= UINT32_C(1) << 31)
        return false;
    *out = (uint64_t)trip * 1000000 / 65536;
    return true;
}
