/* reassembly.c - fragments that lie: the largest class of all. In the clear in a first handshake; in a rehandshake from
 * a peer that has the keys and means no good. */
#include <string.h>

#include "messages/handshake_header.h"
#include "tests/attacks/siege.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

enum { MOST = 32768, HUGE = 0xffffff, WINDOW = 8, HEADER = SIEGE_FRAGMENT_HEADER };

/* Who waits for a flight, and for which message_seq. The eighth from there is one that no flight reaches. */
static const struct target {
    enum siege_phase phase;
    enum net_end end;
    uint16_t due;
} targets[] = {
    { SIEGE_ANSWERED, CLIENT, 0 },
    { SIEGE_ANSWERED, SERVER, 1 },
    { SIEGE_AGAIN_ANSWERED, CLIENT, 0 },
    { SIEGE_AGAIN_ANSWERED, SERVER, 1 },
};

enum { TARGETS = sizeof targets / sizeof targets[0] };

static uint16_t unused_seq(const struct target *target)
{
    return (uint16_t)(target->due + WINDOW - 1);
}

/* A first handshake whose slots are taken ends by its own clock; an association that was open lives. Then a new attempt
 * succeeds. */
static void check_end(struct siege *siege, const struct target *target)
{
    if (siege_epoch(siege) > 0) {
        CHECK_CASE(pair_ping(siege->pair, NET_SECOND), "%s: no ping", siege_name(target->phase));
        return;
    }
    pair_run_for(siege->pair, 100 * NET_SECOND);
    CHECK_CASE(siege_is_over(siege, target->end), "%s: end %d hangs", siege_name(target->phase), (int)target->end);
    struct siege next;
    siege_begin(&next, SIEGE_HELLO, NULL);
    siege_survives(&next, "a new attempt");
    siege_end(&next);
}

/* ---- how much memory ---- */

static void fragments_again_and_again_are_bounded(void)
{
    for (size_t t = 0; t < TARGETS; t++) {
        struct siege siege;
        struct rng rng = { 1378 };
        siege_begin(&siege, targets[t].phase, NULL);
        const struct memory *memory = &siege.memory[targets[t].end];
        size_t blocks = memory->live_blocks, bytes = memory->live_bytes;
        for (size_t i = siege_count(siege_epoch(&siege) == 0 ? 100000 : 10000); i > 0; i--) {
            uint32_t length = 1 + (uint32_t)rng_up_to(&rng, MOST - 1);
            bool near = rng_chance(&rng, 5000);
            uint16_t seq = near ? (uint16_t)(targets[t].due + rng_up_to(&rng, WINDOW - 1)) : (uint16_t)rng_next(&rng);
            uint32_t len = length > 40 ? 40 : length - 1; /* never a whole message */
            siege_say(&siege, targets[t].end,
                      &(struct siege_fragment){ .type = (uint8_t)rng_up_to(&rng, 20),
                                                .length = length,
                                                .message_seq = seq,
                                                .offset = (uint32_t)rng_up_to(&rng, length - len),
                                                .fragment_length = len,
                                                .present = len });
            if (memory->live_blocks > blocks + WINDOW || memory->live_bytes > bytes + 2 * MOST)
                break;
        }
        CHECK_CASE(memory->live_blocks <= blocks + WINDOW && memory->most_bytes <= bytes + 2 * MOST + 4096,
                   "%s, end %d: %zu blocks, at most %zu bytes", siege_name(targets[t].phase), (int)targets[t].end,
                   memory->live_blocks - blocks, memory->most_bytes - bytes);
        CHECK_CASE(siege_dropped(&siege, targets[t].end, DTLS_DROP_FAR_AHEAD) > 1000 &&
                       siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT) > 1000,
                   "%s, end %d: not counted", siege_name(targets[t].phase), (int)targets[t].end);
        check_end(&siege, &targets[t]);
        siege_end(&siege);
    }
}

