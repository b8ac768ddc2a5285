/* fuzz_srtp.c - any bytes as a protected packet: they are never authentic, are left as they were, and the session goes
 * on. The first byte chooses the profile, RTP or RTCP, the MKI, and whether the rest changes a true packet or is one.
 */
#include "dtls/srtp.h"
#include "tests/fuzz/fuzz.h"

enum { LARGEST = 4096, TRUE_LEN = 60 };

static struct dtls_srtp_keys make_keys(uint16_t epoch, uint8_t choice)
{
    static const uint16_t profiles[] = { 1, 2, 7, 8 };
    uint16_t profile = profiles[choice & 3];
    struct dtls_srtp_keys keys = { .epoch = epoch,
                                   .profile = profile,
                                   .key_len = profile == DTLS_SRTP_AEAD_AES_256_GCM ? 32 : 16,
                                   .salt_len = profile < 7 ? 14 : 12,
                                   .mki_len = (choice & 4) != 0 ? 2 : 0,
                                   .mki = { (uint8_t)epoch, 0 } };

    memset(keys.send_key, epoch, keys.key_len);
    memset(keys.receive_key, epoch, keys.key_len);
    return keys;
}

static size_t true_packet(struct dtls_srtp *session, bool is_rtcp, uint16_t number, uint8_t out[LARGEST])
{
    size_t len = 0;

    memset(out, 0, TRUE_LEN);
    out[0] = 0x80;
    out[1] = is_rtcp ? 200 : 0;
    out[3] = (uint8_t)(is_rtcp ? 0 : number);
    FUZZ_CHECK((is_rtcp ? dtls_srtp_protect_rtcp : dtls_srtp_protect_rtp)(session, 0, out, TRUE_LEN, LARGEST, &len) ==
               DTLS_OK);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct dtls_srtp_settings settings = { .max_packet = LARGEST };
    uint8_t packet[LARGEST], before[LARGEST];
    struct dtls_srtp_opened opened;
    struct dtls_srtp *session;

    if (len == 0 || len > LARGEST)
        return 0;
    bool is_rtcp = (data[0] & 8) != 0;
    FUZZ_CHECK(dtls_srtp_new(&settings, &session) == DTLS_OK);
    for (uint16_t epoch = 1; epoch <= 2; epoch++) {
        struct dtls_srtp_keys keys = make_keys(epoch, data[0]);
        FUZZ_CHECK(dtls_srtp_add_keys(session, 0, &keys) == DTLS_OK);
        FUZZ_CHECK(dtls_srtp_send_with(session, 0, epoch) == DTLS_OK);
    }

    size_t packet_len = len - 1, changed = 0;
    if ((data[0] & 16) != 0) {
        packet_len = true_packet(session, is_rtcp, 1, packet);
        for (size_t i = 0; i < packet_len && i < len - 1; i++) {
            packet[i] ^= data[i + 1];
            changed |= data[i + 1];
        }
    } else {
        memcpy(packet, data + 1, packet_len);
        changed = 1;
    }
    memcpy(before, packet, packet_len);
    uint8_t *exact = fuzz_copy((struct dtls_bytes){ packet, packet_len });
    FUZZ_CHECK((is_rtcp ? dtls_srtp_unprotect_rtcp : dtls_srtp_unprotect_rtp)(session, 0, exact, packet_len, &opened) ==
               DTLS_OK);
    FUZZ_CHECK(changed ? opened.len == 0 : opened.len == TRUE_LEN);
    FUZZ_CHECK(!changed || memcmp(exact, before, packet_len) == 0);
    free(exact);

    for (uint16_t number = 2; number < 4; number++) { /* nothing has happened to it */
        packet_len = true_packet(session, number == 2, number, packet);
        (number == 2 ? dtls_srtp_unprotect_rtcp : dtls_srtp_unprotect_rtp)(session, 0, packet, packet_len, &opened);
        FUZZ_CHECK(opened.len == TRUE_LEN);
    }
    dtls_srtp_free(session);
    return 0;
}
