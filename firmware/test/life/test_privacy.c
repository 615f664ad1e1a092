/* Locked means that nobody looks. The world's camera fails each test in which it is touched while locked. */
#include "fake_world.h"
#include "testing.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define HOUR_MS 3600000u

static struct fake_world s_world;

static void begin(uint32_t seed, bool locked)
{
    fake_world_init(&s_world, seed);
    s_world.config.motion_period_ms = 500;
    s_world.hub.locked = locked;
    fake_world_boot(&s_world);
}

static void turn_switch(bool locked)
{
    assert_true(fake_world_tell(&s_world, (struct cam_event){.kind = CAM_EVENT_SWITCH, .locked = locked}));
}

static void check_untouched(void)
{
    assert_int_equal(s_world.captures + s_world.greys + s_world.configures, 0);
    assert_int_equal(s_world.frames_out, 0);
    assert_int_equal(s_world.hub.uploads, 0);
}

static void test_a_new_camera_does_not_look_before_it_is_told(void **state)
{
    (void)state;
    begin(1, false);
    s_world.hub.mode = FAKE_HUB_REFUSES;
    s_world.moves = true;
    s_world.camera_is_forbidden = true;
    for (unsigned i = 0; i < 60; i++) {
        assert_true(fake_world_move(&s_world, 90));
        assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    }
    check_untouched();
    s_world.hub.mode = FAKE_HUB_WELL;
    s_world.camera_is_forbidden = false;
    assert_true(fake_world_run(&s_world, 3 * MINUTE_MS));
    assert_true(s_world.greys > 0);
    assert_false(fake_hub_find_event(&s_world.hub, s_world.events[0].id)->camera_enabled);
}

static void test_a_locked_camera_is_never_touched(void **state)
{
    (void)state;
    begin(2, true);
    s_world.moves = true;
    s_world.camera_is_forbidden = true;
    for (unsigned i = 0; i < 360; i++) {
        assert_true(fake_world_move(&s_world, 90));
        assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    }
    (void)fake_hub_command(&s_world.hub, "capture", "{}");
    (void)fake_hub_command(&s_world.hub, "set_config", "{\"frame_size\":\"vga\"}");
    assert_true(fake_world_run(&s_world, 20 * SECOND_MS));
    assert_int_equal(s_world.hub.commands[0].state, FAKE_HUB_FAILED);
    assert_string_equal(s_world.hub.commands[0].detail, "privacy is locked");
    assert_int_equal(s_world.hub.commands[1].state, FAKE_HUB_SUCCEEDED);
    check_untouched();
    assert_int_equal(s_world.hub.event_count, 360); /* a sensor's word is no picture */
    assert_false(s_world.hub.events[0].camera_enabled);
}

static void test_locked_stays_locked_over_a_restart_without_a_hub(void **state)
{
    (void)state;
    begin(3, true);
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    s_world.hub.mode = FAKE_HUB_REFUSES;
    s_world.camera_is_forbidden = true;
    fake_world_boot(&s_world);
    s_world.moves = true;
    assert_true(fake_world_move(&s_world, 90));
    assert_true(fake_world_run(&s_world, HOUR_MS));
    check_untouched();
}

static void test_the_switch_stops_an_upload(void **state)
{
    (void)state;
    begin(4, false);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    s_world.hub.mute_path = "/api/images";
    assert_true(fake_world_move(&s_world, 90));
    assert_true(fake_world_run(&s_world, SECOND_MS));
    assert_int_equal(s_world.frames_out, 1);
    turn_switch(true);
    s_world.camera_is_forbidden = true;
    assert_int_equal(s_world.frames_out, 0);
    assert_false(cam_camera_is_open(&s_world.camera));
    s_world.hub.mute_path = NULL;
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    assert_int_equal(s_world.hub.switches, 1);
    assert_true(s_world.hub.locked);
    assert_int_equal(s_world.hub.generation, 1);
    assert_int_equal(s_world.hub.pictures, 0);

    s_world.camera_is_forbidden = false;
    turn_switch(false);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    assert_false(s_world.hub.locked);
    assert_int_equal(s_world.hub.generation, 2);
    assert_true(fake_world_move(&s_world, 90));
    assert_true(fake_world_run(&s_world, SECOND_MS));
    assert_int_equal(s_world.hub.pictures, 1);
}