/* Every number, a length that is never allocated: not one allocation is asked for. */
static void ask_for_too_much(const uint32_t *lengths, size_t count, const char *attack)
{
    for (size_t t = 0; t < TARGETS; t++) {
        struct siege siege;
        siege_begin(&siege, targets[t].phase, NULL);
        size_t asked = siege.memory[targets[t].end].asked;
        uint32_t step = (uint32_t)count * (siege_epoch(&siege) == 0 ? 1 : 17);
        for (uint32_t seq = 0; seq <= UINT16_MAX; seq += step)
            for (size_t i = 0; i < count; i++)
                siege_say(&siege, targets[t].end,
                          &(struct siege_fragment){ .type = (uint8_t)(seq % 21 == 1 ? 2 : seq % 21),
                                                    .length = lengths[i],
                                                    .message_seq = (uint16_t)seq,
                                                    .fragment_length = 50,
                                                    .present = 50 });
        CHECK_CASE(siege.memory[targets[t].end].asked == asked, "%s, end %d: %zu allocations", attack,
                   (int)targets[t].end, siege.memory[targets[t].end].asked - asked);
        CHECK_CASE(siege_epoch(&siege) > 0 || siege_dropped(&siege, targets[t].end, DTLS_DROP_TOO_LARGE) > 3,
                   "%s, end %d: not counted", attack, (int)targets[t].end);
        siege_survives(&siege, attack);
        siege_end(&siege);
    }
}

static void huge_lengths_allocate_nothing(void)
{
    ask_for_too_much((const uint32_t[]){ HUGE }, 1, "2^24-1 bytes");
}

static void the_bound_comes_before_the_allocation(void)
{
    ask_for_too_much((const uint32_t[]){ MOST + 1, MOST + 2, 2 * MOST, 1 << 23 }, 4, "one byte too many");
    for (size_t t = 0; t < TARGETS; t++) { /* and what is just small enough may come */
        struct siege siege;
        siege_begin(&siege, targets[t].phase, NULL);
        size_t asked = siege.memory[targets[t].end].asked;
        siege_say(&siege, targets[t].end,
                  &(struct siege_fragment){ .type = 11,
                                            .length = MOST,
                                            .message_seq = unused_seq(&targets[t]),
                                            .fragment_length = 9,
                                            .present = 9 });
        CU_ASSERT_EQUAL(siege.memory[targets[t].end].asked, asked + 1);
        siege_survives(&siege, "the largest message");
        siege_end(&siege);
    }
}

static void a_huge_message_of_each_type(void)
{
    for (size_t t = 0; t < TARGETS; t++)
        for (uint8_t type = 1; type <= 24; type++) {
            struct siege siege;
            siege_begin(&siege, targets[t].phase, NULL);
            size_t asked = siege.memory[targets[t].end].asked;
            if (type != DTLS_CLIENT_HELLO || targets[t].end == CLIENT || siege_epoch(&siege) == 0)
                for (uint32_t len = 0; len <= 1200; len += 400)
                    siege_say(&siege, targets[t].end,
                              &(struct siege_fragment){ .type = type,
                                                        .length = HUGE,
                                                        .message_seq = targets[t].due,
                                                        .fragment_length = len,
                                                        .present = len });
            CHECK_CASE(siege.memory[targets[t].end].asked == asked, "type %u: %zu allocations", type,
                       siege.memory[targets[t].end].asked - asked);
            CHECK_CASE(siege_lift(&siege), "type %u: it does not go on", type);
            siege_end(&siege);
        }
}

static void sixteen_claims_in_205_bytes(void)
{
    uint8_t body[16 * HEADER];

    for (size_t t = 0; t < TARGETS; t++) {
        struct siege siege;
        siege_begin(&siege, targets[t].phase, NULL);
        size_t bytes = siege.memory[targets[t].end].live_bytes;
        for (uint16_t i = 0; i < 16; i++)
            siege_write_fragment(
                body + i * HEADER,
                &(struct siege_fragment){ .type = 11, .length = HUGE, .message_seq = (uint16_t)(targets[t].due + i) });
        uint64_t dropped = pair_drops(siege.pair, targets[t].end);
        if (siege_epoch(&siege) == 0)
            siege_strike_record(&siege, targets[t].end, RECORD_HANDSHAKE, 0, body, sizeof body);
        else
            siege_say(&siege, targets[t].end,
                      &(struct siege_fragment){ .type = 11,
                                                .length = HUGE,
                                                .message_seq = targets[t].due,
                                                .present = sizeof body - HEADER,
                                                .bytes = body + HEADER });
        CU_ASSERT_EQUAL(siege.memory[targets[t].end].live_bytes, bytes);
        CU_ASSERT_TRUE(siege.memory[targets[t].end].most_bytes < bytes + 4096);
        CU_ASSERT_EQUAL(pair_drops(siege.pair, targets[t].end), dropped + 16);
        siege_survives(&siege, "16 claims");
        siege_end(&siege);
    }
}

