/* ev_queue.c - gathers datagrams into runs, and sees to it that a run that the kernel does not take as a whole leaves
 * in pieces. */
#include "adapters/ev_queue.h"

#include <errno.h>
#include <stdlib.h>

bool dtls_ev_queue_init(struct dtls_ev_queue *queue, bool connected)
{
    queue->bytes = malloc(DTLS_EV_QUEUE_BYTES + DTLS_EV_DATAGRAM);
    queue->connected = connected;
    queue->batch = 1;
    return queue->bytes != NULL;
}

void dtls_ev_queue_free(struct dtls_ev_queue *queue)
{
    free(queue->bytes);
    queue->bytes = NULL;
}

bool dtls_ev_queue_is_empty(const struct dtls_ev_queue *queue)
{
    return queue->run_count == 0;
}

uint8_t *dtls_ev_queue_room(const struct dtls_ev_queue *queue)
{
    if (queue->used >= DTLS_EV_QUEUE_BYTES || queue->piece_count == DTLS_EV_QUEUE_PIECES ||
        queue->run_count == DTLS_EV_QUEUE_RUNS)
        return NULL;
    return queue->bytes + queue->used;
}

bool dtls_ev_queue_is_full_for(const struct dtls_ev_queue *queue, const struct dtls_ev_lane *lane)
{
    return queue->blocked && lane->batch == queue->batch && lane->waiting >= DTLS_EV_SHARE;
}

/* The run of this peer that one more datagram of `len` bytes may join; NULL when there is none. */
static struct dtls_ev_run *open_run(struct dtls_ev_queue *queue, const struct dtls_ev_lane *lane, size_t len)
{
    if (lane == NULL || lane->batch != queue->batch || queue->whole || lane->run < queue->first_run)
        return NULL;
    struct dtls_ev_run *run = &queue->runs[lane->run];
    if (run->closed || len > run->size || run->count == DTLS_EV_IO_SEGMENTS || run->bytes + len > DTLS_EV_IO_BYTES)
        return NULL;
    return run;
}

static void put_piece(struct dtls_ev_queue *queue, size_t len)
{
    queue->pieces[queue->piece_count++] = (struct dtls_ev_piece){ (uint32_t)queue->used, (uint16_t)len, 0 };
    queue->used += len;
}

void dtls_ev_queue_add(struct dtls_ev_queue *queue, struct dtls_ev_lane *lane, const struct dtls_ev_address *to,
                       size_t len)
{
    struct dtls_ev_run *run = open_run(queue, lane, len);
    uint16_t piece = (uint16_t)queue->piece_count;

    if (lane != NULL && lane->batch != queue->batch)
        *lane = (struct dtls_ev_lane){ .batch = queue->batch };
    if (lane != NULL)
        lane->waiting++;
    put_piece(queue, len);
    if (run == NULL) {
        if (lane != NULL)
            lane->run = (uint16_t)queue->run_count;
        queue->runs[queue->run_count++] = (struct dtls_ev_run){
            .to = *to, .size = (uint16_t)len, .first = piece, .last = piece, .count = 1, .bytes = (uint32_t)len
        };
        return;
    }
    queue->pieces[run->last].next = piece;
    run->last = piece;
    run->count++;
    run->bytes += (uint32_t)len;
    run->closed = len < run->size;
}

/* ---- one datagram ---- */

/* A socket reports here, too, what became of an *earlier* datagram, to whomever (nobody listens there, a router
 * complains); this message has not been sent yet then, so it is sent again. */
static bool send_message(struct dtls_ev_queue *queue, int fd, const struct dtls_ev_message *message, bool *has_errors)
{
    for (int i = 0; i < 2; i++) {
        queue->stats.send_calls++;
        if (dtls_ev_io_send(fd, message, 1) == 1)
            return true;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
            return false;
        *has_errors = true;
    }
    return false;
}

