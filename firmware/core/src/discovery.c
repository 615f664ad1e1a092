#include "cam/discovery.h"

#include <string.h>

#include "cam/mdns.h"
#include "cam/text.h"

#define SERVICE "_nestbox._tcp.local"
#define LAST_RESORT "esp32cam.local"
#define TRIES 3u
#define TRY_MS 1000u

static bool is_local(const char *host)
{
    size_t len_bytes = strlen(host);

    return len_bytes > 6 && cam_text_equal_ignoring_case(host + len_bytes - 6, 6, ".local");
}

static void ask(struct cam_discovery *discovery, const char *name, bool service, uint64_t now_ms)
{
    (void)cam_text_copy(discovery->name, sizeof discovery->name, name);
    discovery->asks_service = service;
    discovery->has_query = true;
    discovery->must_send = true;
    discovery->tries = 1;
    discovery->next_ms = now_ms + TRY_MS;
}

static void use(struct cam_discovery *discovery, const char *host, uint16_t port, uint64_t now_ms)
{
    discovery->port = port;
    if (is_local(host)) {
        ask(discovery, host, false, now_ms);
        return;
    }
    (void)cam_text_copy(discovery->host, sizeof discovery->host, host);
    discovery->is_ready = true;
}

static void begin(struct cam_discovery *discovery, uint64_t now_ms)
{
    const struct cam_settings *settings = discovery->settings;

    discovery->is_ready = false;
    discovery->has_query = false;
    discovery->must_send = false;
    if (discovery->source == CAM_DISCOVERY_PROVISIONED) {
        if (settings->hub_host[0] != '\0') {
            use(discovery, settings->hub_host, settings->hub_port, now_ms);
            return;
        }
        discovery->source = CAM_DISCOVERY_FOUND;
    }
    if (discovery->source == CAM_DISCOVERY_FOUND) {
        if (settings->found_host[0] != '\0') {
            use(discovery, settings->found_host, settings->found_port, now_ms);
            return;
        }
        discovery->source = CAM_DISCOVERY_SERVICE;
    }
    if (discovery->source == CAM_DISCOVERY_SERVICE) {
        ask(discovery, SERVICE, true, now_ms);
    } else {
        use(discovery, LAST_RESORT, CAM_DISCOVERY_PORT, now_ms);
    }
}

void cam_discovery_init(struct cam_discovery *discovery, const struct cam_settings *settings, uint64_t now_ms)
{
    *discovery = (struct cam_discovery){.settings = settings, .source = CAM_DISCOVERY_PROVISIONED};
    begin(discovery, now_ms);
}

bool cam_discovery_is_ready(const struct cam_discovery *discovery)
{
    return discovery->is_ready;
}

void cam_discovery_fail(struct cam_discovery *discovery, uint64_t now_ms)
{
    discovery->source = discovery->source + 1 < CAM_DISCOVERY_SOURCES
                            ? (enum cam_discovery_source)(discovery->source + 1)
                            : CAM_DISCOVERY_PROVISIONED;
    begin(discovery, now_ms);
}

bool cam_discovery_is_elsewhere(const struct cam_discovery *discovery)
{
    return discovery->source > CAM_DISCOVERY_FOUND &&
           (discovery->settings->hub_host[0] != '\0' || discovery->settings->found_host[0] != '\0');
}

void cam_discovery_tick(struct cam_discovery *discovery, uint64_t now_ms)
{
    if (!discovery->has_query || now_ms < discovery->next_ms) {
        return;
    }
    if (discovery->tries == TRIES) {
        cam_discovery_fail(discovery, now_ms);
        return;
    }
    discovery->must_send = true;
    discovery->next_ms = now_ms + ((uint64_t)TRY_MS << discovery->tries); /* 1, 2, 4 s (RFC 6762, 5.2) */
    discovery->tries++;
}

size_t cam_discovery_next_query(struct cam_discovery *discovery, uint8_t query[CAM_DISCOVERY_QUERY_BYTES])
{
    if (!discovery->must_send) {
        return 0;
    }
    discovery->must_send = false;
    return cam_mdns_write_query(query, CAM_DISCOVERY_QUERY_BYTES, discovery->name,
                                discovery->asks_service ? CAM_MDNS_PTR : CAM_MDNS_A);
}

bool cam_discovery_listens(const struct cam_discovery *discovery)
{
    return discovery->has_query;
}

void cam_discovery_receive(struct cam_discovery *discovery, const uint8_t *data, size_t len_bytes,
                           uint64_t now_ms)
{
    struct cam_mdns_answer answer;
    struct cam_text out;

    if (!discovery->has_query ||
        !cam_mdns_read(data, len_bytes, discovery->name, discovery->asks_service ? CAM_MDNS_PTR : CAM_MDNS_A,
                       &answer)) {
        return;
    }
    if (answer.has_service) {
        discovery->port = answer.port;
    }
    if (answer.has_address && (answer.has_service || !discovery->asks_service)) {
        cam_text_init(&out, discovery->host, sizeof discovery->host);
        for (int i = 0; i < 4; i++) {
            cam_text_add(&out, i > 0 ? "." : "");
            cam_text_add_uint(&out, answer.address[i]);
        }
        discovery->is_ready = cam_text_end(&out);
        discovery->has_query = false;
        discovery->must_send = false;
    } else if (answer.has_service) {
        ask(discovery, answer.target, false, now_ms);
    }
}

uint64_t cam_discovery_wake_ms(const struct cam_discovery *discovery)
{
    return discovery->has_query ? discovery->next_ms : UINT64_MAX;
}
