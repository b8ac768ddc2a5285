/* webrtc_stun.c - Binding requests, real and forged, and what answers them (RFC 8489). */
#include "apps/webrtc/stun.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

/* RFC 5769, 2.1. */
static const uint8_t sample[] = "\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
                                "\x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff"
                                "\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09"
                                "evtj:h6vY   \x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5"
                                "\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";
enum { SAMPLE_LEN = sizeof sample - 1, SOFTWARE_AT = 20, USERNAME_AT = 60 };
static const struct dtls_bytes password = { (const uint8_t *)"VOkJxbRl1RmTxUk/WvJxBt", 22 };

/* Puts the right checksum at the end of a changed request. */
static void refresh(uint8_t *bytes, size_t len)
{
    uint32_t sum = ~UINT32_C(0);

    for (size_t i = 0; i < len - 8; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? UINT32_C(0xedb88320) : 0);
    }
    sum = ~sum ^ UINT32_C(0x5354554e);
    for (size_t i = 0; i < 4; i++)
        bytes[len - 4 + i] = (uint8_t)(sum >> (24 - 8 * i));
}

static void the_rfcs_own_request(void)
{
    struct stun_request request;

    CU_ASSERT_TRUE_FATAL(stun_read(dtls_view(sample, SAMPLE_LEN), &request));
    CU_ASSERT_TRUE(dtls_bytes_equal(request.username, dtls_view("evtj:h6vY", 9)));
    CU_ASSERT_FALSE(request.nominates);
    CU_ASSERT_EQUAL(request.unknown_count, 0);
    CU_ASSERT_TRUE(stun_is_authentic(&request, password));
    CU_ASSERT_FALSE(stun_is_authentic(&request, dtls_view("VOkJxbRl1RmTxUk/WvJxBu", 22)));
    CU_ASSERT_FALSE(stun_is_authentic(&request, dtls_view("", 0)));
}

static void no_byte_of_it_can_be_changed_or_missing(void)
{
    struct stun_request request;

    for (size_t i = 0; i < SAMPLE_LEN; i++) {
        uint8_t *bytes = malloc(SAMPLE_LEN);
        memcpy(bytes, sample, SAMPLE_LEN);
        bytes[i] ^= 1;
        CHECK_CASE(!stun_read(dtls_view(bytes, SAMPLE_LEN), &request), "byte %zu", i);
        refresh(bytes, SAMPLE_LEN); /* with the right checksum the MAC tells */
        CHECK_CASE(!stun_read(dtls_view(bytes, SAMPLE_LEN), &request) || !stun_is_authentic(&request, password) ||
                       i >= SAMPLE_LEN - 4,
                   "byte %zu, and the checksum", i);
        free(bytes);
        bytes = malloc(i + 1);
        memcpy(bytes, sample, i);
        CHECK_CASE(!stun_read(dtls_view(bytes, i), &request), "cut after %zu", i);
        free(bytes);
    }
}

static void what_must_be_understood_is_named(void)
{
    static const uint8_t from[] = { 192, 0, 2, 1 };
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(32853) };
    struct stun_request request;
    uint8_t bytes[SAMPLE_LEN], answer[STUN_MOST_ANSWER];

    memcpy(&address.sin_addr, from, 4);
    memcpy(bytes, sample, SAMPLE_LEN);
    bytes[SOFTWARE_AT] = 0x01; /* 0x0122 */
    refresh(bytes, SAMPLE_LEN);
    CU_ASSERT_TRUE_FATAL(stun_read(dtls_view(bytes, SAMPLE_LEN), &request));
    CU_ASSERT_EQUAL(request.unknown_count, 1);
    CU_ASSERT_EQUAL(request.unknown[0], 0x0122);
    size_t len = stun_answer(&request, password, (const struct sockaddr *)&address, answer);
    CU_ASSERT_EQUAL(len, 20 + 8 + 8 + 24 + 8);
    CU_ASSERT_EQUAL(memcmp(answer, "\x01\x11\x00\x30", 4), 0);
    CU_ASSERT_EQUAL(memcmp(answer + 20, "\x00\x09\x00\x04\x00\x00\x04\x14\x00\x0a\x00\x02\x01\x22\x00\x00", 16), 0);
}

static void attributes_behind_the_mac_do_not_count(void)
{
    static const uint8_t use_candidate[] = { 0x00, 0x25, 0x00, 0x00 };
    struct stun_request request;
    uint8_t bytes[SAMPLE_LEN + 4];

    memcpy(bytes, sample, SAMPLE_LEN - 8);
    memcpy(bytes + SAMPLE_LEN - 8, use_candidate, 4);
    memcpy(bytes + SAMPLE_LEN - 4, sample + SAMPLE_LEN - 8, 8);
    bytes[3] += 4;
    refresh(bytes, sizeof bytes);
    CU_ASSERT_TRUE_FATAL(stun_read(dtls_view(bytes, sizeof bytes), &request));
    CU_ASSERT_FALSE(request.nominates);
    bytes[USERNAME_AT + 1] = 0x25; /* and in front of it, it does; then there is no name */
    refresh(bytes, sizeof bytes);
    CU_ASSERT_FALSE(stun_read(dtls_view(bytes, sizeof bytes), &request));
}

/* The address of RFC 5769, 2.2 and 2.3: the very bytes of XOR-MAPPED-ADDRESS there. */
static void the_answer_says_where_it_came_from(void)
{
    static const uint8_t from4[] = { 192, 0, 2, 1 };
    static const uint8_t from6[] = { 0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78,
                                     0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 };
    struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(32853) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(32853) };
    struct stun_request request;
    uint8_t answer[STUN_MOST_ANSWER];

    memcpy(&in4.sin_addr, from4, sizeof from4);
    memcpy(&in6.sin6_addr, from6, sizeof from6);
    CU_ASSERT_TRUE_FATAL(stun_read(dtls_view(sample, SAMPLE_LEN), &request));
    size_t len = stun_answer(&request, password, (const struct sockaddr *)&in4, answer);
    CU_ASSERT_EQUAL(len, 20 + 12 + 24 + 8);
    CU_ASSERT_EQUAL(memcmp(answer, "\x01\x01\x00\x2c", 4), 0);
    CU_ASSERT_EQUAL(memcmp(answer + 4, sample + 4, 16), 0);
    CU_ASSERT_EQUAL(memcmp(answer + 20, "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43", 12), 0);
    len = stun_answer(&request, password, (const struct sockaddr *)&in6, answer);
    CU_ASSERT_EQUAL(len, 20 + 24 + 24 + 8);
    CU_ASSERT_EQUAL(
        memcmp(answer + 20,
               "\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9"
               "\xd9",
               24),
        0);
}

static CU_TestInfo tests[] = {
    { "the RFC's own request (RFC 5769)", the_rfcs_own_request },
    { "no byte of it can be changed or missing", no_byte_of_it_can_be_changed_or_missing },
    { "what must be understood and is not is named", what_must_be_understood_is_named },
    { "attributes behind the MAC do not count", attributes_behind_the_mac_do_not_count },
    { "the answer says where the request came from (RFC 5769)", the_answer_says_where_it_came_from },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "webrtc stun", tests);
}
