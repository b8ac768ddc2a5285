/* record_view.c - a reader of record headers that shares no code with the engine it watches. */
#include "tests/box/record_view.h"

#include <stdio.h>

static uint64_t read_number(const uint8_t *at, size_t len)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++)
        value = value << 8 | at[i];
    return value;
}

size_t record_view_split(const uint8_t *datagram, size_t len, struct record_view out[RECORD_VIEW_MAX])
{
    size_t count = 0;

    for (size_t at = 0; at < len; count++) {
        const uint8_t *header = datagram + at;
        if (count == RECORD_VIEW_MAX || len - at < RECORD_HEADER_LEN)
            return 0;
        out[count] = (struct record_view){
            .type = header[0],
            .version = (uint16_t)read_number(header + 1, 2),
            .epoch = (uint16_t)read_number(header + 3, 2),
            .sequence = read_number(header + 5, 6),
            .len = (size_t)read_number(header + 11, 2),
            .body = header + RECORD_HEADER_LEN,
            .at = at,
        };
        if (len - at - RECORD_HEADER_LEN < out[count].len)
            return 0;
        at += RECORD_HEADER_LEN + out[count].len;
    }
    return count;
}

bool record_view_find(const uint8_t *datagram, size_t len, uint8_t type, struct record_view *out)
{
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = record_view_split(datagram, len, records);

    for (size_t i = 0; i < count; i++)
        if (records[i].type == type) {
            *out = records[i];
            return true;
        }
    return false;
}

static const char *type_name(uint8_t type)
{
    switch (type) {
    case RECORD_CHANGE_CIPHER_SPEC:
        return "ccs";
    case RECORD_ALERT:
        return "alert";
    case RECORD_HANDSHAKE:
        return "handshake";
    case RECORD_DATA:
        return "data";
    }
    return "unknown";
}

static const char *message_name(uint8_t type)
{
    switch (type) {
    case 0:
        return "hello_request";
    case 1:
        return "client_hello";
    case 2:
        return "server_hello";
    case 3:
        return "hello_verify_request";
    case 4:
        return "new_session_ticket";
    case 11:
        return "certificate";
    case 12:
        return "server_key_exchange";
    case 13:
        return "certificate_request";
    case 14:
        return "server_hello_done";
    case 15:
        return "certificate_verify";
    case 16:
        return "client_key_exchange";
    case 20:
        return "finished";
    }
    return "unknown";
}

void record_view_format(const uint8_t *datagram, size_t len, char *out, size_t cap)
{
    struct record_view records[RECORD_VIEW_MAX];
    size_t count = record_view_split(datagram, len, records);
    size_t used = (size_t)snprintf(out, cap, "%s", count == 0 ? "no records" : "");

    for (size_t i = 0; i < count && used < cap; i++) {
        const struct record_view *record = &records[i];
        bool clear = record->epoch == 0 && record->type == RECORD_HANDSHAKE && record->len >= 12;
        used += (size_t)snprintf(out + used, cap - used, "%s%s/%u/%llu:%zu", i == 0 ? "" : " ", type_name(record->type),
                                 record->epoch, (unsigned long long)record->sequence, record->len);
        if (clear && used < cap)
            used += (size_t)snprintf(out + used, cap - used, "(%s %llu)", message_name(record->body[0]),
                                     (unsigned long long)read_number(record->body + 4, 2));
    }
}

void record_view_header(uint8_t out[RECORD_HEADER_LEN], uint8_t type, uint16_t epoch, uint64_t sequence, size_t len)
{
    out[0] = type;
    out[1] = 0xfe;
    out[2] = 0xfd;
    out[3] = (uint8_t)(epoch >> 8);
    out[4] = (uint8_t)epoch;
    for (unsigned i = 0; i < 6; i++)
        out[5 + i] = (uint8_t)(sequence >> (40 - 8 * i));
    out[11] = (uint8_t)(len >> 8);
    out[12] = (uint8_t)len;
}
