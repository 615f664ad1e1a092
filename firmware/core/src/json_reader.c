#include "cam/json_reader.h"

#include <string.h>

#include "cam/text.h"

struct cursor {
    const char *at;
    const char *end;
};

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end &&
           (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\n' || *cursor->at == '\r')) {
        cursor->at++;
    }
}

/* Takes `c` if it is next. */
static bool take(struct cursor *cursor, char c)
{
    if (cursor->at < cursor->end && *cursor->at == c) {
        cursor->at++;
        return true;
    }
    return false;
}

static bool take_digits(struct cursor *cursor)
{
    const char *start = cursor->at;

    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
        cursor->at++;
    }
    return cursor->at > start;
}

static bool take_number(struct cursor *cursor)
{
    (void)take(cursor, '-');
    if (!take(cursor, '0') && !take_digits(cursor)) {
        return false;
    }
    if (take(cursor, '.') && !take_digits(cursor)) {
        return false;
    }
    if (take(cursor, 'e') || take(cursor, 'E')) {
        if (!take(cursor, '+')) {
            (void)take(cursor, '-');
        }
        return take_digits(cursor);
    }
    return true;
}

static bool take_word(struct cursor *cursor, const char *word)
{
    size_t len_bytes = strlen(word);

    if ((size_t)(cursor->end - cursor->at) < len_bytes || memcmp(cursor->at, word, len_bytes) != 0) {
        return false;
    }
    cursor->at += len_bytes;
    return true;
}

/* Four hexadecimal digits, or -1. */
static long take_hex4(struct cursor *cursor)
{
    long value = 0;

    for (int i = 0; i < 4; i++) {
        int digit = cursor->at < cursor->end ? cam_text_read_hex(*cursor->at) : -1;
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
        cursor->at++;
    }
    return value;
}

static bool take_string(struct cursor *cursor)
{
    if (!take(cursor, '"')) {
        return false;
    }
    while (cursor->at < cursor->end) {
        char c = *cursor->at++;
        if (c == '"') {
            return true;
        }
        if ((uint8_t)c < 0x20) {
            return false;
        }
        if (c == '\\') {
            if (cursor->at == cursor->end) {
                return false;
            }
            c = *cursor->at++;
            if (c == 'u' ? take_hex4(cursor) < 0 : memchr("\"\\/bfnrt", c, 8) == NULL) {
                return false;
            }
        }
    }
    return false;
}

static bool take_scalar(struct cursor *cursor)
{
    if (cursor->at == cursor->end) {
        return false;
    }
    switch (*cursor->at) {
    case '"':
        return take_string(cursor);
    case 't':
        return take_word(cursor, "true");
    case 'f':
        return take_word(cursor, "false");
    case 'n':
        return take_word(cursor, "null");
    default:
        return take_number(cursor);
    }
}

/* A member's name and its colon. */
static bool take_name(struct cursor *cursor)
{
    skip_space(cursor);
    if (!take_string(cursor)) {
        return false;
    }
    skip_space(cursor);
    return take(cursor, ':');
}

/*
 * One value with all that is in it. Nesting is kept as bits (1: object) in a word instead of by recursion, so
 * the stack does not depend on what the hub sends.
 */
static bool take_value(struct cursor *cursor)
{
    uint32_t objects = 0;
    int depth = 0;

    for (;;) {
        bool opened_object;

        /* Here a value begins. */
        skip_space(cursor);
        opened_object = take(cursor, '{');
        if (opened_object || take(cursor, '[')) {
            if (depth == CAM_JSON_MAX_DEPTH) {
                return false;
            }
            objects = objects << 1 | (opened_object ? 1u : 0u);
            depth++;
            skip_space(cursor);
            if (!take(cursor, opened_object ? '}' : ']')) {
                if (opened_object && !take_name(cursor)) {
                    return false;
                }
                continue;
            }
            objects >>= 1;
            depth--;
        } else if (!take_scalar(cursor)) {
            return false;
        }
        /* Here a value has ended; close what ends with it. */
        for (;;) {
            if (depth == 0) {
                return true;
            }
            skip_space(cursor);
            if (take(cursor, ',')) {
                if ((objects & 1u) != 0 && !take_name(cursor)) {
                    return false;
                }
                break;
            }
            if (!take(cursor, (objects & 1u) != 0 ? '}' : ']')) {
                return false;
            }
            objects >>= 1;
            depth--;
        }
    }
}

enum cam_status cam_json_parse(const char *data, size_t len_bytes, struct cam_json *root)
{
    struct cursor cursor = {data, data + len_bytes};

    skip_space(&cursor);
    root->data = cursor.at;
    if (!take_value(&cursor)) {
        return CAM_GARBAGE;
    }
    root->len_bytes = (size_t)(cursor.at - root->data);
    skip_space(&cursor);
    return cursor.at == cursor.end ? CAM_OK : CAM_GARBAGE;
}

/* The next element after `*at`, which is 0 or where the last one ended. The document was checked before. */
static enum cam_status next(struct cam_json group, char open, size_t *at, struct cam_json *name,
                            struct cam_json *value)
{
    struct cursor cursor = {group.data, group.data + group.len_bytes};

