/* What the firmware writes is what integration/contract says, and it reads what the hub answers there. */
#include <stdio.h>

#include "cam/answer.h"
#include "cam/request.h"
#include "contract.h"
#include "testing.h"

#define TOKEN "head.body.signature"
#define JANUARY_MS 1767225600412u /* the contract's time */

static struct contract_vector s_vector;
static char s_buffer[CAM_REQUEST_BYTES];
static const struct cam_request_target s_target = {.buffer = s_buffer,
                                                   .host = "192.168.1.10",
                                                   .port = 5000,
                                                   .token = TOKEN,
                                                   .device_id = "24:6F:28:AA:BB:CC"};

#define NOTHING_OMITTED ((const char *const[]){NULL})

static void read_hex(const char *text, uint8_t *data, size_t len_bytes)
{
    for (size_t i = 0; i < len_bytes; i++) {
        data[i] = (uint8_t)(cam_text_read_hex(text[2 * i]) << 4 | cam_text_read_hex(text[2 * i + 1]));
    }
}

static void test_registrations(void **state)
{
    static const char *const s_names[] = {
        "register/secret.json",           "register/secret-again.json", "register/secret-pending.json",
        "register/secret-revoked.json",   "register/secret-other.json", "register/key.json",
        "register/key-other-secret.json", "register/key-wrong.json",    "register/key-absent.json"};
    struct cam_request_target target = s_target;
    struct cam_json value;

    (void)state;
    target.token = NULL;
    for (size_t i = 0; i < COUNT_OF(s_names); i++) {
        char type[32];
        char version[32];
        char ip[46];
        char secret_text[65];
        char boot_id[17];
        char key[129] = "";
        uint8_t secret[CAM_SECRET_BYTES];
        struct cam_request_registration registration = {.device_type = type,
                                                        .firmware_version = version,
                                                        .ip_address = ip,
                                                        .enrolment_key = key,
                                                        .secret = secret,
                                                        .boot_id = boot_id};
        size_t len_bytes;

        contract_open(&s_vector, s_names[i]);
        contract_read_string(s_vector.body, "device_type", type, sizeof type);
        contract_read_string(s_vector.body, "firmware_version", version, sizeof version);
        contract_read_string(s_vector.body, "ip_address", ip, sizeof ip);
        contract_read_string(s_vector.body, "device_secret", secret_text, sizeof secret_text);
        contract_read_string(s_vector.body, "boot_id", boot_id, sizeof boot_id);
        if (cam_json_find(s_vector.body, "enrolment_key", &value) == CAM_OK) {
            assert_int_equal(cam_json_read_string(value, key, sizeof key), CAM_OK);
        }
        read_hex(secret_text, secret, sizeof secret);
        assert_int_equal(cam_request_register(&target, &registration, &len_bytes), CAM_OK);
        contract_expect_request(&s_vector, s_buffer, len_bytes, "", NOTHING_OMITTED);
    }
}

static void test_heartbeats(void **state)
{
    static const char *const s_names[] = {"heartbeat/full.json", "heartbeat/locked.json"};
    /* The token says who it is, JSON needs no media type (no-id, no-content-type); absent is synced, or 0. */
    static const char *const s_omitted[] = {"device_id",      "Content-Type",  "clock_quality",
                                            "events_dropped", "sleep_seconds", NULL};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_names); i++) {
        char boot_id[17];
        char reason[33];
        struct cam_request_heartbeat heartbeat = {
            .boot_id = boot_id, .reset_reason = reason, .rssi_dbm = -61, .clock_is_set = true};
        size_t len_bytes;

        contract_open(&s_vector, s_names[i]);
        contract_read_string(s_vector.body, "boot_id", boot_id, sizeof boot_id);
        contract_read_string(s_vector.body, "reset_reason", reason, sizeof reason);
        heartbeat.monotonic_ms = contract_read_uint(s_vector.body, "monotonic_ms");
        heartbeat.free_heap_bytes = (uint32_t)contract_read_uint(s_vector.body, "free_heap");
        heartbeat.largest_free_block_bytes =
            (uint32_t)contract_read_uint(s_vector.body, "largest_free_block");
        heartbeat.camera_enabled = contract_read_bool(s_vector.body, "camera_enabled");
        heartbeat.brownouts = (uint32_t)contract_read_uint(s_vector.body, "brownout_count");
        heartbeat.queue_depth = (uint32_t)contract_read_uint(s_vector.body, "queue_depth");
        heartbeat.privacy_generation = (uint32_t)contract_read_uint(s_vector.body, "privacy_generation");
        assert_int_equal(cam_request_heartbeat(&s_target, &heartbeat, &len_bytes), CAM_OK);
        contract_expect_request(&s_vector, s_buffer, len_bytes, TOKEN, s_omitted);
    }
}

