/* book.c - secrets by their windows, in a table by the first two bytes; and the functions in front of others. */
#include "tests/secrets/book.h"

#include <malloc.h>
#include <nettle/ecc.h>
#include <nettle/rsa.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/ecdhe.h"
#include "crypto/memory.h"
#include "crypto/key_nettle.h"
#include "dtls/endpoint.h"
#include "handshake/key_schedule.h"
#include "handshake/session.h"

struct window {
    const char *name;
    struct window *next;
    uint8_t bytes[BOOK_WINDOW];
};

enum { CHAINS = 65536, SECRET_MAX = 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* jobs run in threads */
static struct window *chains[CHAINS];
static struct book_sums sums;
static bool is_open;
static size_t fail_number = SIZE_MAX, allocations;
static bool failed;

/* ---- the book ---- */

static struct window **chain_of(const uint8_t *bytes)
{
    return &chains[bytes[0] << 8 | bytes[1]];
}

static void note_window(const char *name, const uint8_t *bytes)
{
    struct window *window = malloc(sizeof *window);
    uint8_t different = 0;

    for (size_t i = 1; i < BOOK_WINDOW; i++)
        different |= bytes[i] ^ bytes[0];
    if (window == NULL)
        abort();
    if (different == 0) { /* zeroes are no secret */
        free(window);
        return;
    }
    *window = (struct window){ .name = name, .next = *chain_of(bytes) };
    memcpy(window->bytes, bytes, BOOK_WINDOW);
    *chain_of(bytes) = window;
}

static void note_turned(const char *name, const uint8_t *secret, size_t len, bool backwards, uint8_t mask)
{
    static uint8_t turned[SECRET_MAX]; /* static: no secret may be left on the stack by us (stack.c) */

    for (size_t i = 0; i < len; i++)
        turned[i] = secret[backwards ? len - 1 - i : i] ^ mask;
    for (size_t i = 0; i + BOOK_WINDOW <= len; i++)
        note_window(name, turned + i);
}

void book_note(const char *name, const void *secret, size_t len)
{
    if (!is_open || len < BOOK_WINDOW || len > SECRET_MAX)
        return;
    pthread_mutex_lock(&lock);
    sums.secrets++;
    note_turned(name, secret, len, false, 0);
    note_turned(name, secret, len, true, 0);
    note_turned(name, secret, len, false, 0x36);
    note_turned(name, secret, len, false, 0x5c);
    pthread_mutex_unlock(&lock);
}

const char *book_find(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    const char *name = NULL;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i + BOOK_WINDOW <= len && name == NULL; i++)
        for (const struct window *window = *chain_of(at + i); window != NULL && name == NULL; window = window->next)
            if (memcmp(window->bytes, at + i, BOOK_WINDOW) == 0)
                name = window->name;
    pthread_mutex_unlock(&lock);
    return name;
}

void book_fail_allocation(size_t number)
{
    fail_number = number;
    allocations = 0;
    failed = false;
}

bool book_allocation_failed(void)
{
    return failed;
}

struct book_sums book_sums(void)
{
    return sums;
}

void book_close(void)
{
    is_open = false;
    for (size_t i = 0; i < CHAINS; i++)
        for (struct window *window; (window = chains[i]) != NULL;) {
            chains[i] = window->next;
            free(window);
        }
}

#define WRAP(type, name, ...)                                                                                          \
    type __real_##name(__VA_ARGS__); /* NOLINT: the linker's names */                                                  \
    type __wrap_##name(__VA_ARGS__); /* NOLINT */                                                                      \
    type __wrap_##name(__VA_ARGS__)  /* NOLINT */

/* ---- what is given back ---- */

/* A block that we give back must be clean; `ours` is false for what gmp and hogweed give back inside. */
static void look(const void *block, size_t len, bool ours)
{
    const char *name = is_open ? book_find(block, len) : NULL;

    if (!is_open)
        return;
    pthread_mutex_lock(&lock);
    if (ours) {
        sums.blocks++;
        sums.dirty += name != NULL;
        sums.found = name != NULL ? name : sums.found;
    } else {
        sums.others++;
        sums.unwiped += name != NULL;
        sums.found_other = name != NULL ? name : sums.found_other;
    }
    pthread_mutex_unlock(&lock);
}

