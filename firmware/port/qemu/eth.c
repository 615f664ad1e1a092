#include "eth.h"

#include <string.h>

#include "board.h"
#include "lwip/etharp.h"
#include "lwip/pbuf.h"
#include "lwip/snmp.h"
#include "netif/ethernet.h"
#include "random.h"

#define MODER 0x00u
#define MODER_RESET 0x0800u
#define MODER_QUIET 0xA000u /* pads short frames, appends the CRC */
#define MODER_RUN 0xA003u
#define INT_SOURCE 0x04u
#define INT_MASK 0x08u
#define INT_RECEIVE 0x14u /* a frame came, or was dropped for want of a descriptor */
#define TX_BD_NUM 0x20u
#define MII_COMMAND 0x2Cu
#define MII_COMMAND_READ 0x02u
#define MII_ADDRESS 0x30u
#define MII_ADDRESS_BMSR 0x0101u /* register 1 of PHY 1 */
#define MII_READ_DATA 0x38u
#define BMSR_LINK 0x0004u
#define MAC_ADDR0 0x40u
#define MAC_ADDR1 0x44u
#define HASH0 0x48u
#define HASH1 0x4Cu
#define DESCRIPTORS 0x400u

#define RX_EMPTY 0x8000u
#define RX_INTERRUPT 0x4000u
#define RX_WRAP 0x2000u
#define RX_ERRORS 0x007Fu
#define TX_READY 0x8000u
#define TX_PAD_CRC 0x1800u
#define TX_WRAP 0x2000u

#define FRAME_BYTES 1536u
#define RX_COUNT 32u
#define CRC_BYTES 4u

static uint8_t s_tx[FRAME_BYTES] __attribute__((aligned(4)));
static uint8_t s_rx[RX_COUNT][FRAME_BYTES] __attribute__((aligned(4)));
static unsigned s_next;

static volatile uint32_t *eth_register(uint32_t offset)
{
    return board_register(BOARD_ETH + offset);
}

/* Descriptor 0 sends, the others receive. */
static volatile uint32_t *descriptor(unsigned number)
{
    return eth_register(DESCRIPTORS + number * 8);
}

static uint32_t rx_flags(unsigned number)
{
    return RX_EMPTY | RX_INTERRUPT | (number == RX_COUNT - 1 ? RX_WRAP : 0);
}

static err_t send_frame(struct netif *netif, struct pbuf *p)
{
    volatile uint32_t *tx = descriptor(0);

    (void)netif;
    if (p->tot_len > sizeof s_tx) {
        return ERR_BUF;
    }
    (void)pbuf_copy_partial(p, s_tx, p->tot_len, 0);
    tx[1] = (uint32_t)(uintptr_t)s_tx;
    /* This write sends the frame before it returns, so one buffer is enough. */
    tx[0] = (uint32_t)p->tot_len << 16 | TX_READY | TX_PAD_CRC | TX_WRAP;
    return ERR_OK;
}

static void write_address(const struct netif *netif)
{
    const uint8_t *mac = netif->hwaddr;

    *eth_register(MAC_ADDR0) =
        (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];
    *eth_register(MAC_ADDR1) = (uint32_t)mac[0] << 8 | mac[1];
    *eth_register(HASH0) = 0xFFFFFFFF; /* all multicast: the filter is a hash only */
    *eth_register(HASH1) = 0xFFFFFFFF;
}

err_t eth_init(struct netif *netif)
{
    *eth_register(MODER) = MODER_RESET;
    *eth_register(MODER) = MODER_QUIET;
    *eth_register(TX_BD_NUM) = 1;
    write_address(netif);
    for (unsigned i = 0; i < RX_COUNT; i++) {
        volatile uint32_t *rx = descriptor(1 + i);

        rx[1] = (uint32_t)(uintptr_t)s_rx[i];
        rx[0] = rx_flags(i);
    }
    *eth_register(INT_SOURCE) = 0xFF;
    *eth_register(INT_MASK) = INT_RECEIVE;
    *eth_register(MODER) = MODER_RUN;

    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->mtu = 1500;
    netif->hwaddr_len = ETH_HWADDR_LEN;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    return ERR_OK;
}

static void take_frame(struct netif *netif, const uint8_t *frame, uint32_t len_bytes)
{
    struct pbuf *p;

    /* On an emulated Ethernet that is multicast underneath, one's own frames come back. */
    if (memcmp(frame + ETH_HWADDR_LEN, netif->hwaddr, ETH_HWADDR_LEN) == 0) {
        return;
    }
    p = pbuf_alloc(PBUF_RAW, (u16_t)len_bytes, PBUF_POOL);
    if (p == NULL) {
        return; /* as if the network had lost it */
    }
    (void)pbuf_take(p, frame, (u16_t)len_bytes);
    if (netif->input(p, netif) != ERR_OK) {
        (void)pbuf_free(p);
    }
}

void eth_poll(struct netif *netif)
{
    /* Before looking: a frame that comes after the last look raises the interrupt again. */
    *eth_register(INT_SOURCE) = INT_RECEIVE;
    for (;;) {
        volatile uint32_t *rx = descriptor(1 + s_next);
        uint32_t flags = rx[0];
        uint32_t len_bytes = flags >> 16;

        if ((flags & RX_EMPTY) != 0) {
            return;
        }
        random_stir(board_cycles());
        if ((flags & RX_ERRORS) == 0 && len_bytes > SIZEOF_ETH_HDR + CRC_BYTES && len_bytes <= FRAME_BYTES) {
            take_frame(netif, s_rx[s_next], len_bytes - CRC_BYTES);
        }
        rx[0] = rx_flags(s_next);
        s_next = (s_next + 1) % RX_COUNT;
    }
}

bool eth_has_link(void)
{
    *eth_register(MII_ADDRESS) = MII_ADDRESS_BMSR;
    *eth_register(MII_COMMAND) = MII_COMMAND_READ;
    return (*eth_register(MII_READ_DATA) & BMSR_LINK) != 0;
}
