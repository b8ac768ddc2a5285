/* rsa_public.c - takes an RSA public key from its bytes, if its size is one we work with. */
#include "crypto/rsa_public.h"

#include "crypto/number.h"

bool dtls_rsa_public_init(struct rsa_public_key *rsa, struct dtls_bytes modulus, struct dtls_bytes exponent)
{
    rsa_public_key_init(rsa);
    dtls_number_read(rsa->n, modulus);
    dtls_number_read(rsa->e, exponent);

    size_t bits = mpz_sizeinbase(rsa->n, 2);
    bool ok = bits >= DTLS_RSA_MIN_BITS && bits <= DTLS_RSA_MAX_BITS && rsa_public_key_prepare(rsa) != 0 &&
              mpz_odd_p(rsa->e) != 0 && mpz_cmp_ui(rsa->e, 3) >= 0 &&
              mpz_sizeinbase(rsa->e, 256) <= DTLS_RSA_MAX_EXPONENT_LEN;
    if (!ok)
        rsa_public_key_clear(rsa);
    return ok;
}
