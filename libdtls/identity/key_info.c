/* key_info.c - public keys as SubjectPublicKeyInfo, in and out (RFC 5280, 4.1; RFC 3279, RFC 5480, RFC 8410). */
#include "identity/key_info.h"

#include "identity/algorithm.h"

enum { POINT_P256 = 65, POINT_P384 = 97, UNCOMPRESSED = 0x04 };

static struct dtls_bytes read_point(struct dtls_reader *bits, size_t len)
{
    struct dtls_reader form = *bits;

    if (dtls_read_u8(&form) != UNCOMPRESSED)
        dtls_reader_break(bits);
    return dtls_read_bytes(bits, len);
}

static void read_rsa_key(struct dtls_reader *bits, struct dtls_public_key *key)
{
    struct dtls_reader numbers = dtls_reader_of(dtls_der_read(bits, DTLS_DER_SEQUENCE));

    key->modulus = dtls_der_read_unsigned(&numbers);
    key->exponent = dtls_der_read_unsigned(&numbers);
    if (!dtls_reader_finished(&numbers))
        dtls_reader_break(bits);
}

/* The content of a SubjectPublicKeyInfo. */
static bool read_key_info(struct dtls_bytes info, struct dtls_public_key *key)
{
    struct dtls_reader from = dtls_reader_of(info);

    key->kind = dtls_algorithm_read_key(&from);
    struct dtls_reader bits = dtls_reader_of(dtls_der_read(&from, DTLS_DER_BIT_STRING));
    if (dtls_read_u8(&bits) != 0) /* a key is whole bytes: no unused bits at the end */
        return false;
    switch (key->kind) {
    case DTLS_KEY_P256:
        key->point = read_point(&bits, POINT_P256);
        break;
    case DTLS_KEY_P384:
        key->point = read_point(&bits, POINT_P384);
        break;
    case DTLS_KEY_ED:
        key->point = dtls_read_bytes(&bits, DTLS_ED25519_LEN);
        break;
    case DTLS_KEY_RSA:
        read_rsa_key(&bits, key);
        break;
    case DTLS_KEY_NONE:
        return false;
    }
    return dtls_reader_finished(&bits) && dtls_reader_finished(&from);
}

int dtls_key_info_public_key(struct dtls_bytes info, struct dtls_public_key *out)
{
    struct dtls_reader from = dtls_reader_of(info);
    struct dtls_bytes content = dtls_der_read(&from, DTLS_DER_SEQUENCE);
    struct dtls_public_key key = { 0 };

    if (!dtls_reader_finished(&from) || !read_key_info(content, &key))
        return DTLS_ERR_BAD_X509;
    *out = key;
    return DTLS_OK;
}

static void write_unsigned(struct dtls_writer *to, struct dtls_bytes number)
{
    struct dtls_reader first = dtls_reader_of(number);
    size_t position = dtls_der_open(to, DTLS_DER_INTEGER);

    if (dtls_read_u8(&first) >= 0x80)
        dtls_write_u8(to, 0); /* it is not negative */
    dtls_write_bytes(to, number);
    dtls_der_close(to, position);
}

void dtls_key_info_write(struct dtls_writer *to, const struct dtls_public_key *key)
{
    size_t info = dtls_der_open(to, DTLS_DER_SEQUENCE);

    dtls_algorithm_write_key(to, key->kind);
    size_t bits = dtls_der_open(to, DTLS_DER_BIT_STRING);
    dtls_write_u8(to, 0); /* unused bits */
    if (key->kind == DTLS_KEY_RSA) {
        size_t numbers = dtls_der_open(to, DTLS_DER_SEQUENCE);
        write_unsigned(to, key->modulus);
        write_unsigned(to, key->exponent);
        dtls_der_close(to, numbers);
    } else {
        dtls_write_bytes(to, key->point);
    }
    dtls_der_close(to, bits);
    dtls_der_close(to, info);
}
