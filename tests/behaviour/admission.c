/* admission.c - contract S3: the table of phase, epoch and content type. The one in docs/rehandshake.md is the code's,
 * and a connection does what it says, cell by cell. */
#include "conn/admission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn/conn_private.h"
#include "tests/box/call.h"
#include "tests/box/forge.h"
#include "tests/box/record_view.h"
#include "tests/tap.h"

static const char *const phases[DTLS_PHASES] = { "first handshake", "open", "rehandshake" };
static const char *const places[DTLS_PLACES] = { "previous", "current", "next" };
static const char *const words[] = {
    [DTLS_DROP] = "drop", [DTLS_PROCESS] = "process", [DTLS_DELIVER] = "deliver", [DTLS_HOLD] = "hold"
};
static const uint8_t types[] = { RECORD_CHANGE_CIPHER_SPEC, RECORD_ALERT, RECORD_HANDSHAKE, RECORD_DATA,
                                 RECORD_HEARTBEAT };

/* ---- the table in the document ---- */

static char *read_document(void)
{
    FILE *file = fopen(TESTS_DOCS "/rehandshake.md", "r");
    char *text = calloc(1, 1 << 18);

    CU_ASSERT_TRUE_FATAL(file != NULL && text != NULL && fread(text, 1, (1 << 18) - 1, file) > 0);
    fclose(file);
    return text;
}

static void the_document_shows_the_table(void)
{
    char *text = read_document();

    for (int phase = 0; phase < DTLS_PHASES; phase++)
        for (int place = 0; place < DTLS_PLACES; place++) {
            char row[200];
            int used = snprintf(row, sizeof row, "| %s | %s |", phases[phase], places[place]);
            for (size_t type = 0; type < sizeof types; type++)
                used += snprintf(row + used, sizeof row - (size_t)used, " %s |",
                                 words[dtls_admission((enum dtls_phase)phase, (enum dtls_place)place, types[type])]);
            printf("# %s\n", row);
            CHECK_CASE(strstr(text, row) != NULL, "docs/rehandshake.md lacks the row %s", row);
        }
    free(text);
}

/* ---- the table in a connection ---- */

/* A connection at rest in one phase, with as many epochs as that phase can have. */
struct state {
    struct call call;
    enum net_end end;
    enum dtls_phase phase;
    uint16_t epochs[DTLS_PLACES]; /* 65535: there is none */
};

enum { NO_EPOCH = 65535 };

static void note_epochs(struct state *state)
{
    const struct dtls_epochs *epochs = &state->call.pair->end[state->end].conn->as.epochs;
    const struct dtls_epoch *all[] = { epochs->previous, epochs->current, epochs->next };

    for (int place = 0; place < DTLS_PLACES; place++)
        state->epochs[place] = all[place] != NULL && all[place]->readable ? all[place]->number : NO_EPOCH;
}

/* Every Finished of the peer vanishes, so that its epoch stays the next one. Epoch and type are in the clear. */
struct thief {
    enum net_end from;
    uint16_t epoch;
    bool off;
};

static struct net_verdict steal_finished(void *arg, const struct net_sending *sending)
{
    const struct thief *thief = arg;
    struct record_view views[RECORD_VIEW_MAX];
    size_t count = record_view_split(sending->bytes, sending->len, views);

    for (size_t i = 0; i < count && !thief->off; i++)
        if (sending->from == thief->from && views[i].type == RECORD_HANDSHAKE && views[i].epoch == thief->epoch)
            return (struct net_verdict){ NET_DROP, 0 };
    return (struct net_verdict){ NET_PASS, 0 };
}

static bool next_is_there(const struct pair *pair, const void *arg)
{
    const struct dtls_conn *conn = pair->end[*(const enum net_end *)arg].conn;

    return conn->as.epochs.next != NULL;
}

/* The peer's other messages have come, its Finished has not: at MTU 256 they are in other datagrams. */
static void enter(struct state *state, struct thief *thief, enum net_end end, enum dtls_phase phase)
{
    struct pair_options options;

    *state = (struct state){ .end = end, .phase = phase };
    *thief = (struct thief){ .from = net_other(end), .epoch = 1, .off = phase != DTLS_PHASE_FIRST };
    pair_options(&options, 50);
    options.config[CLIENT].mtu = options.config[SERVER].mtu = 256;
    options.config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.config[CLIENT].answer_probes = options.config[SERVER].answer_probes = true;
    options.filter = steal_finished;
    options.filter_arg = thief;
    if (phase == DTLS_PHASE_FIRST) {
        state->call.pair = pair_new(&options);
        state->call.traffic = traffic_new(state->call.pair);
        CU_ASSERT_TRUE(pair_run_until(state->call.pair, next_is_there, &end, NET_SECOND));
    } else {
        call_begin(&state->call, &options);
        CU_ASSERT_TRUE(call_renew(&state->call, &call_kinds[0], 1, NET_SECOND));
        pair_run_for(state->call.pair, 2 * NET_SECOND);
    }
    if (phase == DTLS_PHASE_REHANDSHAKE) {
        thief->off = false;
        thief->epoch = 3;
        CU_ASSERT_EQUAL(pair_rehandshake(state->call.pair, CLIENT, DTLS_REHANDSHAKE_FULL), DTLS_OK);
        CU_ASSERT_TRUE(pair_run_until(state->call.pair, next_is_there, &end, NET_SECOND));
    }
    note_epochs(state);
}

static enum dtls_admission watch_alert(struct state *state, uint16_t epoch)
{
    struct pair *pair = state->call.pair;
    struct dtls_conn *conn = pair->end[state->end].conn;
    const uint8_t warning[] = { 1, DTLS_ALERT_USER_CANCELED }, fatal[] = { 2, DTLS_ALERT_ACCESS_DENIED };

