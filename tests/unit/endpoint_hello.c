/* endpoint_hello.c - the stateless hello: who gets a HelloVerifyRequest, whose cookie counts, what is dropped. */
#include "dtls/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "bytes/reader.h"
#include "bytes/writer.h"
#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "tests/hex_file.h"
#include "tests/tap.h"

enum { RECORD_HEADER_LEN = 13, BEFORE_COOKIE = RECORD_HEADER_LEN + DTLS_HANDSHAKE_HEADER_LEN + 2 + 32 + 1 };

static const uint8_t zeroes[300];
static const uint8_t address[] = { 192, 0, 2, 1, 0x13, 0x88 };

/* A ClientHello in its record, every field open to lies. */
struct attempt {
    uint8_t type;
    uint16_t version, epoch;
    uint64_t sequence;
    struct dtls_fragment fragment; /* body is made of `hello`; length 0: as long as the body */
    struct dtls_client_hello hello;
};

static struct attempt honest(void)
{
    return (struct attempt){
        .type = 22,
        .version = DTLS_VERSION_1_0,
        .sequence = 0x010203040506,
        .fragment = { .type = DTLS_CLIENT_HELLO, .message_seq = 0x0708 },
        .hello = { .version = DTLS_VERSION_1_2,
                   .random = { zeroes, 32 },
                   .suites = { (const uint8_t *)"\xc0\x2b", 2 },
                   .compressions = { zeroes, 1 } },
    };
}

static struct dtls_bytes write_attempt(const struct attempt *attempt, uint8_t span[HEX_FILE_MAX_DATAGRAM])
{
    uint8_t body[1024];
    struct dtls_writer message = dtls_writer_to(body, sizeof body);
    struct dtls_writer to = dtls_writer_to(span, HEX_FILE_MAX_DATAGRAM);
    struct dtls_fragment fragment = attempt->fragment;

    dtls_client_hello_write(&message, &attempt->hello);
    fragment.body = dtls_writer_bytes(&message);
    if (fragment.length == 0)
        fragment.length = (uint32_t)fragment.body.len;
    dtls_write_u8(&to, attempt->type);
    dtls_write_u16(&to, attempt->version);
    dtls_write_u16(&to, attempt->epoch);
    dtls_write_number(&to, 6, attempt->sequence);
    size_t record = dtls_write_open(&to, 2);
    dtls_fragment_write(&to, &fragment);
    dtls_write_close(&to, record, 2);
    return dtls_writer_bytes(&to);
}

/* Randomness that never repeats within a test; fails while *left is 0. */
static int numbered_random(void *arg, uint8_t *out, size_t len)
{
    static uint8_t next;
    int *left = arg;

    if (left != NULL && (*left)-- <= 0)
        return DTLS_ERR_RANDOM;
    for (size_t i = 0; i < len; i++)
        out[i] = next++;
    next = (uint8_t)(next + 77);
    return DTLS_OK;
}

static int check_from(struct dtls_cookie_secrets *secrets, dtls_time now, struct dtls_bytes sender,
                      struct dtls_bytes datagram, uint8_t out[DTLS_HELLO_REPLY_LEN])
{
    return dtls_hello_check(secrets, now, sender.at, sender.len, datagram.at, datagram.len, numbered_random, NULL, out);
}

static int check(struct dtls_cookie_secrets *secrets, dtls_time now, struct dtls_bytes datagram,
                 uint8_t out[DTLS_HELLO_REPLY_LEN])
{
    return check_from(secrets, now, (struct dtls_bytes){ address, sizeof address }, datagram, out);
}

static int check_attempt(struct dtls_cookie_secrets *secrets, dtls_time now, const struct attempt *attempt,
                         uint8_t out[DTLS_HELLO_REPLY_LEN])
{
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM];

    return check(secrets, now, write_attempt(attempt, datagram), out);
}

