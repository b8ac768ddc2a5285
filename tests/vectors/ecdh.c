/* ecdh.c - key agreement against Wycheproof. */
#include "crypto/ecdhe.h"

#include <string.h>

#include "dtls/config.h"
#include "tests/vectors/wycheproof.h"

/* A pair with this scalar; numbers in the files have leading zeroes, or lack them. No public half: agreeing needs none.
 */
static struct dtls_ecdhe pair_of(uint16_t group, size_t len, struct dtls_bytes scalar)
{
    struct dtls_ecdhe pair = { .group = group };

    for (; scalar.len > len && scalar.at[0] == 0; scalar.at++)
        scalar.len--;
    CU_ASSERT_TRUE(scalar.len <= len);
    if (scalar.len > 0 && scalar.len <= len)
        memcpy(pair.scalar + len - scalar.len, scalar.at, scalar.len);
    return pair;
}

/* Acceptable is what an implementation may leave out, or must take a decision about. Ours: a compressed point is no
 * point (RFC 8422, 5.1.2: the format was deprecated), a secret of zeroes none (RFC 8422, 5.11), and a point that is not
 * canonical or on the twist is taken, as RFC 7748, 5 and 6.1 have it. */
static bool is_for_us(const struct wycheproof *file)
{
    return file->valid || (file->acceptable && !wycheproof_has_flag(file, "CompressedPoint") &&
                           !wycheproof_has_flag(file, "ZeroSharedSecret"));
}

static void check_file(const char *name, uint16_t group, size_t len, size_t ran)
{
    struct wycheproof file;

    wycheproof_open(&file, name);
    while (wycheproof_next(&file)) {
        struct dtls_bytes point = wycheproof_hex(&file, file.test, "public");
        struct dtls_bytes shared = wycheproof_hex(&file, file.test, "shared");
        struct dtls_ecdhe pair = pair_of(group, len, wycheproof_hex(&file, file.test, "private"));
        uint8_t secret[DTLS_ECDHE_MAX_SECRET];
        size_t secret_len = 0;

        int result = dtls_ecdhe_agree(&pair, point, secret, &secret_len);
        CHECK_CASE(result == (is_for_us(&file) ? DTLS_OK : DTLS_ERR_ILLEGAL_PARAMETER), "%s %ld: %d", name, file.id,
                   result);
        CHECK_CASE(result != DTLS_OK || (secret_len == shared.len && memcmp(secret, shared.at, shared.len) == 0),
                   "%s %ld, secret", name, file.id);
    }
    wycheproof_close(&file, ran);
}

static void p256(void)
{
    check_file("ecdh_secp256r1_ecpoint_test.json", DTLS_GROUP_SECP256R1, 32, 355);
}

static void p384(void)
{
    check_file("ecdh_secp384r1_ecpoint_test.json", DTLS_GROUP_SECP384R1, 48, 790);
}

static void x25519(void)
{
    check_file("x25519_test.json", DTLS_GROUP_X25519, 32, 518);
}

static CU_TestInfo tests[] = {
    { "ECDH over P-256 agrees and refuses as Wycheproof says", p256 },
    { "ECDH over P-384 agrees and refuses as Wycheproof says", p384 },
    { "X25519 agrees and refuses as Wycheproof says", x25519 },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "vectors_ecdh", tests);
}
