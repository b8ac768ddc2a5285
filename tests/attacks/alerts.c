/* alerts.c - alerts that anyone can send, alerts that are none, and handshake messages without keys. */
#include "messages/handshake_header.h"
#include "tests/attacks/siege.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

static void strike_alerts(struct siege *siege, enum net_end victim)
{
    size_t events = siege->pair->end[victim].event_count, sent = siege->pair->net.counts[victim].sent;

    for (uint16_t epoch = 0; epoch <= 3; epoch++)
        for (unsigned level = 0; level <= 3; level++)
            for (unsigned description = 0; description <= 255; description++) {
                uint8_t alert[] = { (uint8_t)level, (uint8_t)description };
                siege_strike_record(siege, victim, RECORD_ALERT, epoch, alert, sizeof alert);
            }
    CHECK_CASE(siege->pair->end[victim].event_count == events && siege->pair->net.counts[victim].sent == sent,
               "%s, end %d: an alert is believed, or answered", siege_name(siege->phase), (int)victim);
}

static void alerts_in_the_clear_end_nothing(void)
{
    siege_each(0, SIEGE_PHASES - 1, NULL, "alerts in the clear", strike_alerts);
}

/* One datagram of 15 bytes, and nothing else for minutes. */
static void a_quiet_session_outlives_one(void)
{
    for (unsigned description = 0; description <= 255; description += 5) {
        struct siege siege;
        uint8_t alert[] = { 2, (uint8_t)description };
        siege_begin(&siege, SIEGE_OPEN, NULL);
        for (int end = CLIENT; end <= SERVER; end++)
            for (uint16_t epoch = 0; epoch <= 2; epoch++)
                siege_strike_record(&siege, (enum net_end)end, RECORD_ALERT, epoch, alert, sizeof alert);
        pair_run_for(siege.pair, 300 * NET_SECOND);
        CHECK_CASE(pair_both_open(siege.pair) && pair_ping(siege.pair, NET_SECOND), "alert %u ends a session",
                   description);
        CU_ASSERT_TRUE(pair_drops(siege.pair, CLIENT) >= 3 && pair_drops(siege.pair, SERVER) >= 3);
        siege_end(&siege);
    }
}

/* Whoever hangs up before that is sure may say what was heard. */
static void one_that_is_not_believed_can_be_asked_for(void)
{
    static const uint8_t alert[] = { 2, 42 };
    struct siege siege;

    for (enum siege_phase phase = SIEGE_HELLO; phase <= SIEGE_OPEN; phase++) {
        siege_begin(&siege, phase, NULL);
        const struct dtls_conn *client = siege.pair->end[CLIENT].conn;
        CU_ASSERT_EQUAL(dtls_conn_alert(client), 0);
        siege_strike_record(&siege, CLIENT, RECORD_ALERT, 0, alert, sizeof alert);
        CU_ASSERT_EQUAL(dtls_conn_alert(client), phase == SIEGE_OPEN ? 0 : 42);
        pair_run_for(siege.pair, 5 * NET_SECOND);
        CU_ASSERT_TRUE(pair_both_open(siege.pair)); /* it was forged */
        CU_ASSERT_EQUAL(dtls_conn_alert(client), 0);
        siege_end(&siege);
    }
}

/* ---- alerts of other lengths than two ---- */

static void strike_short_alerts(struct siege *siege, enum net_end victim)
{
    static const uint8_t bodies[][8] = { { 2, 40, 2, 40, 2, 40, 2, 40 }, { 1, 0, 1, 0, 1, 0, 1, 0 } };
    static const size_t lengths[] = { 0, 1, 3, 4, 8 };
    uint64_t dropped = siege_dropped(siege, victim, DTLS_DROP_STATE);

    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++)
            if (siege_epoch(siege) == 0)
                siege_strike_record(siege, victim, RECORD_ALERT, 0, bodies[i], lengths[k]);
            else
                CU_ASSERT_TRUE(forge_receive(siege->pair, victim, 1, RECORD_ALERT, bodies[i], lengths[k]));
    CU_ASSERT_EQUAL(siege_dropped(siege, victim, DTLS_DROP_STATE), dropped + 10);
}

static void alerts_of_another_length_are_none(void)
{
    siege_each(0, SIEGE_PHASES - 1, NULL, "alerts of 0, 1, 3, 4 and 8 bytes", strike_short_alerts);
    for (enum siege_phase phase = SIEGE_OPEN; phase < SIEGE_PHASES;
         phase++) /* and one of two bytes does what it says */
        for (int end = CLIENT; end <= SERVER; end++) {
            struct siege siege;
            siege_begin(&siege, phase, NULL);
            CU_ASSERT_TRUE(forge_receive(siege.pair, (enum net_end)end, 1, RECORD_ALERT, "\2\50", 2));
            const struct pair_event *failed = pair_last(siege.pair, (enum net_end)end, DTLS_EVENT_FAILED);
            CU_ASSERT_TRUE(failed != NULL && failed->error == DTLS_ERR_ALERT && failed->alert == 40);
            siege_end(&siege);
        }
}

/* ---- handshake messages in the clear ---- */

static void strike_handshake(struct siege *siege, enum net_end victim)
{
    uint64_t dropped = pair_drops(siege->pair, victim), count = 0;
    size_t asked = siege->memory[victim].asked, sent = siege->pair->net.counts[victim].sent;
    uint8_t bytes[SIEGE_FRAGMENT_HEADER + 60];

    for (unsigned type = 0; type <= 25; type++)
        for (uint16_t seq = 0; seq < 10; seq++)
            for (uint32_t length = 0; length <= 60; length += 20, count++) {
                size_t len = siege_write_fragment(bytes, &(struct siege_fragment){ .type = (uint8_t)type,
                                                                                   .length = length,
                                                                                   .message_seq = seq,
                                                                                   .fragment_length = length,
                                                                                   .present = length });
                siege_strike_record(siege, victim, RECORD_HANDSHAKE, 0, bytes, len);
            }
    CHECK_CASE(pair_drops(siege->pair, victim) == dropped + count && siege->memory[victim].asked == asked &&
                   siege->pair->net.counts[victim].sent == sent,
               "%s, end %d: a handshake message in the clear is not just dropped", siege_name(siege->phase),
               (int)victim);
}

static void handshake_messages_in_the_clear_change_no_session(void)
{
    siege_each(SIEGE_OPEN, SIEGE_PHASES - 1, NULL, "handshake messages in the clear", strike_handshake);
}

static CU_TestInfo tests[] = {
    { "openssl#32622: alerts in the clear end nothing, whatever they say and when", alerts_in_the_clear_end_nothing },
    { "openssl#32622: a quiet session outlives a forged alert", a_quiet_session_outlives_one },
    { "one that is not believed can be asked for (S9)", one_that_is_not_believed_can_be_asked_for },
    { "CVE-2014-2896: alerts of another length than two bytes are dropped", alerts_of_another_length_are_none },
    { "wolfSSL 5.5.0: handshake messages in the clear change no session",
      handshake_messages_in_the_clear_change_no_session },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "attacks alerts", tests);
}
