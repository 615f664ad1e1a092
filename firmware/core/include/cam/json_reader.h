/*
 * Reads JSON (RFC 8259) in place. A document is checked as a whole once; then values are views into it, found
 * by walking.
 *
 * Why not jsmn, which Debian has: it wants an array of tokens (16 bytes each, sized for the worst document),
 * and leaves numbers, escapes and most of the grammar unchecked, so that half of a checker would have to be
 * written on top of it. The documents here are a few hundred bytes, so walking again for each member costs
 * less than the tokens.
 */
#ifndef CAM_JSON_READER_H
#define CAM_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cam/status.h"

#define CAM_JSON_MAX_DEPTH 32

/* A value that was checked. Valid as long as the document's bytes stay. */
struct cam_json {
    const char *data;
    size_t len_bytes;
};

/* CAM_OK with the whole document as a value; CAM_GARBAGE if it is not JSON or deeper than CAM_JSON_MAX_DEPTH.
 */
enum cam_status cam_json_parse(const char *data, size_t len_bytes, struct cam_json *root);

/* The first member of that name (compared as written: ours need no escapes). CAM_NOT_FOUND, also when it is
 * no object. */
enum cam_status cam_json_find(struct cam_json object, const char *name, struct cam_json *value);

/*
 * Walks an array: start with `*at` = 0. CAM_OK with the next value, CAM_NOT_FOUND at the end, also when it is
 * no array.
 */
enum cam_status cam_json_next(struct cam_json array, size_t *at, struct cam_json *value);

/*
 * Of an object: the next member's name, still escaped and without its quotes, and value. Otherwise like
 * cam_json_next.
 */
enum cam_status cam_json_next_member(struct cam_json object, size_t *at, struct cam_json *name,
                                     struct cam_json *value);

bool cam_json_is_object(struct cam_json value);
bool cam_json_is_null(struct cam_json value);

/* Values of another type, out of range, or with a fraction are CAM_INVALID; then the result is untouched. */
enum cam_status cam_json_read_bool(struct cam_json value, bool *result);
enum cam_status cam_json_read_uint(struct cam_json value, uint64_t *result);
/* Thousandths; further decimals are cut. Negative numbers and exponents are CAM_INVALID. */
enum cam_status cam_json_read_milli(struct cam_json value, uint64_t *result);
/* Unescaped, as UTF-8, terminated. CAM_TOO_LONG if it does not fit; CAM_INVALID also for U+0000. `text` is
 * then empty. */
enum cam_status cam_json_read_string(struct cam_json value, char *text, size_t cap_bytes);
/* True if it is a string and, as written, equal. */
bool cam_json_equals(struct cam_json value, const char *string);

#endif
