/* messages_extensions.c - the extensions of a hello: what is read, refused, ignored and written. */
#include "messages/extensions.h"

#include <string.h>

#include "tests/cuts.h"
#include "tests/tap.h"

#define BYTES(...)                                                                                                     \
    {                                                                                                                  \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })                                     \
    }

/* All twelve, laid out by hand after RFC 6066, 3 and 4, RFC 8422, 5.1, RFC 5246, 7.4.1.4.1, RFC 5764, 4.1.1, RFC 6520,
 * 2, RFC 7301, 3.1, RFC 7627, 5.1, RFC 8449, 4, RFC 5077, 3.2, RFC 5746, 3.2. */
static const uint8_t all[] = {
    0,    93, 0, 0, 0,   6,   0,   4,   0,   0,   1, 'a',      /* server_name */
    0,    1,  0, 1, 3,                                         /* max_fragment_length */
    0,    10, 0, 6, 0,   4,   0,   29,  0,   23,               /* supported_groups */
    0,    11, 0, 2, 1,   0,                                    /* ec_point_formats */
    0,    13, 0, 4, 0,   2,   4,   3,                          /* signature_algorithms */
    0,    14, 0, 9, 0,   4,   0,   1,   0,   7,   2, 'm', 'k', /* use_srtp */
    0,    15, 0, 1, 1,                                         /* heartbeat */
    0,    16, 0, 6, 0,   4,   1,   'x', 1,   'y',              /* ALPN */
    0,    23, 0, 0,                                            /* extended_master_secret */
    0,    28, 0, 2, 2,   1,                                    /* record_size_limit */
    0,    35, 0, 3, 't', 'k', 't',                             /* session_ticket */
    0xff, 1,  0, 5, 4,   'v', 'r', 'f', 'y',                   /* renegotiation_info */
};

static int read_extensions(struct dtls_bytes body, void *out)
{
    struct dtls_reader from = dtls_reader_of(body);
    struct dtls_extensions extensions;

    dtls_extensions_read(&from, &extensions);
    if (!dtls_reader_finished(&from))
        return DTLS_ERR_DECODE;
    memcpy(out, &extensions, sizeof extensions);
    return DTLS_OK;
}

/* Reads one extension, given with type and length, as the whole block. */
static int read_one(struct dtls_bytes extension, struct dtls_extensions *out)
{
    uint8_t span[128];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);

    dtls_write_vec16(&to, extension);
    return read_extensions(dtls_writer_bytes(&to), out);
}

static void reads_every_extension(void)
{
    struct dtls_extensions read = { 0 };

    CU_ASSERT_EQUAL(read_extensions((struct dtls_bytes){ all, sizeof all }, &read), DTLS_OK);
    CU_ASSERT_TRUE(read.has_groups && read.groups.at == all + 23 && read.groups.len == 4);
    CU_ASSERT_TRUE(read.has_point_formats && read.point_formats.at == all + 32 && read.point_formats.len == 1);
    CU_ASSERT_TRUE(read.has_schemes && read.schemes.at == all + 39 && read.schemes.len == 2);
    CU_ASSERT_TRUE(read.extended_master_secret);
    CU_ASSERT_TRUE(read.has_max_fragment_length && read.max_fragment_length == 3);
    CU_ASSERT_TRUE(read.has_srtp && read.srtp_profiles.at == all + 47 && read.srtp_profiles.len == 4);
    CU_ASSERT_TRUE(read.srtp_mki.at == all + 52 && read.srtp_mki.len == 2);
    CU_ASSERT_TRUE(read.has_server_name && read.has_names);
    CU_ASSERT_TRUE(read.server_name.at == all + 11 && read.server_name.len == 1);
    CU_ASSERT_TRUE(read.has_alpn && read.alpn.at == all + 65 && read.alpn.len == 4);
    CU_ASSERT_TRUE(read.has_heartbeat && read.heartbeat_mode == 1);
    CU_ASSERT_TRUE(read.has_record_size_limit && read.record_size_limit == 513);
    CU_ASSERT_TRUE(read.has_ticket && read.ticket.len == 3 && memcmp(read.ticket.at, "tkt", 3) == 0);
    CU_ASSERT_TRUE(read.has_renegotiation_info && read.renegotiation_info.len == 4);
    CU_ASSERT_EQUAL(memcmp(read.renegotiation_info.at, "vrfy", 4), 0);
    CU_ASSERT_FALSE(read.has_unknown);
}

