#include "cam/status.h"

const char *cam_status_name(enum cam_status status)
{
    static const char *const s_names[CAM_STATUS_COUNT] = {
        "ok",       "again",     "closed", "timeout", "io",      "garbage",
        "too_long", "not_found", "empty",  "locked",  "invalid",
    };
    return (unsigned)status < CAM_STATUS_COUNT ? s_names[status] : "unknown";
}
