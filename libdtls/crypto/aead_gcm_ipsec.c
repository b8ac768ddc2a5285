/* aead_gcm_ipsec.c - AES-GCM by Intel's ipsec-mb, where the processor has instructions for it; nettle's is there
 * always.
 *
 * The library chooses its functions by the processor when a manager of it is made. There is one here, made by whoever
 * is first, and never changed afterwards: the functions used take all that they work on as arguments. Its interface for
 * many buffers at once has nothing to bring: it takes GCM one by one, and its jobs cost something besides. */
#include "crypto/aead_gcm.h"

#include <assert.h>
#include <intel-ipsec-mb.h>
#include <stdatomic.h>

#include "crypto/secret.h"

enum { ALIGNMENT = 64, CONTEXT = sizeof(struct gcm_key_data) + ALIGNMENT };
static_assert((size_t)CONTEXT <= (size_t)DTLS_AEAD_MAX_CONTEXT && CONTEXT % 8 == 0, "room for a context");

static _Atomic(IMB_MGR *) made;

/* NULL where it would be no faster than nettle: without instructions for AES, or without memory. */
static IMB_MGR *manager(void)
{
    IMB_MGR *there = atomic_load_explicit(&made, memory_order_acquire);

    if (there != NULL)
        return (there->features & IMB_FEATURE_AESNI) != 0 ? there : NULL;
    IMB_MGR *mine = alloc_mb_mgr(0);
    if (mine == NULL)
        return NULL;
    init_mb_mgr_auto(mine, NULL);
    if (!atomic_compare_exchange_strong(&made, &there, mine))
        free_mb_mgr(mine); /* somebody else was first: `there` is his */
    else
        there = mine;
    return (there->features & IMB_FEATURE_AESNI) != 0 ? there : NULL;
}

/* A context is aligned as malloc aligns, and this wants more. It stays where it is. */
static struct gcm_key_data *key_in(void *context)
{
    uintptr_t at = (uintptr_t)context;

    return (struct gcm_key_data *)((char *)context + (ALIGNMENT - at % ALIGNMENT) % ALIGNMENT);
}

static IMB_MGR *here(void)
{
    return atomic_load_explicit(&made, memory_order_relaxed);
}

/* The two ciphers differ in the names of the library's functions alone. */
#define AES_GCM(bits)                                                                                                  \
    static void set_key_##bits(void *context, const uint8_t *bytes)                                                    \
    {                                                                                                                  \
        IMB_AES##bits##_GCM_PRE(here(), bytes, key_in(context));                                                       \
    }                                                                                                                  \
    static void seal_##bits(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad,               \
                            size_t aad_len, uint8_t *data, size_t len, uint8_t *tag)                                   \
    {                                                                                                                  \
        struct gcm_context_data gcm;                                                                                   \
        IMB_AES##bits##_GCM_ENC(here(), key_in(context), &gcm, data, data, len, nonce, aad, aad_len, tag,              \
                                DTLS_AEAD_TAG_LEN);                                                                    \
        dtls_wipe(&gcm, sizeof gcm);                                                                                   \
    }                                                                                                                  \
    static bool open_##bits(void *context, const uint8_t nonce[DTLS_AEAD_NONCE_LEN], const uint8_t *aad,               \
                            size_t aad_len, uint8_t *data, size_t len, const uint8_t *tag)                             \
    {                                                                                                                  \
        uint8_t expected[DTLS_AEAD_TAG_LEN];                                                                           \
        struct gcm_context_data gcm;                                                                                   \
        IMB_AES##bits##_GCM_DEC(here(), key_in(context), &gcm, data, data, len, nonce, aad, aad_len, expected,         \
                                DTLS_AEAD_TAG_LEN);                                                                    \
        dtls_wipe(&gcm, sizeof gcm);                                                                                   \
        return dtls_secret_equal(expected, tag, sizeof expected);                                                      \
    }

AES_GCM(128)
AES_GCM(256)

static const struct dtls_aead aes_128_gcm = {
    .key_len = 16,
    .fixed_iv_len = 4,
    .explicit_len = 8,
    .tag_len = DTLS_AEAD_TAG_LEN,
    .context_size = CONTEXT,
    .block_limit = DTLS_GCM_BLOCK_LIMIT,
    .set_key = set_key_128,
    .seal = seal_128,
    .open = open_128,
};

static const struct dtls_aead aes_256_gcm = {
    .key_len = 32,
    .fixed_iv_len = 4,
    .explicit_len = 8,
    .tag_len = DTLS_AEAD_TAG_LEN,
    .context_size = CONTEXT,
    .block_limit = DTLS_GCM_BLOCK_LIMIT,
    .set_key = set_key_256,
    .seal = seal_256,
    .open = open_256,
};

const struct dtls_aead *dtls_faster_aes_128_gcm(void)
{
    return manager() != NULL ? &aes_128_gcm : NULL;
}

const struct dtls_aead *dtls_faster_aes_256_gcm(void)
{
    return manager() != NULL ? &aes_256_gcm : NULL;
}
