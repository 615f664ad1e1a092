/* What a camera meets instead of a hub: it neither crashes nor spins, and is well again when the hub is. */
#include "fake_world.h"
#include "testing.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define CONNECTS_MAX_A_MINUTE 60u

static struct fake_world s_world;

static void begin(uint32_t seed)
{
    fake_world_init(&s_world, seed);
    s_world.config.motion_period_ms = 500;
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 90 * SECOND_MS));
    assert_int_equal(s_world.hub.tokens, 1);
}

/* Ten minutes of it with motion, then a hub again. */
static void live_through(enum fake_hub_mode mode)
{
    s_world.hub.mode = mode;
    for (unsigned i = 0; i < 20; i++) {
        assert_true(fake_world_move(&s_world, 50));
        assert_true(fake_world_run(&s_world, 30 * SECOND_MS));
    }
    assert_true(s_world.most_connects <= CONNECTS_MAX_A_MINUTE);
    s_world.hub.mode = FAKE_HUB_WELL;
    s_world.hub.retry_after_s = 0;
    fake_hub_drop_connections(&s_world.hub);
    assert_true(fake_world_run(&s_world, 11 * MINUTE_MS));
    assert_int_equal(s_world.restarts, 0);
    assert_int_equal(s_world.camera.queue.dropped, 0);
    assert_int_equal(cam_queue_depth(&s_world.camera.queue), 0);
    assert_true(s_world.hub.now_ms - s_world.hub.heartbeat_at_ms <= 61 * SECOND_MS);
    assert_int_equal(s_world.frames_out, 0);
    assert_int_equal(s_world.hub.secrets, 1);
}

static void test_no_answer_that_is_none_stops_a_camera(void **state)
{
    static const enum fake_hub_mode s_modes[] = {
        FAKE_HUB_MUTE,       FAKE_HUB_CLOSES,    FAKE_HUB_RANDOM, FAKE_HUB_ENDLESS_HEADERS,
        FAKE_HUB_SHORT_BODY, FAKE_HUB_LONG_BODY, FAKE_HUB_DRIPS,  FAKE_HUB_PORTAL,
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_modes); i++) {
        begin(20 + (uint32_t)i);
        live_through(s_modes[i]);
        assert_int_equal(fake_world_count_kept(&s_world), 20); /* nothing of it was an answer */
        assert_int_equal(s_world.hub.tokens, 1);
        assert_int_equal(s_world.camera.events_refused, 0);
    }
}

static void test_many_hours_of_random_bytes(void **state)
{
    (void)state;
    begin(60);
    s_world.hub.mode = FAKE_HUB_RANDOM;
    assert_true(fake_world_run(&s_world, 12 * 60 * MINUTE_MS));
    assert_true(s_world.most_connects <= CONNECTS_MAX_A_MINUTE);
    s_world.hub.mode = FAKE_HUB_WELL;
    assert_true(fake_world_run(&s_world, 3 * MINUTE_MS));
    assert_true(s_world.hub.now_ms - s_world.hub.heartbeat_at_ms <= 61 * SECOND_MS);
}

static void test_no_status_stops_a_camera(void **state)
{
    static const int s_statuses[] = {301, 302, 307, 308, 400, 403, 404, 405, 409, 413,
                                     415, 422, 429, 431, 500, 502, 503, 504, 100, 999};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_statuses); i++) {
        for (unsigned with_problem = 0; with_problem < 2; with_problem++) {
            begin(100 + (uint32_t)i);
            s_world.hub.status = s_statuses[i];
            s_world.hub.with_problem = with_problem != 0;
            s_world.hub.retry_after_s = i % 2 == 0 ? 7 : 0;
            live_through(FAKE_HUB_STATUS);
            /* What the hub itself refuses for good is gone; whoever else says so is not believed. */
            assert_int_equal(fake_world_count_kept(&s_world) + s_world.camera.events_refused, 20);
            if (with_problem == 0) {
                assert_int_equal(s_world.camera.events_refused, 0);
            }
        }
    }
}

static void test_401_leads_to_one_registration(void **state)
{
    (void)state;
    begin(200);
    s_world.hub.tokens++; /* as if somebody had registered in its place */
    assert_true(fake_world_move(&s_world, 50));
    assert_true(fake_world_run(&s_world, 5 * MINUTE_MS));
    assert_int_equal(s_world.hub.registers, 2);
    assert_int_equal(s_world.hub.tokens, 3);
    assert_in_range(s_world.hub.unauthorised, 1, 2);
    assert_int_equal(fake_world_count_kept(&s_world), 1);
    assert_int_equal(s_world.hub.secrets, 1);
}

/* A hub that gives out tokens and refuses each: the registrations become rare. */
static void test_401_for_every_token_is_no_loop(void **state)
{
    unsigned registers;

    (void)state;
    begin(201);
    s_world.hub.status = 401;
    s_world.hub.refuse_path = "/api/heartbeat";
    assert_true(fake_world_run(&s_world, 10 * MINUTE_MS));
    registers = s_world.hub.registers;
    assert_in_range(registers, 4, 30);
    assert_true(fake_world_run(&s_world, 60 * MINUTE_MS));
    assert_in_range(s_world.hub.registers - registers, 10, 60); /* 5 minutes at most, by jitter 2.5 */
    s_world.hub.refuse_path = NULL;
    assert_true(fake_world_run(&s_world, 6 * MINUTE_MS));
    assert_true(s_world.hub.now_ms - s_world.hub.heartbeat_at_ms <= 61 * SECOND_MS);
}

static void test_401_for_all_is_no_loop(void **state)
{
    (void)state;
    begin(202);
    s_world.hub.status = 401;
    s_world.hub.with_problem = true;
    live_through(FAKE_HUB_STATUS);
    assert_int_equal(fake_world_count_kept(&s_world), 20);
}

static void test_retry_after_is_obeyed(void **state)
{
    static const int s_statuses[] = {429, 503};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_statuses); i++) {
        begin(210 + (uint32_t)i);
        s_world.hub.refuse_path = "/api/events/motion";
        s_world.hub.status = s_statuses[i];
        s_world.hub.retry_after_s = 20;
        assert_true(fake_world_move(&s_world, 50));
        assert_true(fake_world_run(&s_world, 5 * MINUTE_MS));
        assert_in_range(s_world.hub.refusals, 3, 15);
        assert_true(s_world.hub.least_gap_ms >= 20 * SECOND_MS);
        s_world.hub.refuse_path = NULL;
        assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
        assert_int_equal(fake_world_count_kept(&s_world), 1);
    }
}

/* One call that is refused does not stop the others. */
static void test_a_refused_call_stops_no_other(void **state)
{
    unsigned heartbeats;

    (void)state;
    begin(220);
    heartbeats = s_world.hub.heartbeats;
    s_world.hub.refuse_path = "/api/images";
    s_world.hub.status = 503;
    assert_true(fake_world_move(&s_world, 50));
    assert_true(fake_world_run(&s_world, 10 * MINUTE_MS));
    assert_in_range(s_world.hub.heartbeats - heartbeats, 9, 11);
    assert_int_equal(fake_world_count_kept(&s_world), 1);
    assert_int_equal(s_world.hub.pictures, 0);
}

RUN(TEST(test_no_answer_that_is_none_stops_a_camera), TEST(test_many_hours_of_random_bytes),
    TEST(test_no_status_stops_a_camera), TEST(test_401_leads_to_one_registration),
    TEST(test_401_for_every_token_is_no_loop), TEST(test_401_for_all_is_no_loop),
    TEST(test_retry_after_is_obeyed), TEST(test_a_refused_call_stops_no_other))
