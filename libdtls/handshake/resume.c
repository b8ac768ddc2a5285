/* resume.c - a server's sessions: looked for, judged, and kept. Writes no message. */
#include "handshake/resume.h"

#include <string.h>

#include "crypto/secret.h"
#include "handshake/binding.h"
#include "messages/hello.h"

static struct dtls_bytes asked_id(const struct dtls_client_hello *hello)
{
    return hello->session_id.len == DTLS_STORE_NAME_LEN ? hello->session_id : dtls_view(NULL, 0);
}

/* Is the session found one that may be resumed, by this client, now, by today's policy? Otherwise a full handshake
 * follows. */
static bool may_resume(const struct dtls_handshake *hs, const struct dtls_client_hello *hello)
{
    const struct dtls_session_state *session = &hs->resuming;
    uint32_t lifetime_s = hs->rehandshake ? DTLS_OWN_SESSION_LIFETIME : hs->config->session_lifetime_s;

    return dtls_session_is_alive(session, dtls_session_clock(hs->config, hs->now), lifetime_s) &&
           dtls_bytes_have_u16(hello->suites, session->suite) &&
           dtls_config_has_suite(hs->config, DTLS_SERVER, session->suite) &&
           dtls_session_fits(session, hs->pending.server_name, NULL) && /* RFC 6066, 3 */
           dtls_judge_session(hs->config, DTLS_SERVER, session) == DTLS_MATCHES;
}

static int go_on(struct dtls_handshake *hs, const struct dtls_client_hello *hello, bool found,
                 int (*then)(struct dtls_handshake *hs))
{
    hs->has_resuming = found && may_resume(hs, hello);
    if (!hs->has_resuming)
        dtls_wipe(&hs->resuming, sizeof hs->resuming);
    else if (!hs->pending.extended_master_secret)
        return DTLS_ERR_UNSAFE_PEER; /* RFC 7627, 5.3: a session that had it must not lose it */
    return then(hs);
}

/* ---- where it may be ---- */

static bool find_own(struct dtls_handshake *hs, const struct dtls_client_hello *hello)
{
    const struct dtls_session *own = hs->as->session;

    if (!hs->offer_session || own == NULL || hello->session_id.len == 0 ||
        !dtls_bytes_equal(hello->session_id, dtls_view(own->state.id, own->state.id_len)))
        return false;
    hs->resuming = own->state;
    return true;
}

/* One whose key seals no more is replaced on this occasion, so that it does not end with its key. */
static bool find_in_ticket(struct dtls_handshake *hs, struct dtls_bytes ticket)
{
    const struct dtls_ticket_keys *keys = hs->config->ticket_keys;
    const struct dtls_ticket_key *key = NULL;
    uint64_t clock = dtls_session_clock(hs->config, hs->now);

    if (!dtls_session_open(keys, clock, DTLS_SEALED_TICKET, dtls_view(NULL, 0), &hs->as->memory, ticket, &hs->resuming,
                           &key))
        return false;
    const struct dtls_ticket_key *newest = dtls_sealing_key(keys, clock / 1000000);
    hs->announced_ticket = newest != NULL && newest != key;
    return true;
}

static bool find_in_entry(struct dtls_handshake *hs, const struct dtls_client_hello *hello, struct dtls_bytes entry)
{
    const struct dtls_config *config = hs->config;
    struct dtls_bytes id = asked_id(hello);
    bool good;

    if (config->store->is_own_memory) {
        struct dtls_reader from = dtls_reader_of(entry);
        dtls_session_state_read(&from, &hs->resuming);
        good = dtls_reader_finished(&from);
    } else {
        good = dtls_session_open(config->store_keys, dtls_session_clock(config, hs->now), DTLS_SEALED_ENTRY, id,
                                 &hs->as->memory, entry, &hs->resuming, NULL);
    }
    return good && dtls_bytes_equal(dtls_view(hs->resuming.id, hs->resuming.id_len), id);
}

