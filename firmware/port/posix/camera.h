/* The camera that looks at a scene pack in a file. The scene begins when the port does. */
#ifndef POSIX_CAMERA_H
#define POSIX_CAMERA_H

#include "cam/port.h"
#include "scene.h"

struct posix_camera {
    /* Not to be touched. */
    struct scene scene;
    enum cam_frame_size size;
    void *map;
    size_t map_bytes;
};

/* CAM_OK; CAM_GARBAGE it is no whole pack; CAM_IO with errno in *code. */
enum cam_status posix_camera_open(struct posix_camera *camera, const char *path, int *code);
void posix_camera_close(struct posix_camera *camera);

/* As in cam/port.h; frames point into the file, so that none has to be given back. */
void posix_camera_look(const struct posix_camera *camera, uint64_t now_ms, uint8_t grey[CAM_GREY_BYTES]);
void posix_camera_capture(const struct posix_camera *camera, uint64_t now_ms, struct cam_frame *frame);
void posix_camera_configure(struct posix_camera *camera, enum cam_frame_size size);

#endif
