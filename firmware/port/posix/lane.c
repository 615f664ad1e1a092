#include "lane.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor.h"

void posix_lane_init(struct posix_lane *lane)
{
    *lane = (struct posix_lane){.fd = -1};
}

/* What a call that failed with `error` means. */
static enum cam_status status_of(int error, int *code)
{
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == EINPROGRESS ||
        error == EALREADY) {
        return CAM_AGAIN;
    }
    *code = error;
    return error == ECONNRESET || error == EPIPE ? CAM_CLOSED : CAM_IO;
}

static enum cam_status begin(struct posix_lane *lane, struct in_addr address, uint16_t port, int *code)
{
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address};
    const int on = 1;

    lane->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (lane->fd < 0 || !posix_descriptor_prepare(lane->fd)) {
        *code = errno;
        return CAM_IO;
    }
    (void)setsockopt(lane->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* slower without, not wrong */
    if (connect(lane->fd, (const struct sockaddr *)(const void *)&to, sizeof to) == 0) {
        lane->is_connected = true;
        return CAM_OK;
    }
    return status_of(errno, code);
}

static enum cam_status look(struct posix_lane *lane, int *code)
{
    struct pollfd poll_fd = {.fd = lane->fd, .events = POLLOUT};
    int error = 0;
    socklen_t len_bytes = sizeof error;

    if (poll(&poll_fd, 1, 0) <= 0) {
        return CAM_AGAIN;
    }
    if (getsockopt(lane->fd, SOL_SOCKET, SO_ERROR, &error, &len_bytes) != 0) {
        error = errno;
    }
    if (error != 0) {
        *code = error;
        return CAM_IO;
    }
    lane->is_connected = true;
    return CAM_OK;
}

enum cam_status posix_lane_connect(struct posix_lane *lane, struct posix_resolver *resolver, unsigned number,
                                   const char *host, uint16_t port, int *code)
{
    struct in_addr address;
    enum cam_status status;

    if (lane->is_connected) {
        return CAM_OK;
    }
    if (lane->fd >= 0) {
        return look(lane, code);
    }
    status = posix_resolver_ask(resolver, number, host, &address, code);
    return status == CAM_OK ? begin(lane, address, port, code) : status;
}

enum cam_status posix_lane_send(struct posix_lane *lane, const uint8_t *data, size_t len_bytes,
                                size_t *sent_bytes, int *code)
{
    ssize_t sent = send(lane->fd, data, len_bytes, MSG_NOSIGNAL);

    if (sent < 0) {
        return status_of(errno, code);
    }
    *sent_bytes = (size_t)sent;
    return CAM_OK;
}

enum cam_status posix_lane_receive(struct posix_lane *lane, uint8_t *data, size_t cap_bytes,
                                   size_t *received_bytes, int *code)
{
    ssize_t received = recv(lane->fd, data, cap_bytes, 0);

    if (received < 0) {
        return status_of(errno, code);
    }
    *received_bytes = (size_t)received;
    return received == 0 ? CAM_CLOSED : CAM_OK;
}

void posix_lane_close(struct posix_lane *lane)
{
    if (lane->fd >= 0) {
        (void)close(lane->fd);
    }
    posix_lane_init(lane);
}
