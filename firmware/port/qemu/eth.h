/* The OpenCores Ethernet controller (`open_eth`), as a network interface of lwIP. */
#ifndef ETH_H
#define ETH_H

#include <stdbool.h>

#include "lwip/netif.h"

/* For netif_add; hwaddr must be set. */
err_t eth_init(struct netif *netif);

/* Hands what has arrived to lwIP. To be called before each board_idle_until. */
void eth_poll(struct netif *netif);

/* Is a cable in? Asks the PHY. */
bool eth_has_link(void);

#endif