int dtls_server_read_hello(const struct dtls_handshake *hs, struct dtls_client_hello *out)
{
    return dtls_client_hello_read(dtls_view(hs->transcript.bytes + hs->choice_at, hs->choice_len), out);
}

static void put_question(struct dtls_handshake *hs, struct dtls_question *question)
{
    const struct dtls_store *store = hs->config->store;
    struct dtls_client_hello hello;

    if (dtls_server_read_hello(hs, &hello) == DTLS_OK)
        store->get(store->arg, question, asked_id(&hello), hs->config->single_use_sessions);
    else
        dtls_question_answer_stored(question, dtls_view(NULL, 0));
}

static int answered(struct dtls_handshake *hs, const struct dtls_question *question)
{
    struct dtls_client_hello hello;
    int err = dtls_server_read_hello(hs, &hello);

    return err != DTLS_OK ? err
                          : go_on(hs, &hello,
                                  question->granted &&
                                      find_in_entry(hs, &hello, dtls_view(question->answer, question->answer_len)),
                                  hs->then_found);
}

int dtls_server_find_session(struct dtls_handshake *hs, const struct dtls_client_hello *hello,
                             int (*then)(struct dtls_handshake *hs))
{
    const struct dtls_config *config = hs->config;
    struct dtls_bytes ticket = hello->extensions.ticket;

    if (hs->rehandshake)
        return go_on(hs, hello, find_own(hs, hello), then);
    if (ticket.len > 0 && config->ticket_keys != NULL) /* its session id says nothing (RFC 5077, 3.4) */
        return go_on(hs, hello, hello->session_id.len > 0 && find_in_ticket(hs, ticket), then);
    if (config->store == NULL || asked_id(hello).len == 0)
        return go_on(hs, hello, false, then);
    hs->then_found = then;
    return dtls_handshake_ask(hs, DTLS_QUESTION_STORED, DTLS_STORE_ENTRY_MOST, config->store_timeout_ms, put_question,
                              answered);
}

/* ---- keeping it ---- */

static void put_entry(const struct dtls_handshake *hs, const struct dtls_session_state *state)
{
    const struct dtls_config *config = hs->config;
    const struct dtls_store *store = config->store;
    uint8_t entry[DTLS_SEALED_SESSION_MOST];
    struct dtls_writer plain = dtls_writer_to(entry, sizeof entry);
    size_t len = 0;
    int err = DTLS_OK;

    if (store->is_own_memory) {
        dtls_session_state_write(&plain, state);
        len = plain.len;
    } else {
        const struct dtls_ticket_key *key =
            dtls_sealing_key(config->store_keys, dtls_session_clock(config, hs->now) / 1000000);
        err = key == NULL
                  ? DTLS_ERR_ARGUMENT
                  : dtls_session_seal(key, DTLS_SEALED_ENTRY, &hs->as->memory, &hs->as->random, state, entry, &len);
    }
    if (err == DTLS_OK)
        store->put(store->arg, dtls_view(state->id, state->id_len), dtls_view(entry, len), config->session_lifetime_s);
    dtls_wipe(entry, sizeof entry);
}

void dtls_server_store_session(const struct dtls_handshake *hs)
{
    struct dtls_session_state state;

    if (hs->own_session) /* it stays where it is */
        return;
    if (!hs->resumed)
        dtls_server_forget_session(hs->as); /* a rehandshake's takes the place of the one before */
    hs->as->store = hs->config->store;
    if (hs->config->store == NULL || hs->config->session_lifetime_s == 0 || hs->resumed || hs->announced_ticket)
        return;
    if (dtls_handshake_session_state(hs, &state))
        put_entry(hs, &state);
    dtls_wipe(&state, sizeof state);
}

void dtls_server_forget_session(const struct dtls_association *as)
{
    const struct dtls_store *store = as->store;

    if (store != NULL && as->session != NULL)
        store->remove(store->arg, dtls_view(as->session->state.id, as->session->state.id_len));
}
