/* denial.c - what an attacker can make a server spend: bytes, memory, public-key work (contract S4, S5, T4).
 *
 * Linked with --wrap for malloc and its like and for the public-key work, which are counted here.
 *
 * Environment: DTLS_FLOOD, how much of it (default 30,000; ./dev test --long: 1,000,000, which is also how many hellos
 * of each kind there are; a captured datagram comes back a hundredth of that, handshakes fail a tenth). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes/writer.h"
#include "crypto/ecdhe.h"
#include "crypto/signature.h"
#include "dtls/endpoint.h"
#include "messages/handshake_header.h"
#include "messages/hello.h"
#include "tests/box/memory.h"
#include "tests/box/record_view.h"
#include "tests/box/scene.h"
#include "tests/tap.h"

static uint64_t flood(void)
{
    const char *text = getenv("DTLS_FLOOD");

    return text == NULL ? 30000 : strtoull(text, NULL, 10);
}

/* ---- the instruments ---- */

static size_t allocations, public_key_operations;

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *old, size_t len);
int __real_dtls_ecdhe_generate(struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random);
int __real_dtls_signature_make(const struct dtls_private_key *key, uint16_t scheme, const struct dtls_random *random,
                               struct dtls_bytes message, uint8_t *out, size_t *len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *old, size_t len);
int __wrap_dtls_ecdhe_generate(struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random);
int __wrap_dtls_signature_make(const struct dtls_private_key *key, uint16_t scheme, const struct dtls_random *random,
                               struct dtls_bytes message, uint8_t *out, size_t *len);

void *__wrap_malloc(size_t len)
{
    allocations++;
    return __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    allocations++;
    return __real_calloc(count, len);
}

void *__wrap_realloc(void *old, size_t len)
{
    allocations++;
    return __real_realloc(old, len);
}

int __wrap_dtls_ecdhe_generate(struct dtls_ecdhe *pair, uint16_t group, const struct dtls_random *random)
{
    public_key_operations++;
    return __real_dtls_ecdhe_generate(pair, group, random);
}

int __wrap_dtls_signature_make(const struct dtls_private_key *key, uint16_t scheme, const struct dtls_random *random,
                               struct dtls_bytes message, uint8_t *out, size_t *len)
{
    public_key_operations++;
    return __real_dtls_signature_make(key, scheme, random, message, out, len);
}

/* ---- first hellos from addresses that nobody has proved (S4) ---- */

struct toll {
    struct rng chance;
    struct dtls_cookie_secrets secrets;
    uint64_t in, out; /* bytes */
    size_t answered, valid, dropped;
};

/* A ClientHello as clients send it, of any length of its fields; the cookie is none, or wrong. */
static size_t write_hello(struct toll *toll, uint8_t out[2000])
{
    static const uint8_t suites[] = { 0xc0, 0x2b, 0xc0, 0x2f }, zero[] = { 0 };
    uint8_t random[DTLS_HELLO_RANDOM_LEN], fields[255 + 32], body[1500];
    struct dtls_writer to_body = dtls_writer_to(body, sizeof body), to = dtls_writer_to(out, 2000);

    rng_fill(&toll->chance, random, sizeof random);
    rng_fill(&toll->chance, fields, sizeof fields);
    dtls_client_hello_write(&to_body, &(struct dtls_client_hello){
                                          .version = DTLS_VERSION_1_2,
                                          .random = { random, sizeof random },
                                          .session_id = { fields, rng_up_to(&toll->chance, 32) },
                                          .cookie = { fields + 32, rng_up_to(&toll->chance, 1) ? 0 : DTLS_COOKIE_LEN },
                                          .suites = { suites, sizeof suites },
                                          .compressions = { zero, 1 },
                                          .extensions = { .extended_master_secret = true },
                                      });
    dtls_write_u8(&to, RECORD_HANDSHAKE);
    dtls_write_u16(&to, 0xfeff);
    dtls_write_u64(&to, rng_up_to(&toll->chance, 1000)); /* epoch 0 and sequence */
    size_t record = dtls_write_open(&to, 2);
    dtls_fragment_write(&to, &(struct dtls_fragment){ .type = DTLS_CLIENT_HELLO,
                                                      .length = (uint32_t)to_body.len,
                                                      .message_seq = (uint16_t)rng_up_to(&toll->chance, 1),
                                                      .body = dtls_writer_bytes(&to_body) });
    dtls_write_close(&to, record, 2);
    CU_ASSERT_FALSE_FATAL(to.broken || to_body.broken);
    return to.len;
}

