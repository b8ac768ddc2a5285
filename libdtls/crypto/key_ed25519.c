/* key_ed25519.c - Ed25519 (RFC 8032) by nettle. */
#include <nettle/eddsa.h>
#include <string.h>

#include "crypto/key_nettle.h"
#include "crypto/memory.h"

static int load(const struct dtls_key_ops *ops, const struct dtls_key_secret *secret, struct dtls_private_key **out)
{
    if (secret->scalar.len != DTLS_ED25519_LEN)
        return DTLS_ERR_BAD_KEY;
    struct dtls_ed25519_key *key = dtls_allocate(&dtls_heap, sizeof *key);
    if (key == NULL)
        return DTLS_ERR_NO_MEMORY;
    memcpy(key->seed, secret->scalar.at, sizeof key->seed);
    ed25519_sha512_public_key(key->point, key->seed);
    key->head = (struct dtls_private_key){ ops, { .kind = ops->kind, .point = { key->point, sizeof key->point } } };
    *out = &key->head;
    return DTLS_OK;
}

static void free_key(struct dtls_private_key *head)
{
    dtls_release(&dtls_heap, head, sizeof(struct dtls_ed25519_key));
}

static int sign(const struct dtls_private_key *head, const struct dtls_scheme_parts *parts,
                const struct dtls_random *random, struct dtls_bytes message, uint8_t *out, size_t *out_len)
{
    const struct dtls_ed25519_key *key = (const struct dtls_ed25519_key *)head;

    (void)parts;
    (void)random; /* it is deterministic */
    ed25519_sha512_sign(key->point, key->seed, message.len, message.at, out);
    *out_len = ED25519_SIGNATURE_SIZE;
    return DTLS_OK;
}

static bool verify(const struct dtls_public_key *key, const struct dtls_scheme_parts *parts, struct dtls_bytes message,
                   struct dtls_bytes signature)
{
    (void)parts;
    return key->point.len == ED25519_KEY_SIZE && signature.len == ED25519_SIGNATURE_SIZE &&
           ed25519_sha512_verify(key->point.at, message.len, message.at, signature.at) != 0;
}

const struct dtls_key_ops dtls_key_ed25519 = { DTLS_KEY_ED, DTLS_ED25519_LEN, load, free_key, sign, verify };
