#include "camera_internal.h"

#define HEARTBEAT_SOON_MS 1000u

/* What follows from a change that is made already. */
static void follow(struct cam_camera *camera, uint64_t now_ms)
{
    struct cam_lane *lane = &camera->lanes[CAM_LANE_REQUESTS];

    if (!cam_privacy_allows(&camera->settings)) {
        if (lane->job == CAM_JOB_PICTURE) {
            cam_camera_abort(camera, lane);
        }
        cam_camera_drop_pictures(camera);
        cam_camera_end_capture(camera, false, "privacy is locked");
    }
    if (!cam_camera_save(camera)) {
        cam_camera_log_error(camera, "save privacy", CAM_IO, 0, now_ms);
    }
    cam_camera_say(camera, CAM_LOG_INFO, "privacy",
                   cam_privacy_allows(&camera->settings) ? "is open" : "is locked");
}

void cam_camera_hear_privacy(struct cam_camera *camera, const struct cam_answer_privacy *privacy,
                             uint64_t now_ms)
{
    if (privacy->is_said && cam_privacy_hear(&camera->settings, privacy->locked, privacy->generation)) {
        follow(camera, now_ms);
    }
}

void cam_camera_turn_switch(struct cam_camera *camera, bool locked, uint64_t now_ms)
{
    if (!camera->is_ready) {
        camera->switch_is_said = true;
        camera->switch_is_locked = locked;
        return;
    }
    if (cam_privacy_switch(&camera->settings, locked)) {
        follow(camera, now_ms);
        cam_backoff_reset(&camera->backoffs[CAM_JOB_SWITCH]);
        camera->due_ms[CAM_JOB_SWITCH] = now_ms;
    }
}

static uint64_t due_ms(const struct cam_camera *camera, uint64_t now_ms)
{
    (void)now_ms;
    return camera->settings.privacy_unreported ? 0 : CAM_NEVER_MS;
}

static enum cam_status write(struct cam_camera *camera, struct cam_lane *lane,
                             const struct cam_request_target *target, uint64_t now_ms, size_t *len_bytes)
{
    (void)lane;
    (void)now_ms;
    camera->sent_generation = camera->settings.privacy_generation;
    return cam_request_switch(target, camera->settings.privacy_locked, camera->sent_generation, len_bytes);
}

static enum cam_take take(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms)
{
    const struct cam_http_reader *answer = &lane->uplink.answer;
    struct cam_answer_privacy privacy;

    if (camera->sent_generation != camera->settings.privacy_generation) {
        return answer->status == 200 ? CAM_TAKE_DONE : CAM_TAKE_FAILED; /* turned again meanwhile */
    }
    if (answer->status == 200 &&
        cam_answer_read_privacy(answer->body, answer->body_len_bytes, &privacy) == CAM_OK) {
        cam_camera_hear_privacy(camera, &privacy, now_ms);
        /* An older state than the one it was told is no agreement. */
        return camera->settings.privacy_unreported ? CAM_TAKE_FAILED : CAM_TAKE_DONE;
    }
    if (cam_camera_is_refused(lane, 409) && camera->due_ms[CAM_JOB_HEARTBEAT] > now_ms + HEARTBEAT_SOON_MS) {
        /* The operator was faster; the next heartbeat says what is in force. */
        camera->due_ms[CAM_JOB_HEARTBEAT] = now_ms + HEARTBEAT_SOON_MS;
    }
    return CAM_TAKE_FAILED;
}

const struct cam_part cam_part_switch = {
    .name = "privacy switch",
    .timeout_ms = 5000,
    .base_ms = 2000,
    .cap_ms = 60000,
    .due_ms = due_ms,
    .write = write,
    .take = take,
};
