/* The reader of scene packs: what it gives out, and that it takes no pack that is not whole. */
#include "scene.h"

#include "cam/bytes.h"
#include "testing.h"

#define FRAMES 3u
#define RENDITIONS 2u
#define TABLES_END (32u + FRAMES * 16 + FRAMES * RENDITIONS * 12)
#define GREY_AT 160u /* the first multiple of 16 behind the tables */
#define JPEG_AT (GREY_AT + 2 * CAM_GREY_BYTES)
#define TOTAL (JPEG_AT + 3 * 16)

static uint8_t s_pack[TOTAL + 16];

static uint8_t *frame_at(uint32_t index)
{
    return s_pack + 32 + 16 * (size_t)index;
}

static uint8_t *jpeg_at(uint32_t index)
{
    return s_pack + 32 + FRAMES * 16 + 12 * (size_t)index;
}

static void seal(void)
{
    cam_bytes_write_u32(s_pack + 28, cam_bytes_sum_crc32(0, s_pack + 32, TOTAL - 32));
}

static void put(uint8_t *to, uint32_t a, uint32_t b, uint32_t c)
{
    cam_bytes_write_u32(to, a);
    cam_bytes_write_u32(to + 4, b);
    cam_bytes_write_u32(to + 8, c);
}

/* Frames at 0, 100 and 250 of 1,000 ms. The last is by night and shares its grey picture with the first. */
static int make_pack(void **state)
{
    static const uint32_t at_ms[FRAMES] = {0, 100, 250};

    (void)state;
    memset(s_pack, 0xFF, sizeof s_pack);
    memcpy(s_pack, "NBSCENE1", 8);
    put(s_pack + 8, 1, FRAMES, 1000);
    put(s_pack + 20, RENDITIONS, TOTAL, 0);
    for (uint32_t i = 0; i < FRAMES; i++) {
        put(frame_at(i), at_ms[i], GREY_AT + (i == 1 ? CAM_GREY_BYTES : 0), i * RENDITIONS);
        cam_bytes_write_u32(frame_at(i) + 12, i == 2);
        put(jpeg_at(2 * i), CAM_FRAME_QVGA, JPEG_AT + 16 * i, 4);
        put(jpeg_at(2 * i + 1), CAM_FRAME_SVGA, JPEG_AT + 16 * i, 5 + i);
        memcpy(s_pack + JPEG_AT + 16 * i, (const uint8_t[]){0xFF, 0xD8, 0xFF, 0xD9, 0xFF, 0xD9, 0xD9}, 7);
    }
    cam_bytes_write_u32(jpeg_at(1) + 8, 6);
    cam_bytes_write_u32(jpeg_at(3) + 8, 6);
    cam_bytes_write_u32(jpeg_at(5) + 8, 6);
    memset(s_pack + GREY_AT, 1, CAM_GREY_BYTES);
    memset(s_pack + GREY_AT + CAM_GREY_BYTES, 2, CAM_GREY_BYTES);
    seal();
    return 0;
}

static bool opens(void)
{
    struct scene scene;

    seal();
    return scene_open(&scene, s_pack, sizeof s_pack);
}

static void test_the_last_frame_that_has_begun_is_seen(void **state)
{
    static const struct {
        uint64_t elapsed_ms;
        uint32_t frame;
    } looks[] = {{0, 0},   {99, 0},  {100, 1},  {249, 1},
                 {250, 2}, {999, 2}, {1000, 0}, {86400000ull * 365 + 100, 1}};
    struct scene scene;
    struct scene_view view;

    (void)state;
    assert_true(scene_open(&scene, s_pack, TOTAL));
    for (size_t i = 0; i < COUNT_OF(looks); i++) {
        scene_look(&scene, looks[i].elapsed_ms, CAM_FRAME_QVGA, &view);
        assert_int_equal(view.grey[0], looks[i].frame == 1 ? 2 : 1);
        assert_ptr_equal(view.jpeg, s_pack + JPEG_AT + 16 * (size_t)looks[i].frame);
        assert_int_equal(view.jpeg_len_bytes, 4);
        assert_int_equal(view.is_night, looks[i].frame == 2);
    }
}

