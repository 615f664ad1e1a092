/* The small modules that have no state: status, text, bytes, base64, sha256, calendar, backoff, http_writer.
 */
#include <stdio.h>

#include "cam/backoff.h"
#include "cam/base64.h"
#include "cam/bytes.h"
#include "cam/calendar.h"
#include "cam/http_writer.h"
#include "cam/sha256.h"
#include "cam/status.h"
#include "testing.h"

static void test_every_status_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < CAM_STATUS_COUNT; i++) {
        assert_string_not_equal(cam_status_name((enum cam_status)i), "unknown");
    }
    assert_string_equal(cam_status_name(CAM_OK), "ok");
    assert_string_equal(cam_status_name(CAM_INVALID), "invalid");
    assert_string_equal(cam_status_name(CAM_STATUS_COUNT), "unknown");
}

static void test_text_that_does_not_fit_is_remembered(void **state)
{
    char data[4];
    struct cam_text text;

    (void)state;
    cam_text_init(&text, data, sizeof data);
    cam_text_add(&text, "abc");
    assert_true(cam_text_end(&text));
    assert_string_equal(data, "abc");
    cam_text_add(&text, "d");
    assert_false(text.overflow);
    assert_false(cam_text_end(&text)); /* no room for the NUL */
    assert_string_equal(data, "");
    cam_text_add(&text, "e");
    assert_true(text.overflow);
    assert_true(cam_text_copy(data, sizeof data, "xyz"));
    assert_false(cam_text_copy(data, sizeof data, "wxyz"));
    assert_string_equal(data, "");
}

static void test_letters_are_compared_without_case(void **state)
{
    (void)state;
    assert_true(cam_text_equal_ignoring_case("Content-LENGTH", 14, "content-length"));
    assert_false(cam_text_equal_ignoring_case("Content-Lengtx", 14, "content-length"));
    assert_false(cam_text_equal_ignoring_case("Content", 7, "content-length"));
    assert_false(cam_text_equal_ignoring_case("[", 1, "{"));
    assert_int_equal(cam_text_read_hex('9'), 9);
    assert_int_equal(cam_text_read_hex('f'), 15);
    assert_int_equal(cam_text_read_hex('A'), 10);
    assert_int_equal(cam_text_read_hex('g'), -1);
    assert_int_equal(cam_text_read_hex('G'), -1);
    assert_int_equal(cam_text_read_hex('/'), -1);
    assert_int_equal(cam_text_read_hex(':'), -1);
}

static void test_numbers_in_flash_are_little_endian(void **state)
{
    uint8_t data[6];

    (void)state;
    cam_bytes_write_u48(data, 0x123456789ABC);
    assert_memory_equal(data, "\xBC\x9A\x78\x56\x34\x12", 6);
    assert_int_equal(cam_bytes_read_u48(data), 0x123456789ABC);
    cam_bytes_write_u32(data, 0xDEADBEEF);
    assert_int_equal(cam_bytes_read_u32(data), 0xDEADBEEF);
    cam_bytes_write_u16(data, 0x1234);
    assert_int_equal(cam_bytes_read_u16(data), 0x1234);
    assert_int_equal(cam_bytes_sum_crc32(0, (const uint8_t *)"123456789", 9), 0xCBF43926);
    assert_int_equal(
        cam_bytes_sum_crc32(cam_bytes_sum_crc32(0, (const uint8_t *)"1234", 4), (const uint8_t *)"56789", 5),
        0xCBF43926);
    assert_true(cam_bytes_are_erased((const uint8_t *)"\xFF\xFF", 2));
    assert_false(cam_bytes_are_erased((const uint8_t *)"\xFF\xFE", 2));
}

static void test_base64(void **state)
{
    static const char *const s_pairs[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    char data[32];
    struct cam_text text;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_pairs); i++) {
        cam_text_init(&text, data, sizeof data);
        cam_base64_add(&text, (const uint8_t *)s_pairs[i][0], strlen(s_pairs[i][0]));
        assert_true(cam_text_end(&text));
        assert_string_equal(data, s_pairs[i][1]);
    }
}

static void test_sha256(void **state)
{
    static const struct {
        const char *data;
        const char *sum;
    } s_cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    static char jpeg[4096];
    uint8_t sum[CAM_SHA256_BYTES];
    char hex[65];
    struct cam_text text;
    size_t len_bytes;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        cam_sha256_sum((const uint8_t *)s_cases[i].data, strlen(s_cases[i].data), sum);
        cam_text_init(&text, hex, sizeof hex);
        cam_text_add_hex(&text, sum, sizeof sum);
        assert_true(cam_text_end(&text));
        assert_string_equal(hex, s_cases[i].sum);
    }
    /* The contract's picture and its digest. */
    len_bytes = testing_load("jpeg/whole.jpg", jpeg, sizeof jpeg);
    cam_sha256_sum((const uint8_t *)jpeg, len_bytes, sum);
    cam_text_init(&text, hex, sizeof hex);
    cam_base64_add(&text, sum, sizeof sum);
    assert_true(cam_text_end(&text));
    assert_string_equal(hex, "A3dUkm+IBPKkAU0CU+STcwRlkqRQdoDQ1zv7K5ng7aM=");
}

