/*
 * How long to wait before the next try: exponential with full jitter, from the first retry on. The wait is
 * drawn evenly between a floor and a ceiling that doubles, so that a fleet that lost its hub at one moment
 * does not come back at one moment. Randomness is passed in.
 */
#ifndef CAM_BACKOFF_H
#define CAM_BACKOFF_H

#include <stdint.h>

struct cam_backoff {
    uint32_t base_ms; /* ceiling of the first wait */
    uint32_t cap_ms;  /* ceiling of all waits, and of what a hub may ask for by Retry-After */
    uint32_t failures;
};

/* No wait is shorter, so that a hub which refuses at once cannot make a camera spin. */
#define CAM_BACKOFF_FLOOR_MS 100u

/* Needs CAM_BACKOFF_FLOOR_MS <= base_ms <= cap_ms. */
void cam_backoff_init(struct cam_backoff *backoff, uint32_t base_ms, uint32_t cap_ms);

/* After a success: the next failure starts small again. */
void cam_backoff_reset(struct cam_backoff *backoff);

/*
 * Counts a failure and says how long to wait, in milliseconds. `random` is any 32 evenly distributed bits.
 * `retry_after_s` is what the hub asked for, 0 if nothing: the wait is then never shorter than that, and
 * longer by jitter; a wish beyond cap_ms counts as cap_ms. The result is at most 2 * cap_ms.
 */
uint32_t cam_backoff_fail(struct cam_backoff *backoff, uint32_t random, uint64_t retry_after_s);

#endif
