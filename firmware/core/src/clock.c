#include "cam/clock.h"

#define LONGEST_EXCHANGE_MS 2000u
#define YEAR_2024_MS 1704067200000u
#define YEAR_2100_MS 4102444800000u

void cam_clock_set(struct cam_clock *clock, uint64_t server_time_ms, uint64_t sent_ms, uint64_t received_ms)
{
    uint64_t half_ms = (received_ms - sent_ms) / 2;

    /* A hub that does not know the time itself (a Pi without a battery) must not date anything. */
    if (server_time_ms < YEAR_2024_MS || server_time_ms >= YEAR_2100_MS ||
        (clock->is_set && received_ms - sent_ms > LONGEST_EXCHANGE_MS)) {
        return;
    }
    clock->is_set = true;
    clock->offset_ms = server_time_ms - sent_ms - half_ms;
}

bool cam_clock_read(const struct cam_clock *clock, uint64_t monotonic_ms, uint64_t *wall_ms)
{
    *wall_ms = clock->is_set ? monotonic_ms + clock->offset_ms : 0;
    return clock->is_set;
}
