/* record_epoch.c - sealing and opening records under one epoch, and the succession of three. */
#include <string.h>

#include "record/epochs.h"
#include "tests/tap.h"

static const struct dtls_memory heap;

static const struct dtls_aead *const aeads[] = {
    NULL, &dtls_aes_128_gcm, &dtls_aes_256_gcm, &dtls_chacha20_poly1305, &dtls_aes_128_ccm, &dtls_aes_128_ccm_8
};
enum { AEADS = sizeof aeads / sizeof aeads[0] };

/* Two ends of the same epoch: what one writes the other reads. */
static void make_ends(size_t aead, uint16_t number, struct dtls_epoch **a, struct dtls_epoch **b)
{
    static const uint8_t one[32] = { 1, 1 }, two[32] = { 2, 2 }, iv_one[12] = { 3 }, iv_two[12] = { 4 };

    *a = dtls_epoch_new(&heap, number, aeads[aead], &(struct dtls_epoch_keys){ one, two, iv_one, iv_two }, 64);
    *b = dtls_epoch_new(&heap, number, aeads[aead], &(struct dtls_epoch_keys){ two, one, iv_two, iv_one }, 64);
    CU_ASSERT_FATAL(*a != NULL && *b != NULL);
}

static void free_ends(struct dtls_epoch *a, struct dtls_epoch *b)
{
    dtls_epoch_free(&heap, a);
    dtls_epoch_free(&heap, b);
}

static size_t seal_text(struct dtls_epoch *epoch, const char *text, uint8_t *record)
{
    memcpy(record + dtls_epoch_prefix(epoch), text, strlen(text));
    return dtls_epoch_seal(epoch, DTLS_APPLICATION_DATA, record, strlen(text));
}

static enum dtls_opened open_bytes(struct dtls_epoch *epoch, uint8_t *bytes, size_t len, struct dtls_record *record)
{
    size_t position = 0;

    CU_ASSERT_FATAL(dtls_record_read(bytes, len, &position, record));
    return dtls_epoch_open(epoch, record);
}

static void what_one_end_seals_the_other_opens(void)
{
    for (size_t aead = 0; aead < AEADS; aead++) {
        struct dtls_epoch *a, *b;
        struct dtls_record record;
        uint8_t bytes[100];
        make_ends(aead, 7, &a, &b);
        size_t len = seal_text(a, "hello", bytes);
        CHECK_CASE(len == 5 + dtls_epoch_expansion(a), "aead %zu: %zu bytes", aead, len);
        CHECK_CASE(open_bytes(b, bytes, len, &record) == DTLS_OPENED, "aead %zu", aead);
        CHECK_CASE(record.len == 5 && memcmp(record.body, "hello", 5) == 0 && record.epoch == 7, "aead %zu", aead);
        free_ends(a, b);
    }
}

/* T5: as a server's last flight is, long after it has switched. */
static void what_a_folded_epoch_seals_the_other_end_opens(void)
{
    for (size_t aead = 0; aead < AEADS; aead++) {
        struct dtls_epoch *a, *b;
        struct dtls_record record;
        uint8_t bytes[100];
        make_ends(aead, 7, &a, &b);
        seal_text(a, "before", bytes);
        dtls_epoch_fold(&heap, a);
        for (int i = 0; i < 2; i++) {
            size_t len = seal_text(a, "after", bytes);
            CHECK_CASE(a->write_key == NULL && len == 5 + dtls_epoch_expansion(a), "aead %zu", aead);
            CHECK_CASE(open_bytes(b, bytes, len, &record) == DTLS_OPENED && record.len == 5 &&
                           memcmp(record.body, "after", 5) == 0 && record.sequence == 1 + (uint64_t)i,
                       "aead %zu", aead);
        }
        free_ends(a, b);
    }
}

static void a_record_opens_once(void)
{
    for (size_t aead = 1; aead < AEADS; aead++) {
        struct dtls_epoch *a, *b;
        struct dtls_record record;
        uint8_t bytes[100], copy[100];
        make_ends(aead, 1, &a, &b);
        size_t len = seal_text(a, "hello", bytes);
        memcpy(copy, bytes, len);
        CHECK_CASE(open_bytes(b, bytes, len, &record) == DTLS_OPENED, "aead %zu", aead);
        CHECK_CASE(open_bytes(b, copy, len, &record) == DTLS_OPEN_REPLAYED, "aead %zu", aead);
        free_ends(a, b);
    }
}

