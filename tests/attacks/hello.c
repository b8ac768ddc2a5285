/* hello.c - what comes before there are keys: hellos, cookies and tickets that lie, suites that nobody asked for. */
#include <stdlib.h>
#include <string.h>

#include "handshake/session.h"
#include "messages/handshake_header.h"
#include "tests/attacks/draft.h"
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

/* A forged message may cost a first handshake; the next one succeeds. */
static void check_next_attempt(void)
{
    struct siege next;

    siege_begin(&next, SIEGE_HELLO, NULL);
    siege_survives(&next, "the next attempt");
    siege_end(&next);
}

/* ---- HelloVerifyRequest ---- */

static void say_verify_request(struct siege *siege, enum net_end to, bool clear, uint16_t seq, const uint8_t *body,
                               size_t len)
{
    struct siege_fragment fragment = { .type = DTLS_HELLO_VERIFY_REQUEST,
                                       .length = (uint32_t)len,
                                       .message_seq = seq,
                                       .fragment_length = (uint32_t)len,
                                       .present = len,
                                       .bytes = body };
    uint8_t bytes[SIEGE_FRAGMENT_HEADER + 300];

    if (clear)
        siege_strike_record(siege, to, RECORD_HANDSHAKE, 0, bytes, siege_write_fragment(bytes, &fragment));
    else
        siege_say(siege, to, &fragment);
}

/* Cookies that claim more bytes than there are, or fewer; and every beginning of a true one. */
static void malformed_verify_requests(void)
{
    uint8_t body[3 + 255 + 1] = { 0xfe, 0xff };

    for (unsigned claim = 0; claim <= 255; claim += claim < 40 ? 1 : 43)
        for (size_t present = 0; present <= claim + 1u; present += 1 + present / 4) {
            struct siege siege;
            body[2] = (uint8_t)claim;
            for (int short_of = present == 0 ? 3 : 0; short_of >= 0; short_of--) {
                siege_begin(&siege, SIEGE_HELLO, NULL);
                say_verify_request(&siege, CLIENT, true, 0, body, 3 + present - (size_t)short_of);
                bool whole = present == claim && short_of == 0;
                CHECK_CASE(draft_verdict(&siege, CLIENT) == (whole ? DTLS_OK : DTLS_ERR_DECODE),
                           "a cookie of %u bytes in %zu: %d", claim, present, draft_verdict(&siege, CLIENT));
                siege_end(&siege);
            }
        }
    check_next_attempt();
}

static void strike_with_verify_requests(struct siege *siege, enum net_end victim)
{
    uint8_t body[35] = { 0xfe, 0xff, 32 };

    for (uint16_t seq = 0; seq < 10; seq++)
        for (size_t len = 0; len <= sizeof body; len++)
            say_verify_request(siege, victim, true, seq, body, len);
}

static void verify_requests_change_no_session(void)
{
    static const uint8_t body[35] = { 0xfe, 0xff, 32 };

    siege_each(SIEGE_OPEN, SIEGE_PHASES - 1, NULL, "HelloVerifyRequests", strike_with_verify_requests);
    for (uint16_t seq = 0; seq < 10; seq++) /* late in a first handshake: dropped, or the end of this attempt */
        for (size_t len = 0; len <= sizeof body; len += 5) {
            struct siege siege;
            siege_begin(&siege, SIEGE_KEYS, NULL);
            say_verify_request(&siege, CLIENT, true, seq, body, len);
            int error = draft_verdict(&siege, CLIENT);
            CHECK_CASE(error == (seq == 4 ? DTLS_ERR_UNEXPECTED_MESSAGE : DTLS_OK), "number %u: %d", seq, error);
            siege_end(&siege);
        }
    check_next_attempt();
}

/* ---- ClientHellos against a session that lives ---- */

