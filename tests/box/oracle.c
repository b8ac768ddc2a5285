/* oracle.c - says which identity, when its time has come. */
#include "tests/box/oracle.h"

#include <string.h>

#include "tests/tap.h"

static int answer(struct oracle *oracle, struct dtls_question *question, const struct dtls_identity *identity)
{
    oracle->error = dtls_question_answer_identity(question, identity);
    if (oracle->error == DTLS_OK)
        oracle->answered++;
    else
        oracle->refused++;
    return oracle->error;
}

int oracle_answer(struct oracle *oracle)
{
    struct dtls_question *question = oracle->waiting[0];
    const struct dtls_identity *identity = oracle->answer[0];

    CU_ASSERT_FATAL(oracle->waiting_count > 0);
    oracle->waiting_count--;
    memmove(oracle->waiting, oracle->waiting + 1, oracle->waiting_count * sizeof oracle->waiting[0]);
    memmove(oracle->answer, oracle->answer + 1, oracle->waiting_count * sizeof oracle->answer[0]);
    return answer(oracle, question, identity);
}

static void answer_later(void *arg)
{
    struct oracle *oracle = arg;
    struct dtls_conn *conn = dtls_question_conn(oracle->waiting[0]);

    if (oracle_answer(oracle) != DTLS_OK)
        return;
    dtls_conn_tick(conn, oracle->pair->net.now_us);
    pair_settle(oracle->pair, oracle->end);
}

static void ask(void *arg, struct dtls_question *question, const struct dtls_identity_request *request)
{
    struct oracle *oracle = arg;
    const struct dtls_identity *identity = oracle->suggested ? request->suggested : oracle->identity;
    struct dtls_bytes list = request->authorities, name;

    oracle->asked++;
    strcpy(oracle->name, request->server_name == NULL ? "" : request->server_name);
    for (oracle->authorities = 0; dtls_authorities_next(&list, &name);)
        oracle->authorities++;
    CU_ASSERT_TRUE(request->schemes.len > 0);
    if (oracle->wait_us == 0) {
        answer(oracle, question, identity);
        return;
    }
    CU_ASSERT_FATAL(oracle->waiting_count < ORACLE_QUESTIONS);
    oracle->waiting[oracle->waiting_count] = question;
    oracle->answer[oracle->waiting_count++] = identity;
    if (oracle->wait_us != ORACLE_NEVER)
        net_call_at(&oracle->pair->net, oracle->pair->net.now_us + oracle->wait_us, answer_later, oracle);
}

void oracle_use(struct oracle *oracle, enum net_end end, struct dtls_config *config)
{
    oracle->end = end;
    config->choose_identity = ask;
    config->choose_identity_arg = oracle;
}
