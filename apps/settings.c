/* settings.c - the options of dtls-server and dtls-client. */
#include "apps/settings.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "apps/complain.h"

static const char *const client_certificate_words[] = { "none", "ask", "require", NULL }; /* as in config.h */
static const char *const mode_words[] = { "full", "abbreviated", NULL };                  /* as in config.h */
static const char *const policy_words[] = { "accept", "deny", "ignore", "ask", NULL };    /* as in config.h */
static const char *const model_words[] = { "flowing", "strict", NULL };                   /* as in config.h */
static const char *const cookie_words[] = { "empty", "old", NULL };                       /* as in config.h */

/* Calls take(item, to) for every item of a comma list; false as soon as one is refused. */
static bool each_item(const char *text, bool (*take)(const char *item, void *to), void *to)
{
    char item[64];

    for (;;) {
        size_t len = strcspn(text, ",");
        if (len == 0 || len >= sizeof item)
            return false;
        memcpy(item, text, len);
        item[len] = '\0';
        if (!take(item, to))
            return false;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

/* Zero is no number of anything; a number is wanted once only. */
static bool add_number(struct settings_list *list, uint16_t number, size_t most)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->at[i] == number)
            return false;
    if (number == 0 || list->count == most)
        return false;
    list->at[list->count++] = number;
    return true;
}

static bool take_suite(const char *item, void *to)
{
    return add_number(to, dtls_suite_by_name(item), DTLS_MAX_SUITES);
}

static bool take_group(const char *item, void *to)
{
    return add_number(to, dtls_group_by_name(item), DTLS_MAX_GROUPS);
}

static const char *read_suites(const struct option_row *row, const char *text, void *to)
{
    (void)row;
    *(struct settings_list *)to = (struct settings_list){ 0 };
    return each_item(text, take_suite, to) ? NULL : "a comma list of our cipher suites, each once (see --help)";
}

static const char *read_groups(const struct option_row *row, const char *text, void *to)
{
    (void)row;
    *(struct settings_list *)to = (struct settings_list){ 0 };
    return each_item(text, take_group, to) ? NULL : "a comma list of x25519, secp256r1, secp384r1, each once";
}

static bool take_profile(const char *item, void *to)
{
    return add_number(to, dtls_srtp_profile_by_name(item), DTLS_MAX_SRTP_PROFILES);
}

const char *settings_read_profiles(const struct option_row *row, const char *text, void *to)
{
    (void)row;
    *(struct settings_list *)to = (struct settings_list){ 0 };
    return each_item(text, take_profile, to) ? NULL : "a comma list of our SRTP profiles, each once (see --help)";
}

/* The last colon is in front of the length. */
static const char *read_export(const struct option_row *row, const char *text, void *to)
{
    static const struct option_row len_row = { .least = 1, .most = SETTINGS_MOST_EXPORT };
    struct settings_export *exported = to;
    const char *colon = strrchr(text, ':');
    size_t label_len = colon == NULL ? strlen(text) : (size_t)(colon - text);
    uint32_t len = 32;

    (void)row;
    if (label_len == 0 || label_len >= sizeof exported->label ||
        (colon != NULL && option_whole(&len_row, colon + 1, &len) != NULL))
        return "a label of up to 63 bytes and, behind a colon, a length of up to 1024";
    memcpy(exported->label, text, label_len);
    exported->label[label_len] = '\0';
    exported->len = len;
    return NULL;
}

static bool take_mode(const char *item, void *to)
{
    struct settings_modes *modes = to;
    int place = option_place(mode_words, item, strlen(item));

    if (place < 0 || modes->count == SETTINGS_MAX_MODES)
        return false;
    modes->at[modes->count++] = (enum dtls_rehandshake_mode)place;
    return true;
}

static const char *read_modes(const struct option_row *row, const char *text, void *to)
{
    (void)row;
    *(struct settings_modes *)to = (struct settings_modes){ 0 };
    return each_item(text, take_mode, to) ? NULL : "a comma list of full and abbreviated (at most 16)";
}

const char *settings_read_pin(const struct option_row *row, const char *text, void *to)
{
    struct settings_pin *pin = to;

    (void)row;
    pin->given = dtls_fingerprint_parse(text, pin->fingerprint) == DTLS_OK;
    return pin->given ? NULL : "a fingerprint: SHA-256: and 32 bytes in hex";
}

