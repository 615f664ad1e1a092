#include "camera_internal.h"

#include <string.h>

#define CAPTURE_MAX_MS 60000u
#define REBOOT_MAX_MS 30000u /* a reboot waits so long for a hub that records it */

static void report(struct cam_result *result, const char *id, bool succeeded, const char *detail)
{
    (void)cam_text_copy(result->id, sizeof result->id, id);
    result->succeeded = succeeded;
    result->detail = detail;
}

static void forget(char *id)
{
    id[0] = '\0';
}

void cam_camera_end_capture(struct cam_camera *camera, bool succeeded, const char *detail)
{
    struct cam_capture *capture = &camera->capture;

    if (capture->id[0] != '\0') {
        report(&camera->results[1], capture->id, succeeded, detail);
        forget(capture->id);
    }
}

/* NULL: it is under way, and its picture reports it. */
static const char *start_capture(struct cam_camera *camera, const struct cam_command *command,
                                 uint64_t now_ms)
{
    if (!cam_privacy_allows(&camera->settings)) {
        return "privacy is locked";
    }
    (void)cam_text_copy(camera->capture.id, sizeof camera->capture.id, command->id);
    camera->capture.deadline_ms = now_ms + CAPTURE_MAX_MS;
    cam_camera_wish_for_command(camera, now_ms);
    return NULL;
}

static const char *set_privacy(struct cam_camera *camera, const struct cam_command *command, uint64_t now_ms)
{
    cam_camera_hear_privacy(camera, &command->privacy, now_ms);
    return camera->settings.privacy_locked == command->privacy.locked ? ""
                                                                      : "the camera's own switch is newer";
}

static const char *set_config(struct cam_camera *camera, const struct cam_command *command, uint64_t now_ms)
{
    struct cam_settings *settings = &camera->settings;
    uint64_t beat_ms;

    if (command->heartbeat_interval_s != 0 && command->heartbeat_interval_s != UINT32_MAX) {
        settings->heartbeat_interval_s = (uint16_t)command->heartbeat_interval_s;
        beat_ms = now_ms + settings->heartbeat_interval_s * 1000u;
        if (camera->due_ms[CAM_JOB_HEARTBEAT] > beat_ms) {
            camera->due_ms[CAM_JOB_HEARTBEAT] = beat_ms;
        }
    }
    if (command->motion_threshold_milli != UINT32_MAX) {
        settings->motion_threshold_milli = command->motion_threshold_milli;
    }
    if (command->frame_size != UINT32_MAX) {
        settings->frame_size = (uint8_t)command->frame_size;
        camera->camera_is_configured = false;
    }
    if (command->jpeg_quality != 0) {
        settings->jpeg_quality = (uint8_t)command->jpeg_quality;
        camera->camera_is_configured = false;
    }
    return cam_camera_save(camera) ? "" : "the flash could not be written";
}

static const char *start_reboot(struct cam_camera *camera, const struct cam_command *command, uint64_t now_ms)
{
    (void)cam_text_copy(camera->settings.reboot_command, sizeof camera->settings.reboot_command, command->id);
    (void)cam_camera_save(camera);
    camera->reboot_is_due = true;
    camera->reboot_deadline_ms = now_ms + REBOOT_MAX_MS;
    return "";
}

/* Empty: succeeded. NULL: not known yet. Else what went wrong, for a person. */
static const char *carry_out(struct cam_camera *camera, const struct cam_command *command, uint64_t now_ms)
{
    uint64_t wall_ms;

    if (cam_clock_read(&camera->clock, now_ms, &wall_ms) && command->expires_ms != 0 &&
        wall_ms > command->expires_ms) {
        return "it came too late";
    }
    if (command->parameters_are_bad) {
        return "a parameter is unknown or out of its range; nothing was changed";
    }
    switch (command->kind) {
    case CAM_COMMAND_CAPTURE:
        return start_capture(camera, command, now_ms);
    case CAM_COMMAND_SET_PRIVACY:
        return set_privacy(camera, command, now_ms);
    case CAM_COMMAND_SET_CONFIG:
        return set_config(camera, command, now_ms);
    case CAM_COMMAND_IDENTIFY:
        camera->port->identify(camera->port->context);
        return "";
    case CAM_COMMAND_REBOOT:
        return start_reboot(camera, command, now_ms);
    case CAM_COMMAND_UNKNOWN:
        break;
    }
    return "this firmware does not know the command";
}

