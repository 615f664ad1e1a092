/* Any datagram: read within its bytes, and what is found can stand in a Host header. */
#include <stdlib.h>
#include <string.h>

#include "cam/discovery.h"
#include "cam/mdns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_host(const char *host, size_t cap_bytes)
{
    check(memchr(host, 0, cap_bytes) != NULL && host[0] != '\0');
    for (; *host != '\0'; host++) {
        check(*host > ' ' && *host <= '~');
    }
}

static void discover(const uint8_t *data, size_t len_bytes)
{
    static struct cam_settings s_settings;
    struct cam_discovery discovery;
    uint8_t query[CAM_DISCOVERY_QUERY_BYTES];

    cam_settings_init(&s_settings);
    cam_discovery_init(&discovery, &s_settings, 0);
    cam_discovery_receive(&discovery, data, len_bytes, 1);
    if (cam_discovery_is_ready(&discovery)) {
        check_host(discovery.host, sizeof discovery.host);
        check(discovery.port != 0);
    } else {
        check(cam_discovery_next_query(&discovery, query) > 0);
    }
    cam_discovery_receive(&discovery, data, len_bytes, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    /* A copy of exactly this length, so that ASan sees a read past its end. */
    uint8_t *copy = malloc(len_bytes + 1);
    struct cam_mdns_answer answer;

    if (copy == NULL) {
        return 0;
    }
    if (len_bytes > 0) {
        memcpy(copy + 1, data, len_bytes);
    }
    if (cam_mdns_read(copy + 1, len_bytes, "_nestbox._tcp.local", CAM_MDNS_PTR, &answer) &&
        answer.has_service) {
        check_host(answer.target, sizeof answer.target);
        check(answer.port != 0);
    }
    if (cam_mdns_read(copy + 1, len_bytes, "esp32cam.local", CAM_MDNS_A, &answer)) {
        check(answer.has_address && !answer.has_service);
    }
    discover(copy + 1, len_bytes);
    free(copy);
    return 0;
}
