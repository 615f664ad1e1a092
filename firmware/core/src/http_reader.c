#include "cam/http_reader.h"

#include <string.h>

#include "cam/calendar.h"
#include "cam/text.h"

enum state {
    STATE_STATUS,
    STATE_HEADER,
    STATE_LENGTH, /* a body of known length */
    STATE_TO_END, /* a body up to the end of the connection */
    STATE_CHUNK_SIZE,
    STATE_CHUNK,
    STATE_CHUNK_END,
    STATE_TRAILER,
    STATE_DONE,
    STATE_FAILED,
};

static void begin_head(struct cam_http_reader *reader)
{
    reader->state = STATE_STATUS;
    reader->status = 0;
    reader->retry_after_s = 0;
    reader->keep_alive = false;
    reader->date_s = -1;
    reader->retry_date_s = -1;
    reader->has_length = false;
    reader->is_chunked = false;
    reader->wants_close = false;
    reader->line_overflow = false;
    reader->line_len_bytes = 0;
    reader->left_bytes = 0;
}

void cam_http_reader_init(struct cam_http_reader *reader, char *body, size_t body_cap_bytes)
{
    reader->body = body;
    reader->body_cap_bytes = body_cap_bytes;
    reader->body_len_bytes = 0;
    reader->head_bytes = 0;
    reader->failure = CAM_OK;
    reader->is_http10 = false;
    begin_head(reader);
}

static void fail(struct cam_http_reader *reader, enum cam_status failure)
{
    reader->state = STATE_FAILED;
    reader->failure = failure;
    reader->body_len_bytes = 0;
}

