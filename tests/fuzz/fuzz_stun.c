/* fuzz_stun.c - any bytes as a STUN request: an answer is never longer than its room, and nobody knows the password. */
#include "apps/webrtc/stun.h"

#include <netinet/in.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct sockaddr_in6 from = { .sin6_family = AF_INET6 };
    static const uint8_t secret[22] = "VOkJxbRl1RmTxUk/WvJxB?";
    struct stun_request request;
    uint8_t answer[STUN_MOST_ANSWER];

    uint8_t *exact = fuzz_copy((struct dtls_bytes){ data, len });
    if (stun_read((struct dtls_bytes){ exact, len }, &request)) {
        FUZZ_CHECK(!stun_is_authentic(&request, (struct dtls_bytes){ secret, sizeof secret }));
        size_t answer_len =
            stun_answer(&request, (struct dtls_bytes){ secret, sizeof secret }, (const struct sockaddr *)&from, answer);
        FUZZ_CHECK(answer_len >= 20 && answer_len <= sizeof answer && answer_len % 4 == 0);
    }
    free(exact);
    return 0;
}
