/* signer.c - a private key that is elsewhere: whoever has it signs at once, later, never, wrongly, or when nobody waits
 * any more; beside jobs, under loss, and while data flows. */
#include <stdlib.h>
#include <string.h>

#include "conn/conn_private.h"
#include "identity/identity.h"
#include "tests/box/call.h"
#include "tests/box/memory.h"
#include "tests/tap.h"

enum { MOST = 64 };

#define NEVER UINT64_MAX

enum how { RIGHT, WRONG, EMPTY, REFUSES, EXPLAINS };

/* Signs with a key that it has. */
struct token {
    const struct dtls_identity *real;
    struct dtls_identity outside; /* as dtls_identity_from_signer makes it: a view of the real one, without its key */
    enum how how;
    uint64_t wait_us;
    struct pair *pair;
    enum net_end end;

    size_t asked, answered, refused;
    uint16_t scheme;
    size_t digest_len;
    struct dtls_question *waiting[MOST];
    uint8_t signature[MOST][DTLS_SIGNATURE_LARGEST];
    size_t signature_len[MOST];
    size_t waiting_count;
};

static int answer(struct token *token, struct dtls_question *question, const uint8_t *signature, size_t len)
{
    int err = token->how == EXPLAINS
                  ? dtls_question_refuse_signature(question, "the token is gone")
                  : dtls_question_answer_signature(question, token->how == REFUSES ? NULL : signature, len);

    if (err == DTLS_OK)
        token->answered++;
    else
        token->refused++;
    return err;
}

static int answer_first(struct token *token)
{
    uint8_t signature[DTLS_SIGNATURE_LARGEST];
    struct dtls_question *question = token->waiting[0];
    size_t len = token->signature_len[0];

    CU_ASSERT_FATAL(token->waiting_count > 0);
    memcpy(signature, token->signature[0], len);
    token->waiting_count--;
    memmove(token->waiting, token->waiting + 1, token->waiting_count * sizeof token->waiting[0]);
    memmove(token->signature, token->signature + 1, token->waiting_count * sizeof token->signature[0]);
    memmove(token->signature_len, token->signature_len + 1, token->waiting_count * sizeof token->signature_len[0]);
    return answer(token, question, signature, len);
}

static void answer_later(void *arg)
{
    struct token *token = arg;
    struct dtls_conn *conn = dtls_question_conn(token->waiting[0]);

    if (answer_first(token) != DTLS_OK)
        return;
    dtls_conn_tick(conn, token->pair->net.now_us);
    pair_settle(token->pair, token->end);
}

static void sign(void *arg, struct dtls_question *question, const struct dtls_sign_request *request)
{
    struct token *token = arg;
    struct dtls_random random = { 0 };
    uint8_t *signature = token->signature[token->waiting_count];
    size_t len = 0;

    token->asked++;
    token->scheme = request->scheme;
    token->digest_len = request->digest.len;
    CU_ASSERT_PTR_EQUAL(request->identity, &token->outside);
    CU_ASSERT_EQUAL(dtls_signature_make(token->real->key, request->scheme, &random, request->message, signature, &len),
                    DTLS_OK);
    if (token->how == WRONG)
        signature[len - 1] ^= 1;
    if (token->how == EMPTY)
        len = 0;
    if (token->wait_us == 0) {
        answer(token, question, signature, len);
        return;
    }
    CU_ASSERT_FATAL(token->waiting_count + 1 < MOST);
    token->signature_len[token->waiting_count] = len;
    token->waiting[token->waiting_count++] = question;
    if (token->wait_us != NEVER)
        net_call_at(&token->pair->net, token->pair->net.now_us + token->wait_us, answer_later, token);
}

static void begin(struct token *token, struct pair_options *options, enum net_end end, enum identity_kind kind)
{
    memset(token, 0, sizeof *token);
    token->real = identity_of(kind);
    token->outside = *token->real;
    token->outside.key = NULL;
    token->outside.sign = sign;
    token->outside.sign_arg = token;
    token->end = end;
    pair_options(options, 3);
    options->config[SERVER].client_certificate = DTLS_CLIENT_CERTIFICATE_REQUIRE;
    options->config[end].identity = &token->outside;
    options->job_us = 3 * NET_MS;
}

static struct pair *make_pair(struct token *token, struct pair_options *options)
{
    options->silent = true;
    struct pair *pair = pair_new(options);
    token->pair = pair;
    CU_ASSERT_EQUAL(pair_start_client(pair), DTLS_OK);
    return pair;
}

