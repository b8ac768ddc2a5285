/* fuzz_engine.c - two engines, a network that is in the attacker's hands, and the attacker: the input is what happens.
 *
 * Input: settings (engine_settings.h); then steps: a byte whose lowest bit is the end and whose rest is the
 * step (`steps`), and what that step reads. At the end the network is good again for as long as all timeouts take.
 *
 * What must hold: nothing crashes or leaks; data comes at most once, and only what was sent; nothing happens after the
 * end; deadlines move (pair.c); and two ends that were open, of whom nobody forged authentic records, come to the same
 * epoch and hear each other. With DTLS_TRACE set every datagram is printed (net.c). */
#include "dtls/dtls.h"
#include "tests/box/forge.h"
#include "tests/box/memory.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/box/traffic.h"
#include "tests/fuzz/engine_settings.h"
#include "tests/fuzz/fuzz.h"

enum { SHELF = 24, CONFIGS = 8, MOST_STEPS = 250, FORGED_MAX = 48, DATAGRAM_MAX = 1600 };

#define START_US (100 * NET_SECOND)
#define LIFE_US  (120 * NET_SECOND) /* of waiting: with a renewal each second it is work */
#define PEACE_US (420 * NET_SECOND) /* as tests/behaviour/storm.c has it */

/* A datagram that the attacker keeps. */
struct kept {
    enum net_end from;
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

struct world {
    struct dtls_reader in;
    struct pair *pair;
    struct traffic *traffic;
    struct memory memory;
    struct dtls_ticket_keys ticket_keys;
    struct engine_settings settings;

    bool keeps[2]; /* what this end sends goes to the shelf */
    struct kept shelf[SHELF];
    size_t shelf_count;

    struct dtls_config configs[2][CONFIGS];
    size_t config_count[2];

    bool forged; /* authentic records that nobody sent */
    bool mortal; /* something happened that may end an association */
    uint64_t waited_us;

    void (*note_data)(void *arg, enum net_end end, const struct dtls_event *event); /* of the traffic */
    void (*note_arrival)(void *arg, const struct net_datagram *datagram);
    size_t events_seen[2];
    bool opened[2], over[2];
    uint16_t epoch[2];
};

static uint8_t read_byte(struct world *world)
{
    return dtls_read_u8(&world->in);
}

static struct dtls_conn *conn_of(const struct world *world, enum net_end end)
{
    return world->pair->end[end].conn;
}

static uint64_t now_of(const struct world *world)
{
    return world->pair->net.now_us;
}

/* ---- what an application sees ---- */

static void watch_data(void *arg, enum net_end end, const struct dtls_event *event)
{
    struct world *world = arg;
    const struct pair_end *at = &world->pair->end[end];

    FUZZ_CHECK(at->counts[DTLS_EVENT_CLOSED] + at->counts[DTLS_EVENT_FAILED] == 0);
    FUZZ_CHECK(at->counts[DTLS_EVENT_OPEN] == 1);
    world->note_data(world->traffic, end, event);
}

static void watch_arrival(void *arg, const struct net_datagram *datagram)
{
    struct world *world = arg;

    world->note_arrival(world->traffic, datagram);
}

static void check_event(struct world *world, enum net_end end, const struct pair_event *event)
{
    FUZZ_CHECK(!world->over[end]);
    switch (event->type) {
    case DTLS_EVENT_OPEN:
        FUZZ_CHECK(!world->opened[end] && event->epoch == 1);
        world->opened[end] = true;
        world->epoch[end] = 1;
        break;
    case DTLS_EVENT_REHANDSHAKE_DONE:
        FUZZ_CHECK(world->opened[end] && event->epoch == world->epoch[end] + 1);
        world->epoch[end] = event->epoch;
        break;
    case DTLS_EVENT_CLOSED:
        world->over[end] = true;
        break;
    case DTLS_EVENT_FAILED:
        FUZZ_CHECK(dtls_error_is_death(event->error));
        world->over[end] = true;
        break;
    case DTLS_EVENT_JOB:
    case DTLS_EVENT_MTU:
        break;
    default:
        FUZZ_CHECK(world->opened[end]);
    }
}

static void check_end(struct world *world, enum net_end end)
{
    const struct pair_end *at = &world->pair->end[end];

    if (at->conn == NULL)
        return;
    for (; world->events_seen[end] < at->event_count; world->events_seen[end]++)
        check_event(world, end, &at->events[world->events_seen[end]]);
    FUZZ_CHECK(dtls_conn_is_open(at->conn) == (world->opened[end] && !world->over[end]));
    FUZZ_CHECK(!world->over[end] || dtls_conn_deadline(at->conn) == DTLS_NEVER);
    FUZZ_CHECK(!world->opened[end] || dtls_conn_epoch(at->conn) == world->epoch[end]);
}

/* ---- the network ---- */

static struct net_verdict keep(void *arg, const struct net_sending *sending)
{
    struct world *world = arg;

