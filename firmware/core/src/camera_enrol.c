#include "camera_internal.h"

#define PENDING_S 30u /* where the hub does not say */
#define PENDING_MAX_S 300u
#define RENEW_MIN_MS 3600000u

static bool is_ending(const struct cam_camera *camera, uint64_t now_ms)
{
    uint64_t wall_ms;

    return camera->settings.token_expires_ms != 0 && cam_clock_read(&camera->clock, now_ms, &wall_ms) &&
           wall_ms + camera->renew_before_ms >= camera->settings.token_expires_ms;
}

static uint64_t due_ms(const struct cam_camera *camera, uint64_t now_ms)
{
    return !camera->has_token || is_ending(camera, now_ms) ? 0 : CAM_NEVER_MS;
}

static enum cam_status write(struct cam_camera *camera, struct cam_lane *lane,
                             const struct cam_request_target *target, uint64_t now_ms, size_t *len_bytes)
{
    struct cam_health health = {0};
    const struct cam_request_registration registration = {
        .device_type = camera->config.device_type,
        .firmware_version = camera->config.firmware_version,
        .ip_address = health.ip_address,
        .enrolment_key = camera->settings.enrolment_key,
        .secret = camera->settings.secret,
        .boot_id = camera->boot_id_text,
    };

    (void)lane;
    (void)now_ms;
    camera->port->health(camera->port->context, &health);
    return cam_request_register(target, &registration, len_bytes);
}

static enum cam_take take_pending(struct cam_camera *camera, const struct cam_http_reader *answer,
                                  uint64_t now_ms)
{
    uint64_t wait_s;

    if (cam_answer_read_pending(answer->body, answer->body_len_bytes, &wait_s) != CAM_OK) {
        return CAM_TAKE_FAILED;
    }
    wait_s = wait_s != 0 ? wait_s : answer->retry_after_s;
    wait_s = wait_s == 0 ? PENDING_S : wait_s > PENDING_MAX_S ? PENDING_MAX_S : wait_s;
    camera->due_ms[CAM_JOB_REGISTER] =
        now_ms + wait_s * 1000 + cam_camera_random(camera) % (uint32_t)(wait_s * 250);
    cam_camera_say(camera, CAM_LOG_INFO, "registered, but a person has to approve this camera", NULL);
    return CAM_TAKE_SETTLED;
}

static void admit(struct cam_camera *camera, const struct cam_lane *lane,
                  const struct cam_answer_registered *answer, uint64_t now_ms)
{
    struct cam_settings *settings = &camera->settings;

    (void)cam_text_copy(settings->token, sizeof settings->token, answer->token);
    settings->token_expires_ms = answer->expires_ms;
    if (answer->heartbeat_interval_s != 0) {
        settings->heartbeat_interval_s = (uint16_t)answer->heartbeat_interval_s;
    }
    camera->has_token = true;
    camera->registrations++;
    camera->due_ms[CAM_JOB_REGISTER] = now_ms + RENEW_MIN_MS;
    camera->due_ms[CAM_JOB_HEARTBEAT] = now_ms;
    cam_camera_set_clock(camera, lane, answer->server_time_ms, now_ms);
    cam_camera_hear_privacy(camera, &answer->privacy, now_ms);
    if (!cam_camera_save(camera)) {
        cam_camera_log_error(camera, "save settings", CAM_IO, 0, now_ms);
    }
    cam_camera_say(camera, CAM_LOG_INFO, "admitted by", camera->discovery.host);
}

static enum cam_take take(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms)
{
    const struct cam_http_reader *answer = &lane->uplink.answer;
    struct cam_answer_registered registered;

    if (answer->status == 202) {
        return take_pending(camera, answer, now_ms);
    }
    if (answer->status != 200 ||
        cam_answer_read_registered(answer->body, answer->body_len_bytes, &registered) != CAM_OK) {
        return CAM_TAKE_FAILED;
    }
    admit(camera, lane, &registered, now_ms);
    return CAM_TAKE_DONE;
}

const struct cam_part cam_part_register = {
    .name = "register",
    .timeout_ms = 5000,
    .base_ms = 2000,
    .cap_ms = 300000,
    .due_ms = due_ms,
    .write = write,
    .take = take,
};
