/* crypto_ecdsa_der.c - the DER of an ECDSA signature: one way to write it, and no other is read. */
#include "crypto/ecdsa_der.h"

#include <stdlib.h>

#include "tests/tap.h"
#include "tests/unit/crypto_hex.h"

static void ecdsa_der_is_strict(void)
{
    static const struct {
        const char *der;
        bool ok;
    } cases[] = {
        { "30 06 02 01 01 02 01 01", true },
        { "30 08 02 02 00 80 02 02 00 ff", true },
        { "30 06 02 01 00 02 01 00", true }, /* DER; that zero is no signature is for others to say */
        { "", false },
        { "30", false },
        { "30 00", false },
        { "30 03 02 01 01", false },                   /* one number */
        { "30 09 02 01 01 02 01 01 02 01 01", false }, /* three */
        { "30 06 02 01 01 02 01 01 00", false },       /* something behind */
        { "30 07 02 01 01 02 01 01 00", false },       /* something inside, behind */
        { "30 07 02 01 01 02 01 01", false },          /* cut off */
        { "30 05 02 01 01 02 01 01", false },
        { "30 06 02 01 81 02 01 01", false }, /* negative */
        { "30 06 02 01 01 02 01 80", false },
        { "30 07 02 02 00 01 02 01 01", false }, /* a zero too many */
        { "30 07 02 01 01 02 02 00 7f", false },
        { "30 07 02 02 00 00 02 01 01", false },
        { "30 05 02 00 02 01 01", false }, /* no bytes at all */
        { "30 05 02 01 01 02 00", false },
        { "31 06 02 01 01 02 01 01", false }, /* other types */
        { "30 06 03 01 01 02 01 01", false },
        { "30 06 02 01 01 04 01 01", false },
        { "30 81 06 02 01 01 02 01 01", false }, /* BER's long and open lengths */
        { "30 07 02 81 01 01 02 01 01", false },
        { "30 80 02 01 01 02 01 01 00 00", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hex der = hex(cases[i].der);
        uint8_t *exact = malloc(der.len + (der.len == 0));
        struct dtls_bytes r, s;

        memcpy(exact, der.at, der.len);
        CHECK_CASE(dtls_ecdsa_der_read((struct dtls_bytes){ exact, der.len }, &r, &s) == cases[i].ok, "%s",
                   cases[i].der);
        free(exact);
    }
}

static void ecdsa_der_writes_what_it_reads(void)
{
    static const struct {
        const char *r, *s, *der;
    } cases[] = {
        { "01", "7f", "30 06 02 01 01 02 01 7f" },
        { "80", "ff", "30 08 02 02 00 80 02 02 00 ff" },
        { "0000000001", "000080", "30 07 02 01 01 02 02 00 80" },
        { "00", "0000", "30 06 02 01 00 02 01 00" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hex r = hex(cases[i].r), s = hex(cases[i].s);
        uint8_t out[64];
        struct dtls_writer to = dtls_writer_to(out, sizeof out), full = dtls_writer_to(out, 3);
        struct dtls_bytes r_read, s_read;

        dtls_ecdsa_der_write(&to, view(&r), view(&s));
        struct dtls_bytes der = dtls_writer_bytes(&to);
        CHECK_CASE(is_hex(der.at, der.len, cases[i].der), "case %zu", i);
        CHECK_CASE(dtls_ecdsa_der_read(der, &r_read, &s_read), "case %zu, read", i);
        dtls_ecdsa_der_write(&full, view(&r), view(&s));
        CHECK_CASE(full.broken, "case %zu, no room", i);
    }
}

static CU_TestInfo tests[] = {
    { "only strict DER is read", ecdsa_der_is_strict },
    { "what is written is DER, and is read", ecdsa_der_writes_what_it_reads },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "crypto_ecdsa_der", tests);
}
