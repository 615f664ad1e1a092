#include "lane.h"

#include "cam/text.h"
#include "lwip/dns.h"
#include "lwip/tcp.h"
#include "net.h"

enum lane_state { LANE_CLOSED, LANE_RESOLVING, LANE_RESOLVED, LANE_CONNECTING, LANE_OPEN, LANE_FAILED };

struct lane {
    enum lane_state state;
    struct tcp_pcb *pcb; /* NULL also when lwIP gave the connection up */
    struct pbuf *unread;
    bool has_ended; /* the other side sends no more */
    err_t error;
    ip_addr_t address;
    /* A name's answer may come after the lane was closed and opened again: only the newest question's counts.
     */
    uintptr_t question;
};

static struct lane s_lanes[CAM_LANES];

/* Lane and question in one pointer's worth, since lwIP keeps the argument and cannot be told to forget it. */
static void *question_argument(unsigned lane)
{
    return (void *)(s_lanes[lane].question * CAM_LANES + lane);
}

static void on_resolved(const char *name, const ip_addr_t *address, void *argument)
{
    unsigned number = (unsigned)((uintptr_t)argument % CAM_LANES);
    struct lane *lane = &s_lanes[number];

    (void)name;
    if (lane->state != LANE_RESOLVING || argument != question_argument(number)) {
        return;
    }
    lane->state = address == NULL ? LANE_FAILED : LANE_RESOLVED;
    lane->error = ERR_VAL;
    if (address != NULL) {
        lane->address = *address;
    }
}

static err_t on_connected(void *argument, struct tcp_pcb *pcb, err_t error)
{
    struct lane *lane = argument;

    (void)pcb;
    (void)error;
    lane->state = LANE_OPEN;
    return ERR_OK;
}

/* lwIP has freed the connection. */
static void on_error(void *argument, err_t error)
{
    struct lane *lane = argument;

    lane->pcb = NULL;
    lane->state = LANE_FAILED;
    lane->error = error;
}

static err_t on_received(void *argument, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct lane *lane = argument;

    (void)pcb;
    (void)error;
    if (p == NULL) {
        lane->has_ended = true;
    } else if (lane->unread == NULL) {
        lane->unread = p;
    } else {
        pbuf_cat(lane->unread, p);
    }
    return ERR_OK;
}

static err_t begin_to_connect(struct lane *lane, uint16_t port)
{
    err_t error;

    lane->pcb = tcp_new();
    if (lane->pcb == NULL) {
        return ERR_MEM;
    }
    tcp_arg(lane->pcb, lane);
    tcp_err(lane->pcb, on_error);
    tcp_recv(lane->pcb, on_received);
    tcp_nagle_disable(lane->pcb);
    error = tcp_connect(lane->pcb, &lane->address, port, on_connected);
    lane->state = LANE_CONNECTING;
    return error;
}

static void begin_to_resolve(unsigned number, const char *host)
{
    struct lane *lane = &s_lanes[number];
    err_t error;

    lane->question++;
    lane->state = LANE_RESOLVING;
    error = dns_gethostbyname(host, &lane->address, on_resolved, question_argument(number));
    if (error == ERR_OK) {
        lane->state = LANE_RESOLVED;
    } else if (error != ERR_INPROGRESS) {
        lane->state = LANE_FAILED;
        lane->error = error == ERR_ARG ? ERR_VAL : error;
    }
}

/* Closes the lane and says why it failed. ERR_VAL stands for a name that nobody knows. */
static enum cam_status give_up(unsigned number, err_t error, int *code)
{
    net_close(number);
    *code = -error;
    return error == ERR_VAL ? CAM_NOT_FOUND : CAM_IO;
}

enum cam_status net_connect(unsigned number, const char *host, uint16_t port, int *code)
{
    struct lane *lane = &s_lanes[number];

