#include "cam/traceparent.h"

#include "testing.h"

static const uint8_t s_boot_id[CAM_BOOT_ID_BYTES] = {0xb7, 0xf3, 0xa1, 0xc0, 0x9e, 0x2d, 0x44, 0x56};
static const uint8_t s_span[CAM_TRACEPARENT_SPAN_BYTES] = {0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3};
static const uint8_t s_zeros[CAM_BOOT_ID_BYTES] = {0};

static void test_trace_follows_from_the_event(void **state)
{
    char text[CAM_TRACEPARENT_CHARS + 1];

    (void)state;
    cam_traceparent_write(text, s_boot_id, 0x01020311, s_span);
    assert_string_equal(text, "00-b7f3a1c09e2d44560100000001020311-deadbeef00010203-01");
}

static void test_neither_id_is_ever_zero(void **state)
{
    char text[CAM_TRACEPARENT_CHARS + 1];

    (void)state;
    cam_traceparent_write(text, s_zeros, 0, s_zeros);
    assert_string_equal(text, "00-00000000000000000100000000000000-0000000000000001-01");
}

RUN(TEST(test_trace_follows_from_the_event), TEST(test_neither_id_is_ever_zero))