static const char *read_more(const struct option_row *row, const char *text, void *to)
{
    struct settings_texts *texts = to;

    (void)row;
    if (*text == '\0')
        return "a value";
    if (texts->count == SETTINGS_MOST_NAMES)
        return "given 64 times at most";
    texts->at[texts->count++] = text;
    return NULL;
}

#define AT(field) offsetof(struct settings, field)
#define HEADING(programs, text)                                                                                        \
    {                                                                                                                  \
        programs, NULL, NULL, text, NULL, 0, 0, 0, NULL                                                                \
    }

const struct option_row settings_rows[] = {
    HEADING(FOR_SERVER, "Where"),
    { FOR_SERVER, "host", "H", "address or name to listen on (127.0.0.1)", option_text, AT(host), 0, 0, NULL },
    { FOR_SERVER, "port", "P", "UDP port, required; 0: any, and it is printed", option_whole, AT(port), 0, 65535,
      NULL },

    HEADING(FOR_SERVER, "How many"),
    { FOR_SERVER, "workers", "N", "event loops, each on a thread, 1 to 64 (1); see below", option_whole, AT(workers), 1,
      MOST_WORKERS, NULL },
    { FOR_SERVER, "max-associations", "N",
      "associations at a time, of all workers together; then newcomers\nare ignored (1024)", option_whole,
      AT(max_associations), 1, 1 << 20, NULL },
    { FOR_SERVER, "job-threads", "N",
      "threads of each worker for public-key work, up to 64, so that\na slow key delays no record (0: none)",
      option_whole, AT(job_threads), 0, 64, NULL },

    HEADING(FOR_BOTH, "Who"),
    { FOR_BOTH, "cert", "FILE|pkcs11:URI", "own certificate chain, PEM, leaf first (a P-256 one is made)", option_text,
      AT(cert), 0, 0, NULL },
    { FOR_BOTH, "key", "FILE|pkcs11:URI",
      "its private key, PEM (the file of --cert); or the URI of one that\nstays in a token: module-path in it names a "
      "module, pin-source a\nfile with the PIN, which everyone could read as pin-value",
      option_text, AT(key), 0, 0, NULL },
    { FOR_BOTH, "pkcs12", "FILE", "certificate chain and key in one PKCS#12 file instead", option_text, AT(pkcs12), 0,
      0, NULL },
    { FOR_BOTH, "key-password", "FILE|env:NAME",
      "of an encrypted key, or a PKCS#12 file, or the PIN of a token:\nthe first line of a file, or an environment "
      "variable",
      option_text, AT(key_password), 0, 0, NULL },
    { FOR_SERVER, "ocsp-response", "FILE", "staple this OCSP response (DER) for clients that ask", option_text,
      AT(ocsp_response), 0, 0, NULL },
    { FOR_BOTH, "ca", "FILE|DIR|system",
      "accept only peers that these authorities vouch for; stapled OCSP\nresponses are asked for and judged",
      option_text, AT(ca), 0, 0, NULL },
    { FOR_CLIENT, "name", "HOST",
      "the server's DNS name, told to it (none); with --ca what its\ncertificate has to be for, which may be an "
      "address (HOST)",
      option_text, AT(name), 0, 0, NULL },
    { FOR_BOTH, "crl", "FILE", "certificate revocation lists of these authorities", option_text, AT(crl), 0, 0, NULL },
    { FOR_BOTH, "pin", "SHA-256:..",
      "accept only the peer with this certificate fingerprint\n"
      "(any peer; its fingerprint is printed)",
      settings_read_pin, AT(pin), 0, 0, NULL },
    { FOR_BOTH, "psk", "IDENTITY:HEXKEY",
      "a pre-shared key, or @FILE of such lines; a server may have many\n"
      "(and clients with certificates only if it has one); a client has\n"
      "one, and takes servers with certificates only with --pin or --ca",
      keys_read, AT(psk), 0, 0, NULL },
    { FOR_SERVER, "psk-hint", "TEXT", "what is told to clients before they choose a key (nothing)", option_text,
      AT(psk_hint), 0, 0, NULL },
    { FOR_SERVER, "sni-cert", "NAME=CERT[,KEY]",
      "another certificate for clients that ask for NAME, which may\nbegin with \"*.\"; up to 64 times", read_more,
      AT(sni_certs), 0, 0, NULL },
    { FOR_BOTH, "raw-public-key", NULL,
      "show and take raw public keys (RFC 7250) where the peer does;\n--pin is a fingerprint of the key then",
      option_flag, AT(raw_public_key), 0, 0, NULL },
    { FOR_SERVER, "client-ca", "FILE", "whose certificates clients are to show: the subjects in FILE", option_text,
      AT(client_ca), 0, 0, NULL },
    { FOR_SERVER, "client-cert", "none|ask|require", "ask clients for a certificate? (none)", option_word,
      AT(client_certificate), 0, 0, client_certificate_words },
    { FOR_BOTH, "allow-identity-change", NULL, "a rehandshake may bring another peer certificate", option_flag,
      AT(allow_identity_change), 0, 0, NULL },

    HEADING(FOR_BOTH, "Handshake"),
    { FOR_BOTH, "suites", "A,B",
      "cipher suites, best first (all but the last two; PSK if --psk):\n"
      "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\nECDHE_RSA_WITH_AES_128_GCM_SHA256\n"
      "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256\nECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256\n"
      "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\nECDHE_RSA_WITH_AES_256_GCM_SHA384\n"
      "ECDHE_ECDSA_WITH_AES_128_CCM\nECDHE_PSK_WITH_AES_128_GCM_SHA256\nECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256\n"
      "PSK_WITH_AES_128_GCM_SHA256\nPSK_WITH_AES_128_CCM\nECDHE_ECDSA_WITH_AES_128_CCM_8\nPSK_WITH_AES_128_CCM_8",
      read_suites, AT(suites), 0, 0, NULL },
    { FOR_BOTH, "groups", "A,B", "key exchange groups, best first (x25519,secp256r1,secp384r1)", read_groups,
      AT(groups), 0, 0, NULL },
    { FOR_BOTH, "alpn", "A,B", "application protocols, best first (ALPN; none)", option_text, AT(alpn), 0, 0, NULL },
    { FOR_BOTH, "mtu", "BYTES", "largest UDP payload to send (1200)", option_whole, AT(mtu), 256, 65507, NULL },
    { FOR_BOTH, "probe-mtu", "BYTES",
      "search for a larger one, up to this, and report what the path\ntakes; the peer has to answer", option_whole,
      AT(probe_mtu), 256, 65507, NULL },
    { FOR_BOTH, "answer-probes", NULL, "let the peer search for a larger MTU", option_flag, AT(answer_probes), 0, 0,
      NULL },
    { FOR_BOTH, "initial-timeout", "MS", "first wait before a flight is sent again; then doubled (1000)", option_whole,
      AT(initial_timeout_ms), 50, 60000, NULL },
    { FOR_BOTH, "maximum-timeout", "MS", "longest such wait (60000)", option_whole, AT(maximum_timeout_ms), 50, 3600000,
      NULL },
    { FOR_BOTH, "handshake-timeout", "MS", "how long a handshake may take in all; 0: for ever (60000)", option_whole,
      AT(handshake_timeout_ms), 0, 3600000, NULL },

    HEADING(FOR_BOTH, "Rehandshake"),
    { FOR_BOTH, "rehandshake-every", "SECONDS", "renew the keys this often, while data flows (never)", option_real,
      AT(rehandshake_every_s), 0.001, 86400, NULL },
    { FOR_BOTH, "rehandshake-first", "SECONDS", "the first one so long after the start (as often)", option_real,
      AT(rehandshake_first_s), 0.001, 86400, NULL },
    { FOR_BOTH, "rehandshake", "full|abbreviated", "which kind; a comma list takes turns (full)", read_modes,
      AT(rehandshake), 0, 0, NULL },
    { FOR_BOTH, "renew-after-records", "N", "renew the keys after so many records one way (never)", option_whole,
      AT(renew_after_records), 1, UINT32_MAX, NULL },
    { FOR_BOTH, "renew-after-bytes", "N", "after so many bytes of data one way (never)", option_whole,
      AT(renew_after_bytes), 1, UINT32_MAX, NULL },
    { FOR_BOTH, "renew-after-seconds", "N", "when the keys are so old (never)", option_whole, AT(renew_after_s), 1,
      UINT32_MAX, NULL },
    { FOR_BOTH, "rehandshake-policy", "POLICY", "accept, deny, ignore or ask: when the peer wants one (accept)",
      option_word, AT(rehandshake_policy), 0, 0, policy_words },
    { FOR_BOTH, "mandatory-rehandshake", "MS", "close when one of ours does not start within so long (go on)",
      option_whole, AT(mandatory_rehandshake_ms), 1, 3600000, NULL },
    { FOR_BOTH, "peer-model", "flowing|strict",
      "strict: the peer takes no data in mid-handshake, as OpenSSL\nand Mbed TLS (flowing)", option_word,
      AT(peer_model), 0, 0, model_words },
    { FOR_CLIENT, "renegotiation-cookie", "WHICH", "empty, or old: for OpenSSL's servers with cookie exchange (empty)",
      option_word, AT(renegotiation_cookie), 0, 0, cookie_words },

    HEADING(FOR_BOTH, "Resumption"),
    { FOR_CLIENT, "resume", "FILE",
      "resume the session in FILE if it exists, and keep the newest one\n"
      "there; it is as secret as a key",
      option_text, AT(resume), 0, 0, NULL },
    { FOR_SERVER, "no-tickets", NULL, "do not give session tickets", option_flag, AT(no_tickets), 0, 0, NULL },
    { FOR_SERVER, "no-cache", NULL, "do not remember sessions", option_flag, AT(no_cache), 0, 0, NULL },
    { FOR_SERVER, "ticket-keys", "FILE",
      "keys of tickets and of what goes into the session store: a line\n"
      "of 96 hexadecimal digits each (openssl rand -hex 48), of which\nthe first seals and all open (made for this "
      "run)",
      option_text, AT(ticket_keys), 0, 0, NULL },
    { FOR_SERVER, "ticket-lifetime", "SECONDS", "how long a session can be resumed, by ticket or without (86400)",
      option_whole, AT(ticket_lifetime_s), 1, 604800, NULL },
    { FOR_SERVER, "session-store", "URL",
      "keep sessions in Redis or Valkey, for all servers with these\n--ticket-keys: "
      "redis://[[USER]:PASSWORD@]HOST[:PORT]\n"
      "or redis+unix:PATH (own memory)",
      option_text, AT(session_store), 0, 0, NULL },
    { FOR_SERVER, "store-timeout", "MS", "then a handshake waits no longer for the store (200)", option_whole,
      AT(store_timeout_ms), 1, 10000, NULL },
    { FOR_SERVER, "share-ticket-keys", NULL, "take the keys of tickets from the store, where one server\nputs them",
      option_flag, AT(share_ticket_keys), 0, 0, NULL },
    { FOR_SERVER, "rotate-ticket-keys", "SECONDS", "and this is the one: another key every so often", option_whole,
      AT(rotate_ticket_keys_s), 1, 604800, NULL },
    { FOR_BOTH, "single-use", NULL, "a session is resumed once; a client takes --resume's FILE away", option_flag,
      AT(single_use), 0, 0, NULL },

    HEADING(FOR_BOTH, "Keys for media (DTLS-SRTP) and others"),
    { FOR_BOTH, "srtp", "A,B",
      "offer and take SRTP profiles, best first (none):\nAES128_CM_HMAC_SHA1_80, AES128_CM_HMAC_SHA1_32,\n"
      "AEAD_AES_128_GCM, AEAD_AES_256_GCM",
      settings_read_profiles, AT(srtp), 0, 0, NULL },
    { FOR_BOTH, "srtp-mki", "BYTES", "with an MKI; in a server: of any length, if not 0 (0: without)", option_whole,
      AT(srtp_mki), 0, DTLS_SRTP_MAX_MKI, NULL },
    { FOR_BOTH, "export", "LABEL[:BYTES]", "keying material after each handshake (RFC 5705; 32 bytes)", read_export,
      AT(exported), 0, 0, NULL },
    { FOR_BOTH, "print-srtp-keys", NULL,
      "print the keys of --srtp and --export, which are secrets:\nwhoever reads them reads the media", option_flag,
      AT(print_keys), 0, 0, NULL },

    HEADING(FOR_CLIENT, "Flow: numbered, time-stamped records instead of stdin's lines"),
    { FOR_CLIENT, "flow", "PPS", "records a second", option_real, AT(flow_rate), 0.01, 100000, NULL },
    { FOR_CLIENT, "size", "BYTES", "of each record (160)", option_whole, AT(flow_size), 24, 65507, NULL },
    { FOR_CLIENT, "for", "SECONDS", "how long (10)", option_real, AT(flow_s), 0.01, 86400, NULL },
    { FOR_CLIENT, "adapt", NULL, "where --size does not fit, as much as does (end with an error)", option_flag,
      AT(adapt), 0, 0, NULL },

    HEADING(FOR_BOTH, "Input and output"),
    { FOR_BOTH, "commands", NULL, "obey lines of stdin that begin with a colon (see below)", option_flag, AT(commands),
      0, 0, NULL },
    { FOR_CLIENT, "line-ends", NULL, "each record keeps the newline of its line (left out)", option_flag, AT(line_ends),
      0, 0, NULL },
    { FOR_BOTH, "json", NULL, "one JSON object per event on stdout, and nothing else there", option_flag, AT(json), 0,
      0, NULL },
    { FOR_BOTH, "verbose", NULL, "say more (without --json)", option_flag, AT(verbose), 0, 0, NULL },
    { FOR_BOTH, "keylog", "FILE", "append the secrets for Wireshark (NSS key log)", option_text, AT(keylog), 0, 0,
      NULL },
    { 0 },
};