static void writes_what_it_reads(void)
{
    uint8_t span[sizeof all];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_extensions read = { 0 };

    CU_ASSERT_EQUAL(read_extensions((struct dtls_bytes){ all, sizeof all }, &read), DTLS_OK);
    dtls_extensions_write(&to, &read);
    CU_ASSERT_TRUE(dtls_bytes_equal(dtls_writer_bytes(&to), (struct dtls_bytes){ all, sizeof all }));
}

static void each_extension_is_written_alone(void)
{
    const struct dtls_extensions one[] = {
        { .has_groups = true, .groups = BYTES(0, 29) },
        { .has_point_formats = true, .point_formats = BYTES(0) },
        { .has_schemes = true, .schemes = BYTES(4, 3) },
        { .extended_master_secret = true },
        { .has_max_fragment_length = true, .max_fragment_length = 4 },
        { .has_status_request = true },
        { .has_status_request = true, .status_type = DTLS_STATUS_OCSP },
        { .has_srtp = true, .srtp_profiles = BYTES(0, 8), .srtp_mki = BYTES(9) },
        { .has_srtp = true, .srtp_profiles = BYTES(0, 1, 0, 2) },
        { .has_heartbeat = true, .heartbeat_mode = 2 },
        { .has_record_size_limit = true, .record_size_limit = 16384 },
        { .has_server_name = true },
        { .has_server_name = true, .server_name = BYTES('a', '.', 'b') },
        { .has_alpn = true, .alpn = BYTES(2, 'h', '2') },
        { .has_client_types = true, .client_types = BYTES(2, 0) },
        { .has_server_types = true, .server_types = BYTES(0) },
        { .has_server_types = true, .server_types = BYTES(2), .has_type_answers = true },
        { .has_ticket = true },
        { .has_renegotiation_info = true },
    };

    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++) {
        uint8_t span[2][32];
        struct dtls_writer to = dtls_writer_to(span[0], sizeof span[0]);
        struct dtls_writer again = dtls_writer_to(span[1], sizeof span[1]);
        struct dtls_extensions read = { 0 };

        dtls_extensions_write(&to, &one[i]);
        CHECK_CASE(to.len > 2 && read_extensions(dtls_writer_bytes(&to), &read) == DTLS_OK, "extension %zu", i);
        dtls_extensions_write(&again, &read);
        CHECK_CASE(dtls_bytes_equal(dtls_writer_bytes(&to), dtls_writer_bytes(&again)), "extension %zu", i);
    }
}

static void no_extensions_are_no_bytes(void)
{
    uint8_t span[2];
    struct dtls_writer to = dtls_writer_to(span, sizeof span);
    struct dtls_extensions read;

    dtls_extensions_write(&to, &(struct dtls_extensions){ .has_unknown = true });
    CU_ASSERT_EQUAL(to.len, 0);
    memset(&read, 0xa5, sizeof read);
    CU_ASSERT_EQUAL(read_extensions((struct dtls_bytes){ 0 }, &read), DTLS_OK);
    CU_ASSERT_FALSE(read.has_groups || read.has_renegotiation_info || read.has_unknown);
    CU_ASSERT_EQUAL(read_extensions((struct dtls_bytes)BYTES(0, 0), &read), DTLS_OK); /* an empty block will do too */
}

static void every_cut_is_refused(void)
{
    check_cuts("all extensions", read_extensions, sizeof(struct dtls_extensions),
               (struct dtls_bytes){ all, sizeof all }, 0);
}

/* A cut of `all` that also corrects the length of the block: ends between extensions are whole, others are not. */
static void a_block_that_ends_inside_an_extension_is_refused(void)
{
    for (size_t len = 0; len < sizeof all - 2; len++) {
        struct dtls_extensions read;
        bool whole = len == 0 || len == 10 || len == 15 || len == 25 || len == 31 || len == 39 || len == 52 ||
                     len == 57 || len == 67 || len == 71 || len == 77 || len == 84;
        CHECK_CASE((read_one((struct dtls_bytes){ all + 2, len }, &read) == DTLS_OK) == whole, "%zu bytes", len);
    }
}

