/* Any content of the error log's area: it can be walked to its end, and what is added stands last. */
#include "cam/errlog.h"

#include <stdlib.h>
#include <string.h>

#include "cam/bytes.h"
#include "nor.h"

#define RECORD_BYTES 64u
#define HEADER_BYTES 32u
#define SLOTS (NOR_SECTOR_BYTES / RECORD_BYTES)
#define SECTORS 2u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static const struct cam_area s_area = {.sector_bytes = NOR_SECTOR_BYTES, .sectors = SECTORS};
static struct cam_errlog s_errlog;

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* How many entries there are; `last` is the newest. */
static unsigned walk(struct cam_errlog_entry *last)
{
    struct cam_flashlog_position position = cam_flashlog_first(&s_errlog.log);
    struct cam_errlog_entry entry;
    enum cam_status status;
    unsigned count = 0;

    while ((status = cam_errlog_next(&s_errlog, &position, &entry)) == CAM_OK) {
        check(memchr(entry.text, 0, sizeof entry.text) != NULL);
        check(++count < SLOTS * SECTORS);
        *last = entry;
    }
    check(status == CAM_EMPTY);
    return count;
}

static void add(int32_t code)
{
    const struct cam_errlog_entry entry = {.code = code, .status = CAM_IO, .text = "fuzz"};
    struct cam_errlog_entry last = {0};

    cam_errlog_add(&s_errlog, &entry);
    check(walk(&last) > 0 && last.code == code && strcmp(last.text, "fuzz") == 0);
}

static void seal(uint8_t *record, size_t len_bytes)
{
    cam_bytes_write_u32(record + len_bytes - 4, cam_bytes_sum_crc32(0, record, len_bytes - 4));
}

static void lay_out_sectors(struct nor_input *input, uint32_t magic)
{
    for (size_t sector = 0; sector < SECTORS && input->len_bytes > 0; sector++) {
        uint8_t *at = nor_data + sector * NOR_SECTOR_BYTES;
        unsigned records = nor_take_byte(input) % SLOTS;

        memset(at, 0, HEADER_BYTES);
        cam_bytes_write_u32(at, magic);
        cam_bytes_write_u32(at + 4, nor_take_u32(input));
        seal(at, HEADER_BYTES);
        for (; records > 0 && input->len_bytes > 0; records--) {
            at += RECORD_BYTES;
            nor_take(input, at, RECORD_BYTES - 4);
            seal(at, RECORD_BYTES);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    struct nor_input input = {data, len_bytes};
    struct cam_errlog_entry last;
    uint32_t magic;

    nor_erase_all();
    check(cam_errlog_open(&s_errlog, &nor_port, &s_area) == CAM_OK);
    add(1);
    magic = cam_bytes_read_u32(nor_data);
    nor_erase_all();
    if (nor_take_byte(&input) % 2 == 1) {
        lay_out_sectors(&input, magic);
    } else {
        nor_take(&input, nor_data,
                 input.len_bytes < SECTORS * NOR_SECTOR_BYTES ? input.len_bytes : SECTORS * NOR_SECTOR_BYTES);
    }
    check(cam_errlog_open(&s_errlog, &nor_port, &s_area) == CAM_OK);
    (void)walk(&last);
    for (int32_t code = 1; code < 100; code++) {
        add(code);
    }
    check(cam_errlog_open(&s_errlog, &nor_port, &s_area) == CAM_OK);
    check(walk(&last) > 0 && last.code == 99);
    return 0;
}
