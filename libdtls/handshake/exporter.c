/* exporter.c - keying material from a handshake's secret, label by label. Decides nothing. */
#include "handshake/exporter.h"

#include "bytes/writer.h"

#include <string.h>

#include "crypto/secret.h"
#include "handshake/association.h"
#include "handshake/srtp.h"

struct dtls_exporter *dtls_exporter_new(const struct dtls_memory *memory, struct dtls_bytes mki)
{
    struct dtls_exporter *exporter = dtls_allocate(memory, sizeof *exporter + mki.len);

    if (exporter == NULL)
        return NULL;
    exporter->mki_len = (uint8_t)mki.len;
    if (mki.len > 0)
        memcpy(exporter->mki, mki.at, mki.len);
    return exporter;
}

void dtls_exporter_free(const struct dtls_memory *memory, struct dtls_exporter *exporter)
{
    if (exporter != NULL)
        dtls_release(memory, exporter, sizeof *exporter + exporter->mki_len);
}

static bool is_kept(const struct dtls_epochs *epochs, uint16_t number)
{
    const struct dtls_epoch *epoch = dtls_epochs_find(epochs, number);

    return epoch != NULL && (epoch->readable || epoch == epochs->current);
}

void dtls_association_forget_keys(struct dtls_association *as)
{
    for (struct dtls_exporter **at = &as->exporters; *at != NULL;) {
        struct dtls_exporter *exporter = *at;
        if (is_kept(&as->epochs, exporter->epoch)) {
            at = &exporter->older;
            continue;
        }
        *at = exporter->older;
        dtls_exporter_free(&as->memory, exporter);
    }
}

void dtls_association_drop_next(struct dtls_association *as)
{
    dtls_epochs_set_next(&as->epochs, NULL);
    dtls_association_forget_keys(as);
}

struct dtls_exporter *dtls_exporter_find(struct dtls_exporter *newest, uint16_t epoch)
{
    while (newest != NULL && newest->epoch != epoch)
        newest = newest->older;
    return newest;
}

void dtls_exporter_export(const struct dtls_exporter *exporter, const char *label, const struct dtls_bytes *context,
                          uint8_t *out, size_t len)
{
    uint8_t context_len[2] = { 0 };
    struct dtls_bytes seeds[] = { dtls_view(&exporter->randoms, sizeof exporter->randoms), /* client's, then server's */
                                  dtls_view(context_len, sizeof context_len),
                                  { 0 } };

    if (context != NULL) {
        struct dtls_writer to = dtls_writer_to(context_len, sizeof context_len);
        dtls_write_u16(&to, (uint16_t)context->len);
        seeds[2] = *context;
    }
    dtls_prf_seeds(exporter->hash, dtls_view(exporter->master, sizeof exporter->master), label, seeds,
                   context == NULL ? 1 : 3, out, len);
}

/* client_write_SRTP_master_key, server's; client_write_SRTP_master_salt, server's. */
void dtls_exporter_srtp_keys(const struct dtls_exporter *exporter, enum dtls_role role, struct dtls_srtp_keys *out)
{
    const struct dtls_srtp_profile_row *row = dtls_srtp_profile_find(exporter->srtp_profile);
    uint8_t block[2 * (DTLS_SRTP_MAX_KEY + DTLS_SRTP_MAX_SALT)];
    size_t key = row->key_len, salt = row->salt_len;
    size_t own = role == DTLS_CLIENT ? 0 : 1, other = 1 - own;

    dtls_exporter_export(exporter, "EXTRACTOR-dtls_srtp", NULL, block, 2 * (key + salt));
    *out = (struct dtls_srtp_keys){
        .epoch = exporter->epoch,
        .profile = exporter->srtp_profile,
        .key_len = row->key_len,
        .salt_len = row->salt_len,
        .mki_len = exporter->mki_len,
    };
    memcpy(out->send_key, block + own * key, key);
    memcpy(out->receive_key, block + other * key, key);
    memcpy(out->send_salt, block + 2 * key + own * salt, salt);
    memcpy(out->receive_salt, block + 2 * key + other * salt, salt);
    memcpy(out->mki, exporter->mki, exporter->mki_len);
    dtls_wipe(block, sizeof block);
}