static void look_and_free(void *arg, void *block)
{
    (void)arg;
    look(block, malloc_usable_size(block), true);
    free(block);
}

/* The real one wipes, and then gives back by a function of ours. Only for blocks of malloc. */
WRAP(void, dtls_release, const struct dtls_memory *memory, void *block, size_t len)
{
    if (memory->release != NULL)
        abort();
    __real_dtls_release(&(struct dtls_memory){ .release = look_and_free }, block, len);
}

WRAP(void *, dtls_allocate, const struct dtls_memory *memory, size_t len)
{
    if (allocations++ != fail_number)
        return __real_dtls_allocate(memory, len);
    failed = true;
    return NULL;
}

static _Thread_local bool clearing; /* gmp gives back what we clear */

WRAP(void, __gmpz_clear, mpz_ptr number)
{
    clearing = true;
    __real___gmpz_clear(number);
    clearing = false;
}

WRAP(void, nettle_ecc_scalar_clear, struct ecc_scalar *scalar)
{
    clearing = true;
    __real_nettle_ecc_scalar_clear(scalar);
    clearing = false;
}

WRAP(void, nettle_ecc_point_clear, struct ecc_point *point)
{
    clearing = true;
    __real_nettle_ecc_point_clear(point);
    clearing = false;
}

WRAP(void, nettle_rsa_private_key_clear, struct rsa_private_key *key)
{
    clearing = true;
    __real_nettle_rsa_private_key_clear(key);
    clearing = false;
}

static void *gmp_allocate(size_t len)
{
    void *block = malloc(len);

    if (block == NULL)
        abort();
    return block;
}

static void gmp_free(void *block, size_t len)
{
    look(block, len, clearing);
    free(block);
}

static void *gmp_reallocate(void *block, size_t len, size_t new_len)
{
    void *moved = gmp_allocate(new_len);

    memcpy(moved, block, len < new_len ? len : new_len);
    gmp_free(block, len);
    return moved;
}

void book_open(void)
{
    book_close();
    sums = (struct book_sums){ 0 };
    mp_set_memory_functions(gmp_allocate, gmp_reallocate, gmp_free);
    book_fail_allocation(SIZE_MAX);
    is_open = true;
}

/* ---- what is secret ---- */

static void note_number(const mpz_t number)
{
    book_note("RSA private key", mpz_limbs_read(number), mpz_size(number) * sizeof(mp_limb_t));
}

static void note_key(const struct dtls_private_key *key)
{
    if (key->ops->kind == DTLS_KEY_ED) {
        book_note("private key", ((const struct dtls_ed25519_key *)key)->seed, DTLS_ED25519_LEN);
    } else if (key->ops->kind == DTLS_KEY_RSA) {
        const struct rsa_private_key *rsa = &((const struct dtls_rsa_key *)key)->secret;
        note_number(rsa->d);
        note_number(rsa->p);
        note_number(rsa->q);
        note_number(rsa->a);
        note_number(rsa->b);
        note_number(rsa->c);
    } else {
        const struct ecc_scalar *scalar = &((const struct dtls_ecdsa_key *)key)->scalar;
        book_note("private key", scalar->p, dtls_curve_len(scalar->ecc));
    }
}

WRAP(int, dtls_signature_make, const struct dtls_private_key *key, uint16_t scheme, const struct dtls_random *random,
     struct dtls_bytes message, uint8_t *out, size_t *len)
{
    note_key(key);
    return __real_dtls_signature_make(key, scheme, random, message, out, len);
}

WRAP(int, dtls_private_key_from_scalar, enum dtls_key_kind kind, struct dtls_bytes scalar,
     struct dtls_private_key **out)
{
    book_note("private key", scalar.at, scalar.len);
    return __real_dtls_private_key_from_scalar(kind, scalar, out);
}

