/* kdf.c - SHA-2, HMAC and the PRF: the published vectors that tests/unit/crypto_hash.c does not have. */
#include <stdlib.h>

#include "crypto/hash.h"
#include "tests/tap.h"
#include "tests/unit/crypto_hex.h"

/* FIPS 180-2, B.2, B.3, C.2, C.3, D.2, D.3: two blocks of each hash, and a million times "a". */
static const char *const two_blocks[] = {
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
};
static const char *const of_two_blocks[] = {
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039",
    ("8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545"
     "e"
     "96e55b874be909"),
};
static const char *const of_a_million[] = {
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985",
    ("e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4"
     "e"
     "adb217ad8cc09b"),
};

static void long_messages_hash_as_published(void)
{
    static uint8_t thousand[1000];

    memset(thousand, 'a', sizeof thousand);
    for (unsigned h = DTLS_SHA256; h <= DTLS_SHA512; h++) {
        uint8_t out[DTLS_HASH_MAX];
        struct dtls_hash_context context;

        size_t len = dtls_hash_once((enum dtls_hash)h, text_view(two_blocks[h]), out);
        CHECK_CASE(is_hex(out, len, of_two_blocks[h]), "hash %u, two blocks", h);
        dtls_hash_init(&context, (enum dtls_hash)h);
        for (int i = 0; i < 1000; i++)
            dtls_hash_update(&context, (struct dtls_bytes){ thousand, sizeof thousand });
        len = dtls_hash_digest(&context, out);
        CHECK_CASE(is_hex(out, len, of_a_million[h]), "hash %u, a million", h);
    }
}

/* RFC 4231, test cases 4 and 7; case 5 is a cut code, which our door does not make. */
static const char *const code_4[] = {
    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
    ("b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de"
     "2"
     "adebeb10a298dd"),
};
static const char *const code_7[] = {
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
    ("e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de044606"
     "5"
     "c97440fa8c6a58"),
};

static void hmac_gives_the_other_codes(void)
{
    struct dtls_bytes text = text_view("This is a test using a larger than block-size key and a larger than block-size "
                                       "data. The key needs to be hashed before being used by the HMAC algorithm.");
    struct hex key = hex("0102030405060708090a0b0c0d0e0f10111213141516171819");
    uint8_t data[50], long_key[131];
    struct dtls_bytes data_view = { data, sizeof data };

    memset(data, 0xcd, sizeof data);
    memset(long_key, 0xaa, sizeof long_key);
    for (unsigned h = DTLS_SHA256; h <= DTLS_SHA512; h++) {
        uint8_t out[DTLS_HASH_MAX];
        size_t len = dtls_hash_len((enum dtls_hash)h);

        dtls_hmac((enum dtls_hash)h, view(&key), &data_view, 1, out);
        CHECK_CASE(is_hex(out, len, code_4[h]), "case 4, hash %u", h);
        dtls_hmac((enum dtls_hash)h, (struct dtls_bytes){ long_key, sizeof long_key }, &text, 1, out);
        CHECK_CASE(is_hex(out, len, code_7[h]), "case 7, hash %u", h);
    }
}

