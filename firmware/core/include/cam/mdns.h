/*
 * One-shot multicast DNS (RFC 6762, 5.1): a question, and what the camera needs of an answer. Names are
 * compared without case; compression is followed with a limit, since a datagram can point at itself.
 */
#ifndef CAM_MDNS_H
#define CAM_MDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAM_MDNS_NAME_BYTES 64 /* with NUL; longer names are read as none */

enum cam_mdns_type { CAM_MDNS_A = 1, CAM_MDNS_PTR = 12, CAM_MDNS_SRV = 33 };

struct cam_mdns_answer {
    bool has_service;
    uint16_t port;                    /* of the first service record */
    char target[CAM_MDNS_NAME_BYTES]; /* its host */
    bool has_address;
    uint8_t address[4]; /* of the host that was asked for, or of the service's */
};

/* A question for `name` ("_nestbox._tcp.local") that asks for a unicast answer. Its length, or 0 if it does
 * not fit. */
size_t cam_mdns_write_query(uint8_t *data, size_t cap_bytes, const char *name, enum cam_mdns_type type);

/*
 * Reads an answer to either question. `name` is the service's or the host's. False when there is nothing for
 * us in it; what is broken ends the reading, and what was read before counts.
 */
bool cam_mdns_read(const uint8_t *data, size_t len_bytes, const char *name, enum cam_mdns_type type,
                   struct cam_mdns_answer *answer);

#endif