WRAP(int, dtls_private_key_generate, enum dtls_key_kind kind, const struct dtls_random *random,
     struct dtls_private_key **out)
{
    int result = __real_dtls_private_key_generate(kind, random, out);

    if (result == DTLS_OK)
        note_key(*out);
    return result;
}

WRAP(int, dtls_private_key_from_rsa, const struct dtls_rsa_numbers *numbers, struct dtls_private_key **out)
{
    const struct dtls_bytes secret[] = { numbers->d, numbers->p, numbers->q, numbers->dp, numbers->dq, numbers->qinv };

    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        book_note("RSA private key", secret[i].at, secret[i].len);
    return __real_dtls_private_key_from_rsa(numbers, out);
}

WRAP(int, dtls_ecdhe_generate, struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random)
{
    int result = __real_dtls_ecdhe_generate(pair, group, random);

    if (result == DTLS_OK)
        book_note("ephemeral scalar", pair->scalar, group == DTLS_GROUP_SECP384R1 ? 48 : 32);
    return result;
}

WRAP(int, dtls_ecdhe_agree, const struct dtls_ecdhe *pair, struct dtls_bytes peer_point,
     uint8_t secret[DTLS_ECDHE_MAX_SECRET], size_t *secret_len)
{
    int result = __real_dtls_ecdhe_agree(pair, peer_point, secret, secret_len);

    book_note("premaster secret", secret, *secret_len);
    return result;
}

WRAP(void, dtls_master_secret, enum dtls_hash hash, struct dtls_bytes premaster, const struct dtls_randoms *randoms,
     struct dtls_bytes session_hash, uint8_t master[DTLS_MASTER_SECRET_LEN])
{
    __real_dtls_master_secret(hash, premaster, randoms, session_hash, master);
    book_note("master secret", master, DTLS_MASTER_SECRET_LEN);
}

/* The keys lie side by side in the key block. */
WRAP(struct dtls_epoch *, dtls_epoch_new, const struct dtls_memory *memory, uint16_t number,
     const struct dtls_aead *aead, const struct dtls_epoch_keys *keys, size_t replay_window)
{
    if (aead != NULL)
        book_note("key block", keys->read_key < keys->write_key ? keys->read_key : keys->write_key,
                  2 * (aead->key_len + aead->fixed_iv_len));
    return __real_dtls_epoch_new(memory, number, aead, keys, replay_window);
}

WRAP(int, dtls_session_seal, const struct dtls_ticket_key *key, enum dtls_sealed_kind kind,
     const struct dtls_memory *memory, const struct dtls_random *random, const struct dtls_session_state *state,
     uint8_t out[DTLS_SEALED_SESSION_MOST], size_t *len)
{
    book_note("ticket key", key->key, sizeof key->key);
    return __real_dtls_session_seal(key, kind, memory, random, state, out, len);
}

WRAP(bool, dtls_session_open, const struct dtls_ticket_keys *keys, uint64_t now_us, enum dtls_sealed_kind kind,
     struct dtls_bytes id, const struct dtls_memory *memory, struct dtls_bytes sealed, struct dtls_session_state *out,
     const struct dtls_ticket_key **key)
{
    for (size_t i = 0; i < keys->count; i++)
        book_note("ticket key", keys->keys[i].key, sizeof keys->keys[i].key);
    return __real_dtls_session_open(keys, now_us, kind, id, memory, sealed, out, key);
}

WRAP(int, dtls_hello_check, struct dtls_cookie_secrets *secrets, dtls_time now, const uint8_t *address,
     size_t address_len, const uint8_t *datagram, size_t len, dtls_random_function *random, void *random_arg,
     uint8_t out[DTLS_HELLO_REPLY_LEN])
{
    int answer = __real_dtls_hello_check(secrets, now, address, address_len, datagram, len, random, random_arg, out);

    book_note("cookie secret", secrets->secret[0], sizeof secrets->secret[0]);
    return answer;
}
