#include "cam/motion.h"

#include <string.h>

#define LEARNING_PICTURES 4u
#define FLOOR 10                          /* brightness steps that never count as a change */
#define FULL_CELLS (CAM_MOTION_CELLS / 4) /* so many changed cells are score 100 */
#define EDGE 12                           /* a step between neighbours that is worth comparing */

void cam_motion_reset(struct cam_motion *motion)
{
    memset(motion, 0, sizeof *motion);
}

/* Of 2 x 2 pixels, * 64. */
static int cell_of(const uint8_t *grey, size_t cell)
{
    const uint8_t *pixel =
        grey + cell / CAM_MOTION_COLUMNS * 2 * CAM_GREY_WIDTH + cell % CAM_MOTION_COLUMNS * 2;

    return (pixel[0] + pixel[1] + pixel[CAM_GREY_WIDTH] + pixel[CAM_GREY_WIDTH + 1]) * 16;
}

static void mark(struct cam_motion *motion, size_t cell, bool is_changed)
{
    uint8_t bit = (uint8_t)(1u << cell % 8);

    motion->changed[cell / 8] =
        (uint8_t)(is_changed ? motion->changed[cell / 8] | bit : motion->changed[cell / 8] & ~(unsigned)bit);
}

static bool is_marked(const struct cam_motion *motion, size_t cell)
{
    return (motion->changed[cell / 8] >> cell % 8 & 1) != 0;
}

/* The change that half of the cells exceed: what the light as a whole did. By counting, since sorting would
 * need memory. */
static int median_change(const struct cam_motion *motion, const uint8_t *grey)
{
    uint16_t counts[64] = {0}; /* of 8 steps each, from -256 */
    size_t below = 0;

    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        int change = cell_of(grey, cell) - motion->usual[cell];
        counts[(change + 256 * 64) >> 9]++;
    }
    for (int i = 0; i < 64; i++) {
        below += counts[i];
        if (below > CAM_MOTION_CELLS / 2) {
            return (i * 8 - 256 + 4) * 64;
        }
    }
    return 0;
}

/*
 * A lamp changes brightness everywhere but leaves edges where they are; a thing that moves brings its own.
 * True when most edges that the scene usually has are still there.
 */
static bool edges_hold(const struct cam_motion *motion, const uint8_t *grey)
{
    unsigned edges = 0;
    unsigned held = 0;

    for (size_t cell = 0; cell + 1 < CAM_MOTION_CELLS; cell++) {
        int before = motion->usual[cell + 1] - motion->usual[cell];
        int now = cell_of(grey, cell + 1) - cell_of(grey, cell);

        if ((cell + 1) % CAM_MOTION_COLUMNS == 0 || (before < EDGE * 64 && before > -EDGE * 64)) {
            continue;
        }
        edges++;
        if ((before > 0) == (now > 0) && (now > EDGE * 16 || now < -EDGE * 16)) {
            held++;
        }
    }
    /* A scene without edges, as fog or a wall, says nothing; then a change of all of it is light. */
    return held * 4 >= edges * 3;
}

/* Cells whose neighbours changed too: single ones are noise or rain. */
static unsigned count_clusters(const struct cam_motion *motion)
{
    unsigned count = 0;

    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        size_t column = cell % CAM_MOTION_COLUMNS;
        unsigned neighbours = 0;

        if (!is_marked(motion, cell)) {
            continue;
        }
        neighbours += column > 0 && is_marked(motion, cell - 1);
        neighbours += column + 1 < CAM_MOTION_COLUMNS && is_marked(motion, cell + 1);
        neighbours += cell >= CAM_MOTION_COLUMNS && is_marked(motion, cell - CAM_MOTION_COLUMNS);
        neighbours +=
            cell + CAM_MOTION_COLUMNS < CAM_MOTION_CELLS && is_marked(motion, cell + CAM_MOTION_COLUMNS);
        count += neighbours >= 2;
    }
    return count;
}

static void learn(struct cam_motion *motion, const uint8_t *grey, bool all_at_once)
{
    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        int now = cell_of(grey, cell);
        int change = now - motion->usual[cell];
        int deviation = (change < 0 ? -change : change) / 8;

        if (all_at_once) {
            motion->usual[cell] = (uint16_t)now;
            continue;
        }
        /* What changed becomes usual in about half a minute, the rest follows at once. */
        motion->usual[cell] = (uint16_t)(motion->usual[cell] + change / (is_marked(motion, cell) ? 32 : 4));
        if (!is_marked(motion, cell)) {
            deviation = deviation > 255 ? 255 : deviation;
            motion->noise[cell] = (uint8_t)((motion->noise[cell] * 7 + deviation) / 8);
        }
    }
}

unsigned cam_motion_score(struct cam_motion *motion, const uint8_t grey[CAM_GREY_BYTES])
{
    unsigned changed = 0;
    unsigned clusters;
    int light;

    if (motion->seen < LEARNING_PICTURES) {
        learn(motion, grey, motion->seen == 0);
        motion->seen++;
        return 0;
    }
    light = median_change(motion, grey);
    light = light < FLOOR * 64 && light > -FLOOR * 64 ? 0 : light;
    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        int change = cell_of(grey, cell) - motion->usual[cell] - light;
        int limit = FLOOR * 64 + motion->noise[cell] * 8 * 4;
        bool is_changed = change > limit || change < -limit;

        mark(motion, cell, is_changed);
        changed += is_changed;
    }
    /* Light does not fall evenly, so that cells differ after the median is taken off too. */
    if ((light != 0 || changed > CAM_MOTION_CELLS / 3) && edges_hold(motion, grey)) {
        memset(motion->changed, 0, sizeof motion->changed);
        learn(motion, grey, true);
        return 0;
    }
    clusters = count_clusters(motion);
    learn(motion, grey, false);
    return clusters >= FULL_CELLS ? 100 : clusters * 100 / FULL_CELLS;
}
