/* At most one motion event in CAM_LIMITER_MIN_MS, by the monotonic clock: what the hub accepts of one boot.
 */
#ifndef CAM_LIMITER_H
#define CAM_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#define CAM_LIMITER_MIN_MS 5000u

struct cam_limiter {
    bool has_last;
    uint64_t last_ms;
};

/* True, and counted from now, when the last one was long enough ago. */
bool cam_limiter_admit(struct cam_limiter *limiter, uint64_t now_ms);

#endif
