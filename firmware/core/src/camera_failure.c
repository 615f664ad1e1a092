#include "camera_internal.h"

#include <string.h>

#define TRIES_FIRST 3u   /* at one address before the next is tried, */
#define FAILURES_MANY 8u /* until so many have failed; */
#define TRIES_LATER 1u   /* then the round goes faster */
#define ASKED_MAX_S 600u /* of a Retry-After */

void cam_camera_log_error(struct cam_camera *camera, const char *text, enum cam_status status, int code,
                          uint64_t now_ms)
{
    struct cam_errlog_entry entry = {.monotonic_ms = now_ms, .code = code, .status = (uint8_t)status};
    char line[64];
    struct cam_text out;

    (void)cam_text_copy(entry.text, sizeof entry.text, text);
    (void)cam_clock_read(&camera->clock, now_ms, &entry.wall_ms);
    memcpy(entry.boot_id, camera->boot_id, sizeof entry.boot_id);
    cam_errlog_add(&camera->errlog, &entry);
    cam_text_init(&out, line, sizeof line);
    cam_text_add(&out, "failed: ");
    cam_text_add(&out, cam_status_name(status));
    if (code != 0) {
        cam_text_add(&out, ", code ");
        cam_text_add_int(&out, code);
    }
    cam_camera_say(camera, CAM_LOG_WARNING, text, cam_text_end(&out) ? line : NULL);
}

static bool is_power_of_two(uint32_t n)
{
    return (n & (n - 1)) == 0;
}

static void hang_up(struct cam_camera *camera)
{
    camera->strangers = 0;
    for (unsigned i = 0; i < CAM_LANES; i++) {
        cam_camera_abort(camera, &camera->lanes[i]);
    }
}

static void leave_address(struct cam_camera *camera, uint64_t now_ms)
{
    hang_up(camera);
    cam_discovery_fail(&camera->discovery, now_ms);
}

void cam_camera_go_back(struct cam_camera *camera, uint64_t now_ms)
{
    cam_camera_say(camera, CAM_LOG_INFO, "not admitted, so not the hub:", camera->discovery.host);
    hang_up(camera);
    cam_discovery_init(&camera->discovery, &camera->settings, now_ms);
    cam_backoff_reset(&camera->backoffs[CAM_JOB_REGISTER]);
    camera->due_ms[CAM_JOB_REGISTER] = now_ms;
}

static void nobody_there(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms)
{
    const uint32_t tries = camera->hub_backoff.failures < FAILURES_MANY ? TRIES_FIRST : TRIES_LATER;

    if (now_ms < camera->hub_due_ms) {
        return; /* both lanes found out at the same time */
    }
    camera->hub_is_away = true;
    camera->hub_due_ms = now_ms + cam_backoff_fail(&camera->hub_backoff, cam_camera_random(camera), 0);
    if (is_power_of_two(camera->hub_backoff.failures)) {
        cam_camera_log_error(camera, "hub away", lane->uplink.outcome, lane->code, now_ms);
    }
    if (camera->hub_backoff.failures % tries == 0) {
        leave_address(camera, now_ms);
    }
}

/* True if a hub gave this answer, whatever it says. */
static bool is_of_hub(const struct cam_lane *lane)
{
    return cam_camera_is_refused(lane, lane->uplink.answer.status);
}

void cam_camera_lane_failed(struct cam_camera *camera, struct cam_lane *lane, enum cam_job job,
                            uint64_t now_ms)
{
    const struct cam_http_reader *answer = &lane->uplink.answer;
    struct cam_backoff *backoff = &camera->backoffs[job];
    uint64_t asked_s = answer->retry_after_s < ASKED_MAX_S ? answer->retry_after_s : ASKED_MAX_S;

    if (!lane->uplink.connected) {
        nobody_there(camera, lane, now_ms);
        return;
    }
    camera->due_ms[job] = now_ms + asked_s * 1000 + cam_backoff_fail(backoff, cam_camera_random(camera), 0);
    if (is_power_of_two(backoff->failures)) {
        cam_camera_log_error(camera, cam_camera_part(job)->name,
                             lane->uplink.outcome == CAM_OK ? CAM_GARBAGE : lane->uplink.outcome,
                             answer->status != 0 ? answer->status : lane->code, now_ms);
    }
    if (is_of_hub(lane)) {
        cam_camera_hub_answered(camera, CAM_JOB_NONE);
    } else if ((job == CAM_JOB_REGISTER || job == CAM_JOB_HEARTBEAT) && ++camera->strangers == TRIES_FIRST) {
        leave_address(camera, now_ms);
    }
}

void cam_camera_hub_answered(struct cam_camera *camera, enum cam_job job)
{
    camera->strangers = 0;
    camera->hub_is_away = false;
    cam_backoff_reset(&camera->hub_backoff);
    if (job != CAM_JOB_NONE && job != CAM_JOB_REGISTER) {
        cam_backoff_reset(&camera->backoffs[CAM_JOB_REGISTER]);
    }
}

void cam_camera_token_refused(struct cam_camera *camera, const struct cam_lane *lane, enum cam_job job,
                              uint64_t now_ms)
{
    struct cam_lane *poll = &camera->lanes[CAM_LANE_POLL];

    cam_camera_hub_answered(camera, CAM_JOB_NONE);
    if (!camera->has_token || lane->registrations != camera->registrations) {
        return; /* of a token that is given up already */
    }
    cam_camera_log_error(camera, cam_camera_part(job)->name, CAM_INVALID, lane->uplink.answer.status, now_ms);
    camera->has_token = false;
    camera->due_ms[CAM_JOB_REGISTER] =
        now_ms + cam_backoff_fail(&camera->backoffs[CAM_JOB_REGISTER], cam_camera_random(camera), 0);
    if (poll->job == CAM_JOB_POLL) {
        cam_camera_abort(camera, poll);
    }
}
