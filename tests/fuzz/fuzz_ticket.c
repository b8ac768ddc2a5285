/* fuzz_ticket.c - a ticket that was tampered with is none; any state that can be read survives a ticket.
 *
 * Input: one byte, how many changes follow; each is a position and what is added to the byte there. Then a state. */
#include "handshake/session.h"
#include "tests/box/rng.h"
#include "tests/fuzz/fuzz.h"

static const struct dtls_memory heap;
static const struct dtls_ticket_keys set = {
    .keys = { { "the newest key..", "its secret", 2, 0 }, { "the one before..", "another", 1, 0 } }, .count = 2
};
static const struct dtls_ticket_key *const keys = set.keys;

struct ticket {
    size_t len;
    uint8_t bytes[DTLS_SEALED_SESSION_MOST];
};

static struct ticket seal(const struct dtls_ticket_key *key, const struct dtls_session_state *state)
{
    struct rng chance = { 1 };
    struct ticket ticket;

    FUZZ_CHECK(dtls_session_seal(key, DTLS_SEALED_TICKET, &heap, &(struct dtls_random){ rng_fill, &chance }, state,
                                 ticket.bytes, &ticket.len) == DTLS_OK);
    FUZZ_CHECK(ticket.len <= sizeof ticket.bytes);
    return ticket;
}

/* In a block of its own, so that a sanitizer sees its end. */
static bool opens(struct dtls_bytes bytes, struct dtls_session_state *state)
{
    uint8_t *exact = fuzz_copy(bytes);
    bool good = dtls_session_open(&set, 3000000, DTLS_SEALED_TICKET, dtls_view(NULL, 0), &heap,
                                  dtls_view(exact, bytes.len), state, NULL);

    free(exact);
    return good;
}

static void check_state(const struct dtls_ticket_key *key, const struct dtls_session_state *state)
{
    uint8_t before[DTLS_SESSION_STATE_MAX], after[DTLS_SESSION_STATE_MAX];
    struct dtls_writer first = dtls_writer_to(before, sizeof before), second = dtls_writer_to(after, sizeof after);
    struct ticket ticket = seal(key, state);
    struct dtls_session_state opened;

    FUZZ_CHECK(opens(dtls_view(ticket.bytes, ticket.len), &opened));
    dtls_session_state_write(&first, state);
    dtls_session_state_write(&second, &opened);
    FUZZ_CHECK(!first.broken && dtls_bytes_equal(dtls_writer_bytes(&first), dtls_writer_bytes(&second)));
}

static void check_changes(struct dtls_reader *from)
{
    struct dtls_session_state state = { .suite = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256, .id_len = 32 }, opened;
    struct ticket ticket = seal(&keys[0], &state), changed = ticket;

    for (uint8_t left = dtls_read_u8(from); left > 0 && dtls_reader_has_more(from); left--) {
        uint8_t *at = &changed.bytes[dtls_read_u8(from) % changed.len];
        *at = (uint8_t)(*at + dtls_read_u8(from));
    }
    bool same = memcmp(changed.bytes, ticket.bytes, ticket.len) == 0;
    FUZZ_CHECK(opens(dtls_view(changed.bytes, changed.len), &opened) == same);
    FUZZ_CHECK(!opens(dtls_view(changed.bytes, changed.len - 1), &opened));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ data, len });
    struct dtls_session_state state;

    FUZZ_CHECK(!opens((struct dtls_bytes){ data, len }, &state));
    check_changes(&from);
    dtls_session_state_read(&from, &state);
    if (!from.broken) {
        check_state(&keys[0], &state);
        check_state(&keys[1], &state);
    }
    return 0;
}
