/* stack_rooms.c - what each room leaves on the stack when it is called alone (contract S7): in a handshake, what one
 * leaves the next may run over. */
#include <string.h>

#include "crypto/ecdhe.h"
#include "dtls/endpoint.h"
#include "handshake/exporter.h"
#include "handshake/key_schedule.h"
#include "handshake/session.h"
#include "tests/box/rng.h"
#include "tests/secrets/book.h"
#include "tests/secrets/painted.h"

static struct {
    struct rng rng;
    struct dtls_random random;
    uint16_t group;
    enum dtls_key_kind kind;
    struct dtls_ecdhe pair, peer;
    uint8_t premaster[DTLS_ECDHE_MAX_SECRET];
    size_t premaster_len;
    struct dtls_randoms randoms;
    uint8_t master[DTLS_MASTER_SECRET_LEN];
    struct dtls_ticket_keys ticket_keys;
    uint8_t ticket[DTLS_SEALED_SESSION_MOST];
    size_t ticket_len;
    struct dtls_session *session;
    uint8_t bytes[DTLS_SESSION_MAX];
    size_t bytes_len;
    struct dtls_session *read;
    struct dtls_cookie_secrets cookies;
    struct dtls_exporter *exporter;
    struct dtls_srtp_keys media;
    int result; /* of a step: no check may run over what it leaves */
} room;

static const struct dtls_memory heap;

static void ecdhe_generate(void *arg)
{
    (void)arg;
    dtls_ecdhe_generate(&room.pair, room.group, &room.random);
}

static void ecdhe_agree(void *arg)
{
    (void)arg;
    dtls_ecdhe_agree(&room.pair, dtls_view(room.peer.public_point, room.peer.public_len), room.premaster,
                     &room.premaster_len);
}

static void master_secret(void *arg)
{
    (void)arg;
    dtls_master_secret(DTLS_SHA384, dtls_view(room.premaster, room.premaster_len), &room.randoms,
                       dtls_view("the session hash", 16), room.master);
}

static void make_epoch(void *arg)
{
    const struct dtls_suite_row *suite = dtls_suite_find(DTLS_ECDHE_ECDSA_AES_256_GCM_SHA384);

    (void)arg;
    dtls_epoch_free(&heap, dtls_make_epoch(&heap, 1, DTLS_CLIENT, suite, room.master, &room.randoms, 64));
}

static void verify_data(void *arg)
{
    uint8_t out[DTLS_VERIFY_DATA_LEN];

    (void)arg;
    dtls_verify_data(DTLS_SHA384, room.master, DTLS_CLIENT, dtls_view("the transcript's", 16), out);
}

static void srtp_keys(void *arg)
{
    (void)arg;
    dtls_exporter_srtp_keys(room.exporter, DTLS_SERVER, &room.media);
}

static void ticket_seal(void *arg)
{
    struct dtls_session_state *state = &room.session->state;

    (void)arg;
    dtls_session_seal(&room.ticket_keys.keys[0], DTLS_SEALED_TICKET, &heap, &room.random, state, room.ticket,
                      &room.ticket_len);
}

static void ticket_open(void *arg)
{
    (void)arg;
    room.result = dtls_session_open(&room.ticket_keys, 0, DTLS_SEALED_TICKET, dtls_view(NULL, 0), &heap,
                                    dtls_view(room.ticket, room.ticket_len), &room.session->state, NULL);
}

static void session_write(void *arg)
{
    (void)arg;
    dtls_session_write(room.session, room.bytes, sizeof room.bytes, &room.bytes_len);
}

static void session_read(void *arg)
{
    (void)arg;
    room.result = dtls_session_read(room.bytes, room.bytes_len, &room.read);
}

static void session_read_too_much(void *arg)
{
    struct dtls_session *none;

    (void)arg;
    room.result = dtls_session_read(room.bytes, room.bytes_len + 1, &none);
}

static void hello_check(void *arg)
{
    static const uint8_t hello[13 + 12 + 2 + 32 + 2] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0,  0,    48,  1,
                                                         0,  0,    36,   0, 0, 0, 0, 0, 0, 0, 36, 0xfe, 0xfd };
    uint8_t reply[DTLS_HELLO_REPLY_LEN];

    (void)arg;
    room.result = dtls_hello_check(&room.cookies, 1, (const uint8_t *)"address", 7, hello, sizeof hello, rng_fill,
                                   &room.rng, reply);
}

static void key_generate(void *arg)
{
    struct dtls_private_key *key;

    (void)arg;
    dtls_private_key_generate(room.kind, &room.random, &key);
    dtls_private_key_free(key);
}

