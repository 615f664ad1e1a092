#include "cam/answer.h"

#include <stdio.h>

#include "testing.h"

static struct cam_command s_commands[CAM_COMMANDS_MAX];
static size_t s_count;

static enum cam_status read_registered(const char *body, struct cam_answer_registered *answer)
{
    memset(answer, 0xA5, sizeof *answer);
    return cam_answer_read_registered(body, strlen(body), answer);
}

static enum cam_status read_heartbeat(const char *body, struct cam_answer_heartbeat *answer)
{
    memset(answer, 0xA5, sizeof *answer);
    return cam_answer_read_heartbeat(body, strlen(body), answer);
}

static enum cam_status read_commands(const char *body)
{
    memset(s_commands, 0xA5, sizeof s_commands);
    return cam_answer_read_commands(body, strlen(body), s_commands, &s_count);
}

/* One command with an id, of this kind, with what follows the kind. */
static const struct cam_command *read_one(const char *kind, const char *rest)
{
    char body[512];

    (void)snprintf(body, sizeof body, "{\"commands\":[{\"command_id\":\"1\",\"kind\":%s%s}]}", kind, rest);
    assert_int_equal(read_commands(body), CAM_OK);
    assert_int_equal(s_count, 1);
    assert_string_equal(s_commands[0].id, "1");
    return &s_commands[0];
}

static void test_no_answer_of_a_hub(void **state)
{
    static const char *const s_bodies[] = {"",
                                           "<html>Log in to the network</html>",
                                           "null",
                                           "[]",
                                           "{}",
                                           "{\"status\":\"okay\"}",
                                           "{\"status\":null}",
                                           "{\"status\":\"OK\"}",
                                           "{\"status\":\"ok\"",
                                           "[{\"status\":\"ok\"}]"};
    struct cam_answer_registered registered;
    struct cam_answer_heartbeat heartbeat;
    struct cam_answer_privacy privacy;
    uint64_t number;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_bodies); i++) {
        size_t len_bytes = strlen(s_bodies[i]);

        assert_int_equal(read_registered(s_bodies[i], &registered), CAM_GARBAGE);
        assert_int_equal(read_heartbeat(s_bodies[i], &heartbeat), CAM_GARBAGE);
        assert_int_equal(cam_answer_read_pending(s_bodies[i], len_bytes, &number), CAM_GARBAGE);
        assert_int_equal(cam_answer_read_status(s_bodies[i], len_bytes, "ok", &number), CAM_GARBAGE);
        assert_int_equal(cam_answer_read_privacy(s_bodies[i], len_bytes, &privacy), CAM_GARBAGE);
        assert_int_equal(read_commands(s_bodies[i]), CAM_GARBAGE);
        assert_int_equal(s_count, 0);
        assert_false(cam_answer_is_problem(s_bodies[i], len_bytes, 200));
    }
}

static void test_token_is_what_a_header_can_carry(void **state)
{
    static const char *const s_bad[] = {
        "{\"status\":\"registered\"}",
        "{\"status\":\"registered\",\"token\":\"\"}",
        "{\"status\":\"registered\",\"token\":7}",
        "{\"status\":\"registered\",\"token\":\"a b\"}",
        "{\"status\":\"registered\",\"token\":\"a\\r\\nX-Evil: 1\"}",
        "{\"status\":\"registered\",\"token\":\"a\\u007f\"}",
        "{\"status\":\"registered\",\"token\":\"\\u00e4\"}",
        "{\"status\":\"registered\",\"token\":\"a\\u0000b\"}",
    };
    struct cam_answer_registered answer;
    char body[512];
    char token[CAM_TOKEN_MAX_CHARS + 2];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_bad); i++) {
        assert_int_equal(read_registered(s_bad[i], &answer), CAM_GARBAGE);
    }
    memset(token, '~', sizeof token);
    token[CAM_TOKEN_MAX_CHARS + 1] = '\0';
    (void)snprintf(body, sizeof body, "{\"status\":\"registered\",\"token\":\"%s\"}", token);
    assert_int_equal(read_registered(body, &answer), CAM_GARBAGE);
    (void)snprintf(body, sizeof body, "{\"status\":\"registered\",\"token\":\"%s\"}", token + 1);
    assert_int_equal(read_registered(body, &answer), CAM_OK);
    assert_string_equal(answer.token, token + 1);
}

