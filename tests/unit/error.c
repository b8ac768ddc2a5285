/* error.c - words for people: each error, alert, event and drop has some of its own, and no number is without. */
#include <string.h>

#include "dtls/dtls.h"
#include "tests/tap.h"

enum { MOST = 256 };

/* The words of `count` numbers, of which those that say `unknown` are no names. */
static void check_different(const char *what, const char *const words[], size_t count, const char *unknown)
{
    size_t known = 0;

    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(words[i]);
        if (strcmp(words[i], unknown) == 0)
            continue;
        known++;
        CHECK_CASE(words[i][0] != '\0', "%s %zu has no words", what, i);
        for (size_t j = 0; j < i; j++)
            CHECK_CASE(strcmp(words[i], words[j]) != 0, "%s %zu and %zu are both \"%s\"", what, i, j, words[i]);
    }
    CHECK_CASE(known > 0 && known < count, "%s: %zu of %zu are known", what, known, count);
}

static void every_error_has_words(void)
{
    static const int ranges[][2] = {
        { DTLS_ERR_NO_KEYS, DTLS_ERR_NOT_OPEN },       { DTLS_ERR_BAD_SESSION, DTLS_ERR_BAD_PEM },
        { DTLS_EV_ERR_FULL, DTLS_EV_ERR_SYSTEM },      { DTLS_PKIX_ERR_TOKEN, DTLS_PKIX_ERR_SYSTEM },
        { DTLS_REDIS_ERR_HOST, DTLS_REDIS_ERR_HOST },  { DTLS_SRTP_ERR_LIBSRTP, DTLS_SRTP_ERR_NO_KEYS },
        { DTLS_ERR_UNKNOWN_NAME, DTLS_ERR_NO_MEMORY },
    };
    const char *words[MOST];

    for (int i = 0; i < MOST; i++)
        words[i] = dtls_error_string(-i);
    check_different("error", words, MOST, "unknown error");
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        for (int error = ranges[i][0]; error <= ranges[i][1]; error++)
            CHECK_CASE(strcmp(dtls_error_string(error), "unknown error") != 0, "error %d", error);
    for (int error = DTLS_ERR_CLOSED; error <= DTLS_ERR_NO_MEMORY; error++)
        CHECK_CASE(dtls_error_is_death(error) && strcmp(dtls_error_string(error), "unknown error") != 0, "error %d",
                   error);
    CU_ASSERT_FALSE(dtls_error_is_death(DTLS_OK));
    CU_ASSERT_FALSE(dtls_error_is_death(DTLS_ERR_NOT_OPEN));
    CU_ASSERT_STRING_EQUAL(dtls_error_string(1), "unknown error");
}

static void every_alert_has_the_rfcs_name(void)
{
    const char *words[MOST];

    for (int i = 0; i < MOST; i++)
        words[i] = dtls_alert_string((uint8_t)i);
    check_different("alert", words, MOST, "unknown alert");
    CU_ASSERT_STRING_EQUAL(dtls_alert_string(DTLS_ALERT_NO_RENEGOTIATION), "no_renegotiation");
    CU_ASSERT_STRING_EQUAL(dtls_alert_string(DTLS_ALERT_UNSUPPORTED_EXTENSION), "unsupported_extension");
}

static void every_event_and_reason_has_a_name(void)
{
    const char *events[DTLS_EVENT_FAILED + 2], *drops[DTLS_DROP_COUNT + 1];

    for (int i = 0; i <= DTLS_EVENT_FAILED + 1; i++)
        events[i] = dtls_event_name((enum dtls_event_type)i);
    check_different("event", events, DTLS_EVENT_FAILED + 2, "unknown");
    for (int i = 0; i <= DTLS_DROP_COUNT; i++)
        drops[i] = dtls_drop_name((enum dtls_drop)i);
    check_different("drop", drops, DTLS_DROP_COUNT + 1, "unknown");
    CU_ASSERT_STRING_EQUAL(dtls_mtu_reason_name(DTLS_MTU_TOO_BIG), "too_big");
    CU_ASSERT_STRING_EQUAL(dtls_mtu_reason_name((enum dtls_mtu_reason)1000), "unknown");
}

static CU_TestInfo tests[] = {
    { "every error has words of its own", every_error_has_words },
    { "every alert has the RFC's name", every_alert_has_the_rfcs_name },
    { "every event and every reason has a name", every_event_and_reason_has_a_name },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "error", tests);
}
