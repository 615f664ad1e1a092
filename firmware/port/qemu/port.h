/*
 * The board as the core's port table. Its wait ends also when a key was typed or the network came or went;
 * what came of that is asked for here.
 */
#ifndef PORT_H
#define PORT_H

#include "cam/port.h"

/*
 * Looks at the image: says at the console what is missing, and goes on without it. `flash` functions work at
 * once, the network from port_start on.
 */
const struct cam_port *port_init(void);

/* `device_id` as in the settings: the Ethernet address is made of it. False when it is none. */
bool port_start(const char *device_id);

/* A key from the console that wait has seen, once; -1: none. */
int port_take_key(void);

#endif
