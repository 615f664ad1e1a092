#include "camera_internal.h"

#include <string.h>

#define LINE_BYTES 120u
#define LINK_UP_SPREAD_MS 2000u

void cam_camera_init(struct cam_camera *camera, const struct cam_port *port, const struct cam_config *config,
                     uint64_t now_ms)
{
    memset(camera, 0, sizeof *camera);
    camera->port = port;
    camera->config = *config;
    cam_settings_init(&camera->settings);
    cam_motion_reset(&camera->motion);
    cam_camera_init_parts(camera);
    cam_camera_prepare(camera, now_ms);
}

bool cam_camera_is_open(const struct cam_camera *camera)
{
    return cam_privacy_allows(&camera->settings);
}

/* xorshift32: for jitter and span ids only. Secrets come from the port. */
uint32_t cam_camera_random(struct cam_camera *camera)
{
    uint32_t x = camera->random_state != 0 ? camera->random_state : 0x9e3779b9u;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    camera->random_state = x;
    return x;
}

bool cam_camera_save(struct cam_camera *camera)
{
    camera->is_unsaved = cam_settings_save(&camera->store, &camera->settings) != CAM_OK;
    return !camera->is_unsaved;
}

void cam_camera_say(const struct cam_camera *camera, enum cam_log_level level, const char *text,
                    const char *detail)
{
    char line[LINE_BYTES];
    struct cam_text out;

    cam_text_init(&out, line, sizeof line);
    cam_text_add(&out, text);
    if (detail != NULL && detail[0] != '\0') {
        cam_text_add(&out, " ");
        cam_text_add(&out, detail);
    }
    if (cam_text_end(&out)) {
        camera->port->log(camera->port->context, level, line);
    }
}

static void take_link(struct cam_camera *camera, bool is_up, uint64_t now_ms)
{
    if (camera->link_is_up == is_up) {
        return;
    }
    camera->link_is_up = is_up;
    for (unsigned i = 0; i < CAM_LANES; i++) {
        cam_camera_abort(camera, &camera->lanes[i]);
    }
    if (is_up) {
        /* Where the access point comes back, so do all its cameras. */
        camera->hub_due_ms = now_ms + (cam_camera_random(camera) % LINK_UP_SPREAD_MS);
        camera->hub_is_away = false;
        camera->strangers = 0;
        cam_backoff_reset(&camera->hub_backoff);
        cam_discovery_init(&camera->discovery, &camera->settings, now_ms);
    }
}

static void take_event(struct cam_camera *camera, const struct cam_event *event, uint64_t now_ms)
{
    switch (event->kind) {
    case CAM_EVENT_LINK_UP:
    case CAM_EVENT_LINK_DOWN:
        take_link(camera, event->kind == CAM_EVENT_LINK_UP, now_ms);
        break;
    case CAM_EVENT_MOTION:
        cam_camera_move(camera, event->score, now_ms);
        break;
    case CAM_EVENT_SWITCH:
        cam_camera_turn_switch(camera, event->locked, now_ms);
        break;
    case CAM_EVENT_NONE:
        break;
    }
}

static uint64_t earlier(uint64_t a_ms, uint64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static uint64_t wake_ms(const struct cam_camera *camera, uint64_t now_ms)
{
    uint64_t wake = cam_camera_exchange_wake_ms(camera, now_ms);

    wake = earlier(wake, cam_camera_look_wake_ms(camera));
    wake = earlier(wake, cam_camera_picture_wake_ms(camera));
    wake = earlier(wake, cam_camera_command_wake_ms(camera));
    return wake;
}

uint64_t cam_camera_step(struct cam_camera *camera, const struct cam_event *event, uint64_t now_ms)
{
    if (!camera->is_ready) {
        cam_camera_prepare(camera, now_ms);
    }
    take_event(camera, event, now_ms);
    if (!camera->is_ready) {
        return camera->ready_due_ms;
    }
    if (camera->link_is_up) {
        cam_discovery_tick(&camera->discovery, now_ms);
    }
    cam_camera_finish_exchanges(camera, now_ms);
    cam_camera_look(camera, now_ms);
    cam_camera_step_picture(camera, now_ms);
    cam_camera_step_commands(camera, now_ms);
    cam_camera_begin_exchanges(camera, now_ms);
    return camera->must_restart ? now_ms : wake_ms(camera, now_ms);
}
