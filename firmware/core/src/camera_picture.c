#include "camera_internal.h"

#include <string.h>

#define LATE_MS 10000u  /* a frame that late shows nothing of what triggered it */
#define HELD_MS 300000u /* a frame that could not be sent for so long makes room */
#define BUSY_RETRY_MS 100u
#define BROKEN_RETRY_MS 1000u

void cam_camera_wish_for_event(struct cam_camera *camera, uint32_t seq, uint64_t now_ms)
{
    struct cam_picture_wish *next = &camera->picture.next;

    if (!cam_privacy_allows(&camera->settings)) {
        return;
    }
    camera->pictures_dropped += next->is_set ? 1 : 0;
    *next = (struct cam_picture_wish){.is_set = true, .trigger_ms = now_ms, .seq = seq};
    memcpy(next->boot_id, camera->boot_id, sizeof next->boot_id);
}

void cam_camera_wish_for_command(struct cam_camera *camera, uint64_t now_ms)
{
    camera->picture.asked =
        (struct cam_picture_wish){.is_set = true, .for_command = true, .trigger_ms = now_ms};
}

static void release(struct cam_camera *camera)
{
    struct cam_picture *picture = &camera->picture;

    if (picture->is_held) {
        camera->port->camera_release(camera->port->context, &picture->frame);
        picture->is_held = false;
    }
}

/* Ends the wish at hand. */
static void end(struct cam_camera *camera, bool stored, const char *detail)
{
    struct cam_picture *picture = &camera->picture;
    bool for_command = picture->wish.for_command;

    release(camera);
    picture->wish = (struct cam_picture_wish){0};
    if (stored) {
        camera->pictures_sent++;
    } else {
        camera->pictures_dropped++;
    }
    if (for_command) {
        cam_camera_end_capture(camera, stored, detail);
    }
}

void cam_camera_drop_pictures(struct cam_camera *camera)
{
    struct cam_picture *picture = &camera->picture;

    camera->pictures_dropped += (picture->wish.is_set ? 1u : 0u) + (picture->next.is_set ? 1u : 0u) +
                                (picture->asked.is_set ? 1u : 0u);
    release(camera);
    *picture = (struct cam_picture){0};
}

static bool is_in_flight(const struct cam_camera *camera)
{
    return camera->lanes[CAM_LANE_REQUESTS].job == CAM_JOB_PICTURE;
}

bool cam_camera_drop_command_picture(struct cam_camera *camera)
{
    struct cam_picture *picture = &camera->picture;

    if (picture->wish.is_set && picture->wish.for_command) {
        if (is_in_flight(camera)) {
            return false;
        }
        release(camera);
        picture->wish = (struct cam_picture_wish){0};
    }
    picture->asked.is_set = false;
    camera->pictures_dropped++;
    return true;
}

static void choose(struct cam_camera *camera, uint64_t now_ms)
{
    struct cam_picture *picture = &camera->picture;
    struct cam_picture_wish *from = picture->asked.is_set ? &picture->asked : &picture->next;

    if (picture->next.is_set && now_ms - picture->next.trigger_ms > LATE_MS) {
        picture->next.is_set = false;
        camera->pictures_dropped++;
    }
    /* What happens now is worth more than a frame that waits for a hub. */
    if (picture->is_held && !picture->wish.for_command && !is_in_flight(camera) &&
        (from->is_set || now_ms - picture->frame.taken_ms > HELD_MS)) {
        end(camera, false, "");
    }
    if (!picture->wish.is_set && from->is_set) {
        picture->wish = *from;
        from->is_set = false;
        picture->retry_ms = now_ms;
    }
}

static void capture(struct cam_camera *camera, uint64_t now_ms)
{
    struct cam_picture *picture = &camera->picture;
    const struct cam_port *port = camera->port;
    enum cam_status status;

    cam_camera_configure(camera, now_ms);
    status = cam_privacy_capture(&camera->settings, port, &picture->frame);
    picture->retry_ms = now_ms + (status == CAM_OK || status == CAM_AGAIN ? BUSY_RETRY_MS : BROKEN_RETRY_MS);
    if (status != CAM_OK) {
        if (status != CAM_AGAIN) {
            cam_camera_log_error(camera, "capture", status, 0, now_ms);
        }
        return;
    }
    picture->is_held = true;
    /* Drivers hand out what was exposed before anybody asked. */
    if (picture->frame.taken_ms < picture->wish.trigger_ms || picture->frame.len_bytes == 0) {
        release(camera);
        return;
    }
    port->sha256(port->context, picture->frame.data, picture->frame.len_bytes, picture->sha256);
}

