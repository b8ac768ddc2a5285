/* mark.c - the functions that stand in front of libdtls's, nettle's and the box's. */
#include "tests/secrets/mark.h"

#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <nettle/rsa.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "crypto/ecdhe.h"
#include "crypto/key_nettle.h"
#include "crypto/secret.h"
#include "dtls/dtls.h"
#include "handshake/key_schedule.h"
#include "handshake/session.h"
#include "identity/identity.h"
#include "identity/self_signed.h"
#include "tests/box/identity.h"
#include "tests/box/rng.h"

enum { HANDSHAKE_HEADER = 12, FINISHED = 20 };

static struct sighting {
    const char *name;
    size_t seen, unmarked;
} sightings[SECRET_KINDS] = {
    [SECRET_P256_KEY] = { .name = "P-256 private key" },
    [SECRET_P384_KEY] = { .name = "P-384 private key" },
    [SECRET_ED25519_KEY] = { .name = "Ed25519 private key" },
    [SECRET_RSA_KEY] = { .name = "RSA private key" },
    [SECRET_EPHEMERAL] = { .name = "ephemeral scalar" },
    [SECRET_PREMASTER] = { .name = "premaster secret" },
    [SECRET_PSK] = { .name = "pre-shared key" },
    [SECRET_MASTER] = { .name = "master secret" },
    [SECRET_SESSION_MASTER] = { .name = "master secret of a session" },
    [SECRET_VERIFY_DATA] = { .name = "verify_data" },
    [SECRET_RECORD_KEY] = { .name = "record key" },
    [SECRET_TICKET_KEY] = { .name = "ticket key" },
    [SECRET_COOKIE] = { .name = "cookie secret" },
    [SECRET_DATA] = { .name = "application data" },
};

const char *secret_name(enum secret_kind kind)
{
    return sightings[kind].name;
}

size_t secret_sightings(enum secret_kind kind)
{
    return sightings[kind].seen;
}

size_t secret_unmarked(enum secret_kind kind)
{
    return sightings[kind].unmarked;
}

static size_t psk_len;

void secret_expect_psk(size_t len)
{
    psk_len = len;
}

static void mark(const void *bytes, size_t len)
{
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, len);
}

static void publish(const void *bytes, size_t len)
{
    VALGRIND_MAKE_MEM_DEFINED(bytes, len);
}

static void publish_view(struct dtls_bytes view)
{
    publish(view.at, view.len);
}

static void publish_number(const mpz_t number)
{
    publish(number->_mp_d, (size_t)number->_mp_alloc * sizeof(mp_limb_t));
}

bool secret_is_marked(const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t undefined_bits = 0;
        if (VALGRIND_GET_VBITS((const uint8_t *)bytes + i, &undefined_bits, 1) != 1 || undefined_bits == 0)
            return false;
    }
    return len > 0;
}

static void see(enum secret_kind kind, const void *bytes, size_t len)
{
    sightings[kind].seen++;
    if (!secret_is_marked(bytes, len))
        sightings[kind].unmarked++;
}

static void see_number(enum secret_kind kind, const mpz_t number)
{
    see(kind, number->_mp_d, mpz_size(number) * sizeof(mp_limb_t));
}

#define WRAP(type, name, ...)                                                                                          \
    type __real_##name(__VA_ARGS__); /* NOLINT: the linker's names */                                                  \
    type __wrap_##name(__VA_ARGS__); /* NOLINT */                                                                      \
    type __wrap_##name(__VA_ARGS__)  /* NOLINT */

/* ---- where secrets come from ---- */

WRAP(int, rng_fill, void *arg, uint8_t *out, size_t len)
{
    int result = __real_rng_fill(arg, out, len);

    mark(out, len);
    return result;
}

static void mark_number(const mpz_t number)
{
    mark(number->_mp_d, (size_t)number->_mp_alloc * sizeof(mp_limb_t));
}

/* The insides of a key; which of them it has, its kind says. */
static const struct ecc_scalar *scalar_of(const struct dtls_private_key *key)
{
    return &((const struct dtls_ecdsa_key *)key)->scalar;
}

static const uint8_t *seed_of(const struct dtls_private_key *key)
{
    return ((const struct dtls_ed25519_key *)key)->seed;
}

static const struct rsa_private_key *rsa_of(const struct dtls_private_key *key)
{
    return &((const struct dtls_rsa_key *)key)->secret;
}

