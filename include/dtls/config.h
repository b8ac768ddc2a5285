/* config.h - what a connection is told before it starts. */
#ifndef DTLS_CONFIG_H
#define DTLS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtls/choose.h"
#include "dtls/identity.h"
#include "dtls/psk.h"
#include "dtls/srtp_keys.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Microseconds of any monotonic clock; the caller reads it and passes it in. */
typedef uint64_t dtls_time;
#define DTLS_NEVER UINT64_MAX /* a deadline that does not come */

/* Cipher suites (IANA numbers), in the default order of preference. Those of _PSK_ without ECDHE have no forward
 * secrecy: whoever learns the key later can read what was recorded before. The last two, with their tags of 8 bytes,
 * are neither offered nor taken unless `suites` names them: each forged record has one chance in 2^64, and a record
 * that is not authentic ends nothing here, however many there are (dropped[DTLS_DROP_FORGED] counts them). They are for
 * peers, of the CoAP kind (RFC 7252, 9.1.3), that have nothing else. */
enum dtls_suite {
    DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256 = 0xc02b,       /* RFC 5289; the key of the certificate is ECDSA or Ed25519 */
    DTLS_ECDHE_RSA_AES_128_GCM_SHA256 = 0xc02f,         /* RFC 5289; RSA */
    DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 = 0xcca9, /* RFC 7905 */
    DTLS_ECDHE_RSA_CHACHA20_POLY1305_SHA256 = 0xcca8,   /* RFC 7905 */
    DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384 = 0xc02c,       /* RFC 5289 */
    DTLS_ECDHE_RSA_AES_256_GCM_SHA384 = 0xc030,         /* RFC 5289 */
    DTLS_ECDHE_ECDSA_AES_128_CCM = 0xc0ac,              /* RFC 7251 */
    DTLS_ECDHE_PSK_AES_128_GCM_SHA256 = 0xd001,         /* RFC 8442; psk.h has what goes for keys */
    DTLS_ECDHE_PSK_CHACHA20_POLY1305_SHA256 = 0xccac,   /* RFC 7905 */
    DTLS_PSK_AES_128_GCM_SHA256 = 0x00a8,               /* RFC 5487 */
    DTLS_PSK_AES_128_CCM = 0xc0a4,                      /* RFC 6655 */
    DTLS_ECDHE_ECDSA_AES_128_CCM_8 = 0xc0ae,            /* RFC 7251; only if named */
    DTLS_PSK_AES_128_CCM_8 = 0xc0a8,                    /* RFC 6655; only if named */
};

/* Groups of the key exchange (IANA numbers), in the default order of preference. */
enum dtls_group {
    DTLS_GROUP_X25519 = 29,    /* RFC 7748, RFC 8422 */
    DTLS_GROUP_SECP256R1 = 23, /* NIST's P-256 (RFC 8422) */
    DTLS_GROUP_SECP384R1 = 24, /* P-384 */
};

/* How many the lists in struct dtls_config hold. */
enum { DTLS_MAX_SUITES = 13, DTLS_MAX_GROUPS = 3, DTLS_MAX_SRTP_PROFILES = 4, DTLS_MAX_ALPN = 16 };

enum { DTLS_SMALLEST_MTU = 256, DTLS_LARGEST_MTU = 65507 }; /* bytes of UDP payload */

#define DTLS_FLIGHT_INTERVAL_AUTO UINT32_MAX /* for flight_interval_ms */

/* The IANA name of a suite ("TLS_ECDHE_..."), a group's RFC name ("x25519"), never to be freed; NULL for one we do not
 * have. */
DTLS_API const char *dtls_suite_name(uint16_t suite);
DTLS_API const char *dtls_group_name(uint16_t group);

/* The IANA name of an SRTP profile ("SRTP_AEAD_AES_128_GCM"), never to be freed, or NULL; and its number by name, with
 * or without "SRTP_", 0 when unknown. */
DTLS_API const char *dtls_srtp_profile_name(uint16_t profile);
DTLS_API uint16_t dtls_srtp_profile_by_name(const char *name);

