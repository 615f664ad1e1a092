#include "cam/backoff.h"

#include <assert.h>

void cam_backoff_init(struct cam_backoff *backoff, uint32_t base_ms, uint32_t cap_ms)
{
    assert(base_ms >= CAM_BACKOFF_FLOOR_MS && cap_ms >= base_ms && cap_ms <= UINT32_MAX / 2);
    backoff->base_ms = base_ms;
    backoff->cap_ms = cap_ms;
    backoff->failures = 0;
}

void cam_backoff_reset(struct cam_backoff *backoff)
{
    backoff->failures = 0;
}

uint32_t cam_backoff_fail(struct cam_backoff *backoff, uint32_t random, uint64_t retry_after_s)
{
    uint32_t ceiling_ms = backoff->base_ms;
    uint32_t asked_ms;
    uint32_t span_ms;

    for (uint32_t i = 0; i < backoff->failures && ceiling_ms < backoff->cap_ms; i++) {
        ceiling_ms = ceiling_ms > backoff->cap_ms / 2 ? backoff->cap_ms : ceiling_ms * 2;
    }
    if (backoff->failures < UINT32_MAX) {
        backoff->failures++;
    }
    asked_ms = retry_after_s > backoff->cap_ms / 1000 ? backoff->cap_ms : (uint32_t)retry_after_s * 1000;

    /* A multiplication instead of a remainder: even for every span, and no 64-bit division. */
    span_ms = ceiling_ms - CAM_BACKOFF_FLOOR_MS + 1;
    return asked_ms + CAM_BACKOFF_FLOOR_MS + (uint32_t)((uint64_t)random * span_ms >> 32) -
           (asked_ms > 0 ? CAM_BACKOFF_FLOOR_MS : 0);
}
