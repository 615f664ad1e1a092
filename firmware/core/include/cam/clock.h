/*
 * The time of day, from the hub's answers: cameras need no other source. The monotonic clock of the port
 * counts; this module only knows how far the two are apart. Never set is a state of its own, so that nothing
 * is dated 1970.
 */
#ifndef CAM_CLOCK_H
#define CAM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct cam_clock {
    /* Not to be touched. */
    bool is_set;
    uint64_t offset_ms;
};

/*
 * A request sent at `sent_ms` was answered at `received_ms` (monotonic) with the hub's time; it is taken to
 * be that of half way. Answers that took longer than 2 s do not move a clock that is set: they say too
 * little. Times before 2024 or after 2099 are those of a hub that does not know the time, and set nothing.
 */
void cam_clock_set(struct cam_clock *clock, uint64_t server_time_ms, uint64_t sent_ms, uint64_t received_ms);

/* False while the clock is unset; `*wall_ms` is then 0. */
bool cam_clock_read(const struct cam_clock *clock, uint64_t monotonic_ms, uint64_t *wall_ms);

#endif
