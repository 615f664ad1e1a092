/*
 * What went wrong, in a ring in flash, for the person who wonders in the morning. Repeats of the same trouble
 * are folded: the 1st, 2nd, 4th, 8th ... are written with their count, so that a hub that is away for a week
 * wears out nothing.
 */
#ifndef CAM_ERRLOG_H
#define CAM_ERRLOG_H

#include "cam/flashlog.h"

#define CAM_ERRLOG_TEXT_BYTES 24

struct cam_errlog_entry {
    uint32_t seq;
    uint32_t repeats; /* 1 for the first */
    uint64_t monotonic_ms;
    uint64_t wall_ms;   /* 0: not known */
    int32_t code;       /* HTTP status or the platform's own code; 0: none */
    uint8_t status;     /* enum cam_status */
    uint8_t boot_id[4]; /* the first bytes: enough to tell boots apart */
    char text[CAM_ERRLOG_TEXT_BYTES];
};

struct cam_errlog {
    /* Not to be touched. */
    struct cam_flashlog log;
    bool usable;
    uint32_t next_seq;
    struct cam_errlog_entry last;
};

/* An area of 2 sectors or more. CAM_OK, or CAM_IO: then adding does nothing. */
enum cam_status cam_errlog_open(struct cam_errlog *errlog, const struct cam_port *port,
                                const struct cam_area *area);

/* `entry` without seq and repeats; text must be terminated. Never fails in a way that matters to the caller.
 */
void cam_errlog_add(struct cam_errlog *errlog, const struct cam_errlog_entry *entry);

/* Walks from the oldest: begin with cam_flashlog_first(&errlog->log). CAM_OK, CAM_EMPTY at the end, CAM_IO.
 */
enum cam_status cam_errlog_next(const struct cam_errlog *errlog, struct cam_flashlog_position *position,
                                struct cam_errlog_entry *entry);

#endif