static void test_dates_of_http(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } s_cases[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},          {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Tue, 29 Feb 2028 23:59:60 GMT", 1835481600}, {"Thu, 01 Jan 2026 00:00:00 UTC", -1},
        {"Thu, 01 Jax 2026 00:00:00 GMT", -1},         {"Thu, 00 Jan 2026 00:00:00 GMT", -1},
        {"Thu, 32 Jan 2026 00:00:00 GMT", -1},         {"Thu, 0x Jan 2026 00:00:00 GMT", -1},
        {"Thu, 01 Jan 1969 00:00:00 GMT", -1},         {"Thu, 01 Jan 2026 24:00:00 GMT", -1},
        {"Thu, 01 Jan 2026 00:60:00 GMT", -1},         {"Thu, 01 Jan 2026 00:00:61 GMT", -1},
        {"Thu, 01 Jan 2026 x0:00:00 GMT", -1},         {"Thu, 01 Jan 2026 00:x0:00 GMT", -1},
        {"Thu, 01 Jan 2026 00:00:x0 GMT", -1},         {"Thu, 01 Jan 2026 00-00:00 GMT", -1},
        {"Thu, 01 Jan 2026 00:00-00 GMT", -1},         {"Thu; 01 Jan 2026 00:00:00 GMT", -1},
        {"Thu,x01 Jan 2026 00:00:00 GMT", -1},         {"Thu, 01xJan 2026 00:00:00 GMT", -1},
        {"Thu, 01 Janx2026 00:00:00 GMT", -1},         {"Thu, 01 Jan 2026x00:00:00 GMT", -1},
        {"Sunday, 06-Nov-94 08:49:37 GMT", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        if (cam_calendar_read_http(s_cases[i].text, strlen(s_cases[i].text)) != s_cases[i].seconds) {
            fail_msg("%s", s_cases[i].text);
        }
    }
}

static void test_dates_of_json(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } s_cases[] = {
        {"2026-01-01T00:00:00.412Z", 1767225600412},
        {"2026-01-01T00:00:00Z", 1767225600000},
        {"2026-01-31T00:00:00.5Z", 1769817600500},
        {"2026-01-01T00:00:00.123456789Z", 1767225600123},
        {"2024-02-29T12:00:00Z", 1709208000000},
        {"2026-01-01T00:00:00+01:00", -1},
        {"2026-01-01 00:00:00.000Z", -1},
        {"2026/01-01T00:00:00Z", -1},
        {"2026-01/01T00:00:00Z", -1},
        {"2026-13-01T00:00:00Z", -1},
        {"2026-00-01T00:00:00Z", -1},
        {"2026-01-01T00:00:00", -1},
        {"2026-01-01T00:00:00ZZ", -1},
        {"2026-01-01T00:00:00.1x", -1},
        {"2026-01-01T00:00:00.12", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        if (cam_calendar_read_rfc3339(s_cases[i].text, strlen(s_cases[i].text)) != s_cases[i].ms) {
            fail_msg("%s", s_cases[i].text);
        }
    }
}

