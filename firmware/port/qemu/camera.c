#include "camera.h"

#include <string.h>

#include "flash.h"
#include "layout.h"
#include "scene.h"

static struct scene s_scene;
static bool s_is_open;
static enum cam_frame_size s_size = CAM_FRAME_SVGA;

bool camera_init(void)
{
    s_is_open = scene_open(&s_scene, flash_at(LAYOUT_SCENE_AT), LAYOUT_SCENE_BYTES);
    return s_is_open;
}

enum cam_status camera_look(uint8_t grey[CAM_GREY_BYTES], uint64_t now_ms)
{
    struct scene_view view;

    if (!s_is_open) {
        return CAM_IO;
    }
    scene_look(&s_scene, now_ms, s_size, &view);
    memcpy(grey, view.grey, CAM_GREY_BYTES);
    return CAM_OK;
}

enum cam_status camera_capture(struct cam_frame *frame, uint64_t now_ms)
{
    struct scene_view view;

    if (!s_is_open) {
        return CAM_IO;
    }
    scene_look(&s_scene, now_ms, s_size, &view);
    *frame = (struct cam_frame){.data = view.jpeg, .len_bytes = view.jpeg_len_bytes, .taken_ms = now_ms};
    return CAM_OK;
}

enum cam_status camera_configure(enum cam_frame_size size)
{
    s_size = size;
    return CAM_OK;
}
