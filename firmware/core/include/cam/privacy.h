/*
 * Whether the camera may look. The state is kept in the settings, so that it survives a restart; these are
 * its only changes. Nobody has said anything yet (a new camera): it may not. The gate is the only place in
 * the core that calls the port's camera, so that one test of it holds for all.
 */
#ifndef CAM_PRIVACY_H
#define CAM_PRIVACY_H

#include "cam/port.h"
#include "cam/settings.h"

bool cam_privacy_allows(const struct cam_settings *settings);

/*
 * The hub's word. A newer generation is adopted; at an equal one locked wins; an older one is not (the camera
 * knows better, and says so: privacy_unreported). True when the settings changed and are to be saved.
 */
bool cam_privacy_hear(struct cam_settings *settings, bool locked, uint32_t generation);

/* The camera's own switch. True when that changed something. */
bool cam_privacy_switch(struct cam_settings *settings, bool locked);

/* Like the port's functions, but CAM_LOCKED without touching the camera while it may not look. */
enum cam_status cam_privacy_grey(const struct cam_settings *settings, const struct cam_port *port,
                                 uint8_t grey[CAM_GREY_BYTES]);
enum cam_status cam_privacy_capture(const struct cam_settings *settings, const struct cam_port *port,
                                    struct cam_frame *frame);
enum cam_status cam_privacy_configure(const struct cam_settings *settings, const struct cam_port *port);

#endif
