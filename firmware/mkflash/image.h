/* A flash image in memory, with the flash functions of the core's port: what the camera would find in its
 * chip. */
#ifndef IMAGE_H
#define IMAGE_H

#include "cam/port.h"
#include "layout.h"

struct image {
    uint8_t data[LAYOUT_FLASH_BYTES];
};

/* All 0xFF, as a new chip. */
void image_init(struct image *image);

/* A port that has flash_read, flash_write and flash_erase only. `image` must stay. */
struct cam_port image_port(struct image *image);

/* Both say at stderr what is wrong, and return false. */
bool image_load(struct image *image, const char *path);
/* Through a new file beside it, so that `path` is whole or as it was. */
bool image_save(const struct image *image, const char *path);

/* Puts a file into the image at `at`. Says at stderr what is wrong, and returns false. */
bool image_put_file(struct image *image, uint32_t at, uint32_t room_bytes, const char *path);

#endif
