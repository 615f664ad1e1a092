/* The settings in flash. The power is cut at every byte. */
#include "cam/settings.h"
#include "fake_flash.h"
#include "testing.h"

static struct fake_flash s_flash;
static struct fake_flash s_before;
static struct cam_port s_port;
static const struct cam_area s_area = {.at = 0, .sector_bytes = 4096, .sectors = 2};

static int setup(void **state)
{
    (void)state;
    fake_flash_init(&s_flash);
    fake_flash_attach(&s_flash, &s_port);
    return 0;
}

static struct cam_settings settings_of(unsigned n)
{
    struct cam_settings settings;

    cam_settings_init(&settings);
    strcpy(settings.device_id, "24:6F:28:AA:BB:CC");
    strcpy(settings.hub_host, "192.168.1.100");
    strcpy(settings.found_host, "10.0.0.7");
    strcpy(settings.enrolment_key, "lab-enrolment-key");
    memset(settings.token, 'a' + (int)(n % 26), 100 + n % 80);
    strcpy(settings.reboot_command, "019b76da-a800-7c31-b9a4-0d2a4c1e9b11");
    settings.has_secret = true;
    memset(settings.secret, (int)(n & 255), sizeof settings.secret);
    settings.hub_port = 5000;
    settings.found_port = 5001;
    settings.token_expires_ms = 1767225600000 + n;
    settings.privacy_known = true;
    settings.privacy_locked = n % 2 == 0;
    settings.privacy_unreported = n % 3 == 0;
    settings.privacy_generation = n;
    settings.heartbeat_interval_s = 30;
    settings.motion_threshold_milli = 12500;
    settings.frame_size = CAM_FRAME_UXGA;
    settings.jpeg_quality = 40;
    settings.brownouts = 3;
    return settings;
}

/* Structs have padding; what counts is what would be saved. */
static bool same_settings(const struct cam_settings *a, const struct cam_settings *b)
{
    uint8_t left[1024];
    uint8_t right[1024];
    size_t len_bytes = cam_settings_encode(a, left, sizeof left);

    return len_bytes > 0 && len_bytes == cam_settings_encode(b, right, sizeof right) &&
           memcmp(left, right, len_bytes) == 0;
}

static void test_settings_come_back(void **state)
{
    static struct cam_settings_store store;
    struct cam_settings loaded;
    struct cam_settings wanted;
    unsigned writes;

    (void)state;
    assert_int_equal(cam_settings_open(&store, &s_port, &s_area, &loaded), CAM_EMPTY);
    assert_int_equal(loaded.heartbeat_interval_s, 60);
    for (unsigned n = 0; n < 100; n++) {
        wanted = settings_of(n);
        assert_int_equal(cam_settings_save(&store, &wanted), CAM_OK);
        writes = s_flash.writes;
        assert_int_equal(cam_settings_save(&store, &wanted), CAM_OK); /* nothing new: nothing written */
        assert_int_equal(s_flash.writes, writes);
        if (n % 3 == 0) {
            assert_int_equal(cam_settings_open(&store, &s_port, &s_area, &loaded), CAM_OK);
            assert_true(same_settings(&loaded, &wanted));
        }
    }
    assert_in_range(s_flash.erases[0] + s_flash.erases[1], 22, 25); /* 100 changes */
}

