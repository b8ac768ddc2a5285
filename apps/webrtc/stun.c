/* stun.c - STUN as ICE-lite needs it. */
#include "apps/webrtc/stun.h"

#include <netinet/in.h>
#include <string.h>

#include "bytes/writer.h"
#include "crypto/hmac_sha1.h"
#include "crypto/secret.h"

enum {
    HEADER = 20,
    INTEGRITY = DTLS_HMAC_SHA1_LEN,
    ATTRIBUTE = 4,
    BINDING = 0x0001,
    SUCCESS = 0x0101,
    FAILURE = 0x0111
};
enum { UNKNOWN_ATTRIBUTE = 420 };
#define COOKIE          UINT32_C(0x2112a442)
#define FINGERPRINT_XOR UINT32_C(0x5354554e)

enum attribute { /* RFC 8489, 18.3; RFC 8445, 20.1. Whoever does not know one from 0x8000 on may ignore it */
                 USERNAME = 0x0006,
                 MESSAGE_INTEGRITY = 0x0008,
                 ERROR_CODE = 0x0009,
                 UNKNOWN_ATTRIBUTES = 0x000a,
                 XOR_MAPPED_ADDRESS = 0x0020,
                 PRIORITY = 0x0024,
                 USE_CANDIDATE = 0x0025,
                 OPTIONAL = 0x8000,
                 FINGERPRINT = 0x8028,
};

