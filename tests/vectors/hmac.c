/* hmac.c - HMAC against Wycheproof. Codes that are cut there are compared as far as they go: the door gives whole ones.
 */
#include <string.h>

#include "crypto/hash.h"
#include "tests/vectors/wycheproof.h"

static void check_file(const char *name, enum dtls_hash hash, size_t ran)
{
    struct wycheproof file;

    wycheproof_open(&file, name);
    while (wycheproof_next(&file)) {
        struct dtls_bytes key = wycheproof_hex(&file, file.test, "key"), tag = wycheproof_hex(&file, file.test, "tag");
        struct dtls_bytes message = wycheproof_hex(&file, file.test, "msg");
        uint8_t code[DTLS_HASH_MAX];

        dtls_hmac(hash, key, &message, 1, code);
        bool same = tag.len > 0 && tag.len <= dtls_hash_len(hash) && memcmp(code, tag.at, tag.len) == 0;
        CHECK_CASE(same == file.valid, "%s %ld is %s", name, file.id, same ? "the code" : "another code");
    }
    wycheproof_close(&file, ran);
}

static void sha256(void)
{
    check_file("hmac_sha256_test.json", DTLS_SHA256, 174);
}

static void sha384(void)
{
    check_file("hmac_sha384_test.json", DTLS_SHA384, 174);
}

static void sha512(void)
{
    check_file("hmac_sha512_test.json", DTLS_SHA512, 174);
}

static CU_TestInfo tests[] = {
    { "HMAC with SHA-256 gives Wycheproof's codes and no others", sha256 },
    { "HMAC with SHA-384 gives Wycheproof's codes and no others", sha384 },
    { "HMAC with SHA-512 gives Wycheproof's codes and no others", sha512 },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "vectors_hmac", tests);
}