static void strike_with_hellos(struct siege *siege, enum net_end victim)
{
    uint8_t datagram[SIEGE_MOST + 25];
    size_t asked = siege->memory[victim].asked, sent = siege->pair->net.counts[victim].sent;
    uint64_t dropped = siege_dropped(siege, victim, DTLS_DROP_EPOCH);
    size_t count = siege_count(5000);
    static const uint8_t cookie[32] = { 1 };

    for (size_t i = 0; i < count; i++) {
        struct draft draft = { .random = (uint8_t)i, .cookie = { cookie, i % 2 * sizeof cookie } };
        size_t len = draft_client_hello_datagram(&draft, datagram);
        datagram[10] = (uint8_t)i;                          /* sequence */
        datagram[RECORD_HEADER_LEN + 5] = (uint8_t)(i % 3); /* message_seq */
        siege_strike(siege, victim, datagram, len);
    }
    CHECK_CASE(siege->memory[victim].asked == asked && siege->pair->net.counts[victim].sent == sent &&
                   siege_dropped(siege, victim, DTLS_DROP_EPOCH) == dropped + count,
               "%s, end %d: a ClientHello in the clear does something", siege_name(siege->phase), (int)victim);
}

static void forged_hellos_drop_no_session(void)
{
    siege_each(SIEGE_OPEN, SIEGE_PHASES - 1, NULL, "forged ClientHellos", strike_with_hellos);
}

/* ---- the stateless hello ---- */

struct listener {
    struct dtls_cookie_secrets secrets;
    struct rng rng;
    uint64_t in, out;
};

/* The datagram in a block of its own length. */
static int check_hello(struct listener *listener, uint64_t now, const char *address, const uint8_t *datagram,
                       size_t len, uint8_t reply[DTLS_HELLO_REPLY_LEN])
{
    uint8_t *exact = malloc(len > 0 ? len : 1);

    if (exact == NULL)
        abort();
    if (len > 0)
        memcpy(exact, datagram, len);
    int verdict = dtls_hello_check(&listener->secrets, now, (const uint8_t *)address, strlen(address), exact, len,
                                   rng_fill, &listener->rng, reply);
    free(exact);
    listener->in += len;
    listener->out += verdict == DTLS_HELLO_REPLY ? DTLS_HELLO_REPLY_LEN : 0;
    CHECK_CASE(verdict != DTLS_HELLO_REPLY || len >= DTLS_HELLO_REPLY_LEN, "%zu bytes draw a reply of %d", len,
               (int)DTLS_HELLO_REPLY_LEN);
    return verdict;
}

/* Writes the three lengths above the body anew. */
static void set_lengths(uint8_t *datagram, size_t len)
{
    size_t record = len - RECORD_HEADER_LEN, body = record - SIEGE_FRAGMENT_HEADER;
    uint8_t *fragment = datagram + RECORD_HEADER_LEN;

    datagram[11] = (uint8_t)(record >> 8);
    datagram[12] = (uint8_t)record;
    fragment[2] = fragment[10] = (uint8_t)(body >> 8);
    fragment[3] = fragment[11] = (uint8_t)body;
}

static void short_hellos_with_lengths_that_lie(void)
{
    static const uint8_t id[32] = { 1 }, cookie[32] = { 2 };
    struct draft draft = { .random = 3, .session_id = { id, sizeof id }, .cookie = { cookie, sizeof cookie } };
    struct listener listener = { .rng = { 35409 } };
    uint8_t datagram[SIEGE_MOST + 25], reply[DTLS_HELLO_REPLY_LEN];
    enum { ID_AT = RECORD_HEADER_LEN + SIEGE_FRAGMENT_HEADER + 34, COOKIE_AT = ID_AT + 33 };
    size_t whole = draft_client_hello_datagram(&draft, datagram);

    for (size_t len = 0; len <= whole; len++)
        for (unsigned lie = 0; lie <= 256; lie += 1 + lie / 8) {
            draft_client_hello_datagram(&draft, datagram);
            if (len >= RECORD_HEADER_LEN + SIEGE_FRAGMENT_HEADER)
                set_lengths(datagram, len);
            if (lie <= 255)
                datagram[len % 2 == 0 ? ID_AT : COOKIE_AT] = (uint8_t)lie;
            CU_ASSERT_NOT_EQUAL(check_hello(&listener, 1, "a", datagram, len, reply), DTLS_HELLO_VALID);
        }
    draft_client_hello_datagram(&draft, datagram);
    for (size_t len = RECORD_HEADER_LEN + SIEGE_FRAGMENT_HEADER; len <= whole; len++) { /* and past the cookie */
        struct siege siege;
        siege_begin(&siege, SIEGE_HELLO, NULL);
        set_lengths(datagram, len);
        siege_strike(&siege, SERVER, datagram, len);
        int error = draft_verdict(&siege, SERVER);
        CHECK_CASE(error == DTLS_ERR_DECODE || (error == DTLS_OK && len == whole) ||
                       (error == DTLS_ERR_NO_COMMON_SUITE && siege_is_over(&siege, SERVER)),
                   "%zu bytes of %zu: %d", len, whole, error);
        siege_end(&siege);
    }
    check_next_attempt();
}