static void a_body_of_the_wrong_shape_is_refused(void)
{
    const struct {
        const char *name;
        struct dtls_bytes extension;
        bool ok;
    } cases[] = {
        { "groups", BYTES(0, 10, 0, 4, 0, 2, 0, 29), true },
        { "groups, empty list", BYTES(0, 10, 0, 2, 0, 0), false },
        { "groups, no list", BYTES(0, 10, 0, 0), false },
        { "groups, odd list", BYTES(0, 10, 0, 5, 0, 3, 0, 29, 0), false },
        { "groups, list too short for its body", BYTES(0, 10, 0, 6, 0, 2, 0, 29, 0, 23), false },
        { "groups, list too long for its body", BYTES(0, 10, 0, 4, 0, 4, 0, 29, 0, 23), false },
        { "point formats, empty list", BYTES(0, 11, 0, 1, 0), false },
        { "point formats, no list", BYTES(0, 11, 0, 0), false },
        { "point formats, a byte too many", BYTES(0, 11, 0, 3, 1, 0, 0), false },
        { "schemes, empty list", BYTES(0, 13, 0, 2, 0, 0), false },
        { "schemes, odd list", BYTES(0, 13, 0, 3, 0, 1, 4), false },
        { "schemes, a byte too many", BYTES(0, 13, 0, 5, 0, 2, 4, 3, 0), false },
        { "use_srtp, one profile and no MKI", BYTES(0, 14, 0, 5, 0, 2, 0, 1, 0), true },
        { "use_srtp, no body", BYTES(0, 14, 0, 0), false },
        { "use_srtp, empty list", BYTES(0, 14, 0, 3, 0, 0, 0), false },
        { "use_srtp, odd list", BYTES(0, 14, 0, 6, 0, 3, 0, 1, 0, 0), false },
        { "use_srtp, list longer than its body", BYTES(0, 14, 0, 5, 0, 4, 0, 1, 0), false },
        { "use_srtp, no MKI's length", BYTES(0, 14, 0, 4, 0, 2, 0, 1), false },
        { "use_srtp, MKI cut short", BYTES(0, 14, 0, 6, 0, 2, 0, 1, 2, 9), false },
        { "use_srtp, a byte too many", BYTES(0, 14, 0, 6, 0, 2, 0, 1, 0, 0), false },
        { "extended master secret with a body", BYTES(0, 23, 0, 1, 0), false },
        { "server name, no body: a server's answer", BYTES(0, 0, 0, 0), true },
        { "server name, one", BYTES(0, 0, 0, 6, 0, 4, 0, 0, 1, 'a'), true },
        { "server name, and one of another type", BYTES(0, 0, 0, 10, 0, 8, 0, 0, 1, 'a', 1, 0, 1, 'b'), true },
        { "server name, of another type alone", BYTES(0, 0, 0, 6, 0, 4, 7, 0, 1, 'a'), true },
        { "server name, an empty list", BYTES(0, 0, 0, 2, 0, 0), false },
        { "server name, half a length", BYTES(0, 0, 0, 1, 0), false },
        { "server name, an empty name", BYTES(0, 0, 0, 5, 0, 3, 0, 0, 0), false },
        { "server name, two host names", BYTES(0, 0, 0, 10, 0, 8, 0, 0, 1, 'a', 0, 0, 1, 'b'), false },
        { "server name, two of another type", BYTES(0, 0, 0, 10, 0, 8, 255, 0, 1, 'a', 255, 0, 1, 'b'), false },
        { "server name, a name cut short", BYTES(0, 0, 0, 6, 0, 4, 0, 0, 2, 'a'), false },
        { "server name, a name without a type", BYTES(0, 0, 0, 5, 0, 3, 0, 1, 'a'), false },
        { "server name, a list longer than its body", BYTES(0, 0, 0, 6, 0, 5, 0, 0, 1, 'a'), false },
        { "server name, a byte too many", BYTES(0, 0, 0, 7, 0, 4, 0, 0, 1, 'a', 0), false },
        { "ALPN, two names", BYTES(0, 16, 0, 6, 0, 4, 1, 'a', 1, 'b'), true },
        { "ALPN, a NUL in a name", BYTES(0, 16, 0, 5, 0, 3, 2, 'a', 0), true },
        { "ALPN, no body", BYTES(0, 16, 0, 0), false },
        { "ALPN, an empty list", BYTES(0, 16, 0, 2, 0, 0), false },
        { "ALPN, an empty name", BYTES(0, 16, 0, 3, 0, 1, 0), false },
        { "ALPN, an empty name behind another", BYTES(0, 16, 0, 5, 0, 3, 1, 'a', 0), false },
        { "ALPN, a name cut short", BYTES(0, 16, 0, 4, 0, 2, 2, 'a'), false },
        { "ALPN, a list longer than its body", BYTES(0, 16, 0, 4, 0, 3, 1, 'a'), false },
        { "ALPN, a byte too many", BYTES(0, 16, 0, 5, 0, 2, 1, 'a', 0), false },
        { "certificate types, a list", BYTES(0, 19, 0, 3, 2, 2, 0), true },
        { "certificate types, an answer", BYTES(0, 20, 0, 1, 2), true },
        { "certificate types, nothing", BYTES(0, 20, 0, 0), false },
        { "certificate types, an empty list and more", BYTES(0, 19, 0, 2, 0, 0), false },
        { "certificate types, a list cut short", BYTES(0, 19, 0, 2, 2, 0), false },
        { "certificate types, a byte too many", BYTES(0, 20, 0, 3, 1, 0, 0), false },
        { "authorities, two", BYTES(0, 47, 0, 9, 0, 7, 0, 1, 'a', 0, 2, 'b', 'c'), true },
        { "authorities, an empty list", BYTES(0, 47, 0, 2, 0, 0), false },
        { "authorities, an empty name", BYTES(0, 47, 0, 4, 0, 2, 0, 0), false },
        { "authorities, a name cut short", BYTES(0, 47, 0, 5, 0, 3, 0, 2, 'a'), false },
        { "authorities, a byte too many", BYTES(0, 47, 0, 6, 0, 3, 0, 1, 'a', 0), false },
        { "heartbeat, no body", BYTES(0, 15, 0, 0), false },
        { "heartbeat, two bytes", BYTES(0, 15, 0, 2, 1, 1), false },
        { "record size limit, one byte", BYTES(0, 28, 0, 1, 64), false },
        { "record size limit, three bytes", BYTES(0, 28, 0, 3, 0, 64, 0), false },
        { "maximal fragment length, no body", BYTES(0, 1, 0, 0), false },
        { "maximal fragment length, two bytes", BYTES(0, 1, 0, 2, 1, 1), false },
        { "status_request, empty as in a ServerHello", BYTES(0, 5, 0, 0), true },
        { "status_request, OCSP", BYTES(0, 5, 0, 5, 1, 0, 0, 0, 0), true },
        { "status_request, OCSP with a responder and extensions", BYTES(0, 5, 0, 7, 1, 0, 1, 9, 0, 1, 9), true },
        { "status_request, OCSP without extensions", BYTES(0, 5, 0, 3, 1, 0, 0), false },
        { "status_request, a byte too many", BYTES(0, 5, 0, 6, 1, 0, 0, 0, 0, 0), false },
        { "status_request, another type, any body", BYTES(0, 5, 0, 2, 7, 9), true },
        { "ticket, empty", BYTES(0, 35, 0, 0), true },
        { "renegotiation info, empty", BYTES(0xff, 1, 0, 1, 0), true },
        { "renegotiation info, no body", BYTES(0xff, 1, 0, 0), false },
        { "renegotiation info, a byte too many", BYTES(0xff, 1, 0, 2, 0, 0), false },
        { "renegotiation info, cut short", BYTES(0xff, 1, 0, 2, 2, 0), false },
        { "unknown, any body", BYTES(0x0a, 0x0a, 0, 1, 7), true },
        { "unknown, longer than the block", BYTES(0x0a, 0x0a, 0, 2, 7), false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_extensions read;
        int answer = read_one(cases[i].extension, &read);
        CHECK_CASE(answer == (cases[i].ok ? DTLS_OK : DTLS_ERR_DECODE), "%s: %d", cases[i].name, answer);
    }
}

static void an_extension_that_comes_twice_is_refused(void)
{
    const struct {
        const char *name;
        struct dtls_bytes extensions;
    } cases[] = {
        { "extended master secret", BYTES(0, 23, 0, 0, 0, 23, 0, 0) },
        { "ticket", BYTES(0, 35, 0, 0, 0, 35, 0, 0) },
        { "use_srtp", BYTES(0, 14, 0, 5, 0, 2, 0, 1, 0, 0, 14, 0, 5, 0, 2, 0, 1, 0) },
        { "renegotiation info", BYTES(0xff, 1, 0, 1, 0, 0xff, 1, 0, 1, 0) },
        { "groups, with another between", BYTES(0, 10, 0, 4, 0, 2, 0, 29, 0, 23, 0, 0, 0, 10, 0, 4, 0, 2, 0, 29) },
        { "server name", BYTES(0, 0, 0, 6, 0, 4, 0, 0, 1, 'a', 0, 0, 0, 6, 0, 4, 0, 0, 1, 'a') },
        { "server name, empty", BYTES(0, 0, 0, 0, 0, 0, 0, 0) },
        { "certificate types", BYTES(0, 19, 0, 2, 1, 2, 0, 19, 0, 2, 1, 2) },
        { "authorities", BYTES(0, 47, 0, 5, 0, 3, 0, 1, 'a', 0, 47, 0, 5, 0, 3, 0, 1, 'a') },
        { "ALPN", BYTES(0, 16, 0, 4, 0, 2, 1, 'a', 0, 16, 0, 4, 0, 2, 1, 'a') },
        { "number 62", BYTES(0, 62, 0, 0, 0, 62, 0, 0) },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_extensions read;
        CHECK_CASE(read_one(cases[i].extensions, &read) == DTLS_ERR_DECODE, "%s", cases[i].name);
    }
}

static void unknown_extensions_are_reported_and_skipped(void)
{
    const struct dtls_bytes block =
        BYTES(0x2a, 0x2a, 0, 1, 0, 0, 63, 0, 0, 0, 23, 0, 0, 0x2a, 0x2a, 0, 0, 0xff, 0, 0, 0);
    struct dtls_extensions read = { 0 };

    CU_ASSERT_EQUAL(read_one(block, &read), DTLS_OK);
    CU_ASSERT_TRUE(read.has_unknown && read.extended_master_secret);
    CU_ASSERT_FALSE(read.has_renegotiation_info);
}

static void what_follows_the_block_is_left_to_the_caller(void)
{
    static const uint8_t bytes[] = { 0, 4, 0, 23, 0, 0, 'x' };
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ bytes, sizeof bytes });
    struct dtls_extensions read;

    dtls_extensions_read(&from, &read);
    CU_ASSERT_FALSE(dtls_reader_finished(&from));
    CU_ASSERT_EQUAL(dtls_read_u8(&from), 'x');
}

static CU_TestInfo tests[] = {
    { "reads every extension", reads_every_extension },
    { "writes what it reads", writes_what_it_reads },
    { "each extension is written alone", each_extension_is_written_alone },
    { "no extensions are no bytes", no_extensions_are_no_bytes },
    { "every cut is refused", every_cut_is_refused },
    { "a block that ends inside an extension is refused", a_block_that_ends_inside_an_extension_is_refused },
    { "a body of the wrong shape is refused", a_body_of_the_wrong_shape_is_refused },
    { "an extension that comes twice is refused", an_extension_that_comes_twice_is_refused },
    { "unknown extensions are reported and skipped", unknown_extensions_are_reported_and_skipped },
    { "what follows the block is left to the caller", what_follows_the_block_is_left_to_the_caller },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "messages_extensions", tests);
}
