/* heartbeat.c - the one message of RFC 6520, whose length field says less than the record's. */
#include "messages/heartbeat.h"

#include <string.h>

bool dtls_heartbeat_read(struct dtls_bytes record, struct dtls_heartbeat *out)
{
    struct dtls_reader from = dtls_reader_of(record);
    uint8_t type = dtls_read_u8(&from);
    struct dtls_bytes payload = dtls_read_vec16(&from);

    dtls_read_bytes(&from, DTLS_HEARTBEAT_PADDING);
    if (from.broken || (type != DTLS_HEARTBEAT_REQUEST && type != DTLS_HEARTBEAT_RESPONSE))
        return false;
    *out = (struct dtls_heartbeat){ type, payload };
    return true;
}

void dtls_heartbeat_write(struct dtls_writer *to, const struct dtls_heartbeat *heartbeat, size_t padding)
{
    dtls_write_u8(to, heartbeat->type);
    dtls_write_vec16(to, heartbeat->payload);
    uint8_t *zeroes = dtls_write_space(to, padding);
    if (zeroes != NULL)
        memset(zeroes, 0, padding);
}
