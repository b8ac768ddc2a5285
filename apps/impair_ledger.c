/* impair_ledger.c - counts datagrams, and the application records and RTP packets in them. Decides nothing, sends
 * nothing. */
#include "apps/impair_ledger.h"

#include <inttypes.h>
#include <stdio.h>

#include "apps/json.h"
#include "bytes/reader.h"
#include "dtls/mux.h"

enum { APPLICATION_DATA = 23, DTLS_MAJOR = 0xfe };

struct record {
    uint8_t type;
    uint16_t epoch;
    uint64_t sequence;
};

/* Reads one record (RFC 6347, 4.1). False at the end of the datagram, and where DTLS ends. */
static bool read_record(struct dtls_reader *from, struct record *out)
{
    if (!dtls_reader_has_more(from))
        return false;
    out->type = dtls_read_u8(from);
    unsigned version = dtls_read_u16(from);
    out->epoch = dtls_read_u16(from);
    out->sequence = dtls_read_u48(from);
    dtls_read_vec16(from);
    return !from->broken && version >> 8 == DTLS_MAJOR;
}

void impair_ledger_arrived(struct impair_ledger *ledger, const uint8_t *datagram, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ datagram, len });
    struct record record;

    ledger->datagrams++;
    ledger->media_packets += dtls_mux_classify(datagram, len) == DTLS_MUX_RTP;
    while (read_record(&from, &record))
        if (record.type == APPLICATION_DATA)
            ledger->application_records++;
}

/* Of SRTP the header is in the clear (RFC 3711, 3.1). */
static void media_lost(struct impair_ledger *ledger, const uint8_t *datagram, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ datagram, len });

    dtls_read_u16(&from);
    ledger->media_packets_lost++;
    if (!ledger->json)
        return;
    json_begin("dropped_media");
    json_text("direction", ledger->direction);
    json_whole("sequence", dtls_read_u16(&from));
    json_end();
}

void impair_ledger_records_lost(struct impair_ledger *ledger, const uint8_t *datagram, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ datagram, len });
    struct record record;

    if (dtls_mux_classify(datagram, len) == DTLS_MUX_RTP)
        media_lost(ledger, datagram, len);
    while (read_record(&from, &record)) {
        if (record.type != APPLICATION_DATA)
            continue;
        ledger->application_records_lost++;
        if (!ledger->json)
            continue;
        json_begin("dropped_record");
        json_text("direction", ledger->direction);
        json_whole("epoch", record.epoch);
        json_whole("sequence", record.sequence);
        json_end();
    }
}

void impair_ledger_report(const struct impair_ledger *ledger)
{
    const struct {
        const char *key, *words;
        uint64_t count;
    } sums[] = {
        { "datagrams", "datagrams came", ledger->datagrams },
        { "passed", "passed", ledger->passed },
        { "lost", "lost", ledger->lost },
        { "too_large", "too large", ledger->too_large },
        { "duplicated", "doubled", ledger->duplicated },
        { "reordered", "reordered", ledger->reordered },
        { "corrupted", "corrupted", ledger->corrupted },
        { "application_records", "application records", ledger->application_records },
        { "application_records_lost", "of them lost", ledger->application_records_lost },
        { "media_packets", "RTP packets", ledger->media_packets },
        { "media_packets_lost", "of them lost", ledger->media_packets_lost },
    };

    if (ledger->json) {
        json_begin("report");
        json_text("direction", ledger->direction);
        for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
            json_whole(sums[i].key, sums[i].count);
        json_end();
        return;
    }
    fputs(ledger->direction, stdout);
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        printf("%s %" PRIu64 " %s", i == 0 ? ":" : ",", sums[i].count, sums[i].words);
    putchar('\n');
}
