/* The log of failures in flash. */
#include "cam/errlog.h"
#include "fake_flash.h"
#include "testing.h"

static struct fake_flash s_flash;
static struct cam_port s_port;
static const struct cam_area s_area = {.at = 65536, .sector_bytes = 4096, .sectors = 2};

static int setup(void **state)
{
    (void)state;
    fake_flash_init(&s_flash);
    fake_flash_attach(&s_flash, &s_port);
    return 0;
}

static struct cam_errlog_entry trouble(const char *text, int code)
{
    struct cam_errlog_entry entry = {
        .status = CAM_TIMEOUT, .code = code, .monotonic_ms = 5, .wall_ms = 6, .boot_id = {9}};

    (void)strncpy(entry.text, text, sizeof entry.text - 1);
    return entry;
}

static unsigned count_entries(const struct cam_errlog *errlog, struct cam_errlog_entry *last)
{
    struct cam_flashlog_position position = cam_flashlog_first(&errlog->log);
    unsigned count = 0;

    while (cam_errlog_next(errlog, &position, last) == CAM_OK) {
        count++;
    }
    return count;
}

static void test_errlog_folds_repeats_and_wraps(void **state)
{
    struct cam_errlog errlog;
    struct cam_errlog_entry entry = trouble("connect", -111);
    struct cam_errlog_entry last;

    (void)state;
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_area), CAM_OK);
    assert_int_equal(count_entries(&errlog, &last), 0);
    for (int i = 0; i < 1000; i++) {
        cam_errlog_add(&errlog, &entry);
    }
    assert_int_equal(count_entries(&errlog, &last), 10);
    assert_int_equal(last.repeats, 512);
    assert_int_equal(last.code, -111);
    assert_int_equal(last.status, CAM_TIMEOUT);
    assert_int_equal(last.monotonic_ms, 5);
    assert_int_equal(last.wall_ms, 6);
    assert_int_equal(last.boot_id[0], 9);
    assert_string_equal(last.text, "connect");
    for (int i = 0; i < 500; i++) {
        entry = trouble("heartbeat", i);
        cam_errlog_add(&errlog, &entry);
    }
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_area), CAM_OK);
    assert_in_range(count_entries(&errlog, &last), 63, 126);
    assert_int_equal(last.code, 499);
    entry = trouble("after", 1);
    cam_errlog_add(&errlog, &entry);
    (void)count_entries(&errlog, &entry);
    assert_int_equal(entry.seq, last.seq + 1);
    /* A torn entry is passed over. */
    s_flash.power_bytes = 10;
    entry = trouble("torn", 2);
    cam_errlog_add(&errlog, &entry);
    fake_flash_restore_power(&s_flash);
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_area), CAM_OK);
    entry = trouble("whole", 3);
    cam_errlog_add(&errlog, &entry);
    (void)count_entries(&errlog, &last);
    assert_string_equal(last.text, "whole");
}

static void test_errlog_on_flash_that_fails(void **state)
{
    struct cam_errlog errlog;
    struct cam_errlog_entry entry = trouble("x", 0);
    unsigned writes;

    (void)state;
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_area), CAM_OK);
    cam_errlog_add(&errlog, &entry);
    s_flash.fail_reads = true;
    assert_int_equal(cam_errlog_open(&errlog, &s_port, &s_area), CAM_IO);
    writes = s_flash.writes;
    cam_errlog_add(&errlog, &entry);
    assert_int_equal(s_flash.writes, writes);
    errlog.last.repeats = UINT32_MAX;
    cam_errlog_add(&errlog, &entry);
    assert_int_equal(errlog.last.repeats, UINT32_MAX);
}

#define FRESH(function) cmocka_unit_test_setup(function, setup)

RUN(FRESH(test_errlog_folds_repeats_and_wraps), FRESH(test_errlog_on_flash_that_fails))
