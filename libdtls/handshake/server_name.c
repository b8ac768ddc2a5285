/* server_name.c - who has asked for which name, and whether a session is of that name. Chooses no identity. */
#include "handshake/server_name.h"

#include <string.h>

#include "crypto/hash.h"
#include "handshake/choice.h"
#include "handshake/handshake.h"
#include "identity/host_name.h"

/* A copy in lower case with a NUL, in the pending set; the case of a name never counts (RFC 4343). */
static int keep(struct dtls_handshake *hs, struct dtls_bytes name)
{
    struct dtls_reader from = dtls_reader_of(name);
    char *copy = dtls_allocate(&hs->as->memory, name.len + 1);

    if (copy == NULL)
        return DTLS_ERR_NO_MEMORY;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = dtls_read_u8(&from);
        copy[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
    }
    hs->pending.server_name = copy;
    return DTLS_OK;
}

int dtls_server_name_take_offer(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    const struct dtls_config *config = hs->config;
    struct dtls_bytes name = extensions->server_name;

    if (!extensions->has_server_name)
        return DTLS_OK;
    if (!extensions->has_names)
        return DTLS_ERR_DECODE;
    if (name.len > 0 && !dtls_host_name_is_text(name))
        return DTLS_ERR_ILLEGAL_PARAMETER;
    int err = dtls_host_name_is_valid(name) ? keep(hs, name) : DTLS_OK;
    if (err != DTLS_OK)
        return err;
    hs->name_known =
        hs->pending.server_name != NULL && ((config->identity_count == 0 && config->choose_identity == NULL) ||
                                            dtls_config_knows_name(config, hs->pending.server_name));
    return hs->name_known || !config->refuse_unknown_names || config->choose_identity != NULL ? DTLS_OK
                                                                                              : DTLS_ERR_UNKNOWN_NAME;
}

int dtls_server_name_take_answer(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    hs->pending.server_name = hs->config->server_name;
    return extensions->has_names ? DTLS_ERR_DECODE : DTLS_OK;
}

/* In tickets and caches, where whole names would take a place each: enough of a hash that nobody finds a name with the
 * same for a name that is given. */
static void digest_name(const char *name, uint8_t out[DTLS_NAME_BINDING_LEN])
{
    uint8_t text[DTLS_HOST_NAME_MAX], digest[DTLS_HASH_MAX];
    size_t len = strlen(name);

    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    dtls_hash_once(DTLS_SHA256, dtls_view(text, len), digest);
    memcpy(out, digest, DTLS_NAME_BINDING_LEN);
}

void dtls_server_name_bind(struct dtls_session_state *session, const char *name)
{
    session->has_name = name != NULL;
    memset(session->name, 0, sizeof session->name);
    if (name != NULL)
        digest_name(name, session->name);
}

bool dtls_server_name_fits(const struct dtls_session_state *session, const char *name)
{
    struct dtls_session_state other;

    dtls_server_name_bind(&other, name);
    return session->has_name == other.has_name && memcmp(session->name, other.name, sizeof other.name) == 0;
}
