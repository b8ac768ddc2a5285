/* choice.c - the order in which identities are tried, and what a peer can do with one. */
#include "handshake/choice.h"

#include <string.h>

#include "handshake/handshake.h"
#include "handshake/types.h"
#include "identity/authorities.h"
#include "identity/host_name.h"
#include "identity/identity.h"

enum { MOST_IDENTITIES = 4096 };

bool dtls_config_has_identity(const struct dtls_config *config)
{
    return config->identity != NULL || config->identity_count > 0 || config->choose_identity != NULL;
}

const char *dtls_choice_problem(const struct dtls_config *config, enum dtls_role role)
{
    if (config->identity_count > MOST_IDENTITIES || (config->identity_count > 0 && config->identities == NULL))
        return "identities is missing, or has more than 4,096 rows";
    for (size_t i = 0; i < config->identity_count; i++) {
        const struct dtls_named_identity *row = &config->identities[i];
        if (row->identity == NULL ||
            (row->name != NULL && !dtls_host_pattern_is_valid(dtls_view(row->name, strlen(row->name)))))
            return "identities has a row without an identity, or whose name is none";
    }
    if (role == DTLS_SERVER && config->refuse_unknown_names && config->identity_count == 0 &&
        config->choose_identity == NULL)
        return "refuse_unknown_names needs identities, or choose_identity";
    if (config->own_types > DTLS_TYPES_RAW_X509 || config->peer_types > DTLS_TYPES_RAW_X509)
        return "own_types or peer_types is not one of its values";
    if (config->authorities.len > DTLS_AUTHORITIES_MAX || !dtls_authorities_are_whole(config->authorities))
        return "authorities is no list of names, or above 16,384 bytes";
    return NULL;
}

/* ---- what a peer can do with an identity ---- */

/* Of a hello or a request, as far as it says. */
struct peer {
    bool is_client;
    bool has_groups;
    bool has_server_types;
    struct dtls_bytes suites, groups, server_types; /* a client's */
    struct dtls_bytes types;                        /* a server's: of certificates */
    struct dtls_bytes schemes, authorities;
};

static bool has_suite(const struct dtls_config *config, const struct peer *peer, enum dtls_key_kind kind)
{
    uint16_t suites[DTLS_MAX_SUITES];
    size_t count = dtls_config_suites(config, DTLS_SERVER, suites);

    for (size_t i = 0; i < count; i++) {
        const struct dtls_suite_row *row = dtls_suite_find(suites[i]);
        if (!row->psk && row->rsa == (kind == DTLS_KEY_RSA) && dtls_bytes_have_u16(peer->suites, suites[i]))
            return true;
    }
    return false;
}

static bool has_curve(const struct peer *peer, enum dtls_key_kind kind)
{
    if (!peer->has_groups || (kind != DTLS_KEY_P256 && kind != DTLS_KEY_P384))
        return true;
    return dtls_bytes_have_u16(peer->groups, kind == DTLS_KEY_P256 ? DTLS_GROUP_SECP256R1 : DTLS_GROUP_SECP384R1);
}

static bool takes_type(const struct peer *peer, enum dtls_key_kind kind)
{
    return dtls_bytes_have_u8(peer->types,
                              kind == DTLS_KEY_RSA ? DTLS_RSA_SIGN : DTLS_ECDSA_SIGN); /* Ed25519 too: RFC 8422, 5.5 */
}

/* As what is an identity shown (NULL: any)? A client knows already which type it is to be. */
static uint8_t type_for(const struct dtls_handshake *hs, const struct peer *peer, const struct dtls_identity *identity)
{
    uint8_t space[DTLS_MOST_TYPES];
    struct dtls_bytes agreed = { &hs->own_type, 1 };

    if (!peer->is_client)
        return dtls_types_choose(agreed, true, agreed, identity);
    return dtls_types_choose(dtls_own_types(hs, space), peer->has_server_types, peer->server_types, identity);
}

enum { OF_NO_USE = -1 };

/* How good an identity is for a peer. The curve of an ECDSA key should be among the peer's groups (RFC 8422, 5.1.1),
 * and an authority it knows should have issued it; but a client is not left alone for that. */
static int worth(const struct dtls_handshake *hs, const struct peer *peer, const struct dtls_identity *identity)
{
    const struct dtls_config *config = hs->config;
    enum dtls_key_kind kind = identity->public_key.kind;
    uint8_t type = type_for(hs, peer, identity);

    if (type == DTLS_TYPE_NONE || dtls_scheme_choose(kind, peer->schemes) == 0)
        return OF_NO_USE;
    if (peer->is_client ? !has_suite(config, peer, kind) : !takes_type(peer, kind))
        return OF_NO_USE;
    bool known =
        peer->authorities.len == 0 || type == DTLS_TYPE_RAW || dtls_authorities_have(peer->authorities, identity);
    if (!peer->is_client && !known && !config->ignore_authorities)
        return OF_NO_USE;
    return 2 * has_curve(peer, kind) + known;
}

/* ---- the order ---- */

/* The rows of a table that are tried together, in this order of kinds. */
enum kind { EXACT, WILD, OTHER, KINDS };

static enum kind kind_of(const struct dtls_named_identity *row)
{
    if (row->name == NULL)
        return OTHER;
    return row->name[0] == '*' ? WILD : EXACT;
}

static bool is_for(const struct dtls_named_identity *row, enum kind kind, const char *name)
{
    if (kind_of(row) != kind)
        return false;
    return kind == OTHER || (name != NULL && dtls_host_pattern_has(dtls_view(row->name, strlen(row->name)),
                                                                   dtls_view(name, strlen(name))));
}