enum { NUMBER_AT = RECORD_HEADER_LEN + 5 }; /* message_seq, its second byte */

static void a_bad_hello_spoils_no_good_one(void)
{
    for (uint64_t seed = 1; seed <= siege_count(30); seed++) {
        struct pair_options options;
        struct rng rng = { seed };
        uint8_t datagram[SIEGE_MOST + 25];
        pair_options(&options, seed);
        options.cookies = true;
        struct pair *pair = pair_new(&options);
        for (int i = 0; i < 50; i++) { /* before the true one, between it and its second, and after */
            struct draft draft = { .random = (uint8_t)rng_next(&rng) };
            size_t len = draft_client_hello_datagram(&draft, datagram);
            for (int flips = 0; flips < 3; flips++) {
                size_t at = rng_up_to(&rng, len - 1);
                if (at != NUMBER_AT) /* the reply has it too: one that the client waits for is another attack */
                    datagram[at] ^= (uint8_t)(1 << rng_up_to(&rng, 7));
            }
            net_inject(&pair->net, SERVER, pair->net.now_us + rng_up_to(&rng, 59 * NET_MS), datagram,
                       rng_chance(&rng, 5000) ? len : rng_up_to(&rng, len));
        }
        CHECK_CASE(pair_run_until_open(pair, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND), "seed %llu: not done",
                   (unsigned long long)seed);
        CU_ASSERT_TRUE(pair->hellos_answered + pair->hellos_dropped > 30);
        pair_free(pair);
    }
}

/* ---- amplification ---- */

