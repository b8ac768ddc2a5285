/* fuzz_private_key.c - a label, a line feed and any bytes as a private key: one that can be read signs what its public
 * half verifies. */
#include "identity/private_key_file.h"
#include "tests/box/rng.h"
#include "tests/fuzz/fuzz.h"

static void write_text(struct dtls_writer *to, const char *text)
{
    dtls_write_bytes(to, dtls_view(text, strlen(text)));
}

static void write_base64(struct dtls_writer *to, struct dtls_reader from)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    while (dtls_reader_has_more(&from)) {
        size_t count = from.left < 3 ? from.left : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < count ? dtls_read_u8(&from) : 0);
        for (size_t i = 0; i < 4; i++)
            dtls_write_u8(to, i <= count ? (uint8_t)digits[bits >> (18 - 6 * i) & 63] : '=');
    }
}

/* A key that can be read but not used is an RSA key whose numbers do not fit together: it says so, each time. */
static void check_key(const struct dtls_private_key *key)
{
    static const uint16_t schemes[] = {
        [DTLS_KEY_P256] = DTLS_ECDSA_SHA256,
        [DTLS_KEY_P384] = DTLS_ECDSA_SHA384,
        [DTLS_KEY_ED] = DTLS_ED25519,
        [DTLS_KEY_RSA] = DTLS_RSA_PSS_SHA256,
    };
    struct rng chance = { 1 };
    struct dtls_bytes message = dtls_view("message", 7);
    struct dtls_public_key public = dtls_private_key_public(key);
    uint8_t signature[DTLS_SIGNATURE_LARGEST];
    size_t len;

    FUZZ_CHECK(public.kind != DTLS_KEY_NONE);
    int signed_it = dtls_signature_make(key, schemes[public.kind], &(struct dtls_random){ rng_fill, &chance }, message,
                                        signature, &len);
    FUZZ_CHECK(signed_it == DTLS_OK || (signed_it == DTLS_ERR_INTERNAL && public.kind == DTLS_KEY_RSA));
    if (signed_it == DTLS_OK)
        FUZZ_CHECK(dtls_signature_verify(&public, schemes[public.kind], message, dtls_view(signature, len)) == DTLS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *line_feed = len == 0 ? NULL : memchr(data, '\n', len);
    struct dtls_private_key *key = NULL;

    if (line_feed == NULL)
        return 0;
    struct dtls_bytes label = dtls_view(data, (size_t)(line_feed - data));
    struct dtls_writer pem = fuzz_writer(2 * len + 100);
    write_text(&pem, "-----BEGIN ");
    dtls_write_bytes(&pem, label);
    write_text(&pem, "-----\n");
    write_base64(&pem, dtls_reader_of(dtls_view(line_feed + 1, len - label.len - 1)));
    write_text(&pem, "\n-----END ");
    dtls_write_bytes(&pem, label);
    write_text(&pem, "-----\n");
    if (dtls_private_key_from_pem(dtls_writer_bytes(&pem), &key) == DTLS_OK)
        check_key(key);
    dtls_private_key_free(key);
    free(pem.at);
    return 0;
}
