/* aead.c - the AEAD table against Wycheproof. The door takes nonces of 12 bytes and tags of the cipher's
 * length, and no other size. */
#include "crypto/aead.h"

#include <stdlib.h>
#include <string.h>

#include "tests/vectors/wycheproof.h"

static void check_open(struct wycheproof *file, const struct dtls_aead *aead, void *context, struct dtls_bytes nonce,
                       struct dtls_bytes aad, struct dtls_bytes sealed, struct dtls_bytes tag, struct dtls_bytes plain)
{
    uint8_t *data = malloc(sealed.len + 1);

    memcpy(data, sealed.at, sealed.len);
    bool opened = aead->open(context, nonce.at, aad.at, aad.len, data, sealed.len, tag.at);
    CHECK_CASE(opened == file->valid, "%s %ld is %s", file->name, file->id, opened ? "opened" : "refused");
    CHECK_CASE(!opened || (sealed.len == plain.len && memcmp(data, plain.at, plain.len) == 0), "%s %ld, opened",
               file->name, file->id);
    free(data);
}

static void check_seal(struct wycheproof *file, const struct dtls_aead *aead, void *context, struct dtls_bytes nonce,
                       struct dtls_bytes aad, struct dtls_bytes sealed, struct dtls_bytes tag, struct dtls_bytes plain)
{
    uint8_t *data = malloc(plain.len + 1), made[DTLS_AEAD_TAG_LEN];

    memcpy(data, plain.at, plain.len);
    aead->seal(context, nonce.at, aad.at, aad.len, data, plain.len, made);
    bool same =
        sealed.len == plain.len && memcmp(data, sealed.at, sealed.len) == 0 && memcmp(made, tag.at, aead->tag_len) == 0;
    CHECK_CASE(same, "%s %ld, sealed", file->name, file->id);
    free(data);
}

static void check_file(const char *name, const struct dtls_aead *aead, size_t ran)
{
    struct wycheproof file;
    void *context = malloc(aead->context_size);

    wycheproof_open(&file, name);
    while (wycheproof_next(&file)) {
        struct dtls_bytes key = wycheproof_hex(&file, file.test, "key"), nonce = wycheproof_hex(&file, file.test, "iv");
        struct dtls_bytes aad = wycheproof_hex(&file, file.test, "aad"),
                          plain = wycheproof_hex(&file, file.test, "msg");
        struct dtls_bytes sealed = wycheproof_hex(&file, file.test, "ct"),
                          tag = wycheproof_hex(&file, file.test, "tag");

        if (key.len != aead->key_len || nonce.len != DTLS_AEAD_NONCE_LEN || tag.len != aead->tag_len) {
            wycheproof_skip(&file); /* no parameter says their length */
            continue;
        }
        aead->set_key(context, key.at);
        check_open(&file, aead, context, nonce, aad, sealed, tag, plain);
        if (file.valid)
            check_seal(&file, aead, context, nonce, aad, sealed, tag, plain);
    }
    wycheproof_close(&file, ran);
    free(context);
}

static void aes_128_gcm(void)
{
    check_file("aes_gcm_test.json", &dtls_aes_128_gcm, 67);
    check_file("aes_gcm_test.json", dtls_aead_here(&dtls_aes_128_gcm), 67);
}

static void aes_256_gcm(void)
{
    check_file("aes_gcm_test.json", &dtls_aes_256_gcm, 66);
    check_file("aes_gcm_test.json", dtls_aead_here(&dtls_aes_256_gcm), 66);
}

static void chacha20_poly1305(void)
{
    check_file("chacha20_poly1305_test.json", &dtls_chacha20_poly1305, 316);
}

static void aes_128_ccm(void)
{
    check_file("aes_ccm_test.json", &dtls_aes_128_ccm, 78);
}

static void aes_128_ccm_8(void)
{
    check_file("aes_ccm_test.json", &dtls_aes_128_ccm_8, 8);
}

static CU_TestInfo tests[] = {
    { "AES-128-GCM seals and opens as Wycheproof says", aes_128_gcm },
    { "AES-256-GCM seals and opens as Wycheproof says", aes_256_gcm },
    { "ChaCha20-Poly1305 seals and opens as Wycheproof says", chacha20_poly1305 },
    { "AES-128-CCM seals and opens as Wycheproof says", aes_128_ccm },
    { "AES-128-CCM-8 seals and opens as Wycheproof says", aes_128_ccm_8 },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "vectors_aead", tests);
}
