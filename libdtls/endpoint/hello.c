/* hello.c - the stateless hello of a server (RFC 6347, 4.2.1; contract S4). Keeps two secrets and nothing of any
 * client: no allocation, one or two HMACs per ClientHello. */
#include "endpoint/hello.h"

#include <string.h>

#include "bytes/reader.h"
#include "bytes/writer.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "record/header.h"

enum { DTLS_MAJOR = 0xfe };
enum { HELLO_VERIFY_LEN = 2 + 1 + DTLS_COOKIE_LEN };
enum { SECRET_LEN = sizeof((struct dtls_cookie_secrets *)0)->secret[0] };

/* No amplifier: the shortest datagram that we answer has a ClientHello up to the length of an empty cookie. */
enum { SHORTEST_HELLO = DTLS_RECORD_HEADER_LEN + DTLS_HANDSHAKE_HEADER_LEN + 2 + DTLS_HELLO_RANDOM_LEN + 1 + 1 };
_Static_assert(DTLS_HELLO_REPLY_LEN == DTLS_RECORD_HEADER_LEN + DTLS_HANDSHAKE_HEADER_LEN + HELLO_VERIFY_LEN,
               "the public length is that of our HelloVerifyRequest");
_Static_assert((int)DTLS_HELLO_REPLY_LEN <= (int)SHORTEST_HELLO, "a reply is never longer than its cause");

/* What a cookie and its HelloVerifyRequest depend on: views of the datagram. */
struct first_hello {
    uint64_t sequence; /* of the record */
    uint16_t message_seq;
    struct dtls_client_hello hello; /* up to the cookie */
};

/* Only the first fragment of the first record counts: records of one datagram may follow it. */
static bool read_first_hello(struct dtls_bytes datagram, struct first_hello *out)
{
    struct dtls_reader from = dtls_reader_of(datagram);
    struct dtls_fragment fragment;

    uint8_t type = dtls_read_u8(&from);
    uint16_t version = dtls_read_u16(&from);
    uint16_t epoch = dtls_read_u16(&from);
    out->sequence = dtls_read_u48(&from);
    struct dtls_reader record = dtls_reader_of(dtls_read_vec16(&from));
    if (type != DTLS_HANDSHAKE_RECORD || version >> 8 != DTLS_MAJOR || epoch != 0)
        return false;
    if (!dtls_fragment_read(&record, &fragment) || fragment.type != DTLS_CLIENT_HELLO || fragment.offset != 0)
        return false;
    out->message_seq = fragment.message_seq;
    return dtls_client_hello_read_start(fragment.body, &out->hello) == DTLS_OK && out->hello.version >> 8 == DTLS_MAJOR;
}

enum dtls_first_look dtls_hello_look(const uint8_t *datagram, size_t len, const uint8_t **random)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ datagram, len });
    struct dtls_fragment fragment;

    uint8_t type = dtls_read_u8(&from);
    dtls_read_u16(&from);
    uint16_t epoch = dtls_read_u16(&from);
    dtls_read_u48(&from);
    if (epoch != 0 || len < DTLS_RECORD_HEADER_LEN)
        return DTLS_LOOK_SEALED;
    struct dtls_reader record = dtls_reader_of(dtls_read_vec16(&from));
    if (type != DTLS_HANDSHAKE_RECORD || !dtls_fragment_read(&record, &fragment) || fragment.type != DTLS_CLIENT_HELLO)
        return DTLS_LOOK_PLAIN;
    if (fragment.offset != 0)
        return DTLS_LOOK_HELLO_PART;
    *random = dtls_client_hello_random(fragment.body);
    return *random != NULL ? DTLS_LOOK_HELLO : DTLS_LOOK_PLAIN;
}

/* Makes the secrets those of `now`. An error leaves them as they were. */
static int renew(struct dtls_cookie_secrets *secrets, dtls_time now, const struct dtls_random *random)
{
    uint64_t slot = now / DTLS_COOKIE_SLOT + 1;
    uint8_t fresh[2][SECRET_LEN];

    if (slot == secrets->slot)
        return DTLS_OK;
    int error = dtls_random_bytes(random, &fresh[0][0], sizeof fresh);
    if (error != DTLS_OK)
        return error;
    /* Slot 0 has no secret, only the zeroes everyone knows: it never becomes the previous one. */
    if (secrets->slot != 0 && slot == secrets->slot + 1)
        memcpy(fresh[1], secrets->secret[0], sizeof fresh[1]);
    memcpy(secrets->secret, fresh, sizeof fresh);
    secrets->slot = slot;
    dtls_wipe(fresh, sizeof fresh);
    return DTLS_OK;
}

