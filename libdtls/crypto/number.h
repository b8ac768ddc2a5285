/* number.h - big numbers as keys and signatures carry them: unsigned, big endian. */
#ifndef DTLS_CRYPTO_NUMBER_H
#define DTLS_CRYPTO_NUMBER_H

#include <gmp.h>

#include "dtls/identity.h"

/* Sets an initialised number. */
void dtls_number_read(mpz_t number, struct dtls_bytes bytes);

/* Zero again, and its memory overwritten; mpz_clear is still to be called. */
void dtls_number_wipe(mpz_t number);

#endif
