/* mbedtls_2.c - what is so in Mbed TLS 2.28 only. */
#include "bench/peers/mbedtls_version.h"

int mbedtls_version_start(void)
{
    return 0;
}

int mbedtls_version_read_key(mbedtls_pk_context *key, const char *path, mbedtls_ctr_drbg_context *random)
{
    (void)random;
    return mbedtls_pk_parse_keyfile(key, path, NULL);
}

void mbedtls_version_set_dtls12(mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}

bool mbedtls_version_handshake_over(mbedtls_ssl_context *ssl)
{
    return ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER;
}

void mbedtls_version_set_groups(mbedtls_ssl_config *config, bool p256)
{
    static const mbedtls_ecp_group_id groups[] = { MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1,
                                                   MBEDTLS_ECP_DP_NONE };

    mbedtls_ssl_conf_curves(config, groups + p256);
}
