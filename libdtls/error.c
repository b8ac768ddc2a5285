/* error.c - the words of errors and alerts, and the line between a refusal and a death. */
#include "dtls/error.h"

#include <stddef.h>

bool dtls_error_is_death(int error)
{
    return error <= DTLS_ERR_NO_MEMORY;
}

static const struct {
    int error;
    const char *words;
} errors[] = {
    { DTLS_OK, "success" },
    { DTLS_ERR_NOT_OPEN, "the connection is not open" },
    { DTLS_ERR_LARGE_PACKET, "the data does not fit one datagram" },
    { DTLS_ERR_EVENTS_WAITING, "events wait to be taken" },
    { DTLS_ERR_BUFFER_TOO_SMALL, "the buffer is too small" },
    { DTLS_ERR_ARGUMENT, "an argument is out of range or makes no sense now" },
    { DTLS_ERR_REHANDSHAKE_RUNNING, "a rehandshake is already running" },
    { DTLS_ERR_UNSAFE_RENEGOTIATION, "the peer does not support secure renegotiation and extended master secret" },
    { DTLS_ERR_NOT_ASKED, "nobody waits for this answer" },
    { DTLS_ERR_EXHAUSTED, "no sequence or epoch numbers are left" },
    { DTLS_ERR_FORBIDDEN, "the configuration forbids rehandshakes" },
    { DTLS_ERR_PAUSED, "a rehandshake with a peer that takes no data meanwhile" },
    { DTLS_ERR_NO_KEYS, "no keys to export" },
    { DTLS_ERR_BAD_PEM, "no PEM block of the kind that is needed" },
    { DTLS_ERR_BAD_X509, "the certificate cannot be read or has an unsupported key" },
    { DTLS_ERR_BAD_KEY, "the private key cannot be read or is of an unsupported kind" },
    { DTLS_ERR_ENCRYPTED_KEY, "the private key is encrypted" },
    { DTLS_ERR_KEY_MISMATCH, "private key and certificate do not match" },
    { DTLS_ERR_BAD_FINGERPRINT, "no fingerprint, or of another hash" },
    { DTLS_ERR_BAD_SESSION, "the session cannot be read" },
    { DTLS_EV_ERR_SYSTEM, "the operating system has refused" },
    { DTLS_EV_ERR_FULL, "the socket is full" },
    { DTLS_PKIX_ERR_SYSTEM, "the file or directory cannot be read" },
    { DTLS_PKIX_ERR_EMPTY, "there is nothing of the kind in it" },
    { DTLS_PKIX_ERR_CRL, "the CRL cannot be read, or is not a whole one of its issuer" },
    { DTLS_PKIX_ERR_PASSWORD, "the password is missing, or not the right one" },
    { DTLS_PKIX_ERR_TOKEN, "a module, token or key is not there, or does not do its work" },
    { DTLS_REDIS_ERR_HOST, "the host's name has no address" },
    { DTLS_SRTP_ERR_NO_KEYS, "no keys to send media with yet" },
    { DTLS_SRTP_ERR_MKI, "the MKI is too long for libsrtp" },
    { DTLS_SRTP_ERR_PROFILE, "libsrtp does not have this SRTP profile" },
    { DTLS_SRTP_ERR_PACKET, "no RTP or RTCP packet, or too long a one" },
    { DTLS_SRTP_ERR_REPEATED, "the RTP sequence number was used before" },
    { DTLS_SRTP_ERR_STREAMS, "too many SSRCs" },
    { DTLS_SRTP_ERR_LIBSRTP, "libsrtp has failed" },
    { DTLS_ERR_NO_MEMORY, "out of memory" },
    { DTLS_ERR_DECODE, "a handshake message does not parse" },
    { DTLS_ERR_TIMEOUT, "the handshake took too long" },
    { DTLS_ERR_ALERT, "the peer sent a fatal alert" },
    { DTLS_ERR_UNEXPECTED_MESSAGE, "an unexpected handshake message" },
    { DTLS_ERR_NO_COMMON_SUITE, "no suite, group, signature scheme or SRTP profile in common" },
    { DTLS_ERR_VERSION, "the peer does not speak DTLS 1.2" },
    { DTLS_ERR_ILLEGAL_PARAMETER, "the peer chose what was not offered" },
    { DTLS_ERR_BAD_CERTIFICATE, "the peer's certificate was not accepted" },
    { DTLS_ERR_NO_CERTIFICATE, "the peer showed no certificate" },
    { DTLS_ERR_BAD_SIGNATURE, "the peer's signature is wrong" },
    { DTLS_ERR_BAD_FINISHED, "the handshake was tampered with" },
    { DTLS_ERR_BAD_RENEGOTIATION, "renegotiation_info is wrong or missing" },
    { DTLS_ERR_IDENTITY_CHANGED, "the peer changed its identity in a rehandshake" },
    { DTLS_ERR_UNSAFE_PEER, "the peer lacks secure renegotiation or extended master secret, and both are required" },
    { DTLS_ERR_REHANDSHAKE_REQUIRED, "a mandatory rehandshake did not start" },
    { DTLS_ERR_RANDOM, "the source of randomness failed" },
    { DTLS_ERR_INTERNAL, "an own key or primitive failed" },
    { DTLS_ERR_CLOSED, "the connection is closed" },
    { DTLS_ERR_REPLACED, "the client has begun anew" },
    { DTLS_ERR_CROWDED, "too many handshakes at once" },
    { DTLS_ERR_UNKNOWN_PSK, "no pre-shared key for this server" },
    { DTLS_ERR_NO_COMMON_PROTOCOL, "no application protocol in common" },
    { DTLS_ERR_UNKNOWN_NAME, "the client asks for a name that is not served" },
};