static void keys_rotate(void *arg)
{
    bool changed;

    (void)arg;
    room.result = dtls_ticket_keys_rotate(&room.ticket_keys, 1, 60, 60, &changed);
}

static void keys_rotate_badly(void *arg)
{
    bool changed;

    (void)arg;
    room.result = dtls_ticket_keys_rotate(&room.ticket_keys, 1, 0, 60, &changed);
}

static void keys_seal_and_open(void *arg)
{
    static uint8_t sealed[DTLS_SEALED_KEYS_MOST];
    size_t len;

    (void)arg;
    room.result = dtls_ticket_keys_seal(&room.ticket_keys, &room.ticket_keys, 1, sealed, &len);
    if (room.result == DTLS_OK)
        room.result = dtls_ticket_keys_open(&room.ticket_keys, &room.ticket_keys, 1, dtls_view(sealed, len));
}

static void each_room_alone(void)
{
    static const struct {
        const char *name;
        void (*function)(void *arg);
        int result;
    } steps[] = {
        { "dtls_ecdhe_generate", ecdhe_generate, 0 },
        { "dtls_ecdhe_agree", ecdhe_agree, 0 },
        { "dtls_master_secret", master_secret, 0 },
        { "dtls_make_epoch", make_epoch, 0 },
        { "dtls_verify_data", verify_data, 0 },
        { "dtls_exporter_srtp_keys", srtp_keys, 0 },
        { "dtls_session_seal", ticket_seal, 0 },
        { "dtls_session_open", ticket_open, true },
        { "dtls_session_write", session_write, 0 },
        { "dtls_session_read", session_read, DTLS_OK },
        { "dtls_session_read of a byte too much", session_read_too_much, DTLS_ERR_BAD_SESSION },
        { "dtls_ticket_keys_rotate", keys_rotate, DTLS_OK },
        { "dtls_ticket_keys_rotate, refused", keys_rotate_badly, DTLS_ERR_ARGUMENT },
        { "dtls_ticket_keys_seal and _open", keys_seal_and_open, DTLS_OK },
        { "dtls_hello_check", hello_check, DTLS_HELLO_REPLY },
        { "dtls_private_key_generate", key_generate, 0 },
    };
    static const uint16_t groups[] = { DTLS_GROUP_X25519, DTLS_GROUP_SECP256R1, DTLS_GROUP_SECP384R1 };
    static const enum dtls_key_kind kinds[] = { DTLS_KEY_ED, DTLS_KEY_P256, DTLS_KEY_P384 };

    room.random = (struct dtls_random){ rng_fill, &room.rng };
    rng_fill(&room.rng, room.ticket_keys.keys[0].key, sizeof room.ticket_keys.keys[0].key);
    room.ticket_keys.count = 1;
    for (size_t i = 0; i < 3; i++) {
        struct dtls_session_state state = { .suite = DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256 };
        rng_fill(&room.rng, state.master, sizeof state.master);
        painted_begin();
        book_note("master secret", state.master, sizeof state.master);
        book_note("ticket key", room.ticket_keys.keys[0].key, sizeof room.ticket_keys.keys[0].key);
        room.session = dtls_session_new(&heap, &state, dtls_view(NULL, 0), 0);
        room.group = groups[i];
        room.kind = kinds[i];
        room.exporter = dtls_exporter_new(&heap, dtls_view("mki", 3));
        room.exporter->hash = DTLS_SHA384;
        room.exporter->srtp_profile = DTLS_SRTP_AEAD_AES_256_GCM;
        memcpy(room.exporter->master, state.master, sizeof state.master);
        srtp_keys(NULL);
        book_note("key for media", room.media.send_key, room.media.key_len);
        book_note("key for media", room.media.receive_key, room.media.key_len);
        dtls_ecdhe_generate(&room.peer, room.group, &room.random);
        for (size_t step = 0; step < sizeof steps / sizeof steps[0]; step++) {
            room.result = 0;
            painted_call(steps[step].name, steps[step].function, NULL);
            CHECK_CASE(room.result == steps[step].result, "%s: %d", steps[step].name, room.result);
        }
        dtls_session_free(room.read);
        dtls_session_free(room.session);
        dtls_exporter_free(&heap, room.exporter);
        painted_check("a room alone");
    }
}

static CU_TestInfo tests[] = {
    { "each room alone", each_room_alone },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return painted_main(argc, argv, "secrets on the stack, each room alone", tests);
}
