/*
 * Reads a scene pack (../README.md) where it lies: in flash, in a mapped file, in memory. scene_open checks
 * all of it once; after that nothing can fail and nothing is read outside of it. The bytes must stay and not
 * change while the scene is in use. No heap, no state of its own.
 */
#ifndef SCENE_H
#define SCENE_H

#include "cam/port.h"

struct scene {
    /* Not to be touched. */
    const uint8_t *data;
    uint32_t frame_count;
    uint32_t rendition_count;
    uint32_t loop_ms;
};

/* What the camera sees at one moment. Both pictures point into the pack. */
struct scene_view {
    const uint8_t *grey; /* CAM_GREY_BYTES */
    const uint8_t *jpeg;
    size_t jpeg_len_bytes;
    enum cam_frame_size jpeg_size; /* not always what was asked for */
    bool is_night;
};

/* False when `data` does not begin with a whole pack of this version: then `scene` is not to be used. What
 * follows the pack, as erased flash, is not looked at. */
bool scene_open(struct scene *scene, const uint8_t *data, size_t len_bytes);

/* At `elapsed_ms` since the scene began; it repeats for ever. The picture is the largest of at most `size`,
 * or the smallest there is. */
void scene_look(const struct scene *scene, uint64_t elapsed_ms, enum cam_frame_size size,
                struct scene_view *view);

#endif
