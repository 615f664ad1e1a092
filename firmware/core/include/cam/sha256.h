/*
 * SHA-256 (FIPS 180-4) in C, for ports whose chip has none. The core itself calls cam_port.sha256 only, so
 * that the ESP32's accelerator can be used.
 */
#ifndef CAM_SHA256_H
#define CAM_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define CAM_SHA256_BYTES 32

void cam_sha256_sum(const uint8_t *data, size_t len_bytes, uint8_t sum[CAM_SHA256_BYTES]);

#endif
