#define _GNU_SOURCE /* memmem */
/* ticket_keys.c - sets of keys that rotate (dtls/store.h), and the tickets that are made with them (RFC 5077). */
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/record_view.h"
#include "tests/box/pair.h"
#include "tests/tap.h"

enum { EPOCH_S = 1700000000, PERIOD_S = 3600 };

/* A server whose keys change, and a client that comes back. */
struct visits {
    struct dtls_ticket_keys keys;
    struct pair_options options;
    struct dtls_session *session;
    uint64_t clock_us; /* of both, since 1970 less EPOCH_S seconds */
};

static void begin(struct visits *visits, uint64_t seed)
{
    memset(visits, 0, sizeof *visits);
    pair_options(&visits->options, seed);
    visits->options.config[SERVER].ticket_keys = &visits->keys;
    for (int end = CLIENT; end <= SERVER; end++)
        visits->options.config[end].unix_time_offset_us = (uint64_t)EPOCH_S * NET_SECOND;
}

static uint64_t now_s(const struct visits *visits)
{
    return EPOCH_S + visits->clock_us / NET_SECOND;
}

static bool rotate(struct visits *visits)
{
    bool changed;

    CU_ASSERT_EQUAL(dtls_ticket_keys_rotate(&visits->keys, now_s(visits), PERIOD_S, 2 * PERIOD_S, &changed), DTLS_OK);
    return changed;
}

struct seen {
    bool resumed, new_session;
};

static struct seen visit(struct visits *visits)
{
    visits->options.seed++;
    visits->options.start_us = visits->clock_us;
    visits->options.session = visits->session;
    struct pair *pair = pair_new(&visits->options);
    CU_ASSERT_TRUE_FATAL(pair_run_until_open(pair, 20 * NET_SECOND));
    if (visits->options.link[CLIENT].loss == 0)
        CU_ASSERT_TRUE(pair_ping(pair, 2 * NET_SECOND));
    struct seen seen = { pair_last(pair, SERVER, DTLS_EVENT_OPEN)->resumed,
                         pair_count(pair, CLIENT, DTLS_EVENT_SESSION) > 0 };
    struct dtls_session *session = pair_session(pair);
    if (session != NULL) {
        dtls_session_free(visits->session);
        visits->session = session;
    }
    pair_free(pair);
    visits->clock_us += NET_SECOND;
    return seen;
}

static void end(struct visits *visits)
{
    dtls_session_free(visits->session);
}

/* ---- sets ---- */

static void a_set_rotates(void)
{
    struct visits visits;
    size_t made = 0;

    begin(&visits, 1);
    for (uint64_t s = 0; s < 20 * PERIOD_S; s += 60) {
        visits.clock_us = s * NET_SECOND;
        struct dtls_ticket_key before = { { 0 }, { 0 }, 0, 0 };
        if (visits.keys.count > 0)
            before = *dtls_sealing_key(&visits.keys, now_s(&visits));
        made += rotate(&visits);
        const struct dtls_ticket_key *key = dtls_sealing_key(&visits.keys, now_s(&visits));
        CU_ASSERT_PTR_NOT_NULL_FATAL(key);
        CHECK_CASE(s == 0 || memcmp(key, &before, sizeof before) == 0, "at %llu s: another key seals at once",
                   (unsigned long long)s); /* whoever has the set of a while ago has this one, too */
        CHECK_CASE(key->issue_from <= now_s(&visits) && now_s(&visits) < key->issue_from + PERIOD_S,
                   "at %llu s: a key of another period", (unsigned long long)s);
        CHECK_CASE(key->accept_until == key->issue_from + 3 * PERIOD_S, "at %llu s", (unsigned long long)s);
        CHECK_CASE(visits.keys.count >= 2 && visits.keys.count <= 5, "at %llu s: %zu keys", (unsigned long long)s,
                   visits.keys.count);
    }
    CHECK_CASE(made == 20, "%zu changes", made);
    /* After a long pause: none of the old ones is left. */
    visits.clock_us = (uint64_t)100 * PERIOD_S * NET_SECOND;
    CU_ASSERT_TRUE(rotate(&visits));
    CU_ASSERT_EQUAL(visits.keys.count, 2);
}