/* The cookie of a reply. */
static struct dtls_bytes cookie_of(const uint8_t reply[DTLS_HELLO_REPLY_LEN])
{
    return (struct dtls_bytes){ reply + DTLS_HELLO_REPLY_LEN - DTLS_COOKIE_LEN, DTLS_COOKIE_LEN };
}

static void a_first_hello_draws_a_hello_verify_request(void)
{
    static const uint8_t expected[] = {
        22,   0xfe, 0xff, 0,  0, 1, 2, 3, 4, 5, 6, 0,  47, /* record: the ClientHello's sequence */
        3,    0,    0,    35, 7, 8, 0, 0, 0, 0, 0, 35,     /* message: the ClientHello's message_seq */
        0xfe, 0xff, 32,                                    /* and then the cookie */
    };
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t reply[DTLS_HELLO_REPLY_LEN];

    CU_ASSERT_EQUAL(check_attempt(&secrets, 5, &attempt, reply), DTLS_HELLO_REPLY);
    CU_ASSERT_EQUAL(sizeof expected + DTLS_COOKIE_LEN, DTLS_HELLO_REPLY_LEN);
    CU_ASSERT_EQUAL(memcmp(reply, expected, sizeof expected), 0);
}

static void a_hello_with_its_cookie_is_valid(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t reply[DTLS_HELLO_REPLY_LEN], untouched[DTLS_HELLO_REPLY_LEN] = { 0 };

    CU_ASSERT_EQUAL(check_attempt(&secrets, 5, &attempt, reply), DTLS_HELLO_REPLY);
    attempt.hello.cookie = cookie_of(reply);
    attempt.sequence++;
    attempt.fragment.message_seq++;
    attempt.hello.suites.at = zeroes; /* what comes behind the cookie is no part of it */
    CU_ASSERT_EQUAL(check_attempt(&secrets, 6, &attempt, untouched), DTLS_HELLO_VALID);
    CU_ASSERT_EQUAL(memcmp(untouched, zeroes, sizeof untouched), 0);
}

static void a_cookie_is_bound_to_the_fields_before_it(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t reply[DTLS_HELLO_REPLY_LEN], out[DTLS_HELLO_REPLY_LEN], other_bytes[32] = { [31] = 1 };

    attempt.hello.session_id = (struct dtls_bytes){ zeroes, 32 };
    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &attempt, reply), DTLS_HELLO_REPLY);
    attempt.hello.cookie = cookie_of(reply);
    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &attempt, out), DTLS_HELLO_VALID);
    struct attempt other = attempt;
    other.hello.version = DTLS_VERSION_1_0;
    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &other, out), DTLS_HELLO_REPLY);
    other = attempt;
    other.hello.random.at = other_bytes;
    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &other, out), DTLS_HELLO_REPLY);
    other = attempt;
    other.hello.session_id.at = other_bytes;
    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &other, out), DTLS_HELLO_REPLY);
    other = attempt;
    other.hello.session_id.len--;
    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &other, out), DTLS_HELLO_REPLY);
}

static void a_cookie_of_another_address_is_refused(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM], reply[DTLS_HELLO_REPLY_LEN], out[DTLS_HELLO_REPLY_LEN];
    uint8_t other[sizeof address + 1];

    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &attempt, reply), DTLS_HELLO_REPLY);
    attempt.hello.cookie = cookie_of(reply);
    struct dtls_bytes hello = write_attempt(&attempt, datagram);
    memcpy(other, address, sizeof address);
    other[sizeof address] = 0;
    for (size_t i = 0; i < sizeof address; i++) {
        other[i] ^= 1;
        CHECK_CASE(check_from(&secrets, 0, (struct dtls_bytes){ other, sizeof address }, hello, out) ==
                       DTLS_HELLO_REPLY,
                   "byte %zu", i);
        other[i] ^= 1;
    }
    CU_ASSERT_EQUAL(check_from(&secrets, 0, (struct dtls_bytes){ other, sizeof other }, hello, out), DTLS_HELLO_REPLY);
    CU_ASSERT_EQUAL(check_from(&secrets, 0, (struct dtls_bytes){ other, sizeof address - 1 }, hello, out),
                    DTLS_HELLO_REPLY);
    CU_ASSERT_EQUAL(check_from(&secrets, 0, (struct dtls_bytes){ NULL, 0 }, hello, out), DTLS_HELLO_REPLY);
}