/* One byte of each message, as long as may be: what may be kept in all has a bound of its own. */
static void fragments_of_many_long_messages(void)
{
    for (size_t t = 0; t < TARGETS; t++) {
        struct siege siege;
        siege_begin(&siege, targets[t].phase, NULL);
        const struct memory *memory = &siege.memory[targets[t].end];
        size_t bytes = memory->live_bytes;
        for (size_t i = siege_count(20000); i > 0; i--)
            siege_say(&siege, targets[t].end,
                      &(struct siege_fragment){ .type = 11,
                                                .length = MOST - 1000,
                                                .message_seq = (uint16_t)(targets[t].due + i % WINDOW),
                                                .offset = (uint32_t)(i * 7919 % (MOST - 1001)),
                                                .fragment_length = 1,
                                                .present = 1 });
        CHECK_CASE(memory->most_bytes <= bytes + 2 * MOST + 4096 && memory->most_bytes > bytes + MOST / 2,
                   "%s, end %d: at most %zu bytes", siege_name(targets[t].phase), (int)targets[t].end,
                   memory->most_bytes - bytes);
        CU_ASSERT_TRUE(siege_dropped(&siege, targets[t].end, DTLS_DROP_NO_ROOM) > 100);
        check_end(&siege, &targets[t]);
        siege_end(&siege);
    }
}

static void empty_fragments_cost_nothing(void)
{
    for (size_t t = 0; t < TARGETS; t++) {
        struct siege siege;
        siege_begin(&siege, targets[t].phase, NULL);
        size_t asked = siege.memory[targets[t].end].asked;
        for (size_t i = siege_count(siege_epoch(&siege) == 0 ? 50000 : 5000); i > 0; i--)
            siege_say(&siege, targets[t].end,
                      &(struct siege_fragment){ .type = 11,
                                                .length = 100 + (uint32_t)i % 1000,
                                                .message_seq = (uint16_t)(targets[t].due + i % WINDOW),
                                                .offset = (uint32_t)i % 101 });
        CU_ASSERT_EQUAL(siege.memory[targets[t].end].asked, asked);
        CU_ASSERT_TRUE(siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT) >= 5000);
        siege_survives(&siege, "empty fragments");
        siege_end(&siege);
    }
}

static void messages_beyond_the_flight_are_gone_at_its_end(void)
{
    for (size_t t = 0; t < TARGETS; t++) {
        struct siege siege;
        siege_begin(&siege, targets[t].phase, NULL);
        size_t blocks = siege.memory[targets[t].end].live_blocks;
        for (uint16_t seq = (uint16_t)(targets[t].due + WINDOW - 3); seq <= unused_seq(&targets[t]); seq++)
            siege_say(&siege, targets[t].end,
                      &(struct siege_fragment){
                          .type = 11, .length = 2000, .message_seq = seq, .fragment_length = 2000, .present = 2000 });
        CU_ASSERT_EQUAL(siege.memory[targets[t].end].live_blocks, blocks + 3); /* whole ones, and all too early */
        siege_survives(&siege, "messages ahead");
        siege_end(&siege);
    }
}

/* ---- fragments that disagree ---- */

static void every_triple_of_lengths(void)
{
    static const uint32_t numbers[] = { 0, 1, 2, 11, 12, 13, 255, 256, 1000, MOST - 1, MOST, MOST + 1, 1 << 23, HUGE };
    enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

    for (size_t t = 0; t < TARGETS; t++) {
        struct siege siege;
        siege_begin(&siege, targets[t].phase, NULL);
        uint64_t wrong = 0, dropped = siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT);
        for (size_t i = 0; i < NUMBERS * NUMBERS * NUMBERS; i++) {
            struct siege_fragment fragment = { .type = 11,
                                               .message_seq = unused_seq(&targets[t]),
                                               .length = numbers[i % NUMBERS],
                                               .offset = numbers[i / NUMBERS % NUMBERS],
                                               .fragment_length = numbers[i / NUMBERS / NUMBERS] };
            fragment.present = fragment.fragment_length > 1000 ? 1000 : fragment.fragment_length;
            siege_say(&siege, targets[t].end, &fragment);
            wrong += fragment.present != fragment.fragment_length ||
                     (uint64_t)fragment.offset + fragment.fragment_length > fragment.length;
        }
        CHECK_CASE(wrong > 1000 && siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT) >= dropped + wrong,
                   "%s, end %d: %llu of %llu dropped", siege_name(targets[t].phase), (int)targets[t].end,
                   (unsigned long long)(siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT) - dropped),
                   (unsigned long long)wrong);
        siege_survives(&siege, "lengths that disagree");
        siege_end(&siege);
    }
}