static void test_motion_events(void **state)
{
    static const char *const s_names[] = {"motion/full.json", "motion/repeat.json", "motion/replayed.json",
                                          "motion/clock-unset.json", "motion/refused-too-soon.json"};
    struct cam_json value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_names); i++) {
        struct cam_event_record event = {0};
        struct cam_request_motion motion = {
            .event = &event, .same_boot = true, .traceparent = "00-0123-4567-01"};
        char text[CAM_EVENT_ID_CHARS + 1];
        unsigned seq = 0;
        size_t len_bytes;
        bool synced;

        contract_open(&s_vector, s_names[i]);
        contract_read_string(s_vector.body, "event_id", text, sizeof text);
        read_hex(text, event.boot_id, sizeof event.boot_id);
        assert_int_equal(sscanf(text + CAM_BOOT_ID_CHARS, "-%u", &seq), 1);
        event.seq = seq;
        event.monotonic_ms = contract_read_uint(s_vector.body, "monotonic_ms");
        event.score = (uint8_t)contract_read_uint(s_vector.body, "motion_score");
        event.camera_enabled = contract_read_bool(s_vector.body, "camera_enabled");
        motion.monotonic_ms = contract_read_uint(s_vector.body, "sent_monotonic_ms");
        contract_read_string(s_vector.body, "clock_quality", text, sizeof text);
        synced = strcmp(text, "synced") == 0;
        if (synced) {
            assert_int_equal(cam_json_find(s_vector.body, "timestamp", &value), CAM_OK);
            assert_int_equal(cam_json_read_milli(value, &motion.wall_ms), CAM_OK);
        }
        assert_int_equal(cam_request_motion(&s_target, &motion, &len_bytes), CAM_OK);
        /* An unset clock's timestamp counts for nothing; the hub needs no generation with an event. */
        contract_expect_request(&s_vector, s_buffer, len_bytes, TOKEN,
                                synced ? (const char *const[]){"privacy_generation", NULL}
                                       : (const char *const[]){"privacy_generation", "timestamp", NULL});
        s_buffer[len_bytes] = '\0';
        assert_non_null(strstr(s_buffer, "\r\ntraceparent: 00-0123-4567-01\r\n"));
    }
}

static void test_event_of_an_earlier_boot_has_no_age(void **state)
{
    const struct cam_event_record event = {.boot_id = {1}, .seq = 2, .monotonic_ms = 3};
    const struct cam_request_motion motion = {.event = &event, .monotonic_ms = 9, .traceparent = "t"};
    size_t len_bytes;

    (void)state;
    assert_int_equal(cam_request_motion(&s_target, &motion, &len_bytes), CAM_OK);
    s_buffer[len_bytes] = '\0';
    assert_null(strstr(s_buffer, "sent_monotonic_ms"));
    assert_non_null(strstr(s_buffer, "\"clock_quality\":\"unset\""));
}

static void test_pictures(void **state)
{
    static char jpeg[4096];
    static const struct {
        const char *name;
        const char *event_id;
        uint64_t age_ms;
    } s_cases[] = {{"upload/full.json", "b7f3a1c09e2d4456-17", 350},
                   {"upload/repeat.json", "b7f3a1c09e2d4456-17", 4350},
                   {"upload/story.json", "", 0},
                   {"upload/refused-locked.json", "", 0}};
    size_t jpeg_bytes = testing_load("jpeg/whole.jpg", jpeg, sizeof jpeg);
    uint8_t sum[CAM_SHA256_BYTES];

    (void)state;
    cam_sha256_sum((const uint8_t *)jpeg, jpeg_bytes, sum);
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        const struct cam_request_picture picture = {
            .event_id = s_cases[i].event_id, .sha256 = sum, .age_ms = s_cases[i].age_ms, .traceparent = ""};
        char length[64];
        size_t len_bytes;

        contract_open(&s_vector, s_cases[i].name);
        assert_int_equal(cam_request_picture(&s_target, &picture, jpeg_bytes, &len_bytes), CAM_OK);
        contract_expect_request(&s_vector, s_buffer, len_bytes, TOKEN, NOTHING_OMITTED);
        s_buffer[len_bytes] = '\0';
        (void)snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", jpeg_bytes);
        assert_non_null(strstr(s_buffer, length));
        assert_int_equal(strstr(s_buffer, "X-Event-ID") != NULL, picture.event_id[0] != '\0');
        assert_null(strstr(s_buffer, "traceparent"));
    }
}

