/* One TCP connection that never blocks: the port's connect, send, receive and close for one lane. */
#ifndef POSIX_LANE_H
#define POSIX_LANE_H

#include "cam/port.h"
#include "resolver.h"

struct posix_lane {
    /* Not to be touched. */
    int fd; /* -1: none */
    bool is_connected;
};

void posix_lane_init(struct posix_lane *lane);

/* As in cam/port.h; `number` is the lane's for the resolver. Codes are errno's, or EAI_* from the resolver.
 */
enum cam_status posix_lane_connect(struct posix_lane *lane, struct posix_resolver *resolver, unsigned number,
                                   const char *host, uint16_t port, int *code);
enum cam_status posix_lane_send(struct posix_lane *lane, const uint8_t *data, size_t len_bytes,
                                size_t *sent_bytes, int *code);
enum cam_status posix_lane_receive(struct posix_lane *lane, uint8_t *data, size_t cap_bytes,
                                   size_t *received_bytes, int *code);
void posix_lane_close(struct posix_lane *lane);

#endif
