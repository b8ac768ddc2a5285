/* alpn.c - which application protocol two ends agree on, and whether they may do without. */
#include "handshake/alpn.h"

#include <string.h>

#include "handshake/handshake.h"

enum { NAME_MAX = 255 };

const char *dtls_alpn_problem(const struct dtls_config *config)
{
    size_t bytes = 0;

    if (config->alpn_policy > DTLS_ALPN_REQUIRED)
        return "alpn_policy is not one of its values";
    if (config->alpn_policy == DTLS_ALPN_REQUIRED && config->alpn_count == 0)
        return "alpn_policy REQUIRED needs alpn";
    if (config->alpn_count > DTLS_MAX_ALPN || (config->alpn_count > 0 && config->alpn == NULL))
        return "alpn is missing, or has too many";
    for (size_t i = 0; i < config->alpn_count; i++) {
        size_t len = config->alpn[i] == NULL ? 0 : strlen(config->alpn[i]);
        if (len == 0 || len > NAME_MAX)
            return "alpn has a name that is empty, or longer than 255 bytes";
        bytes += 1 + len;
    }
    return bytes > DTLS_ALPN_LIST_MOST ? "alpn has more than 1,024 bytes in all" : NULL;
}

void dtls_alpn_write(struct dtls_writer *to, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        dtls_write_vec8(to, dtls_view(names[i], strlen(names[i])));
}

static bool list_has(struct dtls_bytes list, const char *name)
{
    struct dtls_reader from = dtls_reader_of(list);
    struct dtls_bytes wanted = dtls_view(name, strlen(name));

    while (dtls_reader_has_more(&from))
        if (dtls_bytes_equal(dtls_read_vec8(&from), wanted))
            return true;
    return false;
}

/* Only what its peer says nothing of may be missing by default. */
static int do_without(const struct dtls_handshake *hs, bool peer_has_some)
{
    bool may = hs->config->alpn_count == 0 || hs->config->alpn_policy == DTLS_ALPN_OPTIONAL ||
               (hs->config->alpn_policy == DTLS_ALPN_IF_OFFERED && !peer_has_some);

    return may ? DTLS_OK : DTLS_ERR_NO_COMMON_PROTOCOL;
}

int dtls_alpn_take_offer(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    const struct dtls_config *config = hs->config;

    for (size_t i = 0; i < config->alpn_count && hs->pending.alpn == NULL; i++)
        if (list_has(extensions->alpn, config->alpn[i]))
            hs->pending.alpn = config->alpn[i];
    return hs->pending.alpn != NULL ? DTLS_OK : do_without(hs, extensions->has_alpn);
}

/* RFC 7301, 3.1: one name, of those that were offered. */
int dtls_alpn_take_answer(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    const struct dtls_config *config = hs->config;
    struct dtls_reader list = dtls_reader_of(extensions->alpn);
    struct dtls_bytes chosen = dtls_read_vec8(&list);

    if (!extensions->has_alpn)
        return do_without(hs, false);
    for (size_t i = 0; i < config->alpn_count; i++)
        if (dtls_bytes_equal(chosen, dtls_view(config->alpn[i], strlen(config->alpn[i]))))
            hs->pending.alpn = config->alpn[i];
    return hs->pending.alpn != NULL && !dtls_reader_has_more(&list) ? DTLS_OK : DTLS_ERR_ILLEGAL_PARAMETER;
}