/* NIST CAVS, TLS 1.2 KDF (SP 800-135), [TLS 1.2, SHA-256] and [TLS 1.2, SHA-384], COUNT 0. */
static const struct {
    enum dtls_hash hash;
    const char *premaster, *server_hello, *client_hello, *server, *client, *master, *key_block;
} nist[] = {
    { DTLS_SHA256, "f8938ecc9edebc5030c0c6a441e213cd24e6f770a50dda07876f8d55da062bcadb386b411fd4fe4313a604fce6c17fbc",
      "f6c9575ed7ddd73e1f7d16eca115415812a43c2b747daaaae043abfb50053fce",
      "36c129d01a3200894b9179faac589d9835d58775f9b5ea3587cb8fd0364cae8c",
      "ae6c806f8ad4d80784549dff28a4b58fd837681a51d928c3e30ee5ff14f39868",
      "62e1fd91f23f558a605f28478c58cf72637b89784d959df7e946d3f07bd1b616",
      "202c88c00f84a17a20027079604787461176455539e705be730890602c289a5001e34eeb3a043e5d52a65e66125188bf",
      "d06139889fffac1e3a71865f504aa5d0d2a2e89506c6f2279b670c3e1b74f531016a2530c51a3a0f7e1d6590d0f0566b2f387f8d11fd4f73"
      "1cdd572d2eae927f6f2f81410b25e6960be68985add6c38445ad9f8c64bf8068bf9a6679485d966f1ad6f68b43495b10a683755ea2b858d7"
      "0ccac7ec8b053c6bd41ca299d4e51928" },
    { DTLS_SHA384, "a5e2642633f5b8c81ad3fe0c2fe3a8e5ef806b06121dd10df4bb0fe857bfdcf522558e05d2682c9a80c741a3aab1716f",
      "cb6e0b3eb02976b6466dfa9651c2919414f1648fd3a7838d02153e5bd39535b6",
      "abe4bf5527429ac8eb13574d2709e8012bd1a113c6d3b1d3aa2c3840518778ac",
      "1b1c8568344a65c30828e7483c0e353e2c68641c9551efae6927d9cd627a107c",
      "954b5fe1849c2ede177438261f099a2fcd884d001b9fe1de754364b1f6a6dd8e",
      "b4d49bfa87747fe815457bc3da15073d6ac73389e703079a3503c09e14bd559a5b3c7c601c7365f6ea8c68d3d9596827",
      "10fd89ef689c7ef033387b8a8f3e5e8e7c11f680f6bdd71fbac3246a73e98d45d03185dde686e6b2369e4503e9dc5a6d2cee3e2bf2fa3f41"
      "d3de57dff3e197c8a9d5f74cc2d277119d894f8584b07a0a5822f0bd68b3433ec6adaf5c9406c5f3ddbb71bbe17ce98f3d4d5893d3179ef3"
      "69f57aad908e2bf710639100c3ce7e0c" },
};

static void prf_derives_the_keys_that_nist_publishes(void)
{
    for (size_t i = 0; i < sizeof nist / sizeof nist[0]; i++) {
        struct hex premaster = hex(nist[i].premaster), master = hex(nist[i].master);
        struct hex client_hello = hex(nist[i].client_hello), server_hello = hex(nist[i].server_hello);
        struct hex client = hex(nist[i].client), server = hex(nist[i].server);
        uint8_t out[128];

        dtls_prf(nist[i].hash, view(&premaster), "master secret", view(&client_hello), view(&server_hello), out, 48);
        CHECK_CASE(is_hex(out, 48, nist[i].master), "vector %zu, master secret", i);
        dtls_prf(nist[i].hash, view(&master), "key expansion", view(&server), view(&client), out, sizeof out);
        CHECK_CASE(is_hex(out, sizeof out, nist[i].key_block), "vector %zu, key block", i);
    }
}

/* No vector of RFC 7627 is published. These are Python's, by RFC 5246, 5: secret = bytes(range(48)),
 *     s = b"extended master secret" + bytes(range(64, 64 + L)); a = hmac(secret, s); b = hmac(secret, a)
 *     (hmac(secret, a + s) + hmac(secret, b + s))[:48]
 * where L is the length of the hash and hmac(k, m) is hmac.new(k, m, "sha256").digest(), or "sha384". */
static void extended_master_secret_is_the_prf_of_the_session_hash(void)
{
    static const char *const expected[] = {
        "d8932ce1860ee4f1874a7535032cceccf17730a5a26fb0172619bf6438949f9d9a51a1c1f7d8c9ef19119217fef56b27",
        "88994030a788d02032509cd9d9a433ac6a46e510b782ad2ecf564ce5161244c448cd100337f3d826b51d72516529bc6f",
    };
    uint8_t secret[48], session_hash[48], out[48];

    for (uint8_t i = 0; i < 48; i++) {
        secret[i] = i;
        session_hash[i] = (uint8_t)(64 + i);
    }
    for (unsigned h = DTLS_SHA256; h <= DTLS_SHA384; h++) {
        dtls_prf((enum dtls_hash)h, (struct dtls_bytes){ secret, 48 }, "extended master secret",
                 (struct dtls_bytes){ session_hash, dtls_hash_len((enum dtls_hash)h) }, (struct dtls_bytes){ NULL, 0 },
                 out, sizeof out);
        CHECK_CASE(is_hex(out, sizeof out, expected[h]), "hash %u", h);
    }
}

static CU_TestInfo tests[] = {
    { "SHA-2 hashes two blocks and a million bytes as FIPS 180-2 says", long_messages_hash_as_published },
    { "HMAC gives the codes of RFC 4231, cases 4 and 7", hmac_gives_the_other_codes },
    { "the PRF derives the master secrets and key blocks of NIST's CAVS", prf_derives_the_keys_that_nist_publishes },
    { "the extended master secret is what another implementation computes",
      extended_master_secret_is_the_prf_of_the_session_hash },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "vectors_kdf", tests);
}
