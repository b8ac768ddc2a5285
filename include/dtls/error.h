/* error.h - every answer of the library that is not a success, and the alerts of the protocol. */
#ifndef DTLS_ERROR_H
#define DTLS_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In front of each function here: the libraries show these symbols and no others. */
#if defined(__GNUC__)
#define DTLS_API __attribute__((visibility("default")))
#else
#define DTLS_API /* a compiler that shows all of them by itself */
#endif

/* Answers of functions, those of the companions included.
 * Noise from the network is no error: it is dropped, counted (conn.h, dtls_stats) and answered with DTLS_OK. */
enum dtls_error {
    DTLS_OK = 0, /* done */

    /* Refusals, -1 to -99: nothing changed; the caller may fix it and call again. */
    DTLS_ERR_NOT_OPEN = -1,             /* application data before OPEN or after the end */
    DTLS_ERR_LARGE_PACKET = -2,         /* does not fit one datagram now; *out_len says what does */
    DTLS_ERR_EVENTS_WAITING = -3,       /* take the waiting events first (dtls_conn_next_event) */
    DTLS_ERR_BUFFER_TOO_SMALL = -4,     /* the caller's buffer; *out_len says what is needed */
    DTLS_ERR_ARGUMENT = -5,             /* a value outside its range, or a call that makes no sense now */
    DTLS_ERR_REHANDSHAKE_RUNNING = -6,  /* one at a time; its last event ends it */
    DTLS_ERR_UNSAFE_RENEGOTIATION = -7, /* the peer lacks RFC 5746 or RFC 7627 */
    DTLS_ERR_NOT_ASKED = -8,            /* accept or refuse, and no request waits; an answer that nobody waits for */
    DTLS_ERR_EXHAUSTED = -9,        /* no sequence numbers are left: rehandshake; or no epoch: use a new association */
    DTLS_ERR_FORBIDDEN = -10,       /* the configuration wants no rehandshake (rehandshake_never) */
    DTLS_ERR_PAUSED = -11,          /* peer_model STRICT: a rehandshake runs, and our part of it has not left yet */
    DTLS_ERR_NO_KEYS = -12,         /* nothing to export: no such epoch, none wanted, no SRTP profile, no RFC 7627 */
    DTLS_ERR_BAD_PEM = -20,         /* not PEM, or the block that was wanted is not in it */
    DTLS_ERR_BAD_X509 = -21,        /* a certificate does not parse, or its key is of no kind we know */
    DTLS_ERR_BAD_KEY = -22,         /* a private key does not parse, or is of no kind we know */
    DTLS_ERR_ENCRYPTED_KEY = -23,   /* the private key is encrypted; the core reads only plain ones */
    DTLS_ERR_KEY_MISMATCH = -24,    /* private key and certificate do not belong together */
    DTLS_ERR_BAD_FINGERPRINT = -25, /* no fingerprint, or of another hash */
    DTLS_ERR_BAD_SESSION = -26,     /* a serialised session does not parse */

    /* Refusals of the companions. libdtls-ev: */
    DTLS_EV_ERR_SYSTEM = -50, /* by the operating system: see errno */
    DTLS_EV_ERR_FULL = -51,   /* dtls_ev_send: the socket takes nothing more now */

    /* libdtls-pkix: */
    DTLS_PKIX_ERR_SYSTEM = -60,   /* a file or directory: see errno */
    DTLS_PKIX_ERR_EMPTY = -61,    /* there is nothing of the kind in it */
    DTLS_PKIX_ERR_CRL = -62,      /* a CRL that does not parse, or is not a whole one of its issuer (delta, indirect) */
    DTLS_PKIX_ERR_PASSWORD = -63, /* the password, or PIN, is missing, or another one */
    DTLS_PKIX_ERR_TOKEN = -64,    /* a module, token or key that is not there, or does not do its work */

    /* libdtls-redis: */
    DTLS_REDIS_ERR_HOST = -70, /* the host's name has no address */

    /* libdtls-srtp; the packet is as it was: */
    DTLS_SRTP_ERR_NO_KEYS = -80,  /* to protect: dtls_srtp_send_with has not been called yet */
    DTLS_SRTP_ERR_MKI = -81,      /* keys with an MKI of more than DTLS_SRTP_LONGEST_MKI bytes */
    DTLS_SRTP_ERR_PROFILE = -82,  /* keys of a profile that libsrtp does not have, or of wrong lengths */
    DTLS_SRTP_ERR_PACKET = -83,   /* to protect: no RTP (RTCP) packet, or longer than max_packet */
    DTLS_SRTP_ERR_REPEATED = -84, /* to protect: this SSRC has used that sequence number, or it is too old to tell */
    DTLS_SRTP_ERR_STREAMS = -85,  /* to protect: max_streams SSRCs have sent with the keys in use */
    DTLS_SRTP_ERR_LIBSRTP = -86,  /* libsrtp has failed, for no reason that it tells */

