#include "flash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES 16u

/* Whole or not at all, as far as the caller sees; a kill may leave a prefix. */
static enum cam_status write_all(int fd, uint32_t at, const uint8_t *data, size_t len_bytes)
{
    while (len_bytes > 0) {
        ssize_t written = pwrite(fd, data, len_bytes, (off_t)at);

        if (written < 0 && errno != EINTR) {
            return CAM_IO;
        }
        if (written > 0) {
            at += (uint32_t)written;
            data += written;
            len_bytes -= (size_t)written;
        }
    }
    return CAM_OK;
}

static enum cam_status erase_sector(int fd, uint32_t at)
{
    uint8_t sector[POSIX_FLASH_SECTOR_BYTES];

    memset(sector, 0xFF, sizeof sector);
    return write_all(fd, at, sector, sizeof sector);
}

/* A file that is too short was being made when the process was killed. */
static enum cam_status make_whole(int fd, int *code)
{
    struct stat found;

    if (fstat(fd, &found) != 0) {
        *code = errno;
        return CAM_IO;
    }
    if (!S_ISREG(found.st_mode) || found.st_size > (off_t)POSIX_FLASH_BYTES) {
        return CAM_GARBAGE;
    }
    for (uint32_t at = 0; found.st_size < (off_t)POSIX_FLASH_BYTES && at < POSIX_FLASH_BYTES;
         at += POSIX_FLASH_SECTOR_BYTES) {
        if (erase_sector(fd, at) != CAM_OK) {
            *code = errno;
            return CAM_IO;
        }
    }
    return CAM_OK;
}

enum cam_status posix_flash_open(struct posix_flash *flash, const char *path, int *code)
{
    enum cam_status status;

    flash->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR); /* it holds the secret */
    if (flash->fd < 0) {
        *code = errno;
        return CAM_IO;
    }
    if (flock(flash->fd, LOCK_EX | LOCK_NB) != 0) {
        *code = errno;
        status = errno == EWOULDBLOCK ? CAM_AGAIN : CAM_IO;
    } else {
        status = make_whole(flash->fd, code);
    }
    if (status != CAM_OK) {
        posix_flash_close(flash);
    }
    return status;
}

void posix_flash_close(struct posix_flash *flash)
{
    (void)close(flash->fd);
    flash->fd = -1;
}

static bool is_inside(uint32_t at, size_t len_bytes)
{
    return at <= POSIX_FLASH_BYTES && len_bytes <= POSIX_FLASH_BYTES - at;
}

enum cam_status posix_flash_read(const struct posix_flash *flash, uint32_t at, uint8_t *data,
                                 size_t len_bytes)
{
    if (!is_inside(at, len_bytes)) {
        return CAM_INVALID;
    }
    while (len_bytes > 0) {
        ssize_t taken = pread(flash->fd, data, len_bytes, (off_t)at);

        if (taken == 0 || (taken < 0 && errno != EINTR)) {
            return CAM_IO;
        }
        if (taken > 0) {
            at += (uint32_t)taken;
            data += taken;
            len_bytes -= (size_t)taken;
        }
    }
    return CAM_OK;
}

static enum cam_status check_erased(const struct posix_flash *flash, uint32_t at, size_t len_bytes)
{
    uint8_t block[BLOCK_BYTES];

    for (; len_bytes > 0; at += BLOCK_BYTES, len_bytes -= BLOCK_BYTES) {
        enum cam_status status = posix_flash_read(flash, at, block, sizeof block);

        for (size_t i = 0; status == CAM_OK && i < sizeof block; i++) {
            status = block[i] == 0xFF ? CAM_OK : CAM_INVALID;
        }
        if (status != CAM_OK) {
            return status;
        }
    }
    return CAM_OK;
}

enum cam_status posix_flash_write(const struct posix_flash *flash, uint32_t at, const uint8_t *data,
                                  size_t len_bytes)
{
    enum cam_status status;

    if (!is_inside(at, len_bytes) || at % BLOCK_BYTES != 0 || len_bytes % BLOCK_BYTES != 0) {
        return CAM_INVALID;
    }
    status = check_erased(flash, at, len_bytes);
    return status == CAM_OK ? write_all(flash->fd, at, data, len_bytes) : status;
}

enum cam_status posix_flash_erase(const struct posix_flash *flash, uint32_t at)
{
    if (!is_inside(at, POSIX_FLASH_SECTOR_BYTES) || at % POSIX_FLASH_SECTOR_BYTES != 0) {
        return CAM_INVALID;
    }
    return erase_sector(flash->fd, at);
}
