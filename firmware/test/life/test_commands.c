/* Commands: carried out once, answered once, over restarts and lost answers. */
#include "fake_world.h"
#include "testing.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u

static struct fake_world s_world;

static int setup(void **state)
{
    (void)state;
    fake_world_init(&s_world, 4);
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    return 0;
}

static const struct fake_hub_command *run(const char *kind, const char *parameters)
{
    const struct fake_hub_command *command = fake_hub_command(&s_world.hub, kind, parameters);

    assert_true(fake_world_run(&s_world, 12 * SECOND_MS));
    return command;
}

static void test_set_config(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    command = run("set_config", "{\"heartbeat_interval_seconds\":30,\"motion_threshold\":12.5,"
                                "\"frame_size\":\"uxga\",\"jpeg_quality\":20}");
    assert_int_equal(command->state, FAKE_HUB_SUCCEEDED);
    assert_int_equal(command->results, 1);
    assert_int_equal(s_world.camera.settings.heartbeat_interval_s, 30);
    assert_int_equal(s_world.camera.settings.motion_threshold_milli, 12500);
    assert_true(fake_world_move(&s_world, 50));
    assert_true(fake_world_run(&s_world, SECOND_MS));
    assert_int_equal(s_world.frame_size, CAM_FRAME_UXGA);
    assert_int_equal(s_world.jpeg_quality, 20);

    fake_world_boot(&s_world); /* it is kept */
    assert_true(fake_world_run(&s_world, 5 * SECOND_MS));
    assert_int_equal(s_world.camera.settings.heartbeat_interval_s, 30);
    assert_true(fake_world_move(&s_world, 50));
    assert_true(fake_world_run(&s_world, SECOND_MS));
    assert_int_equal(s_world.frame_size, CAM_FRAME_UXGA);
}

static void test_bad_parameters_change_nothing(void **state)
{
    static const char *const s_parameters[] = {
        "{}",
        "{\"heartbeat_interval_seconds\":9}",
        "{\"heartbeat_interval_seconds\":30,\"jpeg_quality\":64}",
        "{\"frame_size\":\"8k\"}",
        "{\"motion_threshold\":101}",
        "{\"heartbeat_interval_seconds\":30,\"colour\":1}",
        "[]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_parameters); i++) {
        const struct fake_hub_command *command = run("set_config", s_parameters[i]);

        assert_int_equal(command->state, FAKE_HUB_FAILED);
        assert_true(command->detail[0] != '\0');
        assert_int_equal(s_world.camera.settings.heartbeat_interval_s, 60);
    }
}

static void test_unknown_kind(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    command = run("ota", "{}");
    assert_int_equal(command->state, FAKE_HUB_FAILED);
    assert_string_equal(command->detail, "this firmware does not know the command");
}

static void test_a_command_after_its_deadline_is_not_carried_out(void **state)
{
    struct fake_hub_command *command = fake_hub_command(&s_world.hub, "identify", "{}");

    (void)state;
    command->expires_at = "2026-01-01T00:00:05.000Z"; /* five seconds ago */
    assert_true(fake_world_run(&s_world, 12 * SECOND_MS));
    assert_int_equal(command->state, FAKE_HUB_FAILED);
    assert_string_equal(command->detail, "it came too late");
    assert_int_equal(s_world.identifies, 0);
}

/* A result that no hub will ever take must not stand in the way of the next. */
static void test_a_result_that_the_hub_refuses_is_given_up(void **state)
{
    static const int s_statuses[] = {400, 404, 409};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_statuses); i++) {
        unsigned refusals = s_world.hub.refusals;
        struct fake_hub_command *command = fake_hub_command(&s_world.hub, "identify", "{}");

        s_world.hub.refuse_path = "/api/devices/24:6F:28:AA:BB:CC/commands/0";
        s_world.hub.status = s_statuses[i];
        assert_true(fake_world_run(&s_world, 4 * SECOND_MS));
        assert_int_equal(s_world.hub.refusals, refusals + 1);
        s_world.hub.refuse_path = NULL;
        command->state = FAKE_HUB_FAILED; /* as cancelled */
        assert_int_equal(run("identify", "{}")->state, FAKE_HUB_SUCCEEDED);
    }
    assert_int_equal(s_world.identifies, 6);
}

static void test_identify(void **state)
{
    (void)state;
    assert_int_equal(run("identify", "{}")->state, FAKE_HUB_SUCCEEDED);
    assert_int_equal(s_world.identifies, 1);
}

