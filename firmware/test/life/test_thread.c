/* The story from end to end: a new camera, an owner who approves it, motion, its picture, a command. */
#include "fake_world.h"
#include "testing.h"

static struct fake_world s_world;

static int setup(void **state)
{
    (void)state;
    fake_world_init(&s_world, 1);
    return 0;
}

/* What it says of a picture tells whose, and which bytes: the lab's ledger is drawn from such lines. */
static void assert_says_what_was_stored(const char *event_id)
{
    char line[160];
    struct cam_text out;

    cam_text_init(&out, line, sizeof line);
    cam_text_add(&out, "picture ");
    cam_text_add_hex(&out, s_world.camera.picture.sha256, CAM_SHA256_BYTES);
    cam_text_add(&out, event_id[0] != '\0' ? " " : "");
    cam_text_add(&out, event_id);
    assert_true(cam_text_end(&out));
    assert_string_equal(s_world.last_line, line);
}

static void test_a_camera_lives_its_story(void **state)
{
    struct fake_hub *hub = &s_world.hub;
    const struct fake_hub_command *command;

    (void)state;
    hub->enrolment = FAKE_HUB_APPROVE;
    fake_world_boot(&s_world);
    assert_true(fake_world_run(&s_world, 60000));
    assert_in_range(hub->registers, 2, 3); /* pending: asked again each 30 s and some */
    assert_int_equal(hub->heartbeats, 0);

    hub->is_approved = true;
    assert_true(fake_world_run(&s_world, 40000));
    assert_int_equal(hub->tokens, 1);
    assert_int_equal(hub->heartbeats, 1);
    assert_true(s_world.camera.settings.token[0] != '\0');

    assert_true(fake_world_move(&s_world, 42));
    assert_true(fake_world_run(&s_world, 1000));
    assert_int_equal(hub->event_count, 1);
    assert_int_equal(hub->events[0].score, 42);
    assert_true(hub->events[0].camera_enabled);
    assert_int_equal(fake_world_count_kept(&s_world), 1);
    assert_int_equal(hub->pictures, 1);
    assert_int_equal(hub->bad_digests, 0);
    assert_string_equal(hub->picture_event, hub->events[0].id);
    assert_memory_equal(hub->picture_trace, hub->motion_trace, 35); /* one trace */
    assert_says_what_was_stored(hub->events[0].id);
    assert_int_equal(s_world.frames_out, 0);

    command = fake_hub_command(hub, "capture", "{}");
    assert_true(fake_world_run(&s_world, 1000));
    assert_int_equal(hub->pictures, 2);
    assert_string_equal(hub->picture_event, "");
    assert_says_what_was_stored("");
    assert_true(fake_world_run(&s_world, 6000));
    assert_int_equal(command->state, FAKE_HUB_SUCCEEDED);
    assert_int_equal(command->results, 1);
    assert_int_equal(s_world.camera.queue.dropped, 0);
}

RUN(cmocka_unit_test_setup(test_a_camera_lives_its_story, setup))
