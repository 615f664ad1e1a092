#include "cam/traceparent.h"

#include <string.h>

#include "cam/text.h"

void cam_traceparent_write(char text[CAM_TRACEPARENT_CHARS + 1], const uint8_t boot_id[CAM_BOOT_ID_BYTES],
                           uint32_t seq, const uint8_t span[CAM_TRACEPARENT_SPAN_BYTES])
{
    uint8_t trace[16] = {0};
    uint8_t own[CAM_TRACEPARENT_SPAN_BYTES];
    bool zero = true;
    struct cam_text out;

    memcpy(trace, boot_id, CAM_BOOT_ID_BYTES);
    trace[8] = 1; /* never all zero, whatever the boot id */
    for (int i = 0; i < 4; i++) {
        trace[12 + i] = (uint8_t)(seq >> (24 - 8 * i));
    }
    memcpy(own, span, sizeof own);
    for (size_t i = 0; i < sizeof own; i++) {
        zero = zero && own[i] == 0;
    }
    own[7] = zero ? 1 : own[7];
    cam_text_init(&out, text, CAM_TRACEPARENT_CHARS + 1);
    cam_text_add(&out, "00-");
    cam_text_add_hex(&out, trace, sizeof trace);
    cam_text_add(&out, "-");
    cam_text_add_hex(&out, own, sizeof own);
    cam_text_add(&out, "-01");
    (void)cam_text_end(&out);
}
