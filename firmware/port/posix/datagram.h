/*
 * Questions by multicast DNS: from a port of its own to 224.0.0.251:5353, into every network that the machine
 * is in, as a workstation with several has no telling where the hub is. Answers come by unicast to that port.
 */
#ifndef POSIX_DATAGRAM_H
#define POSIX_DATAGRAM_H

#include "cam/status.h"

#include <stddef.h>
#include <stdint.h>

struct posix_datagram {
    /* Not to be touched. */
    int fd; /* -1: none */
};

void posix_datagram_init(struct posix_datagram *datagram);

/* As in cam/port.h. CAM_IO when it could be sent into no network. */
enum cam_status posix_datagram_send(struct posix_datagram *datagram, const uint8_t *data, size_t len_bytes);
enum cam_status posix_datagram_receive(struct posix_datagram *datagram, uint8_t *data, size_t cap_bytes,
                                       size_t *received_bytes);
void posix_datagram_close(struct posix_datagram *datagram);

#endif