/* The time slot needs no field of its own: each has its own secret. */
static void make_cookie(const uint8_t secret[SECRET_LEN], struct dtls_bytes address,
                        const struct dtls_client_hello *hello, uint8_t out[DTLS_COOKIE_LEN])
{
    uint8_t head[8 + 2];
    struct dtls_writer to = dtls_writer_to(head, sizeof head);

    /* With the one length in front that nothing else fixes, no byte of one field can pass for its neighbour's. */
    dtls_write_u64(&to, address.len);
    dtls_write_u16(&to, hello->version);
    const struct dtls_bytes parts[] = { dtls_writer_bytes(&to), address, hello->random, hello->session_id };
    dtls_hmac(DTLS_SHA256, (struct dtls_bytes){ secret, SECRET_LEN }, parts, sizeof parts / sizeof parts[0], out);
}

static bool is_cookie_of(const uint8_t secret[SECRET_LEN], struct dtls_bytes address,
                         const struct dtls_client_hello *hello)
{
    uint8_t expected[DTLS_COOKIE_LEN];

    make_cookie(secret, address, hello, expected);
    return dtls_secret_equal(expected, hello->cookie.at, sizeof expected);
}

static void write_reply(const struct first_hello *first, const uint8_t cookie[DTLS_COOKIE_LEN],
                        uint8_t out[DTLS_HELLO_REPLY_LEN])
{
    uint8_t body[HELLO_VERIFY_LEN];
    struct dtls_writer message = dtls_writer_to(body, sizeof body);
    struct dtls_writer to = dtls_writer_to(out + DTLS_RECORD_HEADER_LEN, DTLS_HELLO_REPLY_LEN - DTLS_RECORD_HEADER_LEN);

    /* Version 0xfeff whatever will be negotiated (RFC 6347, 4.2.1): we know nothing of this client yet. */
    dtls_hello_verify_write(&message, &(struct dtls_hello_verify){ DTLS_VERSION_1_0, { cookie, DTLS_COOKIE_LEN } });

    dtls_fragment_write(&to, &(struct dtls_fragment){ .type = DTLS_HELLO_VERIFY_REQUEST,
                                                      .length = HELLO_VERIFY_LEN,
                                                      .message_seq = first->message_seq,
                                                      .body = dtls_writer_bytes(&message) });
    dtls_record_header_write(out, DTLS_HANDSHAKE_RECORD, DTLS_VERSION_1_0, 0, first->sequence, to.len);
}

void dtls_cookie_secrets_wipe(struct dtls_cookie_secrets *secrets)
{
    dtls_wipe(secrets, sizeof *secrets);
}

int dtls_hello_check(struct dtls_cookie_secrets *secrets, dtls_time now, const uint8_t *address, size_t address_len,
                     const uint8_t *datagram, size_t len, dtls_random_function *random, void *random_arg,
                     uint8_t out[DTLS_HELLO_REPLY_LEN])
{
    struct dtls_bytes sender = { address, address_len };
    struct first_hello first;
    uint8_t cookie[DTLS_COOKIE_LEN];

    if (!read_first_hello((struct dtls_bytes){ datagram, len }, &first))
        return DTLS_HELLO_DROP;
    int error = renew(secrets, now, &(struct dtls_random){ random, random_arg });
    if (error != DTLS_OK)
        return error;
    if (first.hello.cookie.len == DTLS_COOKIE_LEN && (is_cookie_of(secrets->secret[0], sender, &first.hello) ||
                                                      is_cookie_of(secrets->secret[1], sender, &first.hello)))
        return DTLS_HELLO_VALID;
    make_cookie(secrets->secret[0], sender, &first.hello, cookie);
    write_reply(&first, cookie, out);
    return DTLS_HELLO_REPLY;
}
