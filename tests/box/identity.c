/* identity.c - reads and generates the identities of the tests, once. */
#include "tests/box/identity.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/box/rng.h"

#ifndef TESTS_DATA
#define TESTS_DATA "tests/data"
#endif

enum { FILE_MAX = 16384 };

/* Files of tests/data/identity: the certificates of one or two of them, in order, and the key. */
struct source {
    const char *certificates, *more_certificates, *key;
};

static const struct source sources[IDENTITY_KINDS] = {
    [IDENTITY_ED25519] = { "ed25519.pem", NULL, "ed25519.pem" },
    [IDENTITY_P384] = { "p384.pem", NULL, "p384.pem" },
    [IDENTITY_RSA2048] = { "rsa2048.pem", NULL, "rsa2048.pem" },
    [IDENTITY_RSA4096_CHAIN] = { "rsa4096-chain.pem", NULL, "rsa4096-key.pem" },
    [IDENTITY_LONG_CHAIN] = { "p256.pem", "rsa4096-chain.pem", "p256.pem" },
};

static struct dtls_identity *identities[IDENTITY_KINDS];

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "identity of the tests: %s: %s\n", what, why);
    exit(1);
}

/* Appends a file of tests/data/identity to `text`. */
static void read_file(const char *name, char text[FILE_MAX], size_t *len)
{
    char path[512];

    snprintf(path, sizeof path, "%s/identity/%s", TESTS_DATA, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        give_up(path, "cannot be opened");
    *len += fread(text + *len, 1, FILE_MAX - *len, file);
    fclose(file);
}

static struct dtls_identity *read_identity(const struct source *source)
{
    static char certificates[FILE_MAX], key[FILE_MAX];
    size_t certificates_len = 0, key_len = 0;
    struct dtls_identity *identity = NULL;

    read_file(source->certificates, certificates, &certificates_len);
    if (source->more_certificates != NULL)
        read_file(source->more_certificates, certificates, &certificates_len);
    read_file(source->key, key, &key_len);
    int result = dtls_identity_from_pem(certificates, certificates_len, key, key_len, &identity);
    if (result != DTLS_OK)
        give_up(source->certificates, dtls_error_string(result));
    return identity;
}

/* The same key in every run, so that a seed gives the same bytes on the wire. */
static struct dtls_identity *generate(enum identity_kind kind)
{
    const int64_t year_2020 = 1577836800, year_2050 = 2524608000;
    struct rng rng = { (uint64_t)kind };
    struct dtls_identity *identity = NULL;
    int result = dtls_identity_generate(DTLS_KEY_ECDSA_P256, "box", year_2020, year_2050, rng_fill, &rng, &identity);

    if (result != DTLS_OK)
        give_up("generated", dtls_error_string(result));
    return identity;
}

const struct dtls_identity *identity_of(enum identity_kind kind)
{
    if (identities[kind] == NULL)
        identities[kind] = sources[kind].certificates == NULL ? generate(kind) : read_identity(&sources[kind]);
    return identities[kind];
}

const uint8_t *identity_fingerprint(enum identity_kind kind)
{
    static uint8_t fingerprints[IDENTITY_KINDS][DTLS_FINGERPRINT_LEN];

    dtls_identity_fingerprint(identity_of(kind), fingerprints[kind]);
    return fingerprints[kind];
}
