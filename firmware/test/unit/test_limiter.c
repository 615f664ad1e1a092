#include "cam/limiter.h"

#include "testing.h"

static void test_first_event_is_admitted_at_once(void **state)
{
    struct cam_limiter limiter = {0};

    (void)state;
    assert_true(cam_limiter_admit(&limiter, 0));
    assert_false(cam_limiter_admit(&limiter, 0));
}

static void test_next_one_5_seconds_later(void **state)
{
    struct cam_limiter limiter = {0};

    (void)state;
    assert_true(cam_limiter_admit(&limiter, 1000));
    assert_false(cam_limiter_admit(&limiter, 5999));
    assert_true(cam_limiter_admit(&limiter, 6000));
    /* Counted from what was admitted, not from what was asked. */
    assert_false(cam_limiter_admit(&limiter, 10999));
    assert_true(cam_limiter_admit(&limiter, 11000));
}

static void test_at_most_720_in_an_hour(void **state)
{
    struct cam_limiter limiter = {0};
    int admitted = 0;

    (void)state;
    for (uint64_t now_ms = 0; now_ms < 3600000; now_ms += 200) {
        admitted += cam_limiter_admit(&limiter, now_ms);
    }
    assert_int_equal(admitted, 720);
}

RUN(TEST(test_first_event_is_admitted_at_once), TEST(test_next_one_5_seconds_later),
    TEST(test_at_most_720_in_an_hour))
