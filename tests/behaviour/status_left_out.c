/* status_left_out.c - a server that announces a CertificateStatus and then leaves it out, as RFC 6066, 8 allows: its
 * certificate is judged all the same. dtls_handshake_close_message is replaced for that. */
#include <stdio.h>

#include "handshake/handshake.h"
#include "tests/box/pair.h"
#include "tests/tap.h"

int __real_dtls_handshake_close_message(struct dtls_handshake *hs, const struct dtls_writer *body, uint8_t type);
int __wrap_dtls_handshake_close_message(struct dtls_handshake *hs, const struct dtls_writer *body, uint8_t type);

static unsigned left_out;

int __wrap_dtls_handshake_close_message(struct dtls_handshake *hs, const struct dtls_writer *body, uint8_t type)
{
    if (type != DTLS_CERTIFICATE_STATUS)
        return __real_dtls_handshake_close_message(hs, body, type);
    left_out++;
    return DTLS_OK;
}

struct seen {
    unsigned calls;
    size_t status_len, chain_count;
    int answer;
};

static int look(void *arg, const struct dtls_peer_identity *peer)
{
    struct seen *seen = arg;

    seen->calls++;
    seen->status_len = peer->status.len;
    seen->chain_count = peer->chain_count;
    if (seen->answer != 0)
        snprintf(peer->reason, DTLS_REASON_MAX, "no");
    return seen->answer;
}

static void check(int answer)
{
    struct seen seen = { .answer = answer };
    struct dtls_identity *identity = NULL;
    struct pair_options options;

    CU_ASSERT_EQUAL_FATAL(
        dtls_identity_generate(DTLS_KEY_ECDSA_P256, "stapler", 1577836800, 2524608000, NULL, NULL, &identity), DTLS_OK);
    CU_ASSERT_EQUAL(dtls_identity_set_ocsp_response(identity, (const uint8_t *)"0", 1), DTLS_OK);
    pair_options(&options, 1);
    options.config[SERVER].identity = identity;
    options.config[CLIENT].verifier = (struct dtls_verifier){ look, &seen };
    options.config[CLIENT].request_status = true;
    left_out = 0;
    struct pair *pair = pair_new(&options);
    CU_ASSERT_EQUAL(pair_run_until_open(pair, 20 * NET_SECOND), answer == 0);
    CHECK_CASE(left_out == 1 && seen.calls == 1 && seen.chain_count == 1 && seen.status_len == 0,
               "left out %u times, asked %u times", left_out, seen.calls);
    CU_ASSERT_EQUAL(dtls_conn_reason(pair->end[CLIENT].conn) != NULL, answer != 0);
    pair_free(pair);
    dtls_identity_free(identity);
}

static void the_verifier_is_asked(void)
{
    check(0);
}

static void a_no_is_a_no(void)
{
    check(DTLS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE);
}

static CU_TestInfo tests[] = {
    { "the verifier is asked, without a status", the_verifier_is_asked },
    { "and its no is a no", a_no_is_a_no },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "status_left_out", tests);
}
