/*
 * Records of one size, appended over a ring of flash sectors: what the event queue and the error log are made
 * of. Nothing is ever written twice between two erases, so that any NOR flash will do whose erased bytes read
 * as 0xFF (through a decryption that makes something else of them, free places would look used).
 *
 * Each record carries a CRC, and each sector begins with a header that carries a sequence number and a few
 * bytes of the owner's. A power cut at any instant costs at most the record that was being appended: what was
 * torn is skipped when reading, and not written to again. A sector is erased only to go on with it.
 */
#ifndef CAM_FLASHLOG_H
#define CAM_FLASHLOG_H

#include "cam/port.h"

/* A part of the flash, in whole sectors. */
struct cam_area {
    uint32_t at;
    uint32_t sector_bytes;
    uint32_t sectors;
};

#define CAM_FLASHLOG_RECORD_MAX_BYTES 64u
#define CAM_FLASHLOG_CRC_BYTES 4u /* at the end of each record; the owner leaves them alone */
#define CAM_FLASHLOG_USER_BYTES 20u

/* A place in the log. It stays right while records are appended, also when the ring comes round to it. */
struct cam_flashlog_position {
    uint32_t sector;
    uint32_t slot;
    uint32_t sector_seq;
};

struct cam_flashlog {
    /* Not to be touched. */
    const struct cam_port *port;
    struct cam_area area;
    uint32_t magic;
    uint32_t record_bytes;
    uint32_t slots;      /* of a sector, the header's with them */
    uint32_t sector;     /* where the next record goes, */
    uint32_t slot;       /* `slots` when the sector is full */
    uint32_t sector_seq; /* of `sector` */
    uint32_t chain;      /* how many sectors up to `sector` hold records */
};

/*
 * Finds the end of what is there. `record_bytes` is 32 or 64; `area` has at least 2 sectors. `user` gets the
 * newest header's bytes. CAM_OK; CAM_EMPTY when there is nothing (user is zeros); CAM_IO when the flash
 * cannot be read.
 */
enum cam_status cam_flashlog_open(struct cam_flashlog *log, const struct cam_port *port,
                                  const struct cam_area *area, uint32_t record_bytes, uint32_t magic,
                                  uint8_t user[CAM_FLASHLOG_USER_BYTES]);

/*
 * Writes one record (its last 4 bytes are filled in) and reads it back. `user` goes into the header if a new
 * sector begins; the oldest sector's records are then gone. CAM_OK: it is in flash. CAM_IO: not, after trying
 * three places.
 */
enum cam_status cam_flashlog_append(struct cam_flashlog *log, uint8_t *record,
                                    const uint8_t user[CAM_FLASHLOG_USER_BYTES]);

/* The oldest place. */
struct cam_flashlog_position cam_flashlog_first(const struct cam_flashlog *log);

/*
 * CAM_OK with a record; CAM_GARBAGE torn or erased: go on; CAM_EMPTY behind the last one; CAM_IO. Does not
 * move, unless the ring has erased this place: then it moves to the oldest one first.
 */
enum cam_status cam_flashlog_read(const struct cam_flashlog *log, struct cam_flashlog_position *position,
                                  uint8_t *record);

/* To the next place. Only after cam_flashlog_read answered other than CAM_EMPTY. */
void cam_flashlog_advance(const struct cam_flashlog *log, struct cam_flashlog_position *position);

#endif
