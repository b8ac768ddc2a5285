/* key_schedule.c - the PRF applied, label by label. */
#include "handshake/key_schedule.h"

#include <string.h>

#include "crypto/secret.h"

void dtls_master_secret(enum dtls_hash hash, struct dtls_bytes premaster, const struct dtls_randoms *randoms,
                        struct dtls_bytes session_hash, uint8_t master[DTLS_MASTER_SECRET_LEN])
{
    if (session_hash.len > 0)
        dtls_prf(hash, premaster, "extended master secret", session_hash, dtls_view(NULL, 0), master,
                 DTLS_MASTER_SECRET_LEN);
    else
        dtls_prf(hash, premaster, "master secret", dtls_view(randoms->client, DTLS_HELLO_RANDOM_LEN),
                 dtls_view(randoms->server, DTLS_HELLO_RANDOM_LEN), master, DTLS_MASTER_SECRET_LEN);
}

struct dtls_epoch *dtls_make_epoch(const struct dtls_memory *memory, uint16_t number, enum dtls_role role,
                                   const struct dtls_suite_row *suite, const uint8_t master[DTLS_MASTER_SECRET_LEN],
                                   const struct dtls_randoms *randoms, size_t replay_window)
{
    uint8_t block[2 * (DTLS_AEAD_MAX_KEY + DTLS_AEAD_NONCE_LEN)];
    size_t key_len = suite->aead->key_len, iv_len = suite->aead->fixed_iv_len;
    const uint8_t *client_key = block, *server_key = block + key_len;
    const uint8_t *client_iv = block + 2 * key_len, *server_iv = client_iv + iv_len;

    dtls_prf(suite->hash, dtls_view(master, DTLS_MASTER_SECRET_LEN), "key expansion",
             dtls_view(randoms->server, DTLS_HELLO_RANDOM_LEN), dtls_view(randoms->client, DTLS_HELLO_RANDOM_LEN),
             block, 2 * (key_len + iv_len));
    struct dtls_epoch_keys keys = role == DTLS_CLIENT
                                      ? (struct dtls_epoch_keys){ server_key, client_key, server_iv, client_iv }
                                      : (struct dtls_epoch_keys){ client_key, server_key, client_iv, server_iv };
    struct dtls_epoch *epoch = dtls_epoch_new(memory, number, dtls_aead_here(suite->aead), &keys, replay_window);
    dtls_wipe(block, sizeof block);
    return epoch;
}

void dtls_verify_data(enum dtls_hash hash, const uint8_t master[DTLS_MASTER_SECRET_LEN], enum dtls_role sender,
                      struct dtls_bytes transcript_hash, uint8_t out[DTLS_VERIFY_DATA_LEN])
{
    dtls_prf(hash, dtls_view(master, DTLS_MASTER_SECRET_LEN),
             sender == DTLS_CLIENT ? "client finished" : "server finished", transcript_hash, dtls_view(NULL, 0), out,
             DTLS_VERIFY_DATA_LEN);
}

static char *put_hex(char *to, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    return to;
}

void dtls_log_key(const struct dtls_config *config, const struct dtls_randoms *randoms,
                  const uint8_t master[DTLS_MASTER_SECRET_LEN])
{
    static const char label[] = "CLIENT_RANDOM ";
    char line[sizeof label + 2 * (DTLS_HELLO_RANDOM_LEN + DTLS_MASTER_SECRET_LEN) + 2];

    if (config->keylog == NULL)
        return;
    memcpy(line, label, sizeof label);
    char *to = put_hex(line + strlen(label), randoms->client, DTLS_HELLO_RANDOM_LEN);
    *to++ = ' ';
    to = put_hex(to, master, DTLS_MASTER_SECRET_LEN);
    *to = '\0';
    config->keylog(config->keylog_arg, line);
    dtls_wipe(line, sizeof line);
}
