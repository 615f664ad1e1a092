/*
 * One life with all that is written to flash in it: enrolment, events with and without a hub, settings,
 * privacy, a reboot. It is lived once whole, and then again for each write and erase of it, with the power
 * cut at its beginning, in its middle and before its last byte.
 */
#include "fake_world.h"
#include "testing.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define STEPS 40u
#define OPERATIONS 400u

static struct fake_world s_world;
static struct {
    uint64_t at_bytes;
    uint64_t len_bytes;
} s_operations[OPERATIONS];
static size_t s_operation_count;

/* Power comes back after two seconds, whenever it went. */
static void ensure_power(void)
{
    while (!s_world.is_on) {
        s_world.now_ms += 2 * SECOND_MS;
        s_world.hub.now_ms += 2 * SECOND_MS;
        fake_world_boot(&s_world);
    }
}

static void run(uint64_t ms)
{
    uint64_t end_ms = s_world.now_ms + ms;

    while (s_world.now_ms < end_ms) {
        ensure_power();
        (void)fake_world_run(&s_world, end_ms - s_world.now_ms);
    }
    ensure_power();
}

static void one_step(unsigned step)
{
    struct fake_hub *hub = &s_world.hub;

    switch (step) {
    case 4:
        hub->mode = FAKE_HUB_REFUSES;
        fake_hub_drop_connections(hub);
        break;
    case 8:
    case 20:
        (void)fake_world_tell(&s_world, (struct cam_event){.kind = CAM_EVENT_SWITCH, .locked = step == 8});
        break;
    case 14:
        hub->mode = FAKE_HUB_WELL;
        break;
    case 16:
        (void)fake_hub_command(hub, "set_config",
                               "{\"heartbeat_interval_seconds\":30,\"motion_threshold\":5}");
        break;
    case 18:
        hub->tokens++; /* the token is refused from now on */
        break;
    case 24:
        (void)fake_hub_command(hub, "reboot", "{}");
        break;
    case 28:
        hub->generation += 1;
        hub->locked = true;
        (void)fake_hub_command(hub, "set_privacy", "{\"locked\":true,\"generation\":3}");
        break;
    default:
        break;
    }
}

/* The camera is on, or its power is gone already. */
static void live(void)
{
    run(5 * SECOND_MS);
    for (unsigned step = 0; step < STEPS; step++) {
        one_step(step);
        ensure_power();
        (void)fake_world_move(&s_world, step);
        run(7 * SECOND_MS);
    }
    run(3 * MINUTE_MS);
}

/* What holds after any life. Whether the power went while an event was being written down: it may be lost. */
static void check(unsigned cuts)
{
    const struct fake_hub *hub = &s_world.hub;

    assert_int_equal(hub->secrets, 1);
    assert_true(hub->tokens >= 3);
    assert_int_equal(hub->too_soon, 0);
    assert_int_equal(fake_world_count_kept(&s_world), s_world.event_count);
    assert_in_range(s_world.event_count + cuts, STEPS, STEPS + cuts);
    /* No moment came twice, and no event that nobody saw, but the one that was being written. */
    assert_in_range(hub->event_count - s_world.event_count, 0, cuts);
    for (size_t i = 0; i < hub->event_count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_false(strcmp(hub->events[i].boot_id, hub->events[j].boot_id) == 0 &&
                         hub->events[i].monotonic_ms == hub->events[j].monotonic_ms);
        }
    }
    assert_int_equal(cam_queue_depth(&s_world.camera.queue), 0);
    for (size_t i = 0; i < hub->command_count; i++) {
        assert_int_equal(hub->commands[i].state, FAKE_HUB_SUCCEEDED);
    }
    assert_int_equal(s_world.camera.settings.motion_threshold_milli, 5000);
    assert_true(hub->locked);
    assert_true(s_world.camera.settings.privacy_locked);
    assert_string_equal(s_world.camera.settings.reboot_command, "");
    assert_in_range(s_world.restarts, cuts > 0 ? 0 : 1, 1);
}

static void note_operation(uint64_t before, uint64_t after)
{
    assert_true(s_operation_count < OPERATIONS);
    s_operations[s_operation_count].at_bytes = before;
    s_operations[s_operation_count++].len_bytes = after - before;
}

static enum cam_status (*s_write)(void *context, uint32_t at, const uint8_t *data, size_t len_bytes);
static enum cam_status (*s_erase)(void *context, uint32_t at);

static enum cam_status noting_write(void *context, uint32_t at, const uint8_t *data, size_t len_bytes)
{
    uint64_t before = s_world.flash.moved_bytes;
    enum cam_status status = s_write(context, at, data, len_bytes);

    note_operation(before, s_world.flash.moved_bytes);
    return status;
}

static enum cam_status noting_erase(void *context, uint32_t at)
{
    uint64_t before = s_world.flash.moved_bytes;
    enum cam_status status = s_erase(context, at);

    note_operation(before, s_world.flash.moved_bytes);
    return status;
}

static int live_whole(void **state)
{
    (void)state;
    fake_world_init(&s_world, 77);
    s_write = s_world.port.flash_write;
    s_erase = s_world.port.flash_erase;
    s_world.port.flash_write = noting_write;
    s_world.port.flash_erase = noting_erase;
    fake_world_boot(&s_world);
    live();
    check(0);
    return 0;
}

/* `again_bytes` later a second time; FAKE_FLASH_NEVER: once. */
static void live_with_cuts(uint64_t at_bytes, bool from_end, uint64_t again_bytes)
{
    fake_world_init(&s_world, 77);
    s_world.next_power_bytes = at_bytes;
    s_world.flash.tear_from_end = from_end;
    fake_world_boot(&s_world);
    s_world.next_power_bytes = again_bytes;
    live();
    assert_true(s_world.boots > 1);
    check(again_bytes == FAKE_FLASH_NEVER ? 1 : 2);
}

static void test_a_cut_at_every_operation_of_a_life(void **state)
{
    (void)state;
    assert_true(s_operation_count > 80);
    for (size_t i = 0; i < s_operation_count; i++) {
        uint64_t from = s_operations[i].at_bytes;
        uint64_t len = s_operations[i].len_bytes;

        live_with_cuts(from, false, FAKE_FLASH_NEVER);
        live_with_cuts(from + len / 2, false, FAKE_FLASH_NEVER);
        live_with_cuts(from + len - 1, true, FAKE_FLASH_NEVER);
    }
    print_message("%zu writes and erases, each cut at three places\n", s_operation_count);
}

/* The power that comes back does not stay. */
static void test_two_cuts(void **state)
{
    static const uint64_t s_later[] = {0, 1, 40, 500, 700, 4095, 4150, 9000};

    (void)state;
    for (size_t i = 0; i < s_operation_count; i++) {
        for (size_t j = 0; j < COUNT_OF(s_later); j++) {
            live_with_cuts(s_operations[i].at_bytes + s_operations[i].len_bytes / 3, j % 2 == 0, s_later[j]);
        }
    }
}

/* And at every byte of what makes an identity: the first writes of a life. */
static void test_a_cut_at_every_byte_of_the_enrolment(void **state)
{
    uint64_t end = s_operations[6].at_bytes;

    (void)state;
    for (uint64_t at = 0; at < end; at += at % 4096 < 1024 ? 1 : 64) {
        live_with_cuts(at, false, FAKE_FLASH_NEVER);
    }
}

RUN(cmocka_unit_test_setup(test_a_cut_at_every_operation_of_a_life, live_whole), TEST(test_two_cuts),
    TEST(test_a_cut_at_every_byte_of_the_enrolment))