static void test_the_switch_is_told_when_the_hub_is_back(void **state)
{
    (void)state;
    begin(5, false);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    s_world.hub.mode = FAKE_HUB_REFUSES;
    fake_hub_drop_connections(&s_world.hub);
    turn_switch(true);
    s_world.camera_is_forbidden = true;
    assert_true(fake_world_run(&s_world, 10 * MINUTE_MS));
    fake_world_boot(&s_world); /* and it is not forgotten */
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    s_world.hub.mode = FAKE_HUB_WELL;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_true(s_world.hub.locked);
    assert_int_equal(s_world.hub.switches, 1);
}

static void test_the_switch_before_the_flash_can_be_read(void **state)
{
    (void)state;
    begin(6, false);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    s_world.flash.fail_reads = true;
    fake_world_boot(&s_world);
    turn_switch(true);
    s_world.camera_is_forbidden = true;
    s_world.flash.fail_reads = false;
    assert_true(fake_world_run(&s_world, 5 * MINUTE_MS));
    assert_false(cam_camera_is_open(&s_world.camera));
    assert_true(s_world.hub.locked);
}

static void test_the_hub_locks_by_heartbeat(void **state)
{
    (void)state;
    begin(7, false);
    s_world.config.poll_wait_s = 0;
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    assert_true(s_world.greys > 0);
    s_world.hub.locked = true;
    s_world.hub.generation = 1;
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    s_world.camera_is_forbidden = true;
    assert_true(fake_world_run(&s_world, HOUR_MS));
    s_world.camera_is_forbidden = false;
    s_world.hub.locked = false;
    s_world.hub.generation = 2;
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    assert_true(cam_camera_is_open(&s_world.camera));
}

/* The hub locked, and the camera learns it by its picture. */
static void test_a_refused_picture_asks_for_the_state(void **state)
{
    (void)state;
    begin(8, false);
    s_world.config.poll_wait_s = 0;
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    s_world.hub.locked = true;
    s_world.hub.generation = 1;
    assert_true(fake_world_move(&s_world, 90));
    assert_true(fake_world_run(&s_world, SECOND_MS));
    assert_int_equal(s_world.hub.refused_pictures, 1);
    assert_int_equal(s_world.frames_out, 0);
    assert_false(cam_camera_is_open(&s_world.camera));
}

/* The operator changed it at the same moment: newer wins, and at the same number locked does. */
static void test_both_sides_change_at_once(void **state)
{
    (void)state;
    begin(9, false);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    s_world.hub.locked = true;
    s_world.hub.generation = 3;
    turn_switch(true);
    turn_switch(false); /* generation 2, open */
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_false(cam_camera_is_open(&s_world.camera));
    assert_int_equal(s_world.camera.settings.privacy_generation, 3);
    assert_true(s_world.hub.switches <= 4);

    s_world.hub.locked = true; /* 4 on both sides, open on the camera's */
    s_world.hub.generation = 4;
    turn_switch(false);
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_false(cam_camera_is_open(&s_world.camera));
    assert_true(s_world.hub.locked);
}

/* A hub that was restored from a backup hears what is in force. */
static void test_a_hub_from_the_past(void **state)
{
    (void)state;
    begin(10, false);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    turn_switch(true);
    s_world.camera_is_forbidden = true;
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    s_world.hub.locked = false;
    s_world.hub.generation = 0;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_true(s_world.hub.locked);
    assert_int_equal(s_world.hub.generation, 1);
}

