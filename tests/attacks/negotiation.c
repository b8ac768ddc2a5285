/* negotiation.c - answers that nobody asked for, and the messages behind the hellos: suites, extensions, tickets,
 * ServerKeyExchange. */
#include <string.h>

#include "handshake/session.h"
#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "tests/attacks/draft.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

static const uint16_t ours[] = { 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0xc0ac };

static bool is_ours(unsigned suite)
{
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (ours[i] == suite)
            return true;
    return false;
}

/* ---- suites ---- */

static int answer_with_suite(unsigned suite)
{
    struct siege siege;
    struct draft draft = { .random = 1, .suite = (uint16_t)suite };

    siege_begin(&siege, SIEGE_HELLO, NULL);
    draft_say_server_hello(&siege, &draft);
    int error = draft_verdict(&siege, CLIENT);
    siege_end(&siege);
    return error;
}

static int offer_suites(const uint8_t *suites, size_t len)
{
    struct siege siege;
    struct draft draft = { .random = 1, .suites = { suites, len } };

    siege_begin(&siege, SIEGE_HELLO, NULL);
    draft_say_client_hello(&siege, &draft);
    int error = draft_verdict(&siege, SERVER);
    siege_end(&siege);
    return error;
}

/* Every registered number that we do not have, and some that nobody has: a client that is answered with it ends; a
 * server that is offered all of them ends. */
static void suites_that_were_not_offered_are_refused(void)
{
    static const struct {
        unsigned first, last;
    } ranges[] = { { 0x0001, 0x00ff }, { 0x1301, 0x1305 }, { 0xc001, 0xc0ff },
                   { 0xcca8, 0xccae }, { 0xd001, 0xd005 }, { 0xfffe, 0xffff } };
    uint8_t all[2000];
    size_t len = 0;

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        for (unsigned suite = ranges[i].first; suite <= ranges[i].last; suite++) {
            CHECK_CASE(answer_with_suite(suite) == (is_ours(suite) ? DTLS_OK : DTLS_ERR_ILLEGAL_PARAMETER),
                       "suite %04x is taken, or refused", suite);
            if (is_ours(suite))
                continue;
            all[len++] = (uint8_t)(suite >> 8);
            all[len++] = (uint8_t)suite;
        }
    CU_ASSERT_EQUAL(offer_suites(all, len), DTLS_ERR_NO_COMMON_SUITE);
    CU_ASSERT_EQUAL(offer_suites((const uint8_t *)"\xc0\x2b", 2), DTLS_OK);
}

/* What padding oracles, Lucky 13 and short records of block ciphers need. */
static void block_ciphers_are_not_negotiated(void)
{
    static const unsigned cbc[] = { 0x000a, 0x002f, 0x0033, 0x0035, 0x0039, 0x003c, 0x003d, 0x0067, 0x006b,
                                    0xc009, 0xc00a, 0xc012, 0xc013, 0xc014, 0xc023, 0xc024, 0xc027, 0xc028 };

    for (size_t i = 0; i < sizeof cbc / sizeof cbc[0]; i++) {
        uint8_t suite[] = { (uint8_t)(cbc[i] >> 8), (uint8_t)cbc[i] };
        CU_ASSERT_EQUAL(answer_with_suite(cbc[i]), DTLS_ERR_ILLEGAL_PARAMETER);
        CU_ASSERT_EQUAL(offer_suites(suite, sizeof suite), DTLS_ERR_NO_COMMON_SUITE);
    }
}

/* ---- extensions ---- */

enum { USE_SRTP = 14 }; /* read, whether it is wanted or not: what is no list of profiles and an MKI is decode_error */

