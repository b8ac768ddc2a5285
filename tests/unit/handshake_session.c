/* handshake_session.c - sessions as bytes, the server's cache, and tickets. */
#include <string.h>

#include "handshake/session.h"
#include "tests/tap.h"

static const struct dtls_memory heap;
static const struct dtls_random system_random;

static struct dtls_session_state example(uint8_t number)
{
    struct dtls_session_state state = { .suite = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, .id_len = 32, .has_peer = true };

    memset(state.master, number, sizeof state.master);
    memset(state.id, number, sizeof state.id);
    memset(state.peer, number + 1, sizeof state.peer);
    state.has_name = true;
    memset(state.name, number + 2, sizeof state.name);
    state.created = 12345;
    return state;
}

static bool are_equal(const struct dtls_session_state *a, const struct dtls_session_state *b)
{
    return a->suite == b->suite && memcmp(a->master, b->master, sizeof a->master) == 0 && a->id_len == b->id_len &&
           memcmp(a->id, b->id, a->id_len) == 0 && a->has_peer == b->has_peer &&
           memcmp(a->peer, b->peer, sizeof a->peer) == 0 && a->created == b->created && a->has_name == b->has_name &&
           memcmp(a->name, b->name, sizeof a->name) == 0;
}

static void a_session_comes_back_from_its_bytes(void)
{
    struct dtls_session_state state = example(7);
    struct dtls_session *session = dtls_session_new(&heap, &state, (struct dtls_bytes){ (const uint8_t *)"ticket", 6 }),
                        *back;
    uint8_t bytes[DTLS_SESSION_MAX];
    size_t len;

    CU_ASSERT_EQUAL(dtls_session_write(session, bytes, 10, &len), DTLS_ERR_BUFFER_TOO_SMALL);
    size_t needed = len;
    CU_ASSERT_EQUAL(dtls_session_write(session, bytes, needed, &len), DTLS_OK);
    CU_ASSERT_EQUAL(len, needed);
    CU_ASSERT_EQUAL_FATAL(dtls_session_read(bytes, len, &back), DTLS_OK);
    CU_ASSERT_TRUE(are_equal(&back->state, &state));
    CU_ASSERT(back->ticket_len == 6 && memcmp(back->ticket, "ticket", 6) == 0);
    dtls_session_free(session);
    dtls_session_free(back);
}

static void a_damaged_session_is_refused(void)
{
    struct dtls_session_state state = example(7);
    struct dtls_session *session = dtls_session_new(&heap, &state, (struct dtls_bytes){ 0 }), *back;
    uint8_t bytes[DTLS_SESSION_MAX];
    size_t len;

    dtls_session_write(session, bytes, sizeof bytes, &len);
    for (size_t cut = 0; cut < len; cut++)
        CHECK_CASE(dtls_session_read(bytes, cut, &back) == DTLS_ERR_BAD_SESSION && back == NULL, "cut at %zu", cut);
    CU_ASSERT_EQUAL(dtls_session_read(bytes, len + 1, &back), DTLS_ERR_BAD_SESSION);
    bytes[0]++; /* a later format */
    CU_ASSERT_EQUAL(dtls_session_read(bytes, len, &back), DTLS_ERR_BAD_SESSION);
    bytes[0]--;
    bytes[1] ^= 0xff; /* a suite we do not have */
    CU_ASSERT_EQUAL(dtls_session_read(bytes, len, &back), DTLS_ERR_BAD_SESSION);
    dtls_session_free(session);
}

static struct dtls_bytes id_of(const struct dtls_session_state *state)
{
    return (struct dtls_bytes){ state->id, state->id_len };
}

static void the_cache_keeps_the_newest(void)
{
    struct dtls_session_cache *cache = dtls_session_cache_new(4);
    struct dtls_session_state found;

    for (uint8_t i = 1; i <= 6; i++) {
        struct dtls_session_state state = example(i);
        dtls_session_cache_put(cache, &state);
    }
    for (uint8_t i = 1; i <= 6; i++) {
        struct dtls_session_state state = example(i);
        bool kept = dtls_session_cache_get(cache, id_of(&state), &found);
        CHECK_CASE(kept == (i > 2), "session %u", i);
        CHECK_CASE(!kept || are_equal(&found, &state), "session %u", i);
    }
    CU_ASSERT_FALSE(dtls_session_cache_get(cache, (struct dtls_bytes){ (const uint8_t *)"abc", 3 }, &found));
    dtls_session_cache_free(cache);
    CU_ASSERT_PTR_NULL(dtls_session_cache_new(0));
    CU_ASSERT_PTR_NULL(dtls_session_cache_new(65537));
}

static void a_ticket_opens_under_its_own_key_only(void)
{
    struct dtls_ticket_key keys[2] = { { { 1 }, { 1 } }, { { 2 }, { 2 } } };
    struct dtls_session_state state = example(9), found;
    uint8_t ticket[DTLS_TICKET_MOST];
    size_t len;

    CU_ASSERT_EQUAL(dtls_ticket_seal(&keys[1], &heap, &system_random, &state, ticket, &len), DTLS_OK);
    CU_ASSERT_TRUE(dtls_ticket_open(keys, 2, &heap, (struct dtls_bytes){ ticket, len }, &found)); /* an older key */
    CU_ASSERT_TRUE(are_equal(&found, &state));
    CU_ASSERT_FALSE(dtls_ticket_open(keys, 1, &heap, (struct dtls_bytes){ ticket, len }, &found)); /* rotated away */
    for (size_t bit = 0; bit < 8 * len; bit++) {
        ticket[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_CASE(!dtls_ticket_open(keys, 2, &heap, (struct dtls_bytes){ ticket, len }, &found), "bit %zu", bit);
        ticket[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++)
        CHECK_CASE(!dtls_ticket_open(keys, 2, &heap, (struct dtls_bytes){ ticket, cut }, &found), "cut at %zu", cut);
}

static void a_session_lives_as_long_as_it_may(void)
{
    struct dtls_session_state state = example(1);

    state.created = 5000000;
    CU_ASSERT_TRUE(dtls_session_is_alive(&state, 5000000, 10));
    CU_ASSERT_TRUE(dtls_session_is_alive(&state, 14999999, 10));
    CU_ASSERT_FALSE(dtls_session_is_alive(&state, 15000000, 10));
    CU_ASSERT_FALSE(dtls_session_is_alive(&state, 4999999, 10)); /* made by a clock that is ahead of ours */
}

static CU_TestInfo tests[] = {
    { "a session comes back from its bytes", a_session_comes_back_from_its_bytes },
    { "a damaged session, or a later format, is refused", a_damaged_session_is_refused },
    { "the cache keeps the newest sessions", the_cache_keeps_the_newest },
    { "a ticket opens under its own key only", a_ticket_opens_under_its_own_key_only },
    { "a session lives as long as it may", a_session_lives_as_long_as_it_may },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "handshake/session", tests);
}