/* The number of a suite (IANA name, with or without "TLS_") or of a group by name; 0 when unknown. */
DTLS_API uint16_t dtls_suite_by_name(const char *name);
DTLS_API uint16_t dtls_group_by_name(const char *name);

/* Does a server ask its client for a certificate? */
enum dtls_client_certificate {
    DTLS_CLIENT_CERTIFICATE_NONE,    /* no */
    DTLS_CLIENT_CERTIFICATE_ASK,     /* yes, and a client without one is welcome */
    DTLS_CLIENT_CERTIFICATE_REQUIRE, /* yes, and a client without one is refused */
};

/* Types of certificates (RFC 7250), in order of preference: X.509 alone (the default), raw public keys alone, or both.
 */
enum dtls_types { DTLS_TYPES_X509, DTLS_TYPES_RAW, DTLS_TYPES_X509_RAW, DTLS_TYPES_RAW_X509 };

/* What if no application protocol can be agreed on? Where it is the end, that is by no_application_protocol. */
enum dtls_alpn_policy {
    DTLS_ALPN_IF_OFFERED, /* the handshake goes on only where the peer has no list of its own: to a client, one that
                             does not answer (RFC 7301, 3.2) */
    DTLS_ALPN_OPTIONAL,   /* it goes on */
    DTLS_ALPN_REQUIRED,   /* it is the end */
};

/* What to do when the peer wants a rehandshake (contract R7). */
enum dtls_rehandshake_policy {
    DTLS_REHANDSHAKE_ACCEPT, /* it begins at once */
    DTLS_REHANDSHAKE_DENY,   /* answer with the warning no_renegotiation */
    DTLS_REHANDSHAKE_IGNORE, /* answer with silence */
    DTLS_REHANDSHAKE_ASK, /* event REHANDSHAKE_REQUESTED; the application answers (what repeats within 10 s of a no is a
                             no) */
};

/* The two kinds of rehandshake. */
enum dtls_rehandshake_mode {
    DTLS_REHANDSHAKE_FULL,        /* a new key exchange; who the peer is, is judged anew */
    DTLS_REHANDSHAKE_ABBREVIATED, /* resumes the connection's own session: one round trip, no public-key work */
};

/* What the peer's library can take in the middle of a rehandshake (contract R18). */
enum dtls_peer_model {
    DTLS_PEER_FLOWING, /* data, as libdtls can */
    DTLS_PEER_STRICT,  /* none: for OpenSSL and Mbed TLS it is fatal. From the ClientHello on (a server: once it
                          is whole, and not refused) dtls_conn_send answers DTLS_ERR_PAUSED, until our ChangeCipherSpec
                          has left; what follows goes under the new keys (a peer that misses the flight may not be able
                          to read it yet) */
};

/* A client's cookie in a rehandshake, before a HelloVerifyRequest asks for one (contract R6). */
enum dtls_renegotiation_cookie {
    DTLS_RENEGOTIATION_COOKIE_EMPTY, /* none, as in a first ClientHello */
    DTLS_RENEGOTIATION_COOKIE_OLD,   /* the first handshake's: OpenSSL's servers with cookie exchange want that one, and
                                        Mbed TLS's want none */
};

struct dtls_store; /* store.h */
struct dtls_ticket_keys;

/*
 * Settings. Fill with dtls_config_init, then change fields. Once a connection has it, it must not change and must
 * outlive that connection, also when dtls_conn_set_config has brought another since; any number of connections, on any
 * number of threads, may share one. (Stores and sets of keys are the exception: they change, so connections that
 * share one belong to one thread.)
 */
