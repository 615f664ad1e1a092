#include "cam/http_writer.h"

#include <assert.h>
#include <string.h>

void cam_http_writer_begin(struct cam_http_writer *writer, char *buffer, size_t cap_bytes, const char *method)
{
    assert(cap_bytes > CAM_HTTP_HEAD_BYTES);
    cam_text_init(&writer->head, buffer, CAM_HTTP_HEAD_BYTES);
    cam_text_init(&writer->body, buffer + CAM_HTTP_HEAD_BYTES, cap_bytes - CAM_HTTP_HEAD_BYTES);
    cam_text_add(&writer->head, method);
    cam_text_add(&writer->head, " ");
}

void cam_http_writer_add_host(struct cam_http_writer *writer, const char *host, uint16_t port)
{
    cam_text_add(&writer->head, " HTTP/1.1\r\nHost: ");
    cam_text_add(&writer->head, host);
    if (port != 80) {
        cam_text_add(&writer->head, ":");
        cam_text_add_uint(&writer->head, port);
    }
    cam_text_add(&writer->head, "\r\n");
}

void cam_http_writer_add_header(struct cam_http_writer *writer, const char *name, const char *value)
{
    cam_text_add(&writer->head, name);
    cam_text_add(&writer->head, ": ");
    cam_text_add(&writer->head, value);
    cam_text_add(&writer->head, "\r\n");
}

void cam_http_writer_add_uint(struct cam_http_writer *writer, const char *name, uint64_t value)
{
    cam_text_add(&writer->head, name);
    cam_text_add(&writer->head, ": ");
    cam_text_add_uint(&writer->head, value);
    cam_text_add(&writer->head, "\r\n");
}

enum cam_status cam_http_writer_end(struct cam_http_writer *writer, bool with_length, size_t stream_bytes,
                                    size_t *len_bytes)
{
    if (with_length) {
        cam_http_writer_add_uint(writer, "Content-Length", writer->body.len_bytes + stream_bytes);
    }
    cam_text_add(&writer->head, "\r\n");
    *len_bytes = 0;
    if (writer->head.overflow || writer->body.overflow) {
        return CAM_TOO_LONG;
    }
    memmove(writer->head.data + writer->head.len_bytes, writer->body.data, writer->body.len_bytes);
    *len_bytes = writer->head.len_bytes + writer->body.len_bytes;
    return CAM_OK;
}
