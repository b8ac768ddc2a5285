/* deadlines.c - a binary heap, kept in order by moving one member up or down. */
#include "endpoint/deadlines.h"

int dtls_deadlines_init(struct dtls_deadlines *deadlines, const struct dtls_memory *memory, size_t most)
{
    deadlines->heap = dtls_allocate(memory, most * sizeof(struct dtls_member *));
    deadlines->most = most;
    return deadlines->heap != NULL ? DTLS_OK : DTLS_ERR_NO_MEMORY;
}

void dtls_deadlines_free(struct dtls_deadlines *deadlines, const struct dtls_memory *memory)
{
    dtls_release(memory, deadlines->heap, deadlines->most * sizeof(struct dtls_member *));
}

static void put(struct dtls_deadlines *deadlines, size_t at, struct dtls_member *member)
{
    deadlines->heap[at] = member;
    member->heap_at = at;
}

/* To its place, from the hole at `at`. */
static void place(struct dtls_deadlines *deadlines, size_t at, struct dtls_member *member)
{
    struct dtls_member **heap = deadlines->heap;

    for (; at > 0 && member->deadline < heap[(at - 1) / 2]->deadline; at = (at - 1) / 2)
        put(deadlines, at, heap[(at - 1) / 2]);
    for (size_t child; (child = 2 * at + 1) < deadlines->count; at = child) {
        if (child + 1 < deadlines->count && heap[child + 1]->deadline < heap[child]->deadline)
            child++;
        if (member->deadline <= heap[child]->deadline)
            break;
        put(deadlines, at, heap[child]);
    }
    put(deadlines, at, member);
}

static void take_out(struct dtls_deadlines *deadlines, struct dtls_member *member)
{
    size_t hole = member->heap_at;
    struct dtls_member *last = deadlines->heap[--deadlines->count];

    member->heap_at = DTLS_NOT_IN_HEAP;
    if (last != member)
        place(deadlines, hole, last);
}

void dtls_deadlines_set(struct dtls_deadlines *deadlines, struct dtls_member *member, dtls_time deadline)
{
    if (deadline == member->deadline)
        return;
    member->deadline = deadline;
    if (deadline == DTLS_NEVER) {
        take_out(deadlines, member);
        return;
    }
    place(deadlines, member->heap_at == DTLS_NOT_IN_HEAP ? deadlines->count++ : member->heap_at, member);
}

struct dtls_member *dtls_deadlines_first(const struct dtls_deadlines *deadlines)
{
    return deadlines->count > 0 ? deadlines->heap[0] : NULL;
}