static void test_several_at_once(void **state)
{
    struct fake_hub_command *commands[7];
    static const char *const s_kinds[] = {"identify", "capture",  "set_config", "identify",
                                          "capture",  "identify", "identify"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_kinds); i++) {
        commands[i] =
            fake_hub_command(&s_world.hub, s_kinds[i], i == 2 ? "{\"heartbeat_interval_seconds\":30}" : "{}");
    }
    assert_true(fake_world_run(&s_world, 40 * SECOND_MS));
    for (size_t i = 0; i < COUNT_OF(s_kinds); i++) {
        assert_int_equal(commands[i]->state, FAKE_HUB_SUCCEEDED);
        assert_int_equal(commands[i]->results, 1);
    }
    assert_int_equal(s_world.identifies, 4);
    assert_int_equal(s_world.hub.pictures, 2);
}

static void test_capture(void **state)
{
    (void)state;
    s_world.busy_captures = 3;
    assert_int_equal(run("capture", "{}")->state, FAKE_HUB_SUCCEEDED);
    assert_int_equal(s_world.hub.pictures, 1);
    assert_int_equal(s_world.captures, 4);
    assert_string_equal(s_world.hub.picture_event, "");
}

static void test_capture_of_a_broken_camera_fails(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    s_world.camera_is_broken = true;
    command = run("capture", "{}");
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    assert_int_equal(command->state, FAKE_HUB_FAILED);
    assert_string_equal(command->detail, "the camera gave no picture");
}

static void test_capture_that_cannot_be_stored_fails(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    s_world.hub.refuse_path = "/api/images";
    s_world.hub.status = 503;
    command = run("capture", "{}");
    assert_int_equal(command->state, FAKE_HUB_DELIVERED);
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    assert_int_equal(command->state, FAKE_HUB_FAILED);
    s_world.hub.refuse_path = NULL;
    assert_true(fake_world_run(&s_world, MINUTE_MS + 30 * SECOND_MS));
    assert_int_equal(s_world.hub.pictures, 0); /* nobody waits for it any more */
    assert_int_equal(s_world.frames_out, 0);
}

static void test_capture_that_the_hub_refuses_fails(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    s_world.hub.refuse_path = "/api/images";
    s_world.hub.status = 413;
    command = run("capture", "{}");
    assert_int_equal(command->state, FAKE_HUB_FAILED);
    assert_string_equal(command->detail, "the hub refused the picture");
    assert_int_equal(s_world.frames_out, 0);
}

static void test_privacy_is_set_while_a_capture_waits(void **state)
{
    const struct fake_hub_command *capture;

    (void)state;
    s_world.hub.refuse_path = "/api/images";
    s_world.hub.status = 503;
    capture = run("capture", "{}");
    s_world.hub.locked = true;
    s_world.hub.generation = 1;
    assert_int_equal(run("set_privacy", "{\"locked\":true,\"generation\":1}")->state, FAKE_HUB_SUCCEEDED);
    s_world.camera_is_forbidden = true;
    assert_false(cam_camera_is_open(&s_world.camera));
    assert_int_equal(capture->state, FAKE_HUB_FAILED);
    assert_string_equal(capture->detail, "privacy is locked");
    assert_int_equal(s_world.frames_out, 0);
    assert_int_equal(run("capture", "{}")->state, FAKE_HUB_FAILED);
}

static void test_set_privacy_from_the_past(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    assert_true(fake_world_tell(&s_world, (struct cam_event){.kind = CAM_EVENT_SWITCH, .locked = true}));
    assert_true(fake_world_run(&s_world, 5 * SECOND_MS));
    assert_int_equal(s_world.hub.generation, 1);
    command = run("set_privacy", "{\"locked\":false,\"generation\":0}");
    assert_int_equal(command->state, FAKE_HUB_FAILED);
    assert_false(cam_camera_is_open(&s_world.camera));
}

static void test_reboot_is_reported_before_it_happens(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    command = run("reboot", "{}");
    assert_int_equal(s_world.restarts, 1);
    assert_int_equal(command->state, FAKE_HUB_SUCCEEDED);
    assert_int_equal(command->results, 1);
    s_world.config.reset_reason = "software";
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(s_world.restarts, 1);
    assert_int_equal(command->results, 1);
    assert_int_equal(s_world.hub.registers, 1);
    assert_string_equal(s_world.hub.reset_reason, "software");
}

static void test_reboot_that_cannot_be_reported_happens_once(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    s_world.hub.refuse_path = "/api/devices/24:6F:28:AA:BB:CC/commands/0";
    s_world.hub.status = 500;
    command = run("reboot", "{}");
    assert_int_equal(s_world.restarts, 0);
    assert_true(fake_world_run(&s_world, 30 * SECOND_MS));
    assert_int_equal(s_world.restarts, 1);
    s_world.hub.refuse_path = NULL;
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(s_world.restarts, 1);
    assert_int_equal(command->state, FAKE_HUB_SUCCEEDED);
    assert_int_equal(command->results, 1);
}

