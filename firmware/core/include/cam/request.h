/*
 * The device API's requests, each put together from plain values into a buffer. Nothing here decides when to
 * send. integration/contract has them as files; test_wire.c holds the two together.
 */
#ifndef CAM_REQUEST_H
#define CAM_REQUEST_H

#include "cam/http_writer.h"
#include "cam/queue.h"
#include "cam/settings.h"

#define CAM_BOOT_ID_CHARS 16
#define CAM_EVENT_ID_CHARS 27 /* boot id, '-', ten digits */

/* Where a request goes and where it is written to. */
struct cam_request_target {
    char *buffer; /* of CAM_REQUEST_BYTES */
    const char *host;
    uint16_t port;
    const char *token; /* NULL: none */
    const char *device_id;
};

/* A head, and the longest body: a registration with a key of 128 characters, each of which needs an escape.
 */
#define CAM_REQUEST_BYTES (CAM_HTTP_HEAD_BYTES + 832u)

struct cam_request_registration {
    const char *device_type;
    const char *firmware_version;
    const char *ip_address;    /* empty: not sent */
    const char *enrolment_key; /* empty: not sent */
    const uint8_t *secret;     /* CAM_SECRET_BYTES */
    const char *boot_id;
};

struct cam_request_heartbeat {
    uint64_t monotonic_ms;
    uint32_t free_heap_bytes;
    uint32_t largest_free_block_bytes;
    int rssi_dbm;
    bool camera_enabled;
    bool clock_is_set;
    const char *boot_id;
    const char *reset_reason;
    uint32_t brownouts;
    uint32_t queue_depth;
    uint32_t events_dropped;
    uint32_t privacy_generation;
};

struct cam_request_motion {
    const struct cam_event_record *event;
    uint64_t wall_ms;      /* when it happened; 0: not known, then the hub dates it */
    bool same_boot;        /* the event's clock is the running one: its age can be told */
    uint64_t monotonic_ms; /* now */
    const char *traceparent;
};

struct cam_request_picture {
    const char *event_id; /* empty: for no event */
    const uint8_t *sha256;
    uint64_t age_ms;
    uint32_t privacy_generation;
    const char *traceparent; /* empty: none */
};

/* All: CAM_OK with the length, or CAM_TOO_LONG. */
enum cam_status cam_request_register(const struct cam_request_target *target,
                                     const struct cam_request_registration *registration, size_t *len_bytes);
enum cam_status cam_request_heartbeat(const struct cam_request_target *target,
                                      const struct cam_request_heartbeat *heartbeat, size_t *len_bytes);
enum cam_status cam_request_motion(const struct cam_request_target *target,
                                   const struct cam_request_motion *motion, size_t *len_bytes);
/* Only the head: the picture's `picture_bytes` bytes follow it. */
enum cam_status cam_request_picture(const struct cam_request_target *target,
                                    const struct cam_request_picture *picture, size_t picture_bytes,
                                    size_t *len_bytes);
enum cam_status cam_request_commands(const struct cam_request_target *target, uint32_t wait_s,
                                     size_t *len_bytes);
/* `detail` empty: not sent. */
enum cam_status cam_request_result(const struct cam_request_target *target, const char *command_id,
                                   bool succeeded, const char *detail, size_t *len_bytes);
enum cam_status cam_request_switch(const struct cam_request_target *target, bool locked, uint32_t generation,
                                   size_t *len_bytes);

/* "b7f3a1c09e2d4456-17", with its NUL. */
void cam_request_write_event_id(char text[CAM_EVENT_ID_CHARS + 1], const uint8_t boot_id[CAM_BOOT_ID_BYTES],
                                uint32_t seq);
void cam_request_write_boot_id(char text[CAM_BOOT_ID_CHARS + 1], const uint8_t boot_id[CAM_BOOT_ID_BYTES]);

#endif
