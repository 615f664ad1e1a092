#include "camera_internal.h"

#include <string.h>

#define SOONEST_MS 1000u /* whatever the hub says */

void cam_camera_set_clock(struct cam_camera *camera, const struct cam_lane *lane, uint64_t server_time_ms,
                          uint64_t now_ms)
{
    cam_clock_set(&camera->clock, server_time_ms, lane->uplink.sent_ms, now_ms);
}

static uint64_t due_ms(const struct cam_camera *camera, uint64_t now_ms)
{
    (void)camera;
    (void)now_ms;
    return 0;
}

static enum cam_status write(struct cam_camera *camera, struct cam_lane *lane,
                             const struct cam_request_target *target, uint64_t now_ms, size_t *len_bytes)
{
    struct cam_health health = {0};
    uint64_t wall_ms;
    struct cam_request_heartbeat heartbeat = {
        .monotonic_ms = now_ms,
        .camera_enabled = cam_privacy_allows(&camera->settings),
        .clock_is_set = cam_clock_read(&camera->clock, now_ms, &wall_ms),
        .boot_id = camera->boot_id_text,
        .reset_reason = camera->config.reset_reason,
        .brownouts = camera->settings.brownouts,
        .queue_depth = cam_queue_depth(&camera->queue),
        .events_dropped = camera->queue.dropped,
        .privacy_generation = camera->settings.privacy_generation,
    };

    (void)lane;
    camera->port->health(camera->port->context, &health);
    heartbeat.free_heap_bytes = health.free_heap_bytes;
    heartbeat.largest_free_block_bytes = health.largest_free_block_bytes;
    heartbeat.rssi_dbm = health.rssi_dbm;
    return cam_request_heartbeat(target, &heartbeat, len_bytes);
}

/* An address that was discovered and let us in is tried first after a restart. */
static void keep_address(struct cam_camera *camera)
{
    const struct cam_discovery *discovery = &camera->discovery;
    struct cam_settings *settings = &camera->settings;

    if (discovery->source == CAM_DISCOVERY_PROVISIONED ||
        (strcmp(settings->found_host, discovery->host) == 0 && settings->found_port == discovery->port)) {
        return;
    }
    (void)cam_text_copy(settings->found_host, sizeof settings->found_host, discovery->host);
    settings->found_port = discovery->port;
    camera->is_unsaved = true;
}

/* Where the hub does not say: the interval, a tenth more or less. */
static uint32_t own_interval_ms(struct cam_camera *camera)
{
    uint32_t interval_ms = camera->settings.heartbeat_interval_s * 1000u;

    return interval_ms - interval_ms / 10 + cam_camera_random(camera) % (interval_ms / 5 + 1);
}

static enum cam_take take(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms)
{
    const struct cam_http_reader *reader = &lane->uplink.answer;
    struct cam_answer_heartbeat answer;
    uint32_t next_ms;

    if (reader->status != 200 ||
        cam_answer_read_heartbeat(reader->body, reader->body_len_bytes, &answer) != CAM_OK) {
        return CAM_TAKE_FAILED;
    }
    camera->heartbeats++;
    next_ms = answer.next_heartbeat_ms != 0 ? answer.next_heartbeat_ms : own_interval_ms(camera);
    camera->due_ms[CAM_JOB_HEARTBEAT] = now_ms + (next_ms > SOONEST_MS ? next_ms : SOONEST_MS);
    camera->poll_is_wanted = camera->poll_is_wanted || answer.pending_commands > 0;
    cam_camera_set_clock(camera, lane, answer.server_time_ms, now_ms);
    cam_camera_hear_privacy(camera, &answer.privacy, now_ms);
    keep_address(camera);
    if (camera->is_unsaved && !cam_camera_save(camera)) {
        cam_camera_log_error(camera, "save settings", CAM_IO, 0, now_ms);
    }
    return CAM_TAKE_DONE;
}

const struct cam_part cam_part_heartbeat = {
    .name = "heartbeat",
    .timeout_ms = 5000,
    .base_ms = 2000,
    .cap_ms = 60000,
    .due_ms = due_ms,
    .write = write,
    .take = take,
};
