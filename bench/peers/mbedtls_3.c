/* mbedtls_3.c - what is so in Mbed TLS 3.x only. */
#include "bench/peers/mbedtls_version.h"

#include <psa/crypto.h>

int mbedtls_version_start(void)
{
    return psa_crypto_init() == PSA_SUCCESS ? 0 : -1;
}

int mbedtls_version_read_key(mbedtls_pk_context *key, const char *path, mbedtls_ctr_drbg_context *random)
{
    return mbedtls_pk_parse_keyfile(key, path, NULL, mbedtls_ctr_drbg_random, random);
}

void mbedtls_version_set_dtls12(mbedtls_ssl_config *config)
{
    (void)config; /* there is no other DTLS in it */
}

bool mbedtls_version_handshake_over(mbedtls_ssl_context *ssl)
{
    return mbedtls_ssl_is_handshake_over(ssl) == 1;
}

void mbedtls_version_set_groups(mbedtls_ssl_config *config, bool p256)
{
    static const uint16_t groups[] = { MBEDTLS_SSL_IANA_TLS_GROUP_X25519, MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                       MBEDTLS_SSL_IANA_TLS_GROUP_NONE };

    mbedtls_ssl_conf_groups(config, groups + p256);
}
