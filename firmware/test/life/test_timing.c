/* When things happen: heartbeats, deadlines, the pace of motion, and the dates of events. */
#include "fake_world.h"
#include "testing.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define HOUR_MS 3600000u

static struct fake_world s_world;

static int setup(void **state)
{
    (void)state;
    fake_world_init(&s_world, 5);
    return 0;
}

static void boot_and_run(uint64_t ms)
{
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, ms));
}

static void test_a_heartbeat_a_minute(void **state)
{
    (void)state;
    boot_and_run(24 * (uint64_t)HOUR_MS);
    assert_in_range(s_world.hub.heartbeats, 24 * 60 - 3, 24 * 60 + 1);
    assert_int_equal(s_world.hub.connects, 2); /* both kept alive for the whole day */
}

static void test_the_hub_sets_the_pace(void **state)
{
    unsigned heartbeats;

    (void)state;
    boot_and_run(MINUTE_MS);
    s_world.hub.next_heartbeat_ms = 15000;
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    heartbeats = s_world.hub.heartbeats;
    assert_true(fake_world_run(&s_world, 10 * MINUTE_MS));
    assert_in_range(s_world.hub.heartbeats - heartbeats, 39, 41);
    s_world.hub.next_heartbeat_ms = 1; /* not that fast */
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    heartbeats = s_world.hub.heartbeats;
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    assert_in_range(s_world.hub.heartbeats - heartbeats, 55, 60);
}

static void test_a_hub_that_names_no_pace(void **state)
{
    (void)state;
    s_world.hub.next_heartbeat_ms = 0;
    boot_and_run(HOUR_MS);
    assert_in_range(s_world.hub.heartbeats, 57, 63); /* a minute, a tenth more or less */
}

/* A refused heartbeat is repeated by its backoff, not at once and not each turn. */
static void test_timing_moves_on_failure_too(void **state)
{
    (void)state;
    s_world.config.motion_period_ms = 500;
    boot_and_run(MINUTE_MS - SECOND_MS);
    s_world.hub.refuse_path = "/api/heartbeat";
    s_world.hub.status = 500;
    assert_true(fake_world_run(&s_world, HOUR_MS));
    assert_in_range(s_world.hub.refusals, 60, 150); /* half a minute on average */
    assert_true(s_world.hub.least_gap_ms >= 100);
}

static uint64_t give_up_after(const char *path)
{
    fake_world_init(&s_world, 6);
    boot_and_run(10 * SECOND_MS);
    s_world.hub.mute_path = path;
    assert_true(fake_world_move(&s_world, 50));
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    return s_world.hub.given_up_ms;
}

static void test_every_wait_has_its_deadline(void **state)
{
    (void)state;
    assert_int_equal(give_up_after("/api/heartbeat"), 5000);
    assert_int_equal(give_up_after("/api/events/motion"), 3000);
    assert_int_equal(give_up_after("/api/images/upload"), 30000);
    assert_int_equal(give_up_after("/api/devices/24"), 35000); /* the poll: what it asked for, and 10 s */

    fake_world_init(&s_world, 6);
    s_world.hub.mute_path = "/api/devices/register";
    boot_and_run(10 * SECOND_MS);
    assert_int_equal(s_world.hub.given_up_ms, 5000);

    fake_world_init(&s_world, 6);
    s_world.hub.mode = FAKE_HUB_UNREACHABLE;
    boot_and_run(10 * SECOND_MS);
    assert_int_equal(s_world.hub.connect_given_up_ms, 5000);
}

static void test_motion_at_most_each_five_seconds(void **state)
{
    (void)state;
    boot_and_run(10 * SECOND_MS);
    for (unsigned i = 0; i < 600; i++) {
        assert_true(fake_world_move(&s_world, 50));
        assert_true(fake_world_run(&s_world, SECOND_MS));
    }
    assert_int_equal(s_world.hub.event_count, 120);
    assert_int_equal(s_world.event_count, 120);
    assert_int_equal(s_world.hub.too_soon, 0);
    assert_int_equal(fake_world_count_kept(&s_world), 120);
}

/* Reported as it happens, not with the next heartbeat. */
static void test_motion_is_reported_at_once(void **state)
{
    (void)state;
    boot_and_run(10 * SECOND_MS);
    for (unsigned i = 0; i < 20; i++) {
        assert_true(fake_world_move(&s_world, 50));
        assert_true(fake_world_run(&s_world, 7 * SECOND_MS));
        assert_true(s_world.hub.events[i].arrived_ms - s_world.events[i].true_ms <= 20);
    }
}