static void finish(struct cam_http_reader *reader)
{
    reader->keep_alive = !reader->is_http10 && !reader->wants_close && reader->state != STATE_TO_END;
    if (reader->retry_after_s == 0 && reader->retry_date_s > reader->date_s && reader->date_s >= 0) {
        reader->retry_after_s = (uint64_t)(reader->retry_date_s - reader->date_s);
    }
    reader->state = STATE_DONE;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits only and at least one; saturates. False for anything else. */
static bool read_number(const char *data, size_t len_bytes, uint64_t *value, bool *saturated)
{
    *value = 0;
    *saturated = false;
    for (size_t i = 0; i < len_bytes; i++) {
        unsigned digit = (unsigned)(data[i] - '0');
        if (!is_digit(data[i])) {
            return false;
        }
        if (*value > (UINT64_MAX - digit) / 10) {
            *value = UINT64_MAX;
            *saturated = true;
        } else if (!*saturated) {
            *value = *value * 10 + digit;
        }
    }
    return len_bytes > 0;
}

/* "HTTP/1.x NNN"; the reason phrase may be anything and of any length. */
static void read_status_line(struct cam_http_reader *reader)
{
    const char *line = reader->line;

    if (reader->line_len_bytes < 12 || line[8] != ' ' || !is_digit(line[9]) || !is_digit(line[10]) ||
        !is_digit(line[11]) || (reader->line_len_bytes > 12 && line[12] != ' ')) {
        fail(reader, CAM_GARBAGE);
        return;
    }
    reader->is_http10 = line[7] == '0';
    reader->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    /* 101 would be another protocol from here on, which was not asked for. */
    if (reader->status < 100 || reader->status > 599 || reader->status == 101) {
        reader->status = 0;
        fail(reader, CAM_GARBAGE);
        return;
    }
    reader->state = STATE_HEADER;
}

static void read_length(struct cam_http_reader *reader, const char *value, size_t len_bytes)
{
    uint64_t length_bytes;
    bool saturated;

    if (!read_number(value, len_bytes, &length_bytes, &saturated) || saturated ||
        (reader->has_length && length_bytes != reader->left_bytes)) {
        fail(reader, CAM_GARBAGE);
        return;
    }
    reader->has_length = true;
    reader->left_bytes = length_bytes;
}

/* A list of tokens; only "close" matters. */
static void read_connection(struct cam_http_reader *reader, const char *value, size_t len_bytes)
{
    size_t start = 0;

    for (size_t i = 0; i <= len_bytes; i++) {
        if (i == len_bytes || value[i] == ',' || value[i] == ' ' || value[i] == '\t') {
            if (cam_text_equal_ignoring_case(value + start, i - start, "close")) {
                reader->wants_close = true;
            }
            start = i + 1;
        }
    }
}

static void read_header_line(struct cam_http_reader *reader)
{
    const char *line = reader->line;
    const char *colon = memchr(line, ':', reader->line_len_bytes);
    size_t name_bytes = colon != NULL ? (size_t)(colon - line) : 0;
    const char *value = line + name_bytes + 1;
    size_t value_bytes = colon != NULL ? reader->line_len_bytes - name_bytes - 1 : 0;
    bool saturated;

    if (line[0] == ' ' || line[0] == '\t') {
        return; /* an obsolete fold: it continues a line that either was not needed or was refused for being
                   empty */
    }
    if (colon == NULL && reader->line_overflow) {
        return; /* a name longer than any that is needed */
    }
    if (name_bytes == 0 || line[name_bytes - 1] == ' ' || line[name_bytes - 1] == '\t') {
        fail(reader, CAM_GARBAGE);
        return;
    }
    while (value_bytes > 0 && (value[0] == ' ' || value[0] == '\t')) {
        value++;
        value_bytes--;
    }
    while (value_bytes > 0 && (value[value_bytes - 1] == ' ' || value[value_bytes - 1] == '\t')) {
        value_bytes--;
    }
    if (cam_text_equal_ignoring_case(line, name_bytes, "content-length")) {
        if (reader->line_overflow) {
            fail(reader, CAM_GARBAGE);
            return;
        }
        read_length(reader, value, value_bytes);
    } else if (cam_text_equal_ignoring_case(line, name_bytes, "transfer-encoding")) {
        if (reader->is_chunked || !cam_text_equal_ignoring_case(value, value_bytes, "chunked")) {
            fail(reader, CAM_GARBAGE);
            return;
        }
        reader->is_chunked = true;
    } else if (cam_text_equal_ignoring_case(line, name_bytes, "connection")) {
        read_connection(reader, value, value_bytes);
        reader->wants_close = reader->wants_close || reader->line_overflow;
    } else if (cam_text_equal_ignoring_case(line, name_bytes, "date")) {
        reader->date_s = cam_calendar_read_http(value, value_bytes);
    } else if (cam_text_equal_ignoring_case(line, name_bytes, "retry-after")) {
        if (!read_number(value, value_bytes, &reader->retry_after_s, &saturated)) {
            reader->retry_after_s = 0;
            reader->retry_date_s = cam_calendar_read_http(value, value_bytes);
        }
    }
}

static void end_head(struct cam_http_reader *reader)
{
    if (reader->status < 200) {
        begin_head(reader); /* 100 Continue, 103 Early Hints: the answer proper follows. head_bytes limits how
                               many */
        return;
    }
    if (reader->status == 204 || reader->status == 304) {
        finish(reader);
        return;
    }
    if (reader->is_chunked) {
        /* Both: chunked counts, and what follows on this connection is not trusted (RFC 9112, 6.3). */
        reader->wants_close = reader->wants_close || reader->has_length;
        reader->state = STATE_CHUNK_SIZE;
    } else if (!reader->has_length) {
        reader->state = STATE_TO_END;
    } else if (reader->left_bytes > reader->body_cap_bytes) {
        fail(reader, CAM_TOO_LONG);
    } else if (reader->left_bytes == 0) {
        finish(reader);
    } else {
        reader->state = STATE_LENGTH;
    }
}

static void read_chunk_size(struct cam_http_reader *reader)
{
    uint64_t size_bytes = 0;
    size_t at = 0;

    for (; at < reader->line_len_bytes && cam_text_read_hex(reader->line[at]) >= 0; at++) {
        if (size_bytes >> 60 != 0) {
            fail(reader, CAM_GARBAGE);
            return;
        }
        size_bytes = size_bytes << 4 | (uint64_t)cam_text_read_hex(reader->line[at]);
    }
    while (at > 0 && at < reader->line_len_bytes && (reader->line[at] == ' ' || reader->line[at] == '\t')) {
        at++;
    }
    if (at == 0 || (at < reader->line_len_bytes && reader->line[at] != ';')) {
        fail(reader, CAM_GARBAGE);
        return;
    }
    if (size_bytes > reader->body_cap_bytes - reader->body_len_bytes) {
        fail(reader, CAM_TOO_LONG);
        return;
    }
    reader->left_bytes = size_bytes;
    reader->state = size_bytes == 0 ? STATE_TRAILER : STATE_CHUNK;
}

static void end_line(struct cam_http_reader *reader)
{
    if (reader->line_len_bytes > 0 && reader->line[reader->line_len_bytes - 1] == '\r' &&
        !reader->line_overflow) {
        reader->line_len_bytes--;
    }
    switch (reader->state) {
    case STATE_STATUS:
        read_status_line(reader);
        break;
    case STATE_HEADER:
        if (reader->line_len_bytes == 0) {
            end_head(reader);
        } else {
            read_header_line(reader);
        }
        break;
    case STATE_CHUNK_SIZE:
        read_chunk_size(reader);
        break;
    case STATE_CHUNK_END:
        if (reader->line_len_bytes == 0) {
            reader->state = STATE_CHUNK_SIZE;
        } else {
            fail(reader, CAM_GARBAGE);
        }
        break;
    default: /* STATE_TRAILER */
        if (reader->line_len_bytes == 0) {
            finish(reader);
        }
        break;
    }
    reader->line_len_bytes = 0;
    reader->line_overflow = false;
}

static void add_line_byte(struct cam_http_reader *reader, char c)
{
    static const char s_version[] = "HTTP/1.";
    size_t at = reader->line_len_bytes;

    if (++reader->head_bytes > CAM_HTTP_READER_HEAD_MAX_BYTES) {
        fail(reader, CAM_TOO_LONG);
        return;
    }
    /* At once, not at the end of the line: what is not HTTP may never send one. */
    if (c == '\0' ||
        (reader->state == STATE_STATUS && ((at < 7 && c != s_version[at]) || (at == 7 && !is_digit(c))))) {
        fail(reader, CAM_GARBAGE);
        return;
    }
    if (c == '\n') {
        end_line(reader);
    } else if (at < sizeof reader->line) {
        reader->line[reader->line_len_bytes++] = c;
    } else {
        reader->line_overflow = true;
    }
}

/* Takes body bytes of the current part; returns how many. */
static size_t add_body(struct cam_http_reader *reader, const char *data, size_t len_bytes)
{
    size_t take = len_bytes;

    if (reader->state == STATE_TO_END) {
        if (take > reader->body_cap_bytes - reader->body_len_bytes) {
            fail(reader, CAM_TOO_LONG);
            return 0;
        }
    } else if (take > reader->left_bytes) {
        take = (size_t)reader->left_bytes;
    }
    memcpy(reader->body + reader->body_len_bytes, data, take);
    reader->body_len_bytes += take;
    if (reader->state != STATE_TO_END) {
        reader->left_bytes -= take;
        if (reader->left_bytes == 0) {
            if (reader->state == STATE_LENGTH) {
                finish(reader);
            } else {
                reader->state = STATE_CHUNK_END;
            }
        }
    }
    return take;
}

static enum cam_status outcome(const struct cam_http_reader *reader)
{
    if (reader->state == STATE_FAILED) {
        return reader->failure;
    }
    return reader->state == STATE_DONE ? CAM_OK : CAM_AGAIN;
}

enum cam_status cam_http_reader_feed(struct cam_http_reader *reader, const char *data, size_t len_bytes,
                                     size_t *used_bytes)
{
    size_t at = 0;

    while (at < len_bytes && reader->state < STATE_DONE) {
        if (reader->state == STATE_LENGTH || reader->state == STATE_TO_END || reader->state == STATE_CHUNK) {
            at += add_body(reader, data + at, len_bytes - at);
        } else {
            add_line_byte(reader, data[at++]);
        }
    }
    *used_bytes = at;
    return outcome(reader);
}

enum cam_status cam_http_reader_end(struct cam_http_reader *reader)
{
    if (reader->state == STATE_TO_END) {
        finish(reader);
    } else if (reader->state < STATE_DONE) {
        fail(reader, CAM_CLOSED);
    }
    return outcome(reader);
}
