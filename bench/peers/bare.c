/* bare.c - the limit: what nettle alone takes for the same work. Of a record, the two calls of its AEAD cipher on the
 * same bytes, which go the same way from one to the other; of a full handshake, its public-key operations at both ends;
 * and nothing else. */
#include <nettle/chacha-poly1305.h>
#include <nettle/curve25519.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <nettle/gcm.h>
#include <nettle/version.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "apps/complain.h"
#include "apps/options.h"
#include "bench/peers/clock.h"
#include "bench/peers/pair.h"
#include "bench/peers/work.h"
#include "libdtls/crypto/nettle_length.h"

enum { BATCH = PAIR_WAITING, TAG = 16, AAD = 13 };

static void print(const struct work *work, const char *part, double value)
{
    char version[16];

    snprintf(version, sizeof version, "%d.%d", NETTLE_VERSION_MAJOR, NETTLE_VERSION_MINOR);
    work_print(work, "nettle", version, part, value);
}

/* ---- records ---- */

static uint8_t datagram[PAIR_DATAGRAM]; /* at either end, one after the other */

static void gcm_pass(struct gcm_aes128_ctx *gcm, size_t size, bool seal)
{
    static const uint8_t nonce[GCM_IV_SIZE] = { 1 }, aad[AAD] = { 2 };
    uint8_t tag[TAG];

    for (int i = 0; i < BATCH; i++) {
        if (!seal)
            pair_pull(true, datagram, sizeof datagram);
        gcm_aes128_set_iv(gcm, sizeof nonce, nonce);
        gcm_aes128_update(gcm, sizeof aad, aad);
        if (seal) {
            gcm_aes128_encrypt(gcm, size, datagram, datagram);
            gcm_aes128_digest(gcm, DTLS_NETTLE_LENGTH(TAG) datagram + size);
            pair_push(false, datagram, size + TAG);
        } else {
            gcm_aes128_decrypt(gcm, size, datagram, datagram);
            gcm_aes128_digest(gcm, DTLS_NETTLE_LENGTH(TAG) tag);
            if (memcmp(tag, datagram + size, TAG) != 0)
                refuse("nettle: a tag is wrong");
        }
    }
}

static void chacha_pass(struct chacha_poly1305_ctx *chacha, size_t size, bool seal)
{
    static const uint8_t nonce[CHACHA_POLY1305_NONCE_SIZE] = { 1 }, aad[AAD] = { 2 };
    uint8_t tag[TAG];

    for (int i = 0; i < BATCH; i++) {
        if (!seal)
            pair_pull(true, datagram, sizeof datagram);
        chacha_poly1305_set_nonce(chacha, nonce);
        chacha_poly1305_update(chacha, sizeof aad, aad);
        if (seal) {
            chacha_poly1305_encrypt(chacha, size, datagram, datagram);
            chacha_poly1305_digest(chacha, DTLS_NETTLE_LENGTH(TAG) datagram + size);
            pair_push(false, datagram, size + TAG);
        } else {
            chacha_poly1305_decrypt(chacha, size, datagram, datagram);
            chacha_poly1305_digest(chacha, DTLS_NETTLE_LENGTH(TAG) tag);
            if (memcmp(tag, datagram + size, TAG) != 0)
                refuse("nettle: a tag is wrong");
        }
    }
}

static void do_records(const struct work *work)
{
    static struct gcm_aes128_ctx gcm;
    static struct chacha_poly1305_ctx chacha;
    double seconds[2] = { 0 }, count = 0; /* opening, sealing */

    gcm_aes128_set_key(&gcm, (const uint8_t *)"this is the key.");
    chacha_poly1305_set_key(&chacha, (const uint8_t *)"this is the key, and it is long.");
    for (; seconds[0] + seconds[1] < work->ms / 1e3; count += BATCH)
        for (int seal = 1; seal >= 0; seal--) {
            double start = clock_cpu_seconds();
            if (work->cipher == WORK_CHACHA20_POLY1305)
                chacha_pass(&chacha, work->size, seal == 1);
            else
                gcm_pass(&gcm, work->size, seal == 1);
            seconds[seal] += clock_cpu_seconds() - start;
        }
    print(work, "seal", seconds[1] / count * 1e9);
    print(work, "open", seconds[0] / count * 1e9);
    print(work, "seal + open", (seconds[0] + seconds[1]) / count * 1e9);
}