/* Any bytes, or bytes that begin like a ClientHello. */
static size_t write_garbage(struct toll *toll, uint8_t out[2000])
{
    size_t len = rng_up_to(&toll->chance, 200);

    rng_fill(&toll->chance, out, len);
    if (len < 30 || rng_up_to(&toll->chance, 1))
        return len;
    record_view_header(out, RECORD_HANDSHAKE, 0, 0, len - RECORD_HEADER_LEN);
    memset(out + RECORD_HEADER_LEN, 0, 12);
    out[RECORD_HEADER_LEN] = DTLS_CLIENT_HELLO;
    out[RECORD_HEADER_LEN + 2] = 1; /* 256 bytes or so in all */
    out[RECORD_HEADER_LEN + 11] = (uint8_t)(len - RECORD_HEADER_LEN - 12);
    return len;
}

static void pay(struct toll *toll, size_t (*write)(struct toll *toll, uint8_t out[2000]))
{
    uint8_t datagram[2000], reply[DTLS_HELLO_REPLY_LEN], address[16];

    for (uint64_t i = 0; i < flood(); i++) {
        rng_fill(&toll->chance, address, sizeof address);
        size_t len = write(toll, datagram);
        toll->in += len;
        switch (dtls_hello_check(&toll->secrets, i * 10, address, sizeof address, datagram, len, rng_fill,
                                 &toll->chance, reply)) {
        case DTLS_HELLO_REPLY:
            toll->answered++;
            toll->out += sizeof reply;
            CHECK_CASE(sizeof reply <= len, "%zu bytes draw %zu", len, sizeof reply);
            break;
        case DTLS_HELLO_VALID:
            toll->valid++;
            break;
        default:
            toll->dropped++;
        }
    }
}

static void hellos_cost_next_to_nothing(void)
{
    struct toll toll = { .chance = { 1 } };
    size_t before = allocations, worked = public_key_operations;

    pay(&toll, write_hello);
    CHECK_CASE(toll.answered == flood() && toll.valid == 0, "%zu of %llu answered, %zu valid", toll.answered,
               (unsigned long long)flood(), toll.valid);
    pay(&toll, write_garbage);
    CU_ASSERT_TRUE(toll.valid == 0 && toll.dropped > 0 && toll.out <= toll.in);
    CHECK_CASE(allocations == before && public_key_operations == worked, "%zu allocations, %zu public-key operations",
               allocations - before, public_key_operations - worked);
    /* The instruments work: a connection does both. */
    struct pair_options options;
    pair_options(&options, 1);
    struct pair *pair = pair_new(&options);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND));
    CU_ASSERT_TRUE(allocations > before && public_key_operations - worked >= 3);
    pair_free(pair);
}

/* ---- captured datagrams ---- */

struct replay {
    size_t arrived, moment;
    uint64_t sent; /* bytes, while it counts */
    uint64_t most; /* that one sending has had: a flight is not longer than all of it */
    bool counts;
};

static struct net_verdict count_bytes(void *arg, const struct net_sending *sending)
{
    struct replay *replay = arg;

    if (!replay->counts) {
        replay->most += sending->len;
        return (struct net_verdict){ NET_PASS, 0 };
    }
    replay->sent += sending->len;
    return (struct net_verdict){ NET_DROP, 0 }; /* the other end has gone */
}

static void count_arrival(void *arg, const struct net_datagram *datagram)
{
    struct replay *replay = arg;

    (void)datagram;
    replay->arrived++;
}

