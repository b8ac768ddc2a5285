/* types.c - types of certificates: ours, theirs, and those in common. Looks at no certificate. */
#include "handshake/types.h"

#include "handshake/handshake.h"
#include "identity/identity.h"

static struct dtls_bytes list_of(enum dtls_types types, uint8_t out[DTLS_MOST_TYPES])
{
    bool raw_first = types == DTLS_TYPES_RAW || types == DTLS_TYPES_RAW_X509;

    out[0] = raw_first ? DTLS_TYPE_RAW : DTLS_TYPE_X509;
    out[1] = raw_first ? DTLS_TYPE_X509 : DTLS_TYPE_RAW;
    return dtls_view(out, types == DTLS_TYPES_X509 || types == DTLS_TYPES_RAW ? 1 : 2);
}

struct dtls_bytes dtls_own_types(const struct dtls_handshake *hs, uint8_t out[DTLS_MOST_TYPES])
{
    if (!hs->keeps_identity)
        return list_of(hs->config->own_types, out);
    return list_of(hs->as->own_raw ? DTLS_TYPES_RAW : DTLS_TYPES_X509, out);
}

struct dtls_bytes dtls_peer_types(const struct dtls_config *config, uint8_t out[DTLS_MOST_TYPES])
{
    return list_of(config->peer_types, out);
}

bool dtls_types_need_saying(struct dtls_bytes types)
{
    return dtls_bytes_have_u8(types, DTLS_TYPE_RAW);
}

uint8_t dtls_types_choose(struct dtls_bytes ours, bool has_theirs, struct dtls_bytes theirs,
                          const struct dtls_identity *identity)
{
    struct dtls_reader from = dtls_reader_of(ours);

    while (dtls_reader_has_more(&from)) {
        uint8_t type = dtls_read_u8(&from);
        bool common = has_theirs ? dtls_bytes_have_u8(theirs, type) : type == DTLS_TYPE_X509;
        if (common && (type == DTLS_TYPE_RAW || identity == NULL || identity->chain_count > 0))
            return type;
    }
    return DTLS_TYPE_NONE;
}

static int no_common_type(struct dtls_handshake *hs, int err)
{
    hs->alert = DTLS_ALERT_UNSUPPORTED_CERTIFICATE; /* RFC 7250, 4.2 */
    return err;
}

int dtls_types_take_offer(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    uint8_t space[DTLS_MOST_TYPES];
    uint8_t type = dtls_types_choose(dtls_peer_types(hs->config, space), extensions->has_client_types,
                                     extensions->client_types, NULL);

    hs->peer_raw = type == DTLS_TYPE_RAW;
    if (type != DTLS_TYPE_NONE)
        return DTLS_OK;
    if (dtls_wanted_certificate(hs->config) == DTLS_CLIENT_CERTIFICATE_REQUIRE)
        return no_common_type(hs, DTLS_ERR_NO_CERTIFICATE);
    hs->asked = false; /* a client without one is welcome */
    return DTLS_OK;
}

/* One byte, of those that we have offered; without an answer it is X.509. */
static uint8_t answer_to(struct dtls_bytes ours, bool answered, struct dtls_bytes answer)
{
    struct dtls_reader from = dtls_reader_of(answer);
    uint8_t type = answered ? dtls_read_u8(&from) : DTLS_TYPE_X509;

    return dtls_bytes_have_u8(ours, type) ? type : DTLS_TYPE_NONE;
}

int dtls_types_take_answer(struct dtls_handshake *hs, const struct dtls_extensions *extensions)
{
    uint8_t own_space[DTLS_MOST_TYPES], peer_space[DTLS_MOST_TYPES];
    uint8_t own = answer_to(dtls_own_types(hs, own_space), extensions->has_client_types, extensions->client_types);
    uint8_t peer =
        answer_to(dtls_peer_types(hs->config, peer_space), extensions->has_server_types, extensions->server_types);

    if (extensions->has_type_lists)
        return DTLS_ERR_DECODE;
    if ((own == DTLS_TYPE_NONE && extensions->has_client_types) ||
        (peer == DTLS_TYPE_NONE && extensions->has_server_types))
        return DTLS_ERR_ILLEGAL_PARAMETER;
    if (peer == DTLS_TYPE_NONE)
        return no_common_type(hs, DTLS_ERR_BAD_CERTIFICATE);
    hs->own_type = own; /* none: if asked, we have nothing to show */
    hs->peer_raw = peer == DTLS_TYPE_RAW;
    return DTLS_OK;
}
