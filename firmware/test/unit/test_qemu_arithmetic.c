/* The division and multiplication that the lab's compiler lacks, against the workstation's own. */
#include "../../port/qemu/arithmetic.c"
#include "testing.h"

static const uint64_t s_numbers[] = {
    0,
    1,
    2,
    3,
    9,
    10,
    255,
    256,
    1000,
    65535,
    65536,
    40000,
    0x7FFFFFFF,
    0x80000000,
    0x80000001,
    0xFFFFFFFE,
    0xFFFFFFFF,
    0x100000000,
    0x100000001,
    0x123456789ABCDEF,
    0x7FFFFFFFFFFFFFFF,
    0x8000000000000000,
    0x8000000000000001,
    0xFFFFFFFF00000000,
    0xFFFFFFFFFFFFFFFE,
    0xFFFFFFFFFFFFFFFF,
};

static void check_wide(uint64_t a, uint64_t b)
{
    uint64_t remainder;

    assert_int_equal(__muldi3(a, b), a * b);
    if (b == 0) {
        return;
    }
    assert_int_equal(__udivdi3(a, b), a / b);
    assert_int_equal(__umoddi3(a, b), a % b);
    assert_int_equal(__udivmoddi4(a, b, &remainder), a / b);
    assert_int_equal(remainder, a % b);
    if (a != 0x8000000000000000 || b != UINT64_MAX) { /* which overflows in C */
        assert_int_equal(__divdi3((int64_t)a, (int64_t)b), (int64_t)a / (int64_t)b);
        assert_int_equal(__moddi3((int64_t)a, (int64_t)b), (int64_t)a % (int64_t)b);
    }
}

static void check_narrow(uint32_t a, uint32_t b)
{
    assert_int_equal(__umulsidi3(a, b), (uint64_t)a * b);
    if (b == 0) {
        return;
    }
    assert_int_equal(__udivsi3(a, b), a / b);
    assert_int_equal(__umodsi3(a, b), a % b);
    if (a != 0x80000000 || b != UINT32_MAX) {
        assert_int_equal(__divsi3((int32_t)a, (int32_t)b), (int32_t)a / (int32_t)b);
        assert_int_equal(__modsi3((int32_t)a, (int32_t)b), (int32_t)a % (int32_t)b);
    }
}

static void test_edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_numbers); i++) {
        for (size_t j = 0; j < COUNT_OF(s_numbers); j++) {
            check_wide(s_numbers[i], s_numbers[j]);
            check_narrow((uint32_t)s_numbers[i], (uint32_t)s_numbers[j]);
        }
    }
}

static void test_many(void **state)
{
    uint64_t x = 88172645463325252;

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t a;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        a = x;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        check_wide(a, x >> (i % 64));
        check_narrow((uint32_t)a, (uint32_t)x >> (i % 32));
    }
}

RUN(TEST(test_edges), TEST(test_many))