    if (lane->state == LANE_CLOSED) {
        if (!net_is_up()) {
            return give_up(number, ERR_RTE, code);
        }
        begin_to_resolve(number, host);
    }
    if (lane->state == LANE_RESOLVED) {
        err_t error = begin_to_connect(lane, port);
        if (error != ERR_OK) {
            return give_up(number, error, code);
        }
    }
    if (lane->state == LANE_FAILED) {
        return give_up(number, lane->error, code);
    }
    return lane->state == LANE_OPEN ? CAM_OK : CAM_AGAIN;
}

enum cam_status net_send(unsigned number, const uint8_t *data, size_t len_bytes, size_t *sent_bytes,
                         int *code)
{
    struct lane *lane = &s_lanes[number];
    size_t room;
    err_t error;

    if (lane->state != LANE_OPEN) {
        *code = -lane->error;
        return lane->state == LANE_FAILED ? CAM_IO : CAM_CLOSED;
    }
    room = tcp_sndbuf(lane->pcb);
    if (room == 0) {
        return CAM_AGAIN;
    }
    if (len_bytes > room) {
        len_bytes = room;
    }
    error = tcp_write(lane->pcb, data, (u16_t)len_bytes, TCP_WRITE_FLAG_COPY);
    if (error == ERR_OK) {
        *sent_bytes = len_bytes;
        error = tcp_output(lane->pcb);
        if (error == ERR_OK || error == ERR_MEM || error == ERR_RTE) {
            return CAM_OK; /* what could not go out now is sent by lwIP's timer */
        }
    }
    *code = -error;
    return error == ERR_MEM ? CAM_AGAIN : CAM_IO;
}

/* All that was received is the core's now: the pbufs that are used up go back. */
static size_t take_unread(struct lane *lane, uint8_t *data, size_t cap_bytes)
{
    u16_t cap = (u16_t)(cap_bytes < UINT16_MAX ? cap_bytes : UINT16_MAX);
    u16_t taken = pbuf_copy_partial(lane->unread, data, cap, 0);

    lane->unread = pbuf_free_header(lane->unread, taken);
    if (lane->pcb != NULL) {
        tcp_recved(lane->pcb, taken);
    }
    return taken;
}

enum cam_status net_receive(unsigned number, uint8_t *data, size_t cap_bytes, size_t *received_bytes,
                            int *code)
{
    struct lane *lane = &s_lanes[number];

    if (lane->unread != NULL) {
        *received_bytes = take_unread(lane, data, cap_bytes);
        return CAM_OK;
    }
    if (lane->state == LANE_FAILED) {
        *code = -lane->error;
        return lane->error == ERR_RST || lane->error == ERR_CLSD ? CAM_CLOSED : CAM_IO;
    }
    return lane->has_ended || lane->state == LANE_CLOSED ? CAM_CLOSED : CAM_AGAIN;
}

void net_close(unsigned number)
{
    struct lane *lane = &s_lanes[number];

    if (lane->pcb != NULL) {
        tcp_arg(lane->pcb, NULL);
        tcp_err(lane->pcb, NULL);
        tcp_recv(lane->pcb, NULL);
        if (lane->state == LANE_CONNECTING || tcp_close(lane->pcb) != ERR_OK) {
            tcp_abort(lane->pcb);
        }
    }
    if (lane->unread != NULL) {
        (void)pbuf_free(lane->unread);
    }
    *lane = (struct lane){.question = lane->question};
}

bool lane_is_writable(unsigned number)
{
    const struct lane *lane = &s_lanes[number];

    return lane->state == LANE_FAILED || lane->state == LANE_RESOLVED || lane->state == LANE_CLOSED ||
           (lane->state == LANE_OPEN && tcp_sndbuf(lane->pcb) > 0 &&
            tcp_sndqueuelen(lane->pcb) < TCP_SND_QUEUELEN - 2);
}

bool lane_is_readable(unsigned number)
{
    const struct lane *lane = &s_lanes[number];

    return lane->unread != NULL || lane->has_ended || lane->state == LANE_FAILED ||
           lane->state == LANE_CLOSED;
}
