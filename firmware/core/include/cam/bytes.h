/* Little-endian numbers and CRC-32 for what is kept in flash, so that an image reads the same on every port.
 */
#ifndef CAM_BYTES_H
#define CAM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void cam_bytes_write_u16(uint8_t *to, uint16_t value);
void cam_bytes_write_u32(uint8_t *to, uint32_t value);
/* The lower 48 bits: milliseconds for 8,900 years. */
void cam_bytes_write_u48(uint8_t *to, uint64_t value);
uint16_t cam_bytes_read_u16(const uint8_t *from);
uint32_t cam_bytes_read_u32(const uint8_t *from);
uint64_t cam_bytes_read_u48(const uint8_t *from);

/* IEEE 802.3 (zip, Ethernet). Start with 0; the result of one part continues the next. */
uint32_t cam_bytes_sum_crc32(uint32_t crc, const uint8_t *data, size_t len_bytes);

/* True when every byte is 0xFF, as NOR flash is after an erase. */
bool cam_bytes_are_erased(const uint8_t *data, size_t len_bytes);

#endif
