/* settings.h - what dtls-server and dtls-client can be told, and the engine's configuration made of it. */
#ifndef APPS_SETTINGS_H
#define APPS_SETTINGS_H

#include "apps/keys.h"
#include "dtls/dtls.h"

enum { FOR_CLIENT = 1, FOR_SERVER = 2, FOR_BOTH = 3 };

enum { SETTINGS_MAX_MODES = 16, MOST_WORKERS = 64 };

struct settings_list {
    uint16_t at[DTLS_MAX_SUITES];
    size_t count;
};

struct settings_pin {
    bool given;
    uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
};

struct settings_modes {
    enum dtls_rehandshake_mode at[SETTINGS_MAX_MODES];
    size_t count;
};

enum { SETTINGS_LABEL = 64, SETTINGS_MOST_EXPORT = 1024 };

/* Keying material to export (RFC 5705). */
struct settings_export {
    char label[SETTINGS_LABEL]; /* empty: none */
    size_t len;
};

enum { SETTINGS_MOST_NAMES = 64 };

/* An option that may be repeated. */
struct settings_texts {
    const char *at[SETTINGS_MOST_NAMES];
    size_t count;
};

struct settings {
    const char *host;                                /* server */
    uint32_t port;                                   /* server; UINT32_MAX: not given */
    uint32_t workers, max_associations, job_threads; /* server; associations of all workers together */

    const char *cert, *key, *pkcs12, *key_password; /* NULL: not given */
    const char *ocsp_response;                      /* server; NULL: not given */
    const char *ca, *crl, *name;                    /* `name`: client; NULL: not given */
    struct settings_pin pin;
    struct keys psk;        /* a client has one; a server any number; owned */
    const char *psk_hint;   /* server; NULL: none */
    int client_certificate; /* server; enum dtls_client_certificate */
    bool allow_identity_change;
    struct settings_texts sni_certs; /* server: NAME=CERT[,KEY] */
    const char *client_ca;           /* server; NULL: none */
    const char *alpn;                /* a comma list; NULL: none */
    bool raw_public_key;

    struct settings_list suites, groups;
    uint32_t mtu, probe_mtu;
    bool answer_probes;
    uint32_t initial_timeout_ms, maximum_timeout_ms, handshake_timeout_ms;

    int rehandshake_policy;                                         /* enum dtls_rehandshake_policy */
    uint32_t mandatory_rehandshake_ms;                              /* 0: not mandatory */
    uint32_t renew_after_records, renew_after_bytes, renew_after_s; /* 0: never */
    int peer_model;                                                 /* enum dtls_peer_model */
    int renegotiation_cookie;                                       /* client; enum dtls_renegotiation_cookie */
    double rehandshake_every_s;                                     /* 0: never */
    double rehandshake_first_s;                                     /* 0: as every */
    struct settings_modes rehandshake;

    const char *resume;        /* client */
    bool no_tickets, no_cache; /* server */
    bool single_use;
    const char *ticket_keys; /* server; NULL: made for this run */
    uint32_t ticket_lifetime_s;
    const char *session_store; /* server; NULL: its own memory */
    uint32_t store_timeout_ms;
    bool share_ticket_keys;        /* through the store */
    uint32_t rotate_ticket_keys_s; /* 0: somebody else does */

    struct settings_list srtp; /* profiles; at most DTLS_MAX_SRTP_PROFILES */
    uint32_t srtp_mki;         /* bytes; 0: none */
    struct settings_export exported;
    bool print_keys; /* secrets */

    double flow_rate;   /* client; records a second, 0: lines of stdin */
    uint32_t flow_size; /* bytes; 0: not given */
    double flow_s;      /* seconds; 0: not given */
    bool adapt;         /* client */

    const char *keylog;
    bool line_ends; /* client */
    bool commands, json, verbose;
};

extern const struct option_row settings_rows[];

/* Readers of two of them, for other programs: into a struct settings_list, a struct settings_pin. */
const char *settings_read_profiles(const struct option_row *row, const char *text, void *to);
const char *settings_read_pin(const struct option_row *row, const char *text, void *to);

/* What holds when nothing is said. */
void settings_init(struct settings *settings);

/* Refuses (exit 2) what does not go together. */
void settings_check(const struct settings *settings);

/* Is it a pkcs11: URI, and not a file? NULL is neither. And is one of --cert and --key? */
bool settings_is_token(const char *text);
bool settings_have_token(const struct settings *settings);

/* Are there pre-shared keys and no certificate? Then none is made, and nobody without a key gets into a server. */
bool settings_have_keys_only(const struct settings *settings);

/* The parts of a configuration that are only numbers, names, the pin and the keys; these two are views of `settings`.
 */
void settings_configure(const struct settings *settings, enum dtls_role role, struct dtls_config *config);

#endif