static void test_numbers_that_are_none_were_not_said(void **state)
{
    static const char *const s_bodies[] = {
        "{\"status\":\"ok\"}",
        "{\"status\":\"ok\",\"server_time_ms\":\"1767225600412\",\"next_heartbeat_ms\":-1,\"pending_"
        "commands\":1.5}",
        "{\"status\":\"ok\",\"server_time_ms\":1e12,\"next_heartbeat_ms\":null,\"pending_commands\":[1]}",
        "{\"status\":\"ok\",\"server_time_ms\":18446744073709551616,\"privacy\":7}",
    };
    struct cam_answer_heartbeat answer;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_bodies); i++) {
        assert_int_equal(read_heartbeat(s_bodies[i], &answer), CAM_OK);
        assert_int_equal(answer.server_time_ms, 0);
        assert_int_equal(answer.next_heartbeat_ms, 0);
        assert_int_equal(answer.pending_commands, 0);
        assert_false(answer.privacy.is_said);
    }
}

static void test_numbers_are_held_to_their_ranges(void **state)
{
    struct cam_answer_heartbeat heartbeat;
    struct cam_answer_registered registered;
    uint64_t retry_after_s;
    static const char s_pending[] = "{\"status\":\"pending\",\"retry_after_seconds\":99999999999}";

    (void)state;
    assert_int_equal(read_heartbeat("{\"status\":\"ok\",\"next_heartbeat_ms\":3600001,"
                                    "\"pending_commands\":99999999999}",
                                    &heartbeat),
                     CAM_OK);
    assert_int_equal(heartbeat.next_heartbeat_ms, 3600000);
    assert_int_equal(heartbeat.pending_commands, UINT32_MAX);
    assert_int_equal(read_registered("{\"status\":\"registered\",\"token\":\"t\","
                                     "\"heartbeat_interval_seconds\":86400,\"expires_at\":\"tomorrow\"}",
                                     &registered),
                     CAM_OK);
    assert_int_equal(registered.heartbeat_interval_s, 3600);
    assert_int_equal(registered.expires_ms, 0);
    assert_int_equal(cam_answer_read_pending(s_pending, sizeof s_pending - 1, &retry_after_s), CAM_OK);
    assert_int_equal(retry_after_s, UINT32_MAX);
}

static void test_dates_before_1970_were_not_said(void **state)
{
    struct cam_answer_registered answer;

    (void)state;
    assert_int_equal(read_registered("{\"status\":\"registered\",\"token\":\"t\","
                                     "\"expires_at\":\"1969-12-31T23:59:59Z\"}",
                                     &answer),
                     CAM_OK);
    assert_int_equal(answer.expires_ms, 0);
    assert_int_equal(read_registered("{\"status\":\"registered\",\"token\":\"t\",\"expires_at\":"
                                     "\"2026-01-31T00:00:00.412000000000000000000000000000Z\"}",
                                     &answer),
                     CAM_OK);
    assert_int_equal(answer.expires_ms, 0);
}