static void offer_extension(uint16_t type, const uint8_t *body, size_t len, bool twice)
{
    struct siege siege;
    struct draft draft = { .random = 1, .extra = type, .extra_body = { body, len }, .extra_twice = twice };

    siege_begin(&siege, SIEGE_HELLO, NULL);
    siege.pair->net.recording = true;
    draft_say_client_hello(&siege, &draft);
    int error = draft_verdict(&siege, SERVER);
    CHECK_CASE(error == DTLS_OK || ((twice || type == USE_SRTP) && error == DTLS_ERR_DECODE),
               "extension %u of %zu bytes: %d", type, len, error);
    if (error == DTLS_OK && siege.pair->net.recorded_count > 0) { /* and the answer does not have it */
        const struct net_recorded *flight = &siege.pair->net.recorded[0];
        struct dtls_server_hello hello;
        struct record_view record;
        CU_ASSERT_TRUE_FATAL(record_view_find(flight->bytes, flight->len, RECORD_HANDSHAKE, &record));
        struct dtls_bytes message = { record.body + SIEGE_FRAGMENT_HEADER, record.len - SIEGE_FRAGMENT_HEADER };
        CU_ASSERT_EQUAL(dtls_server_hello_read(message, &hello), DTLS_OK);
        CU_ASSERT_FALSE(hello.extensions.has_unknown);
    }
    siege_end(&siege);
}

static int answer_with_extension(uint16_t type, const uint8_t *body, size_t len)
{
    struct siege siege;
    struct draft draft = { .random = 1, .extra = type, .extra_body = { body, len } };

    siege_begin(&siege, SIEGE_HELLO, NULL);
    draft_say_server_hello(&siege, &draft);
    int error = draft_verdict(&siege, CLIENT);
    siege_end(&siege);
    return error;
}

static void every_length_of(uint16_t type, size_t most)
{
    uint8_t body[256];

    for (size_t len = 0; len <= most; len++) {
        memset(body, 1, sizeof body);
        body[0] = (uint8_t)(len > 0 ? len - 1 : 0); /* a vector of that length, where it is one */
        offer_extension(type, body, len, len % 7 == 0);
        body[0] = (uint8_t)(len + 1);
        offer_extension(type, body, len, false);
        int error = answer_with_extension(type, body, len);
        CU_ASSERT_TRUE(error == DTLS_ERR_ILLEGAL_PARAMETER || (type == USE_SRTP && error == DTLS_ERR_DECODE));
    }
}

static void use_srtp_that_nobody_wants_leaks_nothing(void)
{
    uint8_t body[64];

    every_length_of(USE_SRTP, 64);
    for (unsigned claim = 0; claim <= 64; claim++) { /* profiles behind a length of two bytes, then an MKI */
        memset(body, 0, sizeof body);
        body[1] = (uint8_t)claim;
        body[63] = (uint8_t)(64 - claim);
        offer_extension(USE_SRTP, body, sizeof body, false);
    }
}

static void connection_ids_of_every_length(void)
{
    every_length_of(54, 255);
}

static void truncated_hmac_is_not_negotiated(void)
{
    every_length_of(4, 2);
}

/* ---- tickets ---- */

static bool resumes(const struct dtls_ticket_keys *keys, const uint8_t *ticket, size_t len, size_t *blocks)
{
    static const uint8_t id[32] = { 1 };
    struct pair_options options;
    struct siege siege;
    struct draft draft = { .random = 1, .session_id = { id, sizeof id }, .extra = 35, .extra_body = { ticket, len } };

    pair_options(&options, 1);
    options.start_us = 1000 * NET_SECOND;
    options.recording = true;
    options.config[SERVER].ticket_keys = keys;
    siege_begin(&siege, SIEGE_HELLO, &options);
    draft_say_client_hello(&siege, &draft);
    CU_ASSERT_EQUAL(draft_verdict(&siege, SERVER), DTLS_OK); /* a full handshake follows */
    *blocks = siege.memory[SERVER].live_blocks;
    struct record_view seen; /* an abbreviated flight has ChangeCipherSpec in it */
    const struct net_recorded *flight = &siege.pair->net.recorded[siege.pair->net.recorded_count - 1];
    CU_ASSERT_EQUAL(flight->from, SERVER);
    bool resumed = record_view_find(flight->bytes, flight->len, RECORD_CHANGE_CIPHER_SPEC, &seen);
    siege_end(&siege);
    return resumed;
}