static bool is_the_moment(const struct pair *pair, const void *arg)
{
    const struct replay *replay = arg;

    (void)pair;
    return replay->arrived >= replay->moment;
}

static uint64_t flights_sent_again(const struct pair *pair)
{
    return pair_stats(pair, CLIENT).retransmissions + pair_stats(pair, SERVER).retransmissions;
}

/* At one moment of a handshake nobody is there any more but one who has all datagrams so far, and sends each of them to
 * both ends again and again for ten seconds. */
static bool replay_at(const struct scene *scene, size_t moment)
{
    struct replay replay = { .moment = moment };
    struct pair_options options;
    uint64_t times = flood() / 100, apart_us = 10 * NET_SECOND / times;

    scene_options(scene, &options, 3);
    options.recording = true;
    options.filter = count_bytes;
    options.filter_arg = &replay;
    struct pair *pair = scene_prepare(scene, &options);
    pair->net.recording = true;
    pair->on_arrival = count_arrival;
    pair->watcher = &replay;
    CU_ASSERT_EQUAL(scene_start(scene, pair), DTLS_OK);
    bool there = pair_run_until(pair, is_the_moment, &replay, 300 * NET_MS);
    if (there) {
        size_t captured = pair->net.recorded_count, answered = pair->hellos_answered;
        uint64_t began_us = pair->net.now_us, timers = flights_sent_again(pair);
        replay.counts = true;
        for (uint64_t n = 0; n < times; n++) {
            pair_run_for(pair, began_us + n * apart_us - pair->net.now_us);
            for (size_t i = 0; i < captured; i++)
                for (int to = CLIENT; to <= SERVER; to++)
                    net_inject(&pair->net, (enum net_end)to, pair->net.now_us, pair->net.recorded[i].bytes,
                               pair->net.recorded[i].len);
        }
        pair_run_for(pair, NET_SECOND);
        timers = flights_sent_again(pair) - timers;
        /* Where the server remembers nothing yet, each hello draws an answer: shorter than itself, as pair.c checks. */
        replay.sent -= (pair->hellos_answered - answered) * DTLS_HELLO_REPLY_LEN;
        /* What had arrived may have been on its way still: two flights more, and the answers to each (T4). */
        uint64_t bound = (3 * (1 + 8) + timers) * replay.most;
        CHECK_CASE(replay.sent <= bound, "%s, moment %zu: %llu bytes for %zu datagrams sent %llu times; bound %llu",
                   scene_name(scene->kind), moment, (unsigned long long)replay.sent, captured,
                   (unsigned long long)times, (unsigned long long)bound);
    }
    pair_free(pair);
    return there;
}

static void captured_datagrams_draw_bounded_bytes(void)
{
    size_t moments = 0;

    for (int kind = 0; kind < SCENE_KINDS; kind++) {
        struct scene scene;
        scene_begin(&scene, (enum scene_kind)kind);
        for (size_t moment = 1; replay_at(&scene, moment); moment++)
            moments++;
        scene_end(&scene);
    }
    CU_ASSERT_TRUE(moments > 40);
}

/* ---- handshakes that fail ---- */

/* What bad clients do. */
enum failure { NO_COMMON_SUITE, NO_CERTIFICATE, DISTRUST, DAMAGE, SILENCE, FAILURES };

struct bad_client {
    enum failure failure;
    struct net *net;
};

/* Its key exchange is another one on the way: the last byte of the first record of its second flight. */
static void send_damaged(const struct bad_client *client, const struct net_sending *sending)
{
    struct record_view record;
    uint8_t copy[2000];

    CU_ASSERT_TRUE_FATAL(record_view_find(sending->bytes, sending->len, RECORD_HANDSHAKE, &record) &&
                         sending->len <= sizeof copy);
    memcpy(copy, sending->bytes, sending->len);
    copy[record.at + RECORD_HEADER_LEN + record.len - 1] ^= 1;
    net_inject(client->net, SERVER, sending->now_us + NET_MS, copy, sending->len);
}

static struct net_verdict misbehave(void *arg, const struct net_sending *sending)
{
    const struct bad_client *client = arg;
    struct record_view record;

