/* binding.c - sessions that are bound to names and identities. Chooses neither. */
#include "handshake/binding.h"

#include <string.h>

#include "crypto/hash.h"
#include "identity/host_name.h"
#include "identity/identity.h"

/* In tickets and stores, where whole names would take a place each: enough of a hash that nobody finds a name with the
 * same for a name that is given. The case of a name never counts (RFC 4343); no name has a NUL. */
void dtls_session_bind(struct dtls_session_state *session, const char *name, const struct dtls_identity *shown)
{
    uint8_t text[DTLS_HOST_NAME_MAX + 1 + DTLS_FINGERPRINT_LEN], digest[DTLS_HASH_MAX];
    size_t len = name == NULL ? 0 : strlen(name);

    session->bound = (uint8_t)((name != NULL ? DTLS_BOUND_TO_NAME : 0) | (shown != NULL ? DTLS_BOUND_TO_IDENTITY : 0));
    memset(session->binding, 0, sizeof session->binding);
    if (session->bound == 0)
        return;
    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    if (shown != NULL) {
        text[len++] = 0;
        memcpy(text + len, shown->fingerprint, sizeof shown->fingerprint);
        len += sizeof shown->fingerprint;
    }
    dtls_hash_once(DTLS_SHA256, dtls_view(text, len), digest);
    memcpy(session->binding, digest, sizeof session->binding);
}

bool dtls_session_fits(const struct dtls_session_state *session, const char *name, const struct dtls_identity *shown)
{
    struct dtls_session_state other;

    dtls_session_bind(&other, name, shown);
    return session->bound == other.bound && memcmp(session->binding, other.binding, sizeof other.binding) == 0;
}

bool dtls_session_fits_config(const struct dtls_session_state *session, const struct dtls_config *config)
{
    if ((session->bound & DTLS_BOUND_TO_IDENTITY) == 0)
        return dtls_session_fits(session, config->server_name, NULL);
    if (config->identity != NULL && dtls_session_fits(session, config->server_name, config->identity))
        return true;
    for (size_t i = 0; i < config->identity_count; i++)
        if (dtls_session_fits(session, config->server_name, config->identities[i].identity))
            return true;
    return false;
}