    if (!world->keeps[sending->from])
        return (struct net_verdict){ NET_PASS, 0 };
    if (world->shelf_count < SHELF && sending->len <= DATAGRAM_MAX) {
        struct kept *kept = &world->shelf[world->shelf_count++];
        kept->from = sending->from;
        kept->len = sending->len;
        memcpy(kept->bytes, sending->bytes, sending->len);
    }
    return (struct net_verdict){ NET_DROP, 0 };
}

static void arrive(struct world *world, enum net_end to, const uint8_t *bytes, size_t len)
{
    net_inject(&world->pair->net, to, 0, bytes, len);
    pair_run_for(world->pair, 0);
}

/* The one that the input chooses; NULL when the shelf is empty. */
static struct kept *choose(struct world *world)
{
    uint8_t choice = read_byte(world);

    return world->shelf_count == 0 ? NULL : &world->shelf[choice % world->shelf_count];
}

static void take_away(struct world *world, struct kept *kept)
{
    struct kept *end = &world->shelf[--world->shelf_count];

    memmove(kept, kept + 1, (size_t)(end - kept) * sizeof *kept);
}

/* ---- steps ---- */

static void send_small(struct world *world, enum net_end end)
{
    size_t len = TRAFFIC_SMALLEST + read_byte(world) % 100;

    if (conn_of(world, end) != NULL)
        traffic_send(world->traffic, end, len);
}

static void send_most(struct world *world, enum net_end end)
{
    if (pair_is_open(world->pair, end))
        traffic_send(world->traffic, end, dtls_conn_max_payload(conn_of(world, end)));
}

static void keep_or_pass(struct world *world, enum net_end end)
{
    world->keeps[end] = !world->keeps[end];
}

static void hand_over(struct world *world, enum net_end end)
{
    struct kept *kept = choose(world);

    (void)end;
    if (kept == NULL)
        return;
    struct kept copy = *kept;
    take_away(world, kept);
    arrive(world, net_other(copy.from), copy.bytes, copy.len);
}

static void hand_over_copy(struct world *world, enum net_end end)
{
    const struct kept *kept = choose(world);

    (void)end;
    if (kept != NULL)
        arrive(world, net_other(kept->from), kept->bytes, kept->len);
}

/* All that is there, in order; what answers it stays. */
static void hand_over_all(struct world *world, enum net_end end)
{
    (void)end;
    for (size_t left = world->shelf_count; left > 0; left--) {
        struct kept copy = world->shelf[0];
        take_away(world, &world->shelf[0]);
        arrive(world, net_other(copy.from), copy.bytes, copy.len);
    }
}

static void throw_away(struct world *world, enum net_end end)
{
    struct kept *kept = choose(world);

    (void)end;
    if (kept != NULL)
        take_away(world, kept);
}

static void hand_over_changed(struct world *world, enum net_end end)
{
    const struct kept *kept = choose(world);
    uint16_t at = dtls_read_u16(&world->in);
    uint8_t change = read_byte(world);

    if (kept == NULL)
        return;
    struct kept copy = *kept;
    copy.bytes[at % copy.len] ^= change;
    arrive(world, end == CLIENT ? net_other(copy.from) : copy.from, copy.bytes, copy.len);
}

/* As long as the input says, if there is so much time left. */
static uint64_t read_time(struct world *world, uint64_t unit_us)
{
    uint64_t us = read_byte(world) * unit_us;

    if (us > LIFE_US - world->waited_us)
        us = LIFE_US - world->waited_us;
    world->waited_us += us;
    return us;
}

static void wait_a_little(struct world *world, enum net_end end)
{
    (void)end;
    pair_run_for(world->pair, read_time(world, 4 * NET_MS));
}

static void wait_long(struct world *world, enum net_end end)
{
    (void)end;
    pair_run_for(world->pair, read_time(world, 500 * NET_MS));
}

/* Owners who come late. */
static void oversleep(struct world *world, enum net_end end)
{
    uint64_t until_us = now_of(world) + read_time(world, 500 * NET_MS);

    (void)end;
    if (net_next_time(&world->pair->net) >= until_us)
        net_advance(&world->pair->net, until_us);
    pair_run_for(world->pair, 0);
}

static void tick_early(struct world *world, enum net_end end)
{
    if (conn_of(world, end) == NULL)
        return;
    dtls_conn_tick(conn_of(world, end), now_of(world));
    pair_settle(world->pair, end);
}

static void renew_fully(struct world *world, enum net_end end)
{
    pair_rehandshake(world->pair, end, DTLS_REHANDSHAKE_FULL);
}

static void renew_briefly(struct world *world, enum net_end end)
{
    pair_rehandshake(world->pair, end, DTLS_REHANDSHAKE_ABBREVIATED);
}

static void accept_wish(struct world *world, enum net_end end)
{
    if (conn_of(world, end) == NULL)
        return;
    dtls_conn_accept_rehandshake(conn_of(world, end), now_of(world));
    pair_settle(world->pair, end);
}

static void refuse_wish(struct world *world, enum net_end end)
{
    if (conn_of(world, end) == NULL)
        return;
    dtls_conn_refuse_rehandshake(conn_of(world, end), now_of(world));
    pair_settle(world->pair, end);
}

static void close_it(struct world *world, enum net_end end)
{
    world->mortal = true;
    pair_close(world->pair, end);
}

static void set_mtu(struct world *world, enum net_end end)
{
    size_t mtu = 256 + (size_t)read_byte(world) * 5;

    if (conn_of(world, end) != NULL)
        dtls_conn_set_mtu(conn_of(world, end), mtu);
}

static void give_config(struct world *world, enum net_end end, const struct dtls_config *config)
{
    size_t number = world->config_count[end];

    if (conn_of(world, end) == NULL || number == CONFIGS)
        return;
    world->configs[end][number] = *config;
    if (dtls_conn_set_config(conn_of(world, end), &world->configs[end][number]) == DTLS_OK)
        world->config_count[end]++;
}

static void set_config(struct world *world, enum net_end end)
{
    size_t number = world->config_count[end];
    struct dtls_config config = number == 0 ? world->pair->end[end].config : world->configs[end][number - 1];

    if (number == CONFIGS - 1) /* the last one is for peace */
        return;
    if (engine_settings_change(&config, end, read_byte(world)))
        world->mortal = true;
    give_config(world, end, &config);
}

/* Type, epoch, low byte of the number, length, and so many bytes. */
static void inject(struct world *world, enum net_end end)
{
    uint8_t datagram[RECORD_HEADER_LEN + FORGED_MAX];
    uint8_t type = read_byte(world), epoch = read_byte(world), sequence = read_byte(world);
    struct dtls_bytes body = dtls_read_bytes(&world->in, read_byte(world) % (FORGED_MAX + 1));

    record_view_header(datagram, type < 32 ? 20 + type % 5 : type, epoch % 5, sequence, body.len);
    if (body.len > 0)
        memcpy(datagram + RECORD_HEADER_LEN, body.at, body.len);
    arrive(world, end, datagram, RECORD_HEADER_LEN + body.len);
}

/* Where the peer has gone mad: sealed with the right keys. */
static void forge(struct world *world, enum net_end end)
{
    uint8_t type = 20 + read_byte(world) % 5, back = read_byte(world) % 3;
    struct dtls_bytes body = dtls_read_bytes(&world->in, read_byte(world) % (FORGED_MAX + 1));

    if (conn_of(world, CLIENT) == NULL || conn_of(world, SERVER) == NULL)
        return;
    uint16_t epoch = (uint16_t)(dtls_conn_epoch(conn_of(world, end)) + 1 - back);
    world->forged = true;
    forge_receive(world->pair, end, epoch, type, body.at, body.len);
}

/* A record of a kept datagram, changed and sealed anew. */
static void forge_changed(struct world *world, enum net_end end)
{
    const struct kept *kept = choose(world);
    uint8_t index = read_byte(world) % 4, change = 0;
    uint16_t at = dtls_read_u16(&world->in);
    struct peeked record;

    (void)end;
    change = read_byte(world);
    if (kept == NULL || conn_of(world, CLIENT) == NULL || conn_of(world, SERVER) == NULL)
        return;
    if (!peek(world->pair, kept->from, kept->bytes, kept->len, index, &record) || record.len == 0)
        return;
    record.bytes[at % record.len] ^= change;
    world->forged = true;
    forge_receive(world->pair, net_other(kept->from), record.epoch, record.type, record.bytes, record.len);
}

static void delay_jobs(struct world *world, enum net_end end)
{
    (void)end;
    world->pair->job_us = read_byte(world) * 20 * NET_MS;
}

static void starve(struct world *world, enum net_end end)
{
    (void)end;
    world->memory.fail_at = world->memory.asked + read_byte(world) % 32;
}

static void too_big(struct world *world, enum net_end end)
{
    size_t mtu = 200 + (size_t)read_byte(world) * 5;

    if (conn_of(world, end) == NULL)
        return;
    dtls_conn_datagram_too_big(conn_of(world, end), now_of(world), mtu);
    pair_settle(world->pair, end);
}

/* New ones take the place of the repetitions at the end, so that the corpus keeps its meaning. */
static void (*const steps[32])(struct world *world, enum net_end end) = {
    wait_a_little, send_small,    keep_or_pass,  hand_over,     hand_over_all,     hand_over_copy, throw_away,
    wait_long,     renew_fully,   renew_briefly, set_config,    hand_over_changed, inject,         forge_changed,
    send_most,     oversleep,     tick_early,    accept_wish,   refuse_wish,       set_mtu,        delay_jobs,
    starve,        forge,         close_it,      too_big,       wait_a_little,     send_small,     keep_or_pass,
    hand_over,     hand_over_all, renew_fully,   renew_briefly,
};

/* ---- a life ---- */

/* A session that the ticket key of every life opens; the caller's. */
static struct dtls_session *make_session(const struct dtls_ticket_keys *keys)
{
    static uint8_t bytes[DTLS_SESSION_MAX];
    static size_t len;
    struct dtls_session *session = NULL;

