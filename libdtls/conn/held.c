/* held.c - a bounded queue of records. Knows neither what is in them nor when their time comes. */
#include "conn/held.h"

#include <string.h>

bool dtls_held_put(struct dtls_held *held, const struct dtls_memory *memory, uint16_t epoch, struct dtls_bytes record,
                   size_t most_records, size_t most_bytes)
{
    if (held->count >= most_records || held->bytes + record.len > most_bytes)
        return false;
    struct dtls_held_record *copy = dtls_allocate(memory, sizeof *copy + record.len);
    if (copy == NULL)
        return false;
    copy->epoch = epoch;
    copy->len = record.len;
    if (record.len > 0)
        memcpy(copy->bytes, record.at, record.len);
    if (held->last == NULL)
        held->first = copy;
    else
        held->last->next = copy;
    held->last = copy;
    held->count++;
    held->bytes += (uint32_t)record.len;
    return true;
}

struct dtls_held_record *dtls_held_take(struct dtls_held *held)
{
    struct dtls_held_record *record = held->first;

    if (record == NULL)
        return NULL;
    held->first = record->next;
    if (held->first == NULL)
        held->last = NULL;
    held->count--;
    held->bytes -= (uint32_t)record->len;
    return record;
}

void dtls_held_record_free(const struct dtls_memory *memory, struct dtls_held_record *record)
{
    dtls_release(memory, record, record == NULL ? 0 : sizeof *record + record->len);
}

size_t dtls_held_clear(struct dtls_held *held, const struct dtls_memory *memory)
{
    size_t count = held->count;

    while (held->first != NULL)
        dtls_held_record_free(memory, dtls_held_take(held));
    return count;
}