    if (!take(&cursor, open)) {
        return CAM_NOT_FOUND;
    }
    if (*at > 0) {
        cursor.at = group.data + *at;
        skip_space(&cursor);
        (void)take(&cursor, ',');
    }
    skip_space(&cursor);
    if (*cursor.at == '}' || *cursor.at == ']') {
        return CAM_NOT_FOUND;
    }
    if (name != NULL) {
        const char *start = cursor.at + 1;
        (void)take_string(&cursor);
        name->data = start;
        name->len_bytes = (size_t)(cursor.at - start) - 1;
        skip_space(&cursor);
        (void)take(&cursor, ':');
        skip_space(&cursor);
    }
    value->data = cursor.at;
    (void)take_value(&cursor);
    value->len_bytes = (size_t)(cursor.at - value->data);
    *at = (size_t)(cursor.at - group.data);
    return CAM_OK;
}

enum cam_status cam_json_next(struct cam_json array, size_t *at, struct cam_json *value)
{
    return next(array, '[', at, NULL, value);
}

enum cam_status cam_json_next_member(struct cam_json object, size_t *at, struct cam_json *name,
                                     struct cam_json *value)
{
    return next(object, '{', at, name, value);
}

enum cam_status cam_json_find(struct cam_json object, const char *name, struct cam_json *value)
{
    size_t len_bytes = strlen(name);
    size_t at = 0;
    struct cam_json found_name;
    struct cam_json found;

    while (next(object, '{', &at, &found_name, &found) == CAM_OK) {
        if (found_name.len_bytes == len_bytes && memcmp(found_name.data, name, len_bytes) == 0) {
            *value = found;
            return CAM_OK;
        }
    }
    return CAM_NOT_FOUND;
}

bool cam_json_is_object(struct cam_json value)
{
    return value.data[0] == '{';
}

bool cam_json_is_null(struct cam_json value)
{
    return value.data[0] == 'n';
}

enum cam_status cam_json_read_bool(struct cam_json value, bool *result)
{
    if (value.data[0] != 't' && value.data[0] != 'f') {
        return CAM_INVALID;
    }
    *result = value.data[0] == 't';
    return CAM_OK;
}

/* Digits from the cursor; false when they are more than 64 bits. */
static bool read_digits(struct cursor *cursor, uint64_t *result)
{
    *result = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        unsigned digit = (unsigned)(*cursor->at - '0');
        if (*result > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *result = *result * 10 + digit;
    }
    return true;
}

enum cam_status cam_json_read_uint(struct cam_json value, uint64_t *result)
{
    struct cursor cursor = {value.data, value.data + value.len_bytes};
    uint64_t number;

    /* A first character other than a digit leaves the cursor before the end. */
    if (!read_digits(&cursor, &number) || cursor.at < cursor.end) {
        return CAM_INVALID;
    }
    *result = number;
    return CAM_OK;
}

enum cam_status cam_json_read_milli(struct cam_json value, uint64_t *result)
{
    struct cursor cursor = {value.data, value.data + value.len_bytes};
    uint64_t number;
    uint64_t fraction = 0;

    if (!read_digits(&cursor, &number) || number > UINT64_MAX / 1000 - 1 || cursor.at == value.data) {
        return CAM_INVALID;
    }
    if (take(&cursor, '.')) {
        for (unsigned weight = 100; cursor.at < cursor.end && *cursor.at >= '0' && *cursor.at <= '9';
             cursor.at++) {
            fraction += (uint64_t)weight * (unsigned)(*cursor.at - '0');
            weight /= 10;
        }
    }
    if (cursor.at < cursor.end) {
        return CAM_INVALID;
    }
    *result = number * 1000 + fraction;
    return CAM_OK;
}

static void add_utf8(struct cam_text *text, uint32_t code)
{
    char bytes[4];
    size_t count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t s_lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};

    for (size_t i = count - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (char)(s_lead[count] | code);
    cam_text_add_bytes(text, bytes, count);
}

/* What follows "\u". A half of a pair becomes U+FFFD, as browsers do it. */
static uint32_t read_unicode(struct cursor *cursor)
{
    uint32_t code = (uint32_t)take_hex4(cursor);
    struct cursor ahead = *cursor;
    uint32_t low;

    if (code < 0xD800 || code > 0xDFFF) {
        return code;
    }
    if (code < 0xDC00 && take(&ahead, '\\') && take(&ahead, 'u')) {
        low = (uint32_t)take_hex4(&ahead);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *cursor = ahead;
            return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return 0xFFFD;
}

enum cam_status cam_json_read_string(struct cam_json value, char *text, size_t cap_bytes)
{
    static const char s_escapes[] = "\"\\/bfnrt";
    static const char s_meanings[] = "\"\\/\b\f\n\r\t";
    struct cursor cursor = {value.data, value.data + value.len_bytes};
    struct cam_text out;

    cam_text_init(&out, text, cap_bytes);
    text[0] = '\0';
    if (!take(&cursor, '"')) {
        return CAM_INVALID;
    }
    while (*cursor.at != '"') {
        char c = *cursor.at++;
        if (c != '\\') {
            cam_text_add_bytes(&out, &c, 1);
            continue;
        }
        c = *cursor.at++;
        if (c == 'u') {
            uint32_t code = read_unicode(&cursor);
            if (code == 0) {
                text[0] = '\0';
                return CAM_INVALID;
            }
            add_utf8(&out, code);
        } else {
            cam_text_add_bytes(&out, &s_meanings[strchr(s_escapes, c) - s_escapes], 1);
        }
    }
    return cam_text_end(&out) ? CAM_OK : CAM_TOO_LONG;
}

bool cam_json_equals(struct cam_json value, const char *string)
{
    size_t len_bytes = strlen(string);

    return value.data[0] == '"' && value.len_bytes == len_bytes + 2 &&
           memcmp(value.data + 1, string, len_bytes) == 0;
}
