/* verifier.c - the verifiers that need no list of trusted authorities. */
#include <string.h>

#include "dtls/identity.h"
#include "identity/certificate.h"

/* RFC 8122, 6.2: no match ends the connection with bad_certificate. */
static int verify_pinned(void *arg, const struct dtls_peer_identity *peer)
{
    bool same = memcmp(arg, peer->fingerprint, DTLS_FINGERPRINT_LEN) == 0;

    return same ? 0 : DTLS_ALERT_BAD_CERTIFICATE;
}

static int verify_pinned_key(void *arg, const struct dtls_peer_identity *peer)
{
    uint8_t own[DTLS_FINGERPRINT_LEN];
    const uint8_t *fingerprint = own;

    if (peer->kind == DTLS_PEER_RAW_KEY)
        fingerprint = peer->fingerprint;
    else
        dtls_certificate_fingerprint(peer->key_info, own);
    return memcmp(arg, fingerprint, DTLS_FINGERPRINT_LEN) == 0 ? 0 : DTLS_ALERT_BAD_CERTIFICATE;
}

static int verify_nothing(void *arg, const struct dtls_peer_identity *peer)
{
    (void)arg;
    (void)peer;
    return 0;
}

struct dtls_verifier dtls_verifier_pinned(const uint8_t *fingerprint)
{
    return (struct dtls_verifier){ verify_pinned, (void *)fingerprint };
}

struct dtls_verifier dtls_verifier_pinned_key(const uint8_t *fingerprint)
{
    return (struct dtls_verifier){ verify_pinned_key, (void *)fingerprint };
}

struct dtls_verifier dtls_verifier_accept(void)
{
    return (struct dtls_verifier){ verify_nothing, NULL };
}
