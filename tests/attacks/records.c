/* records.c - records that no key has sealed: too short, too early, too far, too many, and in the clear. */
#include <string.h>

#include "tests/attacks/siege.h"
#include "tests/box/forge.h"
#include "tests/box/peek.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

enum { HEARTBEAT = 24 };
enum { EARLY_MOST = 8 * 1024 + 8 * 64 }; /* what is kept sealed until there are keys (contract R5) */

/* ---- records of the next epoch ---- */

static void flood_next_epoch(struct siege *siege, enum net_end victim)
{
    const struct memory *memory = &siege->memory[victim];
    size_t bytes = memory->live_bytes, count = siege_count(10000);
    uint64_t dropped = pair_drops(siege->pair, victim);
    uint8_t body[200] = { 0 };

    for (size_t i = 0; i < count && memory->live_bytes <= bytes + EARLY_MOST; i++)
        siege_strike_record(siege, victim, (uint8_t)(20 + i % 4), (uint16_t)(siege_epoch(siege) + 1), body,
                            i % sizeof body);
    CHECK_CASE(memory->live_bytes <= bytes + EARLY_MOST, "%s, end %d: %zu bytes", siege_name(siege->phase), (int)victim,
               memory->live_bytes - bytes);
    dropped = pair_drops(siege->pair, victim) - dropped;
    CHECK_CASE(dropped + 8 >= count && dropped <= count, "%s, end %d: %llu drops of %zu", siege_name(siege->phase),
               (int)victim, (unsigned long long)dropped, count);
}

static void next_epoch_floods_are_bounded(void)
{
    siege_each(0, SIEGE_PHASES - 1, NULL, "a flood of the next epoch", flood_next_epoch);
}

/* And from a peer with keys, who never finishes. */
static void held_data_is_bounded(void)
{
    static const uint8_t data[1000];
    struct pair_options options;
    struct siege siege;

    pair_options(&options, 1);
    options.config[CLIENT].held_bytes = 100000;
    siege_begin(&siege, SIEGE_AGAIN_KEYS, &options);
    size_t bytes = siege.memory[CLIENT].live_bytes;
    size_t count = siege_count(2000);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(forge_receive(siege.pair, CLIENT, 2, RECORD_DATA, data, sizeof data));
    CU_ASSERT_TRUE(siege.memory[CLIENT].live_bytes <= bytes + 100000 + 256 * 64);
    CU_ASSERT_EQUAL(siege_dropped(&siege, CLIENT, DTLS_DROP_NO_ROOM), count - 100);
    CU_ASSERT_EQUAL(pair_count(siege.pair, CLIENT, DTLS_EVENT_DATA), 1); /* the ping of siege_begin */
    CU_ASSERT_TRUE(pair_ping(siege.pair, NET_SECOND));
    siege_end(&siege);
}

static void repeat_next_epoch(struct siege *siege, enum net_end victim)
{
    uint8_t record[RECORD_HEADER_LEN + 60] = { 0 };
    size_t bytes = siege->memory[victim].live_bytes;

    record_view_header(record, RECORD_DATA, (uint16_t)(siege_epoch(siege) + 1), 0, 60);
    for (size_t i = siege_count(10000); i > 0; i--)
        siege_strike(siege, victim, record, sizeof record);
    CHECK_CASE(siege->memory[victim].live_bytes <= bytes + EARLY_MOST, "%s, end %d: %zu bytes",
               siege_name(siege->phase), (int)victim, siege->memory[victim].live_bytes - bytes);
}

static void repeated_records_of_the_next_epoch_do_not_leak(void)
{
    siege_each(0, SIEGE_PHASES - 1, NULL, "one record of the next epoch repeated", repeat_next_epoch);
}

/* ---- sequence numbers ---- */

static void strike_far_ahead(struct siege *siege, enum net_end victim)
{
    static const uint64_t sequences[] = { (UINT64_C(1) << 48) - 1, (UINT64_C(1) << 48) - 2, UINT64_C(1) << 47,
                                          1 << 30 };
    uint8_t record[RECORD_HEADER_LEN + 60];

    memset(record, 0xff, sizeof record);
    for (uint16_t epoch = 0; epoch <= 3; epoch++)
        for (uint8_t type = RECORD_CHANGE_CIPHER_SPEC; type <= RECORD_DATA; type++)
            for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
                record_view_header(record, type, epoch, sequences[i], 60);
                siege_strike(siege, victim, record, sizeof record);
            }
}

