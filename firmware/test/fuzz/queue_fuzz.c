/*
 * Any content of the queue's area, then any order of appending, confirming and restarting: never more than
 * the capacity, and what was appended and not confirmed is there, in order, to the end. An input that begins
 * with an odd byte is laid out as sectors and records whose sums hold. Their numbers lie near one another,
 * anywhere in the circle of 32 bits; where they do not (bit 1), nothing is said about what is found.
 */
#include "cam/queue.h"

#include <stdlib.h>
#include <string.h>

#include "cam/bytes.h"
#include "nor.h"

#define RECORD_BYTES 32u
#define SLOTS (NOR_SECTOR_BYTES / RECORD_BYTES)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static const struct cam_area s_area = {.sector_bytes = NOR_SECTOR_BYTES, .sectors = NOR_SECTORS};
static struct cam_queue s_queue;

/* What was appended since the beginning and not confirmed; the newest CAM_QUEUE_CAPACITY count. */
static uint32_t s_model[4096];
static size_t s_model_first;
static size_t s_model_end;

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void open_queue(void)
{
    check(cam_queue_open(&s_queue, &nor_port, &s_area) == CAM_OK);
    check(cam_queue_depth(&s_queue) <= CAM_QUEUE_CAPACITY);
}

static void append(uint64_t monotonic_ms)
{
    struct cam_event_record event = {.monotonic_ms = monotonic_ms, .score = 42};

    check(cam_queue_append(&s_queue, &event) == CAM_OK);
    check(cam_queue_depth(&s_queue) <= CAM_QUEUE_CAPACITY && cam_queue_depth(&s_queue) > 0);
    s_model[s_model_end++] = event.seq;
    if (s_model_end - s_model_first > CAM_QUEUE_CAPACITY) {
        s_model_first++;
    }
}

/* The number that records of this area begin with, as the module writes it. */
static uint32_t learn_magic(void)
{
    nor_erase_all();
    open_queue();
    append(1);
    return cam_bytes_read_u32(nor_data);
}

static void seal(uint8_t *record)
{
    cam_bytes_write_u32(record + RECORD_BYTES - 4, cam_bytes_sum_crc32(0, record, RECORD_BYTES - 4));
}

static uint32_t take_number(struct nor_input *input, uint32_t base, bool wild)
{
    uint32_t number = wild ? nor_take_u32(input) : nor_take_byte(input);

    return base + number;
}

static void lay_out_sectors(struct nor_input *input, uint32_t magic, bool wild)
{
    uint32_t sector_base = nor_take_u32(input);
    uint32_t event_base = nor_take_u32(input);

    for (size_t sector = 0; sector < NOR_SECTORS && input->len_bytes > 0; sector++) {
        uint8_t *at = nor_data + sector * NOR_SECTOR_BYTES;
        unsigned records = nor_take_byte(input) % SLOTS;

        memset(at, 0, RECORD_BYTES);
        cam_bytes_write_u32(at, magic);
        cam_bytes_write_u32(at + 4, take_number(input, sector_base, wild));
        cam_bytes_write_u32(at + 8, take_number(input, event_base, wild));
        cam_bytes_write_u32(at + 12, take_number(input, event_base, wild));
        seal(at);
        for (; records > 0 && input->len_bytes > 0; records--) {
            at += RECORD_BYTES;
            memset(at, 0, RECORD_BYTES);
            at[0] = (uint8_t)nor_take_byte(input);
            cam_bytes_write_u32(at + 4, take_number(input, event_base, wild));
            seal(at);
        }
    }
}

static enum cam_status peek_and_confirm(void)
{
    struct cam_event_record event;
    struct cam_event_record again;
    enum cam_status status = cam_queue_peek(&s_queue, &event);

    check(status == CAM_OK || status == CAM_EMPTY);
    if (status == CAM_OK) {
        check(cam_queue_peek(&s_queue, &again) == CAM_OK && again.seq == event.seq);
        check(cam_queue_confirm(&s_queue, event.seq) == CAM_OK);
        if (s_model_first < s_model_end && s_model[s_model_first] == event.seq) {
            s_model_first++;
        }
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    struct nor_input input = {data, len_bytes};
    uint32_t magic = learn_magic();
    uint8_t steps[64];
    unsigned mode = nor_take_byte(&input);
    bool wild = mode % 4 == 3;
    unsigned drained = 0;

    nor_take(&input, steps, sizeof steps);
    nor_erase_all();
    if (mode % 2 == 1) {
        lay_out_sectors(&input, magic, wild);
    } else {
        nor_take(&input, nor_data, input.len_bytes < NOR_BYTES ? input.len_bytes : NOR_BYTES);
    }
    s_model_first = 0;
    s_model_end = 0;
    open_queue();
    for (size_t i = 0; i < sizeof steps; i++) {
        for (unsigned count = steps[i] / 4; count > 0 && steps[i] % 4 == 1; count--) {
            append(i);
        }
        for (unsigned count = steps[i] / 4; count > 0 && steps[i] % 4 == 2; count--) {
            (void)peek_and_confirm();
        }
        if (steps[i] % 4 == 3) {
            open_queue();
        }
    }
    while (peek_and_confirm() == CAM_OK) {
        check(++drained <= CAM_QUEUE_CAPACITY);
    }
    check(wild || s_model_first == s_model_end);
    check(cam_queue_depth(&s_queue) == 0);
    open_queue();
    check(wild || cam_queue_depth(&s_queue) == 0);
    return 0;
}
