/* Any bytes, in two pieces whose border the first byte sets, must be read within the buffer's limits. */
#include <stdlib.h>

#include "cam/http_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    static char s_body[4096];
    struct cam_http_reader whole;
    struct cam_http_reader split;
    size_t border = len_bytes > 0 ? data[0] * len_bytes / 256 : 0;
    size_t used_bytes = 0;
    enum cam_status one;
    enum cam_status two;

    cam_http_reader_init(&whole, s_body, sizeof s_body);
    one = cam_http_reader_feed(&whole, (const char *)data, len_bytes, &used_bytes);
    if (one == CAM_AGAIN) {
        one = cam_http_reader_end(&whole);
    }
    cam_http_reader_init(&split, s_body, sizeof s_body);
    two = cam_http_reader_feed(&split, (const char *)data, border, &used_bytes);
    if (two == CAM_AGAIN) {
        two = cam_http_reader_feed(&split, (const char *)data + border, len_bytes - border, &used_bytes);
    }
    if (two == CAM_AGAIN) {
        two = cam_http_reader_end(&split);
    }
    /* How the network cuts the bytes must not matter. */
    if (one != two || whole.status != split.status || whole.body_len_bytes != split.body_len_bytes ||
        whole.keep_alive != split.keep_alive || whole.retry_after_s != split.retry_after_s ||
        whole.body_len_bytes > sizeof s_body) {
        abort();
    }
    return 0;
}