/* Two senders whose address, version, random and session id, written in a row, are the same bytes. */
static void fields_do_not_slide_into_each_other(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt one = honest(), two = honest();
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM], reply[DTLS_HELLO_REPLY_LEN], row[41];

    memset(row, 0xfe, sizeof row);
    one.hello.version = two.hello.version = 0xfefe;
    one.hello.random = two.hello.random = (struct dtls_bytes){ row, 32 };
    one.hello.session_id = (struct dtls_bytes){ row, 1 };
    CU_ASSERT_EQUAL(check_from(&secrets, 0, (struct dtls_bytes){ row, 6 }, write_attempt(&one, datagram), reply),
                    DTLS_HELLO_REPLY);
    two.hello.cookie = cookie_of(reply);
    CU_ASSERT_EQUAL(check_from(&secrets, 0, (struct dtls_bytes){ row, 7 }, write_attempt(&two, datagram), reply),
                    DTLS_HELLO_REPLY);
}

static void a_cookie_lasts_one_slot_more_and_not_two(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    dtls_time made = 7 * DTLS_COOKIE_SLOT + 3;
    uint8_t reply[DTLS_HELLO_REPLY_LEN], out[DTLS_HELLO_REPLY_LEN];

    CU_ASSERT_EQUAL(check_attempt(&secrets, made, &attempt, reply), DTLS_HELLO_REPLY);
    attempt.hello.cookie = cookie_of(reply);
    CU_ASSERT_EQUAL(check_attempt(&secrets, 8 * DTLS_COOKIE_SLOT - 1, &attempt, out), DTLS_HELLO_VALID);
    CU_ASSERT_EQUAL(check_attempt(&secrets, 9 * DTLS_COOKIE_SLOT - 1, &attempt, out), DTLS_HELLO_VALID);
    CU_ASSERT_EQUAL(check_attempt(&secrets, 9 * DTLS_COOKIE_SLOT, &attempt, out), DTLS_HELLO_REPLY);
}

static void a_quiet_time_makes_both_secrets_new(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t reply[DTLS_HELLO_REPLY_LEN], out[DTLS_HELLO_REPLY_LEN];

    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &attempt, reply), DTLS_HELLO_REPLY);
    struct dtls_cookie_secrets before = secrets;
    attempt.hello.cookie = cookie_of(reply);
    CU_ASSERT_EQUAL(check_attempt(&secrets, 2 * DTLS_COOKIE_SLOT, &attempt, out), DTLS_HELLO_REPLY);
    for (size_t i = 0; i < 2; i++)
        CHECK_CASE(memcmp(secrets.secret[i], before.secret[0], sizeof before.secret[0]) != 0 &&
                       memcmp(secrets.secret[i], before.secret[1], sizeof before.secret[1]) != 0,
                   "secret %zu", i);
}

static void a_cookie_of_the_zeroes_before_the_first_secret_is_refused(void)
{
    struct attempt attempt = honest();
    uint8_t reply[DTLS_HELLO_REPLY_LEN], out[DTLS_HELLO_REPLY_LEN];

    struct dtls_cookie_secrets known = { .slot = 1 }; /* what everyone can compute with */
    CU_ASSERT_EQUAL(check_attempt(&known, 0, &attempt, reply), DTLS_HELLO_REPLY);
    attempt.hello.cookie = cookie_of(reply);
    CU_ASSERT_EQUAL(check_attempt(&known, 0, &attempt, out), DTLS_HELLO_VALID);

    for (dtls_time slot = 0; slot < 3; slot++) {
        struct dtls_cookie_secrets secrets = { 0 };
        CHECK_CASE(check_attempt(&secrets, slot * DTLS_COOKIE_SLOT, &attempt, out) == DTLS_HELLO_REPLY, "slot %u",
                   (unsigned)slot);
    }
}