bool dtls_config_knows_name(const struct dtls_config *config, const char *name)
{
    for (size_t i = 0; i < config->identity_count; i++)
        if (is_for(&config->identities[i], EXACT, name) || is_for(&config->identities[i], WILD, name))
            return true;
    return false;
}

struct best {
    const struct dtls_identity *identity;
    int worth;
};

static void consider(struct best *best, const struct dtls_handshake *hs, const struct peer *peer,
                     const struct dtls_identity *identity)
{
    int worth_now = identity == NULL ? OF_NO_USE : worth(hs, peer, identity);

    if (worth_now > best->worth)
        *best = (struct best){ identity, worth_now };
}

/* In a client all rows are of one kind. */
static const struct dtls_identity *look_up(const struct dtls_handshake *hs, const struct peer *peer)
{
    const struct dtls_config *config = hs->config;

    for (int kind = peer->is_client ? EXACT : OTHER; kind < KINDS; kind++) {
        struct best best = { NULL, OF_NO_USE };
        if (kind == OTHER)
            consider(&best, hs, peer, config->identity);
        for (size_t i = 0; i < config->identity_count; i++)
            if (!peer->is_client || is_for(&config->identities[i], (enum kind)kind, hs->pending.server_name))
                consider(&best, hs, peer, config->identities[i].identity);
        if (best.identity != NULL)
            return best.identity;
    }
    return NULL;
}

/* ---- the choice ---- */

static int read_peer(const struct dtls_handshake *hs, struct peer *out)
{
    struct dtls_bytes message = { hs->transcript.bytes + hs->choice_at, hs->choice_len };
    struct dtls_certificate_request request;
    struct dtls_client_hello hello;

    if (hs->as->role == DTLS_SERVER) {
        if (dtls_client_hello_read(message, &hello) != DTLS_OK)
            return DTLS_ERR_INTERNAL;
        *out = (struct peer){ .is_client = true,
                              .has_groups = hello.extensions.has_groups,
                              .groups = hello.extensions.groups,
                              .has_server_types = hello.extensions.has_server_types,
                              .server_types = hello.extensions.server_types,
                              .suites = hello.suites,
                              .schemes = hello.extensions.schemes,
                              .authorities = hello.extensions.authorities };
        return DTLS_OK;
    }
    if (dtls_certificate_request_read(message, &request) != DTLS_OK)
        return DTLS_ERR_INTERNAL;
    *out = (struct peer){ .types = request.types, .schemes = request.schemes, .authorities = request.authorities };
    return DTLS_OK;
}

/* The identity is known: can the peer do anything with it? The application's may be of no use. */
static void settle(struct dtls_handshake *hs, const struct dtls_identity *identity, const struct peer *peer)
{
    enum dtls_key_kind kind = identity == NULL ? DTLS_KEY_NONE : identity->public_key.kind;
    uint8_t type = type_for(hs, peer, identity);
    bool usable = identity != NULL && type != DTLS_TYPE_NONE && (peer->is_client || takes_type(peer, kind));

    if (peer->is_client)
        hs->own_type = type;
    hs->identity = identity;
    hs->scheme = usable ? dtls_scheme_choose(kind, peer->schemes) : 0;
}

static void put(struct dtls_handshake *hs, struct dtls_question *question)
{
    struct dtls_identity_request request = { .server_name =
                                                 hs->as->role == DTLS_SERVER ? hs->pending.server_name : NULL };
    struct peer peer;

    if (read_peer(hs, &peer) == DTLS_OK) {
        request.schemes = peer.schemes;
        request.authorities = peer.authorities;
        request.suggested = look_up(hs, &peer);
    }
    hs->config->choose_identity(hs->config->choose_identity_arg, question, &request);
}

static int hear(struct dtls_handshake *hs, const struct dtls_question *question)
{
    struct dtls_choice choice = { NULL };
    struct peer peer;
    int err = read_peer(hs, &peer);

    if (question->granted)
        memcpy(&choice, question->answer, sizeof choice);
    const struct dtls_identity *identity = choice.identity;
    if (err == DTLS_OK && identity == NULL && peer.is_client && hs->config->refuse_unknown_names && !hs->name_known &&
        hs->pending.server_name != NULL)
        err = DTLS_ERR_UNKNOWN_NAME;
    if (err != DTLS_OK)
        return err;
    if (hs->pending.server_name != NULL && identity != NULL)
        hs->name_known = true;
    settle(hs, identity, &peer);
    return hs->then_chosen(hs);
}

static bool may_show_one(const struct dtls_handshake *hs, const struct peer *peer)
{
    return !peer->is_client || has_suite(hs->config, peer, DTLS_KEY_RSA) || has_suite(hs->config, peer, DTLS_KEY_P256);
}

int dtls_handshake_choose_identity(struct dtls_handshake *hs, int (*then)(struct dtls_handshake *hs))
{
    struct peer peer;
    int err = read_peer(hs, &peer);

    if (err != DTLS_OK)
        return err;
    if (hs->keeps_identity) {
        settle(hs, hs->identity, &peer);
    } else if (hs->config->choose_identity != NULL && may_show_one(hs, &peer)) {
        hs->then_chosen = then;
        return dtls_handshake_ask(hs, DTLS_QUESTION_IDENTITY, sizeof(struct dtls_choice), 0, put, hear);
    } else {
        settle(hs, look_up(hs, &peer), &peer);
    }
    return then(hs);
}
