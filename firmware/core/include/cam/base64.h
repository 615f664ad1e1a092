/* Base64 with padding (RFC 4648, 4), as Content-Digest wants it. */
#ifndef CAM_BASE64_H
#define CAM_BASE64_H

#include "cam/text.h"

void cam_base64_add(struct cam_text *text, const uint8_t *data, size_t len_bytes);

#endif
