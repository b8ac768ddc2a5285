/* der.h - DER values (X.690) in and out: tag, length, content. Knows no certificate and no key. */
#ifndef DTLS_IDENTITY_DER_H
#define DTLS_IDENTITY_DER_H

#include "bytes/reader.h"
#include "bytes/writer.h"

enum dtls_der_tag {
    DTLS_DER_INTEGER = 0x02,
    DTLS_DER_BIT_STRING = 0x03,
    DTLS_DER_OCTET_STRING = 0x04,
    DTLS_DER_NULL = 0x05,
    DTLS_DER_OID = 0x06,
    DTLS_DER_UTF8_STRING = 0x0c,
    DTLS_DER_UTC_TIME = 0x17,
    DTLS_DER_GENERALIZED_TIME = 0x18,
    DTLS_DER_SEQUENCE = 0x30,
    DTLS_DER_SET = 0x31,
    DTLS_DER_CONTEXT_0 = 0xa0, /* constructed; + n for [n] */
};

/* The content of the next value, which must have this tag; breaks the reader otherwise. */
struct dtls_bytes dtls_der_read(struct dtls_reader *from, uint8_t tag);

/* The same for a value that may be missing: false, and nothing is read, when the next tag is another. */
bool dtls_der_read_optional(struct dtls_reader *from, uint8_t tag, struct dtls_bytes *content);

/* A non-negative INTEGER without the zero that is only a sign: the number zero is one byte. */
struct dtls_bytes dtls_der_read_unsigned(struct dtls_reader *from);

/* Any value, skipped; its content and header together as a view. */
struct dtls_bytes dtls_der_read_any(struct dtls_reader *from);

/* Writes tag and length of a constructed value; _close fills the length in (DER's shortest form; at most 65,535). */
size_t dtls_der_open(struct dtls_writer *to, uint8_t tag);
void dtls_der_close(struct dtls_writer *to, size_t position);
void dtls_der_write(struct dtls_writer *to, uint8_t tag, struct dtls_bytes content);

#endif