/* Frames that were exposed before the motion are taken again, at once. */
static void test_a_frame_older_than_its_trigger_is_never_sent(void **state)
{
    (void)state;
    begin(11, false);
    s_world.config.motion_period_ms = 0;
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    for (unsigned i = 0; i < 20; i++) {
        unsigned captures = s_world.captures;

        s_world.old_frames = i % 3;
        assert_true(fake_world_move(&s_world, 90));
        assert_true(fake_world_run(&s_world, 6 * SECOND_MS));
        assert_int_equal(s_world.hub.pictures, i + 1);
        assert_int_equal(s_world.captures - captures, i % 3 == 0 ? 1 : i % 3 == 1 ? 2 : 3);
        assert_true(s_world.hub.picture_age_ms < 100); /* an old one would have 200 */
        assert_string_equal(s_world.hub.picture_event, s_world.hub.events[i].id);
    }
}

static void test_what_the_camera_sees_becomes_motion(void **state)
{
    (void)state;
    begin(12, false);
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    assert_int_equal(s_world.hub.event_count, 0);
    s_world.moves = true;
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    assert_in_range(s_world.hub.event_count, 2, 12);
    assert_int_equal(s_world.hub.too_soon, 0);
    assert_int_equal(s_world.hub.pictures, s_world.hub.event_count);
    s_world.camera_is_broken = true; /* and is no reason to stop living */
    assert_true(fake_world_run(&s_world, 10 * MINUTE_MS));
    assert_true(s_world.hub.now_ms - s_world.hub.heartbeat_at_ms <= 61 * SECOND_MS);
}

/* All of it, in any order, for days. */
static void test_days_of_changing_minds(void **state)
{
    uint32_t random = 12345;
    bool switched = false;

    (void)state;
    begin(13, false);
    s_world.config.motion_period_ms = 5000;
    fake_world_boot(&s_world);
    for (unsigned i = 0; i < 3000; i++) {
        random = random * 1664525u + 1013904223u;
        switch (random >> 24 & 7) {
        case 0:
            turn_switch(switched = !switched);
            break;
        case 1:
            s_world.hub.locked = (random & 1) != 0;
            s_world.hub.generation++;
            break;
        case 2:
            s_world.hub.mode = s_world.hub.mode == FAKE_HUB_WELL ? FAKE_HUB_REFUSES : FAKE_HUB_WELL;
            break;
        case 3:
            (void)fake_world_move(&s_world, 70);
            break;
        case 4:
            s_world.link_is_up = !s_world.link_is_up;
            break;
        case 5:
            if ((random & 3) == 0) {
                fake_world_boot(&s_world);
            }
            break;
        default:
            s_world.old_frames = random & 1;
            break;
        }
        assert_true(fake_world_run(&s_world, (random >> 8 & 0xFFFF) + 1));
        s_world.event_count = 0;
    }
    s_world.hub.mode = FAKE_HUB_WELL;
    s_world.link_is_up = true;
    assert_true(fake_world_run(&s_world, 5 * MINUTE_MS));
    assert_int_equal(s_world.camera.settings.privacy_locked, s_world.hub.locked); /* they agree in the end */
    assert_int_equal(s_world.camera.settings.privacy_generation, s_world.hub.generation);
    assert_true(s_world.hub.pictures > 10);
    assert_int_equal(s_world.hub.too_soon, 0);
}

RUN(TEST(test_a_new_camera_does_not_look_before_it_is_told), TEST(test_a_locked_camera_is_never_touched),
    TEST(test_locked_stays_locked_over_a_restart_without_a_hub), TEST(test_the_switch_stops_an_upload),
    TEST(test_the_switch_is_told_when_the_hub_is_back), TEST(test_the_switch_before_the_flash_can_be_read),
    TEST(test_the_hub_locks_by_heartbeat), TEST(test_a_refused_picture_asks_for_the_state),
    TEST(test_both_sides_change_at_once), TEST(test_a_hub_from_the_past),
    TEST(test_a_frame_older_than_its_trigger_is_never_sent), TEST(test_what_the_camera_sees_becomes_motion),
    TEST(test_days_of_changing_minds))
