/* private_key_file.c - the three wrappings of a private key, down to the numbers inside. Knows no certificate. */
#include "identity/private_key_file.h"

#include "crypto/base64.h"
#include "crypto/memory.h"
#include "identity/algorithm.h"
#include "identity/pem.h"

/* Decoded keys are wiped when they are given back. */
enum { PUBLIC_KEY_TAG = 0x81 }; /* [1] IMPLICIT BIT STRING, primitive */

static bool is_number(struct dtls_bytes number, uint8_t value)
{
    return number.len == 1 && number.at[0] == value;
}

/* RSAPrivateKey (RFC 8017, A.1.2); version 1 would have more than two primes. */
static int read_rsa(struct dtls_bytes der, struct dtls_private_key **out)
{
    struct dtls_reader file = dtls_reader_of(der);
    struct dtls_reader from = dtls_reader_of(dtls_der_read(&file, DTLS_DER_SEQUENCE));
    struct dtls_rsa_numbers numbers;

    if (!is_number(dtls_der_read_unsigned(&from), 0))
        return DTLS_ERR_BAD_KEY;
    numbers.n = dtls_der_read_unsigned(&from);
    numbers.e = dtls_der_read_unsigned(&from);
    numbers.d = dtls_der_read_unsigned(&from);
    numbers.p = dtls_der_read_unsigned(&from);
    numbers.q = dtls_der_read_unsigned(&from);
    numbers.dp = dtls_der_read_unsigned(&from);
    numbers.dq = dtls_der_read_unsigned(&from);
    numbers.qinv = dtls_der_read_unsigned(&from);
    if (!dtls_reader_finished(&from) || !dtls_reader_finished(&file))
        return DTLS_ERR_BAD_KEY;
    return dtls_private_key_from_rsa(&numbers, out);
}

/* GnuTLS writes the scalar as it would an INTEGER: with a zero in front where its first bit is set. */
static struct dtls_bytes read_scalar(struct dtls_reader *from)
{
    struct dtls_bytes scalar = dtls_der_read(from, DTLS_DER_OCTET_STRING);
    struct dtls_reader octets = dtls_reader_of(scalar);

    return scalar.len % 2 == 1 && dtls_read_u8(&octets) == 0 ? dtls_read_rest(&octets) : scalar;
}

/* ECPrivateKey (RFC 5915, 3). `outer` is the curve that a PKCS#8 wrapping named: then the key need not name it again,
 * and may not name another. The public key that may follow is computed, not read. */
static int read_ec(struct dtls_bytes der, enum dtls_key_kind outer, struct dtls_private_key **out)
{
    struct dtls_reader file = dtls_reader_of(der);
    struct dtls_reader from = dtls_reader_of(dtls_der_read(&file, DTLS_DER_SEQUENCE));
    struct dtls_bytes content;
    enum dtls_key_kind kind = outer;

    if (!is_number(dtls_der_read_unsigned(&from), 1))
        return DTLS_ERR_BAD_KEY;
    struct dtls_bytes scalar = read_scalar(&from);
    if (dtls_der_read_optional(&from, DTLS_DER_CONTEXT_0, &content)) {
        struct dtls_reader curve = dtls_reader_of(content);
        kind = dtls_algorithm_read_curve(&curve);
        if (!dtls_reader_finished(&curve) || (outer != DTLS_KEY_NONE && outer != kind))
            return DTLS_ERR_BAD_KEY;
    }
    dtls_der_read_optional(&from, DTLS_DER_CONTEXT_0 + 1, &content);
    if (!dtls_reader_finished(&from) || !dtls_reader_finished(&file) || kind == DTLS_KEY_NONE)
        return DTLS_ERR_BAD_KEY;
    return dtls_private_key_from_scalar(kind, scalar, out);
}

static int read_sec1(struct dtls_bytes der, struct dtls_private_key **out)
{
    return read_ec(der, DTLS_KEY_NONE, out);
}

