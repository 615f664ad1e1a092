#include "cam/base64.h"

void cam_base64_add(struct cam_text *text, const uint8_t *data, size_t len_bytes)
{
    static const char s_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len_bytes; i += 3) {
        size_t left = len_bytes - i;
        uint32_t group = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                         (left > 2 ? data[i + 2] : 0);
        char quad[4] = {
            s_digits[group >> 18],
            s_digits[group >> 12 & 63],
            left > 1 ? s_digits[group >> 6 & 63] : '=',
            left > 2 ? s_digits[group & 63] : '=',
        };
        cam_text_add_bytes(text, quad, sizeof quad);
    }
}
