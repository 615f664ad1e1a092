#include "camera.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum cam_status map_file(struct posix_camera *camera, int fd, int *code)
{
    struct stat found;

    if (fstat(fd, &found) != 0) {
        *code = errno;
        return CAM_IO;
    }
    if (!S_ISREG(found.st_mode) || found.st_size == 0) {
        return CAM_GARBAGE;
    }
    camera->map_bytes = (size_t)found.st_size;
    camera->map = mmap(NULL, camera->map_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (camera->map == MAP_FAILED) {
        *code = errno;
        return CAM_IO;
    }
    return CAM_OK;
}

enum cam_status posix_camera_open(struct posix_camera *camera, const char *path, int *code)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum cam_status status;

    if (fd < 0) {
        *code = errno;
        return CAM_IO;
    }
    status = map_file(camera, fd, code);
    (void)close(fd); /* the map stays */
    if (status != CAM_OK) {
        return status;
    }
    if (!scene_open(&camera->scene, camera->map, camera->map_bytes)) {
        posix_camera_close(camera);
        return CAM_GARBAGE;
    }
    camera->size = CAM_FRAME_SVGA;
    return CAM_OK;
}

void posix_camera_close(struct posix_camera *camera)
{
    (void)munmap(camera->map, camera->map_bytes);
}

void posix_camera_look(const struct posix_camera *camera, uint64_t now_ms, uint8_t grey[CAM_GREY_BYTES])
{
    struct scene_view view;

    scene_look(&camera->scene, now_ms, camera->size, &view);
    memcpy(grey, view.grey, CAM_GREY_BYTES);
}

void posix_camera_capture(const struct posix_camera *camera, uint64_t now_ms, struct cam_frame *frame)
{
    struct scene_view view;

    scene_look(&camera->scene, now_ms, camera->size, &view);
    *frame = (struct cam_frame){.data = view.jpeg, .len_bytes = view.jpeg_len_bytes, .taken_ms = now_ms};
}

void posix_camera_configure(struct posix_camera *camera, enum cam_frame_size size)
{
    camera->size = size;
}
