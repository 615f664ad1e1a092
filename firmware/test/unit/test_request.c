#include "cam/request.h"

#include "cam/json_reader.h"
#include "testing.h"

static char s_buffer[CAM_REQUEST_BYTES + 1];
static char s_token[CAM_TOKEN_MAX_CHARS + 1];
static char s_host[CAM_HOST_MAX_CHARS + 1];
static char s_key[CAM_KEY_MAX_CHARS + 1];
static const uint8_t s_secret[CAM_SECRET_BYTES] = {1, 2, 3};

static struct cam_request_target target(void)
{
    return (struct cam_request_target){
        .buffer = s_buffer, .host = "10.0.2.2", .port = 80, .token = "t", .device_id = "24:6F:28:AA:BB:CC"};
}

/* With everything as long as the settings allow. */
static struct cam_request_target longest_target(void)
{
    struct cam_request_target longest = target();

    memset(s_token, 't', CAM_TOKEN_MAX_CHARS);
    memset(s_host, 'h', CAM_HOST_MAX_CHARS);
    longest.host = s_host;
    longest.port = 65535;
    longest.token = s_token;
    return longest;
}

static void expect_text(size_t len_bytes, const char *wanted)
{
    s_buffer[len_bytes] = '\0';
    assert_string_equal(s_buffer, wanted);
}

static void test_heartbeat_byte_for_byte(void **state)
{
    const struct cam_request_target to = target();
    struct cam_request_heartbeat heartbeat = {.monotonic_ms = 61999,
                                              .free_heap_bytes = 142336,
                                              .largest_free_block_bytes = 90112,
                                              .boot_id = "b7f3a1c09e2d4456",
                                              .reset_reason = "power_on"};
    size_t len_bytes;

    (void)state;
    assert_int_equal(cam_request_heartbeat(&to, &heartbeat, &len_bytes), CAM_OK);
    expect_text(
        len_bytes,
        "POST /api/heartbeat HTTP/1.1\r\nHost: 10.0.2.2\r\nAuthorization: Bearer t\r\n"
        "Content-Length: 240\r\n\r\n"
        "{\"uptime\":61,\"free_heap\":142336,\"camera_enabled\":false,\"boot_id\":\"b7f3a1c09e2d4456\","
        "\"monotonic_ms\":61999,\"clock_quality\":\"unset\",\"largest_free_block\":90112,"
        "\"reset_reason\":\"power_on\",\"brownout_count\":0,\"queue_depth\":0,\"privacy_generation\":0}");
    heartbeat.clock_is_set = true;
    heartbeat.rssi_dbm = -61;
    heartbeat.camera_enabled = true;
    heartbeat.events_dropped = 7;
    assert_int_equal(cam_request_heartbeat(&to, &heartbeat, &len_bytes), CAM_OK);
    expect_text(len_bytes,
                "POST /api/heartbeat HTTP/1.1\r\nHost: 10.0.2.2\r\nAuthorization: Bearer t\r\n"
                "Content-Length: 245\r\n\r\n"
                "{\"uptime\":61,\"free_heap\":142336,\"rssi\":-61,\"camera_enabled\":true,"
                "\"boot_id\":\"b7f3a1c09e2d4456\",\"monotonic_ms\":61999,\"largest_free_block\":90112,"
                "\"reset_reason\":\"power_on\",\"brownout_count\":0,\"queue_depth\":0,\"events_dropped\":7,"
                "\"privacy_generation\":0}");
}

static void test_token_and_address_are_left_out_where_there_are_none(void **state)
{
    struct cam_request_target to = target();
    const struct cam_request_registration registration = {.device_type = "esp32cam",
                                                          .firmware_version = "1.0.0",
                                                          .ip_address = "",
                                                          .enrolment_key = "",
                                                          .secret = s_secret,
                                                          .boot_id = "b"};
    size_t len_bytes;

    (void)state;
    to.token = NULL;
    to.port = 5000;
    assert_int_equal(cam_request_register(&to, &registration, &len_bytes), CAM_OK);
    expect_text(
        len_bytes,
        "POST /api/devices/register HTTP/1.1\r\nHost: 10.0.2.2:5000\r\n"
        "Content-Type: application/json\r\nContent-Length: 227\r\n\r\n"
        "{\"device_id\":\"24:6F:28:AA:BB:CC\",\"device_type\":\"esp32cam\",\"firmware_version\":\"1.0.0\","
        "\"capabilities\":[\"camera\",\"motion_detection\"],\"device_secret\":"
        "\"0102030000000000000000000000000000000000000000000000000000000000\",\"boot_id\":\"b\"}");
}

