#include "net.h"

#include <string.h>

#include "board.h"
#include "cam/text.h"
#include "datagram.h"
#include "eth.h"
#include "lane.h"
#include "lwip/dhcp.h"
#include "lwip/init.h"
#include "lwip/stats.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#define LINK_CHECK_MS 1000u

static struct netif s_netif;
static uint64_t s_link_check_ms;

u32_t sys_now(void);

u32_t sys_now(void)
{
    return (u32_t)board_clock_ms();
}

void net_init(const uint8_t mac[6], const char *hostname)
{
    lwip_init();
    memcpy(s_netif.hwaddr, mac, 6);
    (void)netif_add(&s_netif, NULL, NULL, NULL, NULL, eth_init, ethernet_input);
    netif_set_hostname(&s_netif, hostname);
    netif_set_default(&s_netif);
    netif_set_up(&s_netif);
    (void)dhcp_start(&s_netif);
}

/* DHCP begins again by itself when the link is back. */
static void check_link(void)
{
    uint64_t now_ms = board_clock_ms();
    bool has_link;

    if (now_ms < s_link_check_ms) {
        return;
    }
    s_link_check_ms = now_ms + LINK_CHECK_MS;
    has_link = eth_has_link();
    if (has_link && !netif_is_link_up(&s_netif)) {
        netif_set_link_up(&s_netif);
    } else if (!has_link && netif_is_link_up(&s_netif)) {
        netif_set_link_down(&s_netif);
    }
}

void net_poll(void)
{
    check_link();
    eth_poll(&s_netif);
    sys_check_timeouts();
}

uint64_t net_due_ms(void)
{
    u32_t sleep_ms = sys_timeouts_sleeptime();
    uint64_t due_ms = sleep_ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE ? UINT64_MAX : board_clock_ms() + sleep_ms;

    return due_ms < s_link_check_ms ? due_ms : s_link_check_ms;
}

bool net_is_up(void)
{
    return netif_is_link_up(&s_netif) && !ip4_addr_isany_val(*netif_ip4_addr(&s_netif));
}

void net_write_address(char *text, size_t cap_bytes)
{
    text[0] = '\0';
    if (net_is_up()) {
        (void)ip4addr_ntoa_r(netif_ip4_addr(&s_netif), text, (int)cap_bytes);
    }
}

size_t net_free_heap_bytes(void)
{
    return lwip_stats.mem.avail - lwip_stats.mem.used;
}

bool net_can_do(const struct cam_interest *interest)
{
    for (unsigned lane = 0; lane < CAM_LANES; lane++) {
        if (((interest->writable_lanes >> lane & 1) != 0 && lane_is_writable(lane)) ||
            ((interest->readable_lanes >> lane & 1) != 0 && lane_is_readable(lane))) {
            return true;
        }
    }
    return interest->datagrams && datagram_is_readable();
}