static void a_cookie_of_another_length_draws_a_new_one(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t reply[DTLS_HELLO_REPLY_LEN], out[DTLS_HELLO_REPLY_LEN], cookie[255] = { 0 };

    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &attempt, reply), DTLS_HELLO_REPLY);
    memcpy(cookie, cookie_of(reply).at, DTLS_COOKIE_LEN);
    for (size_t len = 0; len <= sizeof cookie; len++) {
        attempt.hello.cookie = (struct dtls_bytes){ cookie, len };
        int expected = len == DTLS_COOKIE_LEN ? DTLS_HELLO_VALID : DTLS_HELLO_REPLY;
        CHECK_CASE(check_attempt(&secrets, 0, &attempt, out) == expected, "%zu bytes", len);
    }
}

static void every_bit_of_a_cookie_counts(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t reply[DTLS_HELLO_REPLY_LEN], out[DTLS_HELLO_REPLY_LEN], cookie[DTLS_COOKIE_LEN];

    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &attempt, reply), DTLS_HELLO_REPLY);
    memcpy(cookie, cookie_of(reply).at, sizeof cookie);
    attempt.hello.cookie = (struct dtls_bytes){ cookie, sizeof cookie };
    for (size_t bit = 0; bit < 8 * sizeof cookie; bit++) {
        cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_CASE(check_attempt(&secrets, 0, &attempt, out) == DTLS_HELLO_REPLY, "bit %zu", bit);
        cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* A datagram cut short by the network; then a fragment that the sender made so short, all lengths being right. */
static void no_beginning_of_a_hello_draws_more_than_it_is(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM];

    attempt.hello.session_id = (struct dtls_bytes){ zeroes, 8 };
    for (size_t cookie_len = 0; cookie_len <= 40; cookie_len += 20) {
        attempt.hello.cookie = (struct dtls_bytes){ zeroes, cookie_len };
        struct dtls_bytes whole = write_attempt(&attempt, datagram);
        size_t answered = BEFORE_COOKIE + 8 + 1 + cookie_len;

        for (size_t len = 0; len < whole.len; len++) {
            uint8_t *cut = malloc(len > 0 ? len : 1), reply[DTLS_HELLO_REPLY_LEN];
            memcpy(cut, datagram, len);
            CHECK_CASE(check(&secrets, 0, (struct dtls_bytes){ cut, len }, reply) == DTLS_HELLO_DROP, "%zu bytes", len);
            if (len >= RECORD_HEADER_LEN + DTLS_HANDSHAKE_HEADER_LEN) {
                cut[12] = (uint8_t)(len - RECORD_HEADER_LEN);
                cut[24] = (uint8_t)(len - RECORD_HEADER_LEN - DTLS_HANDSHAKE_HEADER_LEN);
                int expected = len < answered ? DTLS_HELLO_DROP : DTLS_HELLO_REPLY;
                CHECK_CASE(check(&secrets, 0, (struct dtls_bytes){ cut, len }, reply) == expected, "cut to %zu", len);
                CHECK_CASE(expected == DTLS_HELLO_DROP || len >= DTLS_HELLO_REPLY_LEN, "%zu bytes amplified", len);
            }
            free(cut);
        }
    }
}

static void the_shortest_hello_that_is_answered_has_61_bytes(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM], reply[DTLS_HELLO_REPLY_LEN];

    write_attempt(&attempt, datagram);
    datagram[12] = 61 - 13;
    datagram[24] = 61 - 25;
    CU_ASSERT_EQUAL(check(&secrets, 0, (struct dtls_bytes){ datagram, 61 }, reply), DTLS_HELLO_REPLY);
    CU_ASSERT_EQUAL(check(&secrets, 0, (struct dtls_bytes){ datagram, 60 }, reply), DTLS_HELLO_DROP);
}

