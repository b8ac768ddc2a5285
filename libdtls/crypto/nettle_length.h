/* nettle_length.h - what nettle 4 changed in the calls that end a hash, a MAC or an AEAD: until then they took the
 * length in front of the place to write to. */
#ifndef DTLS_CRYPTO_NETTLE_LENGTH_H
#define DTLS_CRYPTO_NETTLE_LENGTH_H

#include <nettle/version.h>

/* Stands where the length and its comma stood: gcm_digest(.., DTLS_NETTLE_LENGTH(16) tag). nettle 4 writes it whole; of
 * CCM it remembers how long it is. */
#if NETTLE_VERSION_MAJOR >= 4
#define DTLS_NETTLE_LENGTH(len)
#else
#define DTLS_NETTLE_LENGTH(len) (len),
#endif

#endif