static void no_wrong_cookie_is_a_right_one(void)
{
    struct listener listener = { .rng = { 34293 } };
    uint8_t datagram[SIEGE_MOST + 25], reply[DTLS_HELLO_REPLY_LEN], again[DTLS_HELLO_REPLY_LEN], cookie[256] = { 0 };
    uint64_t now = 10 * DTLS_COOKIE_SLOT;
    struct draft draft = { .random = 1 };
    size_t len = draft_client_hello_datagram(&draft, datagram);

    CU_ASSERT_EQUAL(check_hello(&listener, now, "198.51.100.1:1", datagram, len, reply), DTLS_HELLO_REPLY);
    memcpy(cookie, reply + DTLS_HELLO_REPLY_LEN - 32, 32);
    for (size_t i = 0; i <= 255; i++) { /* every length but the right one */
        draft.cookie = (struct dtls_bytes){ cookie, i };
        len = draft_client_hello_datagram(&draft, datagram);
        CHECK_CASE(check_hello(&listener, now, "198.51.100.1:1", datagram, len, again) ==
                       (i == 32 ? DTLS_HELLO_VALID : DTLS_HELLO_REPLY),
                   "a cookie of %zu bytes", i);
    }
    draft.cookie.len = 32;
    for (size_t bit = 0; bit < 256; bit++) {
        cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
        len = draft_client_hello_datagram(&draft, datagram);
        CU_ASSERT_EQUAL(check_hello(&listener, now, "198.51.100.1:1", datagram, len, again), DTLS_HELLO_REPLY);
        cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    draft.random = 2; /* somebody else's hello */
    len = draft_client_hello_datagram(&draft, datagram);
    CU_ASSERT_EQUAL(check_hello(&listener, now, "198.51.100.1:1", datagram, len, again), DTLS_HELLO_REPLY);
    draft.random = 1;
    len = draft_client_hello_datagram(&draft, datagram);
    CU_ASSERT_EQUAL(check_hello(&listener, now, "198.51.100.1:2", datagram, len, again), DTLS_HELLO_REPLY);
    CU_ASSERT_EQUAL(check_hello(&listener, now, "198.51.100.1", datagram, len, again), DTLS_HELLO_REPLY);
    datagram[RECORD_HEADER_LEN + 8] = 1; /* an offset, and an epoch: no first fragment, no first record */
    datagram[RECORD_HEADER_LEN + 3]++;
    CU_ASSERT_EQUAL(check_hello(&listener, now, "198.51.100.1:1", datagram, len, again), DTLS_HELLO_DROP);
    datagram[RECORD_HEADER_LEN + 8] = 0;
    datagram[RECORD_HEADER_LEN + 3]--;
    datagram[4] = 1;
    CU_ASSERT_EQUAL(check_hello(&listener, now, "198.51.100.1:1", datagram, len, again), DTLS_HELLO_DROP);
    datagram[4] = 0;
    CU_ASSERT_EQUAL(check_hello(&listener, now + DTLS_COOKIE_SLOT, "198.51.100.1:1", datagram, len, again),
                    DTLS_HELLO_VALID);
    CU_ASSERT_EQUAL(check_hello(&listener, now + 2 * DTLS_COOKIE_SLOT, "198.51.100.1:1", datagram, len, again),
                    DTLS_HELLO_REPLY);
    CU_ASSERT_TRUE(listener.out <= listener.in);
}

static void floods_draw_no_more_than_they_cost(void)
{
    struct listener listener = { .rng = { 1833 } };
    struct rng rng = { 1834 };
    uint8_t datagram[SIEGE_MOST + 25], reply[DTLS_HELLO_REPLY_LEN];
    size_t replies = 0;

    for (size_t i = siege_count(100000); i > 0; i--) {
        size_t len = rng_up_to(&rng, 200);
        rng_fill(&rng, datagram, len);
        if (i % 2 == 0 && len > RECORD_HEADER_LEN + SIEGE_FRAGMENT_HEADER) { /* it looks like one */
            struct draft draft = { .random = (uint8_t)i };
            size_t whole = draft_client_hello_datagram(&draft, datagram);
            len = len > whole ? whole : len;
            set_lengths(datagram, len);
        }
        int verdict = check_hello(&listener, i, "192.0.2.7:7", datagram, len, reply);
        CU_ASSERT_TRUE(verdict == DTLS_HELLO_DROP || verdict == DTLS_HELLO_REPLY);
        replies += verdict == DTLS_HELLO_REPLY;
    }
    CHECK_CASE(replies > 1000 && listener.out <= listener.in, "%llu bytes out for %llu",
               (unsigned long long)listener.out, (unsigned long long)listener.in);
}

/* One hello to a server: one datagram, and then silence, since nothing is kept that could repeat it. */
static void one_hello_is_answered_once(void)
{
    struct pair_options options;
    struct draft draft = { .random = 31 };
    uint8_t datagram[SIEGE_MOST + 25];
    size_t len = draft_client_hello_datagram(&draft, datagram);

    pair_options(&options, 1);
    options.cookies = options.silent = true;
    options.link[SERVER].loss = 10000; /* nobody is there to take it */
    struct pair *pair = pair_new(&options);
    for (size_t i = 1; i <= 100; i++) {
        net_inject(&pair->net, SERVER, pair->net.now_us, datagram, len);
        pair_run_for(pair, 60 * NET_SECOND);
        CU_ASSERT_EQUAL(pair->net.counts[SERVER].sent, i);
        CU_ASSERT_PTR_NULL(pair->end[SERVER].conn);
    }
    pair_free(pair);
}

/* And where no cookie was asked for: the flight, eight repetitions, the timer's own; however often it is replayed. */
static void a_repeated_hello_is_no_amplifier(void)
{
    struct pair_options options;
    struct siege siege;

    pair_options(&options, 1);
    options.recording = true;
    siege_begin(&siege, SIEGE_ANSWERED, &options);
    siege.pair->net.link[SERVER].loss = siege.pair->net.link[CLIENT].loss = 10000;
    const struct net_recorded hello = siege.pair->net.recorded[0];
    for (size_t i = siege_count(10000); i > 0; i--) {
        siege_strike(&siege, SERVER, hello.bytes, hello.len);
        if (i % 10 == 0)
            pair_run_for(siege.pair, 20 * NET_MS);
    }
    struct dtls_stats stats = pair_stats(siege.pair, SERVER);
    CHECK_CASE(stats.answers <= 8 && stats.retransmissions < 40 &&
                   siege.pair->net.counts[SERVER].sent <= 3 * (1 + stats.answers + stats.retransmissions),
               "%zu datagrams, %llu answers, %llu retransmissions", siege.pair->net.counts[SERVER].sent,
               (unsigned long long)stats.answers, (unsigned long long)stats.retransmissions);
    siege_end(&siege);
}

/* Who wants to resume proves his address as anyone; so there is no way round the cookie by a session that is not there.
 */
static void resumption_goes_through_the_cookie(void)
{
    struct listener listener = { .rng = { 2576 } };
    uint8_t datagram[SIEGE_MOST + 25], reply[DTLS_HELLO_REPLY_LEN], bytes[200] = { 7 };

    for (size_t id = 0; id <= 32; id += 8)
        for (size_t ticket = 0; ticket <= sizeof bytes; ticket += 40)
            for (size_t cookie = 0; cookie <= 32; cookie += 16) {
                struct draft draft = { .random = 1,
                                       .session_id = { bytes, id },
                                       .cookie = { bytes, cookie },
                                       .extra = 35,
                                       .extra_body = { bytes, ticket } };
                size_t len = draft_client_hello_datagram(&draft, datagram);
                CU_ASSERT_EQUAL(check_hello(&listener, 1, "a", datagram, len, reply), DTLS_HELLO_REPLY);
            }
    for (enum scene_kind kind = SCENE_RESUMED_BY_ID; kind <= SCENE_RESUMED_BY_TICKET; kind++) {
        struct scene scene; /* a session that the server has lost: the full handshake too begins with a cookie */
        struct pair_options options;
        scene_begin(&scene, kind);
        scene_options(&scene, &options, 1);
        options.config[SERVER].store = NULL;
        options.config[SERVER].ticket_keys = NULL;
        struct pair *pair = scene_pair(&scene, &options);
        CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
        CU_ASSERT_EQUAL(pair->hellos_answered, 1);
        const struct pair_event *open = pair_last(pair, SERVER, DTLS_EVENT_OPEN);
        CU_ASSERT_TRUE(open != NULL && !open->resumed);
        pair_free(pair);
        scene_end(&scene);
    }
}

static CU_TestInfo tests[] = {
    { "Mbed TLS 2.4.0: HelloVerifyRequests that lie about their cookie end one attempt", malformed_verify_requests },
    { "Mbed TLS 2.22.0: HelloVerifyRequests of every length change no session", verify_requests_change_no_session },
    { "Mbed TLS 2.22.0: forged ClientHellos drop no session", forged_hellos_drop_no_session },
    { "CVE-2022-35409: short ClientHellos with lengths that lie are dropped", short_hellos_with_lengths_that_lie },
    { "CVE-2015-0207: a bad ClientHello spoils no good one at the same listener", a_bad_hello_spoils_no_good_one },
    { "CVE-2022-34293: no cookie but the right one from the right address is valid", no_wrong_cookie_is_a_right_one },
    { "matrixssl#31: one ClientHello draws one datagram", one_hello_is_answered_once },
    { "botan#1833: floods of hellos draw no more bytes than they cost", floods_draw_no_more_than_they_cost },
    { "botan#1833: a ClientHello replayed without end is answered a few times", a_repeated_hello_is_no_amplifier },
    { "CVE-2022-2576: who wants to resume goes through the cookie, and so does the fallback",
      resumption_goes_through_the_cookie },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks hello", tests);
}