void cam_camera_step_picture(struct cam_camera *camera, uint64_t now_ms)
{
    struct cam_picture *picture = &camera->picture;

    if (!cam_privacy_allows(&camera->settings)) {
        return;
    }
    choose(camera, now_ms);
    if (!picture->wish.is_set || picture->is_held || now_ms < picture->retry_ms) {
        return;
    }
    if (now_ms - picture->wish.trigger_ms > LATE_MS) {
        end(camera, false, "the camera gave no picture");
        return;
    }
    capture(camera, now_ms);
}

uint64_t cam_camera_picture_wake_ms(const struct cam_camera *camera)
{
    const struct cam_picture *picture = &camera->picture;

    if (!cam_privacy_allows(&camera->settings)) {
        return CAM_NEVER_MS;
    }
    if (picture->is_held) {
        return is_in_flight(camera) || picture->wish.for_command ? CAM_NEVER_MS
                                                                 : picture->frame.taken_ms + HELD_MS + 1;
    }
    return picture->wish.is_set ? picture->retry_ms : CAM_NEVER_MS;
}

static uint64_t due_ms(const struct cam_camera *camera, uint64_t now_ms)
{
    (void)now_ms;
    return camera->picture.is_held ? 0 : CAM_NEVER_MS;
}

static enum cam_status write(struct cam_camera *camera, struct cam_lane *lane,
                             const struct cam_request_target *target, uint64_t now_ms, size_t *len_bytes)
{
    const struct cam_picture *held = &camera->picture;
    char event_id[CAM_EVENT_ID_CHARS + 1] = "";
    char traceparent[CAM_TRACEPARENT_CHARS + 1] = "";
    uint8_t span[CAM_TRACEPARENT_SPAN_BYTES];
    const struct cam_request_picture picture = {
        .event_id = event_id,
        .sha256 = held->sha256,
        .age_ms = now_ms > held->frame.taken_ms ? now_ms - held->frame.taken_ms : 0,
        .privacy_generation = camera->settings.privacy_generation,
        .traceparent = traceparent,
    };

    (void)lane;
    if (!held->wish.for_command) {
        for (size_t i = 0; i < sizeof span; i++) {
            span[i] = (uint8_t)(cam_camera_random(camera) >> 24);
        }
        cam_request_write_event_id(event_id, held->wish.boot_id, held->wish.seq);
        cam_traceparent_write(traceparent, held->wish.boot_id, held->wish.seq, span);
    }
    return cam_request_picture(target, &picture, held->frame.len_bytes, len_bytes);
}

/* Refused for good: the same bytes would be refused again. */
static bool is_hopeless(const struct cam_lane *lane)
{
    static const int s_final[] = {400, 403, 409, 413, 415, 422};

    for (size_t i = 0; i < sizeof s_final / sizeof s_final[0]; i++) {
        if (cam_camera_is_refused(lane, s_final[i])) {
            return true;
        }
    }
    return false;
}

/* Which bytes, and of which event; a command's picture is of none. */
static void say_stored(const struct cam_camera *camera)
{
    const struct cam_picture *held = &camera->picture;
    char event_id[CAM_EVENT_ID_CHARS + 1];
    char detail[2 * CAM_SHA256_BYTES + 1 + CAM_EVENT_ID_CHARS + 1];
    struct cam_text out;

    cam_text_init(&out, detail, sizeof detail);
    cam_text_add_hex(&out, held->sha256, sizeof held->sha256);
    if (!held->wish.for_command) {
        cam_request_write_event_id(event_id, held->wish.boot_id, held->wish.seq);
        cam_text_add(&out, " ");
        cam_text_add(&out, event_id);
    }
    (void)cam_text_end(&out);
    cam_camera_say(camera, CAM_LOG_INFO, "picture", detail);
}

static enum cam_take take(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms)
{
    const struct cam_http_reader *answer = &lane->uplink.answer;
    uint64_t server_time_ms;

    if (answer->status == 200 &&
        cam_answer_read_status(answer->body, answer->body_len_bytes, "stored", &server_time_ms) == CAM_OK) {
        say_stored(camera);
        end(camera, true, "");
        return CAM_TAKE_DONE;
    }
    if (!is_hopeless(lane)) {
        return CAM_TAKE_FAILED;
    }
    cam_camera_log_error(camera, "picture refused", CAM_INVALID, answer->status, now_ms);
    if (answer->status == 403) {
        /* Locked, and we have not heard: the heartbeat says so. */
        camera->due_ms[CAM_JOB_HEARTBEAT] = now_ms;
    }
    end(camera, false, "the hub refused the picture");
    return CAM_TAKE_SETTLED;
}

const struct cam_part cam_part_picture = {
    .name = "picture",
    .timeout_ms = 30000,
    .base_ms = 2000,
    .cap_ms = 60000,
    .due_ms = due_ms,
    .write = write,
    .take = take,
};
