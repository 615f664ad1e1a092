/* The emulated camera's random numbers: none without a seed, never the same ones twice, also after power
 * cuts. */
#include "../../port/qemu/random.c"
#include "fake_flash.h"
#include "testing.h"

#define BOOTS 300

static struct fake_flash s_flash;
static struct cam_port s_port;
static const struct cam_area s_area = {.at = 0, .sector_bytes = 4096, .sectors = 2};
static uint8_t s_seen[BOOTS][32];

static void make_seed(uint8_t first)
{
    struct cam_flashlog log;
    uint8_t user[CAM_FLASHLOG_USER_BYTES];
    uint8_t record[RANDOM_RECORD_BYTES] = {first, 2, 3};

    (void)cam_flashlog_open(&log, &s_port, &s_area, RANDOM_RECORD_BYTES, RANDOM_MAGIC, user);
    assert_int_equal(cam_flashlog_append(&log, record, user), CAM_OK);
}

/* As a start does: nothing is left of the boot before. */
static enum cam_status boot(uint32_t *boots)
{
    s_is_ready = false;
    memset(s_state, 0, sizeof s_state);
    memset(s_pool, 0, sizeof s_pool);
    s_pool_at = 0;
    return random_init(&s_port, &s_area, boots);
}

static int setup(void **state)
{
    (void)state;
    fake_flash_init(&s_flash);
    fake_flash_attach(&s_flash, &s_port);
    return 0;
}

static void check_new(unsigned count)
{
    assert_int_equal(random_fill(s_seen[count], sizeof s_seen[count]), CAM_OK);
    for (unsigned i = 0; i < count; i++) {
        assert_memory_not_equal(s_seen[i], s_seen[count], sizeof s_seen[count]);
    }
}

static void test_no_seed(void **state)
{
    uint32_t boots;
    uint8_t out[4] = {0};

    setup(state);
    assert_int_equal(boot(&boots), CAM_EMPTY);
    assert_int_equal(random_fill(out, sizeof out), CAM_IO);
}

static void test_seed_that_cannot_be_replaced(void **state)
{
    uint32_t boots;
    uint8_t out[4] = {0};

    setup(state);
    make_seed(1);
    s_flash.fail_writes = true;
    assert_int_equal(boot(&boots), CAM_IO);
    assert_int_equal(random_fill(out, sizeof out), CAM_IO);
}

/* More boots than the area has records. */
static void test_boots_differ(void **state)
{
    uint32_t boots;

    setup(state);
    make_seed(1);
    for (unsigned i = 0; i < BOOTS; i++) {
        assert_int_equal(boot(&boots), CAM_OK);
        assert_int_equal(boots, i + 1);
        check_new(i);
    }
}

/* The power goes while the next seed is written, a byte later each time. */
static void test_power_cuts(void **state)
{
    uint32_t boots;
    unsigned count = 0;

    setup(state);
    make_seed(1);
    for (uint64_t bytes = 0; bytes < 140; bytes++) {
        s_flash.power_bytes = bytes;
        if (boot(&boots) == CAM_OK) {
            check_new(count++);
        }
        fake_flash_restore_power(&s_flash);
        assert_int_equal(boot(&boots), CAM_OK);
        check_new(count++);
    }
}

static void test_calls_and_images_differ(void **state)
{
    uint32_t boots;
    uint8_t long_one[100];
    uint8_t rest[100];

    setup(state);
    make_seed(1);
    assert_int_equal(boot(&boots), CAM_OK);
    check_new(0);
    check_new(1);
    assert_int_equal(random_fill(long_one, sizeof long_one), CAM_OK);
    assert_int_equal(random_fill(rest, sizeof rest), CAM_OK);
    assert_memory_not_equal(long_one, long_one + 32, 32);
    assert_memory_not_equal(long_one, rest, 32);
    setup(state);
    make_seed(2);
    assert_int_equal(boot(&boots), CAM_OK);
    check_new(2);
}

RUN(TEST(test_no_seed), TEST(test_seed_that_cannot_be_replaced), TEST(test_boots_differ),
    TEST(test_power_cuts), TEST(test_calls_and_images_differ))
