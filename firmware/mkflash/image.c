#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_inside(uint32_t at, size_t len_bytes)
{
    return at <= LAYOUT_FLASH_BYTES && len_bytes <= LAYOUT_FLASH_BYTES - at;
}

static enum cam_status read_flash(void *context, uint32_t at, uint8_t *data, size_t len_bytes)
{
    const struct image *image = context;

    if (!is_inside(at, len_bytes)) {
        return CAM_IO;
    }
    memcpy(data, image->data + at, len_bytes);
    return CAM_OK;
}

static enum cam_status write_flash(void *context, uint32_t at, const uint8_t *data, size_t len_bytes)
{
    struct image *image = context;

    if (!is_inside(at, len_bytes)) {
        return CAM_IO;
    }
    for (size_t i = 0; i < len_bytes; i++) {
        image->data[at + i] &= data[i];
    }
    return CAM_OK;
}

static enum cam_status erase_flash(void *context, uint32_t at)
{
    struct image *image = context;

    if (!is_inside(at, LAYOUT_SECTOR_BYTES)) {
        return CAM_IO;
    }
    memset(image->data + at, 0xFF, LAYOUT_SECTOR_BYTES);
    return CAM_OK;
}

void image_init(struct image *image)
{
    memset(image->data, 0xFF, sizeof image->data);
}

struct cam_port image_port(struct image *image)
{
    return (struct cam_port){
        .context = image, .flash_read = read_flash, .flash_write = write_flash, .flash_erase = erase_flash};
}

/* Reads up to `cap_bytes` and finds out whether there would be more. */
static bool read_file(const char *path, uint8_t *data, size_t cap_bytes, size_t *len_bytes)
{
    FILE *file = fopen(path, "rb");
    bool is_whole;

    if (file == NULL) {
        fprintf(stderr, "mkflash: %s: %s\n", path, strerror(errno));
        return false;
    }
    *len_bytes = fread(data, 1, cap_bytes, file);
    is_whole = fgetc(file) == EOF && !ferror(file);
    fclose(file);
    if (!is_whole || *len_bytes == 0) {
        fprintf(stderr, "mkflash: %s: must have between 1 and %zu bytes\n", path, cap_bytes);
        return false;
    }
    return true;
}

bool image_load(struct image *image, const char *path)
{
    size_t len_bytes;

    if (!read_file(path, image->data, sizeof image->data, &len_bytes)) {
        return false;
    }
    if (len_bytes != sizeof image->data) {
        fprintf(stderr, "mkflash: %s: a flash image has %zu bytes\n", path, sizeof image->data);
        return false;
    }
    return true;
}

bool image_put_file(struct image *image, uint32_t at, uint32_t room_bytes, const char *path)
{
    size_t len_bytes;

    return read_file(path, image->data + at, room_bytes, &len_bytes);
}

bool image_save(const struct image *image, const char *path)
{
    char beside[4096];
    int len = snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = len > 0 && (size_t)len < sizeof beside ? fopen(beside, "wb") : NULL;
    bool is_written;

    if (file == NULL) {
        fprintf(stderr, "mkflash: %s: %s\n", path, strerror(errno));
        return false;
    }
    is_written = fwrite(image->data, sizeof image->data, 1, file) == 1;
    is_written = fclose(file) == 0 && is_written;
    if (!is_written || rename(beside, path) != 0) {
        fprintf(stderr, "mkflash: %s: %s\n", path, strerror(errno));
        (void)remove(beside);
        return false;
    }
    return true;
}
