/* forge.c - seals with a copy of the receiver's epoch, turned round. */
#include "tests/box/forge.h"

#include <string.h>

#include "conn/conn_private.h"

size_t forge_record(const struct pair *pair, enum net_end to, uint16_t epoch, uint8_t type, const void *body,
                    size_t len, uint8_t out[FORGE_MAX])
{
    const struct dtls_epoch *theirs = dtls_epochs_find(&pair->end[to].conn->as.epochs, epoch);

    if (theirs == NULL || !theirs->readable || len > FORGE_MAX - dtls_epoch_expansion(theirs))
        return 0;
    struct dtls_epoch turned = *theirs;
    turned.write_key = theirs->read_key;
    memcpy(turned.write_iv, theirs->read_iv, sizeof turned.write_iv);
    turned.write_sequence = theirs->replay.next + 10;
    turned.says_dtls_1_0 = false;
    struct dtls_epoch *ours = dtls_epochs_find(&pair->end[net_other(to)].conn->as.epochs, epoch);
    if (ours != NULL && ours->write_sequence <= turned.write_sequence)
        ours->write_sequence = turned.write_sequence + 1;
    if (len > 0)
        memcpy(out + dtls_epoch_prefix(&turned), body, len);
    return dtls_epoch_seal(&turned, type, out, len);
}

bool forge_receive(struct pair *pair, enum net_end to, uint16_t epoch, uint8_t type, const void *body, size_t len)
{
    uint8_t record[FORGE_MAX];
    size_t record_len = forge_record(pair, to, epoch, type, body, len, record);

    if (record_len == 0)
        return false;
    dtls_conn_receive(pair->end[to].conn, pair->net.now_us, record, record_len);
    pair_settle(pair, to);
    return true;
}
