#include "datagram.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor.h"

#define MDNS_GROUP 0xE00000FBu /* 224.0.0.251 */
#define MDNS_PORT 5353

void posix_datagram_init(struct posix_datagram *datagram)
{
    datagram->fd = -1;
}

static bool open_once(struct posix_datagram *datagram)
{
    const unsigned char ttl = 255; /* RFC 6762, 11 */

    if (datagram->fd >= 0) {
        return true;
    }
    datagram->fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (datagram->fd < 0) {
        return false;
    }
    if (posix_descriptor_prepare(datagram->fd) &&
        setsockopt(datagram->fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl) == 0) {
        return true;
    }
    posix_datagram_close(datagram);
    return false;
}

static bool send_by(int fd, const struct sockaddr_in *own, const uint8_t *data, size_t len_bytes)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(MDNS_PORT), .sin_addr = {.s_addr = htonl(MDNS_GROUP)}};

    return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &own->sin_addr, sizeof own->sin_addr) == 0 &&
           sendto(fd, data, len_bytes, MSG_NOSIGNAL, (const struct sockaddr *)(const void *)&to, sizeof to) ==
               (ssize_t)len_bytes;
}

enum cam_status posix_datagram_send(struct posix_datagram *datagram, const uint8_t *data, size_t len_bytes)
{
    struct ifaddrs *all = NULL;
    bool was_sent = false;

    if (!open_once(datagram) || getifaddrs(&all) != 0) {
        return CAM_IO;
    }
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
        const unsigned wanted = IFF_UP | IFF_MULTICAST;

        if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET && (i->ifa_flags & wanted) == wanted) {
            const struct sockaddr_in *own = (const struct sockaddr_in *)(const void *)i->ifa_addr;

            was_sent = send_by(datagram->fd, own, data, len_bytes) || was_sent;
        }
    }
    freeifaddrs(all);
    return was_sent ? CAM_OK : CAM_IO;
}

enum cam_status posix_datagram_receive(struct posix_datagram *datagram, uint8_t *data, size_t cap_bytes,
                                       size_t *received_bytes)
{
    ssize_t received;

    if (datagram->fd < 0) {
        return CAM_AGAIN;
    }
    received = recv(datagram->fd, data, cap_bytes, 0);
    if (received < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? CAM_AGAIN : CAM_IO;
    }
    *received_bytes = (size_t)received;
    return CAM_OK;
}

void posix_datagram_close(struct posix_datagram *datagram)
{
    if (datagram->fd >= 0) {
        (void)close(datagram->fd);
    }
    posix_datagram_init(datagram);
}
