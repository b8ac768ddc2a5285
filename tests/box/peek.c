/* peek.c - opens a copy of a record with a copy of the sender's epoch. */
#include "tests/box/peek.h"

#include <stdlib.h>
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/record_view.h"

bool peek(const struct pair *pair, enum net_end from, const uint8_t *datagram, size_t len, size_t index,
          struct peeked *out)
{
    struct record_view views[RECORD_VIEW_MAX];
    uint64_t seen[1] = { 0 };

    if (index >= record_view_split(datagram, len, views) || views[index].len > PEEK_MAX)
        return false;
    const struct record_view *view = &views[index];
    *out = (struct peeked){ .type = view->type, .epoch = view->epoch, .sequence = view->sequence };
    const struct dtls_epoch *epoch = dtls_epochs_find(&pair->end[from].conn->as.epochs, view->epoch);
    if (epoch == NULL || epoch->write_key == NULL)
        return true;
    struct dtls_epoch copy = *epoch;
    copy.read_key = epoch->write_key;
    memcpy(copy.read_iv, epoch->write_iv, sizeof copy.read_iv);
    copy.replay = (struct dtls_replay){ .seen = seen, .size = 64 };
    memcpy(out->bytes, view->body, view->len);
    struct dtls_record record = { .type = view->type,
                                  .version = view->version,
                                  .epoch = view->epoch,
                                  .sequence = view->sequence,
                                  .body = out->bytes,
                                  .len = view->len };
    if (dtls_epoch_open(&copy, &record) != DTLS_OPENED)
        return true;
    memmove(out->bytes, record.body, record.len);
    out->len = record.len;
    return true;
}

bool peek_is_message(const struct peeked *record, uint8_t type)
{
    const uint8_t *offset = record->bytes + 6;

    return record->type == RECORD_HANDSHAKE && record->len >= 12 && record->bytes[0] == type && offset[0] == 0 &&
           offset[1] == 0 && offset[2] == 0;
}

bool peek_message(const struct pair *pair, enum net_end from, const uint8_t *datagram, size_t len, uint8_t type,
                  struct peeked *out)
{
    for (size_t i = 0; peek(pair, from, datagram, len, i, out); i++)
        if (peek_is_message(out, type))
            return true;
    return false;
}

uint16_t peek_message_seq(const struct peeked *record)
{
    return (uint16_t)(record->bytes[4] << 8 | record->bytes[5]);
}

/* ---- the log ---- */

static struct peek_note *new_note(struct peek_log *log)
{
    if (log->count == log->cap) {
        log->cap = log->cap == 0 ? 64 : 2 * log->cap;
        log->notes = realloc(log->notes, log->cap * sizeof log->notes[0]);
        if (log->notes == NULL)
            abort();
    }
    return &log->notes[log->count];
}

static struct net_verdict take_down(void *arg, const struct net_sending *sending)
{
    struct peek_log *log = arg;
    struct net_verdict verdict = { NET_PASS, 0 };

    for (size_t i = 0;; i++) {
        struct peek_note *note = new_note(log);
        if (!peek(log->pair, sending->from, sending->bytes, sending->len, i, &note->record))
            return verdict;
        note->from = sending->from;
        note->time_us = sending->now_us;
        note->datagram = sending->index;
        note->datagram_len = sending->len;
        log->count++;
        if (log->drop != NULL && log->drop(log->drop_arg, note))
            verdict.fate = NET_DROP;
    }
}

void peek_log_begin(struct peek_log *log, struct pair *pair, bool (*drop)(void *arg, const struct peek_note *note),
                    void *drop_arg)
{
    *log = (struct peek_log){ .pair = pair, .drop = drop, .drop_arg = drop_arg };
    net_set_filter(&pair->net, take_down, log);
}

void peek_log_end(struct peek_log *log, struct pair *pair)
{
    net_set_filter(&pair->net, NULL, NULL);
    free(log->notes);
    *log = (struct peek_log){ 0 };
}

const struct peek_note *peek_log_message(const struct peek_log *log, enum net_end from, uint8_t type, size_t nth)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->notes[i].from == from && peek_is_message(&log->notes[i].record, type) && nth-- == 0)
            return &log->notes[i];
    return NULL;
}

const struct peek_note *peek_log_alert(const struct peek_log *log, enum net_end from, uint8_t description, size_t nth)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct peeked *record = &log->notes[i].record;
        if (log->notes[i].from == from && record->type == RECORD_ALERT && record->len == 2 &&
            record->bytes[1] == description && nth-- == 0)
            return &log->notes[i];
    }
    return NULL;
}
