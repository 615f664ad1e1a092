/*
 * Reads one HTTP/1.x answer from bytes as they come, in pieces of any size. It keeps what the camera needs
 * and nothing else: the status, the body in the caller's buffer, whether the connection can be used again,
 * Retry-After. Header lines may be of any length, since those that are not needed are not kept; all heads
 * together are limited, and so is the body.
 *
 * The rules are RFC 9112's. Where it leaves a choice, the reader refuses what could be understood in two
 * ways.
 */
#ifndef CAM_HTTP_READER_H
#define CAM_HTTP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cam/status.h"

#define CAM_HTTP_READER_LINE_BYTES 96
/* Of all heads, trailers and chunk lines of one answer together. */
#define CAM_HTTP_READER_HEAD_MAX_BYTES 32768u

struct cam_http_reader {
    /* For the caller to read. */
    int status;             /* 0 until the status line was understood */
    char *body;             /* the caller's; valid when the answer is whole */
    size_t body_len_bytes;  /* what is in it */
    uint64_t retry_after_s; /* 0: none, or not understood. Not clamped */
    bool keep_alive;        /* known when the answer is whole */

    /* Not to be touched. */
    int state;
    enum cam_status failure;
    size_t body_cap_bytes;
    uint64_t left_bytes;
    uint32_t head_bytes;
    int64_t date_s;
    int64_t retry_date_s;
    bool has_length;
    bool is_chunked;
    bool is_http10;
    bool wants_close;
    bool line_overflow;
    size_t line_len_bytes;
    char line[CAM_HTTP_READER_LINE_BYTES];
};

/* Also between two answers of one connection. `body` may be NULL when `body_cap_bytes` is 0. */
void cam_http_reader_init(struct cam_http_reader *reader, char *body, size_t body_cap_bytes);

/*
 * Takes up to `len_bytes`, and says by `*used_bytes` how many belonged to this answer; zero bytes are allowed
 * and change nothing. CAM_AGAIN     more is needed CAM_OK        the answer is whole; bytes after it are left
 * CAM_GARBAGE   not HTTP/1.x, or to be understood in two ways: close the connection
 * CAM_TOO_LONG  the body does not fit (status is known, body counts as absent), or the heads have no end:
 * close Once it has answered other than CAM_AGAIN, it repeats that and takes nothing.
 */
enum cam_status cam_http_reader_feed(struct cam_http_reader *reader, const char *data, size_t len_bytes,
                                     size_t *used_bytes);

/* The other side closed. CAM_OK if that was the end of the body, CAM_CLOSED if it came too early, else as
 * before. */
enum cam_status cam_http_reader_end(struct cam_http_reader *reader);

#endif
