/*
 * Any content of the settings area: it opens, what is saved into it is what the next boot reads, and nothing
 * is written twice. An input that begins with an odd byte is laid out as records whose sums hold, since no
 * fuzzer guesses those; their numbers lie near one another, anywhere in the circle of 32 bits.
 */
#include "cam/settings.h"

#include <stdlib.h>
#include <string.h>

#include "cam/bytes.h"
#include "nor.h"

#define AREA_BYTES (2 * NOR_SECTOR_BYTES)
#define HEADER_BYTES 16u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static const struct cam_area s_area = {.sector_bytes = NOR_SECTOR_BYTES, .sectors = 2};
static struct cam_settings_store s_store;

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* The number that records begin with, as the module writes it. */
static uint32_t learn_magic(void)
{
    struct cam_settings settings;

    nor_erase_all();
    check(cam_settings_open(&s_store, &nor_port, &s_area, &settings) == CAM_EMPTY);
    check(cam_settings_save(&s_store, &settings) == CAM_OK);
    return cam_bytes_read_u32(nor_data);
}

static void lay_out_records(struct nor_input *input, uint32_t magic)
{
    uint32_t base = nor_take_u32(input);

    for (size_t at = 0; at < AREA_BYTES && input->len_bytes > 0; at += CAM_SETTINGS_SLOT_BYTES) {
        uint8_t *slot = nor_data + at;
        uint32_t seq = base + nor_take_byte(input);
        uint32_t content_bytes = 4 * nor_take_byte(input);

        content_bytes = content_bytes < CAM_SETTINGS_SLOT_BYTES - HEADER_BYTES
                            ? content_bytes
                            : CAM_SETTINGS_SLOT_BYTES - HEADER_BYTES;
        nor_take(input, slot + HEADER_BYTES, content_bytes);
        cam_bytes_write_u32(slot, magic);
        cam_bytes_write_u32(slot + 4, seq);
        cam_bytes_write_u32(slot + 8, content_bytes);
        cam_bytes_write_u32(slot + 12, cam_bytes_sum_crc32(cam_bytes_sum_crc32(0, slot + 4, 8),
                                                           slot + HEADER_BYTES, content_bytes));
    }
}

static size_t encode(const struct cam_settings *settings, uint8_t data[CAM_SETTINGS_SLOT_BYTES])
{
    size_t len_bytes = cam_settings_encode(settings, data, CAM_SETTINGS_SLOT_BYTES);

    check(len_bytes > 0);
    return len_bytes;
}

static void expect_same(const struct cam_settings *one, const struct cam_settings *two)
{
    uint8_t a[CAM_SETTINGS_SLOT_BYTES];
    uint8_t b[CAM_SETTINGS_SLOT_BYTES];
    size_t a_bytes = encode(one, a);

    check(encode(two, b) == a_bytes && memcmp(a, b, a_bytes) == 0);
}

static void check_content(const uint8_t *data, size_t len_bytes)
{
    struct cam_settings settings;
    struct cam_settings again;
    uint8_t content[CAM_SETTINGS_SLOT_BYTES];
    size_t content_bytes;

    (void)cam_settings_decode(&settings, data, len_bytes);
    check(memchr(settings.token, 0, sizeof settings.token) != NULL);
    check(memchr(settings.hub_host, 0, sizeof settings.hub_host) != NULL);
    check(settings.frame_size < CAM_FRAME_SIZES && settings.motion_threshold_milli <= 100000);
    content_bytes = encode(&settings, content);
    check(cam_settings_decode(&again, content, content_bytes) == CAM_OK);
    expect_same(&settings, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    struct nor_input input = {data, len_bytes};
    struct cam_settings settings;
    struct cam_settings again;
    enum cam_status status;
    uint32_t magic = learn_magic();
    unsigned writes;

    check_content(data, len_bytes);
    nor_erase_all();
    if (nor_take_byte(&input) % 2 == 1) {
        lay_out_records(&input, magic);
    } else {
        size_t area_bytes = input.len_bytes < AREA_BYTES ? input.len_bytes : AREA_BYTES;
        nor_take(&input, nor_data, area_bytes);
    }
    status = cam_settings_open(&s_store, &nor_port, &s_area, &settings);
    check(status == CAM_OK || status == CAM_EMPTY || status == CAM_GARBAGE);
    for (int i = 0; i < 20; i++) {
        settings.brownouts++;
        check(cam_settings_save(&s_store, &settings) == CAM_OK);
        writes = nor_writes;
        check(cam_settings_save(&s_store, &settings) == CAM_OK && nor_writes == writes);
        check(cam_settings_open(&s_store, &nor_port, &s_area, &again) == CAM_OK);
        expect_same(&settings, &again);
    }
    return 0;
}
