/* Any bytes, with the sum made right, since no fuzzer guesses it: a pack that opens can be looked at for ever
 * without leaving it. */
#include <stdlib.h>
#include <string.h>

#include "cam/bytes.h"
#include "scene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static volatile uint8_t s_seen;

/* Reads what was lent, so that ASan sees when it lies outside. */
static void read_all(const uint8_t *data, size_t len_bytes)
{
    for (size_t i = 0; i < len_bytes; i++) {
        s_seen = data[i];
    }
}

static void look_around(const struct scene *scene)
{
    struct scene_view view;

    for (uint64_t elapsed_ms = 0; elapsed_ms < 4096; elapsed_ms += 251) {
        for (int size = CAM_FRAME_QVGA; size < CAM_FRAME_SIZES; size++) {
            scene_look(scene, elapsed_ms << (elapsed_ms % 32), (enum cam_frame_size)size, &view);
            read_all(view.grey, CAM_GREY_BYTES);
            read_all(view.jpeg, view.jpeg_len_bytes);
            if ((unsigned)view.jpeg_size >= CAM_FRAME_SIZES) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    uint8_t *copy = calloc(len_bytes > 0 ? len_bytes : 1, 1); /* exactly so long, for ASan */
    struct scene scene;

    if (copy == NULL) {
        return 0;
    }
    if (len_bytes > 0) {
        memcpy(copy, data, len_bytes);
    }
    if (scene_open(&scene, copy, len_bytes)) {
        look_around(&scene);
    }
    if (len_bytes >= 32) {
        uint32_t total_bytes = cam_bytes_read_u32(copy + 24);

        total_bytes = total_bytes < 32 || total_bytes > len_bytes ? (uint32_t)len_bytes : total_bytes;
        cam_bytes_write_u32(copy + 24, total_bytes);
        cam_bytes_write_u32(copy + 28, cam_bytes_sum_crc32(0, copy + 32, total_bytes - 32));
        if (scene_open(&scene, copy, len_bytes)) {
            look_around(&scene);
        }
    }
    free(copy);
    return 0;
}
