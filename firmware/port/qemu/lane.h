/* One of net.h's TCP connections: from a host's name to bytes. */
#ifndef LANE_H
#define LANE_H

#include <stdbool.h>

/* Would net_connect or net_send say something other than CAM_AGAIN? */
bool lane_is_writable(unsigned lane);
/* Would net_receive? */
bool lane_is_readable(unsigned lane);

#endif
