/* pem.h - finds the blocks of a PEM file (RFC 7468). Decodes nothing: crypto/base64.h does. */
#ifndef DTLS_IDENTITY_PEM_H
#define DTLS_IDENTITY_PEM_H

#include "bytes/reader.h"

/* Views of the file's text. */
struct dtls_pem_block {
    struct dtls_bytes label; /* between "-----BEGIN " and "-----" */
    struct dtls_bytes text;  /* base64 and white space; at least one byte */
    bool encrypted;          /* a header said "Proc-Type: 4,ENCRYPTED" (RFC 1421, 4.6.1.1) */
};

/* The next block; other text between blocks is passed over. False at the end, and, with the reader broken, when a
 * block has no body or not its own END line. */
bool dtls_pem_next(struct dtls_reader *file, struct dtls_pem_block *block);

/* Is this the block's label? */
bool dtls_pem_is(const struct dtls_pem_block *block, const char *label);

#endif