static void forged_numbers_move_no_window(void)
{
    siege_each(0, SIEGE_PHASES - 1, NULL, "sequence 2^48-1", strike_far_ahead);
}

/* ---- short records ---- */

static void strike_short(struct siege *siege, enum net_end victim)
{
    uint8_t body[64];

    memset(body, 0xff, sizeof body);
    for (uint16_t epoch = 0; epoch <= 3; epoch++)
        for (uint8_t type = RECORD_CHANGE_CIPHER_SPEC; type <= RECORD_DATA; type++)
            for (size_t len = 0; len <= sizeof body; len++)
                siege_strike_record(siege, victim, type, epoch, body, len);
}

static void every_length_under_every_cipher(void)
{
    static const uint16_t suites[] = { 0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030, 0xcca8 };

    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        struct pair_options options;
        pair_options(&options, 1);
        options.config[CLIENT].suites[0] = options.config[SERVER].suites[0] = suites[i];
        options.config[CLIENT].suite_count = options.config[SERVER].suite_count = 1;
        options.config[SERVER].identity = identity_of(i < 3 ? IDENTITY_SERVER : IDENTITY_RSA2048);
        siege_each(SIEGE_OPEN, SIEGE_OPEN, &options, dtls_suite_name(suites[i]), strike_short);
        siege_each(SIEGE_AGAIN_KEYS, SIEGE_AGAIN_KEYS, &options, dtls_suite_name(suites[i]), strike_short);
    }
}

static void short_records_before_there_are_keys(void)
{
    siege_each(SIEGE_HELLO, SIEGE_KEYS, NULL, "short records", strike_short);
}

/* Records with the right epoch and a fresh number, of fewer bytes than nonce and tag; nothing is sent, nothing ends. */
static void records_without_room_for_a_tag(void)
{
    for (int gcm = 0; gcm <= 1; gcm++)
        for (int end = CLIENT; end <= SERVER; end++) {
            struct pair_options options;
            struct siege siege;
            uint8_t body[24] = { 0 };
            uint64_t shortest = gcm ? 24 : 16;
            pair_options(&options, 1);
            options.config[SERVER].suites[0] =
                gcm ? DTLS_ECDHE_ECDSA_AES_128_GCM_SHA256 : DTLS_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256;
            options.config[SERVER].suite_count = 1;
            siege_begin(&siege, SIEGE_OPEN, &options);
            size_t sent = siege.pair->net.counts[end].sent;
            uint64_t dropped = siege_dropped(&siege, (enum net_end)end, DTLS_DROP_TRUNCATED);
            for (uint8_t type = RECORD_CHANGE_CIPHER_SPEC; type <= RECORD_DATA; type++)
                for (size_t len = 0; len <= sizeof body; len++)
                    siege_strike_record(&siege, (enum net_end)end, type, 1, body, len);
            CU_ASSERT_EQUAL(siege_dropped(&siege, (enum net_end)end, DTLS_DROP_TRUNCATED), dropped + 4 * shortest);
            CU_ASSERT_EQUAL(siege_dropped(&siege, (enum net_end)end, DTLS_DROP_FORGED), 4 * (25 - shortest));
            CU_ASSERT_EQUAL(siege.pair->net.counts[end].sent, sent);
            siege_survives(&siege, "records without a tag");
            siege_end(&siege);
        }
}

/* ---- records cut in two ---- */

static void strike_halves(struct siege *siege, enum net_end victim, const uint8_t *datagram, size_t len)
{
    for (size_t cut = 1; cut < len; cut++) {
        siege_strike(siege, victim, datagram, cut);
        siege_strike(siege, victim, datagram + cut, len - cut);
    }
}