static void bad_tickets_are_no_sessions_and_leak_nothing(void)
{
    struct rng rng = { 3567 };
    struct dtls_ticket_keys keys = { .count = 1 }, both, other;
    struct dtls_session_state state = { .suite = 0xc02b, .id_len = 0, .created = 999 * NET_SECOND };
    static const struct dtls_memory memory;
    uint8_t ticket[DTLS_SEALED_SESSION_MOST], bad[DTLS_SEALED_SESSION_MOST + 64];
    size_t len, blocks, usual;

    rng_fill(&rng, keys.keys[0].name, 48);
    both = other = keys;
    both.count = 2;
    rng_fill(&rng, both.keys[1].name, 48);
    rng_fill(&rng, other.keys[0].name, 48);
    struct dtls_random random = { rng_fill, &rng };
    CU_ASSERT_EQUAL_FATAL(dtls_session_seal(&keys.keys[0], DTLS_SEALED_TICKET, &memory, &random, &state, ticket, &len),
                          DTLS_OK);
    CU_ASSERT_TRUE(resumes(&keys, ticket, len, &blocks)); /* the true one is */
    resumes(&keys, ticket, 0, &usual);
    for (size_t cut = 0; cut < len; cut++)
        CHECK_CASE(!resumes(&keys, ticket, cut, &blocks) && blocks == usual, "%zu bytes of a ticket", cut);
    for (size_t i = 0; i < len; i++) {
        memcpy(bad, ticket, len);
        bad[i] ^= (uint8_t)(1 << i % 8);
        CHECK_CASE(!resumes(&keys, bad, len, &blocks) && blocks == usual, "a ticket with byte %zu changed", i);
    }
    for (size_t i = siege_count(200); i > 0; i--) {
        size_t bad_len = rng_up_to(&rng, sizeof bad);
        rng_fill(&rng, bad, sizeof bad);
        if (i % 2 == 0)
            memcpy(bad, ticket, 1 + sizeof keys.keys[0].name); /* ours, it says */
        CHECK_CASE(!resumes(&both, bad, bad_len, &blocks) && blocks == usual, "%zu random bytes", bad_len);
    }
    CU_ASSERT_FALSE(resumes(&other, ticket, len, &blocks)); /* under a key that is gone */
}

/* ---- ServerKeyExchange ---- */

struct exchange_liar {
    struct pair *pair;
    void (*change)(uint8_t *body, size_t *len, size_t number); /* in place; room for 100 bytes more */
    size_t number, len;
};

static struct net_verdict change_exchange(void *arg, const struct net_sending *sending)
{
    struct exchange_liar *liar = arg;
    struct record_view records[RECORD_VIEW_MAX];
    uint8_t bytes[2000];
    size_t len = 0;

    if (sending->from == CLIENT)
        return (struct net_verdict){ NET_PASS, 0 };
    size_t count = record_view_split(sending->bytes, sending->len, records);
    for (size_t i = 0; i < count; i++) {
        uint8_t *record = bytes + len, *fragment = record + RECORD_HEADER_LEN;
        memcpy(record, sending->bytes + records[i].at, RECORD_HEADER_LEN + records[i].len);
        size_t body = records[i].len;
        if (records[i].epoch == 0 && records[i].type == RECORD_HANDSHAKE && fragment[0] == DTLS_SERVER_KEY_EXCHANGE) {
            liar->len = body -= SIEGE_FRAGMENT_HEADER;
            liar->change(fragment + SIEGE_FRAGMENT_HEADER, &body, liar->number);
            fragment[2] = fragment[10] = (uint8_t)(body >> 8);
            fragment[3] = fragment[11] = (uint8_t)body;
            body += SIEGE_FRAGMENT_HEADER;
            record[11] = (uint8_t)(body >> 8);
            record[12] = (uint8_t)body;
        }
        len += RECORD_HEADER_LEN + body;
    }
    net_inject(&liar->pair->net, CLIENT, sending->now_us + 20 * NET_MS, bytes, len);
    return (struct net_verdict){ NET_DROP, 0 };
}

