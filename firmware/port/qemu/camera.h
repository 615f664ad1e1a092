/* The camera that looks at the scene pack in flash. Its clock begins at boot, so each boot sees the same. */
#ifndef CAMERA_H
#define CAMERA_H

#include "cam/port.h"

/* False when there is no whole scene in flash: then there are no pictures. */
bool camera_init(void);

/* As in cam/port.h. The frame lies in flash and stays. */
enum cam_status camera_look(uint8_t grey[CAM_GREY_BYTES], uint64_t now_ms);
enum cam_status camera_capture(struct cam_frame *frame, uint64_t now_ms);
enum cam_status camera_configure(enum cam_frame_size size);

#endif