    /* Deaths, -100 and below: the connection is over, and the first cause stays. */
    DTLS_ERR_NO_MEMORY = -100,            /* the allocator (config.h) had none */
    DTLS_ERR_DECODE = -101,               /* a whole handshake message does not parse */
    DTLS_ERR_TIMEOUT = -102,              /* the first handshake's total time is over */
    DTLS_ERR_ALERT = -103,                /* the peer ended it; dtls_conn_alert says with what */
    DTLS_ERR_UNEXPECTED_MESSAGE = -104,   /* a handshake message that may not come now */
    DTLS_ERR_NO_COMMON_SUITE = -105,      /* nothing in common: suite, group or signature scheme, or SRTP profile */
    DTLS_ERR_VERSION = -106,              /* the peer does not speak DTLS 1.2 */
    DTLS_ERR_ILLEGAL_PARAMETER = -107,    /* the peer chose what was not offered, or contradicts itself */
    DTLS_ERR_BAD_CERTIFICATE = -108,      /* the peer's certificate does not parse, or the verifier said no */
    DTLS_ERR_NO_CERTIFICATE = -109,       /* one was required and none came */
    DTLS_ERR_BAD_SIGNATURE = -110,        /* of ServerKeyExchange or CertificateVerify */
    DTLS_ERR_BAD_FINISHED = -111,         /* verify_data is wrong: the handshake was tampered with */
    DTLS_ERR_BAD_RENEGOTIATION = -112,    /* renegotiation_info is wrong or missing (RFC 5746) */
    DTLS_ERR_IDENTITY_CHANGED = -113,     /* another certificate in a rehandshake, and it is not allowed */
    DTLS_ERR_UNSAFE_PEER = -114,          /* RFC 5746 and RFC 7627 are required and the peer lacks one */
    DTLS_ERR_REHANDSHAKE_REQUIRED = -115, /* a mandatory rehandshake was refused, or had no answer in time */
    DTLS_ERR_RANDOM = -116,               /* the source of randomness failed */
    DTLS_ERR_INTERNAL = -117,             /* an own key or primitive failed; nothing the peer did */
    DTLS_ERR_CLOSED = -118,               /* the association was closed by either side */
    DTLS_ERR_REPLACED = -119,             /* the client has begun anew from the same address (endpoint.h) */
    DTLS_ERR_CROWDED = -120,              /* half-open, it gave way to another one (endpoint.h) */
    DTLS_ERR_UNKNOWN_PSK = -121,          /* a client: the application has no pre-shared key for this server */
    DTLS_ERR_NO_COMMON_PROTOCOL = -122,   /* no application protocol (ALPN) in common */
    DTLS_ERR_UNKNOWN_NAME = -123,         /* a server: it has nothing of the name that the client asks for */
};

/* True for an answer after which the connection is over. (DTLS_ERR_NO_MEMORY and _RANDOM also come from functions that
 * make things, or that say that the connection lives on: dtls_conn_is_open tells.) */
DTLS_API bool dtls_error_is_death(int error);

/* A few English words, never NULL, never freed. */
DTLS_API const char *dtls_error_string(int error);

/* Alert descriptions (RFC 5246, 7.2.2, where nothing else is said). Whatever is fatal ends the association. An
 * application's own verifier may answer with any but the first. */
enum dtls_alert {
    DTLS_ALERT_CLOSE_NOTIFY = 0,             /* a clean end: event CLOSED */
    DTLS_ALERT_UNEXPECTED_MESSAGE = 10,      /* a handshake message that may not come now */
    DTLS_ALERT_BAD_RECORD_MAC = 20,          /* never sent by us: such records are dropped (RFC 6347, 4.1.2.7) */
    DTLS_ALERT_HANDSHAKE_FAILURE = 40,       /* nothing in common, or something is missing or not allowed */
    DTLS_ALERT_BAD_CERTIFICATE = 42,         /* it does not parse, or the verifier, or a fingerprint, says no */
    DTLS_ALERT_UNSUPPORTED_CERTIFICATE = 43, /* of a type, or for a use, that does not fit */
    DTLS_ALERT_CERTIFICATE_REVOKED = 44,     /* by its authority */
    DTLS_ALERT_CERTIFICATE_EXPIRED = 45,     /* or not valid yet */
    DTLS_ALERT_CERTIFICATE_UNKNOWN = 46,     /* something else is wrong with it */
    DTLS_ALERT_ILLEGAL_PARAMETER = 47,       /* what was not offered, or contradicts itself */
    DTLS_ALERT_UNKNOWN_CA = 48,              /* nobody who is trusted vouches for it */
    DTLS_ALERT_ACCESS_DENIED = 49,         /* who begins anew from an address is another one than before (endpoint.h) */
    DTLS_ALERT_DECODE_ERROR = 50,          /* a message does not parse */
    DTLS_ALERT_DECRYPT_ERROR = 51,         /* a signature or a Finished is wrong */
    DTLS_ALERT_PROTOCOL_VERSION = 70,      /* not DTLS 1.2 */
    DTLS_ALERT_INSUFFICIENT_SECURITY = 71, /* never sent by us: a server wants stronger suites */
    DTLS_ALERT_INTERNAL_ERROR = 80,        /* memory, randomness or an own key has failed */
    DTLS_ALERT_USER_CANCELED = 90,         /* sent where a mandatory rehandshake does not come about */
    DTLS_ALERT_NO_RENEGOTIATION = 100,     /* a warning: the peer refuses a rehandshake (RFC 5746, 4.5) */
    DTLS_ALERT_UNSUPPORTED_EXTENSION = 110,           /* a server has answered one that was not offered */
    DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE = 113, /* the stapled OCSP response is no good (RFC 6066, 8) */
    DTLS_ALERT_UNRECOGNIZED_NAME = 112,               /* nothing here is of that name (RFC 6066, 3) */
    DTLS_ALERT_NO_APPLICATION_PROTOCOL = 120,         /* none in common (RFC 7301, 3.2) */
};

/* The RFC's name of an alert description, or "unknown alert"; never NULL, never freed. */
DTLS_API const char *dtls_alert_string(uint8_t description);

#ifdef __cplusplus
}
#endif

#endif
