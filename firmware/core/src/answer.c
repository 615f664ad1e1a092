#include "cam/answer.h"

#include <string.h>

#include "cam/calendar.h"
#include "cam/json_reader.h"

#define HOUR_MS 3600000u

static uint64_t read_uint(struct cam_json object, const char *name, uint64_t max)
{
    struct cam_json value;
    uint64_t number;

    if (cam_json_find(object, name, &value) != CAM_OK || cam_json_read_uint(value, &number) != CAM_OK) {
        return 0;
    }
    return number > max ? max : number;
}

static uint64_t read_time(struct cam_json object, const char *name)
{
    struct cam_json value;
    char text[40];
    int64_t time_ms;

    if (cam_json_find(object, name, &value) != CAM_OK ||
        cam_json_read_string(value, text, sizeof text) != CAM_OK) {
        return 0;
    }
    time_ms = cam_calendar_read_rfc3339(text, strlen(text));
    return time_ms > 0 ? (uint64_t)time_ms : 0;
}

static void read_state(struct cam_json state, struct cam_answer_privacy *privacy)
{
    struct cam_json value;
    uint64_t generation;

    *privacy = (struct cam_answer_privacy){0};
    if (cam_json_find(state, "locked", &value) != CAM_OK ||
        cam_json_read_bool(value, &privacy->locked) != CAM_OK ||
        cam_json_find(state, "generation", &value) != CAM_OK ||
        cam_json_read_uint(value, &generation) != CAM_OK || generation > UINT32_MAX) {
        return;
    }
    privacy->is_said = true;
    privacy->generation = (uint32_t)generation;
}

static void read_privacy(struct cam_json object, struct cam_answer_privacy *privacy)
{
    struct cam_json state;

    *privacy = (struct cam_answer_privacy){0};
    if (cam_json_find(object, "privacy", &state) == CAM_OK) {
        read_state(state, privacy);
    }
}

static bool is_status(const char *body, size_t len_bytes, const char *status, struct cam_json *root)
{
    struct cam_json value;

    return cam_json_parse(body, len_bytes, root) == CAM_OK &&
           cam_json_find(*root, "status", &value) == CAM_OK && cam_json_equals(value, status);
}

