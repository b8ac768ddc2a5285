/* tap.c - CUnit in, TAP out. */
#include "tests/tap.h"

#include <CUnit/TestRun.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static unsigned tests_run;

static void print_result(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
    (void)suite;
    printf("%s %u - %s\n", failure == NULL ? "ok" : "not ok", ++tests_run, test->pName);
    unsigned printed = 0;
    for (CU_pFailureRecord at = failure; at != NULL && printed < 10; at = at->pNext, printed++)
        printf("# %s:%u: %s\n", at->strFileName, at->uiLineNumber, at->strCondition);
    fflush(stdout);
}

void tap_check(bool ok, const char *file, int line, const char *format, ...)
{
    char text[400] = "";

    if (!ok) {
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
    }
    CU_assertImplementation(ok ? CU_TRUE : CU_FALSE, (unsigned)line, text, file, "", CU_FALSE);
}

int tap_main(int argc, char **argv, const char *suite, CU_TestInfo *tests)
{
    const char *wanted = argc > 1 ? argv[1] : "";
    unsigned count = 0;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite registered = CU_add_suite(suite, NULL, NULL);
    for (CU_TestInfo *test = tests; test->pName != NULL; test++)
        if (strstr(test->pName, wanted) != NULL && CU_add_test(registered, test->pName, test->pTestFunc) != NULL)
            count++;
    printf("1..%u\n", count);
    CU_set_test_complete_handler(print_result);
    CU_run_all_tests();
    unsigned failed = CU_get_number_of_tests_failed();
    CU_cleanup_registry();
    return failed == 0 && count > 0 ? 0 : 1;
}