static void test_privacy_is_whole_or_not_said(void **state)
{
    static const struct {
        const char *privacy;
        bool is_said;
    } s_cases[] = {{"{\"locked\":true,\"generation\":4294967295}", true},
                   {"{\"locked\":false,\"generation\":0,\"later\":[{}]}", true},
                   {"{\"locked\":true,\"generation\":4294967296}", false},
                   {"{\"locked\":true}", false},
                   {"{\"generation\":3}", false},
                   {"{\"locked\":\"true\",\"generation\":3}", false},
                   {"{\"locked\":true,\"generation\":\"3\"}", false},
                   {"{\"locked\":1,\"generation\":3}", false},
                   {"[true,3]", false},
                   {"null", false}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        struct cam_answer_heartbeat answer;
        struct cam_answer_privacy privacy;
        char body[128];

        (void)snprintf(body, sizeof body, "{\"status\":\"ok\",\"privacy\":%s}", s_cases[i].privacy);
        assert_int_equal(read_heartbeat(body, &answer), CAM_OK);
        assert_int_equal(answer.privacy.is_said, s_cases[i].is_said);
        assert_int_equal(cam_answer_read_privacy(body, strlen(body), &privacy),
                         s_cases[i].is_said ? CAM_OK : CAM_GARBAGE);
    }
}

static void test_kinds_of_commands(void **state)
{
    static const struct {
        const char *kind;
        enum cam_command_kind is;
    } s_cases[] = {{"\"capture\"", CAM_COMMAND_CAPTURE},
                   {"\"set_privacy\"", CAM_COMMAND_SET_PRIVACY},
                   {"\"set_config\"", CAM_COMMAND_SET_CONFIG},
                   {"\"identify\"", CAM_COMMAND_IDENTIFY},
                   {"\"reboot\"", CAM_COMMAND_REBOOT},
                   {"\"ota\"", CAM_COMMAND_UNKNOWN},
                   {"7", CAM_COMMAND_UNKNOWN},
                   {"null", CAM_COMMAND_UNKNOWN}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        assert_int_equal(read_one(s_cases[i].kind, ",\"parameters\":{}")->kind, s_cases[i].is);
    }
    assert_int_equal(read_commands("{\"commands\":[{\"command_id\":\"a\"}]}"), CAM_OK);
    assert_int_equal(s_count, 1);
    assert_int_equal(s_commands[0].kind, CAM_COMMAND_UNKNOWN);
    assert_int_equal(s_commands[0].expires_ms, 0);
}

static void test_set_config(void **state)
{
    static const char *const s_bad[] = {
        ",\"parameters\":{}",
        ",\"parameters\":[]",
        ",\"parameters\":null",
        "",
        ",\"heartbeat_interval_seconds\":30", /* beside the parameters */
        ",\"parameters\":{\"heartbeat_interval_seconds\":9}",
        ",\"parameters\":{\"heartbeat_interval_seconds\":3601}",
        ",\"parameters\":{\"heartbeat_interval_seconds\":\"30\"}",
        ",\"parameters\":{\"heartbeat_interval_seconds\":30.5}",
        ",\"parameters\":{\"jpeg_quality\":9}",
        ",\"parameters\":{\"jpeg_quality\":64}",
        ",\"parameters\":{\"motion_threshold\":100.001}",
        ",\"parameters\":{\"motion_threshold\":-1}",
        ",\"parameters\":{\"motion_threshold\":\"5\"}",
        ",\"parameters\":{\"frame_size\":\"8k\"}",
        ",\"parameters\":{\"frame_size\":1}",
        ",\"parameters\":{\"brightness\":3}",
        ",\"parameters\":{\"jpeg_quality\":12,\"brightness\":3}",
        ",\"parameters\":{\"brightness\":3,\"jpeg_quality\":12}",
    };
    const struct cam_command *command;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_bad); i++) {
        if (!read_one("\"set_config\"", s_bad[i])->parameters_are_bad) {
            fail_msg("accepted: %s", s_bad[i]);
        }
    }
    command =
        read_one("\"set_config\"", ",\"parameters\":{\"heartbeat_interval_seconds\":3600,"
                                   "\"jpeg_quality\":63,\"motion_threshold\":12.5,\"frame_size\":\"uxga\"}");
    assert_false(command->parameters_are_bad);
    assert_int_equal(command->heartbeat_interval_s, 3600);
    assert_int_equal(command->jpeg_quality, 63);
    assert_int_equal(command->motion_threshold_milli, 12500);
    assert_int_equal(command->frame_size, CAM_FRAME_UXGA);
    command = read_one("\"set_config\"", ",\"parameters\":{\"frame_size\":\"qvga\",\"motion_threshold\":0}");
    assert_false(command->parameters_are_bad);
    assert_int_equal(command->heartbeat_interval_s, 0);
    assert_int_equal(command->jpeg_quality, 0);
    assert_int_equal(command->motion_threshold_milli, 0);
    assert_int_equal(command->frame_size, CAM_FRAME_QVGA);
}

