/*
 * Flash in a file, written through: what a write has answered CAM_OK for survives a kill -9 of the process,
 * which may leave any prefix of a write in progress. Against a power cut of the workstation there is no
 * promise (no fsync).
 *
 * It holds the core to the rules of NOR flash: what is not erased is not written to. The file is locked, so
 * that no two processes are the same camera.
 */
#ifndef POSIX_FLASH_H
#define POSIX_FLASH_H

#include "cam/flashlog.h"

#define POSIX_FLASH_SECTOR_BYTES 4096u
#define POSIX_FLASH_BYTES (10 * POSIX_FLASH_SECTOR_BYTES)
#define POSIX_FLASH_SETTINGS_AREA ((struct cam_area){0x0000u, POSIX_FLASH_SECTOR_BYTES, 2})
#define POSIX_FLASH_QUEUE_AREA ((struct cam_area){0x2000u, POSIX_FLASH_SECTOR_BYTES, 6})
#define POSIX_FLASH_LOG_AREA ((struct cam_area){0x8000u, POSIX_FLASH_SECTOR_BYTES, 2})

struct posix_flash {
    /* Not to be touched. */
    int fd;
};

/*
 * Opens the file, or makes it, erased. CAM_OK; CAM_AGAIN another process has it; CAM_GARBAGE it has another
 * size than a flash file of this program; CAM_IO with errno in *code.
 */
enum cam_status posix_flash_open(struct posix_flash *flash, const char *path, int *code);
void posix_flash_close(struct posix_flash *flash);

/* As in cam/port.h. CAM_INVALID: outside, not aligned, or not erased. */
enum cam_status posix_flash_read(const struct posix_flash *flash, uint32_t at, uint8_t *data,
                                 size_t len_bytes);
enum cam_status posix_flash_write(const struct posix_flash *flash, uint32_t at, const uint8_t *data,
                                  size_t len_bytes);
enum cam_status posix_flash_erase(const struct posix_flash *flash, uint32_t at);

#endif