/* CurvePrivateKey (RFC 8410, 7): the seed in an OCTET STRING of its own. */
static int read_ed25519(struct dtls_bytes der, struct dtls_private_key **out)
{
    struct dtls_reader file = dtls_reader_of(der);
    struct dtls_bytes seed = dtls_der_read(&file, DTLS_DER_OCTET_STRING);

    if (!dtls_reader_finished(&file))
        return DTLS_ERR_BAD_KEY;
    return dtls_private_key_from_scalar(DTLS_KEY_ED, seed, out);
}

/* OneAsymmetricKey (RFC 5958, 2); version 1 (v2) only says that a public key may follow. */
static int read_pkcs8(struct dtls_bytes der, struct dtls_private_key **out)
{
    struct dtls_reader file = dtls_reader_of(der);
    struct dtls_reader from = dtls_reader_of(dtls_der_read(&file, DTLS_DER_SEQUENCE));
    struct dtls_bytes version = dtls_der_read_unsigned(&from);
    enum dtls_key_kind kind = dtls_algorithm_read_key(&from);
    struct dtls_bytes key = dtls_der_read(&from, DTLS_DER_OCTET_STRING);
    struct dtls_bytes ignored;

    dtls_der_read_optional(&from, DTLS_DER_CONTEXT_0, &ignored); /* attributes */
    dtls_der_read_optional(&from, PUBLIC_KEY_TAG, &ignored);     /* public key */
    if (!dtls_reader_finished(&from) || !dtls_reader_finished(&file))
        return DTLS_ERR_BAD_KEY;
    if (!is_number(version, 0) && !is_number(version, 1))
        return DTLS_ERR_BAD_KEY;
    switch (kind) {
    case DTLS_KEY_P256:
    case DTLS_KEY_P384:
        return read_ec(key, kind, out);
    case DTLS_KEY_ED:
        return read_ed25519(key, out);
    case DTLS_KEY_RSA:
        return read_rsa(key, out);
    case DTLS_KEY_NONE:
        break;
    }
    return DTLS_ERR_BAD_KEY;
}

static const struct wrapping {
    const char *label;
    int (*read)(struct dtls_bytes der, struct dtls_private_key **out);
} wrappings[] = {
    { "PRIVATE KEY", read_pkcs8 },
    { "EC PRIVATE KEY", read_sec1 },
    { "RSA PRIVATE KEY", read_rsa },
};

/* NULL when the block is no private key that we could read. */
static const struct wrapping *wrapping_of(const struct dtls_pem_block *block)
{
    for (size_t i = 0; i < sizeof wrappings / sizeof wrappings[0]; i++)
        if (dtls_pem_is(block, wrappings[i].label))
            return &wrappings[i];
    return NULL;
}

static int read_block(const struct dtls_pem_block *block, const struct wrapping *wrapping,
                      struct dtls_private_key **out)
{
    int result = DTLS_ERR_BAD_PEM;
    size_t len;
    uint8_t *der = dtls_allocate(&dtls_heap, block->text.len);

    if (der == NULL)
        return DTLS_ERR_NO_MEMORY;
    if (dtls_base64_decode((const char *)block->text.at, block->text.len, der, &len))
        result = wrapping->read((struct dtls_bytes){ der, len }, out);
    dtls_release(&dtls_heap, der, block->text.len);
    return result;
}

int dtls_private_key_from_pem(struct dtls_bytes pem, struct dtls_private_key **out)
{
    struct dtls_reader file = dtls_reader_of(pem);
    struct dtls_pem_block block;

    while (dtls_pem_next(&file, &block)) {
        const struct wrapping *wrapping = wrapping_of(&block);

        if (dtls_pem_is(&block, "ENCRYPTED PRIVATE KEY") || (wrapping != NULL && block.encrypted))
            return DTLS_ERR_ENCRYPTED_KEY;
        if (wrapping != NULL)
            return read_block(&block, wrapping, out);
    }
    return DTLS_ERR_BAD_PEM;
}
