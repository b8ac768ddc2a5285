/* authorities.c - names of authorities in and out of a list, and who was issued by one of them. Verifies nothing. */
#include "identity/authorities.h"

#include "bytes/reader.h"
#include "bytes/writer.h"
#include "crypto/base64.h"
#include "crypto/memory.h"
#include "identity/certificate.h"
#include "identity/pem.h"

bool dtls_authorities_next(struct dtls_bytes *list, struct dtls_bytes *name)
{
    struct dtls_reader from = dtls_reader_of(*list);

    *name = dtls_read_vec16(&from);
    *list = dtls_read_rest(&from);
    return name->len > 0;
}

bool dtls_authorities_are_whole(struct dtls_bytes list)
{
    struct dtls_reader from = dtls_reader_of(list);

    while (dtls_reader_has_more(&from))
        if (dtls_read_vec16(&from).len == 0)
            return false;
    return true;
}

static bool have_name(struct dtls_bytes list, struct dtls_bytes wanted)
{
    struct dtls_bytes name;

    while (dtls_authorities_next(&list, &name))
        if (dtls_bytes_equal(name, wanted))
            return true;
    return false;
}

bool dtls_authorities_have(struct dtls_bytes list, const struct dtls_identity *identity)
{
    struct dtls_bytes issuer, subject;

    for (size_t i = 0; i < identity->chain_count; i++)
        if (dtls_certificate_names(identity->chain[i], &issuer, &subject) && have_name(list, issuer))
            return true;
    return false;
}

/* The subject of one block; `der` has room for its certificate. */
static int add_subject(struct dtls_writer *to, const struct dtls_pem_block *block, uint8_t *der)
{
    struct dtls_bytes certificate = { der, 0 }, issuer, subject;

    if (!dtls_base64_decode((const char *)block->text.at, block->text.len, der, &certificate.len))
        return DTLS_ERR_BAD_PEM;
    if (!dtls_certificate_names(certificate, &issuer, &subject))
        return DTLS_ERR_BAD_X509;
    if (!have_name(dtls_writer_bytes(to), subject))
        dtls_write_vec16(to, subject);
    return to->broken ? DTLS_ERR_BUFFER_TOO_SMALL : DTLS_OK;
}

int dtls_authorities_from_pem(const char *certificates, size_t certificates_len, uint8_t *out, size_t cap, size_t *len)
{
    struct dtls_reader file = dtls_reader_of(dtls_view(certificates, certificates_len));
    struct dtls_writer to = dtls_writer_to(out, cap);
    struct dtls_pem_block block;
    uint8_t *der = dtls_allocate(&dtls_heap, certificates_len + 1); /* base64 only shrinks */
    int err = der == NULL ? DTLS_ERR_NO_MEMORY : DTLS_OK;

    while (err == DTLS_OK && dtls_pem_next(&file, &block))
        if (dtls_pem_is(&block, "CERTIFICATE"))
            err = add_subject(&to, &block, der);
    dtls_release(&dtls_heap, der, certificates_len + 1);
    if (err == DTLS_OK && (file.broken || to.len == 0))
        err = DTLS_ERR_BAD_PEM;
    if (err == DTLS_OK)
        *len = to.len;
    return err;
}
