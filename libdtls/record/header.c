/* header.c - thirteen bytes in, thirteen bytes out. */
#include "record/header.h"

#include "bytes/reader.h"
#include "bytes/writer.h"

bool dtls_record_read(uint8_t *datagram, size_t len, size_t *position, struct dtls_record *out)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ datagram + *position, len - *position });
    struct dtls_record record;

    record.type = dtls_read_u8(&from);
    record.version = dtls_read_u16(&from);
    record.epoch = dtls_read_u16(&from);
    record.sequence = dtls_read_u48(&from);
    record.len = dtls_read_vec16(&from).len;
    if (from.broken)
        return false;
    record.body = datagram + *position + DTLS_RECORD_HEADER_LEN;
    *position += DTLS_RECORD_HEADER_LEN + record.len;
    *out = record;
    return true;
}

void dtls_record_header_write(uint8_t at[DTLS_RECORD_HEADER_LEN], uint8_t type, uint16_t version, uint16_t epoch,
                              uint64_t sequence, size_t len)
{
    struct dtls_writer to = dtls_writer_to(at, DTLS_RECORD_HEADER_LEN);

    dtls_write_u8(&to, type);
    dtls_write_u16(&to, version);
    dtls_write_u16(&to, epoch);
    dtls_write_u48(&to, sequence);
    dtls_write_u16(&to, (uint16_t)len);
}
