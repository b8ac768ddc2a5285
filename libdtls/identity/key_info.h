/* key_info.h - a public key as X.509 and RFC 7250 write it: SubjectPublicKeyInfo, in DER. */
#ifndef DTLS_IDENTITY_KEY_INFO_H
#define DTLS_IDENTITY_KEY_INFO_H

#include "bytes/writer.h"
#include "crypto/signature.h"

enum { DTLS_KEY_INFO_MAX = 1100 }; /* bytes: RSA-8192 has the longest */

/* The key in it; views into `info`. DTLS_ERR_BAD_X509 when it is none of a kind that we have. */
int dtls_key_info_public_key(struct dtls_bytes info, struct dtls_public_key *out);

void dtls_key_info_write(struct dtls_writer *to, const struct dtls_public_key *key);

#endif
