/* The two spellings of a date that the hub uses, to seconds or milliseconds since 1970. Leap seconds do not
 * exist. */
#ifndef CAM_CALENDAR_H
#define CAM_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

/* "Thu, 01 Jan 2026 00:00:00 GMT" (RFC 9110, 5.6.7; the obsolete forms are not read). Seconds, or -1 for
 * anything else. */
int64_t cam_calendar_read_http(const char *data, size_t len_bytes);

/* "2026-01-01T00:00:00.412Z" (RFC 3339; any number of decimals, UTC only). Milliseconds, or -1 for anything
 * else. */
int64_t cam_calendar_read_rfc3339(const char *data, size_t len_bytes);

#endif
