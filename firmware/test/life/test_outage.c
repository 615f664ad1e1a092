/* The hub is away: nothing is lost but what must be, and the fleet does not come back as one. */
#include <stdio.h>

#include "fake_world.h"
#include "testing.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define FLEET 200u

static struct fake_world s_world;

static void begin(uint32_t seed)
{
    fake_world_init(&s_world, seed);
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(s_world.hub.tokens, 1);
}

static void lose_hub(enum fake_hub_mode mode)
{
    s_world.hub.mode = mode;
    if (mode == FAKE_HUB_REFUSES) {
        fake_hub_drop_connections(&s_world.hub);
    }
}

/* Motion each `period_ms` for as long as `count` times it. */
static void move_on(unsigned count, uint64_t period_ms)
{
    for (unsigned i = 0; i < count; i++) {
        assert_true(fake_world_move(&s_world, i % 101));
        assert_true(fake_world_run(&s_world, period_ms));
    }
}

static void check_came_through(size_t events)
{
    assert_int_equal(s_world.restarts, 0);
    assert_int_equal(s_world.boots, 1);
    assert_int_equal(s_world.event_count, events);
    assert_int_equal(s_world.hub.tokens, 1); /* the token outlives an outage */
    assert_int_equal(s_world.hub.too_soon, 0);
    assert_int_equal(s_world.frames_out, 0);
}

static void live_through(enum fake_hub_mode mode)
{
    begin(7);
    lose_hub(mode);
    move_on(120, 5 * SECOND_MS);
    assert_int_equal(s_world.hub.event_count, 0);
    assert_true(s_world.most_connects <= 40);
    s_world.hub.mode = FAKE_HUB_WELL;
    assert_true(fake_world_run(&s_world, 3 * MINUTE_MS));
    check_came_through(120);
    assert_int_equal(fake_world_count_kept(&s_world), 120);
    assert_int_equal(s_world.hub.event_count, 120);
    assert_int_equal(s_world.hub.events_dropped, 0);
    assert_int_equal(s_world.hub.queue_depth, 0);
}

static void test_ten_minutes_without_a_listener(void **state)
{
    (void)state;
    live_through(FAKE_HUB_REFUSES);
}

static void test_ten_minutes_without_a_machine(void **state)
{
    (void)state;
    live_through(FAKE_HUB_UNREACHABLE);
}

static void test_ten_minutes_of_a_frozen_hub(void **state)
{
    (void)state;
    live_through(FAKE_HUB_MUTE);
}

static void test_the_newest_256_are_kept_and_the_rest_counted(void **state)
{
    (void)state;
    begin(8);
    lose_hub(FAKE_HUB_REFUSES);
    move_on(360, 5 * SECOND_MS);
    s_world.hub.mode = FAKE_HUB_WELL;
    assert_true(fake_world_run(&s_world, 4 * MINUTE_MS));
    check_came_through(360);
    assert_int_equal(fake_world_count_kept(&s_world), 256);
    for (size_t i = 0; i < 360; i++) {
        assert_int_equal(fake_hub_find_event(&s_world.hub, s_world.events[i].id) != NULL, i >= 104);
    }
    assert_int_equal(s_world.hub.events_dropped, 104);
    assert_int_equal(s_world.camera.queue.dropped, 104);
}

static void test_an_event_that_makes_room_while_the_hub_takes_it_is_not_lost(void **state)
{
    (void)state;
    begin(12);
    lose_hub(FAKE_HUB_REFUSES);
    move_on(256, 5 * SECOND_MS);
    s_world.hub.late_path = "/api/events/motion";
    s_world.hub.late_ms = 2 * SECOND_MS;
    s_world.hub.mode = FAKE_HUB_WELL;
    while (s_world.hub.event_count == 0) {
        assert_true(fake_world_run(&s_world, 100));
    }
    assert_true(fake_world_move(&s_world, 50));
    assert_int_equal(s_world.camera.queue.dropped, 1);
    assert_true(fake_world_run(&s_world, 3 * SECOND_MS));
    assert_int_equal(s_world.camera.queue.dropped, 0);
    s_world.hub.late_path = NULL;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    check_came_through(257);
    assert_int_equal(fake_world_count_kept(&s_world), 257);
    assert_int_equal(s_world.hub.events_dropped, 0);
}

