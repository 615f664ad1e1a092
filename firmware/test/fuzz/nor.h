/* NOR flash of 6 sectors for fuzz targets; it aborts where cam_port's rules are broken. Never fails. */
#ifndef NOR_H
#define NOR_H

#include "cam/flashlog.h"

#define NOR_SECTOR_BYTES 4096u
#define NOR_SECTORS 6u
#define NOR_BYTES (NOR_SECTORS * NOR_SECTOR_BYTES)

extern uint8_t nor_data[NOR_BYTES];
extern unsigned nor_writes;
extern const struct cam_port nor_port;

void nor_erase_all(void);

/* What a fuzzer's input is taken from, front to back; zeros behind its end. */
struct nor_input {
    const uint8_t *data;
    size_t len_bytes;
};

unsigned nor_take_byte(struct nor_input *input);
uint32_t nor_take_u32(struct nor_input *input);
void nor_take(struct nor_input *input, uint8_t *to, size_t len_bytes);

#endif
