/* server_name.c - who has asked for which name. Chooses no identity. */
#include "handshake/server_name.h"

#include <string.h>

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
