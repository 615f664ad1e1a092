/*
 * All that a camera must remember: who it is, its secret and token, where its hub is, what it was told. One
 * record, so that a change of several things is whole or not at all. Records are written side by side in two
 * sectors; the newest whole one counts. A sector is erased only when it is full and the other holds the
 * newest record, so there is always a whole one, and a sector of 4 KB wears once in four changes. Saving what
 * is already there writes nothing.
 */
#ifndef CAM_SETTINGS_H
#define CAM_SETTINGS_H

#include "cam/flashlog.h"

#define CAM_SECRET_BYTES 32
#define CAM_TOKEN_MAX_CHARS 180
#define CAM_HOST_MAX_CHARS 63
#define CAM_KEY_MAX_CHARS 128
#define CAM_COMMAND_ID_CHARS 36
#define CAM_DEVICE_ID_CHARS 17

struct cam_settings {
    char device_id[CAM_DEVICE_ID_CHARS + 1]; /* "24:6F:28:AA:BB:CC"; empty: none was provisioned */
    char hub_host[CAM_HOST_MAX_CHARS + 1];   /* provisioned; empty: the hub has to be discovered */
    char found_host[CAM_HOST_MAX_CHARS + 1]; /* where a hub that admitted us was discovered last */
    char enrolment_key[CAM_KEY_MAX_CHARS + 1];
    char token[CAM_TOKEN_MAX_CHARS + 1];           /* empty: not admitted */
    char reboot_command[CAM_COMMAND_ID_CHARS + 1]; /* to be answered after the restart that it asked for */
    bool has_secret;
    uint8_t secret[CAM_SECRET_BYTES];
    uint16_t hub_port;
    uint16_t found_port;
    uint64_t token_expires_ms; /* since 1970; 0: not known */

    bool privacy_known; /* false until the hub or the switch has said something: then nothing is captured
                           either */
    bool privacy_locked;
    bool privacy_unreported; /* the camera's own switch changed it and the hub has not heard */
    uint32_t privacy_generation;

    uint16_t heartbeat_interval_s;
    uint32_t motion_threshold_milli; /* 0 to 100000 */
    uint8_t frame_size;              /* enum cam_frame_size */
    uint8_t jpeg_quality;
    uint32_t brownouts;
};

/* What one record takes; a sector must be a multiple. */
#define CAM_SETTINGS_SLOT_BYTES 1024u

struct cam_settings_store {
    /* Not to be touched. */
    const struct cam_port *port;
    struct cam_area area;
    uint32_t seq;
    uint32_t at; /* offset of the newest record in the area */
    bool has_record;
    uint32_t sum;
    uint8_t scratch[CAM_SETTINGS_SLOT_BYTES];
};

/* What a camera begins its life with. */
void cam_settings_init(struct cam_settings *settings);

/*
 * The area has exactly 2 sectors. CAM_OK with what was saved last; CAM_EMPTY: nothing was, settings are as by
 * init; CAM_IO: the flash cannot be read, as by init; CAM_GARBAGE: the newest record is whole but its tags do
 * not add up, as by init.
 */
enum cam_status cam_settings_open(struct cam_settings_store *store, const struct cam_port *port,
                                  const struct cam_area *area, struct cam_settings *settings);

/* CAM_OK: durable. CAM_IO: what was saved before still is. */
enum cam_status cam_settings_save(struct cam_settings_store *store, const struct cam_settings *settings);

/*
 * The record's content: tag, length, bytes; unknown tags are skipped, so that an older firmware reads a newer
 * one's. For mkflash, and for the fuzz target. encode returns the length, 0 if it does not fit. decode takes
 * what it understands, leaves the rest as by init, and answers CAM_GARBAGE when the tags do not add up.
 */
size_t cam_settings_encode(const struct cam_settings *settings, uint8_t *data, size_t cap_bytes);
enum cam_status cam_settings_decode(struct cam_settings *settings, const uint8_t *data, size_t len_bytes);

#endif
