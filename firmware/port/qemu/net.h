/*
 * lwIP on the board's Ethernet: an address by DHCP, two TCP connections, one UDP socket for mDNS questions.
 * The functions have the meaning of those in cam/port.h; statuses and codes too, codes being lwIP's err_t
 * made positive.
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>

#include "cam/port.h"

void net_init(const uint8_t mac[6], const char *hostname);

/* Takes what has arrived and does what is due. Never waits. */
void net_poll(void);
/* When it is next due. UINT64_MAX: only when a frame arrives. */
uint64_t net_due_ms(void);

/* True while the cable is in and there is an address. */
bool net_is_up(void);
/* Dotted, or empty. */
void net_write_address(char *text, size_t cap_bytes);
size_t net_free_heap_bytes(void);

bool net_can_do(const struct cam_interest *interest);

enum cam_status net_connect(unsigned lane, const char *host, uint16_t port, int *code);
enum cam_status net_send(unsigned lane, const uint8_t *data, size_t len_bytes, size_t *sent_bytes, int *code);
enum cam_status net_receive(unsigned lane, uint8_t *data, size_t cap_bytes, size_t *received_bytes,
                            int *code);
void net_close(unsigned lane);

enum cam_status net_datagram_send(const uint8_t *data, size_t len_bytes);
enum cam_status net_datagram_receive(uint8_t *data, size_t cap_bytes, size_t *received_bytes);
void net_datagram_close(void);

#endif