static void test_a_clock_that_was_never_set(void **state)
{
    (void)state;
    s_world.hub.says_no_time = true;
    boot_and_run(10 * SECOND_MS);
    for (unsigned outage = 0; outage < 3; outage++) {
        s_world.hub.mode = FAKE_HUB_REFUSES;
        fake_hub_drop_connections(&s_world.hub);
        for (unsigned i = 0; i < 40; i++) {
            assert_true(fake_world_move(&s_world, 50));
            assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
        }
        s_world.hub.mode = FAKE_HUB_WELL;
        assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    }
    assert_string_equal(s_world.hub.clock_quality, "unset");
    assert_int_equal(s_world.hub.event_count, 120);
    assert_int_equal(fake_world_count_kept(&s_world), 120); /* each within a second of the truth */
    for (size_t i = 0; i < 120; i++) {
        assert_false(s_world.hub.events[i].clock_was_set);
        assert_string_equal(s_world.hub.events[i].boot_id, s_world.camera.boot_id_text);
    }
}

/* Before the first answer there is no clock; what happened then is dated all the same. */
static void test_motion_before_the_first_answer(void **state)
{
    (void)state;
    s_world.hub.mode = FAKE_HUB_REFUSES;
    boot_and_run(SECOND_MS);
    for (unsigned i = 0; i < 30; i++) {
        assert_true(fake_world_move(&s_world, 50));
        assert_true(fake_world_run(&s_world, 20 * SECOND_MS));
    }
    s_world.hub.mode = FAKE_HUB_WELL;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(fake_world_count_kept(&s_world), 30);
    assert_string_equal(s_world.hub.clock_quality, "");
}

/* A set clock's dates hold over restarts. */
static void test_dates_hold_over_restarts(void **state)
{
    (void)state;
    boot_and_run(10 * SECOND_MS);
    for (unsigned boot = 0; boot < 5; boot++) {
        s_world.hub.mode = FAKE_HUB_REFUSES;
        fake_hub_drop_connections(&s_world.hub);
        for (unsigned i = 0; i < 10; i++) {
            assert_true(fake_world_move(&s_world, 50));
            assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
        }
        boot_and_run(20 * SECOND_MS);
        s_world.hub.mode = FAKE_HUB_WELL;
        assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    }
    assert_int_equal(fake_world_count_kept(&s_world), 50);
}

/* A hub whose clock was wrong told it to the camera; events with that date are dated by the hub instead. */
static void test_a_refused_date_is_left_out(void **state)
{
    (void)state;
    boot_and_run(10 * SECOND_MS);
    s_world.camera.clock.offset_ms += 365ull * 24 * HOUR_MS;
    assert_true(fake_world_move(&s_world, 50));
    assert_true(fake_world_run(&s_world, SECOND_MS));
    assert_int_equal(s_world.hub.motions, 2);
    assert_int_equal(s_world.camera.events_refused, 0);
    assert_int_equal(fake_world_count_kept(&s_world), 1);
}

static void test_idle_means_idle(void **state)
{
    unsigned turns;

    (void)state;
    boot_and_run(MINUTE_MS);
    turns = s_world.turns;
    assert_true(fake_world_run(&s_world, HOUR_MS));
    print_message("%u turns in an idle hour with 60 heartbeats and %u polls\n", s_world.turns - turns,
                  s_world.hub.polls);
    assert_true(s_world.turns - turns < 2000);
}

RUN(cmocka_unit_test_setup(test_a_heartbeat_a_minute, setup),
    cmocka_unit_test_setup(test_the_hub_sets_the_pace, setup),
    cmocka_unit_test_setup(test_a_hub_that_names_no_pace, setup),
    cmocka_unit_test_setup(test_timing_moves_on_failure_too, setup),
    cmocka_unit_test_setup(test_every_wait_has_its_deadline, setup),
    cmocka_unit_test_setup(test_motion_at_most_each_five_seconds, setup),
    cmocka_unit_test_setup(test_motion_is_reported_at_once, setup),
    cmocka_unit_test_setup(test_a_clock_that_was_never_set, setup),
    cmocka_unit_test_setup(test_motion_before_the_first_answer, setup),
    cmocka_unit_test_setup(test_dates_hold_over_restarts, setup),
    cmocka_unit_test_setup(test_a_refused_date_is_left_out, setup),
    cmocka_unit_test_setup(test_idle_means_idle, setup))
