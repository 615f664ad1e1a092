/* Writes JSON into a cam_text: commas and escapes are its business, nesting is the caller's. Overflow shows
 * in the text. */
#ifndef CAM_JSON_WRITER_H
#define CAM_JSON_WRITER_H

#include "cam/text.h"

struct cam_json_writer {
    struct cam_text *text;
    bool needs_comma;
};

void cam_json_writer_init(struct cam_json_writer *writer, struct cam_text *text);

/* `name` NULL: the value itself, at the top or in an array. Names are written as they are. */
void cam_json_begin_object(struct cam_json_writer *writer, const char *name);
void cam_json_end_object(struct cam_json_writer *writer);
void cam_json_begin_array(struct cam_json_writer *writer, const char *name);
void cam_json_end_array(struct cam_json_writer *writer);

/* Quotes, backslashes and control characters are escaped; the rest must be UTF-8 and is copied. */
void cam_json_add_string(struct cam_json_writer *writer, const char *name, const char *value);
void cam_json_add_uint(struct cam_json_writer *writer, const char *name, uint64_t value);
void cam_json_add_int(struct cam_json_writer *writer, const char *name, int64_t value);
void cam_json_add_bool(struct cam_json_writer *writer, const char *name, bool value);
/* Thousandths as a number with three decimals, or none when they are zero: 1767225600.25 comes as
 * 1767225600250. */
void cam_json_add_milli(struct cam_json_writer *writer, const char *name, uint64_t value_milli);

#endif