const char *dtls_error_string(int error)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].error == error)
            return errors[i].words;
    return "unknown error";
}

const char *dtls_alert_string(uint8_t description)
{
    switch (description) {
    case DTLS_ALERT_CLOSE_NOTIFY:
        return "close_notify";
    case DTLS_ALERT_UNEXPECTED_MESSAGE:
        return "unexpected_message";
    case DTLS_ALERT_BAD_RECORD_MAC:
        return "bad_record_mac";
    case DTLS_ALERT_HANDSHAKE_FAILURE:
        return "handshake_failure";
    case DTLS_ALERT_BAD_CERTIFICATE:
        return "bad_certificate";
    case DTLS_ALERT_UNSUPPORTED_CERTIFICATE:
        return "unsupported_certificate";
    case DTLS_ALERT_CERTIFICATE_REVOKED:
        return "certificate_revoked";
    case DTLS_ALERT_CERTIFICATE_EXPIRED:
        return "certificate_expired";
    case DTLS_ALERT_CERTIFICATE_UNKNOWN:
        return "certificate_unknown";
    case DTLS_ALERT_ILLEGAL_PARAMETER:
        return "illegal_parameter";
    case DTLS_ALERT_UNKNOWN_CA:
        return "unknown_ca";
    case DTLS_ALERT_ACCESS_DENIED:
        return "access_denied";
    case DTLS_ALERT_DECODE_ERROR:
        return "decode_error";
    case DTLS_ALERT_DECRYPT_ERROR:
        return "decrypt_error";
    case DTLS_ALERT_PROTOCOL_VERSION:
        return "protocol_version";
    case DTLS_ALERT_INSUFFICIENT_SECURITY:
        return "insufficient_security";
    case DTLS_ALERT_INTERNAL_ERROR:
        return "internal_error";
    case DTLS_ALERT_USER_CANCELED:
        return "user_canceled";
    case DTLS_ALERT_NO_RENEGOTIATION:
        return "no_renegotiation";
    case DTLS_ALERT_UNSUPPORTED_EXTENSION:
        return "unsupported_extension";
    case DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE:
        return "bad_certificate_status_response";
    case DTLS_ALERT_UNRECOGNIZED_NAME:
        return "unrecognized_name";
    case DTLS_ALERT_NO_APPLICATION_PROTOCOL:
        return "no_application_protocol";
    default:
        return "unknown alert";
    }
}