/* The hub hands out again what is not answered yet. */
static bool is_at_hand(const struct cam_camera *camera, const char *id)
{
    return strcmp(id, camera->capture.id) == 0 || strcmp(id, camera->done_id) == 0 ||
           strcmp(id, camera->results[0].id) == 0 || strcmp(id, camera->results[1].id) == 0;
}

static void next_command(struct cam_camera *camera, uint64_t now_ms)
{
    const struct cam_command *command = &camera->commands[camera->command_at++];
    const char *detail;

    /* A second capture waits at the hub until the first has its picture. */
    if (is_at_hand(camera, command->id) ||
        (command->kind == CAM_COMMAND_CAPTURE &&
         (camera->capture.id[0] != '\0' || camera->results[1].id[0] != '\0'))) {
        return;
    }
    detail = carry_out(camera, command, now_ms);
    if (detail != NULL) {
        report(&camera->results[0], command->id, detail[0] == '\0', detail);
    }
}

static bool has_result(const struct cam_camera *camera)
{
    return camera->results[0].id[0] != '\0' || camera->results[1].id[0] != '\0';
}

void cam_camera_step_commands(struct cam_camera *camera, uint64_t now_ms)
{
    while (camera->results[0].id[0] == '\0' && !camera->reboot_is_due &&
           camera->command_at < camera->command_count) {
        next_command(camera, now_ms);
    }
    if (camera->capture.id[0] != '\0' && now_ms >= camera->capture.deadline_ms &&
        cam_camera_drop_command_picture(camera)) {
        cam_camera_end_capture(camera, false, "the picture could not be sent in time");
    }
    if (camera->reboot_is_due && now_ms >= camera->reboot_deadline_ms) {
        camera->must_restart = true; /* the flash knows whom to tell */
    }
}

uint64_t cam_camera_command_wake_ms(const struct cam_camera *camera)
{
    const bool is_sending = camera->lanes[CAM_LANE_REQUESTS].job == CAM_JOB_PICTURE;
    uint64_t wake_ms =
        camera->capture.id[0] != '\0' && !is_sending ? camera->capture.deadline_ms : CAM_NEVER_MS;

    return camera->reboot_is_due && camera->reboot_deadline_ms < wake_ms ? camera->reboot_deadline_ms
                                                                         : wake_ms;
}

static uint64_t due_ms(const struct cam_camera *camera, uint64_t now_ms)
{
    (void)now_ms;
    return has_result(camera) ? 0 : CAM_NEVER_MS;
}

static enum cam_status write(struct cam_camera *camera, struct cam_lane *lane,
                             const struct cam_request_target *target, uint64_t now_ms, size_t *len_bytes)
{
    const struct cam_result *result = &camera->results[camera->results[0].id[0] != '\0' ? 0 : 1];

    (void)lane;
    (void)now_ms;
    (void)cam_text_copy(camera->told_id, sizeof camera->told_id, result->id);
    return cam_request_result(target, result->id, result->succeeded, result->detail, len_bytes);
}

/* The hub has it, or wants it no more. */
static void settle(struct cam_camera *camera, bool recorded)
{
    struct cam_settings *settings = &camera->settings;

    for (unsigned i = 0; i < CAM_RESULTS; i++) {
        if (strcmp(camera->results[i].id, camera->told_id) == 0) {
            forget(camera->results[i].id);
        }
    }
    (void)cam_text_copy(camera->done_id, sizeof camera->done_id, camera->told_id);
    camera->commands_done++;
    if (strcmp(settings->reboot_command, camera->told_id) == 0) {
        forget(settings->reboot_command);
        (void)cam_camera_save(camera);
        camera->must_restart = camera->reboot_is_due && recorded;
        camera->reboot_is_due = false;
    }
}

static enum cam_take take(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms)
{
    const struct cam_http_reader *answer = &lane->uplink.answer;
    uint64_t server_time_ms;

    (void)now_ms;
    if (answer->status == 200 &&
        cam_answer_read_status(answer->body, answer->body_len_bytes, "recorded", &server_time_ms) == CAM_OK) {
        settle(camera, true);
        return CAM_TAKE_DONE;
    }
    if (cam_camera_is_refused(lane, 400) || cam_camera_is_refused(lane, 404) ||
        cam_camera_is_refused(lane, 409)) {
        settle(camera, false);
        return CAM_TAKE_SETTLED;
    }
    return CAM_TAKE_FAILED;
}

const struct cam_part cam_part_result = {
    .name = "result",
    .timeout_ms = 5000,
    .base_ms = 2000,
    .cap_ms = 60000,
    .due_ms = due_ms,
    .write = write,
    .take = take,
};