/* The block was made for 200 bytes; the later fragments tell of longer and shorter messages. */
static void a_message_keeps_its_length(void)
{
    static const uint32_t lengths[] = { 2000, 199, 201, MOST, 101 };

    for (size_t t = 0; t < TARGETS; t++)
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            struct siege siege;
            siege_begin(&siege, targets[t].phase, NULL);
            struct siege_fragment fragment = {
                .type = 11, .length = 200, .message_seq = unused_seq(&targets[t]), .fragment_length = 50, .present = 50
            };
            siege_say(&siege, targets[t].end, &fragment);
            size_t bytes = siege.memory[targets[t].end].live_bytes;
            uint64_t dropped = siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT);
            fragment.length = lengths[i];
            fragment.offset = lengths[i] - 100;
            fragment.fragment_length = 100;
            fragment.present = 100;
            siege_say(&siege, targets[t].end, &fragment);
            CU_ASSERT_EQUAL(siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT), dropped + 1);
            CU_ASSERT_EQUAL(siege.memory[targets[t].end].live_bytes, bytes);
            fragment.message_seq--; /* another message of the same type is another one, whatever its length */
            siege_say(&siege, targets[t].end, &fragment);
            CU_ASSERT_EQUAL(siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT), dropped + 1);
            CU_ASSERT_TRUE(siege.memory[targets[t].end].live_bytes > bytes);
            siege_survives(&siege, "another length");
            siege_end(&siege);
        }
}

static void one_number_two_types(void)
{
    for (size_t t = 0; t < TARGETS; t++) {
        struct siege siege;
        siege_begin(&siege, targets[t].phase, NULL);
        struct siege_fragment fragment = {
            .length = 100, .message_seq = unused_seq(&targets[t]), .fragment_length = 10, .present = 10
        };
        uint64_t dropped = siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT);
        size_t blocks = siege.memory[targets[t].end].live_blocks;
        for (uint8_t i = 0; i < 100; i++) {
            fragment.type = (uint8_t)(11 + i % 5);
            fragment.offset = i;
            if (fragment.offset + 10 <= fragment.length)
                siege_say(&siege, targets[t].end, &fragment);
        }
        CU_ASSERT_EQUAL(siege_dropped(&siege, targets[t].end, DTLS_DROP_FRAGMENT),
                        dropped + 72); /* the type of the first counts */
        CU_ASSERT_EQUAL(siege.memory[targets[t].end].live_blocks, blocks + 1);
        siege_survives(&siege, "two types");
        siege_end(&siege);
    }
}

/* ---- every message, in every state ---- */

static bool is_defined_end(const struct siege *siege, enum net_end end)
{
    const struct pair_event *failed = pair_last(siege->pair, end, DTLS_EVENT_FAILED);

    if (failed == NULL)
        return pair_count(siege->pair, end, DTLS_EVENT_CLOSED) == 0;
    return failed->error == DTLS_ERR_DECODE || failed->error == DTLS_ERR_UNEXPECTED_MESSAGE ||
           failed->error == DTLS_ERR_BAD_FINISHED || failed->error == DTLS_ERR_VERSION ||
           failed->error == DTLS_ERR_ILLEGAL_PARAMETER;
}

