/* Flash that fails while a camera lives: what is lost is known, and nothing else is. */
#include "fake_world.h"
#include "testing.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u

static struct fake_world s_world;

static int setup(void **state)
{
    (void)state;
    fake_world_init(&s_world, 13);
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    assert_int_equal(s_world.hub.heartbeats, 1);
    return 0;
}

static void test_an_event_that_cannot_be_written_is_counted(void **state)
{
    (void)state;
    s_world.flash.fail_writes = true;
    assert_true(fake_world_move(&s_world, 40));
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    s_world.flash.fail_writes = false;
    assert_true(fake_world_move(&s_world, 50));
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(s_world.hub.event_count, 1);
    assert_int_equal(s_world.hub.events[0].score, 50);
    assert_int_equal(s_world.hub.events_dropped, 1);
}

static void test_an_event_whose_confirmation_cannot_be_written_comes_again_after_a_restart(void **state)
{
    (void)state;
    s_world.hub.late_path = "/api/events/motion";
    s_world.hub.late_ms = SECOND_MS;
    assert_true(fake_world_move(&s_world, 40));
    assert_true(fake_world_run(&s_world, 100));
    s_world.flash.fail_writes = true;
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    s_world.flash.fail_writes = false;
    assert_int_equal(s_world.hub.events[0].arrivals, 1); /* what is known in RAM is enough until then */
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    assert_int_equal(s_world.hub.events[0].arrivals, 2);
    assert_int_equal(s_world.hub.event_count, 1);
    assert_int_equal(s_world.hub.events_dropped, 0);
}

static void test_a_queue_that_cannot_be_read_waits(void **state)
{
    (void)state;
    s_world.hub.mode = FAKE_HUB_REFUSES;
    fake_hub_drop_connections(&s_world.hub);
    assert_true(fake_world_move(&s_world, 40));
    s_world.flash.fail_reads = true;
    s_world.hub.mode = FAKE_HUB_WELL;
    assert_true(fake_world_run(&s_world, 5 * MINUTE_MS));
    assert_int_equal(s_world.hub.event_count, 0);
    assert_in_range(s_world.hub.heartbeats, 4, 7); /* the rest goes on */
    s_world.flash.fail_reads = false;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(fake_world_count_kept(&s_world), 1);
    assert_int_equal(s_world.hub.events_dropped, 0);
}

static void test_a_configuration_that_cannot_be_kept_is_a_failure(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    s_world.flash.fail_writes = true;
    command = fake_hub_command(&s_world.hub, "set_config", "{\"jpeg_quality\":20}");
    assert_true(fake_world_run(&s_world, SECOND_MS));
    assert_int_equal(command->state, FAKE_HUB_FAILED);
    assert_string_equal(command->detail, "the flash could not be written");
}

/* It holds at once; what could not be saved is saved as soon as flash takes it. */
static void test_privacy_that_cannot_be_saved_holds_all_the_same(void **state)
{
    (void)state;
    s_world.flash.fail_writes = true;
    assert_true(fake_world_tell(&s_world, (struct cam_event){.kind = CAM_EVENT_SWITCH, .locked = true}));
    s_world.camera_is_forbidden = true;
    assert_true(fake_world_move(&s_world, 40));
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_true(s_world.hub.locked);
    assert_int_equal(s_world.hub.pictures, 0);
    s_world.flash.fail_writes = false;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    s_world.hub.mode = FAKE_HUB_REFUSES; /* so that nobody else can tell it */
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, SECOND_MS));
    assert_true(s_world.camera.settings.privacy_locked);
}

static void test_a_token_that_cannot_be_saved_serves_until_the_restart(void **state)
{
    (void)state;
    s_world.hub.tokens++; /* the token is refused from now on */
    assert_true(fake_world_move(&s_world, 40));
    s_world.flash.fail_writes = true;
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    assert_int_equal(s_world.hub.registers, 2);
    assert_int_equal(s_world.hub.event_count, 1);
    fake_world_boot(&s_world);
    s_world.flash.fail_writes = false;
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    assert_int_equal(s_world.hub.registers, 3);
    assert_int_equal(s_world.hub.secrets, 1);
}

#define FRESH(function) cmocka_unit_test_setup(function, setup)

RUN(FRESH(test_an_event_that_cannot_be_written_is_counted),
    FRESH(test_an_event_whose_confirmation_cannot_be_written_comes_again_after_a_restart),
    FRESH(test_a_queue_that_cannot_be_read_waits),
    FRESH(test_a_configuration_that_cannot_be_kept_is_a_failure),
    FRESH(test_privacy_that_cannot_be_saved_holds_all_the_same),
    FRESH(test_a_token_that_cannot_be_saved_serves_until_the_restart))
