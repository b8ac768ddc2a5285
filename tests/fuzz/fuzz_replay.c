/* fuzz_replay.c - a replay window against the list of all that it has accepted.
 *
 * Input: one byte, the window's size; then a 48-bit number (high bit of the first byte set) or a 7-bit distance from
 * the newest, again and again. */
#include "record/header.h"
#include "record/replay.h"
#include "tests/fuzz/fuzz.h"

enum { MOST = 512, LARGEST = 256 };

struct list {
    uint64_t accepted[MOST];
    size_t count;
};

static bool has(const struct list *list, uint64_t sequence)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->accepted[i] == sequence)
            return true;
    return false;
}

static uint64_t read_sequence(struct dtls_reader *from, uint64_t next)
{
    uint8_t first = dtls_read_u8(from);

    if ((first & 0x80) != 0)
        return dtls_read_u48(from);
    uint64_t back = first * UINT64_C(4);
    return next + 40 >= back ? next + 40 - back : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ data, len });
    uint64_t seen[LARGEST / 64] = { 0 };
    struct dtls_replay window = { .seen = seen, .size = 64 * (1 + dtls_read_u8(&from) % (LARGEST / 64)) };
    struct list list = { .count = 0 };

    while (dtls_reader_has_more(&from) && list.count < MOST) {
        uint64_t sequence = read_sequence(&from, window.next);
        bool too_old = sequence < window.next && window.next - sequence > window.size;
        bool fresh = dtls_replay_is_fresh(&window, sequence);
        FUZZ_CHECK(fresh == (!too_old && !has(&list, sequence)));
        if (!fresh || sequence > DTLS_MAX_SEQUENCE)
            continue;
        dtls_replay_mark(&window, sequence);
        list.accepted[list.count++] = sequence;
        FUZZ_CHECK(window.next > sequence && !dtls_replay_is_fresh(&window, sequence));
    }
    return 0;
}
