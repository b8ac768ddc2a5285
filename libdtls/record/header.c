/* header.c - thirteen bytes in, thirteen bytes out. */
#include "record/header.h"

#include "bytes/reader.h"
#include "bytes/writer.h"

bool dtls_record_read(uint8_t *datagram, size_t len, size_t *position, struct dtls_record *out)
{
    size_t left = len - *position;
    uint8_t *at = datagram + *position;

    if (left < DTLS_RECORD_HEADER_LEN || left - DTLS_RECORD_HEADER_LEN < dtls_number_at(at + 11, 2))
        return false;
    *out = (struct dtls_record){
        .type = at[0],
        .version = (uint16_t)dtls_number_at(at + 1, 2),
        .epoch = (uint16_t)dtls_number_at(at + 3, 2),
        .sequence = dtls_number_at(at + 5, 6),
        .len = dtls_number_at(at + 11, 2),
        .body = at + DTLS_RECORD_HEADER_LEN,
    };
    *position += DTLS_RECORD_HEADER_LEN + out->len;
    return true;
}

void dtls_record_header_write(uint8_t at[DTLS_RECORD_HEADER_LEN], uint8_t type, uint16_t version, uint16_t epoch,
                              uint64_t sequence, size_t len)
{
    at[0] = type;
    dtls_put_number(at + 1, 2, version);
    dtls_put_number(at + 3, 2, epoch);
    dtls_put_number(at + 5, 6, sequence);
    dtls_put_number(at + 11, 2, len);
}
