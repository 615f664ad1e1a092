#include "nor.h"

#include <stdlib.h>
#include <string.h>

uint8_t nor_data[NOR_BYTES];
unsigned nor_writes;

void nor_erase_all(void)
{
    memset(nor_data, 0xFF, sizeof nor_data);
    nor_writes = 0;
}

static enum cam_status read(void *context, uint32_t at, uint8_t *data, size_t len_bytes)
{
    (void)context;
    if (at > NOR_BYTES || len_bytes > NOR_BYTES - at) {
        abort();
    }
    memcpy(data, nor_data + at, len_bytes);
    return CAM_OK;
}

static enum cam_status write(void *context, uint32_t at, const uint8_t *data, size_t len_bytes)
{
    (void)context;
    if (at > NOR_BYTES || len_bytes > NOR_BYTES - at || at % 16 != 0 || len_bytes % 16 != 0) {
        abort();
    }
    for (size_t i = 0; i < len_bytes; i++) {
        if (nor_data[at + i] != 0xFF) {
            abort(); /* written twice between two erases */
        }
        nor_data[at + i] = data[i];
    }
    nor_writes++;
    return CAM_OK;
}

static enum cam_status erase(void *context, uint32_t at)
{
    (void)context;
    if (at >= NOR_BYTES || at % NOR_SECTOR_BYTES != 0) {
        abort();
    }
    memset(nor_data + at, 0xFF, NOR_SECTOR_BYTES);
    return CAM_OK;
}

const struct cam_port nor_port = {.flash_read = read, .flash_write = write, .flash_erase = erase};

void nor_take(struct nor_input *input, uint8_t *to, size_t len_bytes)
{
    size_t have_bytes = len_bytes < input->len_bytes ? len_bytes : input->len_bytes;

    memset(to, 0, len_bytes);
    if (have_bytes > 0) {
        memcpy(to, input->data, have_bytes);
    }
    input->data += have_bytes;
    input->len_bytes -= have_bytes;
}

unsigned nor_take_byte(struct nor_input *input)
{
    uint8_t byte;

    nor_take(input, &byte, 1);
    return byte;
}

uint32_t nor_take_u32(struct nor_input *input)
{
    uint8_t bytes[4];

    nor_take(input, bytes, sizeof bytes);
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}
