#include "datagram.h"

#include "lwip/udp.h"
#include "net.h"

#define MDNS_PORT 5353u
#define KEPT 4 /* datagrams that wait to be read; more are lost, as datagrams may be */

static struct udp_pcb *s_pcb;
static struct pbuf *s_unread[KEPT];
static unsigned s_count;

static void on_datagram(void *argument, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *address,
                        u16_t port)
{
    (void)argument;
    (void)pcb;
    (void)address;
    (void)port;
    if (s_count == KEPT) {
        (void)pbuf_free(p);
        return;
    }
    s_unread[s_count++] = p;
}

enum cam_status net_datagram_send(const uint8_t *data, size_t len_bytes)
{
    ip_addr_t group = IPADDR4_INIT_BYTES(224, 0, 0, 251);
    struct pbuf *p;
    err_t error;

    if (s_pcb == NULL) {
        s_pcb = udp_new();
        if (s_pcb == NULL || udp_bind(s_pcb, IP_ADDR_ANY, 0) != ERR_OK) {
            net_datagram_close();
            return CAM_IO;
        }
        s_pcb->ttl = 255;
        udp_recv(s_pcb, on_datagram, NULL);
    }
    p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len_bytes, PBUF_RAM);
    if (p == NULL) {
        return CAM_IO;
    }
    (void)pbuf_take(p, data, (u16_t)len_bytes);
    error = udp_sendto(s_pcb, p, &group, MDNS_PORT);
    (void)pbuf_free(p);
    return error == ERR_OK ? CAM_OK : CAM_IO;
}

enum cam_status net_datagram_receive(uint8_t *data, size_t cap_bytes, size_t *received_bytes)
{
    u16_t cap = (u16_t)(cap_bytes < UINT16_MAX ? cap_bytes : UINT16_MAX);

    if (s_count == 0) {
        return CAM_AGAIN;
    }
    *received_bytes = pbuf_copy_partial(s_unread[0], data, cap, 0);
    (void)pbuf_free(s_unread[0]);
    s_count--;
    for (unsigned i = 0; i < s_count; i++) {
        s_unread[i] = s_unread[i + 1];
    }
    return CAM_OK;
}

void net_datagram_close(void)
{
    while (s_count > 0) {
        (void)pbuf_free(s_unread[--s_count]);
    }
    if (s_pcb != NULL) {
        udp_remove(s_pcb);
        s_pcb = NULL;
    }
}

bool datagram_is_readable(void)
{
    return s_count > 0;
}