static void a_record_in_two_datagrams_is_none(void)
{
    static const uint8_t data[] = "one record, whole or not at all";
    uint8_t record[FORGE_MAX];

    for (int end = CLIENT; end <= SERVER; end++) {
        struct siege siege;
        siege_begin(&siege, SIEGE_OPEN, NULL);
        size_t len = forge_record(siege.pair, (enum net_end)end, 1, RECORD_DATA, data, sizeof data, record);
        size_t delivered = pair_count(siege.pair, (enum net_end)end, DTLS_EVENT_DATA);
        uint64_t cut = siege_dropped(&siege, (enum net_end)end, DTLS_DROP_TRUNCATED);
        strike_halves(&siege, (enum net_end)end, record, len);
        CU_ASSERT_EQUAL(pair_count(siege.pair, (enum net_end)end, DTLS_EVENT_DATA), delivered);
        CU_ASSERT_TRUE(siege_dropped(&siege, (enum net_end)end, DTLS_DROP_TRUNCATED) >= cut + len - 1);
        siege_strike(&siege, (enum net_end)end, record, len); /* the halves have used up nothing of it */
        CU_ASSERT_EQUAL(pair_count(siege.pair, (enum net_end)end, DTLS_EVENT_DATA), delivered + 1);
        siege_survives(&siege, "a record in two datagrams");
        siege_end(&siege);
    }
    struct pair_options options; /* and so it is with a handshake in the clear */
    struct siege siege;
    pair_options(&options, 1);
    options.recording = true;
    for (enum siege_phase phase = SIEGE_HELLO; phase <= SIEGE_KEYS; phase++) {
        siege_begin(&siege, phase, &options);
        const struct net_recorded *last = &siege.pair->net.recorded[siege.pair->net.recorded_count - 1];
        struct record_view first;
        CU_ASSERT_TRUE_FATAL(record_view_find(last->bytes, last->len, RECORD_HANDSHAKE, &first));
        strike_halves(&siege, net_other(last->from), last->bytes, RECORD_HEADER_LEN + first.len);
        siege_survives(&siege, "a handshake record in two datagrams");
        siege_end(&siege);
    }
}

/* ---- application data in the clear ---- */

static void strike_plain_data(struct siege *siege, enum net_end victim)
{
    size_t delivered = pair_count(siege->pair, victim, DTLS_EVENT_DATA);
    uint64_t dropped = pair_drops(siege->pair, victim);

    for (size_t i = 0; i < 100; i++)
        siege_strike_record(siege, victim, RECORD_DATA, 0, "plain data", 10);
    CHECK_CASE(pair_count(siege->pair, victim, DTLS_EVENT_DATA) == delivered &&
                   pair_drops(siege->pair, victim) == dropped + 100,
               "%s, end %d: plain data is delivered, or not counted", siege_name(siege->phase), (int)victim);
}

static void plain_data_is_never_delivered(void)
{
    siege_each(0, SIEGE_PHASES - 1, NULL, "plain data", strike_plain_data);
}

/* In the same datagram as what is true, in front of it and behind it. */
static struct net_verdict wrap_in_plain_data(void *arg, const struct net_sending *sending)
{
    static const uint8_t data[] = "plain data";
    struct pair *pair = arg;
    uint8_t bytes[2000];
    size_t len = 0;

    for (int side = 0; side < 2; side++) {
        record_view_header(bytes + len, RECORD_DATA, 0, 800 + sending->index, sizeof data);
        memcpy(bytes + len + RECORD_HEADER_LEN, data, sizeof data);
        len += RECORD_HEADER_LEN + sizeof data;
        if (side == 0) {
            memcpy(bytes + len, sending->bytes, sending->len);
            len += sending->len;
        }
    }
    net_inject(&pair->net, net_other(sending->from), sending->now_us + 20 * NET_MS, bytes, len);
    return (struct net_verdict){ NET_DROP, 0 };
}

static void only_pings(void *arg, enum net_end end, const struct dtls_event *event)
{
    (void)arg;
    CHECK_CASE(event->data.len == 16, "end %d gets %zu bytes", (int)end, event->data.len);
}

