/* keyring.c - looks names up. */
#include "tests/box/keyring.h"

#include <string.h>

#include "tests/tap.h"

static const struct dtls_psk *find(const struct keyring *ring, struct dtls_bytes name)
{
    for (size_t i = 0; i < ring->count; i++)
        if (ring->end == CLIENT || (ring->psk[i].identity.len == name.len &&
                                    (name.len == 0 || memcmp(ring->psk[i].identity.at, name.at, name.len) == 0)))
            return &ring->psk[i];
    return NULL;
}

static int answer(struct keyring *ring, struct dtls_question *question, const struct dtls_psk *psk)
{
    ring->error = dtls_question_answer_psk(question, psk);
    if (ring->error == DTLS_OK)
        ring->answered++;
    else
        ring->refused++;
    return ring->error;
}

int keyring_answer(struct keyring *ring, bool no)
{
    struct dtls_question *question = ring->waiting[0];
    const struct dtls_psk *psk = no ? NULL : ring->answer[0];

    CHECK_CASE(ring->waiting_count > 0, "nobody has asked");
    if (ring->waiting_count == 0)
        return DTLS_ERR_NOT_ASKED;
    ring->waiting_count--;
    memmove(ring->waiting, ring->waiting + 1, ring->waiting_count * sizeof ring->waiting[0]);
    memmove(ring->answer, ring->answer + 1, ring->waiting_count * sizeof ring->answer[0]);
    return answer(ring, question, psk);
}

/* As conn.h has it: the answer, a tick, and what an owner does after any call. */
static void answer_later(void *arg)
{
    struct keyring *ring = arg;
    struct dtls_conn *conn = dtls_question_conn(ring->waiting[0]);

    if (keyring_answer(ring, false) != DTLS_OK)
        return;
    CHECK_CASE(dtls_conn_deadline(conn) <= ring->pair->net.now_us, "an answer, and nothing is due");
    dtls_conn_tick(conn, ring->pair->net.now_us);
    pair_settle(ring->pair, ring->end);
}

static void ask(void *arg, struct dtls_question *question, struct dtls_bytes name)
{
    struct keyring *ring = arg;
    const struct dtls_psk *psk = find(ring, name);

    ring->asked++;
    CHECK_CASE(name.len <= sizeof ring->name, "a name of %zu bytes", name.len);
    if (name.len > sizeof ring->name)
        name.len = sizeof ring->name;
    if (name.len > 0)
        memcpy(ring->name, name.at, name.len);
    ring->name_len = name.len;
    if (ring->wait_us == 0) {
        answer(ring, question, psk);
        return;
    }
    CHECK_CASE(ring->waiting_count < KEYRING_QUESTIONS, "too many questions");
    if (ring->waiting_count == KEYRING_QUESTIONS)
        return;
    ring->waiting[ring->waiting_count] = question;
    ring->answer[ring->waiting_count++] = psk;
    if (ring->wait_us != KEYRING_NEVER)
        net_call_at(&ring->pair->net, ring->pair->net.now_us + ring->wait_us, answer_later, ring);
}

void keyring_use(struct keyring *ring, enum net_end end, struct dtls_config *config)
{
    ring->end = end;
    config->psk = ask;
    config->psk_arg = ring;
}

struct dtls_psk keyring_psk(const char *identity, uint8_t byte, size_t len)
{
    static uint8_t keys[256][DTLS_PSK_MAX_KEY];

    memset(keys[byte], byte, sizeof keys[byte]);
    return (struct dtls_psk){ { (const uint8_t *)identity, strlen(identity) }, { keys[byte], len } };
}