static void mark_key(const struct dtls_private_key *key)
{
    const struct rsa_private_key *rsa = rsa_of(key);

    switch (key->ops->kind) {
    case DTLS_KEY_P256:
    case DTLS_KEY_P384:
        mark(scalar_of(key)->p, dtls_curve_len(scalar_of(key)->ecc));
        break;
    case DTLS_KEY_ED:
        mark(seed_of(key), DTLS_ED25519_LEN);
        break;
    case DTLS_KEY_RSA:
        mark_number(rsa->d);
        mark_number(rsa->p);
        mark_number(rsa->q);
        mark_number(rsa->a);
        mark_number(rsa->b);
        mark_number(rsa->c);
        break;
    case DTLS_KEY_NONE:
        break;
    }
}

WRAP(const struct dtls_identity *, identity_of, enum identity_kind kind)
{
    static bool is_marked[IDENTITY_KINDS];
    const struct dtls_identity *identity = __real_identity_of(kind);

    if (!is_marked[kind])
        mark_key(identity->key);
    is_marked[kind] = true;
    return identity;
}

/* ---- public halves, signatures, verdicts ---- */

WRAP(size_t, dtls_point_of_scalar, const struct ecc_scalar *scalar, uint8_t out[DTLS_POINT_MAX])
{
    size_t len = __real_dtls_point_of_scalar(scalar, out);

    publish(out, len);
    return len;
}

WRAP(void, nettle_curve25519_mul_g, uint8_t *point, const uint8_t *scalar)
{
    __real_nettle_curve25519_mul_g(point, scalar);
    publish(point, 32);
}

WRAP(void, nettle_ed25519_sha512_public_key, uint8_t *public, const uint8_t *seed)
{
    __real_nettle_ed25519_sha512_public_key(public, seed);
    publish(public, ED25519_KEY_SIZE);
}

WRAP(void, nettle_ecdsa_sign, const struct ecc_scalar *key, void *random_arg, nettle_random_func *random, size_t len,
     const uint8_t *digest, struct dsa_signature *signature)
{
    __real_nettle_ecdsa_sign(key, random_arg, random, len, digest, signature);
    publish_number(signature->r);
    publish_number(signature->s);
}

WRAP(void, nettle_ed25519_sha512_sign, const uint8_t *public, const uint8_t *seed, size_t len, const uint8_t *message,
     uint8_t *signature)
{
    __real_nettle_ed25519_sha512_sign(public, seed, len, message, signature);
    publish(signature, ED25519_SIGNATURE_SIZE);
}

static int publish_signature(int made, const mpz_t signature)
{
    publish_number(signature);
    publish(&made, sizeof made);
    return made;
}

WRAP(int, nettle_rsa_pkcs1_sign_tr, const struct rsa_public_key *public, const struct rsa_private_key *secret,
     void *random_arg, nettle_random_func *random, size_t len, const uint8_t *info, mpz_t signature)
{
    return publish_signature(__real_nettle_rsa_pkcs1_sign_tr(public, secret, random_arg, random, len, info, signature),
                             signature);
}

WRAP(int, nettle_rsa_pss_sha256_sign_digest_tr, const struct rsa_public_key *public,
     const struct rsa_private_key *secret, void *random_arg, nettle_random_func *random, size_t salt_len,
     const uint8_t *salt, const uint8_t *digest, mpz_t signature)
{
    return publish_signature(__real_nettle_rsa_pss_sha256_sign_digest_tr(public, secret, random_arg, random, salt_len,
                                                                         salt, digest, signature),
                             signature);
}

WRAP(int, nettle_ecc_scalar_set, struct ecc_scalar *scalar, const mpz_t number)
{
    int in_range = __real_nettle_ecc_scalar_set(scalar, number);

    publish(&in_range, sizeof in_range);
    return in_range;
}

WRAP(bool, dtls_secret_equal, const void *a, const void *b, size_t len)
{
    bool equal = __real_dtls_secret_equal(a, b, len);

    publish(&equal, sizeof equal);
    return equal;
}

/* ---- what messages and tickets show ---- */

WRAP(void, dtls_client_hello_write, struct dtls_writer *to, const struct dtls_client_hello *hello)
{
    publish_view(hello->random);
    publish_view(hello->session_id);
    publish_view(hello->extensions.renegotiation_info);
    __real_dtls_client_hello_write(to, hello);
}

WRAP(void, dtls_server_hello_write, struct dtls_writer *to, const struct dtls_server_hello *hello)
{
    publish_view(hello->random);
    publish_view(hello->session_id);
    publish_view(hello->extensions.renegotiation_info);
    __real_dtls_server_hello_write(to, hello);
}

