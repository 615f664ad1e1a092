#include "flash.h"

#include <stdbool.h>
#include <string.h>

#include "board.h"
#include "cam/bytes.h"
#include "layout.h"

#define COMMAND_READ_ARRAY 0xFFu
#define COMMAND_CLEAR_STATUS 0x50u
#define COMMAND_ERASE 0x20u
#define COMMAND_WRITE_BUFFER 0xE8u
#define COMMAND_CONFIRM 0xD0u
#define STATUS_READY 0x80u
#define STATUS_ERRORS 0x3Au /* erase, program, voltage, lock */

/* The chip's write buffer holds more, but a block must not cross its own boundary. */
#define BLOCK_BYTES 512u
#define BLOCK_WORDS (BLOCK_BYTES / 2u)

#define IN_RAM __attribute__((section(".iram"), noinline, optimize("no-tree-loop-distribute-patterns")))

const uint8_t *flash_at(uint32_t at)
{
    return (const uint8_t *)(uintptr_t)(BOARD_ROM + at);
}

static bool is_inside(uint32_t from, uint32_t at, size_t len_bytes)
{
    return at >= from && at <= LAYOUT_FLASH_BYTES && len_bytes <= LAYOUT_FLASH_BYTES - at;
}

/* Waits for the end of a command and goes back to reading. */
IN_RAM static bool finish(volatile uint16_t *chip)
{
    uint16_t status;

    do {
        status = *chip;
    } while ((status & STATUS_READY) == 0);
    *chip = COMMAND_CLEAR_STATUS;
    *chip = COMMAND_READ_ARRAY;
    return (status & STATUS_ERRORS) == 0;
}

IN_RAM static bool write_block(volatile uint16_t *chip, const uint16_t *words, uint32_t count)
{
    *chip = COMMAND_WRITE_BUFFER;
    while ((*chip & STATUS_READY) == 0) {
    }
    *chip = (uint16_t)(count - 1);
    for (uint32_t i = 0; i < count; i++) {
        chip[i] = words[i];
    }
    *chip = COMMAND_CONFIRM;
    return finish(chip);
}

IN_RAM static bool erase_sector(volatile uint16_t *chip)
{
    *chip = COMMAND_ERASE;
    *chip = COMMAND_CONFIRM;
    return finish(chip);
}

static volatile uint16_t *chip_at(uint32_t at)
{
    return (volatile uint16_t *)(uintptr_t)(BOARD_FLASH + at);
}

enum cam_status flash_read(uint32_t at, uint8_t *data, size_t len_bytes)
{
    if (!is_inside(0, at, len_bytes)) {
        return CAM_INVALID;
    }
    memcpy(data, flash_at(at), len_bytes);
    return CAM_OK;
}

enum cam_status flash_write(uint32_t at, const uint8_t *data, size_t len_bytes)
{
    static uint16_t s_block[BLOCK_WORDS];

    if (!is_inside(LAYOUT_DATA_AT, at, len_bytes) || at % 16 != 0 || len_bytes % 16 != 0) {
        return CAM_INVALID;
    }
    if (!cam_bytes_are_erased(flash_at(at), len_bytes)) {
        return CAM_IO;
    }
    while (len_bytes > 0) {
        uint32_t part = BLOCK_BYTES - at % BLOCK_BYTES;

        if (part > len_bytes) {
            part = (uint32_t)len_bytes;
        }
        memcpy(s_block, data, part);
        if (!write_block(chip_at(at), s_block, part / 2) || memcmp(flash_at(at), data, part) != 0) {
            return CAM_IO;
        }
        at += part;
        data += part;
        len_bytes -= part;
    }
    return CAM_OK;
}

enum cam_status flash_erase(uint32_t at)
{
    if (!is_inside(LAYOUT_DATA_AT, at, LAYOUT_SECTOR_BYTES) || at % LAYOUT_SECTOR_BYTES != 0) {
        return CAM_INVALID;
    }
    return erase_sector(chip_at(at)) ? CAM_OK : CAM_IO;
}