struct dtls_config {
    /* Who we are and whom we trust. A server needs an identity, or psk; a client needs a verifier, fingerprints, or a
     * pre-shared key; a server that asks for certificates, a verifier or fingerprints. */
    const struct dtls_identity *identity;
    struct dtls_verifier verifier;
    /* The peer's certificate as signalling has told of it (RFC 8122; contract K2), a view: where there are some, its
     * leaf has to match one of those with the strongest hash among them, besides what the verifier says, who may then
     * be missing. Judged inside each handshake: without a match bad_certificate is sent, and there are no keys, no OPEN
     * and no data. A server then requires a certificate, whatever client_certificate says. A session, which knows its
     * peer by SHA-256 alone, is not resumed, not even by an abbreviated rehandshake, where a stronger hash counts. */
    const struct dtls_fingerprint *fingerprints;
    size_t fingerprint_count; /* 0, the default: none is expected */
    bool request_status;      /* a client asks its server for a stapled OCSP response (RFC 6066, 8), for the verifier to
                                 judge; default false. A server staples what its identity has, to whoever asks */
    bool keep_peer_chain;     /* for dtls_conn_peer_certificate: costs an idle connection the chain's length; default
                                 false */
    enum dtls_client_certificate client_certificate; /* in handshakes with certificates; a pre-shared key is proof of
                                                        its own */
    /* Pre-shared keys (psk.h). A client has one, or is asked for it when the server's hint is known: psk_key, or psk. A
     * server is asked for the key of each client; psk_hint is what it tells them first, 0 bytes by default: nothing.
     * With both an identity and psk the order of `suites` decides. They do not go with `fingerprints`, which a peer
     * with a key would not have to match. Views, and what they show must outlive the connection. */
    struct dtls_bytes psk_identity, psk_key;
    dtls_psk_function *psk;
    void *psk_arg;                     /* the first argument of psk */
    struct dtls_bytes psk_hint;        /* a server's; up to DTLS_PSK_MAX_HINT bytes */
    bool require_secure_renegotiation; /* refuse peers without RFC 5746 and RFC 7627 (contract R8); default false:
                                          they may connect, and can never rehandshake */
    bool allow_identity_change;        /* a rehandshake may bring another peer certificate (contract R9) */
    bool change_own_identity;          /* a rehandshake presents this `identity`; default false: what was presented
                                          first stays for the life of an association, whatever dtls_conn_set_config
                                          brings (contract R9) */

    /* Names (docs/identity.md); views. A client: the server's DNS name, sent to it (server_name, RFC 6066, 3): 1 to 253
     * bytes of ASCII, an internationalised name as A-labels, without a dot at the end, and no IP address. NULL, the
     * default: none. A session is only offered to the name that it was made with. */
    const char *server_name;
    /* Several identities; docs/identity.md has the order in which they are tried. A server takes one by the name that
     * its client asks for and by what that client can verify; `identity` is for all other names, or none. A client
     * shows `identity`, or the first of these that fits what the server asks for. */
    const struct dtls_named_identity *identities;
    size_t identity_count;
    dtls_identity_function *choose_identity; /* has the last word; NULL, the default: nobody */
    void *choose_identity_arg;               /* its first argument */
    bool refuse_unknown_names; /* a server: unrecognized_name (DTLS_ERR_UNKNOWN_NAME) for a name that no row of
                                  `identities` has, and choose_identity neither; default false. A client that asks for
                                  no name is not meant */
    /* What is shown of the identities, and what is taken of the peer: certificates, or raw public keys (RFC 7250).
     * Where there are both, the first is preferred, and a server decides. An identity without certificates needs RAW. A
     * session and a rehandshake keep to what was shown first (R9). No common type is unsupported_certificate. */
    enum dtls_types own_types, peer_types;
    /* Whose certificates a server takes, told to a client that is asked for its own (the form is choose.h's, up to
     * DTLS_AUTHORITIES_MAX bytes; empty, the default: it does not say). Whether a certificate is good is for the
     * verifier all the same. A client that is told shows no certificate from elsewhere, unless ignore_authorities. */
    struct dtls_bytes authorities;
    bool ignore_authorities;
    /* Application protocols (ALPN, RFC 7301), of 1 to 255 bytes each, 1,024 in all, in order of preference (the
     * server's order decides); agreed on anew in each handshake, resumed or not. Count 0, the default: neither offered
     * nor answered. */
    const char *const *alpn;
    size_t alpn_count;                 /* up to DTLS_MAX_ALPN */
    enum dtls_alpn_policy alpn_policy; /* IF_OFFERED */

