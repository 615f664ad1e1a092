#include "cam/privacy.h"

bool cam_privacy_allows(const struct cam_settings *settings)
{
    return settings->privacy_known && !settings->privacy_locked;
}

bool cam_privacy_hear(struct cam_settings *settings, bool locked, uint32_t generation)
{
    const bool was_known = settings->privacy_known;
    const bool was_locked = settings->privacy_locked;
    const bool was_unreported = settings->privacy_unreported;
    const uint32_t was_generation = settings->privacy_generation;

    if (settings->privacy_known && generation < settings->privacy_generation) {
        /* A hub that was restored from a backup, or has not heard of the switch. It adopts what is newer. */
        settings->privacy_unreported = true;
    } else if (settings->privacy_known && generation == settings->privacy_generation) {
        settings->privacy_locked = settings->privacy_locked || locked;
        /* The hub knows, unless it says open where we say locked. */
        settings->privacy_unreported = settings->privacy_locked != locked;
    } else {
        settings->privacy_known = true;
        settings->privacy_locked = locked;
        settings->privacy_generation = generation;
        settings->privacy_unreported = false;
    }
    return settings->privacy_known != was_known || settings->privacy_locked != was_locked ||
           settings->privacy_generation != was_generation || settings->privacy_unreported != was_unreported;
}

bool cam_privacy_switch(struct cam_settings *settings, bool locked)
{
    if (settings->privacy_known && settings->privacy_locked == locked) {
        return false;
    }
    settings->privacy_known = true;
    settings->privacy_locked = locked;
    if (settings->privacy_generation < UINT32_MAX) {
        settings->privacy_generation++;
    }
    settings->privacy_unreported = true;
    return true;
}

enum cam_status cam_privacy_grey(const struct cam_settings *settings, const struct cam_port *port,
                                 uint8_t grey[CAM_GREY_BYTES])
{
    return cam_privacy_allows(settings) ? port->camera_grey(port->context, grey) : CAM_LOCKED;
}

enum cam_status cam_privacy_capture(const struct cam_settings *settings, const struct cam_port *port,
                                    struct cam_frame *frame)
{
    return cam_privacy_allows(settings) ? port->camera_capture(port->context, frame) : CAM_LOCKED;
}

enum cam_status cam_privacy_configure(const struct cam_settings *settings, const struct cam_port *port)
{
    return cam_privacy_allows(settings)
               ? port->camera_configure(port->context, (enum cam_frame_size)settings->frame_size,
                                        settings->jpeg_quality)
               : CAM_LOCKED;
}