static void test_lost_answers_double_nothing(void **state)
{
    (void)state;
    begin(9);
    s_world.hub.drops_answers = true;
    move_on(24, 5 * SECOND_MS);
    s_world.hub.drops_answers = false;
    assert_true(fake_world_run(&s_world, 3 * MINUTE_MS));
    check_came_through(24);
    assert_int_equal(s_world.hub.event_count, 24);
    assert_true(s_world.hub.events[0].arrivals > 1);
    assert_int_equal(fake_world_count_kept(&s_world), 24);
}

static void test_a_restart_in_an_outage_keeps_the_events(void **state)
{
    (void)state;
    begin(10);
    lose_hub(FAKE_HUB_REFUSES);
    move_on(60, 5 * SECOND_MS);
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    move_on(60, 5 * SECOND_MS);
    s_world.hub.mode = FAKE_HUB_WELL;
    assert_true(fake_world_run(&s_world, 3 * MINUTE_MS));
    assert_int_equal(s_world.hub.event_count, 120);
    assert_int_equal(fake_world_count_kept(&s_world), 120);
    assert_int_equal(s_world.hub.tokens, 1);
}

static void test_the_link_goes_and_comes(void **state)
{
    (void)state;
    begin(11);
    for (unsigned i = 0; i < 10; i++) {
        size_t connects = s_world.connect_count;

        s_world.link_is_up = false;
        move_on(12, 5 * SECOND_MS);
        assert_int_equal(s_world.connect_count, connects); /* not even tried */
        s_world.link_is_up = true;
        move_on(12, 5 * SECOND_MS);
    }
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    check_came_through(240);
    assert_int_equal(fake_world_count_kept(&s_world), 240);
}

/* How many connections all devices begin in each second, or each 100 ms, after the hub went. */
static unsigned s_seconds[700];
static unsigned s_tenths[20];

static void add_to_histogram(uint64_t gone_ms)
{
    for (size_t i = 0; i < s_world.connect_count; i++) {
        uint64_t after_ms = s_world.connect_ms[i] - gone_ms;

        if (s_world.connect_ms[i] >= gone_ms && after_ms < sizeof s_seconds / sizeof s_seconds[0] * 1000) {
            s_seconds[after_ms / 1000]++;
            s_tenths[after_ms / 100 < 20 ? after_ms / 100 : 19] += after_ms < 2000 ? 1 : 0;
        }
    }
}

static unsigned most(const unsigned *bins, size_t from, size_t to)
{
    unsigned result = 0;

    for (size_t i = from; i < to; i++) {
        result = bins[i] > result ? bins[i] : result;
    }
    return result;
}

static void test_a_fleet_spreads_its_retries(void **state)
{
    unsigned steady = 0;

    (void)state;
    for (uint32_t device = 0; device < FLEET; device++) {
        begin(1000 + device);
        lose_hub(FAKE_HUB_REFUSES);
        add_to_histogram(UINT64_MAX);
        s_world.connect_count = 0;
        assert_true(fake_world_run(&s_world, 10 * MINUTE_MS));
        s_world.hub.mode = FAKE_HUB_WELL;
        assert_true(fake_world_run(&s_world, MINUTE_MS + 30 * SECOND_MS));
        assert_true(s_world.hub.heartbeats >= 3);
        add_to_histogram(2 * MINUTE_MS);
    }
    for (size_t i = 120; i < 600; i++) {
        steady += s_seconds[i];
    }
    print_message("retries of %u cameras a second: at most %u in the first 2 s (%u in 100 ms), %u to 60 s; "
                  "then %u on average, at most %u; at most %u when the hub is back\n",
                  FLEET, most(s_seconds, 0, 2), most(s_tenths, 0, 20), most(s_seconds, 2, 60), steady / 480,
                  most(s_seconds, 120, 600), most(s_seconds, 600, 690));
    assert_true(most(s_tenths, 0, 20) <= 30);
    assert_true(most(s_seconds, 0, 2) <= FLEET);
    assert_true(most(s_seconds, 120, 600) <= 3 * steady / 480 + 6);
    assert_true(most(s_seconds, 600, 690) <= 6 * steady / 480 + 6);
}

RUN(TEST(test_ten_minutes_without_a_listener), TEST(test_ten_minutes_without_a_machine),
    TEST(test_ten_minutes_of_a_frozen_hub), TEST(test_the_newest_256_are_kept_and_the_rest_counted),
    TEST(test_an_event_that_makes_room_while_the_hub_takes_it_is_not_lost),
    TEST(test_lost_answers_double_nothing), TEST(test_a_restart_in_an_outage_keeps_the_events),
    TEST(test_the_link_goes_and_comes), TEST(test_a_fleet_spreads_its_retries))
