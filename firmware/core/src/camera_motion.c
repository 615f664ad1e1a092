#include "camera_internal.h"

#include <string.h>

#define REFUSALS_MAX 32u /* of one event by 429: then it is not the flood of a replay */
#define SCORE_MAX 100u

void cam_camera_configure(struct cam_camera *camera, uint64_t now_ms)
{
    enum cam_status status;

    if (camera->camera_is_configured) {
        return;
    }
    status = cam_privacy_configure(&camera->settings, camera->port);
    camera->camera_is_configured = status == CAM_OK;
    if (status != CAM_OK) {
        cam_camera_log_error(camera, "configure camera", status, 0, now_ms);
    }
}

uint64_t cam_camera_look_wake_ms(const struct cam_camera *camera)
{
    return camera->config.motion_period_ms != 0 && cam_privacy_allows(&camera->settings)
               ? camera->motion_due_ms
               : CAM_NEVER_MS;
}

void cam_camera_look(struct cam_camera *camera, uint64_t now_ms)
{
    const bool is_open = cam_privacy_allows(&camera->settings);
    enum cam_status status;
    unsigned score;

    if (is_open && !camera->was_open) {
        cam_motion_reset(&camera->motion);
        camera->motion_due_ms = now_ms;
    }
    camera->was_open = is_open;
    if (now_ms < cam_camera_look_wake_ms(camera)) {
        return;
    }
    camera->motion_due_ms = now_ms + camera->config.motion_period_ms;
    cam_camera_configure(camera, now_ms);
    status = cam_privacy_grey(&camera->settings, camera->port, camera->scratch);
    if (status != CAM_OK) {
        if (status != CAM_AGAIN) {
            cam_camera_log_error(camera, "look", status, 0, now_ms);
        }
        return;
    }
    score = cam_motion_score(&camera->motion, camera->scratch);
    if (score > 0 && score * 1000 >= camera->settings.motion_threshold_milli) {
        cam_camera_move(camera, score, now_ms);
    }
}

void cam_camera_move(struct cam_camera *camera, unsigned score, uint64_t now_ms)
{
    struct cam_event_record event = {
        .monotonic_ms = now_ms,
        .score = (uint8_t)(score < SCORE_MAX ? score : SCORE_MAX),
        .camera_enabled = cam_privacy_allows(&camera->settings),
    };
    char event_id[CAM_EVENT_ID_CHARS + 1];

    if (!camera->is_ready || !cam_limiter_admit(&camera->limiter, now_ms)) {
        return;
    }
    memcpy(event.boot_id, camera->boot_id, sizeof event.boot_id);
    event.quality =
        cam_clock_read(&camera->clock, now_ms, &event.wall_ms) ? CAM_CLOCK_SYNCED : CAM_CLOCK_UNSET;
    if (cam_queue_append(&camera->queue, &event) != CAM_OK) {
        cam_camera_log_error(camera, "queue", CAM_IO, 0, now_ms);
        return;
    }
    cam_request_write_event_id(event_id, event.boot_id, event.seq);
    cam_camera_say(camera, CAM_LOG_INFO, "motion", event_id);
    cam_camera_wish_for_event(camera, event.seq, now_ms);
}

static uint64_t due_ms(const struct cam_camera *camera, uint64_t now_ms)
{
    (void)now_ms;
    return cam_queue_depth(&camera->queue) > 0 ? 0 : CAM_NEVER_MS;
}

static enum cam_status write(struct cam_camera *camera, struct cam_lane *lane,
                             const struct cam_request_target *target, uint64_t now_ms, size_t *len_bytes)
{
    char traceparent[CAM_TRACEPARENT_CHARS + 1];
    uint8_t span[CAM_TRACEPARENT_SPAN_BYTES];
    struct cam_event_record event;
    struct cam_request_motion motion = {.event = &event, .monotonic_ms = now_ms, .traceparent = traceparent};
    enum cam_status status = cam_queue_peek(&camera->queue, &event);

    (void)lane;
    if (status != CAM_OK) {
        return status;
    }
    if (event.seq != camera->sent_seq) {
        camera->sent_seq = event.seq;
        camera->refusals = 0;
        camera->is_undated = false;
    }
    motion.wall_ms = camera->is_undated ? 0 : event.wall_ms;
    motion.same_boot = memcmp(event.boot_id, camera->boot_id, sizeof event.boot_id) == 0;
    for (size_t i = 0; i < sizeof span; i++) {
        span[i] = (uint8_t)(cam_camera_random(camera) >> 24);
    }
    cam_traceparent_write(traceparent, event.boot_id, event.seq, span);
    return cam_request_motion(target, &motion, len_bytes);
}

/* The event may have been dropped for want of room while the hub took it: then it was not lost. */
static void confirm(struct cam_camera *camera, uint64_t now_ms)
{
    struct cam_event_record event;

    if (cam_queue_peek(&camera->queue, &event) != CAM_OK || event.seq != camera->sent_seq) {
        camera->queue.dropped -= camera->queue.dropped > 0 ? 1 : 0;
    } else if (cam_queue_confirm(&camera->queue, camera->sent_seq) != CAM_OK) {
        cam_camera_log_error(camera, "queue", CAM_IO, 0, now_ms);
    }
}

/* True when this event will never be taken, whatever we do. */
static bool is_hopeless(struct cam_camera *camera, const struct cam_lane *lane)
{
    static const int s_final[] = {400, 409, 413, 415, 422};

    for (size_t i = 0; i < sizeof s_final / sizeof s_final[0]; i++) {
        if (cam_camera_is_refused(lane, s_final[i])) {
            return true;
        }
    }
    return cam_camera_is_refused(lane, 429) && ++camera->refusals >= REFUSALS_MAX;
}

static enum cam_take take(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms)
{
    const struct cam_http_reader *answer = &lane->uplink.answer;
    uint64_t server_time_ms;

    if (answer->status == 200 &&
        cam_answer_read_status(answer->body, answer->body_len_bytes, "received", &server_time_ms) == CAM_OK) {
        cam_camera_set_clock(camera, lane, server_time_ms, now_ms);
        confirm(camera, now_ms);
        camera->events_sent++;
        return CAM_TAKE_DONE;
    }
    if (!is_hopeless(camera, lane)) {
        return CAM_TAKE_FAILED;
    }
    if (answer->status == 400 && !camera->is_undated) {
        camera->is_undated = true; /* the hub may know better when it was */
        return CAM_TAKE_SETTLED;
    }
    cam_camera_log_error(camera, "motion refused", CAM_INVALID, answer->status, now_ms);
    confirm(camera, now_ms);
    camera->events_refused++;
    return CAM_TAKE_SETTLED;
}

const struct cam_part cam_part_motion = {
    .name = "motion",
    .timeout_ms = 3000,
    .base_ms = 2000,
    .cap_ms = 60000,
    .due_ms = due_ms,
    .write = write,
    .take = take,
};