static void test_polls_and_results(void **state)
{
    static const char s_id[] = "019b76da-a800-7c31-b9a4-0d2a4c1e9b11";
    size_t len_bytes;

    (void)state;
    contract_open(&s_vector, "commands/one.json");
    assert_int_equal(cam_request_commands(&s_target, 0, &len_bytes), CAM_OK);
    contract_expect_request(&s_vector, s_buffer, len_bytes, TOKEN, NOTHING_OMITTED);
    s_buffer[len_bytes] = '\0';
    assert_null(strstr(s_buffer, "Content-Length"));
    contract_open(&s_vector, "commands/two.json");
    assert_int_equal(cam_request_commands(&s_target, 20, &len_bytes), CAM_OK);
    contract_expect_request(&s_vector, s_buffer, len_bytes, TOKEN, NOTHING_OMITTED);
    contract_open(&s_vector, "result/succeeded.json");
    assert_int_equal(cam_request_result(&s_target, s_id, true, "", &len_bytes), CAM_OK);
    contract_expect_request(&s_vector, s_buffer, len_bytes, TOKEN, NOTHING_OMITTED);
    contract_open(&s_vector, "result/failed.json");
    assert_int_equal(cam_request_result(&s_target, s_id, false, "sensor did not answer", &len_bytes), CAM_OK);
    contract_expect_request(&s_vector, s_buffer, len_bytes, TOKEN, NOTHING_OMITTED);
}

static void test_switches(void **state)
{
    static const char *const s_names[] = {
        "privacy-switch/lock.json", "privacy-switch/repeat.json", "privacy-switch/unlock.json",
        "privacy-switch/conflict-locked-stays.json", "privacy-switch/refused-stale.json"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_names); i++) {
        size_t len_bytes;
        struct cam_answer_privacy privacy;
        struct cam_json said;
        int status;

        contract_open(&s_vector, s_names[i]);
        assert_int_equal(cam_request_switch(&s_target, contract_read_bool(s_vector.body, "locked"),
                                            (uint32_t)contract_read_uint(s_vector.body, "generation"),
                                            &len_bytes),
                         CAM_OK);
        contract_expect_request(&s_vector, s_buffer, len_bytes, TOKEN, NOTHING_OMITTED);
        status = (int)contract_read_uint(s_vector.response, "status");
        if (status != 200) {
            assert_int_equal(
                cam_answer_read_privacy(s_vector.answer.data, s_vector.answer.len_bytes, &privacy),
                CAM_GARBAGE);
            assert_true(cam_answer_is_problem(s_vector.answer.data, s_vector.answer.len_bytes, status));
            continue;
        }
        assert_int_equal(cam_answer_read_privacy(s_vector.answer.data, s_vector.answer.len_bytes, &privacy),
                         CAM_OK);
        assert_int_equal(cam_json_find(s_vector.answer, "privacy", &said), CAM_OK);
        assert_int_equal(privacy.locked, contract_read_bool(said, "locked"));
        assert_int_equal(privacy.generation, contract_read_uint(said, "generation"));
    }
}

static void test_answers_to_a_registration(void **state)
{
    struct cam_answer_registered answer;
    uint64_t retry_after_s;

    (void)state;
    contract_open(&s_vector, "register/secret.json");
    assert_int_equal(cam_answer_read_registered(s_vector.answer.data, s_vector.answer.len_bytes, &answer),
                     CAM_OK);
    assert_string_equal(answer.token, "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIyNDo2RjoyODpBQTpCQjpDQyIsImVwIjoxLCJle"
                                      "HAiOjE3Njk4MTc2MDB9.c2lnbmF0dXJl");
    assert_int_equal(answer.expires_ms, 1769817600412u);
    assert_int_equal(answer.server_time_ms, JANUARY_MS);
    assert_int_equal(answer.heartbeat_interval_s, 60);
    assert_true(answer.privacy.is_said);
    assert_false(answer.privacy.locked);
    assert_int_equal(answer.privacy.generation, 0);
    assert_int_equal(cam_answer_read_pending(s_vector.answer.data, s_vector.answer.len_bytes, &retry_after_s),
                     CAM_GARBAGE);

    /* A hub that knows only the story says no more than the token. */
    contract_open(&s_vector, "register/story.json");
    assert_int_equal(cam_answer_read_registered(s_vector.answer.data, s_vector.answer.len_bytes, &answer),
                     CAM_OK);
    assert_int_equal(answer.expires_ms, 0);
    assert_int_equal(answer.server_time_ms, 0);
    assert_int_equal(answer.heartbeat_interval_s, 0);
    assert_false(answer.privacy.is_said);

    contract_open(&s_vector, "register/secret-pending.json");
    assert_int_equal(cam_answer_read_pending(s_vector.answer.data, s_vector.answer.len_bytes, &retry_after_s),
                     CAM_OK);
    assert_int_equal(retry_after_s, 30);
    assert_int_equal(cam_answer_read_registered(s_vector.answer.data, s_vector.answer.len_bytes, &answer),
                     CAM_GARBAGE);
}

