#include "cam/text.h"

#include <string.h>

void cam_text_init(struct cam_text *text, char *data, size_t cap_bytes)
{
    text->data = data;
    text->cap_bytes = cap_bytes;
    text->len_bytes = 0;
    text->overflow = false;
}

void cam_text_add_bytes(struct cam_text *text, const char *data, size_t len_bytes)
{
    if (text->overflow || len_bytes > text->cap_bytes - text->len_bytes) {
        text->overflow = true;
        return;
    }
    memcpy(text->data + text->len_bytes, data, len_bytes);
    text->len_bytes += len_bytes;
}

void cam_text_add(struct cam_text *text, const char *string)
{
    cam_text_add_bytes(text, string, strlen(string));
}

void cam_text_add_uint(struct cam_text *text, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + (char)(value % 10));
        value /= 10;
    } while (value != 0);
    cam_text_add_bytes(text, digits + at, sizeof digits - at);
}

void cam_text_add_int(struct cam_text *text, int64_t value)
{
    if (value < 0) {
        cam_text_add_bytes(text, "-", 1);
    }
    /* Through unsigned, since the smallest value has no positive twin. */
    cam_text_add_uint(text, value < 0 ? ~(uint64_t)value + 1 : (uint64_t)value);
}

void cam_text_add_hex(struct cam_text *text, const uint8_t *data, size_t len_bytes)
{
    static const char s_digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len_bytes; i++) {
        char pair[2] = {s_digits[data[i] >> 4], s_digits[data[i] & 15]};
        cam_text_add_bytes(text, pair, sizeof pair);
    }
}

bool cam_text_end(struct cam_text *text)
{
    if (text->overflow || text->len_bytes == text->cap_bytes) {
        text->overflow = true;
        text->len_bytes = 0;
    }
    text->data[text->len_bytes] = '\0';
    return !text->overflow;
}

bool cam_text_copy(char *to, size_t cap_bytes, const char *from)
{
    size_t len_bytes = strlen(from);

    if (len_bytes >= cap_bytes) {
        to[0] = '\0';
        return false;
    }
    memcpy(to, from, len_bytes + 1);
    return true;
}

int cam_text_read_hex(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool cam_text_equal_ignoring_case(const char *data, size_t len_bytes, const char *string)
{
    if (strlen(string) != len_bytes) {
        return false;
    }
    for (size_t i = 0; i < len_bytes; i++) {
        if (lower(data[i]) != lower(string[i])) {
            return false;
        }
    }
    return true;
}
