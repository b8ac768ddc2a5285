/* pkcs11_uri.c - what comes out of a pkcs11: URI (RFC 7512), and what is refused. */
#define _DEFAULT_SOURCE /* mkdtemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/pkix_internal.h"
#include "tests/tap.h"

static bool is(const char *text, const char *expected)
{
    return text == NULL || expected == NULL ? text == expected : strcmp(text, expected) == 0;
}

static void pin_and_module_come_out_and_the_rest_stays(void)
{
    static const struct {
        const char *uri, *object, *pin, *module;
    } cases[] = {
        { "pkcs11:object=a", "pkcs11:object=a", NULL, NULL },
        { "pkcs11:token=t;id=%01", "pkcs11:token=t;id=%01", NULL, NULL },
        { "pkcs11:object=a?", "pkcs11:object=a", NULL, NULL },
        { "pkcs11:object=a?pin-value=1234", "pkcs11:object=a", "1234", NULL },
        { "pkcs11:object=a?pin-value=", "pkcs11:object=a", "", NULL },
        { "pkcs11:object=a?pin-value=1%323%2d%2D", "pkcs11:object=a", "123--", NULL },
        { "pkcs11:object=a?module-path=/lib/m.so&pin-value=1", "pkcs11:object=a", "1", "/lib/m.so" },
        { "pkcs11:object=a?module-name=m&pin-value=1&x-vendor=2", "pkcs11:object=a?module-name=m&x-vendor=2", "1",
          NULL },
        { "pkcs11:object=a?pin-values=1", "pkcs11:object=a?pin-values=1", NULL, NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_pkix_uri uri;
        char reason[DTLS_REASON_MAX] = "";
        int result = dtls_pkix_uri_read(cases[i].uri, &uri, reason);
        CHECK_CASE(result == DTLS_OK && is(uri.object, cases[i].object) && is(uri.pin, cases[i].pin) &&
                       is(uri.module, cases[i].module),
                   "%s: %d %s, \"%s\"", cases[i].uri, result, reason, uri.object == NULL ? "" : uri.object);
        dtls_pkix_uri_clear(&uri);
    }
}

static void what_is_wrong_is_said_in_words_without_the_pin(void)
{
    static const struct {
        const char *uri, *words;
        int error;
    } cases[] = {
        { "", "no pkcs11: URI", DTLS_ERR_ARGUMENT },
        { "pkcs11", "no pkcs11: URI", DTLS_ERR_ARGUMENT },
        { "/etc/key.pem", "no pkcs11: URI", DTLS_ERR_ARGUMENT },
        { "pkcs11:", "names no object", DTLS_ERR_ARGUMENT },
        { "pkcs11:token=object?pin-value=4711", "names no object", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-value=4711%", "percent sign", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-value=4711%4", "percent sign", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-value=4711%4g", "percent sign", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-value=4711%00", "percent sign", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-value=4711&pin-value=4711", "twice", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-value=4711&pin-source=/dev/null", "twice", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-source=/dev/null&pin-value=4711", "twice", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?module-path=/a&module-path=/a", "twice", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-source=%7Ccat%204711", "pin-source is no file", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-source=pin", "pin-source is no file", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-source=http:/pin", "pin-source is no file", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-source=file://host/pin", "pin-source is no file", DTLS_ERR_ARGUMENT },
        { "pkcs11:object=a?pin-source=file:///nowhere", "pin-source /nowhere: No such file", DTLS_PKIX_ERR_SYSTEM },
        { "pkcs11:object=a?pin-source=/nowhere", "pin-source /nowhere: No such file", DTLS_PKIX_ERR_SYSTEM },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dtls_pkix_uri uri;
        char reason[DTLS_REASON_MAX] = "";
        int result = dtls_pkix_uri_read(cases[i].uri, &uri, reason);
        CHECK_CASE(result == cases[i].error && strstr(reason, cases[i].words) != NULL &&
                       strstr(reason, "4711") == NULL && uri.object == NULL && uri.pin == NULL && uri.module == NULL,
                   "%s: %d, \"%s\"", cases[i].uri, result, reason);
    }
}

static void the_first_line_of_pin_source_is_the_pin(void)
{
    static const char *const forms[] = { "", "file:", "file://" };
    char path[] = "/tmp/dtls-pin-XXXXXX", text[128];
    int fd = mkstemp(path);

    CU_ASSERT_TRUE_FATAL(fd >= 0 && write(fd, "47 11\r\nnot this\n", 16) == 16);
    for (size_t i = 0; i < 3; i++) {
        struct dtls_pkix_uri uri;
        char reason[DTLS_REASON_MAX] = "";
        snprintf(text, sizeof text, "pkcs11:id=%%01?pin-source=%s%s", forms[i], path);
        int result = dtls_pkix_uri_read(text, &uri, reason);
        CHECK_CASE(result == DTLS_OK && is(uri.pin, "47 11"), "%s: %d, %s", text, result, reason);
        dtls_pkix_uri_clear(&uri);
    }
    close(fd);
    unlink(path);
}

static CU_TestInfo tests[] = {
    { "PIN and module come out, and the rest stays", pin_and_module_come_out_and_the_rest_stays },
    { "what is wrong is said in words, without the PIN", what_is_wrong_is_said_in_words_without_the_pin },
    { "the first line of pin-source is the PIN", the_first_line_of_pin_source_is_the_pin },
    CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, "pkcs11_uri", tests);
}