enum dtls_ev_fate dtls_ev_queue_send_now(struct dtls_ev_queue *queue, int fd, const struct dtls_ev_address *to,
                                         const uint8_t *bytes, size_t len, bool *has_errors)
{
    struct iovec part = { (void *)(uintptr_t)bytes, len };
    struct dtls_ev_message message = { queue->connected ? NULL : to, &part, 1, 0 };

    if (send_message(queue, fd, &message, has_errors)) {
        queue->stats.datagrams_sent++;
        return DTLS_EV_LEFT;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return DTLS_EV_BLOCKED;
    if (errno == EMSGSIZE)
        return DTLS_EV_TOO_BIG;
    if (errno == ENOBUFS)
        queue->stats.lost_full++;
    else
        queue->stats.lost_refused++;
    return DTLS_EV_LOST;
}

void dtls_ev_queue_send_in_fragments(struct dtls_ev_queue *queue, int fd, const struct dtls_ev_address *to,
                                     const uint8_t *bytes, size_t len, bool *has_errors)
{
    dtls_ev_path_fragment(fd, to, true);
    (void)dtls_ev_queue_send_now(queue, fd, to, bytes, len, has_errors);
    dtls_ev_path_fragment(fd, to, false);
}

/* ---- runs ---- */

/* As few parts as there are holes between its pieces. */
static size_t gather(const struct dtls_ev_queue *queue, const struct dtls_ev_run *run, struct iovec *parts)
{
    size_t count = 0;
    uint16_t at = run->first;

    for (uint16_t i = 0; i < run->count; i++, at = queue->pieces[at].next) {
        const struct dtls_ev_piece *piece = &queue->pieces[at];
        uint8_t *bytes = queue->bytes + piece->at;
        if (count > 0 && (uint8_t *)parts[count - 1].iov_base + parts[count - 1].iov_len == bytes)
            parts[count - 1].iov_len += piece->len;
        else
            parts[count++] = (struct iovec){ bytes, piece->len };
    }
    return count;
}

/* The first run, datagram by datagram; false when the socket takes no more. */
static bool send_pieces(struct dtls_ev_queue *queue, int fd, bool *has_errors)
{
    struct dtls_ev_run *run = &queue->runs[queue->first_run];
    bool told = false;

    while (run->count > 0) {
        const struct dtls_ev_piece *piece = &queue->pieces[run->first];
        switch (dtls_ev_queue_send_now(queue, fd, &run->to, queue->bytes + piece->at, piece->len, has_errors)) {
        case DTLS_EV_BLOCKED:
            return false;
        case DTLS_EV_TOO_BIG: /* its sender did not know: the network may cut this one, and hears of it */
            if (!told)
                queue->too_big(queue->arg, &run->to);
            told = true;
            dtls_ev_queue_send_in_fragments(queue, fd, &run->to, queue->bytes + piece->at, piece->len, has_errors);
            break;
        case DTLS_EV_LEFT:
        case DTLS_EV_LOST:
            break;
        }
        run->first = piece->next;
        run->count--;
    }
    queue->first_run++;
    return true;
}

/* The first run was not taken as it is, for the reason in errno. False: the socket takes no more. */
static bool mend(struct dtls_ev_queue *queue, int fd, bool *has_errors)
{
    struct dtls_ev_run *run = &queue->runs[queue->first_run];
    int reason = errno;

    if (reason == EAGAIN || reason == EWOULDBLOCK)
        return false;
    if (reason == ENOBUFS) {
        queue->stats.lost_full += run->count;
        queue->first_run++;
        return true;
    }
    *has_errors = true;
    if (run->count > 1) { /* or because of an earlier datagram: that costs a few calls */
        queue->stats.unsegmented++;
        queue->whole = queue->whole || reason == EIO; /* the device has no checksums: for good */
    }
    return send_pieces(queue, fd, has_errors);
}

bool dtls_ev_queue_flush(struct dtls_ev_queue *queue, int fd)
{
    struct dtls_ev_message messages[DTLS_EV_IO_MOST];
    struct iovec parts[DTLS_EV_QUEUE_PIECES];
    bool has_errors = false;

    queue->blocked = false;
    while (queue->first_run < queue->run_count) {
        size_t count = 0, used = 0;
        for (size_t i = queue->first_run; i < queue->run_count && count < DTLS_EV_IO_MOST; i++, count++) {
            const struct dtls_ev_run *run = &queue->runs[i];
            size_t part_count = gather(queue, run, parts + used);
            messages[count] = (struct dtls_ev_message){ queue->connected ? NULL : &run->to, parts + used, part_count,
                                                        run->count > 1 ? run->size : 0 };
            used += part_count;
        }
        queue->stats.send_calls++;
        size_t sent = dtls_ev_io_send(fd, messages, count);
        for (size_t i = 0; i < sent; i++)
            queue->stats.datagrams_sent += queue->runs[queue->first_run++].count;
        if (sent == 0 && !mend(queue, fd, &has_errors)) {
            queue->blocked = true;
            queue->stats.blocked++;
            return has_errors;
        }
    }
    queue->used = queue->piece_count = queue->run_count = queue->first_run = 0;
    queue->batch++;
    return has_errors;
}
