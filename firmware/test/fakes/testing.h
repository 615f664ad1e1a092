/* What every unit test begins with: cmocka's headers in its order, and files of the contract. */
#ifndef TESTING_H
#define TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

/* Reads CONTRACT_DIR/`name` whole into `data`; fails the test when it is not there or does not fit. Returns
 * its length. */
size_t testing_load(const char *name, char *data, size_t cap_bytes);

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* One line a test. */
#define RUN(...)                                                                                             \
    int main(void)                                                                                           \
    {                                                                                                        \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                                     \
        return cmocka_run_group_tests(tests, NULL, NULL);                                                    \
    }
#define TEST(function) cmocka_unit_test(function)

#endif
