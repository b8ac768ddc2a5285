/* pkix.c - the verifier of libdtls-pkix: its life, and the order in which it asks. The answers are in the rooms beside
 * it. */
#define _POSIX_C_SOURCE 200809L /* strdup */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/pkix_internal.h"

enum { CLIENTS_REMEMBERED = 1024, SERVERS_REMEMBERED = 64 };

/* Read-only but for `seen`, which has a lock. */
struct dtls_pkix {
    const struct dtls_pkix_trust *trust;
    struct dtls_pkix_settings settings; /* its name is the copy: */
    char *name;
    struct dtls_pkix_seen *seen;
};

const char *dtls_pkix_problem(const struct dtls_pkix_trust *trust, const struct dtls_pkix_settings *settings)
{
    uint8_t address[16];

    if (settings->role != DTLS_CLIENT && settings->role != DTLS_SERVER)
        return "role is neither DTLS_CLIENT nor DTLS_SERVER";
    if (trust == NULL || trust->anchor_count == 0)
        return "nobody is trusted: add an authority first";
    if (settings->role == DTLS_CLIENT && settings->name == NULL && !settings->any_name)
        return "a client needs the name of the server that it expects (name), or has to say any_name";
    if (settings->name != NULL && settings->any_name)
        return "name and any_name contradict each other";
    if (settings->name != NULL && dtls_pkix_address(settings->name, address) == 0 && !dtls_pkix_is_host(settings->name))
        return "name is no host name in ASCII, and no IP address";
    return NULL;
}

int dtls_pkix_new(const struct dtls_pkix_trust *trust, const struct dtls_pkix_settings *settings,
                  struct dtls_pkix **out)
{
    *out = NULL;
    if (dtls_pkix_problem(trust, settings) != NULL)
        return DTLS_ERR_ARGUMENT;
    struct dtls_pkix *pkix = calloc(1, sizeof *pkix);
    if (pkix == NULL)
        return DTLS_ERR_NO_MEMORY;
    pkix->trust = trust;
    pkix->settings = *settings;
    pkix->seen = dtls_pkix_seen_new(settings->role == DTLS_CLIENT ? SERVERS_REMEMBERED : CLIENTS_REMEMBERED);
    if (settings->name != NULL)
        pkix->name = strdup(settings->name);
    if (pkix->seen == NULL || (settings->name != NULL && pkix->name == NULL)) {
        dtls_pkix_free(pkix);
        return DTLS_ERR_NO_MEMORY;
    }
    *out = pkix;
    return DTLS_OK;
}

void dtls_pkix_free(struct dtls_pkix *pkix)
{
    if (pkix == NULL)
        return;
    dtls_pkix_seen_free(pkix->seen);
    free(pkix->name);
    free(pkix);
}

/* ---- the verdict ---- */

/* Parsed certificates of one peer. */
struct chain {
    gnutls_x509_crt_t at[DTLS_MOST_CERTIFICATES];
    size_t count;
};

static int parse(struct dtls_pkix_case *judged, const struct dtls_peer_identity *peer, struct chain *chain)
{
    for (size_t i = 0; i < peer->chain_count; i++) {
        const gnutls_datum_t der = { (unsigned char *)(uintptr_t)peer->chain[i].at, (unsigned)peer->chain[i].len };
        if (gnutls_x509_crt_init(&chain->at[i]) < 0)
            return dtls_pkix_refuse(judged, DTLS_ALERT_INTERNAL_ERROR, "out of memory");
        chain->count++;
        if (gnutls_x509_crt_import(chain->at[i], &der, GNUTLS_X509_FMT_DER) < 0)
            return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE,
                                    "certificate %zu of the peer's chain cannot be read", i + 1);
        int alert = dtls_pkix_check_sanity(judged, chain->at[i]);
        if (alert != 0)
            return alert;
    }
    return 0;
}

/* What a server says with its certificate, or ought to. */
static int check_staple(struct dtls_pkix_case *judged, const struct dtls_pkix_path *path,
                        const struct dtls_peer_identity *peer)
{
    char name[DTLS_PKIX_NAME];

    if (peer->role != DTLS_SERVER)
        return 0;
    if (peer->status.len > 0)
        return dtls_pkix_check_status(judged, path, peer->status);
    if (!dtls_pkix_must_staple(path->at[0]))
        return 0;
    return dtls_pkix_refuse(judged, DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE,
                            "certificate of %s demands a stapled OCSP response (must-staple), and none %s",
                            dtls_pkix_name_of(path->at[0], name),
                            peer->asked_status ? "came" : "was asked for (request_status)");
}

static int judge(const struct dtls_pkix *pkix, struct dtls_pkix_case *judged, const struct dtls_peer_identity *peer,
                 struct chain *chain)
{
    struct dtls_pkix_path path = { .count = 0 };
    int alert = parse(judged, peer, chain);

    if (alert == 0)
        alert = dtls_pkix_find_path(judged, chain->at, chain->count, &path);
    if (alert == 0 && pkix->name != NULL)
        alert = dtls_pkix_check_name(judged, path.at[0], pkix->name);
    return alert == 0 ? check_staple(judged, &path, peer) : alert;
}

static int verify(void *arg, const struct dtls_peer_identity *peer)
{
    struct dtls_pkix *pkix = arg;
    const struct dtls_pkix_settings *settings = &pkix->settings;
    int64_t now = settings->now != NULL ? settings->now(settings->now_arg) : (int64_t)time(NULL);
    struct dtls_pkix_case judged = { pkix->trust, peer->role, now, INT64_MAX, peer->reason };
    struct chain chain = { .count = 0 };

    if (peer->role == settings->role)
        return dtls_pkix_refuse(&judged, DTLS_ALERT_INTERNAL_ERROR, "this verifier was made for the other role");
    if (peer->kind == DTLS_PEER_RAW_KEY)
        return dtls_pkix_refuse(&judged, DTLS_ALERT_UNSUPPORTED_CERTIFICATE,
                                "the peer has a raw public key, and no authority vouches for one");
    if (peer->chain_count > DTLS_MOST_CERTIFICATES)
        return dtls_pkix_refuse(&judged, DTLS_ALERT_BAD_CERTIFICATE,
                                "the peer's certificate chain has more than %d certificates", DTLS_MOST_CERTIFICATES);
    if (peer->chain_count == 0) {
        if (dtls_pkix_seen_has(pkix->seen, peer->fingerprint, now))
            return 0;
        return dtls_pkix_refuse(&judged, DTLS_ALERT_CERTIFICATE_UNKNOWN, "the peer has to show its certificates again");
    }
    int alert = judge(pkix, &judged, peer, &chain);
    for (size_t i = 0; i < chain.count; i++)
        gnutls_x509_crt_deinit(chain.at[i]);
    if (alert == 0)
        dtls_pkix_seen_add(pkix->seen, peer->fingerprint, judged.good_until);
    else
        dtls_pkix_seen_drop(pkix->seen, peer->fingerprint);
    return alert;
}

struct dtls_verifier dtls_pkix_verifier(struct dtls_pkix *pkix)
{
    return (struct dtls_verifier){ verify, pkix };
}
