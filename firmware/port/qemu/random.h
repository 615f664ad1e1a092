/*
 * Random numbers on a board that has no source of them.
 *
 * mkflash puts 32 random bytes of the workstation's into the image. Each boot replaces them by a hash of
 * themselves before it uses them, so no two boots and no two images give the same numbers, also after a power
 * cut; the generator is SHA-256 with the state replaced after each call. When frames and flash operations
 * happened (the cycle counter) is mixed in too, but nothing is claimed for it. So the numbers are as secret
 * as the image is: who copies an image has both cameras' numbers. A lab's camera, not one to hang up at home.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "cam/flashlog.h"

#define RANDOM_SEED_BYTES 32
#define RANDOM_RECORD_BYTES 64   /* of the seed area: the seed, then a 32-bit count of boots */
#define RANDOM_MAGIC 0x3152424eu /* "NBR1" */

/* CAM_OK; CAM_EMPTY: the image has no seed; CAM_IO: the next boot's seed could not be written. Without
 * CAM_OK there are no random numbers. `boots` gets the number of this boot, from 1. */
enum cam_status random_init(const struct cam_port *port, const struct cam_area *area, uint32_t *boots);

/* CAM_OK or CAM_IO. */
enum cam_status random_fill(uint8_t *out, size_t len_bytes);

/* For port numbers and the like; not for secrets. */
uint32_t random_u32(void);

void random_stir(uint32_t value);

#endif
