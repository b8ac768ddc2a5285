/* sealed.c - which key seals and which open, and the sealing. Knows nothing of what is sealed. */
#include "handshake/sealed.h"

#include <string.h>

#include "bytes/reader.h"
#include "crypto/secret.h"

static bool is_over(const struct dtls_ticket_key *key, uint64_t now_s)
{
    return key->accept_until != 0 && now_s >= key->accept_until;
}

const struct dtls_ticket_key *dtls_sealing_key(const struct dtls_ticket_keys *keys, uint64_t now_s)
{
    const struct dtls_ticket_key *found = NULL;

    for (size_t i = 0; i < keys->count; i++) {
        const struct dtls_ticket_key *key = &keys->keys[i];
        if (now_s >= key->issue_from && !is_over(key, now_s) && (found == NULL || key->issue_from > found->issue_from))
            found = key;
    }
    return found;
}

/* What is authenticated besides: kind and key's name, as they stand in front, and the context. */
static size_t write_associated(const uint8_t *sealed, struct dtls_bytes context,
                               uint8_t out[1 + 16 + DTLS_STORE_NAME_LEN])
{
    struct dtls_writer to = dtls_writer_to(out, 1 + 16 + DTLS_STORE_NAME_LEN);

    dtls_write_bytes(&to, dtls_view(sealed, 1 + 16));
    dtls_write_bytes(&to, context);
    return to.len;
}

static void *new_context(const struct dtls_aead *aead, const struct dtls_ticket_key *key,
                         const struct dtls_memory *memory)
{
    void *context = dtls_allocate(memory, aead->context_size);

    if (context != NULL)
        aead->set_key(context, key->key);
    return context;
}

int dtls_sealed_close(const struct dtls_ticket_key *key, enum dtls_sealed_kind kind, struct dtls_bytes context,
                      const struct dtls_memory *memory, const struct dtls_random *random, uint8_t *out, size_t len)
{
    uint8_t associated[1 + 16 + DTLS_STORE_NAME_LEN], *nonce = out + 1 + 16, *plain = out + DTLS_SEALED_PREFIX;
    int err = dtls_random_bytes(random, nonce, DTLS_AEAD_NONCE_LEN);

    if (err != DTLS_OK)
        return err;
    const struct dtls_aead *aead = dtls_aead_here(&dtls_aes_256_gcm);
    void *keyed = new_context(aead, key, memory);
    if (keyed == NULL)
        return DTLS_ERR_NO_MEMORY;
    out[0] = (uint8_t)kind;
    memcpy(out + 1, key->name, sizeof key->name);
    aead->seal(keyed, nonce, associated, write_associated(out, context, associated), plain, len, plain + len);
    dtls_release(memory, keyed, aead->context_size);
    return DTLS_OK;
}

int dtls_sealed_open(const struct dtls_ticket_keys *keys, uint64_t now_s, enum dtls_sealed_kind kind,
                     struct dtls_bytes context, const struct dtls_memory *memory, struct dtls_bytes sealed,
                     uint8_t *out, size_t cap, size_t *len, const struct dtls_ticket_key **key)
{
    uint8_t associated[1 + 16 + DTLS_STORE_NAME_LEN];
    const struct dtls_ticket_key *found = NULL;

    if (sealed.len < DTLS_SEALED_AROUND || sealed.len - DTLS_SEALED_AROUND > cap || sealed.at[0] != kind)
        return DTLS_ERR_BAD_SESSION;
    for (size_t i = 0; i < keys->count && found == NULL; i++)
        if (memcmp(keys->keys[i].name, sealed.at + 1, sizeof keys->keys[i].name) == 0 &&
            !is_over(&keys->keys[i], now_s))
            found = &keys->keys[i];
    if (found == NULL)
        return DTLS_ERR_BAD_SESSION;
    const struct dtls_aead *aead = dtls_aead_here(&dtls_aes_256_gcm);
    void *keyed = new_context(aead, found, memory);
    if (keyed == NULL)
        return DTLS_ERR_NO_MEMORY;
    *len = sealed.len - DTLS_SEALED_AROUND;
    memcpy(out, sealed.at + DTLS_SEALED_PREFIX, *len);
    bool good = aead->open(keyed, sealed.at + 1 + 16, associated, write_associated(sealed.at, context, associated), out,
                           *len, sealed.at + DTLS_SEALED_PREFIX + *len);
    dtls_release(memory, keyed, aead->context_size);
    if (!good)
        dtls_wipe(out, *len);
    if (key != NULL)
        *key = found;
    return good ? DTLS_OK : DTLS_ERR_BAD_SESSION;
}