/* Type, epoch, sequence, explicit nonce, ciphertext, tag: every bit is protected but the length's, which the datagram
 * bounds, and the version's, which is refused before. */
static void a_changed_bit_is_a_forgery_and_moves_no_window(void)
{
    for (size_t aead = 1; aead < AEADS; aead++) {
        struct dtls_epoch *a, *b;
        struct dtls_record record;
        uint8_t bytes[100], copy[100];
        make_ends(aead, 1, &a, &b);
        size_t len = seal_text(a, "hello", bytes);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            if (bit / 8 == 11 || bit / 8 == 12)
                continue;
            memcpy(copy, bytes, len);
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            /* epoch.h trusts its caller for the epoch: the header's is not compared, the nonce and the additional
             * data are this epoch's own */
            if (bit / 8 == 3 || bit / 8 == 4)
                continue;
            CHECK_CASE(open_bytes(b, copy, len, &record) == DTLS_OPEN_FORGED, "aead %zu, bit %zu", aead, bit);
        }
        CU_ASSERT_EQUAL(b->replay.next, 0);
        CHECK_CASE(open_bytes(b, bytes, len, &record) == DTLS_OPENED, "aead %zu", aead);
        free_ends(a, b);
    }
}

static void a_forged_number_in_epoch_0_shuts_nothing_out(void) /* CVE-2016-2181, another library's */
{
    struct dtls_epoch *a, *b;
    struct dtls_record record;
    uint8_t bytes[100];

    make_ends(0, 0, &a, &b);
    a->write_sequence = DTLS_MAX_SEQUENCE;
    CU_ASSERT_EQUAL(open_bytes(b, bytes, seal_text(a, "forged", bytes), &record), DTLS_OPENED);
    a->write_sequence = 0;
    CU_ASSERT_EQUAL(open_bytes(b, bytes, seal_text(a, "real", bytes), &record), DTLS_OPENED);
    free_ends(a, b);
}

static void a_record_shorter_than_nonce_and_tag_is_truncated(void)
{
    for (size_t aead = 1; aead < AEADS; aead++) {
        struct dtls_epoch *a, *b;
        uint8_t body[64] = { 0 };
        make_ends(aead, 1, &a, &b);
        size_t least = aeads[aead]->explicit_len + aeads[aead]->tag_len;
        for (size_t len = 0; len <= least; len++) {
            struct dtls_record record = { DTLS_APPLICATION_DATA, 0xfefd, 1, 5, body, len };
            enum dtls_opened opened = dtls_epoch_open(b, &record);
            CHECK_CASE(opened == (len < least ? DTLS_OPEN_TRUNCATED : DTLS_OPEN_FORGED), "aead %zu, length %zu", aead,
                       len);
        }
        free_ends(a, b);
    }
}

/* CVE-2026-26014 (another library): nonces must be counted, not drawn. */
static void the_explicit_nonce_is_epoch_and_sequence(void)
{
    struct dtls_epoch *a, *b;
    uint8_t bytes[100];

    make_ends(1, 0x0102, &a, &b);
    a->write_sequence = 0x030405060708;
    seal_text(a, "x", bytes);
    CU_ASSERT_EQUAL(memcmp(bytes + 13, "\1\2\3\4\5\6\7\10", 8), 0);
    CU_ASSERT_EQUAL(memcmp(bytes + 3, "\1\2\3\4\5\6\7\10", 8), 0); /* as in the header */
    free_ends(a, b);
}

static void an_epoch_without_numbers_seals_nothing(void)
{
    struct dtls_epoch *a, *b;
    uint8_t bytes[100];

    make_ends(1, 1, &a, &b);
    a->write_sequence = DTLS_MAX_SEQUENCE;
    CU_ASSERT(seal_text(a, "last", bytes) > 0);
    CU_ASSERT_EQUAL(seal_text(a, "none", bytes), 0);
    free_ends(a, b);
}