    /* What we offer, in order of preference (the server's order decides). Count 0: all, in the default order, but for
     * AES-128-CCM-8. What there are no credentials for is left out. */
    uint16_t suites[DTLS_MAX_SUITES];
    size_t suite_count;
    uint16_t groups[DTLS_MAX_GROUPS];
    size_t group_count;

    /* Media (contract K; conn.h, event KEYS): use_srtp, offered and answered (RFC 5764) with these profiles (enum
     * dtls_srtp_profile), each once, in order of preference (the server's order decides); anew in each handshake. Count
     * 0, the default: neither offered nor answered. Where nothing is in common the extension is left out, and the
     * handshake goes on without keys for media; also with a peer without extended master secret (RFC 7627, 5.4). */
    uint16_t srtp_profiles[DTLS_MAX_SRTP_PROFILES];
    size_t srtp_profile_count;
    bool srtp_required;   /* then the handshake fails instead (DTLS_ERR_NO_COMMON_SUITE, or _UNSAFE_PEER) */
    uint8_t srtp_mki_len; /* 0, the default: no MKI. Else a client offers a fresh random one of so many bytes in each
                             handshake, and a server echoes whatever MKI its client offers, of any length; with 0 it
                             answers with an empty one, and there is none. One that equals that of keys which are still
                             kept tells nothing apart: a client offers none then, a server answers with an empty one */
    bool exporter;        /* keep what dtls_conn_export needs, about 200 bytes for each epoch; default false. Implied by
                             srtp_profiles */

    /* Time, in milliseconds (contract T). Retransmission starts at initial (50 to 60,000), doubles, saturates at
     * maximum (not below initial); a handshake may take `handshake_timeout_ms` in all, 0 for no limit. */
    uint32_t initial_timeout_ms;   /* 1,000 */
    uint32_t maximum_timeout_ms;   /* 60,000 */
    uint32_t handshake_timeout_ms; /* 60,000 */

    /* Sizes. */
    size_t mtu;           /* largest UDP payload we send, 256 to 65,507; default 1,200 (contract M1) */
    size_t replay_window; /* records remembered per epoch, 64 to 4,096; default 256; rounded up to a multiple of 64 */
    size_t held_records;  /* records of the next epoch kept until Finished (contract R5); default 256 */
    size_t held_bytes;    /* and their bytes; default 262,144 */
    size_t probe_mtu_to;  /* search upwards for a larger MTU, up to this (not below mtu, up to 65,507), with padded
                             heartbeats that both sides have agreed on (RFC 8899, RFC 6520; contract M6); 0, the
                             default: no search. Datagrams of up to this many bytes then leave the engine */
    bool answer_probes;   /* let the peer search; default false. Implied by probe_mtu_to */
    size_t record_size_limit; /* the most plaintext that we take in one record, told to the peer (RFC 8449): 64 to
                                 16,384, the default. What is larger is dropped */
    size_t max_message;       /* largest handshake message accepted, 1,024 to 131,072 bytes; default 32,768 */

