#include "cam/request.h"

#include <string.h>

#include "cam/base64.h"
#include "cam/json_writer.h"

struct draft {
    struct cam_http_writer http;
    struct cam_json_writer json;
};

static void begin(struct draft *draft, const struct cam_request_target *target, const char *method)
{
    cam_http_writer_begin(&draft->http, target->buffer, CAM_REQUEST_BYTES, method);
    cam_json_writer_init(&draft->json, &draft->http.body);
}

static void add_path_of_device(struct draft *draft, const struct cam_request_target *target)
{
    cam_text_add(&draft->http.head, "/api/devices/");
    cam_text_add(&draft->http.head, target->device_id);
}

static void add_host_and_token(struct draft *draft, const struct cam_request_target *target)
{
    cam_http_writer_add_host(&draft->http, target->host, target->port);
    if (target->token != NULL) {
        cam_text_add(&draft->http.head, "Authorization: Bearer ");
        cam_text_add(&draft->http.head, target->token);
        cam_text_add(&draft->http.head, "\r\n");
    }
}

static void begin_json(struct draft *draft, const struct cam_request_target *target)
{
    add_host_and_token(draft, target);
    cam_http_writer_add_header(&draft->http, "Content-Type", "application/json");
    cam_json_begin_object(&draft->json, NULL);
}

static enum cam_status end_json(struct draft *draft, size_t *len_bytes)
{
    cam_json_end_object(&draft->json);
    return cam_http_writer_end(&draft->http, true, 0, len_bytes);
}

void cam_request_write_boot_id(char text[CAM_BOOT_ID_CHARS + 1], const uint8_t boot_id[CAM_BOOT_ID_BYTES])
{
    struct cam_text out;

    cam_text_init(&out, text, CAM_BOOT_ID_CHARS + 1);
    cam_text_add_hex(&out, boot_id, CAM_BOOT_ID_BYTES);
    (void)cam_text_end(&out);
}

void cam_request_write_event_id(char text[CAM_EVENT_ID_CHARS + 1], const uint8_t boot_id[CAM_BOOT_ID_BYTES],
                                uint32_t seq)
{
    struct cam_text out;

    cam_text_init(&out, text, CAM_EVENT_ID_CHARS + 1);
    cam_text_add_hex(&out, boot_id, CAM_BOOT_ID_BYTES);
    cam_text_add(&out, "-");
    cam_text_add_uint(&out, seq);
    (void)cam_text_end(&out);
}

enum cam_status cam_request_register(const struct cam_request_target *target,
                                     const struct cam_request_registration *registration, size_t *len_bytes)
{
    struct draft draft;
    char secret[2 * CAM_SECRET_BYTES + 1];
    struct cam_text out;

    cam_text_init(&out, secret, sizeof secret);
    cam_text_add_hex(&out, registration->secret, CAM_SECRET_BYTES);
    (void)cam_text_end(&out);
    begin(&draft, target, "POST");
    cam_text_add(&draft.http.head, "/api/devices/register");
    begin_json(&draft, target);
    cam_json_add_string(&draft.json, "device_id", target->device_id);
    cam_json_add_string(&draft.json, "device_type", registration->device_type);
    cam_json_add_string(&draft.json, "firmware_version", registration->firmware_version);
    if (registration->ip_address[0] != '\0') {
        cam_json_add_string(&draft.json, "ip_address", registration->ip_address);
    }
    cam_json_begin_array(&draft.json, "capabilities");
    cam_json_add_string(&draft.json, NULL, "camera");
    cam_json_add_string(&draft.json, NULL, "motion_detection");
    cam_json_end_array(&draft.json);
    cam_json_add_string(&draft.json, "device_secret", secret);
    cam_json_add_string(&draft.json, "boot_id", registration->boot_id);
    if (registration->enrolment_key[0] != '\0') {
        cam_json_add_string(&draft.json, "enrolment_key", registration->enrolment_key);
    }
    return end_json(&draft, len_bytes);
}

/*
 * The most frequent request, so it is kept short: the token says who speaks, JSON is assumed without
 * Content-Type (both in the contract), and what is absent means "synced" and 0. README.md counts the bytes.
 */
enum cam_status cam_request_heartbeat(const struct cam_request_target *target,
                                      const struct cam_request_heartbeat *heartbeat, size_t *len_bytes)
{
    struct draft draft;

    begin(&draft, target, "POST");
    cam_text_add(&draft.http.head, "/api/heartbeat");
    add_host_and_token(&draft, target);
    cam_json_begin_object(&draft.json, NULL);
    cam_json_add_uint(&draft.json, "uptime", heartbeat->monotonic_ms / 1000);
    cam_json_add_uint(&draft.json, "free_heap", heartbeat->free_heap_bytes);
    if (heartbeat->rssi_dbm != 0) {
        cam_json_add_int(&draft.json, "rssi", heartbeat->rssi_dbm);
    }
    cam_json_add_bool(&draft.json, "camera_enabled", heartbeat->camera_enabled);
    cam_json_add_string(&draft.json, "boot_id", heartbeat->boot_id);
    cam_json_add_uint(&draft.json, "monotonic_ms", heartbeat->monotonic_ms);
    if (!heartbeat->clock_is_set) {
        cam_json_add_string(&draft.json, "clock_quality", "unset");
    }
    cam_json_add_uint(&draft.json, "largest_free_block", heartbeat->largest_free_block_bytes);
    cam_json_add_string(&draft.json, "reset_reason", heartbeat->reset_reason);
    cam_json_add_uint(&draft.json, "brownout_count", heartbeat->brownouts);
    cam_json_add_uint(&draft.json, "queue_depth", heartbeat->queue_depth);
    if (heartbeat->events_dropped > 0) {
        cam_json_add_uint(&draft.json, "events_dropped", heartbeat->events_dropped);
    }
    cam_json_add_uint(&draft.json, "privacy_generation", heartbeat->privacy_generation);
    return end_json(&draft, len_bytes);
}

