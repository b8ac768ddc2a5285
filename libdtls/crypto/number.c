/* number.c - bytes to gmp's numbers, and forgetting those. */
#include "crypto/number.h"

#include "crypto/secret.h"

void dtls_number_read(mpz_t number, struct dtls_bytes bytes)
{
    mpz_import(number, bytes.len, 1, 1, 0, 0, bytes.at);
}

void dtls_number_wipe(mpz_t number)
{
    /* All that is allocated, not only what the value uses now: it may have shrunk. */
    dtls_wipe(number->_mp_d, (size_t)number->_mp_alloc * sizeof(mp_limb_t));
    mpz_set_ui(number, 0);
}
