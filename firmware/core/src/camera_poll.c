#include "camera_internal.h"

#define SOON_MS 2000u /* a long poll that ends that soon does not wait */

static uint64_t due_ms(const struct cam_camera *camera, uint64_t now_ms)
{
    (void)now_ms;
    if (camera->results[0].id[0] != '\0' || camera->results[1].id[0] != '\0' ||
        camera->command_at < camera->command_count) {
        return CAM_NEVER_MS;
    }
    return camera->config.poll_wait_s > 0 || camera->poll_is_wanted ? 0 : CAM_NEVER_MS;
}

static enum cam_status write(struct cam_camera *camera, struct cam_lane *lane,
                             const struct cam_request_target *target, uint64_t now_ms, size_t *len_bytes)
{
    (void)lane;
    (void)now_ms;
    return cam_request_commands(target, camera->config.poll_wait_s, len_bytes);
}

/* Nothing, and sooner than asked for: a hub that cannot wait must not be asked all the time. */
static void pause(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms)
{
    camera->poll_is_wanted = false;
    if (camera->config.poll_wait_s > 0 && now_ms - lane->uplink.sent_ms < SOON_MS) {
        camera->due_ms[CAM_JOB_POLL] = now_ms + SOON_MS + cam_camera_random(camera) % SOON_MS;
    }
}

static enum cam_take take(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms)
{
    const struct cam_http_reader *answer = &lane->uplink.answer;

    if (answer->status == 204) {
        pause(camera, lane, now_ms);
        return CAM_TAKE_DONE;
    }
    if (answer->status != 200 ||
        cam_answer_read_commands(answer->body, answer->body_len_bytes, camera->commands,
                                 &camera->command_count) != CAM_OK) {
        camera->command_count = 0;
        return CAM_TAKE_FAILED;
    }
    camera->command_at = 0;
    camera->poll_is_wanted = camera->command_count > 0;
    cam_camera_step_commands(camera, now_ms);
    if (camera->results[0].id[0] == '\0') {
        pause(camera, lane, now_ms);
    }
    return CAM_TAKE_DONE;
}

const struct cam_part cam_part_poll = {
    .name = "poll",
    .timeout_ms = 10000,
    .base_ms = 2000,
    .cap_ms = 60000,
    .due_ms = due_ms,
    .write = write,
    .take = take,
};
