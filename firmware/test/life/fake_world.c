#include "fake_world.h"

#include <string.h>

#include "testing.h"

#define MINUTE_MS 60000u
/* With two looks a second, the answers of a replay, and endless headers as they come. */
#define TURNS_MAX_A_MINUTE 6000u

void fake_world_init(struct fake_world *world, uint32_t seed)
{
    memset(world, 0, sizeof *world);
    fake_hub_init(&world->hub, FAKE_WORLD_START_MS);
    fake_flash_init(&world->flash);
    world->hub.enrolment = FAKE_HUB_OPEN;
    world->random = seed * 2654435761u + 1;
    world->link_is_up = true;
    world->until_ms = UINT64_MAX;
    world->next_power_bytes = FAKE_FLASH_NEVER;
    world->config = (struct cam_config){
        .device_id = "24:6F:28:AA:BB:CC",
        .device_type = "esp32cam",
        .firmware_version = "1.0.0",
        .reset_reason = "power_on",
        .hub_host = FAKE_HUB_HOST,
        .hub_port = FAKE_HUB_PORT,
        .settings_area = {.at = 0, .sector_bytes = 4096, .sectors = 2},
        .queue_area = {.at = 8192, .sector_bytes = 4096, .sectors = 6},
        .log_area = {.at = 65536, .sector_bytes = 4096, .sectors = 2},
        .poll_wait_s = 25,
    };
    fake_world_make_port(world);
}

void fake_world_boot(struct fake_world *world)
{
    fake_hub_drop_connections(&world->hub);
    fake_flash_restore_power(&world->flash);
    world->flash.power_bytes = world->next_power_bytes;
    world->next_power_bytes = FAKE_FLASH_NEVER;
    memset(&world->camera, 0xA5, sizeof world->camera); /* what was in RAM is gone */
    world->boots++;
    world->boot_ms = world->now_ms;
    if (world->boots <= FAKE_WORLD_BOOTS) {
        world->begin_ms[world->boots] = world->now_ms;
    }
    world->frames_out = 0;
    world->datagram_bytes = 0;
    world->link_was_up = false;
    world->is_on = false;
    world->camera.is_ready = false;
    if (setjmp(world->power) == 0) {
        cam_camera_init(&world->camera, &world->port, &world->config, 0);
        world->is_on = true;
    }
}

static void count_turn(struct fake_world *world)
{
    if (world->now_ms - world->minute_ms >= MINUTE_MS) {
        world->minute_ms = world->now_ms;
        world->minute_turns = 0;
        world->minute_connects = 0;
    }
    world->turns++;
    world->minute_turns++;
    assert_true(world->minute_turns < TURNS_MAX_A_MINUTE); /* it spins */
    if (world->minute_turns > world->most_turns) {
        world->most_turns = world->minute_turns;
    }
    if (world->minute_connects > world->most_connects) {
        world->most_connects = world->minute_connects;
    }
}

static void turn(struct fake_world *world, struct cam_event event)
{
    count_turn(world);
    cam_loop_turn(&world->camera, &event);
}

static void turn_link(struct fake_world *world)
{
    if (world->link_is_up != world->link_was_up) {
        world->link_was_up = world->link_is_up;
        turn(world, (struct cam_event){.kind = world->link_is_up ? CAM_EVENT_LINK_UP : CAM_EVENT_LINK_DOWN});
    }
}

bool fake_world_run(struct fake_world *world, uint64_t ms)
{
    world->until_ms = world->now_ms + ms;
    if (world->is_on && setjmp(world->power) == 0) {
        turn_link(world);
        while (world->is_on && world->now_ms < world->until_ms) {
            turn(world, (struct cam_event){.kind = CAM_EVENT_NONE});
        }
    } else {
        world->is_on = false;
    }
    if (!world->is_on && world->restarts > 0 && !world->flash.is_dead) {
        return true;
    }
    return world->is_on;
}

bool fake_world_tell(struct fake_world *world, struct cam_event event)
{
    const uint32_t before = world->camera.is_ready ? world->camera.queue.next_seq : 0;

    if (!world->is_on) {
        return false;
    }
    world->until_ms = world->now_ms;
    if (setjmp(world->power) != 0) {
        world->is_on = false;
        return false;
    }
    turn_link(world);
    turn(world, event);
    if (world->camera.is_ready && world->camera.queue.next_seq != before && event.kind == CAM_EVENT_MOTION) {
        struct fake_world_event *note = &world->events[world->event_count++];

        assert_true(world->event_count < FAKE_WORLD_EVENTS);
        cam_request_write_event_id(note->id, world->camera.boot_id, world->camera.queue.next_seq - 1);
        note->true_ms = FAKE_WORLD_START_MS + world->now_ms;
        note->boot = world->boots;
        note->is_dated = world->camera.clock.is_set;
    }
    return true;
}

bool fake_world_move(struct fake_world *world, unsigned score)
{
    return fake_world_tell(world, (struct cam_event){.kind = CAM_EVENT_MOTION, .score = score});
}

static bool can_be_dated(const struct fake_world *world, const struct fake_world_event *note,
                         const struct fake_hub_event *event)
{
    return note->is_dated || note->boot == world->boots ||
           (note->boot < FAKE_WORLD_BOOTS &&
            event->arrived_ms < FAKE_WORLD_START_MS + world->begin_ms[note->boot + 1]);
}

size_t fake_world_count_kept(const struct fake_world *world)
{
    size_t kept = 0;

    for (size_t i = 0; i < world->event_count; i++) {
        const struct fake_world_event *note = &world->events[i];
        const struct fake_hub_event *event = fake_hub_find_event(&world->hub, note->id);

        if (event == NULL) {
            continue;
        }
        kept++;
        if (can_be_dated(world, note, event)) {
            assert_in_range(event->occurred_ms, note->true_ms - 1000, note->true_ms + 1000);
        }
    }
    return kept;
}
