/* algorithm.c - object identifiers, read and written. Knows no key, only what kind it would be. */
#include "identity/algorithm.h"

/* The content of an OBJECT IDENTIFIER; a string is its shortest spelling. */
#define OID(text)                                                                                                      \
    {                                                                                                                  \
        (const uint8_t *)(text), sizeof(text) - 1                                                                      \
    }

static const struct dtls_bytes ec_public_key = OID("\x2a\x86\x48\xce\x3d\x02\x01");          /* 1.2.840.10045.2.1 */
static const struct dtls_bytes ecdsa_with_sha256 = OID("\x2a\x86\x48\xce\x3d\x04\x03\x02");  /* 1.2.840.10045.4.3.2 */
static const struct dtls_bytes secp256r1 = OID("\x2a\x86\x48\xce\x3d\x03\x01\x07");          /* 1.2.840.10045.3.1.7 */
static const struct dtls_bytes secp384r1 = OID("\x2b\x81\x04\x00\x22");                      /* 1.3.132.0.34 */
static const struct dtls_bytes ed25519 = OID("\x2b\x65\x70");                                /* 1.3.101.112 */
static const struct dtls_bytes rsa_encryption = OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"); /* 1.2.840.113549.1.1.1 */

enum dtls_key_kind dtls_algorithm_read_curve(struct dtls_reader *from)
{
    struct dtls_bytes curve = dtls_der_read(from, DTLS_DER_OID);

    if (dtls_bytes_equal(curve, secp256r1))
        return DTLS_KEY_P256;
    return dtls_bytes_equal(curve, secp384r1) ? DTLS_KEY_P384 : DTLS_KEY_NONE;
}

enum dtls_key_kind dtls_algorithm_read_key(struct dtls_reader *from)
{
    struct dtls_reader inside = dtls_reader_of(dtls_der_read(from, DTLS_DER_SEQUENCE));
    struct dtls_bytes algorithm = dtls_der_read(&inside, DTLS_DER_OID);
    struct dtls_bytes null;
    enum dtls_key_kind kind = DTLS_KEY_NONE;

    if (dtls_bytes_equal(algorithm, ec_public_key)) {
        kind = dtls_algorithm_read_curve(&inside);
    } else if (dtls_bytes_equal(algorithm, ed25519)) {
        kind = DTLS_KEY_ED;
    } else if (dtls_bytes_equal(algorithm, rsa_encryption)) {
        kind = DTLS_KEY_RSA;
        if (dtls_der_read_optional(&inside, DTLS_DER_NULL, &null) && null.len > 0)
            dtls_reader_break(&inside);
    }
    return dtls_reader_finished(&inside) ? kind : DTLS_KEY_NONE;
}

void dtls_algorithm_write_key(struct dtls_writer *to, enum dtls_key_kind kind)
{
    size_t position = dtls_der_open(to, DTLS_DER_SEQUENCE);

    if (kind == DTLS_KEY_P256 || kind == DTLS_KEY_P384) {
        dtls_der_write(to, DTLS_DER_OID, ec_public_key);
        dtls_der_write(to, DTLS_DER_OID, kind == DTLS_KEY_P256 ? secp256r1 : secp384r1);
    } else if (kind == DTLS_KEY_RSA) {
        dtls_der_write(to, DTLS_DER_OID, rsa_encryption);
        dtls_der_write(to, DTLS_DER_NULL, (struct dtls_bytes){ 0 });
    } else {
        dtls_der_write(to, DTLS_DER_OID, ed25519);
    }
    dtls_der_close(to, position);
}

void dtls_algorithm_write_signature(struct dtls_writer *to, enum dtls_key_kind kind)
{
    size_t position = dtls_der_open(to, DTLS_DER_SEQUENCE);

    dtls_der_write(to, DTLS_DER_OID, kind == DTLS_KEY_P256 ? ecdsa_with_sha256 : ed25519);
    dtls_der_close(to, position);
}