static void test_backoff_doubles_up_to_its_cap(void **state)
{
    static const uint32_t s_ceilings[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
    struct cam_backoff backoff;

    (void)state;
    cam_backoff_init(&backoff, 1000, 60000);
    for (size_t i = 0; i < COUNT_OF(s_ceilings); i++) {
        struct cam_backoff twin = backoff;
        assert_int_equal(cam_backoff_fail(&twin, 0, 0), CAM_BACKOFF_FLOOR_MS);
        assert_int_equal(cam_backoff_fail(&backoff, UINT32_MAX, 0), s_ceilings[i]);
    }
    backoff.failures = UINT32_MAX; /* years of it */
    assert_int_equal(cam_backoff_fail(&backoff, UINT32_MAX, 0), 60000);
    assert_int_equal(backoff.failures, UINT32_MAX);
    cam_backoff_reset(&backoff);
    assert_int_equal(cam_backoff_fail(&backoff, UINT32_MAX, 0), 1000);
}

static void test_backoff_waits_no_less_than_the_hub_asks(void **state)
{
    struct cam_backoff backoff;

    (void)state;
    cam_backoff_init(&backoff, 1000, 300000);
    assert_int_equal(cam_backoff_fail(&backoff, 0, 30), 30000);
    cam_backoff_reset(&backoff);
    assert_in_range(cam_backoff_fail(&backoff, UINT32_MAX, 30), 30000, 31000);
    cam_backoff_reset(&backoff);
    /* 99999999999 s is more than 32 bits: the own longest wait. */
    assert_int_equal(cam_backoff_fail(&backoff, 0, 99999999999), 300000);
    assert_in_range(cam_backoff_fail(&backoff, UINT32_MAX, UINT64_MAX), 300000, 600000);
}

static void test_backoff_spreads_evenly(void **state)
{
    /* 200 devices that lost their hub at one moment: nobody's first retry meets more than a few others'. */
    unsigned histogram[10] = {0};
    uint32_t random = 1;

    (void)state;
    for (int device = 0; device < 200; device++) {
        struct cam_backoff backoff;
        uint32_t wait_ms;

        cam_backoff_init(&backoff, 1000, 60000);
        random = random * 1664525u + 1013904223u;
        wait_ms = cam_backoff_fail(&backoff, random, 0);
        histogram[(wait_ms - 1) / 100]++;
    }
    assert_int_equal(histogram[0], 1 * (histogram[0] != 0)); /* the floor's edge only */
    for (int i = 1; i < 10; i++) {
        assert_in_range(histogram[i], 5, 45);
    }
}

static void test_request_is_one_piece_with_its_body(void **state)
{
    char buffer[CAM_HTTP_HEAD_BYTES + 32];
    struct cam_http_writer writer;
    size_t len_bytes;

    (void)state;
    cam_http_writer_begin(&writer, buffer, sizeof buffer, "POST");
    cam_text_add(&writer.head, "/api/heartbeat");
    cam_http_writer_add_host(&writer, "hub", 5000);
    cam_http_writer_add_header(&writer, "X-A", "b");
    cam_text_add(&writer.body, "{\"a\":1}");
    assert_int_equal(cam_http_writer_end(&writer, true, 0, &len_bytes), CAM_OK);
    assert_int_equal(len_bytes, strlen("POST /api/heartbeat HTTP/1.1\r\nHost: hub:5000\r\nX-A: "
                                       "b\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
    assert_memory_equal(
        buffer,
        "POST /api/heartbeat HTTP/1.1\r\nHost: hub:5000\r\nX-A: b\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
        len_bytes);

    cam_http_writer_begin(&writer, buffer, sizeof buffer, "GET");
    cam_text_add(&writer.head, "/");
    cam_http_writer_add_host(&writer, "hub", 80);
    assert_int_equal(cam_http_writer_end(&writer, false, 0, &len_bytes), CAM_OK);
    assert_memory_equal(buffer, "GET / HTTP/1.1\r\nHost: hub\r\n\r\n", len_bytes);

    cam_http_writer_begin(&writer, buffer, sizeof buffer, "POST");
    cam_text_add(&writer.head, "/");
    cam_http_writer_add_host(&writer, "hub", 80);
    assert_int_equal(cam_http_writer_end(&writer, true, 40213, &len_bytes), CAM_OK);
    assert_memory_equal(buffer, "POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 40213\r\n\r\n", len_bytes);
}

static void test_request_that_does_not_fit_is_not_sent(void **state)
{
    char buffer[CAM_HTTP_HEAD_BYTES + 4];
    struct cam_http_writer writer;
    size_t len_bytes;

    (void)state;
    cam_http_writer_begin(&writer, buffer, sizeof buffer, "POST");
    cam_text_add(&writer.body, "12345");
    assert_int_equal(cam_http_writer_end(&writer, true, 0, &len_bytes), CAM_TOO_LONG);
    assert_int_equal(len_bytes, 0);
    cam_http_writer_begin(&writer, buffer, sizeof buffer, "POST");
    for (int i = 0; i < 80; i++) {
        cam_http_writer_add_header(&writer, "X", "1234567");
    }
    assert_int_equal(cam_http_writer_end(&writer, true, 0, &len_bytes), CAM_TOO_LONG);
}

RUN(TEST(test_every_status_has_a_name), TEST(test_text_that_does_not_fit_is_remembered),
    TEST(test_letters_are_compared_without_case), TEST(test_numbers_in_flash_are_little_endian),
    TEST(test_base64), TEST(test_sha256), TEST(test_dates_of_http), TEST(test_dates_of_json),
    TEST(test_backoff_doubles_up_to_its_cap), TEST(test_backoff_waits_no_less_than_the_hub_asks),
    TEST(test_backoff_spreads_evenly), TEST(test_request_is_one_piece_with_its_body),
    TEST(test_request_that_does_not_fit_is_not_sent))
