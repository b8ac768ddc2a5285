/* session.c - sessions as bytes and back, for clients that keep them, and for tickets and stores. */
#include "handshake/session.h"

#include <string.h>

#include "crypto/secret.h"

enum { FORMAT = 3 }; /* the first byte; a later format is refused, not misread */

void dtls_session_state_write(struct dtls_writer *to, const struct dtls_session_state *state)
{
    dtls_write_u8(to, FORMAT);
    dtls_write_u16(to, state->suite);
    dtls_write_bytes(to, (struct dtls_bytes){ state->master, sizeof state->master });
    dtls_write_vec8(to, (struct dtls_bytes){ state->id, state->id_len });
    dtls_write_vec8(to, (struct dtls_bytes){ state->peer, state->has_peer ? sizeof state->peer : 0 });
    dtls_write_u8(to, state->bound);
    dtls_write_bytes(to, (struct dtls_bytes){ state->binding, sizeof state->binding });
    dtls_write_u8(to, state->peer_raw);
    dtls_write_u64(to, state->created);
}

void dtls_session_state_read(struct dtls_reader *from, struct dtls_session_state *out)
{
    struct dtls_session_state state = { 0 };

    if (dtls_read_u8(from) != FORMAT)
        dtls_reader_break(from);
    state.suite = dtls_read_u16(from);
    struct dtls_bytes master = dtls_read_bytes(from, sizeof state.master);
    struct dtls_bytes id = dtls_read_vec8(from);
    struct dtls_bytes peer = dtls_read_vec8(from);
    state.bound = dtls_read_u8(from);
    struct dtls_bytes binding = dtls_read_bytes(from, sizeof state.binding);
    uint8_t raw = dtls_read_u8(from);
    state.created = dtls_read_u64(from);
    if (id.len > sizeof state.id || (peer.len != 0 && peer.len != sizeof state.peer) ||
        state.bound > (DTLS_BOUND_TO_NAME | DTLS_BOUND_TO_IDENTITY) || raw > 1 || dtls_suite_find(state.suite) == NULL)
        dtls_reader_break(from);
    if (from->broken || master.len != sizeof state.master || binding.len != sizeof state.binding)
        return;
    memcpy(state.master, master.at, master.len);
    if (id.len > 0)
        memcpy(state.id, id.at, id.len);
    state.id_len = (uint8_t)id.len;
    state.has_peer = peer.len > 0;
    if (state.has_peer)
        memcpy(state.peer, peer.at, peer.len);
    state.peer_raw = raw == 1;
    memcpy(state.binding, binding.at, binding.len);
    *out = state;
    dtls_wipe(&state, sizeof state);
}

struct dtls_session *dtls_session_new(const struct dtls_memory *memory, const struct dtls_session_state *state,
                                      struct dtls_bytes ticket, uint32_t lifetime_s)
{
    struct dtls_session *session = dtls_allocate(memory, sizeof *session);

    if (session == NULL)
        return NULL;
    session->memory = *memory;
    session->state = *state;
    session->lifetime_s = lifetime_s;
    if (ticket.len > 0) {
        session->ticket = dtls_allocate(memory, ticket.len);
        if (session->ticket == NULL) {
            dtls_session_free(session);
            return NULL;
        }
        memcpy(session->ticket, ticket.at, ticket.len);
        session->ticket_len = (uint16_t)ticket.len;
    }
    return session;
}

void dtls_session_free(struct dtls_session *session)
{
    if (session == NULL)
        return;
    struct dtls_memory memory = session->memory;
    dtls_release(&memory, session->ticket, session->ticket_len);
    dtls_release(&memory, session, sizeof *session);
}

int dtls_session_write(const struct dtls_session *session, uint8_t *out, size_t cap, size_t *len)
{
    uint8_t bytes[DTLS_SESSION_MAX];
    struct dtls_writer to = dtls_writer_to(bytes, sizeof bytes);

    dtls_session_state_write(&to, &session->state);
    dtls_write_vec16(&to, (struct dtls_bytes){ session->ticket, session->ticket_len });
    dtls_write_u32(&to, session->lifetime_s);
    *len = to.len;
    if (to.len <= cap)
        memcpy(out, bytes, to.len);
    dtls_wipe(bytes, sizeof bytes);
    return to.len <= cap ? DTLS_OK : DTLS_ERR_BUFFER_TOO_SMALL;
}

int dtls_session_read(const uint8_t *bytes, size_t len, struct dtls_session **out)
{
    struct dtls_reader from = dtls_reader_of((struct dtls_bytes){ bytes, len });
    struct dtls_session_state state = { 0 };

    *out = NULL;
    dtls_session_state_read(&from, &state);
    struct dtls_bytes ticket = dtls_read_vec16(&from);
    uint32_t lifetime_s = dtls_read_u32(&from);
    if (!dtls_reader_finished(&from) || ticket.len > DTLS_MAX_TICKET) {
        dtls_wipe(&state, sizeof state);
        return DTLS_ERR_BAD_SESSION;
    }
    *out = dtls_session_new(&dtls_heap, &state, ticket, lifetime_s);
    dtls_wipe(&state, sizeof state);
    return *out == NULL ? DTLS_ERR_NO_MEMORY : DTLS_OK;
}

bool dtls_session_is_alive(const struct dtls_session_state *state, uint64_t clock, uint32_t lifetime_s)
{
    uint64_t skew = (uint64_t)DTLS_CLOCK_SKEW * 1000000;

    if (clock < state->created)
        return lifetime_s > 0 && state->created - clock <= skew;
    return (clock - state->created) / 1000000 < lifetime_s;
}
