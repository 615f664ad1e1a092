/*
 * Where the hub is. Tried in this order, and round again when none of them answers: the provisioned address,
 * the address that admitted us last, DNS-SD (_nestbox._tcp), esp32cam.local. A hub that is found may be
 * somebody else's: unless it admits us, an address that is known comes next. Names that end in ".local" are
 * asked for by multicast. The module makes and reads datagrams; sending them is the loop's business.
 *
 * Queries come from an ephemeral port and ask for unicast answers (RFC 6762, 5.1 and 6.7): that works without
 * joining the group, and through the NAT of an emulator.
 */
#ifndef CAM_DISCOVERY_H
#define CAM_DISCOVERY_H

#include "cam/settings.h"

#define CAM_DISCOVERY_PORT 5000u /* of the last resort, which carries none */
#define CAM_DISCOVERY_QUERY_BYTES 128u

enum cam_discovery_source {
    CAM_DISCOVERY_PROVISIONED,
    CAM_DISCOVERY_FOUND,
    CAM_DISCOVERY_SERVICE,
    CAM_DISCOVERY_NAME,
    CAM_DISCOVERY_SOURCES
};

struct cam_discovery {
    /* To be read while cam_discovery_is_ready. */
    char host[CAM_HOST_MAX_CHARS + 1];
    uint16_t port;
    enum cam_discovery_source source;

    /* Not to be touched. */
    const struct cam_settings *settings;
    bool is_ready;
    bool has_query;
    bool must_send;
    bool asks_service;
    char name[CAM_HOST_MAX_CHARS + 1]; /* that is asked for */
    unsigned tries;
    uint64_t next_ms;
};

void cam_discovery_init(struct cam_discovery *discovery, const struct cam_settings *settings,
                        uint64_t now_ms);
bool cam_discovery_is_ready(const struct cam_discovery *discovery);

/* The address does not answer: on to the next source. */
void cam_discovery_fail(struct cam_discovery *discovery, uint64_t now_ms);

/* True of an address that was found just now, while another is known. */
bool cam_discovery_is_elsewhere(const struct cam_discovery *discovery);

/* Moves on with time. Call it before each look. */
void cam_discovery_tick(struct cam_discovery *discovery, uint64_t now_ms);

/* The datagram that is to be sent now, once; 0 if none is. */
size_t cam_discovery_next_query(struct cam_discovery *discovery, uint8_t query[CAM_DISCOVERY_QUERY_BYTES]);

/* True while datagrams are awaited. */
bool cam_discovery_listens(const struct cam_discovery *discovery);
void cam_discovery_receive(struct cam_discovery *discovery, const uint8_t *data, size_t len_bytes,
                           uint64_t now_ms);

/* When tick has something to do; UINT64_MAX: never. */
uint64_t cam_discovery_wake_ms(const struct cam_discovery *discovery);

#endif