static void plain_data_in_true_datagrams(void)
{
    struct pair_options options;

    pair_options(&options, 1);
    options.silent = true;
    struct pair *pair = pair_new(&options);
    pair->on_data = only_pings;
    net_set_filter(&pair->net, wrap_in_plain_data, pair);
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_open(pair, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND));
    pair_run_for(pair, 2 * NET_SECOND);
    CU_ASSERT_EQUAL(pair_rehandshake(pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
    CU_ASSERT_TRUE(pair_run_until_renewed(pair, 1, 5 * NET_SECOND) && pair_ping(pair, NET_SECOND));
    for (int end = CLIENT; end <= SERVER; end++)
        CU_ASSERT_EQUAL(pair_count(pair, (enum net_end)end, DTLS_EVENT_DATA), 2);
    CU_ASSERT_TRUE(pair_drops(pair, CLIENT) >= 10 && pair_drops(pair, SERVER) >= 10);
    pair_free(pair);
}

/* ---- everything that may come before there is anyone to take it ---- */

static void strike_with_everything(struct siege *siege, enum net_end victim)
{
    struct rng rng = { 29189 };
    uint8_t body[1000];
    size_t bytes = siege->memory[victim].live_bytes;

    for (size_t i = siege_count(5000); i > 0; i--) {
        size_t len = rng_up_to(&rng, sizeof body);
        uint8_t type = (uint8_t)(20 + rng_up_to(&rng, 3));
        rng_fill(&rng, body, len);
        siege_write_fragment(body, &(struct siege_fragment){ .type = 11,
                                                             .length = 30000,
                                                             .message_seq = (uint16_t)(8 + rng_up_to(&rng, 20)),
                                                             .offset = (uint32_t)i % 20000,
                                                             .fragment_length = 0 });
        siege_strike_record(siege, victim, type, (uint16_t)rng_up_to(&rng, 2), body, len);
    }
    CHECK_CASE(siege->memory[victim].most_bytes <= bytes + EARLY_MOST + 2 * 32768 + 4096, "%s, end %d: %zu bytes",
               siege_name(siege->phase), (int)victim, siege->memory[victim].most_bytes - bytes);
}

static void what_is_kept_is_bounded(void)
{
    siege_each(0, SIEGE_PHASES - 1, NULL, "records of all kinds", strike_with_everything);
}

/* ---- content types that we do not have ---- */

static void strange_types(struct siege *siege, uint8_t first, uint8_t last)
{
    static const uint8_t body[] = { 1, 0x40, 0, 'b' };

    for (int end = CLIENT; end <= SERVER; end++) {
        size_t sent = siege->pair->net.counts[end].sent;
        uint64_t dropped = siege_dropped(siege, (enum net_end)end, DTLS_DROP_TYPE);
        uint64_t count = 0;
        for (unsigned type = first; type <= last; type++) {
            for (uint16_t epoch = 0; epoch <= siege_epoch(siege); epoch++, count++)
                siege_strike_record(siege, (enum net_end)end, (uint8_t)type, epoch, body, sizeof body);
            if (siege_epoch(siege) > 0)
                count += forge_receive(siege->pair, (enum net_end)end, 1, (uint8_t)type, body, sizeof body);
        }
        CHECK_CASE(siege_dropped(siege, (enum net_end)end, DTLS_DROP_TYPE) == dropped + count,
                   "%s, end %d: types %u to %u are not all dropped", siege_name(siege->phase), end, first, last);
        CU_ASSERT_EQUAL(siege->pair->net.counts[end].sent, sent);
    }
}

static void drop_types(uint8_t first, uint8_t last)
{
    for (enum siege_phase phase = 0; phase < SIEGE_PHASES; phase++) {
        struct siege siege;
        siege_begin(&siege, phase, NULL);
        strange_types(&siege, first, last);
        siege_survives(&siege, "a content type that we do not have");
        siege_end(&siege);
    }
}

/* ---- heartbeats (RFC 6520) ---- */

static void strike_heartbeats(struct siege *siege, enum net_end victim)
{
    static const uint8_t heartbeat[3 + 40] = { 1, 0, 20 };
    size_t sent = siege->pair->net.counts[victim].sent;
    uint64_t dropped = pair_drops(siege->pair, victim), count = 0;

    for (uint16_t epoch = 0; epoch <= siege_epoch(siege); epoch++, count++)
        siege_strike_record(siege, victim, HEARTBEAT, epoch, heartbeat, sizeof heartbeat);
    if (siege_epoch(siege) > 0)
        count += forge_receive(siege->pair, victim, 1, HEARTBEAT, heartbeat, sizeof heartbeat);
    CHECK_CASE(pair_drops(siege->pair, victim) == dropped + count && siege->pair->net.counts[victim].sent == sent,
               "%s, end %d: a heartbeat is answered, or not counted", siege_name(siege->phase), (int)victim);
}

static void heartbeats_without_agreement_are_dropped(void)
{
    siege_each(0, SIEGE_PHASES - 1, NULL, "heartbeats", strike_heartbeats);
}

/* Whatever a request claims: its answer is not longer than itself, and has no byte that was not in it. */
static void a_heartbeat_is_answered_with_its_own_bytes(void)
{
    static const size_t claims[] = { 0, 1, 2, 19, 20, 21, 100, 255, 256, 0x3fff, 0x4000, 0xffff };
    static const size_t lengths[] = { 0, 1, 2, 3, 4, 18, 19, 20, 39, 40, 119, 300, 1000 };

    for (int end = CLIENT; end <= SERVER; end++) {
        struct pair_options options;
        struct siege siege;
        size_t answers = 0;
        pair_options(&options, 1);
        options.config[CLIENT].answer_probes = options.config[SERVER].answer_probes = true;
        siege_begin(&siege, SIEGE_OPEN, &options);
        siege.pair->net.recording = true;
        for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++)
            for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
                uint8_t body[1000] = { 1, (uint8_t)(claims[i] >> 8), (uint8_t)claims[i] };
                size_t count = siege.pair->net.recorded_count;
                struct peeked answer;
                memset(body + 3, 0xbb, sizeof body - 3);
                CU_ASSERT_TRUE(forge_receive(siege.pair, (enum net_end)end, 1, HEARTBEAT, body, lengths[k]));
                bool true_one = 3 + claims[i] + 16 <= lengths[k];
                CHECK_CASE(siege.pair->net.recorded_count == count + true_one, "%zu claimed in %zu: %s", claims[i],
                           lengths[k], true_one ? "no answer" : "an answer");
                if (!true_one || siege.pair->net.recorded_count == count)
                    continue;
                const struct net_recorded *sent = &siege.pair->net.recorded[count];
                CU_ASSERT_TRUE_FATAL(peek(siege.pair, (enum net_end)end, sent->bytes, sent->len, 0, &answer));
                CHECK_CASE(answer.type == HEARTBEAT && answer.len <= lengths[k], "%zu bytes for %zu", answer.len,
                           lengths[k]);
                for (size_t at = 3; at < 3 + claims[i]; at++)
                    CU_ASSERT_EQUAL(answer.bytes[at], 0xbb);
                answers++;
            }
        CU_ASSERT_TRUE(answers > 20);
        siege_survives(&siege, "heartbeats that lie");
        siege_end(&siege);
    }
}