static void test_answers_to_a_heartbeat(void **state)
{
    struct cam_answer_heartbeat answer;

    (void)state;
    contract_open(&s_vector, "heartbeat/locked.json");
    assert_int_equal(cam_answer_read_heartbeat(s_vector.answer.data, s_vector.answer.len_bytes, &answer),
                     CAM_OK);
    assert_int_equal(answer.server_time_ms, JANUARY_MS);
    assert_int_equal(answer.next_heartbeat_ms, 57812);
    assert_int_equal(answer.pending_commands, 1);
    assert_true(answer.privacy.is_said);
    assert_true(answer.privacy.locked);
    assert_int_equal(answer.privacy.generation, 8);
}

static void test_answers_that_only_have_a_status(void **state)
{
    static const struct {
        const char *name;
        const char *status;
        uint64_t server_time_ms;
    } s_cases[] = {{"motion/full.json", "received", JANUARY_MS},
                   {"motion/repeat.json", "received", JANUARY_MS + 3000},
                   {"upload/full.json", "stored", 0},
                   {"result/succeeded.json", "recorded", 0}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        uint64_t server_time_ms = 1;

        contract_open(&s_vector, s_cases[i].name);
        assert_int_equal(cam_answer_read_status(s_vector.answer.data, s_vector.answer.len_bytes,
                                                s_cases[i].status, &server_time_ms),
                         CAM_OK);
        assert_int_equal(server_time_ms, s_cases[i].server_time_ms);
        assert_int_equal(
            cam_answer_read_status(s_vector.answer.data, s_vector.answer.len_bytes, "ok", &server_time_ms),
            CAM_GARBAGE);
        assert_false(cam_answer_is_problem(s_vector.answer.data, s_vector.answer.len_bytes, 200));
    }
}

static void test_lists_of_commands(void **state)
{
    struct cam_command commands[CAM_COMMANDS_MAX];
    size_t count;

    (void)state;
    contract_open(&s_vector, "commands/two.json");
    assert_int_equal(
        cam_answer_read_commands(s_vector.answer.data, s_vector.answer.len_bytes, commands, &count), CAM_OK);
    assert_int_equal(count, 2);
    assert_string_equal(commands[0].id, "019b76da-a800-7c31-b9a4-0d2a4c1e9b11");
    assert_int_equal(commands[0].kind, CAM_COMMAND_SET_CONFIG);
    assert_int_equal(commands[0].expires_ms, 1767226200000u);
    assert_false(commands[0].parameters_are_bad);
    assert_int_equal(commands[0].heartbeat_interval_s, 30);
    assert_int_equal(commands[0].motion_threshold_milli, UINT32_MAX);
    assert_int_equal(commands[0].frame_size, UINT32_MAX);
    assert_int_equal(commands[0].jpeg_quality, 0);
    assert_int_equal(commands[1].kind, CAM_COMMAND_CAPTURE);
    assert_int_equal(commands[1].expires_ms, 1767226200500u);
    assert_false(commands[1].parameters_are_bad);
}

static void test_refusals_are_problems(void **state)
{
    static const struct {
        const char *name;
        int status;
    } s_cases[] = {{"heartbeat/refused-token-revoked.json", 401}, {"upload/refused-locked.json", 403},
                   {"register/secret-missing.json", 409},         {"register/refused-huge.json", 413},
                   {"upload/refused-digest.json", 422},           {"motion/refused-too-soon.json", 429}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        contract_open(&s_vector, s_cases[i].name);
        assert_true(
            cam_answer_is_problem(s_vector.answer.data, s_vector.answer.len_bytes, s_cases[i].status));
        assert_false(cam_answer_is_problem(s_vector.answer.data, s_vector.answer.len_bytes, 500));
    }
}

RUN(TEST(test_registrations), TEST(test_heartbeats), TEST(test_motion_events),
    TEST(test_event_of_an_earlier_boot_has_no_age), TEST(test_pictures), TEST(test_polls_and_results),
    TEST(test_switches), TEST(test_answers_to_a_registration), TEST(test_answers_to_a_heartbeat),
    TEST(test_answers_that_only_have_a_status), TEST(test_lists_of_commands),
    TEST(test_refusals_are_problems))
