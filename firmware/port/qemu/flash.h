/*
 * The board's NOR flash: an Intel-style CFI chip of 4 MB, 16 bits wide, sectors of 64 KB. While it is written
 * to or erased nothing can be read from it, so those routines run from instruction RAM.
 *
 * QEMU's chip would set bits again that a real one cannot set; flash_write refuses to write where the flash
 * is not erased, so that a mistake shows here as it would on a real chip.
 */
#ifndef FLASH_H
#define FLASH_H

#include "cam/status.h"

#include <stddef.h>
#include <stdint.h>

/* Where the contents can be read directly. `at` < LAYOUT_FLASH_BYTES. */
const uint8_t *flash_at(uint32_t at);

/* All: CAM_OK; CAM_INVALID outside of the flash, or of the data part for what changes it; CAM_IO. Writes are
 * multiples of 16 bytes at multiples of 16. */
enum cam_status flash_read(uint32_t at, uint8_t *data, size_t len_bytes);
enum cam_status flash_write(uint32_t at, const uint8_t *data, size_t len_bytes);
enum cam_status flash_erase(uint32_t at);

#endif