static void test_the_largest_picture_that_is_not_too_large_is_taken(void **state)
{
    static const struct {
        enum cam_frame_size asked, first, second, given;
    } cases[] = {
        {CAM_FRAME_QVGA, CAM_FRAME_QVGA, CAM_FRAME_SVGA, CAM_FRAME_QVGA},
        {CAM_FRAME_VGA, CAM_FRAME_QVGA, CAM_FRAME_SVGA, CAM_FRAME_QVGA},
        {CAM_FRAME_SVGA, CAM_FRAME_QVGA, CAM_FRAME_SVGA, CAM_FRAME_SVGA},
        {CAM_FRAME_UXGA, CAM_FRAME_QVGA, CAM_FRAME_SVGA, CAM_FRAME_SVGA},
        {CAM_FRAME_UXGA, CAM_FRAME_SVGA, CAM_FRAME_QVGA, CAM_FRAME_SVGA},
        {CAM_FRAME_VGA, CAM_FRAME_SVGA, CAM_FRAME_QVGA, CAM_FRAME_QVGA},
        {CAM_FRAME_QVGA, CAM_FRAME_XGA, CAM_FRAME_SVGA, CAM_FRAME_SVGA},
        {CAM_FRAME_QVGA, CAM_FRAME_SVGA, CAM_FRAME_XGA, CAM_FRAME_SVGA},
    };
    struct scene scene;
    struct scene_view view;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cam_bytes_write_u32(jpeg_at(0), (uint32_t)cases[i].first);
        cam_bytes_write_u32(jpeg_at(1), (uint32_t)cases[i].second);
        seal();
        assert_true(scene_open(&scene, s_pack, TOTAL));
        scene_look(&scene, 0, cases[i].asked, &view);
        assert_int_equal(view.jpeg_size, cases[i].given);
    }
}

static void test_a_pack_that_is_cut_short_is_refused(void **state)
{
    struct scene scene;

    (void)state;
    for (size_t len = 0; len < TOTAL; len++) {
        assert_false(scene_open(&scene, s_pack, len));
    }
    assert_true(scene_open(&scene, s_pack, TOTAL));
    assert_true(scene_open(&scene, s_pack, sizeof s_pack)); /* erased flash behind it */
}

static void test_every_flipped_bit_is_noticed(void **state)
{
    struct scene scene;

    (void)state;
    for (size_t i = 0; i < TOTAL; i++) {
        if (i == 16) { /* the loop's length is not under the sum: it may be any that holds all frames */
            i = 20;
        }
        s_pack[i] ^= 0x01;
        assert_false(scene_open(&scene, s_pack, TOTAL));
        s_pack[i] ^= 0x01;
    }
}

/* Packs with a good sum and one number that leads out of them. */
static void test_a_number_that_leads_outside_is_refused(void **state)
{
    const struct {
        uint8_t *at;
        uint32_t value;
    } cases[] = {
        {s_pack + 8, 2},           /* version */
        {s_pack + 12, 0},          /* frames */
        {s_pack + 12, UINT32_MAX}, /* tables longer than 4 GB */
        {s_pack + 12, 0x10000000}, /* tables of which 32 bits look short */
        {s_pack + 16, 250},        /* loop ends before the last frame begins */
        {s_pack + 16, 0},
        {s_pack + 20, 0}, /* renditions */
        {s_pack + 20, CAM_FRAME_SIZES + 1},
        {frame_at(0), 1},
        {frame_at(2), 100}, /* not later than the one before */
        {frame_at(0) + 4, 0},
        {frame_at(0) + 4, GREY_AT + 1},
        {frame_at(0) + 4, GREY_AT - 16}, /* in the tables */
        {frame_at(0) + 4, TOTAL - CAM_GREY_BYTES + 16},
        {frame_at(0) + 4, 0xFFFFFFF0},
        {frame_at(1) + 8, 5}, /* the second rendition would be behind the table */
        {frame_at(1) + 8, UINT32_MAX},
        {jpeg_at(0), CAM_FRAME_SIZES},
        {jpeg_at(0) + 4, TOTAL + 16},
        {jpeg_at(0) + 4, JPEG_AT + 8},
        {jpeg_at(0) + 8, 3},
        {jpeg_at(0) + 8, UINT32_MAX},
        {jpeg_at(0) + 8, 5},               /* does not end as a JPEG */
        {jpeg_at(5) + 8, TOTAL - JPEG_AT}, /* one byte after the other too far */
        {jpeg_at(0) + 4, GREY_AT},         /* does not begin as one */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        (void)make_pack(state);
        assert_true(opens());
        cam_bytes_write_u32(cases[i].at, cases[i].value);
        if (opens()) {
            fail_msg("case %zu was taken", i);
        }
    }
}

RUN(cmocka_unit_test_setup(test_the_last_frame_that_has_begun_is_seen, make_pack),
    cmocka_unit_test_setup(test_the_largest_picture_that_is_not_too_large_is_taken, make_pack),
    cmocka_unit_test_setup(test_a_pack_that_is_cut_short_is_refused, make_pack),
    cmocka_unit_test_setup(test_every_flipped_bit_is_noticed, make_pack),
    cmocka_unit_test_setup(test_a_number_that_leads_outside_is_refused, make_pack))