/* What a header can carry: a token with a line end in it would be a header of the hub's choice. */
static bool is_token(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

enum cam_status cam_answer_read_registered(const char *body, size_t len_bytes,
                                           struct cam_answer_registered *answer)
{
    struct cam_json root;
    struct cam_json value;

    if (!is_status(body, len_bytes, "registered", &root) || cam_json_find(root, "token", &value) != CAM_OK ||
        cam_json_read_string(value, answer->token, sizeof answer->token) != CAM_OK ||
        answer->token[0] == '\0' || !is_token(answer->token)) {
        return CAM_GARBAGE;
    }
    answer->expires_ms = read_time(root, "expires_at");
    answer->server_time_ms = read_uint(root, "server_time_ms", UINT64_MAX);
    answer->heartbeat_interval_s = (uint32_t)read_uint(root, "heartbeat_interval_seconds", 3600);
    read_privacy(root, &answer->privacy);
    return CAM_OK;
}

enum cam_status cam_answer_read_pending(const char *body, size_t len_bytes, uint64_t *retry_after_s)
{
    struct cam_json root;

    if (!is_status(body, len_bytes, "pending", &root)) {
        return CAM_GARBAGE;
    }
    *retry_after_s = read_uint(root, "retry_after_seconds", UINT32_MAX);
    return CAM_OK;
}

enum cam_status cam_answer_read_heartbeat(const char *body, size_t len_bytes,
                                          struct cam_answer_heartbeat *answer)
{
    struct cam_json root;

    if (!is_status(body, len_bytes, "ok", &root)) {
        return CAM_GARBAGE;
    }
    answer->server_time_ms = read_uint(root, "server_time_ms", UINT64_MAX);
    answer->next_heartbeat_ms = (uint32_t)read_uint(root, "next_heartbeat_ms", HOUR_MS);
    answer->pending_commands = (uint32_t)read_uint(root, "pending_commands", UINT32_MAX);
    read_privacy(root, &answer->privacy);
    return CAM_OK;
}

enum cam_status cam_answer_read_status(const char *body, size_t len_bytes, const char *status,
                                       uint64_t *server_time_ms)
{
    struct cam_json root;

    if (!is_status(body, len_bytes, status, &root)) {
        return CAM_GARBAGE;
    }
    *server_time_ms = read_uint(root, "server_time_ms", UINT64_MAX);
    return CAM_OK;
}

enum cam_status cam_answer_read_privacy(const char *body, size_t len_bytes,
                                        struct cam_answer_privacy *privacy)
{
    struct cam_json root;

    if (cam_json_parse(body, len_bytes, &root) != CAM_OK) {
        return CAM_GARBAGE;
    }
    read_privacy(root, privacy);
    return privacy->is_said ? CAM_OK : CAM_GARBAGE;
}

bool cam_answer_is_problem(const char *body, size_t len_bytes, int status)
{
    struct cam_json root;
    struct cam_json value;
    uint64_t number = 0;

    return cam_json_parse(body, len_bytes, &root) == CAM_OK &&
           cam_json_find(root, "status", &value) == CAM_OK && cam_json_read_uint(value, &number) == CAM_OK &&
           number == (uint64_t)status && cam_json_find(root, "detail", &value) == CAM_OK;
}

static enum cam_command_kind read_kind(struct cam_json value)
{
    static const char *const s_names[] = {NULL, "capture", "set_privacy", "set_config", "identify", "reboot"};

    for (int i = CAM_COMMAND_CAPTURE; i <= CAM_COMMAND_REBOOT; i++) {
        if (cam_json_equals(value, s_names[i])) {
            return (enum cam_command_kind)i;
        }
    }
    return CAM_COMMAND_UNKNOWN;
}

static bool is_name(struct cam_json name, const char *wanted)
{
    return name.len_bytes == strlen(wanted) && memcmp(name.data, wanted, name.len_bytes) == 0;
}

static bool read_in_range(struct cam_json value, uint64_t min, uint64_t max, uint32_t *result)
{
    uint64_t number;

    if (cam_json_read_uint(value, &number) != CAM_OK || number < min || number > max) {
        return false;
    }
    *result = (uint32_t)number;
    return true;
}

/* One parameter of set_config. False when it is none or out of range. */
static bool read_parameter(struct cam_json name, struct cam_json value, struct cam_command *command)
{
    static const char *const s_sizes[CAM_FRAME_SIZES] = {"qvga", "vga", "svga", "xga", "uxga"};
    uint64_t milli;

    if (is_name(name, "heartbeat_interval_seconds")) {
        return read_in_range(value, 10, 3600, &command->heartbeat_interval_s);
    }
    if (is_name(name, "jpeg_quality")) {
        return read_in_range(value, 10, 63, &command->jpeg_quality);
    }
    if (is_name(name, "motion_threshold")) {
        if (cam_json_read_milli(value, &milli) != CAM_OK || milli > 100000) {
            return false;
        }
        command->motion_threshold_milli = (uint32_t)milli;
        return true;
    }
    if (is_name(name, "frame_size")) {
        for (uint32_t i = 0; i < CAM_FRAME_SIZES; i++) {
            if (cam_json_equals(value, s_sizes[i])) {
                command->frame_size = i;
                return true;
            }
        }
    }
    return false;
}

static void read_parameters(struct cam_json parameters, struct cam_command *command)
{
    struct cam_json name;
    struct cam_json value;
    size_t at = 0;
    bool any = false;

    command->motion_threshold_milli = UINT32_MAX;
    command->frame_size = UINT32_MAX;
    if (command->kind == CAM_COMMAND_SET_PRIVACY) {
        read_state(parameters, &command->privacy);
        command->parameters_are_bad = !command->privacy.is_said;
    }
    if (command->kind != CAM_COMMAND_SET_CONFIG) {
        return;
    }
    while (cam_json_next_member(parameters, &at, &name, &value) == CAM_OK) {
        any = true;
        command->parameters_are_bad = command->parameters_are_bad || !read_parameter(name, value, command);
    }
    command->parameters_are_bad = command->parameters_are_bad || !any;
}

/* Ids go into paths, so they hold nothing but what a UUID has. */
static bool is_command_id(const char *id)
{
    return id[0] != '\0' && id[strspn(id, "0123456789abcdefABCDEF-")] == '\0';
}

enum cam_status cam_answer_read_commands(const char *body, size_t len_bytes, struct cam_command *commands,
                                         size_t *count)
{
    struct cam_json root;
    struct cam_json list;
    struct cam_json item;
    size_t at = 0;

    *count = 0;
    if (cam_json_parse(body, len_bytes, &root) != CAM_OK ||
        cam_json_find(root, "commands", &list) != CAM_OK) {
        return CAM_GARBAGE;
    }
    while (*count < CAM_COMMANDS_MAX && cam_json_next(list, &at, &item) == CAM_OK) {
        struct cam_command *command = &commands[*count];
        struct cam_json value;

        *command = (struct cam_command){0};
        if (cam_json_find(item, "command_id", &value) != CAM_OK ||
            cam_json_read_string(value, command->id, sizeof command->id) != CAM_OK ||
            !is_command_id(command->id)) {
            continue; /* there would be no path to answer it by */
        }
        if (cam_json_find(item, "kind", &value) == CAM_OK) {
            command->kind = read_kind(value);
        }
        command->expires_ms = read_time(item, "expires_at");
        if (cam_json_find(item, "parameters", &value) != CAM_OK) {
            value = (struct cam_json){.data = "{}", .len_bytes = 2};
        }
        read_parameters(value, command);
        (*count)++;
    }
    return CAM_OK;
}
