// media.cc - a C++ program on libdtls-srtp alone: protects a packet and opens it again.
#include <dtls/mux.h>
#include <dtls/srtp.h>

int main()
{
    dtls_srtp_keys keys = {};
    uint8_t packet[200] = { 0x80 };
    dtls_srtp_opened opened;
    dtls_srtp *session;
    size_t len = 0;

    keys.epoch = 1;
    keys.profile = DTLS_SRTP_AES128_CM_HMAC_SHA1_80;
    keys.key_len = 16;
    keys.salt_len = 14;
    if (dtls_srtp_new(nullptr, &session) != DTLS_OK)
        return 1;
    dtls_srtp_add_keys(session, 0, &keys);
    dtls_srtp_send_with(session, 0, 1);
    if (dtls_srtp_protect_rtp(session, 0, packet, 20, sizeof packet, &len) != DTLS_OK || len != 30)
        return 1;
    dtls_srtp_unprotect_rtp(session, 0, packet, len, &opened);
    dtls_srtp_free(session);
    return opened.len == 20 && dtls_mux_classify(packet, opened.len) == DTLS_MUX_RTP ? 0 : 1;
}