static void what_is_no_first_hello_is_dropped(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM], out[DTLS_HELLO_REPLY_LEN] = { 0 };
    struct attempt lies[] = {
        honest(), honest(), honest(), honest(), honest(), honest(), honest(), honest(), honest()
    };

    lies[0].type = 23;                     /* application data */
    lies[1].version = 0x0303;              /* TLS */
    lies[2].epoch = 1;                     /* sealed */
    lies[3].fragment.type = DTLS_FINISHED; /* another message */
    lies[4].fragment.offset = 1;           /* not its beginning */
    lies[4].fragment.length = 1000;
    lies[5].fragment.length = 3;    /* longer than its message */
    lies[6].hello.version = 0x0303; /* TLS */
    lies[7].hello.random.len = 3;   /* so the rest is too short */
    lies[8].hello.session_id = (struct dtls_bytes){ zeroes, 33 };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
        CHECK_CASE(check_attempt(&secrets, 0, &lies[i], out) == DTLS_HELLO_DROP, "lie %zu", i);

    struct attempt attempt = honest();
    struct dtls_bytes hello = write_attempt(&attempt, datagram);
    datagram[12]++; /* a record longer than its datagram */
    CU_ASSERT_EQUAL(check(&secrets, 0, hello, out), DTLS_HELLO_DROP);
    CU_ASSERT_EQUAL(memcmp(out, zeroes, sizeof out), 0);
    CU_ASSERT_EQUAL(secrets.slot, 0); /* and not a byte of randomness was spent */
}

static void records_behind_the_hello_do_not_matter(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM], reply[DTLS_HELLO_REPLY_LEN];

    struct dtls_bytes hello = write_attempt(&attempt, datagram);
    datagram[hello.len] = 22;
    hello.len++;
    CU_ASSERT_EQUAL(check(&secrets, 0, hello, reply), DTLS_HELLO_REPLY);
}

/* Noise of every length up to an Ethernet frame, bare and behind a record header that is true. */
static void garbage_of_any_length_is_dropped(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    uint8_t reply[DTLS_HELLO_REPLY_LEN];
    uint32_t noise = 1;

    for (size_t len = 0; len <= 1500; len++) {
        uint8_t *garbage = calloc(1, len > 0 ? len : 1); /* exactly as long: ASan sees one byte too far */
        for (size_t i = 0; i < len; i++) {
            noise = noise * 1664525 + 1013904223;
            garbage[i] = (uint8_t)(noise >> 24);
        }
        CHECK_CASE(check(&secrets, 0, (struct dtls_bytes){ garbage, len }, reply) == DTLS_HELLO_DROP, "%zu bytes", len);
        if (len >= RECORD_HEADER_LEN) {
            const uint8_t header[] = { 22,
                                       0xfe,
                                       0xff,
                                       0,
                                       0,
                                       0,
                                       0,
                                       0,
                                       0,
                                       0,
                                       0,
                                       (uint8_t)((len - RECORD_HEADER_LEN) >> 8),
                                       (uint8_t)(len - RECORD_HEADER_LEN) };
            memcpy(garbage, header, sizeof header);
            CHECK_CASE(check(&secrets, 0, (struct dtls_bytes){ garbage, len }, reply) == DTLS_HELLO_DROP,
                       "%zu bytes behind a header", len);
        }
        free(garbage);
    }
}

static void without_randomness_nothing_is_answered(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM], out[DTLS_HELLO_REPLY_LEN] = { 0 };
    struct dtls_bytes hello = write_attempt(&attempt, datagram);
    int left = 0;

    CU_ASSERT_EQUAL(
        dtls_hello_check(&secrets, 0, address, sizeof address, hello.at, hello.len, numbered_random, &left, out),
        DTLS_ERR_RANDOM);
    CU_ASSERT_EQUAL(memcmp(out, zeroes, sizeof out), 0);
    CU_ASSERT_EQUAL(secrets.slot, 0);
    left = 1;
    CU_ASSERT_EQUAL(
        dtls_hello_check(&secrets, 0, address, sizeof address, hello.at, hello.len, numbered_random, &left, out),
        DTLS_HELLO_REPLY);
}