WRAP(int, dtls_self_signed_write, struct dtls_writer *to, const struct dtls_self_signed *what,
     const struct dtls_private_key *key, const struct dtls_random *random)
{
    int result = __real_dtls_self_signed_write(to, what, key, random);

    publish(to->at, to->len);
    return result;
}

WRAP(int, dtls_session_seal, const struct dtls_ticket_key *key, enum dtls_sealed_kind kind,
     const struct dtls_memory *memory, const struct dtls_random *random, const struct dtls_session_state *state,
     uint8_t out[DTLS_SEALED_SESSION_MOST], size_t *len)
{
    see(SECRET_TICKET_KEY, key->key, sizeof key->key);
    see(SECRET_SESSION_MASTER, state->master, sizeof state->master);
    return __real_dtls_session_seal(key, kind, memory, random, state, out, len);
}

WRAP(bool, dtls_session_open, const struct dtls_ticket_keys *keys, uint64_t now_us, enum dtls_sealed_kind kind,
     struct dtls_bytes id, const struct dtls_memory *memory, struct dtls_bytes sealed, struct dtls_session_state *out,
     const struct dtls_ticket_key **key)
{
    for (size_t i = 0; i < keys->count; i++)
        see(SECRET_TICKET_KEY, keys->keys[i].key, sizeof keys->keys[i].key);
    bool opened = __real_dtls_session_open(keys, now_us, kind, id, memory, sealed, out, key);
    if (opened)
        see(SECRET_SESSION_MASTER, out->master, sizeof out->master);
    return opened;
}

WRAP(void, dtls_session_state_read, struct dtls_reader *from, struct dtls_session_state *out)
{
    enum { MASTER_AT = 1 + 2 };

    if (from->left >= MASTER_AT + sizeof out->master) {
        publish(from->at, MASTER_AT);
        publish(from->at + MASTER_AT + sizeof out->master, from->left - MASTER_AT - sizeof out->master);
    } else {
        publish(from->at, from->left);
    }
    __real_dtls_session_state_read(from, out);
}

WRAP(struct dtls_session *, dtls_session_new, const struct dtls_memory *memory, const struct dtls_session_state *state,
     struct dtls_bytes ticket, uint32_t lifetime_s)
{
    see(SECRET_SESSION_MASTER, state->master, sizeof state->master);
    return __real_dtls_session_new(memory, state, ticket, lifetime_s);
}

WRAP(enum dtls_opened, dtls_epoch_open, struct dtls_epoch *epoch, struct dtls_record *record)
{
    enum dtls_opened opened = __real_dtls_epoch_open(epoch, record);
    size_t public = record->len;

    if (opened != DTLS_OPENED || epoch->aead == NULL)
        return opened;
    if (record->type == DTLS_APPLICATION_DATA) {
        see(SECRET_DATA, record->body, record->len);
        return opened;
    }
    if (record->type == DTLS_HANDSHAKE_RECORD && record->len == HANDSHAKE_HEADER + DTLS_VERIFY_DATA_LEN) {
        publish(record->body, HANDSHAKE_HEADER);
        if (record->body[0] == FINISHED)
        public = HANDSHAKE_HEADER;
    }
    publish(record->body, public);
    return opened;
}

/* ---- secrets at work ---- */

WRAP(int, dtls_signature_make, const struct dtls_private_key *key, uint16_t scheme, const struct dtls_random *random,
     struct dtls_bytes message, uint8_t *out, size_t *len)
{
    const struct rsa_private_key *rsa = rsa_of(key);

    switch (key->ops->kind) {
    case DTLS_KEY_P256:
        see(SECRET_P256_KEY, scalar_of(key)->p, 32);
        break;
    case DTLS_KEY_P384:
        see(SECRET_P384_KEY, scalar_of(key)->p, 48);
        break;
    case DTLS_KEY_ED:
        see(SECRET_ED25519_KEY, seed_of(key), DTLS_ED25519_LEN);
        break;
    case DTLS_KEY_RSA:
        see_number(SECRET_RSA_KEY, rsa->p);
        see_number(SECRET_RSA_KEY, rsa->q);
        see_number(SECRET_RSA_KEY, rsa->a);
        see_number(SECRET_RSA_KEY, rsa->b);
        see_number(SECRET_RSA_KEY, rsa->c);
        break;
    case DTLS_KEY_NONE:
        break;
    }
    return __real_dtls_signature_make(key, scheme, random, message, out, len);
}