static void settings_that_cannot_work_are_refused(void)
{
    struct dtls_ticket_keys keys = { .count = 0 };
    bool changed = true;

    CU_ASSERT_EQUAL(dtls_ticket_keys_rotate(&keys, EPOCH_S, 0, 60, &changed), DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(dtls_ticket_keys_rotate(&keys, EPOCH_S, 60, 13 * 60, &changed), DTLS_ERR_ARGUMENT);
    CU_ASSERT_TRUE(!changed && keys.count == 0);
    for (uint64_t now = EPOCH_S; now < EPOCH_S + 3000; now += 7) /* as many keys as there can be */
        CU_ASSERT_EQUAL(dtls_ticket_keys_rotate(&keys, now, 60, 12 * 60 + 59, &changed), DTLS_OK);
    CU_ASSERT_TRUE(keys.count > 13 && keys.count <= DTLS_MAX_TICKET_KEYS);
    keys.count = DTLS_MAX_TICKET_KEYS + 1;
    CU_ASSERT_EQUAL(dtls_ticket_keys_rotate(&keys, EPOCH_S, 60, 60, &changed), DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(keys.count, DTLS_MAX_TICKET_KEYS + 1);
}

/* An error that is taken for a time would end all keys; and near the end of the numbers there is no next period. */
static void what_is_no_time_changes_nothing(void)
{
    static const uint64_t times[] = { (uint64_t)-1, UINT64_MAX - PERIOD_S, UINT64_MAX - 3 * PERIOD_S / 2,
                                      UINT64_MAX / 1000000 };
    struct dtls_ticket_keys keys = { .count = 0 };
    bool changed;

    CU_ASSERT_EQUAL(dtls_ticket_keys_rotate(&keys, EPOCH_S, PERIOD_S, PERIOD_S, &changed), DTLS_OK);
    const struct dtls_ticket_keys before = keys;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        CU_ASSERT_EQUAL_FATAL(dtls_ticket_keys_rotate(&keys, times[i], PERIOD_S, PERIOD_S, &changed),
                              DTLS_ERR_ARGUMENT);
        CU_ASSERT_TRUE(!changed && memcmp(&keys, &before, sizeof keys) == 0);
    }
}

/* A clock is wrong for a while, by so much, and then right again: there is a key for this period all the same. */
static void a_set_survives_a_clock_that_was_wrong(void)
{
    static const int64_t jumps_s[] = {
        1,  PERIOD_S / 2, PERIOD_S,      PERIOD_S + 1, 2 * PERIOD_S, 5 * PERIOD_S, (int64_t)365 * 86400,
        -1, -PERIOD_S,    -5 * PERIOD_S, -EPOCH_S
    };

    for (size_t i = 0; i < sizeof jumps_s / sizeof jumps_s[0]; i++)
        for (int fresh = 0; fresh < 2; fresh++) {
            struct dtls_ticket_keys keys = { .count = 0 };
            uint64_t now = EPOCH_S;
            bool changed;
            for (; !fresh && now < EPOCH_S + 20 * PERIOD_S; now += PERIOD_S / 2)
                CU_ASSERT_EQUAL(dtls_ticket_keys_rotate(&keys, now, PERIOD_S, 12 * PERIOD_S, &changed), DTLS_OK);
            uint64_t wrong = (uint64_t)((int64_t)now + jumps_s[i]);
            int err = dtls_ticket_keys_rotate(&keys, wrong, PERIOD_S, 12 * PERIOD_S, &changed);
            CHECK_CASE(err == DTLS_OK && dtls_sealing_key(&keys, wrong) != NULL,
                       "by %lld s: error %d, or nothing seals while it is wrong", (long long)jumps_s[i], err);
            for (uint64_t end = now + 30 * PERIOD_S; now < end; now += PERIOD_S / 2) {
                err = dtls_ticket_keys_rotate(&keys, now, PERIOD_S, 12 * PERIOD_S, &changed);
                CHECK_CASE(err == DTLS_OK && dtls_sealing_key(&keys, now) != NULL,
                           "by %lld s: error %d, or nothing seals %lld s before the end", (long long)jumps_s[i], err,
                           (long long)(end - now));
            }
        }
}

/* One of keys for ever, and one whose period becomes shorter, or longer: what is furthest from now gives way. */
static void a_full_set_rotates_on(void)
{
    for (int way = 0; way < 3; way++) {
        const uint32_t before_s = way == 1 ? 24 * PERIOD_S : PERIOD_S / 24;
        struct dtls_ticket_keys keys = { .count = 0 };
        uint64_t now = EPOCH_S;
        bool changed;
        for (; way == 0 && keys.count < DTLS_MAX_TICKET_KEYS; keys.count++)
            keys.keys[keys.count].name[0] = (uint8_t)keys.count;
        for (; way > 0 && now < EPOCH_S + 20 * before_s; now += before_s)
            CU_ASSERT_EQUAL(dtls_ticket_keys_rotate(&keys, now, before_s, 12 * before_s, &changed), DTLS_OK);
        for (uint64_t end = now + 40 * PERIOD_S; now < end; now += PERIOD_S / 2) {
            int err = dtls_ticket_keys_rotate(&keys, now, PERIOD_S, 12 * PERIOD_S, &changed);
            const struct dtls_ticket_key *key = dtls_sealing_key(&keys, now);
            CHECK_CASE(err == DTLS_OK && key != NULL && key->issue_from + PERIOD_S > now,
                       "way %d: error %d, or no key of this period, %llu s before the end", way, err,
                       (unsigned long long)(end - now));
        }
    }
}

static void a_set_goes_through_a_store_sealed(void)
{
    const struct dtls_ticket_keys by = { .keys = { { "a", "b", 0, 0 } }, .count = 1 };
    const struct dtls_ticket_keys others = { .keys = { { "a", "c", 0, 0 } }, .count = 1 };
    const struct dtls_ticket_keys over = { .keys = { { "a", "b", 0, EPOCH_S - 1 } }, .count = 1 };
    struct visits visits;
    struct dtls_ticket_keys back = { .count = 0 };
    uint8_t sealed[DTLS_SEALED_KEYS_MOST];
    size_t len;

    begin(&visits, 2);
    rotate(&visits);
    CU_ASSERT_EQUAL(dtls_ticket_keys_seal(&visits.keys, &over, EPOCH_S, sealed, &len), DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(dtls_ticket_keys_seal(&visits.keys, &by, EPOCH_S, sealed, &len), DTLS_OK);
    for (size_t k = 0; k < visits.keys.count; k++)
        CU_ASSERT_PTR_NULL(memmem(sealed, len, visits.keys.keys[k].key, 8));
    CU_ASSERT_EQUAL(dtls_ticket_keys_open(&back, &others, EPOCH_S, dtls_view(sealed, len)), DTLS_ERR_BAD_SESSION);
    CU_ASSERT_EQUAL(dtls_ticket_keys_open(&back, &over, EPOCH_S, dtls_view(sealed, len)), DTLS_ERR_BAD_SESSION);
    for (size_t i = 0; i < len; i++) {
        sealed[i] ^= 0x10;
        CHECK_CASE(dtls_ticket_keys_open(&back, &by, EPOCH_S, dtls_view(sealed, len)) == DTLS_ERR_BAD_SESSION,
                   "byte %zu", i);
        sealed[i] ^= 0x10;
        CHECK_CASE(dtls_ticket_keys_open(&back, &by, EPOCH_S, dtls_view(sealed, i)) == DTLS_ERR_BAD_SESSION,
                   "cut at %zu", i);
    }
    CU_ASSERT_EQUAL(back.count, 0);
    CU_ASSERT_EQUAL(dtls_ticket_keys_open(&back, &by, EPOCH_S, dtls_view(sealed, len)), DTLS_OK);
    CU_ASSERT_TRUE(back.count == visits.keys.count && memcmp(&back, &visits.keys, sizeof back) == 0);
    memset(&back, 1, sizeof back);
    back.count = DTLS_MAX_TICKET_KEYS; /* the largest */
    CU_ASSERT_EQUAL(dtls_ticket_keys_seal(&back, &by, EPOCH_S, sealed, &len), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_ticket_keys_open(&visits.keys, &by, EPOCH_S, dtls_view(sealed, len)), DTLS_OK);
    CU_ASSERT_EQUAL(memcmp(&back, &visits.keys, sizeof back), 0);
}

#define DIGITS "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"

static void a_set_is_read_from_a_text(void)
{
    static const struct {
        const char *text;
        size_t count, line; /* count 0: refused, for this line */
    } cases[] = {
        { DIGITS, 1, 0 },
        { DIGITS "\n", 1, 0 },
        { "# the fleet's\n\n  " DIGITS " \r\n" DIGITS "\t1700000000 1700003600\n", 2, 0 },
        { "", 0, 0 },
        { "# nothing\n", 0, 0 },
        { DIGITS "\n" DIGITS "0\n", 0, 2 },
        { DIGITS " 1700000000\n", 0, 1 },
        { DIGITS " 1700000000 -\n", 0, 1 },
        { DIGITS "1700000000 1700003600\n", 0, 1 },
        { DIGITS " 1700000000 1700003600 1\n", 0, 1 },
        { DIGITS " 1700000000 1700003600x\n", 0, 1 },
        { DIGITS " 1234567890123456789 1\n", 0, 1 },
        { "\n0011\n", 0, 2 },
        { "-----BEGIN CERTIFICATE-----\n", 0, 1 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_ticket_keys keys = { .count = 7 };
        size_t line = 99;
        int err = dtls_ticket_keys_read(&keys, cases[i].text, strlen(cases[i].text), &line);
        if (cases[i].count == 0)
            CHECK_CASE(err == DTLS_ERR_ARGUMENT && line == cases[i].line && keys.count == 7, "case %zu: %d, line %zu",
                       i, err, line);
        else
            CHECK_CASE(err == DTLS_OK && keys.count == cases[i].count, "case %zu: %d, %zu keys", i, err, keys.count);
        if (err == DTLS_OK && cases[i].count == 2)
            CU_ASSERT_TRUE(keys.keys[1].issue_from == 1700000000 && keys.keys[1].accept_until == 1700003600 &&
                           keys.keys[0].name[1] == 0x11 && keys.keys[1].key[31] == 0xff);
    }
    char many[(sizeof DIGITS) * (DTLS_MAX_TICKET_KEYS + 1)] = "";
    struct dtls_ticket_keys keys;
    size_t line;
    for (size_t i = 0; i <= DTLS_MAX_TICKET_KEYS; i++)
        memcpy(many + i * sizeof DIGITS, DIGITS "\n", sizeof DIGITS);
    CU_ASSERT_EQUAL(dtls_ticket_keys_read(&keys, many, sizeof many - sizeof DIGITS, &line), DTLS_OK);
    CU_ASSERT_EQUAL(keys.count, DTLS_MAX_TICKET_KEYS);
    CU_ASSERT_EQUAL(dtls_ticket_keys_read(&keys, many, sizeof many, &line), DTLS_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(line, DTLS_MAX_TICKET_KEYS + 1);
}

/* ---- tickets ---- */

/* Ten days of a visit each two hours: one that stays with its server is resumed each time, since its ticket is replaced
 * when the key has changed; only a day after the full handshake another is due. */
static void a_ticket_moves_from_key_to_key(void)
{
    struct visits visits;
    size_t full = 0;

    begin(&visits, 3);
    visits.options.config[SERVER].session_lifetime_s = 23 * 3600 + 1800;
    for (size_t i = 0; i < 120; i++) {
        visits.clock_us = (uint64_t)i * 2 * PERIOD_S * NET_SECOND;
        rotate(&visits);
        struct seen seen = visit(&visits);
        CHECK_CASE(seen.new_session, "visit %zu: no new ticket", i);
        CHECK_CASE(seen.resumed == (i % 12 != 0), "visit %zu: resumed %d", i, seen.resumed);
        full += !seen.resumed;
        rotate(&visits);
        CHECK_CASE(visit(&visits).resumed, "visit %zu, again", i);
    }
    CU_ASSERT_EQUAL(full, 10);
    end(&visits);
}

static void the_same_key_makes_no_second_ticket(void)
{
    struct visits visits;

    begin(&visits, 4);
    rotate(&visits);
    struct seen first = visit(&visits), second = visit(&visits);
    CU_ASSERT_TRUE(!first.resumed && first.new_session && second.resumed && !second.new_session);
    end(&visits);
}

static void a_ticket_ends_with_its_key(void)
{
    struct visits visits;

    begin(&visits, 5);
    rotate(&visits);
    visit(&visits);
    visits.clock_us = ((uint64_t)3 * PERIOD_S - 2) * NET_SECOND;
    rotate(&visits);
    const struct dtls_ticket_keys kept = visits.keys;
    struct dtls_session *session = visits.session;
    uint8_t bytes[DTLS_SESSION_MAX];
    size_t len;
    CU_ASSERT_EQUAL(dtls_session_write(session, bytes, sizeof bytes, &len), DTLS_OK);
    CU_ASSERT_TRUE(visit(&visits).resumed);
    dtls_session_free(visits.session);
    CU_ASSERT_EQUAL(dtls_session_read(bytes, len, &visits.session), DTLS_OK); /* the old ticket */
    visits.keys = kept; /* nobody has thrown the key away: its time alone says so */
    visits.clock_us = (uint64_t)3 * PERIOD_S * NET_SECOND;
    CU_ASSERT_FALSE(visit(&visits).resumed);
    end(&visits);
}

/* No server issues with a key that it did not get, nor with one whose time is over or has not come. */
static void without_a_key_for_today_there_is_no_ticket(void)
{
    static const struct dtls_ticket_key tomorrow = { "tomorrow", "secret", EPOCH_S + 86400, 0 };
    static const struct dtls_ticket_key yesterday = { "yesterday", "secret", EPOCH_S - 86400, EPOCH_S };

    for (size_t i = 0; i < 3; i++) {
        struct visits visits;
        begin(&visits, 6);
        visits.keys.count = i == 0 ? 0 : 1;
        visits.keys.keys[0] = i == 1 ? tomorrow : yesterday;
        struct seen seen = visit(&visits);
        CU_ASSERT_FALSE(seen.resumed);
        CHECK_CASE(visits.session == NULL || visits.session->ticket_len == 0, "case %zu: a ticket", i);
        CU_ASSERT_FALSE(visit(&visits).resumed);
        end(&visits);
    }
}

/* It was announced in ServerHello, and a round trip later the key is no more: the promise is taken back. */
static void a_key_that_ends_within_the_handshake(void)
{
    struct visits visits;

    begin(&visits, 7);
    visits.keys = (struct dtls_ticket_keys){ .keys = { { "a", "b", 0, EPOCH_S + 1 } }, .count = 1 };
    visits.clock_us = NET_SECOND - 30 * NET_MS; /* the hello comes 10 ms before the end */
    visit(&visits);
    CU_ASSERT_TRUE(visits.session != NULL && visits.session->ticket_len == 0);
    end(&visits);
}

static void a_ticket_says_how_long_it_lives(void)
{
    struct visits visits;

    begin(&visits, 8);
    visits.options.config[SERVER].session_lifetime_s = 5000;
    rotate(&visits);
    visit(&visits);
    CU_ASSERT_EQUAL(visits.session->lifetime_s, 5000);
    visits.clock_us = (uint64_t)4000 * NET_SECOND;
    rotate(&visits);
    struct seen seen = visit(&visits);
    CU_ASSERT_TRUE(seen.resumed && seen.new_session);
    CHECK_CASE(visits.session->lifetime_s >= 4999 && visits.session->lifetime_s <= 5000, "%u s",
               visits.session->lifetime_s); /* of the session, not of the ticket */
    end(&visits);
}

/* A client offers no session that is over by its own measure, or by what the server has said. */
static void a_client_lets_go_of_old_sessions(void)
{
    static const struct {
        uint32_t server_s, client_s;
        uint64_t after_s;
        bool offers;
    } cases[] = {
        { 86400, 86400, 86390, true }, { 1000, 86400, 990, true },   { 1000, 86400, 1001, false },
        { 86400, 1000, 990, true },    { 86400, 1000, 1001, false }, { 86400, 0, 1, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct visits visits;
        begin(&visits, 9);
        visits.keys = (struct dtls_ticket_keys){ .keys = { { "a", "b", 0, 0 } }, .count = 1 };
        visits.options.config[SERVER].session_lifetime_s = cases[i].server_s;
        visits.options.config[CLIENT].session_lifetime_s = cases[i].client_s;
        visit(&visits);
        visits.clock_us = cases[i].after_s * NET_SECOND;
        visits.options.start_us = visits.clock_us;
        visits.options.session = visits.session;
        visits.options.silent = true;
        struct pair *pair = pair_new(&visits.options);
        CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
        CHECK_CASE(pair->end[CLIENT].conn->hs->has_resuming == cases[i].offers, "case %zu", i);
        pair_free(pair);
        end(&visits);
    }
}

/* Any datagram of a resumption that brings a new ticket may be lost (RFC 5077, 3.1: ServerHello announces it). */
static void a_new_ticket_survives_any_loss(void)
{
    for (size_t lost = 0; lost < 12; lost++) {
        struct visits visits;
        begin(&visits, 10);
        rotate(&visits);
        visit(&visits);
        visits.clock_us = (uint64_t)(PERIOD_S + 10) * NET_SECOND;
        rotate(&visits);
        for (int from = CLIENT; from <= SERVER; from++)
            visits.options.link[from] = (struct net_link){ .delay_us = 20 * NET_MS, .loss = 3000 };
        visits.options.seed = 100 + lost;
        struct seen seen = visit(&visits);
        CHECK_CASE(seen.resumed && seen.new_session, "seed %zu: resumed %d, a ticket %d", lost, seen.resumed,
                   seen.new_session);
        end(&visits);
    }
}

static CU_TestInfo tests[] = {
    { "a set rotates: the next key is known a period before it seals", a_set_rotates },
    { "settings that cannot work are refused", settings_that_cannot_work_are_refused },
    { "what is no time changes nothing", what_is_no_time_changes_nothing },
    { "a set survives a clock that was wrong for a while", a_set_survives_a_clock_that_was_wrong },
    { "a full set rotates on", a_full_set_rotates_on },
    { "a set goes through a store sealed, and comes back only as it was", a_set_goes_through_a_store_sealed },
    { "a set is read from a text, or the bad line is named", a_set_is_read_from_a_text },
    { "a ticket moves from key to key", a_ticket_moves_from_key_to_key },
    { "the same key makes no second ticket", the_same_key_makes_no_second_ticket },
    { "a ticket ends with its key", a_ticket_ends_with_its_key },
    { "without a key for today there is no ticket", without_a_key_for_today_there_is_no_ticket },
    { "a key that ends within the handshake: an empty ticket (RFC 5077, 3.3)", a_key_that_ends_within_the_handshake },
    { "a ticket says how long it lives", a_ticket_says_how_long_it_lives },
    { "a client lets go of old sessions", a_client_lets_go_of_old_sessions },
    { "a new ticket survives any loss", a_new_ticket_survives_any_loss },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "ticket_keys", tests);
}