static void test_settings_are_the_old_or_the_new_wherever_the_power_goes(void **state)
{
    static struct cam_settings_store store;

    (void)state;
    for (unsigned saved = 0; saved < 20; saved++) {
        struct cam_settings old_settings = settings_of(saved);
        struct cam_settings new_settings = settings_of(saved + 1);
        struct cam_settings loaded;

        (void)setup(NULL);
        s_flash.tear_from_end = saved % 2 == 1;
        assert_int_equal(cam_settings_open(&store, &s_port, &s_area, &loaded), CAM_EMPTY);
        for (unsigned n = 0; n <= saved; n++) {
            struct cam_settings settings = settings_of(n);
            assert_int_equal(cam_settings_save(&store, &settings), CAM_OK);
        }
        s_before = s_flash;
        for (uint64_t cut = 0;; cut++) {
            bool completed;

            s_flash = s_before;
            assert_int_equal(cam_settings_open(&store, &s_port, &s_area, &loaded), CAM_OK);
            s_flash.power_bytes = cut;
            completed = cam_settings_save(&store, &new_settings) == CAM_OK;
            fake_flash_restore_power(&s_flash);
            assert_int_equal(cam_settings_open(&store, &s_port, &s_area, &loaded), CAM_OK);
            assert_true(same_settings(&loaded, &new_settings) ||
                        (!completed && same_settings(&loaded, &old_settings)));
            /* And it can be saved again. */
            assert_int_equal(cam_settings_save(&store, &new_settings), CAM_OK);
            assert_int_equal(cam_settings_open(&store, &s_port, &s_area, &loaded), CAM_OK);
            assert_true(same_settings(&loaded, &new_settings));
            if (completed) {
                break;
            }
        }
    }
}

static void test_settings_on_flash_that_fails(void **state)
{
    static struct cam_settings_store store;
    struct cam_settings settings = settings_of(1);
    struct cam_settings loaded;

    (void)state;
    assert_int_equal(cam_settings_open(&store, &s_port, &s_area, &loaded), CAM_EMPTY);
    assert_int_equal(cam_settings_save(&store, &settings), CAM_OK);
    s_flash.fail_writes = true;
    settings = settings_of(2);
    assert_int_equal(cam_settings_save(&store, &settings), CAM_IO);
    s_flash.fail_writes = false;
    /* The next place is bad: the one after it is used. */
    s_flash.bad_from = 1024 + 100;
    s_flash.bad_to = 1024 + 200;
    assert_int_equal(cam_settings_save(&store, &settings), CAM_OK);
    assert_int_equal(cam_settings_open(&store, &s_port, &s_area, &loaded), CAM_OK);
    assert_true(same_settings(&loaded, &settings));
    s_flash.fail_reads = true;
    assert_int_equal(cam_settings_open(&store, &s_port, &s_area, &loaded), CAM_IO);
    assert_false(loaded.has_secret);
}

static void test_settings_of_another_firmware(void **state)
{
    static const uint8_t s_newer[] = {200, 2,  1, 2, 3,  1, 80, 4,  1, 'x', 1, 3,   'A', 0, 'B', 9, 1,
                                      7,   13, 1, 0, 16, 1, 64, 15, 1, 9,   8, 0,   17,  9, 1,   1, 1,
                                      1,   1,  1, 1, 1,  1, 14, 4,  0, 0,   0, 255, 3,   3, 0,   0, 1};
    static const uint8_t s_bad[][4] = {{1, 3, 'x', 'y'}, {1, 0, 1, 255}, {1, 1, 'x', 1}};
    struct cam_settings settings;

    (void)state;
    assert_int_equal(cam_settings_decode(&settings, s_newer, sizeof s_newer), CAM_OK);
    assert_int_equal(settings.hub_port, 80);
    assert_string_equal(settings.found_host, "x");
    assert_string_equal(settings.device_id, "");
    assert_false(settings.has_secret);
    assert_int_equal(settings.heartbeat_interval_s, 60);
    assert_int_equal(settings.jpeg_quality, 12);
    for (size_t i = 0; i < COUNT_OF(s_bad); i++) {
        assert_int_equal(cam_settings_decode(&settings, s_bad[i], sizeof s_bad[i]), CAM_GARBAGE);
        assert_int_equal(settings.hub_port, 0);
    }
    settings = settings_of(1);
    assert_int_equal(cam_settings_encode(&settings, (uint8_t[100]){0}, 100), 0);
}

#define FRESH(function) cmocka_unit_test_setup(function, setup)

RUN(FRESH(test_settings_come_back), FRESH(test_settings_are_the_old_or_the_new_wherever_the_power_goes),
    FRESH(test_settings_on_flash_that_fails), FRESH(test_settings_of_another_firmware))