    if (epoch == 0) { /* nobody believes it yet, but it is remembered (S9) */
        forge_receive(pair, state->end, epoch, RECORD_ALERT, fatal, sizeof fatal);
        return conn->doomed && conn->doom == DTLS_ALERT_ACCESS_DENIED ? DTLS_PROCESS : DTLS_DROP;
    }
    forge_receive(pair, state->end, epoch, RECORD_ALERT, warning, sizeof warning);
    return pair_count(pair, state->end, DTLS_EVENT_ALERT) > 0 ? DTLS_PROCESS : DTLS_DROP;
}

/* A fragment that is cut short: where fragments are read at all, it is dropped as one, and else as a record. */
static enum dtls_admission watch_fragment(struct state *state, uint16_t epoch)
{
    struct pair *pair = state->call.pair;
    uint64_t before = pair_stats(pair, state->end).dropped[DTLS_DROP_FRAGMENT];

    forge_receive(pair, state->end, epoch, RECORD_HANDSHAKE, "cut", 3);
    return pair_stats(pair, state->end).dropped[DTLS_DROP_FRAGMENT] > before ? DTLS_PROCESS : DTLS_DROP;
}

static enum dtls_admission watch_data(struct state *state, uint16_t epoch)
{
    struct pair *pair = state->call.pair;
    size_t delivered = pair_count(pair, state->end, DTLS_EVENT_DATA);
    uint64_t held = pair_stats(pair, state->end).held;

    forge_receive(pair, state->end, epoch, RECORD_DATA, "data", 4);
    if (pair_count(pair, state->end, DTLS_EVENT_DATA) > delivered)
        return DTLS_DELIVER;
    return pair_stats(pair, state->end).held > held ? DTLS_HOLD : DTLS_DROP;
}

/* An authentic request is answered, where it counts. */
static enum dtls_admission watch_heartbeat(struct state *state, uint16_t epoch)
{
    static const uint8_t request[3 + 16] = { 1, 0, 0 };
    struct pair *pair = state->call.pair;
    size_t sent = pair_stats(pair, state->end).datagrams_sent;

    forge_receive(pair, state->end, epoch, RECORD_HEARTBEAT, request, sizeof request);
    return pair_stats(pair, state->end).datagrams_sent > sent ? DTLS_PROCESS : DTLS_DROP;
}

/* Nothing at all may come of it: no event, no datagram, no other state. */
static enum dtls_admission watch_change_cipher_spec(struct state *state, uint16_t epoch)
{
    struct pair *pair = state->call.pair;
    const struct dtls_conn *conn = pair->end[state->end].conn;
    size_t events = pair->end[state->end].event_count, sent = pair_stats(pair, state->end).datagrams_sent;
    const struct dtls_epoch *current = conn->as.epochs.current;

    forge_receive(pair, state->end, epoch, RECORD_CHANGE_CIPHER_SPEC, "\1", 1);
    bool nothing = pair->end[state->end].event_count == events && conn->as.epochs.current == current &&
                   pair_stats(pair, state->end).datagrams_sent == sent;
    return nothing ? DTLS_DROP : DTLS_PROCESS;
}

static void check_cell(enum net_end end, enum dtls_phase phase, enum dtls_place place, uint8_t type)
{
    struct state state;
    struct thief thief;
    enum dtls_admission seen = DTLS_DROP, expected = dtls_admission(phase, place, type);

    enter(&state, &thief, end, phase);
    uint16_t epoch = state.epochs[place];
    bool possible = epoch != NO_EPOCH;
    /* Only these have no such epoch to read: before epoch 1 there is none, and without a handshake no next one. */
    bool impossible = (phase == DTLS_PHASE_FIRST && place == DTLS_PLACE_PREVIOUS) ||
                      (phase == DTLS_PHASE_OPEN && place == DTLS_PLACE_NEXT);
    CHECK_CASE(possible != impossible, "%s, %s: epoch %u at end %d", phases[phase], places[place], epoch, end);
    if (possible && type == RECORD_CHANGE_CIPHER_SPEC)
        seen = watch_change_cipher_spec(&state, epoch);
    else if (possible && type == RECORD_ALERT)
        seen = watch_alert(&state, epoch);
    else if (possible && type == RECORD_HANDSHAKE)
        seen = watch_fragment(&state, epoch);
    else if (possible && type == RECORD_HEARTBEAT)
        seen = watch_heartbeat(&state, epoch);
    else if (possible)
        seen = watch_data(&state, epoch);
    CHECK_CASE(seen == expected, "end %d, %s, %s, type %u: %s instead of %s", end, phases[phase], places[place], type,
               words[seen], words[expected]);
    thief.off = true; /* whatever came, the association goes on */
    pair_run_for(state.call.pair, 5 * NET_SECOND);
    CHECK_CASE(call_is_alive(&state.call), "end %d, %s, %s, type %u: not alive", end, phases[phase], places[place],
               type);
    call_end(&state.call);
}

static void every_cell_is_obeyed(void)
{
    for (int end = CLIENT; end <= SERVER; end++)
        for (int phase = 0; phase < DTLS_PHASES; phase++)
            for (int place = 0; place < DTLS_PLACES; place++)
                for (size_t type = 0; type < sizeof types; type++)
                    check_cell((enum net_end)end, (enum dtls_phase)phase, (enum dtls_place)place, types[type]);
}

static CU_TestInfo tests[] = {
    { "docs/rehandshake.md shows the table of the code (S3)", the_document_shows_the_table },
    { "a connection obeys every cell of the table, at both ends (S3)", every_cell_is_obeyed },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "admission", tests);
}
