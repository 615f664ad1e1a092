/*
 * Motion in a small grey picture, as a score from 0 to 100. The picture is averaged into cells, each cell is
 * compared with what it looked like in the last second, and what is left after noise and changes of light is
 * counted. A thing that stopped moving is no motion; the score falls to 0 within two seconds.
 */
#ifndef CAM_MOTION_H
#define CAM_MOTION_H

#include "cam/port.h"

#define CAM_MOTION_COLUMNS (CAM_GREY_WIDTH / 2)
#define CAM_MOTION_ROWS (CAM_GREY_HEIGHT / 2)
#define CAM_MOTION_CELLS (CAM_MOTION_COLUMNS * CAM_MOTION_ROWS)

struct cam_motion {
    /* Not to be touched. */
    unsigned seen;   /* pictures since the last reset, up to what it takes to know the scene */
    bool was_sudden; /* most of the last picture had changed */
    uint16_t usual[CAM_MOTION_CELLS];      /* brightness * 64 */
    uint16_t noise[CAM_MOTION_CELLS];      /* mean deviation * 64 */
    uint8_t changed[CAM_MOTION_CELLS / 8]; /* one bit a cell */
};

/* Forgets the scene: after a start, a change of settings, or privacy. */
void cam_motion_reset(struct cam_motion *motion);

/* Score of the next picture: 100 when an eighth of the picture or more moves. Pictures come at a steady pace,
 * 2 to 10 a second. The first few after a reset score 0, and so does the first one of a change of light. */
unsigned cam_motion_score(struct cam_motion *motion, const uint8_t grey[CAM_GREY_BYTES]);

#endif
