/* The thin loop: does what the camera's step wants done by the port. An app calls cam_loop_turn for ever. */
#ifndef CAM_LOOP_H
#define CAM_LOOP_H

#include "cam/camera.h"

/*
 * One step with `event`, all I/O that is possible at once, then cam_port.wait if there was none. Calls
 * cam_port.restart when the camera asks for it.
 */
void cam_loop_turn(struct cam_camera *camera, const struct cam_event *event);

#endif
