#include "scene.h"

#include <string.h>

#include "cam/bytes.h"

#define HEADER_BYTES 32u
#define FRAME_BYTES 16u
#define JPEG_BYTES 12u
#define VERSION 1u
#define FLAG_NIGHT 1u
#define SHORTEST_JPEG_BYTES 4u /* start and end marker */

static const uint8_t *frame_entry(const struct scene *scene, uint32_t frame)
{
    return scene->data + HEADER_BYTES + (size_t)frame * FRAME_BYTES;
}

static const uint8_t *jpeg_entry(const struct scene *scene, uint32_t index)
{
    return frame_entry(scene, scene->frame_count) + (size_t)index * JPEG_BYTES;
}

/* Whether the bytes lie behind the tables, in whole, on a boundary of 16. */
static bool is_inside(uint64_t tables_end, uint32_t total_bytes, uint32_t offset, uint32_t len_bytes)
{
    return offset % 16 == 0 && offset >= tables_end && offset <= total_bytes &&
           len_bytes <= total_bytes - offset;
}

static bool is_whole_jpeg(const uint8_t *data, uint32_t len_bytes)
{
    return data[0] == 0xFF && data[1] == 0xD8 && data[len_bytes - 2] == 0xFF && data[len_bytes - 1] == 0xD9;
}

static bool frames_are_sound(const struct scene *scene, uint64_t tables_end, uint32_t total_bytes)
{
    uint32_t jpeg_count = scene->frame_count * scene->rendition_count;

    for (uint32_t i = 0; i < scene->frame_count; i++) {
        const uint8_t *entry = frame_entry(scene, i);
        uint32_t at_ms = cam_bytes_read_u32(entry);
        uint32_t first_jpeg = cam_bytes_read_u32(entry + 8);

        if (i == 0 ? at_ms != 0 : at_ms <= cam_bytes_read_u32(entry - FRAME_BYTES)) {
            return false;
        }
        if (at_ms >= scene->loop_ms || first_jpeg > jpeg_count - scene->rendition_count ||
            !is_inside(tables_end, total_bytes, cam_bytes_read_u32(entry + 4), CAM_GREY_BYTES)) {
            return false;
        }
    }
    return true;
}

static bool jpegs_are_sound(const struct scene *scene, uint64_t tables_end, uint32_t total_bytes)
{
    for (uint32_t i = 0; i < scene->frame_count * scene->rendition_count; i++) {
        const uint8_t *entry = jpeg_entry(scene, i);
        uint32_t offset = cam_bytes_read_u32(entry + 4);
        uint32_t len_bytes = cam_bytes_read_u32(entry + 8);

        if (cam_bytes_read_u32(entry) >= CAM_FRAME_SIZES || len_bytes < SHORTEST_JPEG_BYTES ||
            !is_inside(tables_end, total_bytes, offset, len_bytes) ||
            !is_whole_jpeg(scene->data + offset, len_bytes)) {
            return false;
        }
    }
    return true;
}

bool scene_open(struct scene *scene, const uint8_t *data, size_t len_bytes)
{
    uint32_t total_bytes;
    uint64_t tables_end;

    if (len_bytes < HEADER_BYTES || memcmp(data, "NBSCENE1", 8) != 0 ||
        cam_bytes_read_u32(data + 8) != VERSION) {
        return false;
    }
    scene->data = data;
    scene->frame_count = cam_bytes_read_u32(data + 12);
    scene->loop_ms = cam_bytes_read_u32(data + 16);
    scene->rendition_count = cam_bytes_read_u32(data + 20);
    total_bytes = cam_bytes_read_u32(data + 24);
    if (total_bytes > len_bytes || total_bytes < HEADER_BYTES || scene->frame_count == 0 ||
        scene->rendition_count == 0 || scene->rendition_count > CAM_FRAME_SIZES) {
        return false;
    }
    tables_end = HEADER_BYTES +
                 (uint64_t)scene->frame_count * (FRAME_BYTES + (uint64_t)scene->rendition_count * JPEG_BYTES);
    return tables_end <= total_bytes &&
           cam_bytes_sum_crc32(0, data + HEADER_BYTES, total_bytes - HEADER_BYTES) ==
               cam_bytes_read_u32(data + 28) &&
           frames_are_sound(scene, tables_end, total_bytes) &&
           jpegs_are_sound(scene, tables_end, total_bytes);
}

/* The last frame that is not after `at_ms`. */
static const uint8_t *find_frame(const struct scene *scene, uint32_t at_ms)
{
    uint32_t first = 0;
    uint32_t end = scene->frame_count;

    while (end - first > 1) {
        uint32_t middle = first + (end - first) / 2;

        if (cam_bytes_read_u32(frame_entry(scene, middle)) <= at_ms) {
            first = middle;
        } else {
            end = middle;
        }
    }
    return frame_entry(scene, first);
}

/* Of the frame's renditions, which may be in any order. */
static const uint8_t *find_jpeg(const struct scene *scene, uint32_t first_jpeg, enum cam_frame_size size)
{
    const uint8_t *best = jpeg_entry(scene, first_jpeg);

    for (uint32_t i = 1; i < scene->rendition_count; i++) {
        const uint8_t *entry = jpeg_entry(scene, first_jpeg + i);
        uint32_t entry_size = cam_bytes_read_u32(entry);
        uint32_t best_size = cam_bytes_read_u32(best);
        bool fits = entry_size <= (uint32_t)size;
        bool best_fits = best_size <= (uint32_t)size;

        if (fits == best_fits ? (fits ? entry_size > best_size : entry_size < best_size) : fits) {
            best = entry;
        }
    }
    return best;
}

void scene_look(const struct scene *scene, uint64_t elapsed_ms, enum cam_frame_size size,
                struct scene_view *view)
{
    const uint8_t *frame = find_frame(scene, (uint32_t)(elapsed_ms % scene->loop_ms));
    const uint8_t *jpeg = find_jpeg(scene, cam_bytes_read_u32(frame + 8), size);

    view->grey = scene->data + cam_bytes_read_u32(frame + 4);
    view->jpeg = scene->data + cam_bytes_read_u32(jpeg + 4);
    view->jpeg_len_bytes = cam_bytes_read_u32(jpeg + 8);
    view->jpeg_size = (enum cam_frame_size)cam_bytes_read_u32(jpeg);
    view->is_night = (cam_bytes_read_u32(frame + 12) & FLAG_NIGHT) != 0;
}
