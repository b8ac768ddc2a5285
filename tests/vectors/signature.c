/* signature.c - the verification of signatures against Wycheproof. */
#include "crypto/signature.h"

#include <stdio.h>
#include <string.h>

#include "tests/vectors/wycheproof.h"

/* Valid, and refused by nettle before 3.9 (Debian 12 has 3.8.1): u1 * G and u2 * Q are the same point, which its
 * addition does not double but turns into x = 0, and no r is 0. So it refuses too much, never too little. No honest
 * signer meets this: the nonce is then 2 * u1, and whoever sees the signature can compute the private key. */
static const struct {
    const char *name;
    long id;
} refused_by_old_nettle[] = {
    { "ecdsa_secp256r1_sha256_test.json", 427 }, { "ecdsa_secp256r1_sha512_test.json", 497 },
    { "ecdsa_secp384r1_sha256_test.json", 421 }, { "ecdsa_secp384r1_sha384_test.json", 453 },
    { "ecdsa_secp384r1_sha512_test.json", 491 },
};

static bool may_be_refused(const struct wycheproof *file)
{
    for (size_t i = 0; i < sizeof refused_by_old_nettle / sizeof refused_by_old_nettle[0]; i++)
        if (refused_by_old_nettle[i].id == file->id && strcmp(refused_by_old_nettle[i].name, file->name) == 0)
            return true;
    return false;
}

static void check_signature(struct wycheproof *file, const struct dtls_public_key *key, uint16_t scheme, bool good)
{
    struct dtls_bytes message = wycheproof_hex(file, file->test, "msg");
    struct dtls_bytes signature = wycheproof_hex(file, file->test, "sig");

    int result = dtls_signature_verify(key, scheme, message, signature);
    if (result == DTLS_ERR_BAD_SIGNATURE && may_be_refused(file)) {
        printf("# %s %ld: valid, and refused by this nettle\n", file->name, file->id);
        return;
    }
    CHECK_CASE(result == (good ? DTLS_OK : DTLS_ERR_BAD_SIGNATURE), "%s %ld: %d", file->name, file->id, result);
}

/* ---- keys that are points ---- */

static void check_point_file(const char *name, enum dtls_key_kind kind, const char *field, uint16_t scheme, size_t ran)
{
    struct wycheproof file;

    wycheproof_open(&file, name);
    while (wycheproof_next(&file)) {
        struct dtls_public_key key = { .kind = kind };
        key.point = wycheproof_hex(&file, json_get(file.group, "publicKey"), field);
        check_signature(&file, &key, scheme, file.valid);
    }
    wycheproof_close(&file, ran);
}

static void ecdsa_p256(void)
{
    check_point_file("ecdsa_secp256r1_sha256_test.json", DTLS_KEY_P256, "uncompressed", DTLS_ECDSA_SHA256, 471);
    check_point_file("ecdsa_secp256r1_sha512_test.json", DTLS_KEY_P256, "uncompressed", DTLS_ECDSA_SHA512, 541);
}

static void ecdsa_p384(void)
{
    check_point_file("ecdsa_secp384r1_sha256_test.json", DTLS_KEY_P384, "uncompressed", DTLS_ECDSA_SHA256, 459);
    check_point_file("ecdsa_secp384r1_sha384_test.json", DTLS_KEY_P384, "uncompressed", DTLS_ECDSA_SHA384, 491);
    check_point_file("ecdsa_secp384r1_sha512_test.json", DTLS_KEY_P384, "uncompressed", DTLS_ECDSA_SHA512, 529);
}

static void ed25519(void)
{
    check_point_file("ed25519_test.json", DTLS_KEY_ED, "pk", DTLS_ED25519, 150);
}

/* ---- RSA ---- */

static const struct {
    const char *name;
    uint16_t pkcs1, pss;
    size_t len;
} hashes[] = {
    { "SHA-256", DTLS_RSA_PKCS1_SHA256, DTLS_RSA_PSS_SHA256, 32 },
    { "SHA-384", DTLS_RSA_PKCS1_SHA384, DTLS_RSA_PSS_SHA384, 48 },
    { "SHA-512", DTLS_RSA_PKCS1_SHA512, DTLS_RSA_PSS_SHA512, 64 },
};

enum { HASHES = sizeof hashes / sizeof hashes[0] };

/* HASHES for one that we do not have. */
static size_t hash_of_group(const struct wycheproof *file)
{
    size_t i = 0;

    while (i < HASHES && !json_is(json_get(file->group, "sha"), hashes[i].name))
        i++;
    return i;
}

