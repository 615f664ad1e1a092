#include "cam/clock.h"

#include "testing.h"

#define JANUARY_MS 1767225600000u /* 2026 */

static void test_unset_is_no_time(void **state)
{
    struct cam_clock clock = {0};
    uint64_t wall_ms = 7;

    (void)state;
    assert_false(cam_clock_read(&clock, 12345, &wall_ms));
    assert_int_equal(wall_ms, 0);
}

static void test_answer_is_of_half_way(void **state)
{
    struct cam_clock clock = {0};
    uint64_t wall_ms;

    (void)state;
    cam_clock_set(&clock, JANUARY_MS, 1000, 1101);
    assert_true(cam_clock_read(&clock, 1050, &wall_ms));
    assert_int_equal(wall_ms, JANUARY_MS);
    /* Also for what was before it. */
    assert_true(cam_clock_read(&clock, 0, &wall_ms));
    assert_int_equal(wall_ms, JANUARY_MS - 1050);
    assert_true(cam_clock_read(&clock, 86401050, &wall_ms));
    assert_int_equal(wall_ms, JANUARY_MS + 86400000);
}

static void test_hub_without_the_time_sets_nothing(void **state)
{
    static const uint64_t s_times_ms[] = {0, 1000, 1704067199999u, 4102444800000u, UINT64_MAX};
    struct cam_clock clock = {0};
    uint64_t wall_ms;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_times_ms); i++) {
        cam_clock_set(&clock, s_times_ms[i], 0, 10);
        assert_false(cam_clock_read(&clock, 10, &wall_ms));
    }
    cam_clock_set(&clock, 1704067200000u, 0, 10);
    assert_true(cam_clock_read(&clock, 5, &wall_ms));
    assert_int_equal(wall_ms, 1704067200000u);
    cam_clock_set(&clock, 1000, 20, 30);
    assert_true(cam_clock_read(&clock, 5, &wall_ms));
    assert_int_equal(wall_ms, 1704067200000u);
}

static void test_slow_answer_sets_but_does_not_move(void **state)
{
    struct cam_clock clock = {0};
    uint64_t wall_ms;

    (void)state;
    cam_clock_set(&clock, JANUARY_MS, 1000, 5000);
    assert_true(cam_clock_read(&clock, 3000, &wall_ms));
    assert_int_equal(wall_ms, JANUARY_MS);
    cam_clock_set(&clock, JANUARY_MS + 60000, 6000, 8001);
    assert_true(cam_clock_read(&clock, 3000, &wall_ms));
    assert_int_equal(wall_ms, JANUARY_MS);
    /* 2 s is not too slow, and the hub's clock may go back. */
    cam_clock_set(&clock, JANUARY_MS - 60000, 6000, 8000);
    assert_true(cam_clock_read(&clock, 7000, &wall_ms));
    assert_int_equal(wall_ms, JANUARY_MS - 60000);
}

RUN(TEST(test_unset_is_no_time), TEST(test_answer_is_of_half_way),
    TEST(test_hub_without_the_time_sets_nothing), TEST(test_slow_answer_sets_but_does_not_move))