    if (sending->from != CLIENT || client->failure < DAMAGE ||
        !record_view_find(sending->bytes, sending->len, RECORD_CHANGE_CIPHER_SPEC, &record))
        return (struct net_verdict){ NET_PASS, 0 };
    if (client->failure == DAMAGE)
        send_damaged(client, sending);
    return (struct net_verdict){ NET_DROP, 0 };
}

struct server {
    struct memory memory;
    struct dtls_session_cache *cache;
    struct dtls_ticket_keys ticket_keys;
};

static void server_options(struct server *server, struct pair_options *options, uint64_t seed)
{
    pair_options(options, seed);
    options->cookies = true;
    options->config[SERVER].store = dtls_session_cache_store(server->cache);
    options->config[SERVER].ticket_keys = &server->ticket_keys;
    server->ticket_keys.count = 1;
    memory_use(&server->memory, &options->config[SERVER]);
}

static void fail(struct server *server, enum failure failure, uint64_t seed)
{
    struct pair_options options;
    struct bad_client bad = { .failure = failure };
    struct dtls_config *client = &options.config[CLIENT], *config = &options.config[SERVER];

    server_options(server, &options, seed);
    options.silent = true;
    options.filter = misbehave;
    options.filter_arg = &bad;
    client->handshake_timeout_ms = config->handshake_timeout_ms = 5000;
    if (failure == NO_COMMON_SUITE) {
        client->suites[0] = DTLS_ECDHE_RSA_AES_128_GCM_SHA256; /* and the server's key is another */
        client->suite_count = 1;
    } else if (failure == NO_CERTIFICATE) {
        client->identity = NULL;
        config->client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    } else if (failure == DISTRUST) {
        static const uint8_t pin[DTLS_FINGERPRINT_LEN] = { 1 };
        client->verifier = dtls_verifier_pinned(pin);
    }
    struct pair *pair = pair_new(&options);
    bad.net = &pair->net;
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    bool open = pair_run_until_open(pair, 30 * NET_SECOND);
    CHECK_CASE(!open && (pair->end[SERVER].conn == NULL || pair_count(pair, SERVER, DTLS_EVENT_FAILED) == 1),
               "seed %llu, failure %d: did not fail", (unsigned long long)seed, (int)failure);
    pair_free(pair);
}

static void failing_handshakes_leave_nothing(void)
{
    struct server server = { .memory = { .fail_at = MEMORY_NEVER_FAILS }, .cache = dtls_session_cache_new(16) };
    uint64_t count = flood() / 10;
    size_t most = 0;

    for (uint64_t i = 0; i < count; i++) {
        fail(&server, (enum failure)(i % FAILURES), i);
        CU_ASSERT_EQUAL(server.memory.live_blocks, 0);
        if (i < FAILURES)
            most = server.memory.most_bytes;
        if (i % 50 == 0) { /* and the next one is as good as if there had been none */
            struct pair_options options;
            server_options(&server, &options, i);
            struct pair *pair = pair_new(&options);
            CHECK_CASE(pair_run_until_open(pair, NET_SECOND) && pair_ping(pair, NET_SECOND),
                       "a good client after %llu bad ones", (unsigned long long)i);
            pair_free(pair);
            CU_ASSERT_EQUAL(server.memory.live_blocks, 0);
            if (i == 0)
                most = server.memory.most_bytes;
        }
    }
    CHECK_CASE(server.memory.most_bytes <= most + 4096, "%zu bytes at once, after %llu failures; %zu after the first",
               server.memory.most_bytes, (unsigned long long)count, most);
    dtls_session_cache_free(server.cache);
}

static CU_TestInfo tests[] = {
    { "first hellos draw no more than they are, and cost no memory and no public-key work (S4)",
      hellos_cost_next_to_nothing },
    { "captured datagrams draw bounded bytes at every moment (T4)", captured_datagrams_draw_bounded_bytes },
    { "failing handshakes leave no memory behind, and the next client in peace (S5)",
      failing_handshakes_leave_nothing },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "denial", tests);
}
