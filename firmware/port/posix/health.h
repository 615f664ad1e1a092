/* What a workstation can say of the things that a chip reports. */
#ifndef POSIX_HEALTH_H
#define POSIX_HEALTH_H

#include "cam/port.h"

/* The address that this end of a connection has; leaves `address` as it is when `fd` is not connected. */
void posix_health_note_address(int fd, char *address, size_t cap_bytes);

/* Memory is the machine's, at most what fits. `own_address` is what posix_health_note_address noted; when
 * empty: an address of the machine's, by which another could reach it. */
void posix_health_read(struct cam_health *health, const char *own_address);

#endif