static void test_longest_values_fit(void **state)
{
    const struct cam_request_target to = longest_target();
    const struct cam_event_record event = {.seq = UINT32_MAX, .monotonic_ms = UINT64_MAX, .score = 100};
    const struct cam_request_registration registration = {.device_type = "esp32cam-emulated",
                                                          .firmware_version =
                                                              "v12.34.56-1234-g0123456789ab-dirty",
                                                          .ip_address = "255.255.255.255",
                                                          .enrolment_key = s_key,
                                                          .secret = s_secret,
                                                          .boot_id = "b7f3a1c09e2d4456"};
    const struct cam_request_heartbeat heartbeat = {.monotonic_ms = UINT64_MAX,
                                                    .free_heap_bytes = UINT32_MAX,
                                                    .largest_free_block_bytes = UINT32_MAX,
                                                    .rssi_dbm = INT16_MIN,
                                                    .boot_id = "b7f3a1c09e2d4456",
                                                    .reset_reason = "interrupt_watchdog",
                                                    .brownouts = UINT32_MAX,
                                                    .queue_depth = UINT32_MAX,
                                                    .events_dropped = UINT32_MAX,
                                                    .privacy_generation = UINT32_MAX};
    const struct cam_request_motion motion = {.event = &event,
                                              .wall_ms = UINT64_MAX,
                                              .same_boot = true,
                                              .monotonic_ms = UINT64_MAX,
                                              .traceparent =
                                                  "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"};
    const struct cam_request_picture picture = {.event_id = "b7f3a1c09e2d4456-4294967295",
                                                .sha256 = s_secret,
                                                .age_ms = UINT64_MAX,
                                                .privacy_generation = UINT32_MAX,
                                                .traceparent = motion.traceparent};
    const char *body;
    struct cam_json root;
    size_t len_bytes;

    (void)state;
    memset(s_key, '"', CAM_KEY_MAX_CHARS);
    assert_int_equal(cam_request_register(&to, &registration, &len_bytes), CAM_OK);
    s_buffer[len_bytes] = '\0';
    body = strstr(s_buffer, "\r\n\r\n") + 4;
    assert_int_equal(cam_json_parse(body, strlen(body), &root), CAM_OK);
    assert_int_equal(cam_request_heartbeat(&to, &heartbeat, &len_bytes), CAM_OK);
    assert_int_equal(cam_request_motion(&to, &motion, &len_bytes), CAM_OK);
    assert_int_equal(cam_request_picture(&to, &picture, SIZE_MAX, &len_bytes), CAM_OK);
    assert_int_equal(cam_request_commands(&to, UINT32_MAX, &len_bytes), CAM_OK);
    assert_int_equal(cam_request_switch(&to, true, UINT32_MAX, &len_bytes), CAM_OK);
    assert_int_equal(
        cam_request_result(&to, "019b76da-a800-7c31-b9a4-0d2a4c1e9b11", false, "short", &len_bytes), CAM_OK);
}

static void test_what_does_not_fit_is_not_sent(void **state)
{
    static char detail[1000];
    struct cam_request_target to = target();
    size_t len_bytes = 1;

    (void)state;
    memset(detail, 'd', sizeof detail - 1);
    assert_int_equal(cam_request_result(&to, "c", false, detail, &len_bytes), CAM_TOO_LONG);
    assert_int_equal(len_bytes, 0);
    to.token = detail;
    assert_int_equal(cam_request_commands(&to, 1, &len_bytes), CAM_TOO_LONG);
    assert_int_equal(len_bytes, 0);
}

static void test_ids(void **state)
{
    static const uint8_t s_boot_id[CAM_BOOT_ID_BYTES] = {0xb7, 0xf3, 0xa1, 0xc0, 0x9e, 0x2d, 0x44, 0x56};
    char event_id[CAM_EVENT_ID_CHARS + 1];
    char boot_id[CAM_BOOT_ID_CHARS + 1];

    (void)state;
    cam_request_write_boot_id(boot_id, s_boot_id);
    assert_string_equal(boot_id, "b7f3a1c09e2d4456");
    cam_request_write_event_id(event_id, s_boot_id, 17);
    assert_string_equal(event_id, "b7f3a1c09e2d4456-17");
    cam_request_write_event_id(event_id, s_boot_id, UINT32_MAX);
    assert_string_equal(event_id, "b7f3a1c09e2d4456-4294967295");
}

RUN(TEST(test_heartbeat_byte_for_byte), TEST(test_token_and_address_are_left_out_where_there_are_none),
    TEST(test_longest_values_fit), TEST(test_what_does_not_fit_is_not_sent), TEST(test_ids))
