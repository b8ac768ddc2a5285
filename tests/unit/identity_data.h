/* identity_data.h - the files of tests/data/identity, and what they hold between BEGIN and END. */
#ifndef DTLS_TESTS_UNIT_IDENTITY_DATA_H
#define DTLS_TESTS_UNIT_IDENTITY_DATA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base64.h"
#include "identity/pem.h"

/* A copy that the test frees (`at`). */
struct copy {
    uint8_t *at;
    size_t len;
};

static inline struct dtls_bytes view_of(struct copy copy)
{
    return (struct dtls_bytes){ copy.at, copy.len };
}

static inline struct copy read_file(const char *name)
{
    char path[1024];
    struct copy copy = { 0 };

    snprintf(path, sizeof path, "%s/identity/%s", TESTS_DATA, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(1);
    }
    copy.at = malloc(65536);
    copy.len = fread(copy.at, 1, 65536, file);
    fclose(file);
    return copy;
}

/* The bytes of the first block with this label in a file. */
static inline struct copy read_block(const char *name, const char *label)
{
    struct copy text = read_file(name), der = { 0 };
    struct dtls_reader file = dtls_reader_of(view_of(text));
    struct dtls_pem_block block;

    while (der.at == NULL && dtls_pem_next(&file, &block)) {
        if (!dtls_pem_is(&block, label))
            continue;
        der.at = malloc(block.text.len);
        if (!dtls_base64_decode((const char *)block.text.at, block.text.len, der.at, &der.len))
            exit(1);
    }
    free(text.at);
    return der;
}

/* PEM text of any bytes, all base64 in one line. */
static inline struct copy write_block(const char *label, struct dtls_bytes bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct copy text = { .at = malloc(bytes.len * 2 + 200) };
    char *to = (char *)text.at;

    to += sprintf(to, "-----BEGIN %s-----\n", label);
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t three = 0;
        for (size_t j = i; j < i + 3; j++)
            three = three << 8 | (j < bytes.len ? bytes.at[j] : 0U);
        for (size_t j = 0; j < 4; j++)
            *to++ = i + j > bytes.len ? '=' : digits[three >> (18 - 6 * j) & 63];
    }
    to += sprintf(to, "\n-----END %s-----\n", label);
    text.len = (size_t)(to - (char *)text.at);
    return text;
}

#endif