/* ---- handshakes ---- */

static void random_bytes(void *arg, size_t len, uint8_t *out)
{
    (void)arg;
    if (getrandom(out, len, 0) != (ssize_t)len)
        refuse("no randomness");
}

struct keys {
    struct ecc_scalar private, ephemeral;
    struct ecc_point public, share;
};

static void one_x25519(void)
{
    uint8_t secret[CURVE25519_SIZE], point[CURVE25519_SIZE], shared[CURVE25519_SIZE];

    random_bytes(NULL, sizeof secret, secret);
    curve25519_mul_g(point, secret);
    curve25519_mul(shared, secret, point);
}

static void one_p256(struct keys *keys)
{
    struct ecc_point shared;

    ecdsa_generate_keypair(&keys->share, &keys->ephemeral, NULL, random_bytes);
    ecc_point_init(&shared, nettle_get_secp_256r1());
    ecc_point_mul(&shared, &keys->ephemeral, &keys->share);
    ecc_point_clear(&shared);
}

static void share_and_agree(const struct work *work, struct keys *keys)
{
    if (work->kind == WORK_P256)
        one_p256(keys);
    else
        one_x25519();
}

/* Each end makes a share and uses the other's; the server signs, and the client verifies. */
static void do_handshakes(const struct work *work)
{
    static const uint8_t digest[32] = { 1 };
    const struct ecc_curve *curve = nettle_get_secp_256r1();
    struct dsa_signature signature;
    struct keys keys;
    double count = 0, server_s = 0, client_s = 0;

    if (work->kind == WORK_RESUMED)
        refuse("a resumed handshake has no public-key operations");
    ecc_scalar_init(&keys.private, curve);
    ecc_scalar_init(&keys.ephemeral, curve);
    ecc_point_init(&keys.public, curve);
    ecc_point_init(&keys.share, curve);
    dsa_signature_init(&signature);
    ecdsa_generate_keypair(&keys.public, &keys.private, NULL, random_bytes);
    for (; server_s + client_s < work->ms / 1e3; count++) {
        double start = clock_cpu_seconds();
        share_and_agree(work, &keys);
        ecdsa_sign(&keys.private, NULL, random_bytes, sizeof digest, digest, &signature);
        double middle = clock_cpu_seconds();
        share_and_agree(work, &keys);
        if (ecdsa_verify(&keys.public, sizeof digest, digest, &signature) != 1)
            refuse("nettle: a signature is wrong");
        client_s += clock_cpu_seconds() - middle;
        server_s += middle - start;
    }
    print(work, "client", client_s / count * 1e6);
    print(work, "server", server_s / count * 1e6);
    print(work, "both", (client_s + server_s) / count * 1e6);
    dsa_signature_clear(&signature);
    ecc_scalar_clear(&keys.private);
    ecc_scalar_clear(&keys.ephemeral);
    ecc_point_clear(&keys.public);
    ecc_point_clear(&keys.share);
}

int main(int argc, char **argv)
{
    static const struct option_row rows[] = { { 0 } };
    static const struct option_program program = {
        .name = "bare",
        .mask = 1,
        .usage = "records [OPTION...] | handshakes [OPTION...]",
        .about = "What nettle alone takes for records, and for the public-key operations of a handshake; each has its\n"
                 "own --help.",
        .notes = "Exit status: 0 fine, 2 a mistake in the options.\n",
        .operands = 1,
        .rows = rows,
    };
    const char *what;
    struct work work;

    complain_as("bare");
    if (argc < 2 || (strcmp(argv[1], "records") != 0 && strcmp(argv[1], "handshakes") != 0)) {
        options_read(&program, argc, argv, NULL, &what);
        refuse("'%s' is neither records nor handshakes (see --help)", what);
    }
    work_read(&work, "bare", argc, argv);
    if (work.handshakes)
        do_handshakes(&work);
    else
        do_records(&work);
    return 0;
}
