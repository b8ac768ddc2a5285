/* ticket.c - session tickets: the server's state, sealed and handed to the client (RFC 5077, 4). */
#include <string.h>

#include "crypto/random.h"
#include "crypto/secret.h"
#include "handshake/session.h"

static const struct dtls_aead *const aead = &dtls_aes_256_gcm;

static void *new_context(const struct dtls_ticket_key *key, const struct dtls_memory *memory)
{
    void *context = dtls_allocate(memory, aead->context_size);

    if (context != NULL)
        aead->set_key(context, key->key);
    return context;
}

int dtls_ticket_seal(const struct dtls_ticket_key *key, const struct dtls_memory *memory,
                     const struct dtls_random *random, const struct dtls_session_state *state,
                     uint8_t out[DTLS_TICKET_MOST], size_t *len)
{
    struct dtls_writer to = dtls_writer_to(out, DTLS_TICKET_MOST - DTLS_AEAD_TAG_LEN);
    uint8_t nonce[DTLS_AEAD_NONCE_LEN];

    int err = dtls_random_bytes(random, nonce, sizeof nonce);
    if (err != DTLS_OK)
        return err;
    void *context = new_context(key, memory);
    if (context == NULL)
        return DTLS_ERR_NO_MEMORY;
    dtls_write_bytes(&to, (struct dtls_bytes){ key->name, sizeof key->name });
    dtls_write_bytes(&to, (struct dtls_bytes){ nonce, sizeof nonce });
    size_t start = to.len;
    dtls_session_state_write(&to, state);
    aead->seal(context, nonce, key->name, sizeof key->name, out + start, to.len - start, out + to.len);
    *len = to.len + DTLS_AEAD_TAG_LEN;
    dtls_release(memory, context, aead->context_size);
    return DTLS_OK;
}

bool dtls_ticket_open(const struct dtls_ticket_key *keys, size_t key_count, const struct dtls_memory *memory,
                      struct dtls_bytes ticket, struct dtls_session_state *out)
{
    struct dtls_reader from = dtls_reader_of(ticket);
    struct dtls_bytes name = dtls_read_bytes(&from, sizeof keys[0].name);
    struct dtls_bytes nonce = dtls_read_bytes(&from, DTLS_AEAD_NONCE_LEN);
    struct dtls_bytes sealed = dtls_read_rest(&from);
    uint8_t plain[DTLS_SESSION_STATE_MAX + DTLS_AEAD_TAG_LEN];
    size_t index = 0;

    if (from.broken || name.len == 0 || sealed.len < DTLS_AEAD_TAG_LEN || sealed.len > sizeof plain)
        return false;
    while (index < key_count && memcmp(keys[index].name, name.at, name.len) != 0)
        index++;
    void *context = index < key_count ? new_context(&keys[index], memory) : NULL;
    if (context == NULL)
        return false;
    memcpy(plain, sealed.at, sealed.len);
    size_t len = sealed.len - DTLS_AEAD_TAG_LEN;
    bool good = aead->open(context, nonce.at, name.at, name.len, plain, len, plain + len);
    if (good) {
        struct dtls_reader state = dtls_reader_of((struct dtls_bytes){ plain, len });
        dtls_session_state_read(&state, out);
        good = dtls_reader_finished(&state);
    }
    dtls_wipe(plain, sizeof plain);
    dtls_release(memory, context, aead->context_size);
    return good;
}
