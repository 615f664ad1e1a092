#include "cam/motion.h"

#include <string.h>

#define LEARNING_PICTURES 4u
#define ONE 64                             /* one step of brightness; cells are kept in such fractions */
#define FLOOR (6 * ONE)                    /* what never counts as a change */
#define NOISE_MARGIN 4                     /* how many times its mean deviation a cell must change by */
#define FULL_CELLS (CAM_MOTION_CELLS / 12) /* so many moving cells are score 100 */
#define SUDDEN_CELLS (CAM_MOTION_CELLS / 8)
#define EDGE (10 * ONE) /* a step between neighbours that is worth comparing */
#define EDGES_TO_JUDGE 10u
#define WHITE (250 * ONE) /* too bright for edges to show */
#define BRIGHTEST (255 * ONE)
#define GAIN_ONE 64 /* light as before */
#define GAINS (4 * GAIN_ONE)

void cam_motion_reset(struct cam_motion *motion)
{
    memset(motion, 0, sizeof *motion);
}

/* Mean of 2 x 2 pixels. */
static int cell_of(const uint8_t *grey, size_t cell)
{
    const uint8_t *pixel =
        grey + cell / CAM_MOTION_COLUMNS * 2 * CAM_GREY_WIDTH + cell % CAM_MOTION_COLUMNS * 2;

    return (pixel[0] + pixel[1] + pixel[CAM_GREY_WIDTH] + pixel[CAM_GREY_WIDTH + 1]) * (ONE / 4);
}

static bool is_marked(const struct cam_motion *motion, size_t cell)
{
    return (motion->changed[cell / 8] >> cell % 8 & 1) != 0;
}

/* What the light as a whole did: half of the cells are brighter than usual by more than this factor, half by
 * less. */
static int median_gain(const struct cam_motion *motion, const uint8_t *grey)
{
    uint16_t counts[GAINS] = {0}; /* sorting would need more memory */
    size_t below;
    int gain = 0;

    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        int usual = motion->usual[cell] + 1;
        int ratio = (cell_of(grey, cell) * GAIN_ONE + usual / 2) / usual;

        counts[ratio < GAINS ? ratio : GAINS - 1]++;
    }
    for (below = counts[0]; below <= CAM_MOTION_CELLS / 2; below += counts[gain]) {
        gain++;
    }
    return gain;
}

/* Makes what is usual as bright as the light is now. */
static void follow_light(struct cam_motion *motion, const uint8_t *grey)
{
    int gain = median_gain(motion, grey);

    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        int usual = motion->usual[cell] * gain / GAIN_ONE;

        motion->usual[cell] = (uint16_t)(usual < BRIGHTEST ? usual : BRIGHTEST);
    }
}

static int limit_of(const struct cam_motion *motion, size_t cell)
{
    return FLOOR + NOISE_MARGIN * motion->noise[cell];
}

/* Marks the cells that changed by more than noise explains. Returns how many. */
static unsigned mark_changes(struct cam_motion *motion, const uint8_t *grey)
{
    unsigned count = 0;

    memset(motion->changed, 0, sizeof motion->changed);
    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        int change = cell_of(grey, cell) - motion->usual[cell];
        int limit = limit_of(motion, cell);

        if (change > limit || change < -limit) {
            motion->changed[cell / 8] |= (uint8_t)(1u << cell % 8);
            count++;
        }
    }
    return count;
}

/* Marked cells with two marked neighbours: single ones are noise or rain. */
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

struct edges {
    unsigned all;
    unsigned held;
};

/* Adds the edge between two cells, if there is one now or was before. */
static void judge_edge(const struct cam_motion *motion, const uint8_t *grey, size_t a, size_t b,
                       struct edges *edges)
{
    int before = motion->usual[b] - motion->usual[a];
    int now = cell_of(grey, b) - cell_of(grey, a);

