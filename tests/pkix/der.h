/* der.h - DER for tests: values behind each other, read and written. No more than the tests need. */
#ifndef DTLS_TESTS_PKIX_DER_H
#define DTLS_TESTS_PKIX_DER_H

#include <stddef.h>
#include <stdint.h>

#include "dtls/identity.h"

/* What is being written; `bytes` grows, and is freed with free. All zeroes is empty. */
struct der_text {
    uint8_t *bytes;
    size_t len;
};

void der_add(struct der_text *to, const void *bytes, size_t len);

/* What was written from `from` on becomes the body of a value with this tag. */
void der_wrap(struct der_text *to, size_t from, uint8_t tag);

/* A whole value; a bit string of whole bytes; a GeneralizedTime. */
void der_add_value(struct der_text *to, uint8_t tag, const void *body, size_t len);
void der_add_bits(struct der_text *to, const void *body, size_t len);
void der_add_time(struct der_text *to, int64_t time);

struct der_span {
    const uint8_t *at;
    size_t len;
};

/* The body of a value; and the next value, header included, which is taken off. */
struct der_span der_inside(struct dtls_bytes value);
struct der_span der_next(struct der_span *rest);

/* 4 or 16 bytes of an IP address; 0: it is none. */
size_t der_address(const char *text, uint8_t out[16]);

#endif