    /* The rehandshake (contract R). */
    enum dtls_rehandshake_policy rehandshake_policy; /* ACCEPT */
    enum dtls_rehandshake_mode rehandshake_mode;     /* which one a server agrees to when a client offers its
                                                        session: ABBREVIATED (default) allows it */
    uint32_t
        rehandshake_timeout_ms; /* how long an attempt may take, and how long ASK waits; 0: as handshake_timeout_ms */
    uint32_t rehandshake_interval_ms; /* a peer's rehandshakes closer together are dropped; default 1,000 (R13) */
    enum dtls_peer_model peer_model;  /* FLOWING */
    bool rehandshake_never; /* never begin one: dtls_conn_rehandshake answers _FORBIDDEN, and a client refuses each
                               HelloRequest. What a server answers to a client's is rehandshake_policy's (R15) */
    enum dtls_renegotiation_cookie renegotiation_cookie; /* EMPTY */
    uint32_t flight_interval_ms; /* between the datagrams of a rehandshake's flight, where it has more than two, so that
                                    media passes in between on a thin link (R16); 0: none; up to 10,000; default
                                    DTLS_FLIGHT_INTERVAL_AUTO: 20, or an eighth of the round trip if that is less */
    /* Renewal by itself (R12): an attempt of ours, in renew_mode, when so much has gone one way under one epoch, or it
     * is so old; 0, the default: never. It begins in dtls_conn_tick. Not with rehandshake_never. */
    uint64_t renew_after_records, renew_after_bytes; /* of application data */
    uint32_t renew_after_s;                          /* seconds */
    enum dtls_rehandshake_mode renew_mode;           /* FULL */
    bool rehandshake_mandatory; /* our own attempts: close (DTLS_ERR_REHANDSHAKE_REQUIRED) when one is refused
                                   or has no answer in time; default false */

    /* Public-key work as jobs that another thread may do while data flows (R17; conn.h); default false: it is done
     * where it comes up. `random` must then be one that several threads may call; the default is. */
    bool public_key_jobs;

    /* Resumption (docs/fleet.md). In a server either, both or none; not owned. A client that asks for a ticket gets
     * one, and others are found in the store by their session id. What is found is resumed only where today's
     * configuration would still accept it: suite, name, client's certificate or key as the verifier and `fingerprints`
     * judge it. */
    const struct dtls_ticket_keys *ticket_keys; /* RFC 5077; NULL, the default: no tickets are given or taken */
    const struct dtls_store *store;             /* NULL, the default: none */
    const struct dtls_ticket_keys *store_keys;  /* seal what goes into it (which ->is_own_memory does not need) */
    uint32_t store_timeout_ms; /* how long a handshake waits for the store's answer, then it is a full one: 1 to 10,000;
                                  default 200 */
    bool single_use_sessions;  /* what is asked for in the store is removed from it, whoever asks: the id of a session,
                                  which hellos show, is enough to end it; default false */
    uint32_t session_lifetime_s;  /* of sessions, from the full handshake on, at both ends, unless a client's server has
                                     told of less; default 86,400 (RFC 5246, F.1.4). 0: none is kept or resumed */
    uint64_t unix_time_offset_us; /* what makes of `now` microseconds since 1970: needed where sessions or keys outlive
                                     this process, or go elsewhere. 0, the default: the time of sessions is that of
                                     `now`. The same in all configurations of a process */

    /* The outside world. NULL functions mean the default. */
    dtls_random_function *random;                /* default dtls_system_random */
    void *random_arg;                            /* its first argument */
    void *(*allocate)(void *arg, size_t len);    /* default malloc; both or none */
    void (*release)(void *arg, void *memory);    /* default free; may get NULL */
    void *memory_arg;                            /* the first argument of both */
    void (*keylog)(void *arg, const char *line); /* one line of the NSS key log, no newline; default none.
                                                    Whoever has these lines reads the traffic. */
    void *keylog_arg;                            /* its first argument */
};

/* Fills in the defaults; no identity, no verifier. */
DTLS_API void dtls_config_init(struct dtls_config *config);

/* For calls and games: 100 ms first timeout, 2 s maximum (contract T2). Changes only those two. */
DTLS_API void dtls_config_preset_realtime(struct dtls_config *config);

/* For WebRTC: as _preset_realtime, and no rehandshake either way (RFC 8827, 6.5: browsers end the call or stay silent;
 * keys are renewed by a new association). The peer's wish is denied (contract R15). */
DTLS_API void dtls_config_preset_webrtc(struct dtls_config *config);

/* NULL when a connection of this role can be made with it, else a sentence that names the field that is wrong, never to
 * be freed. */
DTLS_API const char *dtls_config_problem(const struct dtls_config *config, enum dtls_role role);

#ifdef __cplusplus
}
#endif

#endif
