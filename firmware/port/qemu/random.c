#include "random.h"

#include <stdbool.h>
#include <string.h>

#include "cam/bytes.h"

/* What is hashed: state, stirred values, a count, and what the result is for. */
enum purpose { PURPOSE_OUTPUT = 1, PURPOSE_STATE, PURPOSE_NEXT_BOOT, PURPOSE_THIS_BOOT };

static uint8_t s_state[RANDOM_SEED_BYTES];
static uint32_t s_pool[4];
static uint32_t s_pool_at;
static bool s_is_ready;

static void derive(uint8_t out[CAM_SHA256_BYTES], const uint8_t seed[RANDOM_SEED_BYTES], enum purpose purpose,
                   uint32_t count)
{
    uint8_t input[RANDOM_SEED_BYTES + sizeof s_pool + 8];

    memcpy(input, seed, RANDOM_SEED_BYTES);
    memcpy(input + RANDOM_SEED_BYTES, s_pool, sizeof s_pool);
    cam_bytes_write_u32(input + sizeof input - 8, purpose);
    cam_bytes_write_u32(input + sizeof input - 4, count);
    cam_sha256_sum(input, sizeof input, out);
}

/* The newest whole record. */
static bool read_seed(const struct cam_flashlog *log, uint8_t record[RANDOM_RECORD_BYTES])
{
    struct cam_flashlog_position position = cam_flashlog_first(log);
    uint8_t next[RANDOM_RECORD_BYTES];
    enum cam_status status;
    bool found = false;

    while ((status = cam_flashlog_read(log, &position, next)) == CAM_OK || status == CAM_GARBAGE) {
        if (status == CAM_OK) {
            memcpy(record, next, sizeof next);
            found = true;
        }
        cam_flashlog_advance(log, &position);
    }
    return found;
}

enum cam_status random_init(const struct cam_port *port, const struct cam_area *area, uint32_t *boots)
{
    struct cam_flashlog log;
    uint8_t user[CAM_FLASHLOG_USER_BYTES];
    uint8_t record[RANDOM_RECORD_BYTES] = {0};
    uint8_t seed[RANDOM_SEED_BYTES];
    enum cam_status status = cam_flashlog_open(&log, port, area, RANDOM_RECORD_BYTES, RANDOM_MAGIC, user);

    if (status != CAM_OK || !read_seed(&log, record)) {
        return status == CAM_OK ? CAM_EMPTY : status;
    }
    memcpy(seed, record, sizeof seed);
    *boots = cam_bytes_read_u32(record + RANDOM_SEED_BYTES) + 1;
    memset(record, 0, sizeof record);
    derive(record, seed, PURPOSE_NEXT_BOOT, *boots);
    cam_bytes_write_u32(record + RANDOM_SEED_BYTES, *boots);
    status = cam_flashlog_append(&log, record, user);
    if (status != CAM_OK) {
        return status;
    }
    derive(s_state, seed, PURPOSE_THIS_BOOT, *boots);
    s_is_ready = true;
    return CAM_OK;
}

enum cam_status random_fill(uint8_t *out, size_t len_bytes)
{
    uint8_t block[CAM_SHA256_BYTES];
    uint32_t count = 0;

    if (!s_is_ready) {
        return CAM_IO;
    }
    while (len_bytes > 0) {
        size_t part = len_bytes < sizeof block ? len_bytes : sizeof block;

        derive(block, s_state, PURPOSE_OUTPUT, count++);
        memcpy(out, block, part);
        out += part;
        len_bytes -= part;
    }
    derive(block, s_state, PURPOSE_STATE, count);
    memcpy(s_state, block, sizeof s_state);
    return CAM_OK;
}

uint32_t random_u32(void)
{
    uint8_t bytes[4] = {0};

    (void)random_fill(bytes, sizeof bytes);
    return cam_bytes_read_u32(bytes);
}

void random_stir(uint32_t value)
{
    uint32_t *word = &s_pool[s_pool_at % 4];

    *word = (*word << 7 | *word >> 25) ^ value;
    s_pool_at++;
}
