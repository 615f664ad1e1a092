#include "camera_internal.h"

#include <string.h>

#define RETRY_MIN_MS 1000u
#define DAY_MS 86400000u

static void take_text(char *to, size_t cap_bytes, const char *from)
{
    if (from != NULL && from[0] != '\0') {
        (void)cam_text_copy(to, cap_bytes, from);
    }
}

static void take_config(struct cam_camera *camera)
{
    const struct cam_config *config = &camera->config;
    struct cam_settings *settings = &camera->settings;

    take_text(settings->device_id, sizeof settings->device_id, config->device_id);
    take_text(settings->enrolment_key, sizeof settings->enrolment_key, config->enrolment_key);
    if (config->hub_host != NULL && config->hub_host[0] != '\0') {
        take_text(settings->hub_host, sizeof settings->hub_host, config->hub_host);
        settings->hub_port = config->hub_port;
    }
    if (strcmp(config->reset_reason, "brownout") == 0 && settings->brownouts < UINT32_MAX) {
        settings->brownouts++;
    }
}

/* The command that this boot is the outcome of. */
static void recall_reboot(struct cam_camera *camera)
{
    struct cam_result *result = &camera->results[0];

    (void)cam_text_copy(result->id, sizeof result->id, camera->settings.reboot_command);
    result->succeeded = true;
    result->detail = "";
}

static bool open_flash(struct cam_camera *camera, uint64_t now_ms)
{
    const struct cam_config *config = &camera->config;

    if (cam_settings_open(&camera->store, camera->port, &config->settings_area, &camera->settings) ==
        CAM_IO) {
        cam_camera_say(camera, CAM_LOG_ERROR, "the settings cannot be read from flash", NULL);
        return false;
    }
    take_config(camera);
    camera->has_token = camera->settings.token[0] != '\0';
    recall_reboot(camera);
    (void)cam_errlog_open(&camera->errlog, camera->port, &config->log_area);
    if (cam_queue_open(&camera->queue, camera->port, &config->queue_area) != CAM_OK) {
        cam_camera_log_error(camera, "queue", CAM_IO, 0, now_ms);
    }
    return true;
}

static bool make_identity(struct cam_camera *camera)
{
    const struct cam_port *port = camera->port;
    struct cam_settings *settings = &camera->settings;
    uint32_t random[2];

    if (port->random(port->context, camera->boot_id, sizeof camera->boot_id) != CAM_OK ||
        port->random(port->context, (uint8_t *)random, sizeof random) != CAM_OK) {
        return false;
    }
    cam_request_write_boot_id(camera->boot_id_text, camera->boot_id);
    camera->random_state = random[0];
    /* A fleet that was enrolled in one hour does not renew in one hour. */
    camera->renew_before_ms = DAY_MS + random[1] % DAY_MS;
    if (!settings->has_secret) {
        if (port->random(port->context, settings->secret, sizeof settings->secret) != CAM_OK) {
            return false;
        }
        settings->has_secret = true;
    }
    return true;
}

static void begin_life(struct cam_camera *camera, uint64_t now_ms)
{
    camera->is_ready = true;
    camera->was_open = false;
    cam_discovery_init(&camera->discovery, &camera->settings, now_ms);
    cam_camera_say(camera, CAM_LOG_INFO, "camera", camera->settings.device_id);
    if (camera->switch_is_said) {
        cam_camera_turn_switch(camera, camera->switch_is_locked, now_ms);
    }
}

void cam_camera_prepare(struct cam_camera *camera, uint64_t now_ms)
{
    struct cam_backoff *backoff = &camera->backoffs[CAM_JOB_NONE];

    if (now_ms < camera->ready_due_ms) {
        return;
    }
    if (!camera->flash_is_open) {
        camera->flash_is_open = open_flash(camera, now_ms);
    }
    if (camera->flash_is_open && camera->settings.device_id[0] == '\0') {
        cam_camera_say(camera, CAM_LOG_ERROR, "no device id was provisioned", NULL);
    } else if (camera->flash_is_open && make_identity(camera) && cam_camera_save(camera)) {
        begin_life(camera, now_ms);
        return;
    }
    camera->ready_due_ms = now_ms + RETRY_MIN_MS + cam_backoff_fail(backoff, UINT32_MAX, 0);
}