static struct dtls_public_key rsa_of_group(struct wycheproof *file)
{
    struct json numbers = json_get(file->group, "publicKey");
    struct dtls_public_key key = { .kind = DTLS_KEY_RSA };

    key.modulus = wycheproof_hex(file, numbers, "modulus");
    key.exponent = wycheproof_hex(file, numbers, "publicExponent");
    return key;
}

/* Acceptable is a DigestInfo without its NULL. Refused: RFC 8017, 8.2.2 compares whole encodings, and the one to make
 * has it (9.2, note 1). */
static void check_pkcs1_file(const char *name, size_t ran)
{
    struct wycheproof file;

    wycheproof_open(&file, name);
    while (wycheproof_next(&file)) {
        struct dtls_public_key key = rsa_of_group(&file);
        size_t hash = hash_of_group(&file);

        if (hash == HASHES)
            wycheproof_skip(&file);
        else
            check_signature(&file, &key, hashes[hash].pkcs1, file.valid);
    }
    wycheproof_close(&file, ran);
}

static void rsa_pkcs1(void)
{
    check_pkcs1_file("rsa_signature_2048_sha256_test.json", 259);
    check_pkcs1_file("rsa_signature_2048_sha384_test.json", 258);
    check_pkcs1_file("rsa_signature_2048_sha512_test.json", 259);
    check_pkcs1_file("rsa_signature_3072_sha256_test.json", 259);
    check_pkcs1_file("rsa_signature_3072_sha384_test.json", 259);
    check_pkcs1_file("rsa_signature_3072_sha512_test.json", 260);
    check_pkcs1_file("rsa_signature_4096_sha256_test.json", 258);
    check_pkcs1_file("rsa_signature_4096_sha384_test.json", 259);
    check_pkcs1_file("rsa_signature_4096_sha512_test.json", 259);
    check_pkcs1_file("rsa_signature_8192_sha256_test.json", 258);
    check_pkcs1_file("rsa_signature_8192_sha384_test.json", 259);
    check_pkcs1_file("rsa_signature_8192_sha512_test.json", 259);
}

/* In TLS the salt is as long as the hash, and the mask is of the same hash (RFC 8446, 4.2.3): what is valid with other
 * ones is refused here. */
static void check_pss_file(const char *name, size_t ran)
{
    struct wycheproof file;

    wycheproof_open(&file, name);
    while (wycheproof_next(&file)) {
        struct dtls_public_key key = rsa_of_group(&file);
        size_t hash = hash_of_group(&file);

        bool ours = hash < HASHES && json_is(json_get(file.group, "mgfSha"), hashes[hash].name) &&
                    json_number(json_get(file.group, "sLen")) == (long)hashes[hash].len;
        if (hash < HASHES && (ours || file.valid))
            check_signature(&file, &key, hashes[hash].pss, file.valid && ours);
        else
            wycheproof_skip(&file); /* invalid under other parameters may be valid under ours */
    }
    wycheproof_close(&file, ran);
}

static void rsa_pss(void)
{
    check_pss_file("rsa_pss_2048_sha256_mgf1_32_test.json", 108);
    check_pss_file("rsa_pss_3072_sha256_mgf1_32_test.json", 108);
    check_pss_file("rsa_pss_4096_sha256_mgf1_32_test.json", 108);
    check_pss_file("rsa_pss_2048_sha384_mgf1_48_test.json", 141);
    check_pss_file("rsa_pss_4096_sha384_mgf1_48_test.json", 141);
    check_pss_file("rsa_pss_4096_sha512_mgf1_64_test.json", 179);
}

static void rsa_pss_of_other_parameters(void)
{
    check_pss_file("rsa_pss_2048_sha256_mgf1_0_test.json", 61);
    check_pss_file("rsa_pss_2048_sha256_mgf1sha1_20_test.json", 63);
    check_pss_file("rsa_pss_4096_sha512_mgf1_32_test.json", 132);
    check_pss_file("rsa_pss_misc_test.json", 90);
}

static CU_TestInfo tests[] = {
    { "ECDSA over P-256 verifies as Wycheproof says", ecdsa_p256 },
    { "ECDSA over P-384 verifies as Wycheproof says", ecdsa_p384 },
    { "Ed25519 verifies as Wycheproof says", ed25519 },
    { "RSA PKCS1-v1_5 verifies as Wycheproof says, and wants the NULL", rsa_pkcs1 },
    { "RSA-PSS verifies as Wycheproof says", rsa_pss },
    { "RSA-PSS takes no salt and no mask but those of TLS", rsa_pss_of_other_parameters },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "vectors_signature", tests);
}
