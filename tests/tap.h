/* tap.h - runs one table of CUnit tests and prints TAP, which meson reads test by test.
 * A name given as the program's argument runs only the tests whose names contain it. */
#ifndef DTLS_TESTS_TAP_H
#define DTLS_TESTS_TAP_H

#include <CUnit/CUnit.h>
#include <stdbool.h>

/* The whole of a test program's main. Returns 0 when every test passed. */
int tap_main(int argc, char **argv, const char *suite, CU_TestInfo *tests);

/* For a table test: fails with a message that says which case, and with what. printf format; prints nothing when ok. */
void tap_check(bool ok, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));
#define CHECK_CASE(ok, ...) tap_check((ok), __FILE__, __LINE__, __VA_ARGS__)

#endif
