/*
 * Text put together in a buffer of the caller's. It replaces printf: small, without doubles (the lab's
 * compiler has no soft float), and an overflow is remembered instead of checked at every call.
 */
#ifndef CAM_TEXT_H
#define CAM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cam_text {
    char *data; /* not terminated by NUL unless cam_text_end was called */
    size_t cap_bytes;
    size_t len_bytes;
    bool overflow; /* something did not fit; what is in the buffer is not to be used */
};

void cam_text_init(struct cam_text *text, char *data, size_t cap_bytes);
void cam_text_add(struct cam_text *text, const char *string);
void cam_text_add_bytes(struct cam_text *text, const char *data, size_t len_bytes);
void cam_text_add_uint(struct cam_text *text, uint64_t value);
void cam_text_add_int(struct cam_text *text, int64_t value);
/* Lower case, two digits a byte. */
void cam_text_add_hex(struct cam_text *text, const uint8_t *data, size_t len_bytes);

/* Terminates with NUL. False when it did not fit, with the NUL counted; then the text is empty. Needs
 * cap_bytes > 0. */
bool cam_text_end(struct cam_text *text);

/* Copies a terminated string. False when it does not fit with its NUL; then `to` is empty. Needs cap_bytes >
 * 0. */
bool cam_text_copy(char *to, size_t cap_bytes, const char *from);

/* One hexadecimal digit of either case, or -1. */
int cam_text_read_hex(char digit);

/* ASCII only, whatever the locale. `len_bytes` of `data` against the whole of `string`. */
bool cam_text_equal_ignoring_case(const char *data, size_t len_bytes, const char *string);

#endif