enum cam_status cam_request_motion(const struct cam_request_target *target,
                                   const struct cam_request_motion *motion, size_t *len_bytes)
{
    const struct cam_event_record *event = motion->event;
    struct draft draft;
    char event_id[CAM_EVENT_ID_CHARS + 1];
    char boot_id[CAM_BOOT_ID_CHARS + 1];

    cam_request_write_event_id(event_id, event->boot_id, event->seq);
    cam_request_write_boot_id(boot_id, event->boot_id);
    begin(&draft, target, "POST");
    cam_text_add(&draft.http.head, "/api/events/motion");
    begin_json(&draft, target);
    cam_http_writer_add_header(&draft.http, "traceparent", motion->traceparent);
    cam_json_add_string(&draft.json, "device_id", target->device_id);
    cam_json_add_milli(&draft.json, "timestamp",
                       motion->wall_ms != 0 ? motion->wall_ms : event->monotonic_ms);
    cam_json_add_uint(&draft.json, "motion_score", event->score);
    cam_json_add_bool(&draft.json, "camera_enabled", event->camera_enabled);
    cam_json_add_string(&draft.json, "event_id", event_id);
    cam_json_add_string(&draft.json, "boot_id", boot_id);
    cam_json_add_uint(&draft.json, "monotonic_ms", event->monotonic_ms);
    if (motion->same_boot) {
        cam_json_add_uint(&draft.json, "sent_monotonic_ms", motion->monotonic_ms);
    }
    cam_json_add_string(&draft.json, "clock_quality", motion->wall_ms != 0 ? "synced" : "unset");
    return end_json(&draft, len_bytes);
}

enum cam_status cam_request_picture(const struct cam_request_target *target,
                                    const struct cam_request_picture *picture, size_t picture_bytes,
                                    size_t *len_bytes)
{
    struct draft draft;

    begin(&draft, target, "POST");
    cam_text_add(&draft.http.head, "/api/images/upload");
    add_host_and_token(&draft, target);
    cam_http_writer_add_header(&draft.http, "Content-Type", "image/jpeg");
    cam_http_writer_add_header(&draft.http, "X-Device-ID", target->device_id);
    if (picture->event_id[0] != '\0') {
        cam_http_writer_add_header(&draft.http, "X-Event-ID", picture->event_id);
    }
    if (picture->traceparent[0] != '\0') {
        cam_http_writer_add_header(&draft.http, "traceparent", picture->traceparent);
    }
    cam_text_add(&draft.http.head, "Content-Digest: sha-256=:");
    cam_base64_add(&draft.http.head, picture->sha256, CAM_SHA256_BYTES);
    cam_text_add(&draft.http.head, ":\r\n");
    cam_http_writer_add_uint(&draft.http, "X-Frame-Age-Ms", picture->age_ms);
    cam_http_writer_add_uint(&draft.http, "X-Privacy-Generation", picture->privacy_generation);
    return cam_http_writer_end(&draft.http, true, picture_bytes, len_bytes);
}

enum cam_status cam_request_commands(const struct cam_request_target *target, uint32_t wait_s,
                                     size_t *len_bytes)
{
    struct draft draft;

    begin(&draft, target, "GET");
    add_path_of_device(&draft, target);
    cam_text_add(&draft.http.head, "/commands?wait_s=");
    cam_text_add_uint(&draft.http.head, wait_s);
    add_host_and_token(&draft, target);
    return cam_http_writer_end(&draft.http, false, 0, len_bytes);
}

enum cam_status cam_request_result(const struct cam_request_target *target, const char *command_id,
                                   bool succeeded, const char *detail, size_t *len_bytes)
{
    struct draft draft;

    begin(&draft, target, "POST");
    add_path_of_device(&draft, target);
    cam_text_add(&draft.http.head, "/commands/");
    cam_text_add(&draft.http.head, command_id);
    cam_text_add(&draft.http.head, "/result");
    begin_json(&draft, target);
    cam_json_add_string(&draft.json, "status", succeeded ? "succeeded" : "failed");
    if (detail[0] != '\0') {
        cam_json_add_string(&draft.json, "detail", detail);
    }
    return end_json(&draft, len_bytes);
}

enum cam_status cam_request_switch(const struct cam_request_target *target, bool locked, uint32_t generation,
                                   size_t *len_bytes)
{
    struct draft draft;

    begin(&draft, target, "POST");
    add_path_of_device(&draft, target);
    cam_text_add(&draft.http.head, "/privacy/switch");
    begin_json(&draft, target);
    cam_json_add_bool(&draft.json, "locked", locked);
    cam_json_add_uint(&draft.json, "generation", generation);
    return end_json(&draft, len_bytes);
}
