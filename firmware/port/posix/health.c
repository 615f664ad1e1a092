#include "health.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cam/text.h"

static void write_address(const struct sockaddr_in *address, char *text, size_t cap_bytes)
{
    (void)inet_ntop(AF_INET, &address->sin_addr, text, (socklen_t)cap_bytes);
}

void posix_health_note_address(int fd, char *address, size_t cap_bytes)
{
    struct sockaddr_in own;
    socklen_t len_bytes = sizeof own;

    if (getsockname(fd, (struct sockaddr *)(void *)&own, &len_bytes) == 0 && own.sin_family == AF_INET) {
        write_address(&own, address, cap_bytes);
    }
}

static void find_address(char *address, size_t cap_bytes)
{
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) != 0) {
        return;
    }
    for (const struct ifaddrs *i = all; i != NULL && address[0] == '\0'; i = i->ifa_next) {
        if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET &&
            (i->ifa_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP) {
            write_address((const struct sockaddr_in *)(const void *)i->ifa_addr, address, cap_bytes);
        }
    }
    freeifaddrs(all);
}

static uint32_t free_memory_bytes(void)
{
    long pages = sysconf(_SC_AVPHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);

    if (pages <= 0 || page_bytes <= 0) {
        return 0;
    }
    return pages > (long)(UINT32_MAX / (unsigned long)page_bytes) ? UINT32_MAX
                                                                  : (uint32_t)(pages * page_bytes);
}

void posix_health_read(struct cam_health *health, const char *own_address)
{
    *health = (struct cam_health){.free_heap_bytes = free_memory_bytes()};
    health->largest_free_block_bytes = health->free_heap_bytes;
    (void)cam_text_copy(health->ip_address, sizeof health->ip_address, own_address);
    if (health->ip_address[0] == '\0') {
        find_address(health->ip_address, sizeof health->ip_address);
    }
}
