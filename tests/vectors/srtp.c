/* srtp.c - RFC 3711, appendix B, and RFC 7714, section 16, through the companion.
 *
 * Those vectors are of session keys, which libsrtp derives and does not take. So a reference (srtp_reference.h) is held
 * against the vectors, and the companion against the reference, from the master key of RFC 3711's B.3 on. */
#include <string.h>

#include "dtls/srtp.h"
#include "tests/tap.h"
#include "tests/unit/crypto_hex.h"
#include "tests/vectors/srtp_reference.h"

enum { ROOM = 512 };

static size_t unhex(const char *text, uint8_t *out, size_t cap)
{
    struct hex bytes = hex(text);

    CU_ASSERT_FATAL(bytes.len <= cap);
    memcpy(out, bytes.at, bytes.len);
    return bytes.len;
}

static void expect(const uint8_t *bytes, const char *text, const char *what)
{
    CHECK_CASE(is_hex(bytes, hex(text).len, text), "%s", what);
}

/* ---- the reference against the RFCs ---- */

static void rfc_3711_b2_key_stream(void)
{
    uint8_t key[16], iv[16], stream[0xff02 * 16];

    unhex("2b7e151628aed2a6abf7158809cf4f3c", key, sizeof key);
    unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfd0000", iv, sizeof iv);
    reference_key_stream(key, sizeof key, iv, stream, sizeof stream);
    expect(stream, "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0",
           "first blocks");
    expect(stream + 0xfeff * 16,
           "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae6a2cc3787889374fbeb4c81b17ba6c44",
           "blocks feff to ff01");
}

static void b3_master(uint8_t key[16], uint8_t salt[14])
{
    unhex("e1f97a0d3e018be0d64fa32c06de4139", key, 16);
    unhex("0ec675ad498afeebb6960b3aabe6", salt, 14);
}

static void rfc_3711_b3_key_derivation(void)
{
    uint8_t key[16], salt[14], out[94];

    b3_master(key, salt);
    reference_derive(key, 16, salt, 14, 0, out, 16);
    expect(out, "c61e7a93744f39ee10734afe3ff7a087", "cipher key");
    reference_derive(key, 16, salt, 14, 2, out, 14);
    expect(out, "30cbbc08863d8c85d49db34a9ae1", "cipher salt");
    reference_derive(key, 16, salt, 14, 1, out, 94);
    expect(
        out,
        "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef72270986371c10c9a36"
        "9ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2",
        "auth key");
}

static const char *rtp_packet = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976697361"
                                "20696e207061727465732074726573";
static const char *rtcp_packet = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"
                                 "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

static void rfc_7714_section_16(void)
{
    static const struct {
        size_t key_len;
        const char *rtp, *rtcp;
    } cases[] = {
        { 16,
          "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27"
          "beb16a9152cf765ee4390cce",
          "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84a"
          "a45896cf4d2fc5abf87245d9eade800005d4" },
        { 32,
          "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36"
          "dfffd6b0f9bb7878d7a76c13",
          "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1e"
          "b30c4446839f57ff6f6cb26ac3be800005d4" },
    };

    for (size_t i = 0; i < 2; i++) {
        struct reference_keys keys = { .key_len = cases[i].key_len };
        uint8_t packet[ROOM];
        for (uint8_t byte = 0; byte < cases[i].key_len; byte++)
            keys.key[byte] = byte;
        memcpy(keys.salt, "Quid pro quo", 12);
        size_t len = unhex(rtp_packet, packet, sizeof packet);
        reference_gcm_rtp(&keys, 0xf17b, packet, &len);
        CU_ASSERT_EQUAL(len, strlen(cases[i].rtp) / 2);
        expect(packet, cases[i].rtp, i == 0 ? "16.1.1" : "16.1.3");
        len = unhex(rtcp_packet, packet, sizeof packet);
        reference_gcm_rtcp(&keys, 0x5d4, packet, &len);
        CU_ASSERT_EQUAL(len, strlen(cases[i].rtcp) / 2);
        expect(packet, cases[i].rtcp, i == 0 ? "16.2.1" : "16.2.3");
    }
}

/* ---- the companion against the reference ---- */

static const struct {
    uint16_t profile;
    uint8_t key_len, salt_len, rtp_tag;
} profiles[] = {
    { DTLS_SRTP_AES128_CM_HMAC_SHA1_80, 16, 14, 10 },
    { DTLS_SRTP_AES128_CM_HMAC_SHA1_32, 16, 14, 4 },
    { DTLS_SRTP_AEAD_AES_128_GCM, 16, 12, 0 },
    { DTLS_SRTP_AEAD_AES_256_GCM, 32, 12, 0 },
};

static void make_keys(struct dtls_srtp_keys *keys, size_t p, uint8_t mki_len)
{
    uint8_t key[16], salt[14];

    b3_master(key, salt);
    *keys = (struct dtls_srtp_keys){ .epoch = 1,
                                     .profile = profiles[p].profile,
                                     .key_len = profiles[p].key_len,
                                     .salt_len = profiles[p].salt_len,
                                     .mki_len = mki_len };
    for (size_t at = 0; at < keys->key_len; at += 16)
        memcpy(keys->send_key + at, key, 16);
    memcpy(keys->send_salt, salt, keys->salt_len);
    memcpy(keys->receive_key, keys->send_key, sizeof keys->send_key);
    memcpy(keys->receive_salt, keys->send_salt, sizeof keys->send_salt);
    memset(keys->mki, 0xa7, mki_len);
}