static void connection_id_records_are_dropped(void)
{
    drop_types(25, 25);
}

static void acknowledgements_are_dropped(void)
{
    drop_types(26, 255);
}

static CU_TestInfo tests[] = {
    { "CVE-2009-1377: a flood of records of the next epoch takes bounded memory", next_epoch_floods_are_bounded },
    { "CVE-2009-1377: what a peer with keys sends ahead is bounded too", held_data_is_bounded },
    { "CVE-2015-0206: one record of the next epoch, again and again, leaks nothing",
      repeated_records_of_the_next_epoch_do_not_leak },
    { "CVE-2012-2333: records of every length from 0 to 64, under every cipher", every_length_under_every_cipher },
    { "CVE-2014-3571: a record in two datagrams is none, wherever it is cut", a_record_in_two_datagrams_is_none },
    { "CVE-2016-2181: a forged record with the last sequence number moves no window", forged_numbers_move_no_window },
    { "CVE-2020-24585: application data in the clear is never delivered", plain_data_is_never_delivered },
    { "CVE-2019-20786: application data in the clear is dropped in datagrams that are true",
      plain_data_in_true_datagrams },
    { "CVE-2023-43615: short records before there are keys", short_records_before_there_are_keys },
    { "CVE-2026-75806: records without room for nonce and tag end no session", records_without_room_for_a_tag },
    { "CVE-2022-29189: what is kept of records that come too early is bounded", what_is_kept_is_bounded },
    { "CVE-2014-0160: heartbeats without agreement are dropped", heartbeats_without_agreement_are_dropped },
    { "CVE-2014-0160: a heartbeat is answered with its own bytes, whatever it claims",
      a_heartbeat_is_answered_with_its_own_bytes },
    { "CVE-2022-46393: records with a connection ID are dropped", connection_id_records_are_dropped },
    { "CVE-2026-5264: acknowledgements of DTLS 1.3 are dropped", acknowledgements_are_dropped },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks records", tests);
}