void settings_init(struct settings *settings)
{
    struct dtls_config defaults;

    dtls_config_init(&defaults);
    *settings = (struct settings){
        .host = "127.0.0.1",
        .port = UINT32_MAX,
        .workers = 1,
        .max_associations = 1024,
        .mtu = (uint32_t)defaults.mtu,
        .initial_timeout_ms = defaults.initial_timeout_ms,
        .maximum_timeout_ms = defaults.maximum_timeout_ms,
        .handshake_timeout_ms = defaults.handshake_timeout_ms,
        .ticket_lifetime_s = defaults.session_lifetime_s,
        .store_timeout_ms = defaults.store_timeout_ms,
        .rehandshake = { { DTLS_REHANDSHAKE_FULL }, 1 },
    };
}

void settings_check(const struct settings *settings)
{
    if (settings->key != NULL && settings->cert == NULL)
        refuse("--key needs --cert");
    if (settings->ocsp_response != NULL && settings->cert == NULL && settings->pkcs12 == NULL)
        refuse("--ocsp-response needs the certificate that it is about: --cert or --pkcs12");
    if (settings->psk_hint != NULL && settings->psk.count == 0)
        refuse("--psk-hint needs --psk");
    if (settings->psk_hint != NULL && strlen(settings->psk_hint) > DTLS_PSK_MAX_HINT)
        refuse("--psk-hint is longer than %d bytes", DTLS_PSK_MAX_HINT);
    if (settings->client_ca != NULL && settings->client_certificate == DTLS_CLIENT_CERTIFICATE_NONE)
        refuse("--client-ca needs --client-cert ask or require");
    if (settings->max_associations < settings->workers)
        refuse("--max-associations %u is below --workers %u", settings->max_associations, settings->workers);
    if (settings->commands && settings->workers > 1)
        refuse("--commands goes with one worker only, not with --workers %u", settings->workers);
    if (settings->maximum_timeout_ms < settings->initial_timeout_ms)
        refuse("--maximum-timeout %u is below --initial-timeout %u", settings->maximum_timeout_ms,
               settings->initial_timeout_ms);
    if (settings->probe_mtu > 0 && settings->probe_mtu < settings->mtu)
        refuse("--probe-mtu %u is below --mtu %u", settings->probe_mtu, settings->mtu);
    if (settings->rehandshake_first_s > 0 && settings->rehandshake_every_s <= 0)
        refuse("--rehandshake-first needs --rehandshake-every");
    if (settings->session_store != NULL && settings->ticket_keys == NULL)
        refuse("--session-store needs --ticket-keys, to seal what goes there");
    if (settings->session_store != NULL && settings->no_cache)
        refuse("--session-store and --no-cache contradict each other");
    if (settings->share_ticket_keys && settings->session_store == NULL)
        refuse("--share-ticket-keys needs --session-store");
    if (settings->share_ticket_keys && settings->no_tickets)
        refuse("--share-ticket-keys and --no-tickets contradict each other");
    if (settings->rotate_ticket_keys_s > 0 && !settings->share_ticket_keys)
        refuse("--rotate-ticket-keys needs --share-ticket-keys");
    if (settings->rotate_ticket_keys_s > 0 && settings->ticket_lifetime_s / settings->rotate_ticket_keys_s > 12)
        refuse("--rotate-ticket-keys %u is less than a twelfth of --ticket-lifetime %u", settings->rotate_ticket_keys_s,
               settings->ticket_lifetime_s);
    if (settings->srtp_mki > 0 && settings->srtp.count == 0)
        refuse("--srtp-mki needs --srtp");
    if (settings->exported.len > 0 && !settings->print_keys)
        refuse("--export needs --print-srtp-keys, since what it prints is secret");
    if (settings->print_keys && settings->exported.len == 0 && settings->srtp.count == 0)
        refuse("--print-srtp-keys needs --srtp or --export");
    if (settings->flow_rate <= 0 && (settings->flow_size > 0 || settings->flow_s > 0 || settings->adapt))
        refuse("--size, --for and --adapt need --flow");
}

