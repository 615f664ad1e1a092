/* Any body as the answer to each request: what is taken from it is within its ranges. A vector of the
 * contract is read as its response's body. */
#include "cam/answer.h"

#include <stdlib.h>
#include <string.h>

#include "cam/json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_registered(const char *body, size_t len_bytes)
{
    struct cam_answer_registered answer;

    if (cam_answer_read_registered(body, len_bytes, &answer) != CAM_OK) {
        return;
    }
    check(memchr(answer.token, 0, sizeof answer.token) != NULL && answer.token[0] != '\0');
    for (const char *at = answer.token; *at != '\0'; at++) {
        check(*at > ' ' && *at <= '~');
    }
    check(answer.heartbeat_interval_s <= 3600);
}

static void check_command(const struct cam_command *command)
{
    check(memchr(command->id, 0, sizeof command->id) != NULL && command->id[0] != '\0');
    check(strpbrk(command->id, "/?# \r\n%.") == NULL);
    if (command->kind == CAM_COMMAND_SET_CONFIG && !command->parameters_are_bad) {
        check(command->heartbeat_interval_s == 0 ||
              (command->heartbeat_interval_s >= 10 && command->heartbeat_interval_s <= 3600));
        check(command->motion_threshold_milli <= 100000 || command->motion_threshold_milli == UINT32_MAX);
        check(command->frame_size < CAM_FRAME_SIZES || command->frame_size == UINT32_MAX);
        check(command->jpeg_quality <= 63);
    }
    if (command->kind == CAM_COMMAND_SET_PRIVACY) {
        check(command->privacy.is_said != command->parameters_are_bad);
    }
}

static void check_all(const char *body, size_t len_bytes)
{
    struct cam_answer_heartbeat heartbeat;
    struct cam_answer_privacy privacy;
    struct cam_command commands[CAM_COMMANDS_MAX];
    uint64_t number;
    size_t count;

    check_registered(body, len_bytes);
    if (cam_answer_read_heartbeat(body, len_bytes, &heartbeat) == CAM_OK) {
        check(heartbeat.next_heartbeat_ms <= 3600000);
    }
    if (cam_answer_read_pending(body, len_bytes, &number) == CAM_OK) {
        check(number <= UINT32_MAX);
    }
    (void)cam_answer_read_status(body, len_bytes, "received", &number);
    if (cam_answer_read_privacy(body, len_bytes, &privacy) == CAM_OK) {
        check(privacy.is_said);
    }
    (void)cam_answer_is_problem(body, len_bytes, 401);
    (void)cam_answer_read_commands(body, len_bytes, commands, &count);
    check(count <= CAM_COMMANDS_MAX);
    for (size_t i = 0; i < count; i++) {
        check_command(&commands[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    /* A copy of exactly this length, so that ASan sees a read past its end. */
    char *copy = malloc(len_bytes + 1);
    struct cam_json value;

    if (copy == NULL) {
        return 0;
    }
    if (len_bytes > 0) {
        memcpy(copy + 1, data, len_bytes);
    }
    if (cam_json_parse(copy + 1, len_bytes, &value) == CAM_OK &&
        cam_json_find(value, "response", &value) == CAM_OK &&
        cam_json_find(value, "body", &value) == CAM_OK) {
        char *body = malloc(value.len_bytes);

        if (body != NULL) {
            memcpy(body, value.data, value.len_bytes);
            check_all(body, value.len_bytes);
            free(body);
        }
    } else {
        check_all(copy + 1, len_bytes);
    }
    free(copy);
    return 0;
}
