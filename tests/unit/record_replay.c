/* record_replay.c - the replay window against what RFC 6347, 4.1.2.6 says, and against a window that remembers all. */
#include <stdlib.h>
#include <string.h>

#include "record/replay.h"
#include "tests/tap.h"

enum { SIZE = 64 };

static uint64_t words[SIZE / 64];

static struct dtls_replay empty_window(void)
{
    memset(words, 0, sizeof words);
    return (struct dtls_replay){ .seen = words, .size = SIZE };
}

static void accepts_a_record_once(void)
{
    struct dtls_replay window = empty_window();

    CU_ASSERT_TRUE(dtls_replay_is_fresh(&window, 0));
    dtls_replay_mark(&window, 0);
    CU_ASSERT_FALSE(dtls_replay_is_fresh(&window, 0));
    CU_ASSERT_TRUE(dtls_replay_is_fresh(&window, 1));
}

static void asking_does_not_move_it(void)
{
    struct dtls_replay window = empty_window();

    CU_ASSERT_TRUE(dtls_replay_is_fresh(&window, (UINT64_C(1) << 48) - 1)); /* a forged record may carry any number */
    CU_ASSERT_TRUE(dtls_replay_is_fresh(&window, 0));
}

static void late_records_pass_up_to_the_window(void)
{
    struct dtls_replay window = empty_window();

    dtls_replay_mark(&window, 1000);
    CU_ASSERT_TRUE(dtls_replay_is_fresh(&window, 1000 - SIZE + 1)); /* the oldest place in the window */
    CU_ASSERT_FALSE(dtls_replay_is_fresh(&window, 1000 - SIZE));    /* one behind it */
}

static void a_long_jump_forgets_everything_before_it(void)
{
    struct dtls_replay window = empty_window();

    for (uint64_t sequence = 0; sequence < SIZE; sequence++)
        dtls_replay_mark(&window, sequence);
    dtls_replay_mark(&window, 10 * SIZE);
    for (uint64_t sequence = 9 * SIZE + 1; sequence < 10 * SIZE; sequence++)
        CHECK_CASE(dtls_replay_is_fresh(&window, sequence), "sequence %u", (unsigned)sequence);
}

/* The reference: a flag for every number there is. */
static void agrees_with_a_window_that_remembers_all(void)
{
    enum { NUMBERS = 4000 };
    static bool seen[NUMBERS];
    struct dtls_replay window = empty_window();
    uint64_t newest = 0;
    bool any = false;

    memset(seen, 0, sizeof seen);
    srand(1);
    for (int i = 0; i < 20000; i++) {
        uint64_t sequence = (newest + (uint64_t)(rand() % 200)) % NUMBERS;
        sequence = sequence > 100 ? sequence - 100 : sequence;
        bool fresh = !seen[sequence] && !(any && sequence + SIZE <= newest);
        CHECK_CASE(dtls_replay_is_fresh(&window, sequence) == fresh, "step %d, sequence %u", i, (unsigned)sequence);
        if (!fresh)
            continue;
        dtls_replay_mark(&window, sequence);
        seen[sequence] = any = true;
        newest = sequence > newest ? sequence : newest;
    }
}

static CU_TestInfo tests[] = {
    { "a record is accepted once", accepts_a_record_once },
    { "asking about a forged number does not move the window", asking_does_not_move_it },
    { "late records pass up to the window's size and not beyond", late_records_pass_up_to_the_window },
    { "a long jump forgets everything before it", a_long_jump_forgets_everything_before_it },
    { "the window agrees with one that remembers everything", agrees_with_a_window_that_remembers_all },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "record/replay", tests);
}
