/*
 * What the core needs from the world: a table of functions and a context that each of them gets. A port fills
 * it in; see PORTING.md. All functions are called from one thread, never from each other, and none may call
 * back into the core.
 *
 * Waiting is done in one place only, cam_port.wait. All network functions return at once, with CAM_AGAIN when
 * they could not do anything; the core holds the deadlines and gives up with close. So one slow connection
 * never stops a heartbeat on the other.
 *
 * Functions that fail with CAM_IO may leave the platform's own code in `*code` for the log.
 */
#ifndef CAM_PORT_H
#define CAM_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cam/sha256.h"
#include "cam/status.h"

/* Connections that can be open at a time: requests go over the first, the long poll for commands over the
 * second. */
#define CAM_LANES 2

/* The small picture that motion is looked for in: one byte of brightness a pixel, rows from the top. */
#define CAM_GREY_WIDTH 64
#define CAM_GREY_HEIGHT 48
#define CAM_GREY_BYTES (CAM_GREY_WIDTH * CAM_GREY_HEIGHT)

/* A JPEG that the camera lends. It belongs to the core from camera_capture to camera_release. */
struct cam_frame {
    const uint8_t *data;
    size_t len_bytes;
    uint64_t taken_ms; /* when its exposure began, by clock_ms. Drivers hand out old frames: this must be the
                          truth */
    void *handle;      /* the port's */
};

struct cam_health {
    uint32_t free_heap_bytes;
    uint32_t largest_free_block_bytes;
    int16_t rssi_dbm;    /* 0 where there is no radio */
    char ip_address[46]; /* empty while there is none */
};

enum cam_frame_size {
    CAM_FRAME_QVGA,
    CAM_FRAME_VGA,
    CAM_FRAME_SVGA,
    CAM_FRAME_XGA,
    CAM_FRAME_UXGA,
    CAM_FRAME_SIZES
};

enum cam_log_level { CAM_LOG_ERROR, CAM_LOG_WARNING, CAM_LOG_INFO, CAM_LOG_DEBUG };

/* What wait waits for. Bit 1 << lane. */
struct cam_interest {
    unsigned writable_lanes; /* also: connecting */
    unsigned readable_lanes;
    bool datagrams;
};

struct cam_port {
    void *context;

    /* Milliseconds since boot. Never goes back, never wraps, counts while the chip idles. */
    uint64_t (*clock_ms)(void *context);

    /* Sleeps until `until_ms`, or until something of `interest` can be done, or an event arrived. Early is
     * allowed. */
    void (*wait)(void *context, const struct cam_interest *interest, uint64_t until_ms);

    /* Cryptographically strong. CAM_OK or CAM_IO. */
    enum cam_status (*random)(void *context, uint8_t *out, size_t len_bytes);

    void (*sha256)(void *context, const uint8_t *data, size_t len_bytes, uint8_t sum[CAM_SHA256_BYTES]);

    /*
     * Opens the lane to `host` (an IPv4 address or a name for unicast DNS) or says how far that is: called
     * again with the same arguments while it answers CAM_AGAIN. CAM_OK connected; CAM_NOT_FOUND no such name;
     * CAM_IO refused or no route.
     */
    enum cam_status (*connect)(void *context, unsigned lane, const char *host, uint16_t port, int *code);

    /* CAM_OK with 0 < *sent_bytes <= len_bytes; CAM_AGAIN; CAM_CLOSED or CAM_IO when the connection is of no
     * use any more. */
    enum cam_status (*send)(void *context, unsigned lane, const uint8_t *data, size_t len_bytes,
                            size_t *sent_bytes, int *code);

    /* CAM_OK with 0 < *received_bytes <= cap_bytes; CAM_AGAIN; CAM_CLOSED when the other side has ended;
     * CAM_IO. */
    enum cam_status (*receive)(void *context, unsigned lane, uint8_t *data, size_t cap_bytes,
                               size_t *received_bytes, int *code);

    /* At once and in any state of the lane, also when it was never opened. */
    void (*close)(void *context, unsigned lane);

    /* Sends one datagram to 224.0.0.251:5353 from a port that stays until datagram_close. CAM_OK or CAM_IO.
     */
    enum cam_status (*datagram_send)(void *context, const uint8_t *data, size_t len_bytes);
    /* CAM_OK with one datagram, cut to cap_bytes; CAM_AGAIN; CAM_IO. */
    enum cam_status (*datagram_receive)(void *context, uint8_t *data, size_t cap_bytes,
                                        size_t *received_bytes);
    void (*datagram_close)(void *context);

    /*
     * NOR flash: an erase makes a sector 0xFF, a write can only clear bits, and the core writes each byte
     * once between two erases. `at` counts from the start of what the port gives to the core (see
     * cam_layout). Writes are multiples of 16 bytes at multiples of 16. A power cut may leave any prefix of a
     * write, and a sector in any state of an erase.
     */
    enum cam_status (*flash_read)(void *context, uint32_t at, uint8_t *data, size_t len_bytes);
    enum cam_status (*flash_write)(void *context, uint32_t at, const uint8_t *data, size_t len_bytes);
    enum cam_status (*flash_erase)(void *context, uint32_t at); /* the sector that starts there */

    /* The camera. None of these is called while privacy is locked, except camera_release. They take at most a
     * second. */
    enum cam_status (*camera_grey)(void *context, uint8_t grey[CAM_GREY_BYTES]);
    enum cam_status (*camera_capture)(void *context,
                                      struct cam_frame *frame); /* CAM_OK, CAM_IO, CAM_AGAIN: busy */
    void (*camera_release)(void *context, struct cam_frame *frame);
    enum cam_status (*camera_configure)(void *context, enum cam_frame_size size, unsigned jpeg_quality);

    void (*health)(void *context, struct cam_health *health);
    void (*identify)(void *context); /* blinks for some seconds; returns at once */
    void (*restart)(void *context);  /* may return on a host */
    void (*log)(void *context, enum cam_log_level level, const char *line);
};

#endif