static void each_kind_of_key_at_either_end_at_once_and_later(void)
{
    static const struct {
        enum identity_kind kind;
        uint16_t scheme;
        size_t digest_len;
    } keys[] = { { IDENTITY_OTHER, DTLS_ECDSA_SHA256, 32 },
                 { IDENTITY_P384, DTLS_ECDSA_SHA384, 48 },
                 { IDENTITY_ED25519, DTLS_ED25519, 0 },
                 { IDENTITY_RSA2048, DTLS_RSA_PSS_SHA256, 32 } };
    static const uint64_t waits[] = { 0, 1, 300 * NET_MS };

    for (size_t k = 0; k < 4; k++)
        for (int end = CLIENT; end <= SERVER; end++)
            for (size_t w = 0; w < 3; w++)
                for (int jobs = 0; jobs < 2; jobs++) {
                    struct token token;
                    struct pair_options options;
                    begin(&token, &options, (enum net_end)end, keys[k].kind);
                    token.wait_us = waits[w];
                    options.config[end].public_key_jobs = jobs;
                    struct pair *pair = make_pair(&token, &options);
                    CHECK_CASE(pair_run_until_open(pair, 20 * NET_SECOND) && pair_ping(pair, NET_SECOND),
                               "key %zu, end %d, wait %zu, jobs %d: not open", k, end, w, jobs);
                    CU_ASSERT_TRUE(token.asked == 1 && token.answered == 1);
                    CU_ASSERT_TRUE(token.scheme == keys[k].scheme && token.digest_len == keys[k].digest_len);
                    pair_free(pair);
                }
}

/* It is we who notice: the peer gets internal_error, and no signature. */
static void a_wrong_signature_never_leaves(void)
{
    for (int how = WRONG; how <= EXPLAINS; how++)
        for (int end = CLIENT; end <= SERVER; end++)
            for (int late = 0; late < 2; late++)
                for (int jobs = 0; jobs < 2; jobs++) {
                    struct token token;
                    struct pair_options options;
                    begin(&token, &options, (enum net_end)end, how == WRONG ? IDENTITY_ED25519 : IDENTITY_OTHER);
                    token.how = (enum how)how;
                    token.wait_us = late ? 100 * NET_MS : 0;
                    options.config[end].public_key_jobs = jobs;
                    struct pair *pair = make_pair(&token, &options);
                    pair_run_for(pair, 5 * NET_SECOND);
                    const struct pair_event *failed = pair_last(pair, (enum net_end)end, DTLS_EVENT_FAILED);
                    CHECK_CASE(failed != NULL && failed->error == DTLS_ERR_INTERNAL, "how %d, end %d, late %d: %d", how,
                               end, late, failed == NULL ? 0 : failed->error);
                    const char *reason = dtls_conn_reason(pair->end[end].conn);
                    CHECK_CASE(how == EXPLAINS ? reason != NULL && strcmp(reason, "the token is gone") == 0
                                               : reason == NULL,
                               "how %d, end %d, late %d: %s", how, end, late, reason == NULL ? "no words" : reason);
                    failed = pair_last(pair, net_other((enum net_end)end), DTLS_EVENT_FAILED);
                    CHECK_CASE(failed != NULL && failed->alert == DTLS_ALERT_INTERNAL_ERROR, "how %d, end %d", how,
                               end);
                    pair_free(pair);
                }
}

static void without_an_answer_it_ends_in_its_time(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct token token;
        struct pair_options options;
        begin(&token, &options, (enum net_end)end, IDENTITY_OTHER);
        token.wait_us = NEVER;
        options.config[end].handshake_timeout_ms = 5000;
        struct pair *pair = make_pair(&token, &options);
        CU_ASSERT_TRUE(pair_run_until_event(pair, (enum net_end)end, DTLS_EVENT_FAILED, 60 * NET_SECOND));
        CU_ASSERT_EQUAL(pair_last(pair, (enum net_end)end, DTLS_EVENT_FAILED)->error, DTLS_ERR_TIMEOUT);
        CU_ASSERT_EQUAL(answer_first(&token), DTLS_ERR_NOT_ASKED);
        pair_free(pair);
    }
}