    if ((before < EDGE && before > -EDGE && now < EDGE && now > -EDGE) || cell_of(grey, a) > WHITE ||
        cell_of(grey, b) > WHITE) {
        return;
    }
    edges->all++;
    edges->held += (before > EDGE / 4 && now > EDGE / 4) || (before < -EDGE / 4 && now < -EDGE / 4);
}

static void judge_edges(const struct cam_motion *motion, const uint8_t *grey, size_t cell,
                        struct edges *edges)
{
    size_t column = cell % CAM_MOTION_COLUMNS;

    if (column > 0) {
        judge_edge(motion, grey, cell, cell - 1, edges);
    }
    if (column + 1 < CAM_MOTION_COLUMNS) {
        judge_edge(motion, grey, cell, cell + 1, edges);
    }
    if (cell >= CAM_MOTION_COLUMNS) {
        judge_edge(motion, grey, cell, cell - CAM_MOTION_COLUMNS, edges);
    }
    if (cell + CAM_MOTION_COLUMNS < CAM_MOTION_CELLS) {
        judge_edge(motion, grey, cell, cell + CAM_MOTION_COLUMNS, edges);
    }
}

/* Light falls on things but leaves their edges where they are; what moves covers edges and brings its own. So
 * takes back the marks of cells whose edges all hold; and of those without edges, as on a wall, when nearly
 * all edges of the others do. */
static void excuse_light(struct cam_motion *motion, const uint8_t *grey)
{
    struct edges all = {0, 0};
    bool is_light;

    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        if (is_marked(motion, cell)) {
            judge_edges(motion, grey, cell, &all);
        }
    }
    is_light = all.all >= EDGES_TO_JUDGE && all.held * 8 >= all.all * 7;
    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        struct edges own = {0, 0};

        if (!is_marked(motion, cell)) {
            continue;
        }
        judge_edges(motion, grey, cell, &own);
        if (own.all == 0 ? is_light : own.held == own.all) {
            motion->changed[cell / 8] &= (uint8_t) ~(1u << cell % 8);
        }
    }
}

static void take_as_usual(struct cam_motion *motion, const uint8_t *grey)
{
    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        motion->usual[cell] = (uint16_t)cell_of(grey, cell);
    }
}

/* A quarter of each change becomes usual, or all of it where it is light; noise is learned from the rest. */
static void learn(struct cam_motion *motion, const uint8_t *grey)
{
    int pace = motion->seen < LEARNING_PICTURES ? 4 : 32;

    for (size_t cell = 0; cell < CAM_MOTION_CELLS; cell++) {
        int change = cell_of(grey, cell) - motion->usual[cell];
        int deviation = change < 0 ? -change : change;
        bool is_light = !is_marked(motion, cell) && deviation > limit_of(motion, cell);

        motion->usual[cell] = (uint16_t)(motion->usual[cell] + (is_light ? change : change / 4));
        if (!is_marked(motion, cell) && !is_light) {
            int most = 2 * motion->noise[cell] + ONE; /* what moves a little is not noise */

            deviation = deviation < most ? deviation : most;
            motion->noise[cell] = (uint16_t)(motion->noise[cell] + (deviation - motion->noise[cell]) / pace);
        }
    }
}

unsigned cam_motion_score(struct cam_motion *motion, const uint8_t grey[CAM_GREY_BYTES])
{
    bool was_sudden = motion->was_sudden;
    unsigned moving;

    if (motion->seen < LEARNING_PICTURES) {
        if (motion->seen == 0) {
            take_as_usual(motion, grey);
        }
        learn(motion, grey);
        motion->seen++;
        return 0;
    }
    follow_light(motion, grey);
    motion->was_sudden = mark_changes(motion, grey) > SUDDEN_CELLS;
    if (motion->was_sudden && !was_sudden) {
        /* A switch changes one picture, motion goes on: the next one tells. */
        take_as_usual(motion, grey);
        return 0;
    }
    excuse_light(motion, grey);
    moving = count_clusters(motion);
    learn(motion, grey);
    return moving >= FULL_CELLS ? 100 : moving * 100 / FULL_CELLS;
}