    if (len == 0) {
        struct pair_options options;
        pair_options(&options, 1);
        options.config[SERVER].ticket_keys = keys;
        struct pair *pair = pair_new(&options);
        FUZZ_CHECK(pair_run_until_open(pair, NET_SECOND));
        len = pair->end[CLIENT].session_len;
        memcpy(bytes, pair->end[CLIENT].session, len);
        pair_free(pair);
    }
    FUZZ_CHECK(dtls_session_read(bytes, len, &session) == DTLS_OK);
    return session;
}

static void begin(struct world *world)
{
    struct pair_options options;
    struct engine_settings *settings = &world->settings;

    memcpy(world->ticket_keys.keys[0].name, "of every life...", sizeof world->ticket_keys.keys[0].name);
    world->ticket_keys.count = 1;
    pair_options(&options, 1);
    options.start_us = START_US;
    options.filter = keep;
    options.filter_arg = world;
    options.silent = true;
    engine_settings_read(&world->in, &options, settings);
    world->keeps[CLIENT] = world->keeps[SERVER] = settings->keeps;
    for (int end = CLIENT; end <= SERVER; end++)
        memory_use(&world->memory, &options.config[end]);
    if (settings->tickets)
        options.config[SERVER].ticket_keys = &world->ticket_keys;
    struct dtls_session *session = settings->resumes ? make_session(&world->ticket_keys) : NULL;
    options.session = session;
    world->pair = pair_new(&options);
    settings->rings[CLIENT].pair = settings->rings[SERVER].pair = world->pair;
    FUZZ_CHECK(conn_of(world, CLIENT) != NULL);
    world->traffic = traffic_new(world->pair);
    world->note_data = world->pair->on_data;
    world->note_arrival = world->pair->on_arrival;
    world->pair->on_data = watch_data;
    world->pair->on_arrival = watch_arrival;
    world->pair->watcher = world;
    pair_start_client(world->pair);
    dtls_session_free(session);
}

/* The attacker has gone, memory is back, and nobody has any more wishes. */
static void make_peace(struct world *world)
{
    world->keeps[CLIENT] = world->keeps[SERVER] = false;
    world->memory.fail_at = MEMORY_NEVER_FAILS;
    world->pair->job_us = 0;
    for (int end = CLIENT; end <= SERVER; end++) {
        struct dtls_config config = world->pair->end[end].config;
        give_config(world, (enum net_end)end, &config);
    }
    pair_run_for(world->pair, PEACE_US);
}

static void check_peace(struct world *world)
{
    struct pair *pair = world->pair;

    FUZZ_CHECK(pair_both_open(pair));
    FUZZ_CHECK(pair_ping(pair, NET_SECOND));
    pair_run_for(pair, 70 * NET_SECOND); /* data may confirm what nothing else did */
    FUZZ_CHECK(!dtls_conn_rehandshake_pending(pair->end[CLIENT].conn));
    FUZZ_CHECK(!dtls_conn_rehandshake_pending(pair->end[SERVER].conn));
    FUZZ_CHECK(dtls_conn_epoch(pair->end[CLIENT].conn) == dtls_conn_epoch(pair->end[SERVER].conn));
}

static void end(struct world *world)
{
    for (int from = CLIENT; from <= SERVER && !world->forged; from++) {
        FUZZ_CHECK(world->traffic->flow[from].duplicated == 0);
        FUZZ_CHECK(world->traffic->flow[from].corrupted == 0);
    }
    traffic_free(world->traffic);
    pair_free(world->pair);
    FUZZ_CHECK(world->memory.live_blocks == 0 && world->memory.live_bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct world world;

    world = (struct world){ .in = dtls_reader_of((struct dtls_bytes){ data, len }),
                            .memory = { .fail_at = MEMORY_NEVER_FAILS } };
    begin(&world);
    for (unsigned count = 0; dtls_reader_has_more(&world.in) && count < MOST_STEPS; count++) {
        uint8_t step = read_byte(&world);
        steps[(step >> 1) % (sizeof steps / sizeof steps[0])](&world, (enum net_end)(step & 1));
        check_end(&world, CLIENT);
        check_end(&world, SERVER);
    }
    bool were_open = world.opened[CLIENT] && world.opened[SERVER];
    make_peace(&world);
    if (were_open && !world.forged && !world.mortal)
        check_peace(&world);
    check_end(&world, CLIENT);
    check_end(&world, SERVER);
    end(&world);
    return 0;
}
