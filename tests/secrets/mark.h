/* mark.h - under valgrind, secrets are memory that memcheck calls undefined: it then reports each branch and each index
 * that depends on one (contract S7). This room says what is a secret, and what has stopped being one.
 *
 * libdtls has no line for it: the linker puts our functions in front of those named here (--wrap, meson.build).
 *
 * Marked, where they enter our code:
 * - rng_fill: every random byte of the box: scalars, nonces of signatures, cookie secrets, ticket keys;
 * - identity_of: the private numbers of a key that was read from a file;
 * - dtls_conn_send: the application's data.
 * All else is derived from these: memcheck follows it through every copy and computation.
 *
 * Public again, and why:
 * - dtls_point_of_scalar, nettle_curve25519_mul_g, nettle_ed25519_sha512_public_key: a public key is public;
 * - nettle_ecdsa_sign, nettle_ed25519_sha512_sign, nettle_rsa_..._sign_tr: a signature is, and that it worked;
 * - nettle_ecc_scalar_set: that a drawn scalar is in range: one that is not is thrown away;
 * - dtls_secret_equal: a verdict, equal or not; never where two values differ;
 * - dtls_client_hello_write, dtls_server_hello_write: randoms and session ids, which the hellos show; in a rehandshake
 *   also the last verify_data, as in the peer's hello when it is opened;
 * - dtls_self_signed_write: a certificate: it has a random serial number;
 * - dtls_session_seal, _open: the name of a ticket key, which each ticket shows;
 * - dtls_session_state_read: an opened ticket's fields, but not its master secret;
 * - dtls_epoch_open: an opened alert or handshake message, but not the verify_data of Finished: whoever sent it has
 *   chosen it, and it says nothing of a key. Application data stays secret;
 * - dtls_conn_next_datagram, dtls_conn_send, dtls_hello_check: what goes out on the wire;
 * - dtls_conn_next_event: application data, once it is the application's.
 */
#ifndef DTLS_TESTS_SECRETS_MARK_H
#define DTLS_TESTS_SECRETS_MARK_H

#include <stdbool.h>
#include <stddef.h>

/* The secrets that must be seen marked, each in the function that uses it. */
enum secret_kind {
    SECRET_P256_KEY, /* private keys, when they sign */
    SECRET_P384_KEY,
    SECRET_ED25519_KEY,
    SECRET_RSA_KEY,
    SECRET_EPHEMERAL, /* ECDHE scalars, and what comes of them */
    SECRET_PREMASTER,
    SECRET_PSK, /* in a premaster secret */
    SECRET_MASTER,
    SECRET_SESSION_MASTER, /* in a cache, a ticket, a serialised session */
    SECRET_VERIFY_DATA,
    SECRET_RECORD_KEY, /* of the key block, IVs included */
    SECRET_TICKET_KEY,
    SECRET_COOKIE,
    SECRET_DATA, /* application data, as it comes out of an opened record */
    SECRET_KINDS,
};

const char *secret_name(enum secret_kind kind);

/* How often a secret of this kind was looked at, and how often some byte of it was not marked. */
size_t secret_sightings(enum secret_kind kind);
size_t secret_unmarked(enum secret_kind kind);

/* From now on a premaster secret ends with a pre-shared key of so many bytes, in front of which are public ones; 0, as
 * it begins: there is none. */
void secret_expect_psk(size_t len);

/* Is each byte marked? */
bool secret_is_marked(const void *bytes, size_t len);

#endif
