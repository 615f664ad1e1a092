#include "cam/bytes.h"

static void write_little(uint8_t *to, uint64_t value, int count)
{
    for (int i = 0; i < count; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t read_little(const uint8_t *from, int count)
{
    uint64_t value = 0;

    for (int i = count - 1; i >= 0; i--) {
        value = value << 8 | from[i];
    }
    return value;
}

void cam_bytes_write_u16(uint8_t *to, uint16_t value)
{
    write_little(to, value, 2);
}

void cam_bytes_write_u32(uint8_t *to, uint32_t value)
{
    write_little(to, value, 4);
}

void cam_bytes_write_u48(uint8_t *to, uint64_t value)
{
    write_little(to, value, 6);
}

uint16_t cam_bytes_read_u16(const uint8_t *from)
{
    return (uint16_t)read_little(from, 2);
}

uint32_t cam_bytes_read_u32(const uint8_t *from)
{
    return (uint32_t)read_little(from, 4);
}

uint64_t cam_bytes_read_u48(const uint8_t *from)
{
    return read_little(from, 6);
}

uint32_t cam_bytes_sum_crc32(uint32_t crc, const uint8_t *data, size_t len_bytes)
{
    /* Four bits at a time: 64 bytes of table instead of 1 KB, and flash is slower than this anyway. */
    static const uint32_t s_table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };

    crc = ~crc;
    for (size_t i = 0; i < len_bytes; i++) {
        crc = s_table[(crc ^ data[i]) & 15] ^ crc >> 4;
        crc = s_table[(crc ^ (uint32_t)(data[i] >> 4)) & 15] ^ crc >> 4;
    }
    return ~crc;
}

bool cam_bytes_are_erased(const uint8_t *data, size_t len_bytes)
{
    for (size_t i = 0; i < len_bytes; i++) {
        if (data[i] != 0xFF) {
            return false;
        }
    }
    return true;
}
