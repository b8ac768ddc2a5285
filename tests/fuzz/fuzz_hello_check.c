/* fuzz_hello_check.c - any bytes as the first datagram of an unknown address: no answer is longer than its cause, and
 * a cookie is good where and while it was given, and nowhere else (contract S4). */
#include "dtls/endpoint.h"
#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "record/header.h"
#include "tests/box/rng.h"
#include "tests/fuzz/fuzz.h"

enum { START_OF_COOKIE = DTLS_RECORD_HEADER_LEN + DTLS_HANDSHAKE_HEADER_LEN };

static struct dtls_cookie_secrets secrets;
static struct rng chance;

static int check(const char *address, dtls_time now, struct dtls_bytes datagram, uint8_t out[DTLS_HELLO_REPLY_LEN])
{
    return dtls_hello_check(&secrets, now, (const uint8_t *)address, strlen(address), datagram.at, datagram.len,
                            rng_fill, &chance, out);
}

static struct dtls_bytes cookie_of(const uint8_t reply[DTLS_HELLO_REPLY_LEN])
{
    struct dtls_hello_verify verify;

    FUZZ_CHECK(dtls_hello_verify_read(dtls_view(reply + START_OF_COOKIE, DTLS_HELLO_REPLY_LEN - START_OF_COOKIE),
                                      &verify) == DTLS_OK);
    FUZZ_CHECK(verify.cookie.len == DTLS_COOKIE_LEN);
    return verify.cookie;
}

/* The same hello, and what follows its cookie, with this cookie in it. */
static void write_with_cookie(struct dtls_writer *to, struct dtls_bytes datagram, struct dtls_bytes cookie)
{
    struct dtls_reader from = dtls_reader_of(datagram);
    struct dtls_fragment fragment;
    struct dtls_client_hello hello;
    uint8_t body[DTLS_MAX_PLAINTEXT];
    struct dtls_writer message = dtls_writer_to(body, sizeof body);

    struct dtls_bytes header = dtls_read_bytes(&from, DTLS_RECORD_HEADER_LEN - 2);
    struct dtls_reader record = dtls_reader_of(dtls_read_vec16(&from));
    FUZZ_CHECK(dtls_fragment_read(&record, &fragment));
    FUZZ_CHECK(dtls_client_hello_read_start(fragment.body, &hello) == DTLS_OK);
    dtls_write_u16(&message, hello.version);
    dtls_write_bytes(&message, hello.random);
    dtls_write_vec8(&message, hello.session_id);
    dtls_write_vec8(&message, cookie);
    fragment.body = dtls_writer_bytes(&message);
    fragment.length = (uint32_t)message.len;
    dtls_write_bytes(to, header);
    size_t position = dtls_write_open(to, 2);
    dtls_fragment_write(to, &fragment);
    dtls_write_close(to, position, 2);
}

static void check_cookie(struct dtls_bytes datagram, dtls_time now, const uint8_t reply[DTLS_HELLO_REPLY_LEN])
{
    uint8_t bytes[1024], out[DTLS_HELLO_REPLY_LEN];
    struct dtls_writer to = dtls_writer_to(bytes, sizeof bytes);

    write_with_cookie(&to, datagram, cookie_of(reply));
    struct dtls_bytes again = dtls_writer_bytes(&to);
    FUZZ_CHECK(check("here", now, again, out) == DTLS_HELLO_VALID);
    FUZZ_CHECK(check("there", now, again, out) == DTLS_HELLO_REPLY);
    FUZZ_CHECK(check("here", now + DTLS_COOKIE_SLOT, again, out) == DTLS_HELLO_VALID);
    FUZZ_CHECK(check("here", now + 2 * DTLS_COOKIE_SLOT, again, out) == DTLS_HELLO_REPLY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_bytes datagram = { data, len };
    uint8_t reply[DTLS_HELLO_REPLY_LEN];
    dtls_time now = 1000;

    secrets = (struct dtls_cookie_secrets){ 0 };
    chance = (struct rng){ 1 };
    int result = check("here", now, datagram, reply);
    FUZZ_CHECK(result == DTLS_HELLO_DROP || result == DTLS_HELLO_REPLY); /* nobody guesses a cookie */
    if (result == DTLS_HELLO_REPLY) {
        FUZZ_CHECK(len >= sizeof reply);
        check_cookie(datagram, now, reply);
    }
    return 0;
}
