/* identity_host_name.c - which bytes are a DNS name, and which names a pattern stands for. */
#include "identity/host_name.h"

#include <string.h>

#include "bytes/reader.h"
#include "tests/tap.h"

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define L61 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"

static struct dtls_bytes of(const char *text)
{
    return dtls_view(text, strlen(text));
}

static void names_are_names(void)
{
    static const char *const names[] = { "a",
                                         "localhost",
                                         "sip.example",
                                         "SIP.Example",
                                         "xn--bcher-kva.example",
                                         "_sip._udp.example",
                                         "1.2.3.4.example",
                                         "a-b.c",
                                         "4.a",
                                         L63 ".a",
                                         L63 "." L63 "." L63 "." L61 };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK_CASE(dtls_host_name_is_valid(of(names[i])), "%s", names[i]);
}

static void what_is_none_is_none(void)
{
    static const char *const names[] = { "",
                                         ".",
                                         "a.",
                                         ".a",
                                         "a..b",
                                         "192.0.2.1",
                                         "1",
                                         "a.1",
                                         "::1",
                                         "[::1]",
                                         "2001:db8::1",
                                         "b\xc3\xbc"
                                         "cher.example",
                                         "a b.c",
                                         "a/b",
                                         "*.a.b",
                                         "a,b",
                                         "a\nb.c",
                                         L63 "a.b",
                                         L63 "." L63 "." L63 "." L61 "a" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK_CASE(!dtls_host_name_is_valid(of(names[i])), "%s", names[i]);
    CU_ASSERT_FALSE(dtls_host_name_is_valid((struct dtls_bytes){ (const uint8_t *)"a\0b.c", 5 }));
}

static void an_address_is_text_and_a_nul_is_not(void)
{
    static uint8_t text[256];

    memset(text, 'a', sizeof text);
    CU_ASSERT_TRUE(dtls_host_name_is_text(of("192.0.2.1")) && dtls_host_name_is_text(of("sip.example.")));
    CU_ASSERT_TRUE(dtls_host_name_is_text((struct dtls_bytes){ text, 255 }));
    CU_ASSERT_FALSE(dtls_host_name_is_text((struct dtls_bytes){ text, 256 }));
    CU_ASSERT_FALSE(dtls_host_name_is_text((struct dtls_bytes){ text, 0 }));
    for (unsigned byte = 0; byte < 256; byte++) {
        text[7] = (uint8_t)byte;
        CHECK_CASE(dtls_host_name_is_text((struct dtls_bytes){ text, 9 }) == (byte > ' ' && byte < 127), "%u", byte);
    }
}

static void a_wildcard_is_one_whole_label_and_the_left_most(void)
{
    static const struct {
        const char *pattern, *name;
        bool has;
    } cases[] = {
        { "sip.example", "sip.example", true },
        { "sip.example", "SIP.EXAMPLE", true },
        { "SIP.example", "sip.example", true },
        { "sip.example", "sip.example2", false },
        { "sip.example", "sip.exampl", false },
        { "sip.example", "asip.example", false },
        { "*.a.example", "b.a.example", true },
        { "*.a.example", "B.A.example", true },
        { "*.a.example", "a.example", false },
        { "*.a.example", "c.b.a.example", false },
        { "*.a.example", "b.a.example2", false },
        { "*.a.example", "b.xa.example", false },
        { "*.a.example", "a", false },
        { "*.a.example", "_b.a.example", true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_CASE(dtls_host_pattern_has(of(cases[i].pattern), of(cases[i].name)) == cases[i].has, "%s, %s",
                   cases[i].pattern, cases[i].name);
}

static void wildcards_elsewhere_are_no_patterns(void)
{
    static const char *const good[] = { "a", "a.b", "*.a.b" };
    static const char *const bad[] = { "",       "*",     "*.",     "*.a",    "a.*.b", "*a.b.c",
                                       "a*.b.c", "*.*.b", "**.a.b", "*.a.b.", "*.0.1" };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK_CASE(dtls_host_pattern_is_valid(of(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_CASE(!dtls_host_pattern_is_valid(of(bad[i])), "%s", bad[i]);
}

static CU_TestInfo tests[] = {
    { "names are names", names_are_names },
    { "addresses, empty and long labels, other bytes are none", what_is_none_is_none },
    { "an address is text all the same, and what has a NUL or 256 bytes is not", an_address_is_text_and_a_nul_is_not },
    { "a wildcard is one whole label, the left-most; case does not count",
      a_wildcard_is_one_whole_label_and_the_left_most },
    { "a wildcard elsewhere, or over a top-level domain, is no pattern", wildcards_elsewhere_are_no_patterns },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "identity_host_name", tests);
}