static void cut_it(uint8_t *body, size_t *len, size_t number)
{
    (void)body;
    *len = number;
}

static void flip_it(uint8_t *body, size_t *len, size_t number)
{
    (void)len;
    body[number] ^= (uint8_t)(1 << number % 8);
}

static void lengthen_it(uint8_t *body, size_t *len, size_t number)
{
    memset(body + *len, 0, number + 1);
    *len += number + 1;
}

/* As ECDHE_PSK has it: a hint in front. */
static void put_hint(uint8_t *body, size_t *len, size_t number)
{
    memmove(body + 2 + number, body, *len);
    body[0] = 0;
    body[1] = (uint8_t)number;
    memset(body + 2, 'h', number);
    *len += 2 + number;
}

static size_t lie_in_exchange(void (*change)(uint8_t *, size_t *, size_t), size_t number, const char *name)
{
    struct exchange_liar liar = { .change = change, .number = number };
    struct pair_options options;
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };

    pair_options(&options, 1);
    options.silent = true;
    memory_use(&memory, &options.config[CLIENT]);
    liar.pair = pair_new(&options);
    net_set_filter(&liar.pair->net, change_exchange, &liar);
    CU_ASSERT_EQUAL(pair_start_client(liar.pair), DTLS_OK);
    pair_run_for(liar.pair, 60 * NET_MS);
    const struct pair_event *failed = pair_last(liar.pair, CLIENT, DTLS_EVENT_FAILED);
    CHECK_CASE(failed != NULL && (failed->error == DTLS_ERR_DECODE || failed->error == DTLS_ERR_ILLEGAL_PARAMETER ||
                                  failed->error == DTLS_ERR_BAD_SIGNATURE),
               "%s %zu: %d", name, number, failed == NULL ? 0 : failed->error);
    pair_free(liar.pair);
    CU_ASSERT_EQUAL(memory.live_blocks, 0);
    return liar.len;
}

static void every_bad_server_key_exchange_is_refused(void)
{
    size_t len = lie_in_exchange(cut_it, 0, "cut to");

    CU_ASSERT_TRUE(len > 100);
    for (size_t i = 1; i + 1 < len; i++)
        lie_in_exchange(cut_it, i, "cut to");
    for (size_t i = 0; i < len; i++)
        lie_in_exchange(flip_it, i, "flipped at");
    for (size_t i = 0; i < 20; i++) {
        lie_in_exchange(lengthen_it, i, "longer by");
        lie_in_exchange(put_hint, i, "a hint of");
    }
}

static CU_TestInfo tests[] = {
    { "CVE-2014-3510: suites that were not offered are refused, anonymous ones and all others",
      suites_that_were_not_offered_are_refused },
    { "CVE-2011-4108: block ciphers are not negotiated", block_ciphers_are_not_negotiated },
    { "CVE-2018-0488: truncated_hmac is not negotiated", truncated_hmac_is_not_negotiated },
    { "CVE-2014-3513: use_srtp that nobody wants leaks nothing, whatever is in it",
      use_srtp_that_nobody_wants_leaks_nothing },
    { "CVE-2022-46393: connection IDs of every length are ignored by a server and refused by a client",
      connection_ids_of_every_length },
    { "CVE-2014-3567: bad tickets are no sessions, and leak nothing", bad_tickets_are_no_sessions_and_leak_nothing },
    { "CVE-2026-54908: every bad ServerKeyExchange is refused", every_bad_server_key_exchange_is_refused },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks negotiation", tests);
}