/* CRC-32 of ITU V.42 (RFC 8489, 14.7). */
static uint32_t checksum(struct dtls_bytes bytes)
{
    uint32_t sum = ~UINT32_C(0);

    for (size_t i = 0; i < bytes.len; i++) {
        sum ^= bytes.at[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~sum ^ FINGERPRINT_XOR;
}

/* Over the message as if it ended behind MESSAGE-INTEGRITY (RFC 8489, 14.5). */
static void integrity_of(struct dtls_bytes message, struct dtls_bytes password, uint8_t out[INTEGRITY])
{
    size_t len = message.len + ATTRIBUTE + INTEGRITY - HEADER;
    const uint8_t as_if[2] = { (uint8_t)(len >> 8), (uint8_t)len };
    const struct dtls_bytes parts[] = { { message.at, 2 }, { as_if, 2 }, { message.at + 4, message.len - 4 } };

    dtls_hmac_sha1(password, parts, 3, out);
}

static void take_attribute(struct stun_request *request, uint16_t type, struct dtls_bytes value)
{
    if (type == USERNAME)
        request->username = value;
    else if (type == USE_CANDIDATE)
        request->nominates = true;
    else if (type < OPTIONAL && type != PRIORITY && request->unknown_count < STUN_MOST_UNKNOWN)
        request->unknown[request->unknown_count++] = type;
}

bool stun_read(struct dtls_bytes datagram, struct stun_request *out)
{
    struct dtls_reader from = dtls_reader_of(datagram);
    struct stun_request request = { .datagram = datagram };
    bool has_fingerprint = false;

    uint16_t type = dtls_read_u16(&from), len = dtls_read_u16(&from);
    uint32_t cookie = dtls_read_u32(&from);
    request.transaction = dtls_read_bytes(&from, 12);
    if (type != BINDING || cookie != COOKIE || from.left != len)
        return false;
    while (dtls_reader_has_more(&from) && !has_fingerprint) {
        size_t at = datagram.len - from.left;
        uint16_t attribute = dtls_read_u16(&from);
        struct dtls_bytes value = dtls_read_vec16(&from);
        dtls_read_bytes(&from, -value.len % 4);
        if (attribute == FINGERPRINT) {
            struct dtls_reader sum = dtls_reader_of(value);
            has_fingerprint =
                dtls_read_u32(&sum) == checksum((struct dtls_bytes){ datagram.at, at }) && dtls_reader_finished(&sum);
            if (!has_fingerprint)
                return false;
        } else if (attribute == MESSAGE_INTEGRITY && request.integrity.len == 0) {
            request.signed_len = at;
            request.integrity = value;
        } else if (request.integrity.len == 0) {
            take_attribute(&request, attribute, value);
        }
    }
    if (!dtls_reader_finished(&from) || !has_fingerprint || request.integrity.len != INTEGRITY ||
        request.username.len == 0)
        return false;
    *out = request;
    return true;
}

bool stun_is_authentic(const struct stun_request *request, struct dtls_bytes password)
{
    uint8_t expected[INTEGRITY];

    integrity_of((struct dtls_bytes){ request->datagram.at, request->signed_len }, password, expected);
    return dtls_secret_equal(expected, request->integrity.at, INTEGRITY);
}

static void write_address(struct dtls_writer *to, const struct sockaddr *address, struct dtls_bytes transaction)
{
    uint8_t pad[4 + 12], bytes[16];
    struct dtls_writer writer = dtls_writer_to(pad, sizeof pad);
    bool v6 = address->sa_family == AF_INET6;
    const struct sockaddr_in *in4 = (const void *)address;
    const struct sockaddr_in6 *in6 = (const void *)address;
    size_t len = v6 ? 16 : 4;

    dtls_write_u32(&writer, COOKIE);
    dtls_write_bytes(&writer, transaction);
    memcpy(bytes, v6 ? (const void *)&in6->sin6_addr : (const void *)&in4->sin_addr, len);
    for (size_t i = 0; i < len; i++)
        bytes[i] ^= pad[i];
    dtls_write_u16(to, XOR_MAPPED_ADDRESS);
    dtls_write_u16(to, (uint16_t)(4 + len));
    dtls_write_u16(to, v6 ? 2 : 1);
    dtls_write_u16(to, ntohs(v6 ? in6->sin6_port : in4->sin_port) ^ COOKIE >> 16);
    dtls_write_bytes(to, (struct dtls_bytes){ bytes, len });
}

static void write_refusal(struct dtls_writer *to, const struct stun_request *request)
{
    dtls_write_u16(to, ERROR_CODE);
    dtls_write_u16(to, 4);
    dtls_write_u32(to, UNKNOWN_ATTRIBUTE / 100 << 8 | UNKNOWN_ATTRIBUTE % 100);
    dtls_write_u16(to, UNKNOWN_ATTRIBUTES);
    dtls_write_u16(to, (uint16_t)(2 * request->unknown_count));
    for (size_t i = 0; i < request->unknown_count; i++)
        dtls_write_u16(to, request->unknown[i]);
    if (request->unknown_count % 2 == 1)
        dtls_write_u16(to, 0);
}

/* The length in the header counts what is written so far, and `more`. */
static void set_length(struct dtls_writer *to, size_t more)
{
    struct dtls_writer length = dtls_writer_to(to->at + 2, 2);

    dtls_write_u16(&length, (uint16_t)(to->len - HEADER + more));
}

size_t stun_answer(const struct stun_request *request, struct dtls_bytes password, const struct sockaddr *from,
                   uint8_t out[STUN_MOST_ANSWER])
{
    struct dtls_writer to = dtls_writer_to(out, STUN_MOST_ANSWER);
    uint8_t integrity[INTEGRITY];

    dtls_write_u16(&to, request->unknown_count == 0 ? SUCCESS : FAILURE);
    dtls_write_u16(&to, 0);
    dtls_write_u32(&to, COOKIE);
    dtls_write_bytes(&to, request->transaction);
    if (request->unknown_count == 0)
        write_address(&to, from, request->transaction);
    else
        write_refusal(&to, request);
    integrity_of(dtls_writer_bytes(&to), password, integrity);
    dtls_write_u16(&to, MESSAGE_INTEGRITY);
    dtls_write_vec16(&to, (struct dtls_bytes){ integrity, INTEGRITY });
    set_length(&to, ATTRIBUTE + 4);
    uint32_t sum = checksum(dtls_writer_bytes(&to));
    dtls_write_u16(&to, FINGERPRINT);
    dtls_write_u16(&to, 4);
    dtls_write_u32(&to, sum);
    return to.len;
}
