/*
 * W3C trace context: one trace from the motion to its picture. The trace's id follows from the event's, so
 * that a report that is repeated, even after a restart, belongs to the same trace; each request has a span of
 * its own.
 */
#ifndef CAM_TRACEPARENT_H
#define CAM_TRACEPARENT_H

#include "cam/queue.h"

#define CAM_TRACEPARENT_CHARS 55
#define CAM_TRACEPARENT_SPAN_BYTES 8

/* "00-<trace>-<span>-01" with its NUL. `span` is random; all zero is no valid span and becomes one. */
void cam_traceparent_write(char text[CAM_TRACEPARENT_CHARS + 1], const uint8_t boot_id[CAM_BOOT_ID_BYTES],
                           uint32_t seq, const uint8_t span[CAM_TRACEPARENT_SPAN_BYTES]);

#endif