static void a_failed_renewal_keeps_the_secrets(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM], reply[DTLS_HELLO_REPLY_LEN], out[DTLS_HELLO_REPLY_LEN];
    int left = 0;

    CU_ASSERT_EQUAL(check_attempt(&secrets, 0, &attempt, reply), DTLS_HELLO_REPLY);
    struct dtls_cookie_secrets before = secrets;
    attempt.hello.cookie = cookie_of(reply);
    struct dtls_bytes hello = write_attempt(&attempt, datagram);
    CU_ASSERT_EQUAL(dtls_hello_check(&secrets, DTLS_COOKIE_SLOT, address, sizeof address, hello.at, hello.len,
                                     numbered_random, &left, out),
                    DTLS_ERR_RANDOM);
    CU_ASSERT_EQUAL(memcmp(&secrets, &before, sizeof secrets), 0);
    CU_ASSERT_EQUAL(check_attempt(&secrets, DTLS_COOKIE_SLOT, &attempt, out), DTLS_HELLO_VALID);
}

static void the_operating_systems_randomness_is_the_default(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    struct attempt attempt = honest();
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM], out[DTLS_HELLO_REPLY_LEN];
    struct dtls_bytes hello = write_attempt(&attempt, datagram);

    CU_ASSERT_EQUAL(dtls_hello_check(&secrets, 0, address, sizeof address, hello.at, hello.len, NULL, NULL, out),
                    DTLS_HELLO_REPLY);
    CU_ASSERT_NOT_EQUAL(memcmp(secrets.secret[0], zeroes, sizeof secrets.secret[0]), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(secrets.secret[1], zeroes, sizeof secrets.secret[1]), 0);
}

/* Puts a cookie into the first fragment of a hello that has none: both lengths grow, as a client's would. */
static struct dtls_bytes with_cookie(struct dtls_bytes datagram, struct dtls_bytes cookie,
                                     uint8_t span[HEX_FILE_MAX_DATAGRAM])
{
    struct dtls_reader from = dtls_reader_of(datagram);
    struct dtls_bytes header = dtls_read_bytes(&from, RECORD_HEADER_LEN - 2);
    struct dtls_reader record = dtls_reader_of(dtls_read_vec16(&from));
    struct dtls_fragment fragment;
    uint8_t body[HEX_FILE_MAX_DATAGRAM];
    struct dtls_writer message = dtls_writer_to(body, sizeof body);
    struct dtls_writer to = dtls_writer_to(span, HEX_FILE_MAX_DATAGRAM);

    if (!dtls_fragment_read(&record, &fragment))
        return (struct dtls_bytes){ 0 };
    struct dtls_reader hello = dtls_reader_of(fragment.body);
    dtls_write_bytes(&message, dtls_read_bytes(&hello, 2 + 32));
    dtls_write_vec8(&message, dtls_read_vec8(&hello));
    dtls_read_vec8(&hello);
    dtls_write_vec8(&message, cookie);
    dtls_write_bytes(&message, dtls_read_rest(&hello));
    fragment.body = dtls_writer_bytes(&message);
    fragment.length += (uint32_t)cookie.len;
    dtls_write_bytes(&to, header);
    size_t length = dtls_write_open(&to, 2);
    dtls_fragment_write(&to, &fragment);
    dtls_write_close(&to, length, 2);
    return dtls_writer_bytes(&to);
}