static void test_set_privacy(void **state)
{
    const struct cam_command *command;

    (void)state;
    command = read_one("\"set_privacy\"", ",\"parameters\":{\"locked\":true,\"generation\":9}");
    assert_false(command->parameters_are_bad);
    assert_true(command->privacy.locked);
    assert_int_equal(command->privacy.generation, 9);
    assert_true(read_one("\"set_privacy\"", ",\"parameters\":{\"locked\":true}")->parameters_are_bad);
    assert_true(read_one("\"set_privacy\"", "")->parameters_are_bad);
    /* What stands beside the parameters is none of them. */
    assert_true(read_one("\"set_privacy\"", ",\"locked\":false,\"generation\":9")->parameters_are_bad);
}

static void test_commands_without_a_usable_id_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(
        read_commands("{\"commands\":[{\"kind\":\"reboot\"},{\"command_id\":7,\"kind\":\"reboot\"},"
                      "{\"command_id\":\"\"},{\"command_id\":\"../../x\"},{\"command_id\":\"a b\"},7,null,[],"
                      "{\"command_id\":\"0123456789012345678901234567890123456\"},"
                      "{\"command_id\":\"019B76DA-a800\",\"kind\":\"identify\",\"expires_at\":7}]}"),
        CAM_OK);
    assert_int_equal(s_count, 1);
    assert_string_equal(s_commands[0].id, "019B76DA-a800");
    assert_int_equal(s_commands[0].expires_ms, 0);
}

static void test_at_most_four_commands_of_one_poll(void **state)
{
    (void)state;
    assert_int_equal(read_commands("{\"commands\":[]}"), CAM_OK);
    assert_int_equal(s_count, 0);
    assert_int_equal(read_commands("{\"commands\":7}"), CAM_OK);
    assert_int_equal(s_count, 0);
    assert_int_equal(read_commands("{\"commands\":[{\"command_id\":\"1\"},{\"command_id\":\"2\"},"
                                   "{\"command_id\":\"3\"},{\"command_id\":\"4\"},{\"command_id\":\"5\"}]}"),
                     CAM_OK);
    assert_int_equal(s_count, CAM_COMMANDS_MAX);
    assert_string_equal(s_commands[3].id, "4");
}

static void test_what_is_a_problem(void **state)
{
    static const char *const s_none[] = {"{\"status\":401}", "{\"status\":\"401\",\"detail\":\"x\"}",
                                         "{\"detail\":\"x\"}", "{\"status\":403,\"detail\":\"x\"}"};
    static const char s_problem[] = "{\"detail\":\"Register again.\",\"status\":401}";

    (void)state;
    assert_true(cam_answer_is_problem(s_problem, sizeof s_problem - 1, 401));
    for (size_t i = 0; i < COUNT_OF(s_none); i++) {
        assert_false(cam_answer_is_problem(s_none[i], strlen(s_none[i]), 401));
    }
}

RUN(TEST(test_no_answer_of_a_hub), TEST(test_token_is_what_a_header_can_carry),
    TEST(test_numbers_that_are_none_were_not_said), TEST(test_numbers_are_held_to_their_ranges),
    TEST(test_dates_before_1970_were_not_said), TEST(test_privacy_is_whole_or_not_said),
    TEST(test_kinds_of_commands), TEST(test_set_config), TEST(test_set_privacy),
    TEST(test_commands_without_a_usable_id_are_passed_over), TEST(test_at_most_four_commands_of_one_poll),
    TEST(test_what_is_a_problem))
