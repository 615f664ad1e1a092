#include "cam/limiter.h"

bool cam_limiter_admit(struct cam_limiter *limiter, uint64_t now_ms)
{
    if (limiter->has_last && now_ms - limiter->last_ms < CAM_LIMITER_MIN_MS) {
        return false;
    }
    limiter->has_last = true;
    limiter->last_ms = now_ms;
    return true;
}
