#include "cam/privacy.h"

#include "testing.h"

/* A camera that fails the test when it is touched where it may not be. */
struct watched {
    bool may_touch;
    int touches;
    enum cam_frame_size size;
    unsigned quality;
};

static enum cam_status grey(void *context, uint8_t pixels[CAM_GREY_BYTES])
{
    struct watched *watched = context;

    assert_true(watched->may_touch);
    watched->touches++;
    pixels[0] = 7;
    return CAM_OK;
}

static enum cam_status capture(void *context, struct cam_frame *frame)
{
    struct watched *watched = context;

    assert_true(watched->may_touch);
    watched->touches++;
    frame->len_bytes = 9;
    return CAM_AGAIN;
}

static enum cam_status configure(void *context, enum cam_frame_size size, unsigned jpeg_quality)
{
    struct watched *watched = context;

    assert_true(watched->may_touch);
    watched->touches++;
    watched->size = size;
    watched->quality = jpeg_quality;
    return CAM_IO;
}

static void check_gate(const struct cam_settings *settings, bool open)
{
    struct watched watched = {.may_touch = open};
    const struct cam_port port = {
        .context = &watched, .camera_grey = grey, .camera_capture = capture, .camera_configure = configure};
    uint8_t pixels[CAM_GREY_BYTES] = {0};
    struct cam_frame frame = {0};

    assert_int_equal(cam_privacy_allows(settings), open);
    assert_int_equal(cam_privacy_grey(settings, &port, pixels), open ? CAM_OK : CAM_LOCKED);
    assert_int_equal(cam_privacy_capture(settings, &port, &frame), open ? CAM_AGAIN : CAM_LOCKED);
    assert_int_equal(cam_privacy_configure(settings, &port), open ? CAM_IO : CAM_LOCKED);
    assert_int_equal(watched.touches, open ? 3 : 0);
    assert_int_equal(pixels[0], open ? 7 : 0);
    assert_int_equal(frame.len_bytes, open ? 9 : 0);
}

static void test_gate_of_every_state(void **state)
{
    struct cam_settings settings;

    (void)state;
    cam_settings_init(&settings);
    check_gate(&settings, false); /* nobody has said anything */
    settings.privacy_locked = true;
    check_gate(&settings, false);
    settings.privacy_known = true;
    check_gate(&settings, false);
    settings.privacy_locked = false;
    check_gate(&settings, true);
}

static void test_configuration_is_the_settings(void **state)
{
    struct watched watched = {.may_touch = true};
    const struct cam_port port = {.context = &watched, .camera_configure = configure};
    struct cam_settings settings;

    (void)state;
    cam_settings_init(&settings);
    settings.privacy_known = true;
    settings.privacy_locked = false;
    settings.frame_size = CAM_FRAME_UXGA;
    settings.jpeg_quality = 33;
    (void)cam_privacy_configure(&settings, &port);
    assert_int_equal(watched.size, CAM_FRAME_UXGA);
    assert_int_equal(watched.quality, 33);
}

struct state {
    bool known;
    bool locked;
    uint32_t generation;
    bool unreported;
};

static struct cam_settings settings_of(struct state state)
{
    struct cam_settings settings;

    cam_settings_init(&settings);
    settings.privacy_known = state.known;
    settings.privacy_locked = state.locked;
    settings.privacy_generation = state.generation;
    settings.privacy_unreported = state.unreported;
    return settings;
}

static void expect_state(const struct cam_settings *settings, struct state state, size_t row)
{
    if (settings->privacy_known != state.known || settings->privacy_locked != state.locked ||
        settings->privacy_generation != state.generation ||
        settings->privacy_unreported != state.unreported) {
        fail_msg("row %zu: known %d locked %d generation %u unreported %d", row, settings->privacy_known,
                 settings->privacy_locked, settings->privacy_generation, settings->privacy_unreported);
    }
}

static void test_what_the_hub_says(void **state)
{
    static const struct {
        struct state before;
        bool locked;
        uint32_t generation;
        struct state after;
    } s_rows[] = {
        /* The first word counts, whatever it is. */
        {{false, false, 0, false}, false, 0, {true, false, 0, false}},
        {{false, false, 0, false}, true, 7, {true, true, 7, false}},
        /* Newer is adopted, also over an own change that the hub never heard of. */
        {{true, false, 7, false}, true, 8, {true, true, 8, false}},
        {{true, true, 7, true}, false, 8, {true, false, 8, false}},
        {{true, true, 7, false}, false, UINT32_MAX, {true, false, UINT32_MAX, false}},
        /* The same again changes nothing, and is the hub's word that it knows. */
        {{true, true, 8, false}, true, 8, {true, true, 8, false}},
        {{true, false, 8, true}, false, 8, {true, false, 8, false}},
        /* At one generation locked wins; where that is us, the hub has to hear of it. */
        {{true, false, 8, false}, true, 8, {true, true, 8, false}},
        {{true, true, 8, false}, false, 8, {true, true, 8, true}},
        /* Older is not adopted, and the hub is told. */
        {{true, true, 8, false}, false, 7, {true, true, 8, true}},
        {{true, false, 8, false}, true, 7, {true, false, 8, true}},
        {{true, true, 8, true}, false, 0, {true, true, 8, true}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_rows); i++) {
        struct cam_settings settings = settings_of(s_rows[i].before);
        struct cam_settings before = settings;
        bool changed = cam_privacy_hear(&settings, s_rows[i].locked, s_rows[i].generation);

        expect_state(&settings, s_rows[i].after, i);
        assert_int_equal(changed, memcmp(&settings, &before, sizeof settings) != 0);
        /* Hearing it twice is hearing it once. */
        assert_false(cam_privacy_hear(&settings, s_rows[i].locked, s_rows[i].generation));
        expect_state(&settings, s_rows[i].after, i);
    }
}

static void test_own_switch(void **state)
{
    static const struct {
        struct state before;
        bool locked;
        struct state after;
        bool changed;
    } s_rows[] = {
        {{false, false, 0, false}, true, {true, true, 1, true}, true},
        {{false, false, 0, false}, false, {true, false, 1, true}, true},
        {{true, false, 7, false}, true, {true, true, 8, true}, true},
        {{true, true, 8, true}, false, {true, false, 9, true}, true},
        {{true, true, 8, false}, true, {true, true, 8, false}, false},
        {{true, false, UINT32_MAX, false}, true, {true, true, UINT32_MAX, true}, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_rows); i++) {
        struct cam_settings settings = settings_of(s_rows[i].before);

        assert_int_equal(cam_privacy_switch(&settings, s_rows[i].locked), s_rows[i].changed);
        expect_state(&settings, s_rows[i].after, i);
    }
}

RUN(TEST(test_gate_of_every_state), TEST(test_configuration_is_the_settings), TEST(test_what_the_hub_says),
    TEST(test_own_switch))
