/*
 * Writes the head of an HTTP/1.1 request, and the body behind it where that is small. The body is written
 * first, since its length stands in the head; cam_http_writer_end moves it up, so that both leave in one
 * segment.
 */
#ifndef CAM_HTTP_WRITER_H
#define CAM_HTTP_WRITER_H

#include "cam/status.h"
#include "cam/text.h"

/* Room for the longest head, a picture's: a token of 180 characters, a host of 63, two ids, digest, trace,
 * and numbers of 20 digits. */
#define CAM_HTTP_HEAD_BYTES 704

struct cam_http_writer {
    struct cam_text head;
    struct cam_text
        body; /* write into it between begin and end; starts CAM_HTTP_HEAD_BYTES into the buffer */
};

/* `cap_bytes` must be more than CAM_HTTP_HEAD_BYTES. `path` parts can be added to head until the first
 * header. */
void cam_http_writer_begin(struct cam_http_writer *writer, char *buffer, size_t cap_bytes,
                           const char *method);

/* Ends the request line and adds Host; the port is left out where it is 80. */
void cam_http_writer_add_host(struct cam_http_writer *writer, const char *host, uint16_t port);
void cam_http_writer_add_header(struct cam_http_writer *writer, const char *name, const char *value);
void cam_http_writer_add_uint(struct cam_http_writer *writer, const char *name, uint64_t value);

/*
 * Ends the head with a Content-Length of body plus `stream_bytes`, which the caller sends itself.
 * `with_length` false: the request has no body at all (GET). CAM_OK with `*len_bytes` bytes at the buffer's
 * start, or CAM_TOO_LONG.
 */
enum cam_status cam_http_writer_end(struct cam_http_writer *writer, bool with_length, size_t stream_bytes,
                                    size_t *len_bytes);

#endif
