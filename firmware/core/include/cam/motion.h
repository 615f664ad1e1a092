/*
 * Motion in a small grey picture, as a score from 0 to 100. The picture is averaged into cells, compared with
 * what the cells usually look like, and what is left after noise and a change of light is counted.
 */
#ifndef CAM_MOTION_H
#define CAM_MOTION_H

#include "cam/port.h"

#define CAM_MOTION_COLUMNS (CAM_GREY_WIDTH / 2)
#define CAM_MOTION_ROWS (CAM_GREY_HEIGHT / 2)
#define CAM_MOTION_CELLS (CAM_MOTION_COLUMNS * CAM_MOTION_ROWS)

struct cam_motion {
    /* Not to be touched. */
    unsigned seen; /* pictures since the last reset, up to what it takes to know the scene */
    uint16_t usual[CAM_MOTION_CELLS];      /* brightness * 64 */
    uint8_t noise[CAM_MOTION_CELLS];       /* mean deviation * 8 */
    uint8_t changed[CAM_MOTION_CELLS / 8]; /* one bit a cell */
};

/* Forgets the scene: after a start, a change of settings, or privacy. */
void cam_motion_reset(struct cam_motion *motion);

/* Score of the next picture; pictures come at a steady pace, 1 to 10 a second. The first few after a reset
 * score 0. */
unsigned cam_motion_score(struct cam_motion *motion, const uint8_t grey[CAM_GREY_BYTES]);

#endif