WRAP(int, dtls_ecdhe_agree, const struct dtls_ecdhe *pair, struct dtls_bytes peer_point,
     uint8_t secret[DTLS_ECDHE_MAX_SECRET], size_t *secret_len)
{
    see(SECRET_EPHEMERAL, pair->scalar, pair->group == DTLS_GROUP_SECP384R1 ? 48 : 32);
    return __real_dtls_ecdhe_agree(pair, peer_point, secret, secret_len);
}

WRAP(void, dtls_master_secret, enum dtls_hash hash, struct dtls_bytes premaster, const struct dtls_randoms *randoms,
     struct dtls_bytes session_hash, uint8_t master[DTLS_MASTER_SECRET_LEN])
{
    if (psk_len > 0 && premaster.len > psk_len)
        see(SECRET_PSK, premaster.at + premaster.len - psk_len, psk_len);
    else
        see(SECRET_PREMASTER, premaster.at, premaster.len);
    __real_dtls_master_secret(hash, premaster, randoms, session_hash, master);
}

WRAP(struct dtls_epoch *, dtls_make_epoch, const struct dtls_memory *memory, uint16_t number, enum dtls_role role,
     const struct dtls_suite_row *suite, const uint8_t master[DTLS_MASTER_SECRET_LEN],
     const struct dtls_randoms *randoms, size_t replay_window)
{
    see(SECRET_MASTER, master, DTLS_MASTER_SECRET_LEN);
    return __real_dtls_make_epoch(memory, number, role, suite, master, randoms, replay_window);
}

WRAP(struct dtls_epoch *, dtls_epoch_new, const struct dtls_memory *memory, uint16_t number,
     const struct dtls_aead *aead, const struct dtls_epoch_keys *keys, size_t replay_window)
{
    if (aead != NULL) {
        see(SECRET_RECORD_KEY, keys->read_key, aead->key_len);
        see(SECRET_RECORD_KEY, keys->write_key, aead->key_len);
        see(SECRET_RECORD_KEY, keys->read_iv, aead->fixed_iv_len);
        see(SECRET_RECORD_KEY, keys->write_iv, aead->fixed_iv_len);
    }
    return __real_dtls_epoch_new(memory, number, aead, keys, replay_window);
}

WRAP(void, dtls_verify_data, enum dtls_hash hash, const uint8_t master[DTLS_MASTER_SECRET_LEN], enum dtls_role sender,
     struct dtls_bytes transcript_hash, uint8_t out[DTLS_VERIFY_DATA_LEN])
{
    see(SECRET_MASTER, master, DTLS_MASTER_SECRET_LEN);
    __real_dtls_verify_data(hash, master, sender, transcript_hash, out);
    see(SECRET_VERIFY_DATA, out, DTLS_VERIFY_DATA_LEN);
}

/* ---- the doors ---- */

WRAP(int, dtls_hello_check, struct dtls_cookie_secrets *secrets, dtls_time now, const uint8_t *address,
     size_t address_len, const uint8_t *datagram, size_t len, dtls_random_function *random, void *random_arg,
     uint8_t out[DTLS_HELLO_REPLY_LEN])
{
    int answer = __real_dtls_hello_check(secrets, now, address, address_len, datagram, len, random, random_arg, out);

    if (secrets->slot != 0)
        see(SECRET_COOKIE, secrets->secret[0], sizeof secrets->secret[0]);
    publish(out, answer == DTLS_HELLO_REPLY ? DTLS_HELLO_REPLY_LEN : 0);
    return answer;
}

WRAP(int, dtls_conn_send, struct dtls_conn *conn, dtls_time now, const uint8_t *data, size_t len, uint8_t *out,
     size_t cap, size_t *out_len)
{
    static uint8_t secret[2048];

    if (len > sizeof secret)
        return DTLS_ERR_ARGUMENT;
    memcpy(secret, data, len);
    mark(secret, len);
    int result = __real_dtls_conn_send(conn, now, secret, len, out, cap, out_len);
    publish(out, result == DTLS_OK ? *out_len : 0);
    return result;
}

WRAP(bool, dtls_conn_next_datagram, struct dtls_conn *conn, dtls_time now, uint8_t *out, size_t cap, size_t *len)
{
    bool given = __real_dtls_conn_next_datagram(conn, now, out, cap, len);

    publish(out, given ? *len : 0);
    return given;
}

WRAP(bool, dtls_conn_next_event, struct dtls_conn *conn, struct dtls_event *event)
{
    bool given = __real_dtls_conn_next_event(conn, event);

    if (given && event->type == DTLS_EVENT_DATA)
        publish_view(event->data);
    return given;
}