/* The reference's packet, with an MKI where RFC 3711, 3.1, and RFC 7714, 8.2, want it. */
static size_t reference_packet(const struct dtls_srtp_keys *keys, size_t p, bool is_rtcp, uint64_t index,
                               uint8_t out[ROOM])
{
    struct reference_keys session = { 0 };
    size_t len = unhex(is_rtcp ? rtcp_packet : rtp_packet, out, ROOM);
    bool is_gcm = profiles[p].rtp_tag == 0;

    reference_session_keys(&session, keys->send_key, keys->key_len, keys->send_salt, keys->salt_len, is_rtcp);
    session.tag_len = is_rtcp && !is_gcm ? 10 : profiles[p].rtp_tag;
    if (is_rtcp)
        (is_gcm ? reference_gcm_rtcp : reference_cm_rtcp)(&session, (uint32_t)index, out, &len);
    else
        (is_gcm ? reference_gcm_rtp : reference_cm_rtp)(&session, index, out, &len);
    memmove(out + len - session.tag_len + keys->mki_len, out + len - session.tag_len, session.tag_len);
    memcpy(out + len - session.tag_len, keys->mki, keys->mki_len);
    return len + keys->mki_len;
}

static void the_companion_is_as_the_reference(void)
{
    for (size_t p = 0; p < 4; p++)
        for (uint8_t mki_len = 0; mki_len <= 4; mki_len += 4)
            for (int is_rtcp = 0; is_rtcp <= 1; is_rtcp++) {
                uint8_t packet[ROOM], plain[ROOM], expected[ROOM];
                struct dtls_srtp_opened opened;
                struct dtls_srtp_keys keys;
                struct dtls_srtp *session;
                size_t out_len = 0;

                make_keys(&keys, p, mki_len);
                CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(NULL, &session), DTLS_OK);
                CU_ASSERT_EQUAL(dtls_srtp_add_keys(session, 0, &keys), DTLS_OK);
                CU_ASSERT_EQUAL(dtls_srtp_send_with(session, 0, 1), DTLS_OK);
                /* As libsrtp numbers SRTCP, 1 is the first. */
                size_t expected_len = reference_packet(&keys, p, is_rtcp, is_rtcp ? 1 : 0xf17b, expected);
                size_t len = unhex(is_rtcp ? rtcp_packet : rtp_packet, packet, sizeof packet);
                memcpy(plain, packet, len);

                CU_ASSERT_EQUAL((is_rtcp ? dtls_srtp_protect_rtcp : dtls_srtp_protect_rtp)(session, 0, packet, len,
                                                                                           sizeof packet, &out_len),
                                DTLS_OK);
                CHECK_CASE(out_len == expected_len && memcmp(packet, expected, out_len) == 0,
                           "profile %u, MKI of %u, %s", profiles[p].profile, mki_len, is_rtcp ? "RTCP" : "RTP");
                (is_rtcp ? dtls_srtp_unprotect_rtcp : dtls_srtp_unprotect_rtp)(session, 0, expected, expected_len,
                                                                               &opened);
                CHECK_CASE(opened.len == len && memcmp(expected, plain, len) == 0, "profile %u, MKI of %u, %s, opened",
                           profiles[p].profile, mki_len, is_rtcp ? "RTCP" : "RTP");
                dtls_srtp_free(session);
            }
}

/* The counter that the session carries from one set of keys to the next is the RFC's. */
static void new_keys_go_on_with_the_counter(void)
{
    for (size_t p = 0; p < 4; p++) {
        uint8_t packet[ROOM], expected[ROOM];
        struct dtls_srtp_keys keys;
        struct dtls_srtp *session;
        size_t out_len = 0, len = 0;

        make_keys(&keys, p, 0);
        CU_ASSERT_EQUAL_FATAL(dtls_srtp_new(NULL, &session), DTLS_OK);
        keys.epoch = 9;
        keys.send_key[0] ^= 1;
        CU_ASSERT_EQUAL(dtls_srtp_add_keys(session, 0, &keys), DTLS_OK);
        CU_ASSERT_EQUAL(dtls_srtp_send_with(session, 0, 9), DTLS_OK);
        for (uint64_t index = 0xf17b - 0x6000; index < 0x2f17b; index += 0x6000) {
            len = unhex(rtp_packet, packet, sizeof packet);
            packet[2] = (uint8_t)(index >> 8);
            packet[3] = (uint8_t)index;
            CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(session, 0, packet, len, sizeof packet, &out_len), DTLS_OK);
        }
        make_keys(&keys, p, 0);
        keys.epoch = 10;
        CU_ASSERT_EQUAL(dtls_srtp_add_keys(session, 0, &keys), DTLS_OK);
        CU_ASSERT_EQUAL(dtls_srtp_send_with(session, 0, 10), DTLS_OK);
        size_t expected_len = reference_packet(&keys, p, false, 0x2f17b, expected);
        len = unhex(rtp_packet, packet, sizeof packet);
        CU_ASSERT_EQUAL(dtls_srtp_protect_rtp(session, 0, packet, len, sizeof packet, &out_len), DTLS_OK);
        CHECK_CASE(out_len == expected_len && memcmp(packet, expected, out_len) == 0, "profile %u",
                   profiles[p].profile);
        dtls_srtp_free(session);
    }
}

static CU_TestInfo tests[] = {
    { "RFC 3711, B.2: key stream (of the reference)", rfc_3711_b2_key_stream },
    { "RFC 3711, B.3: key derivation (of the reference)", rfc_3711_b3_key_derivation },
    { "RFC 7714, 16: RTP and RTCP with AES-128-GCM and AES-256-GCM (of the reference)", rfc_7714_section_16 },
    { "the companion's packets are the reference's, with every profile, with and without MKI",
      the_companion_is_as_the_reference },
    { "with new keys the roll-over counter goes on", new_keys_go_on_with_the_counter },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "vectors/srtp", tests);
}