bool settings_is_token(const char *text)
{
    return text != NULL && strncmp(text, "pkcs11:", 7) == 0;
}

bool settings_have_token(const struct settings *settings)
{
    return settings_is_token(settings->cert) || settings_is_token(settings->key);
}

bool settings_have_keys_only(const struct settings *settings)
{
    return settings->psk.count > 0 && settings->cert == NULL && settings->pkcs12 == NULL;
}

static void configure_keys(const struct settings *settings, enum dtls_role role, struct dtls_config *config)
{
    const struct key *first = settings->psk.at;

    if (settings->psk.count == 0)
        return;
    if (role == DTLS_CLIENT) {
        config->psk_identity = (struct dtls_bytes){ first->identity, first->identity_len };
        config->psk_key = (struct dtls_bytes){ first->key, first->key_len };
        return;
    }
    config->psk = keys_answer;
    config->psk_arg = (void *)(uintptr_t)&settings->psk; /* which only reads it */
    if (settings->psk_hint != NULL)
        config->psk_hint = (struct dtls_bytes){ (const uint8_t *)settings->psk_hint, strlen(settings->psk_hint) };
}

void settings_configure(const struct settings *settings, enum dtls_role role, struct dtls_config *config)
{
    dtls_config_init(config);
    if (settings->pin.given)
        config->verifier = settings->raw_public_key ? dtls_verifier_pinned_key(settings->pin.fingerprint)
                                                    : dtls_verifier_pinned(settings->pin.fingerprint);
    else if (settings->psk.count == 0 || role == DTLS_SERVER) /* a client with keys lets nobody in without one */
        config->verifier = dtls_verifier_accept();
    configure_keys(settings, role, config);
    config->own_types = config->peer_types = settings->raw_public_key ? DTLS_TYPES_RAW_X509 : DTLS_TYPES_X509;
    config->client_certificate = (enum dtls_client_certificate)settings->client_certificate;
    config->allow_identity_change = settings->allow_identity_change;
    memcpy(config->suites, settings->suites.at, sizeof config->suites);
    config->suite_count = settings->suites.count;
    memcpy(config->groups, settings->groups.at, sizeof config->groups);
    config->group_count = settings->groups.count;
    memcpy(config->srtp_profiles, settings->srtp.at, sizeof config->srtp_profiles);
    config->srtp_profile_count = settings->srtp.count;
    config->srtp_mki_len = (uint8_t)settings->srtp_mki;
    config->exporter = settings->exported.len > 0;
    config->session_lifetime_s = settings->ticket_lifetime_s;
    config->store_timeout_ms = settings->store_timeout_ms;
    config->single_use_sessions = settings->single_use;
    config->mtu = settings->mtu;
    config->probe_mtu_to = settings->probe_mtu;
    config->answer_probes = settings->answer_probes;
    config->initial_timeout_ms = settings->initial_timeout_ms;
    config->maximum_timeout_ms = settings->maximum_timeout_ms;
    config->handshake_timeout_ms = settings->handshake_timeout_ms;
    config->rehandshake_policy = (enum dtls_rehandshake_policy)settings->rehandshake_policy;
    config->rehandshake_mandatory = settings->mandatory_rehandshake_ms > 0;
    config->rehandshake_timeout_ms = settings->mandatory_rehandshake_ms;
    config->renew_after_records = settings->renew_after_records;
    config->renew_after_bytes = settings->renew_after_bytes;
    config->renew_after_s = settings->renew_after_s;
    config->renew_mode = settings->rehandshake.at[0];
    config->peer_model = (enum dtls_peer_model)settings->peer_model;
    config->renegotiation_cookie = (enum dtls_renegotiation_cookie)settings->renegotiation_cookie;
}
