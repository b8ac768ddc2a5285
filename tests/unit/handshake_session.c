/* handshake_session.c - sessions as bytes, and how long they live. */
#include <string.h>

#include "handshake/session.h"
#include "tests/tap.h"

static const struct dtls_memory heap;

static struct dtls_session_state example(uint8_t number)
{
    struct dtls_session_state state = { .suite = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, .id_len = 32, .has_peer = true };

    memset(state.master, number, sizeof state.master);
    memset(state.id, number, sizeof state.id);
    memset(state.peer, number + 1, sizeof state.peer);
    state.bound = DTLS_BOUND_TO_NAME;
    memset(state.binding, number + 2, sizeof state.binding);
    state.created = 12345;
    return state;
}

static bool are_equal(const struct dtls_session_state *a, const struct dtls_session_state *b)
{
    return a->suite == b->suite && memcmp(a->master, b->master, sizeof a->master) == 0 && a->id_len == b->id_len &&
           memcmp(a->id, b->id, a->id_len) == 0 && a->has_peer == b->has_peer &&
           memcmp(a->peer, b->peer, sizeof a->peer) == 0 && a->created == b->created && a->bound == b->bound &&
           memcmp(a->binding, b->binding, sizeof a->binding) == 0;
}

static void a_session_comes_back_from_its_bytes(void)
{
    struct dtls_session_state state = example(7);
    struct dtls_session *session =
                            dtls_session_new(&heap, &state, (struct dtls_bytes){ (const uint8_t *)"ticket", 6 }, 77),
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
    CU_ASSERT_EQUAL(back->lifetime_s, 77);
    dtls_session_free(session);
    dtls_session_free(back);
}

static void a_damaged_session_is_refused(void)
{
    struct dtls_session_state state = example(7);
    struct dtls_session *session = dtls_session_new(&heap, &state, (struct dtls_bytes){ 0 }, 0), *back;
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

static void a_session_lives_as_long_as_it_may(void)
{
    struct dtls_session_state state = example(1);

    state.created = 5000000;
    CU_ASSERT_TRUE(dtls_session_is_alive(&state, 5000000, 10));
    CU_ASSERT_TRUE(dtls_session_is_alive(&state, 14999999, 10));
    CU_ASSERT_FALSE(dtls_session_is_alive(&state, 15000000, 10));
    state.created = 1000000000;
    CU_ASSERT_TRUE(dtls_session_is_alive(&state, 700000000, 10));  /* by a clock that is a little ahead of ours, */
    CU_ASSERT_FALSE(dtls_session_is_alive(&state, 700000000, 0));  /* none is kept */
    CU_ASSERT_FALSE(dtls_session_is_alive(&state, 699999999, 10)); /* or more than that */
}

static int no_randomness(void *arg, uint8_t *out, size_t len)
{
    (void)arg;
    memset(out, 0, len);
    return DTLS_ERR_RANDOM;
}

static void *no_memory(void *arg, size_t len)
{
    (void)arg;
    (void)len;
    return NULL;
}

/* Whoever gave the room takes it for sealed bytes, and wipes nothing. */
static void what_cannot_be_sealed_does_not_stay(void)
{
    static const struct dtls_random system_random, none = { no_randomness, NULL };
    static const struct dtls_memory full = { .allocate = no_memory };
    static const struct dtls_ticket_key key = { "name", "key", 0, 0 };
    const struct dtls_session_state state = example(7);

    for (int i = 0; i < 2; i++) {
        uint8_t out[DTLS_SEALED_SESSION_MOST] = { 1 }, zeroes[DTLS_SEALED_SESSION_MOST] = { 0 };
        size_t len = 1;
        int err = dtls_session_seal(&key, DTLS_SEALED_TICKET, i == 0 ? &heap : &full, i == 0 ? &none : &system_random,
                                    &state, out, &len);
        CU_ASSERT_EQUAL(err, i == 0 ? DTLS_ERR_RANDOM : DTLS_ERR_NO_MEMORY);
        CU_ASSERT_EQUAL(len, 0);
        CU_ASSERT_EQUAL(memcmp(out, zeroes, sizeof out), 0);
    }
}

static CU_TestInfo tests[] = {
    { "a session comes back from its bytes", a_session_comes_back_from_its_bytes },
    { "a damaged session, or a later format, is refused", a_damaged_session_is_refused },
    { "a session lives as long as it may", a_session_lives_as_long_as_it_may },
    { "what cannot be sealed does not stay (S7)", what_cannot_be_sealed_does_not_stay },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "handshake/session", tests);
}