/* ---- three epochs ---- */

static struct dtls_epoch *epoch_number(uint16_t number)
{
    struct dtls_epoch *a, *b;

    make_ends(1, number, &a, &b);
    dtls_epoch_free(&heap, b);
    return a;
}

static void epoch_0_is_never_read_again(void) /* contract S2 */
{
    struct dtls_epochs epochs;

    CU_ASSERT_EQUAL_FATAL(dtls_epochs_init(&epochs, &heap, 64), DTLS_OK);
    dtls_epochs_set_next(&epochs, epoch_number(1));
    dtls_epochs_advance(&epochs, 1000);
    CU_ASSERT_FALSE(dtls_epochs_find(&epochs, 0)->readable);
    CU_ASSERT_EQUAL(epochs.previous_ends, DTLS_NEVER);
    dtls_epochs_expire(&epochs, 1000, false);
    CU_ASSERT_PTR_NULL(dtls_epochs_find(&epochs, 0));
    dtls_epochs_free(&epochs);
}

static void the_old_epoch_ends_in_time(void) /* contract R4 */
{
    struct dtls_epochs epochs;

    CU_ASSERT_EQUAL_FATAL(dtls_epochs_init(&epochs, &heap, 64), DTLS_OK);
    dtls_epochs_set_next(&epochs, epoch_number(1));
    dtls_epochs_advance(&epochs, 0);
    dtls_epochs_set_next(&epochs, epoch_number(2));
    dtls_epochs_advance(&epochs, 1000);
    CU_ASSERT_EQUAL(epochs.previous_ends, 1000 + DTLS_MSL);
    dtls_epochs_current_in_use(&epochs, 2000);
    CU_ASSERT_EQUAL(epochs.previous_ends, 2000 + DTLS_EPOCH_GRACE);
    dtls_epochs_current_in_use(&epochs, 5000); /* only the first record counts */
    CU_ASSERT_EQUAL(epochs.previous_ends, 2000 + DTLS_EPOCH_GRACE);
    dtls_epochs_expire(&epochs, 2000 + DTLS_EPOCH_GRACE - 1, false);
    CU_ASSERT_TRUE(dtls_epochs_find(&epochs, 1)->readable);
    dtls_epochs_expire(&epochs, 2000 + DTLS_EPOCH_GRACE, true); /* a last flight still writes under it (T5) */
    CU_ASSERT_FALSE(dtls_epochs_find(&epochs, 1)->readable);
    CU_ASSERT_PTR_NULL(dtls_epochs_find(&epochs, 1)->read_key);
    CU_ASSERT_PTR_NULL(dtls_epochs_find(&epochs, 1)->write_key); /* but not with a key of 4 KiB */
    dtls_epochs_expire(&epochs, 3000 + DTLS_EPOCH_GRACE, false);
    CU_ASSERT_PTR_NULL(dtls_epochs_find(&epochs, 1));
    dtls_epochs_free(&epochs);
}

static CU_TestInfo tests[] = {
    { "what one end seals the other opens", what_one_end_seals_the_other_opens },
    { "what a folded epoch seals the other end opens (T5)", what_a_folded_epoch_seals_the_other_end_opens },
    { "a record opens once", a_record_opens_once },
    { "a forged number in epoch 0 shuts nothing out (S1)", a_forged_number_in_epoch_0_shuts_nothing_out },
    { "a changed bit is a forgery and moves no window", a_changed_bit_is_a_forgery_and_moves_no_window },
    { "a record shorter than nonce and tag is truncated", a_record_shorter_than_nonce_and_tag_is_truncated },
    { "the explicit nonce is epoch and sequence", the_explicit_nonce_is_epoch_and_sequence },
    { "an epoch without sequence numbers seals nothing", an_epoch_without_numbers_seals_nothing },
    { "epoch 0 is never read again (S2)", epoch_0_is_never_read_again },
    { "the old epoch ends 10 s after first use, 1 MSL at most (R4)", the_old_epoch_ends_in_time },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "record/epoch", tests);
}