static void an_answer_to_nobody_is_refused(void)
{
    for (int end = CLIENT; end <= SERVER; end++) {
        struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
        uint8_t long_one[DTLS_SIGNATURE_LARGEST + 1] = { 0 };
        struct token token;
        struct pair_options options;
        begin(&token, &options, (enum net_end)end, IDENTITY_OTHER);
        token.wait_us = NEVER;
        memory_use(&memory, &options.config[end]);
        struct pair *pair = make_pair(&token, &options);
        pair_run_for(pair, NET_SECOND);
        CU_ASSERT_PTR_EQUAL(dtls_question_conn(token.waiting[0]), pair->end[end].conn);
        CU_ASSERT_EQUAL(dtls_question_answer_signature(token.waiting[0], long_one, sizeof long_one), DTLS_ERR_ARGUMENT);
        CU_ASSERT_EQUAL(dtls_question_answer_identity(token.waiting[0], NULL), DTLS_ERR_ARGUMENT);
        pair_free(pair);
        CU_ASSERT_EQUAL(memory.live_blocks, 1); /* the question */
        CU_ASSERT_EQUAL(answer_first(&token), DTLS_ERR_NOT_ASKED);
        CU_ASSERT_EQUAL(memory.live_blocks, 0);
    }
}

static void data_flows_while_a_rehandshake_waits_and_any_allocation_may_fail(void)
{
    for (int end = CLIENT; end <= SERVER; end++)
        for (size_t number = 0, failed = 1; failed > 0; number++) {
            struct memory memory = { .fail_at = MEMORY_NEVER_FAILS };
            struct token token;
            struct pair_options options;
            struct call call;
            begin(&token, &options, (enum net_end)end, IDENTITY_OTHER);
            options.config[end].public_key_jobs = number % 2;
            memory_use(&memory, &options.config[end]);
            call_begin(&call, &options);
            call_flow(&call, 5 * NET_MS, 160);
            pair_run_for(call.pair, 50 * NET_MS);
            token.pair = call.pair;
            token.wait_us = 400 * NET_MS;
            memory.fail_at = memory.asked + number / 2;
            traffic_measure(call.traffic);
            bool begun = pair_rehandshake(call.pair, CLIENT, DTLS_REHANDSHAKE_FULL) == DTLS_OK;
            CHECK_CASE(!begun || pair_run_until_renewed(call.pair, 1, 30 * NET_SECOND), "allocation %zu: never done",
                       number / 2);
            for (int from = CLIENT; from <= SERVER; from++)
                CU_ASSERT_TRUE(call.traffic->flow[from].longest_gap_us <= 5 * NET_MS);
            failed = memory.failed;
            call_end(&call);
            while (token.waiting_count > 0)
                CU_ASSERT_EQUAL(answer_first(&token), DTLS_ERR_NOT_ASKED);
            CHECK_CASE(memory.live_blocks == 0, "allocation %zu: a leak", number / 2);
        }
}

static void late_signatures_survive_bad_networks(void)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct token token;
        struct pair_options options;
        struct call call;
        begin(&token, &options, seed % 2 ? SERVER : CLIENT, IDENTITY_OTHER);
        options.seed = seed;
        for (int end = CLIENT; end <= SERVER; end++) {
            options.link[end].loss = 1500;
            options.link[end].duplicate = 1000;
            options.link[end].jitter_us = 15 * NET_MS;
            options.config[end].mtu = seed & 8 ? 300 : 1200;
            options.config[end].held_records = 4096;
            options.config[end].public_key_jobs = seed & 16;
        }
        call_begin(&call, &options);
        token.pair = call.pair;
        call_flow(&call, 10 * NET_MS, 160);
        for (size_t number = 1; number <= 2; number++) {
            token.wait_us = seed * 31 % 400 * NET_MS;
            CHECK_CASE(call_renew(&call, &call_kinds[number - 1], number, 60 * NET_SECOND),
                       "seed %llu: rehandshake %zu is never done", (unsigned long long)seed, number);
            pair_run_for(call.pair, 1100 * NET_MS);
        }
        call_end(&call);
    }
}

static CU_TestInfo tests[] = {
    { "each kind of key, at either end, signs at once and later, with jobs and without",
      each_kind_of_key_at_either_end_at_once_and_later },
    { "a wrong signature never leaves: internal_error, and the words of who has not signed",
      a_wrong_signature_never_leaves },
    { "without an answer the handshake ends in its time", without_an_answer_it_ends_in_its_time },
    { "an answer to nobody is refused", an_answer_to_nobody_is_refused },
    { "data flows while a rehandshake waits, and any allocation may fail (S8)",
      data_flows_while_a_rehandshake_waits_and_any_allocation_may_fail },
    { "late signatures survive bad networks", late_signatures_survive_bad_networks },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "signer", tests);
}