static void test_reboot_that_was_cancelled_does_not_happen(void **state)
{
    struct fake_hub_command *command = fake_hub_command(&s_world.hub, "reboot", "{}");

    (void)state;
    s_world.hub.refuse_path = "/api/devices/24:6F:28:AA:BB:CC/commands/0";
    s_world.hub.status = 409;
    assert_true(fake_world_run(&s_world, 2 * SECOND_MS));
    command->state = FAKE_HUB_FAILED; /* as cancelled */
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(s_world.restarts, 0);
    assert_string_equal(s_world.camera.settings.reboot_command, "");
}

static void test_lost_answers_repeat_the_result_not_the_command(void **state)
{
    struct fake_hub_command *command;

    (void)state;
    command = fake_hub_command(&s_world.hub, "identify", "{}");
    assert_true(fake_world_run(&s_world, 5)); /* it is on its way */
    s_world.hub.drops_answers = true;
    assert_true(fake_world_run(&s_world, 20 * SECOND_MS));
    s_world.hub.drops_answers = false;
    assert_true(fake_world_run(&s_world, 2 * MINUTE_MS));
    assert_int_equal(command->state, FAKE_HUB_SUCCEEDED);
    assert_true(command->results > 1);
    assert_int_equal(s_world.identifies, 1);
}

/* A hub that was restored from a backup hands out what it had recorded. */
static void test_a_command_that_was_answered_is_not_carried_out_again(void **state)
{
    struct fake_hub_command *command;

    (void)state;
    command = fake_hub_command(&s_world.hub, "identify", "{}");
    assert_true(fake_world_run(&s_world, SECOND_MS));
    assert_int_equal(command->state, FAKE_HUB_SUCCEEDED);
    command->state = FAKE_HUB_QUEUED;
    assert_true(fake_world_run(&s_world, MINUTE_MS));
    assert_true(command->deliveries > 1);
    assert_int_equal(s_world.identifies, 1);
}

/* Without the long poll, heartbeats say when there is something to fetch. */
static void test_commands_by_heartbeat(void **state)
{
    const struct fake_hub_command *command;

    (void)state;
    fake_world_init(&s_world, 5);
    s_world.config.poll_wait_s = 0;
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 10 * SECOND_MS));
    assert_int_equal(s_world.hub.polls, 0);
    command = fake_hub_command(&s_world.hub, "identify", "{}");
    assert_true(fake_world_run(&s_world, MINUTE_MS + SECOND_MS));
    assert_int_equal(command->state, FAKE_HUB_SUCCEEDED);
    assert_in_range(s_world.hub.polls, 1, 2);
    assert_true(fake_world_run(&s_world, 10 * MINUTE_MS));
    assert_in_range(s_world.hub.polls, 1, 2);
}

/* A hub that cannot hold a poll is not asked all the time. */
static void test_polls_that_end_at_once_do_not_spin(void **state)
{
    unsigned polls = s_world.hub.polls;

    (void)state;
    fake_world_init(&s_world, 6);
    s_world.hub.refuse_path = "/api/devices/24";
    s_world.hub.status = 204;
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 10 * MINUTE_MS));
    polls = s_world.hub.refusals;
    assert_in_range(polls, 100, 400);
}

RUN(cmocka_unit_test_setup(test_set_config, setup),
    cmocka_unit_test_setup(test_bad_parameters_change_nothing, setup),
    cmocka_unit_test_setup(test_unknown_kind, setup),
    cmocka_unit_test_setup(test_a_command_after_its_deadline_is_not_carried_out, setup),
    cmocka_unit_test_setup(test_a_result_that_the_hub_refuses_is_given_up, setup),
    cmocka_unit_test_setup(test_identify, setup), cmocka_unit_test_setup(test_several_at_once, setup),
    cmocka_unit_test_setup(test_capture, setup),
    cmocka_unit_test_setup(test_capture_of_a_broken_camera_fails, setup),
    cmocka_unit_test_setup(test_capture_that_cannot_be_stored_fails, setup),
    cmocka_unit_test_setup(test_capture_that_the_hub_refuses_fails, setup),
    cmocka_unit_test_setup(test_privacy_is_set_while_a_capture_waits, setup),
    cmocka_unit_test_setup(test_set_privacy_from_the_past, setup),
    cmocka_unit_test_setup(test_reboot_is_reported_before_it_happens, setup),
    cmocka_unit_test_setup(test_reboot_that_cannot_be_reported_happens_once, setup),
    cmocka_unit_test_setup(test_reboot_that_was_cancelled_does_not_happen, setup),
    cmocka_unit_test_setup(test_lost_answers_repeat_the_result_not_the_command, setup),
    cmocka_unit_test_setup(test_a_command_that_was_answered_is_not_carried_out_again, setup),
    cmocka_unit_test_setup(test_commands_by_heartbeat, setup),
    cmocka_unit_test_setup(test_polls_that_end_at_once_do_not_spin, setup))