static void say_each_number(enum siege_phase phase, enum net_end end, uint8_t type)
{
    static const uint16_t numbers[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 300, 0x7fff, 0x8000, 0xffff };
    static const uint8_t body[40] = { 0xfe, 0xfd };
    struct siege siege;

    siege_begin(&siege, phase, NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        siege_say(&siege, end,
                  &(struct siege_fragment){ .type = type,
                                            .length = sizeof body,
                                            .message_seq = numbers[i],
                                            .fragment_length = sizeof body,
                                            .present = sizeof body,
                                            .bytes = body });
        CHECK_CASE(is_defined_end(&siege, end), "%s, end %d, type %u, number %u: an undefined end", siege_name(phase),
                   (int)end, type, numbers[i]);
        if (!siege_is_over(&siege, end))
            continue;
        CHECK_CASE(dtls_conn_is_open(siege.pair->end[end].conn) == false, "over and open");
        siege_end(&siege);
        siege_begin(&siege, phase, NULL);
    }
    if (siege_epoch(&siege) > 0) /* an authentic one that came ahead may be its undoing when its turn comes */
        CHECK_CASE(pair_ping(siege.pair, NET_SECOND) || (siege_is_over(&siege, end) && is_defined_end(&siege, end)),
                   "%s, end %d, type %u: no ping", siege_name(phase), (int)end, type);
    siege_end(&siege);
}

static void every_number_in_every_state(void)
{
    for (int phase = 0; phase < SIEGE_PHASES; phase++)
        for (int end = CLIENT; end <= SERVER; end++)
            for (uint8_t type = 0; type <= 21; type++)
                say_each_number((enum siege_phase)phase, (enum net_end)end, type);
}

/* A record full of headers without bytes: each is looked at once, and that is all the work there is. */
static void a_record_of_empty_fragments_ends(void)
{
    static uint8_t record[RECORD_HEADER_LEN + 16380];

    for (size_t t = 0; t < 2; t++)
        for (uint32_t length = 0; length <= 24; length += 12) {
            struct siege siege;
            siege_begin(&siege, targets[t].phase, NULL);
            uint64_t drops = pair_drops(siege.pair, targets[t].end);
            record_view_header(record, RECORD_HANDSHAKE, 0, 7, sizeof record - RECORD_HEADER_LEN);
            for (size_t at = RECORD_HEADER_LEN; at < sizeof record; at += HEADER)
                siege_write_fragment(record + at, &(struct siege_fragment){ .type = 11,
                                                                            .length = length,
                                                                            .message_seq = unused_seq(&targets[t]),
                                                                            .offset = length });
            siege_strike(&siege, targets[t].end, record, sizeof record);
            drops = pair_drops(siege.pair, targets[t].end) - drops;
            CHECK_CASE(drops == (length == 0 ? 0 : 1365), "length %u: %llu drops", length, (unsigned long long)drops);
            siege_survives(&siege, "empty fragments in one record");
            siege_end(&siege);
        }
}

static CU_TestInfo tests[] = {
    { "CVE-2009-1378: fragments doubled and far ahead take bounded memory", fragments_again_and_again_are_bounded },
    { "CVE-2009-1387: every message in every state, with every number, has a defined end",
      every_number_in_every_state },
    { "CVE-2014-0195: lengths and offsets that disagree are dropped, every triple", every_triple_of_lengths },
    { "CVE-2014-3506: messages of 2^24-1 bytes allocate nothing, whatever their number",
      huge_lengths_allocate_nothing },
    { "CVE-2014-3507: a flood of empty fragments costs nothing and leaks nothing", empty_fragments_cost_nothing },
    { "CVE-2016-2179: messages ahead are gone when the handshake is done",
      messages_beyond_the_flight_are_gone_at_its_end },
    { "CVE-2016-6308: a message's length is judged before memory is taken for it",
      the_bound_comes_before_the_allocation },
    { "CVE-2026-33846: a message keeps the length that its first fragment told", a_message_keeps_its_length },
    { "CVE-2026-42009: one number with several types is the first one's", one_number_two_types },
    { "wolfSSL 4.3.0: a message of 2^24-1 bytes of each type allocates nothing", a_huge_message_of_each_type },
    { "wolfSSL 5.5.1: fragments of many long messages are kept within a bound", fragments_of_many_long_messages },
    { "CVE-2022-29190: a record of empty fragments ends", a_record_of_empty_fragments_ends },
    { "CVE-2026-59646: sixteen claims in one datagram of 205 bytes allocate nothing", sixteen_claims_in_205_bytes },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks reassembly", tests);
}