static void the_first_datagram_of_a_browser_is_enough(void)
{
    for (const char *section = "ABCDEFG"; *section != 0; section++) {
        struct dtls_cookie_secrets secrets = { 0 };
        uint8_t datagram[HEX_FILE_MAX_DATAGRAM], second[HEX_FILE_MAX_DATAGRAM];
        uint8_t reply[DTLS_HELLO_REPLY_LEN], out[DTLS_HELLO_REPLY_LEN];
        size_t len = hex_file_datagram(*section, HEX_FILE_CLIENT, 0, datagram);
        struct dtls_bytes first = { datagram, len };

        CHECK_CASE(check(&secrets, 0, first, reply) == DTLS_HELLO_REPLY, "%c, %zu bytes", *section, len);
        first = with_cookie(first, cookie_of(reply), second);
        CHECK_CASE(first.len == len + DTLS_COOKIE_LEN && check(&secrets, 1, first, out) == DTLS_HELLO_VALID,
                   "%c with its cookie", *section);
    }
}

static void the_second_fragment_of_a_browser_alone_is_dropped(void)
{
    struct dtls_cookie_secrets secrets = { 0 };

    for (const char *section = "ABEF"; *section != 0; section++) {
        uint8_t datagram[HEX_FILE_MAX_DATAGRAM], out[DTLS_HELLO_REPLY_LEN];
        size_t len = hex_file_datagram(*section, HEX_FILE_CLIENT, 1, datagram);
        CHECK_CASE(len > 0 && check(&secrets, 0, (struct dtls_bytes){ datagram, len }, out) == DTLS_HELLO_DROP, "%c",
                   *section);
    }
}

static void a_browser_with_another_servers_cookie_gets_ours(void)
{
    struct dtls_cookie_secrets secrets = { 0 };
    uint8_t datagram[HEX_FILE_MAX_DATAGRAM], reply[DTLS_HELLO_REPLY_LEN];
    size_t len = hex_file_datagram('B', HEX_FILE_CLIENT, 4, datagram);

    CU_ASSERT_EQUAL(check(&secrets, 0, (struct dtls_bytes){ datagram, len }, reply), DTLS_HELLO_REPLY);
    CU_ASSERT_EQUAL(reply[10], 4); /* its record sequence */
    CU_ASSERT_EQUAL(reply[18], 1); /* its message_seq */
}

static CU_TestInfo tests[] = {
    { "a first hello draws a HelloVerifyRequest", a_first_hello_draws_a_hello_verify_request },
    { "a hello with its cookie is valid", a_hello_with_its_cookie_is_valid },
    { "a cookie is bound to the fields before it", a_cookie_is_bound_to_the_fields_before_it },
    { "a cookie of another address is refused", a_cookie_of_another_address_is_refused },
    { "fields do not slide into each other", fields_do_not_slide_into_each_other },
    { "a cookie lasts one slot more and not two", a_cookie_lasts_one_slot_more_and_not_two },
    { "a quiet time makes both secrets new", a_quiet_time_makes_both_secrets_new },
    { "a cookie of the zeroes before the first secret is refused",
      a_cookie_of_the_zeroes_before_the_first_secret_is_refused },
    { "a cookie of another length draws a new one", a_cookie_of_another_length_draws_a_new_one },
    { "every bit of a cookie counts", every_bit_of_a_cookie_counts },
    { "no beginning of a hello draws more than it is", no_beginning_of_a_hello_draws_more_than_it_is },
    { "the shortest hello that is answered has 61 bytes", the_shortest_hello_that_is_answered_has_61_bytes },
    { "what is no first hello is dropped", what_is_no_first_hello_is_dropped },
    { "records behind the hello do not matter", records_behind_the_hello_do_not_matter },
    { "garbage of any length is dropped", garbage_of_any_length_is_dropped },
    { "without randomness nothing is answered", without_randomness_nothing_is_answered },
    { "a failed renewal keeps the secrets", a_failed_renewal_keeps_the_secrets },
    { "the operating system's randomness is the default", the_operating_systems_randomness_is_the_default },
    { "the first datagram of a browser is enough", the_first_datagram_of_a_browser_is_enough },
    { "the second fragment of a browser alone is dropped", the_second_fragment_of_a_browser_alone_is_dropped },
    { "a browser with another server's cookie gets ours", a_browser_with_another_servers_cookie_gets_ours },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "endpoint_hello", tests);
}
