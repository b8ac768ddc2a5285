/* mbedtls_version.h - where Mbed TLS 2.28 and 3.x differ for us. The build takes mbedtls_2.c or mbedtls_3.c. */
#ifndef BENCH_PEERS_MBEDTLS_VERSION_H
#define BENCH_PEERS_MBEDTLS_VERSION_H

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <stdbool.h>

/* What has to be called before all else; 0 when it went well. */
int mbedtls_version_start(void);

/* The private key in a PEM file; 0 or the library's error. */
int mbedtls_version_read_key(mbedtls_pk_context *key, const char *path, mbedtls_ctr_drbg_context *random);

/* DTLS 1.2 and nothing older. */
void mbedtls_version_set_dtls12(mbedtls_ssl_config *config);

/* secp256r1 alone, or x25519 in front of it. */
void mbedtls_version_set_groups(mbedtls_ssl_config *config, bool p256);

bool mbedtls_version_handshake_over(mbedtls_ssl_context *ssl);

#endif
