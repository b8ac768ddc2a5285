/* fuzz_datagrams.c - any datagrams as all that a new client or server ever hears.
 *
 * Input: who it is; then a length (2 bytes) and a datagram, again and again. */
#include "dtls/dtls.h"
#include "tests/box/identity.h"
#include "tests/box/memory.h"
#include "tests/box/rng.h"
#include "tests/fuzz/fuzz.h"

enum { DATAGRAM_MAX = 1200, MOST_EVENTS = 1000 };

static void settle(struct dtls_conn *conn, dtls_time now)
{
    uint8_t out[DATAGRAM_MAX];
    struct dtls_event event;
    unsigned events = 0;
    size_t len;

    while (dtls_conn_next_event(conn, &event))
        FUZZ_CHECK(event.type != DTLS_EVENT_OPEN && ++events < MOST_EVENTS);
    while (dtls_conn_next_datagram(conn, now, out, sizeof out, &len))
        FUZZ_CHECK(len > 0 && len <= sizeof out);
}

static void hear(struct dtls_conn *conn, dtls_time now, struct dtls_bytes bytes)
{
    uint8_t *datagram = fuzz_copy(bytes);
    int result = dtls_conn_receive(conn, now, datagram, bytes.len);

    FUZZ_CHECK(result == DTLS_OK || dtls_error_is_death(result));
    settle(conn, now);
    free(datagram);
}

static void configure(struct dtls_config *config, struct rng *chance, enum dtls_role role)
{
    dtls_config_init(config);
    config->identity = identity_of(role == DTLS_CLIENT ? IDENTITY_CLIENT : IDENTITY_SERVER);
    config->verifier = dtls_verifier_accept();
    config->client_certificate = DTLS_CLIENT_CERTIFICATE_ASK;
    config->random = rng_fill;
    config->random_arg = chance;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ data, len });
    enum dtls_role role = dtls_read_u8(&from) % 2 == 0 ? DTLS_CLIENT : DTLS_SERVER;
    struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
    struct rng chance = { 1 };
    struct dtls_config config;
    dtls_time now = 1000;

    configure(&config, &chance, role);
    memory_use(&memory, &config);
    struct dtls_conn *conn = dtls_conn_new(&config, role);
    FUZZ_CHECK(conn != NULL && dtls_conn_start(conn, now) == DTLS_OK);
    settle(conn, now);
    while (dtls_reader_has_more(&from)) {
        struct dtls_bytes datagram = dtls_read_bytes(&from, dtls_read_u16(&from));
        now += 300 * 1000;
        if (dtls_conn_deadline(conn) <= now)
            dtls_conn_tick(conn, now);
        settle(conn, now);
        hear(conn, now, datagram);
    }
    FUZZ_CHECK(!dtls_conn_is_open(conn));
    dtls_conn_free(conn);
    FUZZ_CHECK(memory.live_blocks == 0);
    return 0;
}
