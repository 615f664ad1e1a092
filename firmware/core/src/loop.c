#include "cam/loop.h"

/* So that a hub which talks without end, or a lane that always can, does not keep the step from its turn. */
#define ROUNDS 16

static bool connect(struct cam_camera *camera, unsigned number)
{
    const struct cam_port *port = camera->port;
    struct cam_lane *lane = &camera->lanes[number];
    enum cam_status status =
        port->connect(port->context, number, camera->discovery.host, camera->discovery.port, &lane->code);

    cam_uplink_connected(&lane->uplink, status, port->clock_ms(port->context));
    return status != CAM_AGAIN;
}

static bool receive(struct cam_camera *camera, unsigned number)
{
    const struct cam_port *port = camera->port;
    struct cam_lane *lane = &camera->lanes[number];
    size_t received_bytes = 0;
    enum cam_status status = port->receive(port->context, number, camera->scratch, sizeof camera->scratch,
                                           &received_bytes, &lane->code);

    cam_uplink_received(&lane->uplink, status, camera->scratch, received_bytes);
    return status != CAM_AGAIN;
}

static bool send(struct cam_camera *camera, unsigned number)
{
    const struct cam_port *port = camera->port;
    struct cam_lane *lane = &camera->lanes[number];
    const uint8_t *data;
    size_t len_bytes;
    size_t sent_bytes = 0;
    enum cam_status status;

    cam_uplink_next_send(&lane->uplink, &data, &len_bytes);
    status = port->send(port->context, number, data, len_bytes, &sent_bytes, &lane->code);
    cam_uplink_sent(&lane->uplink, status, sent_bytes);
    return status != CAM_AGAIN;
}

/* One thing on one lane. True when something could be done. */
static bool serve(struct cam_camera *camera, unsigned number)
{
    struct cam_uplink *uplink = &camera->lanes[number].uplink;

    switch (cam_uplink_want(uplink)) {
    case CAM_UPLINK_CLOSE:
        camera->port->close(camera->port->context, number);
        cam_uplink_closed(uplink);
        return true;
    case CAM_UPLINK_CONNECT:
        return connect(camera, number);
    case CAM_UPLINK_SEND:
        if (send(camera, number)) {
            return true;
        }
        return receive(camera, number);
    case CAM_UPLINK_RECEIVE:
        return receive(camera, number);
    case CAM_UPLINK_NOTHING:
        break;
    }
    return false;
}

static bool serve_discovery(struct cam_camera *camera)
{
    const struct cam_port *port = camera->port;
    struct cam_discovery *discovery = &camera->discovery;
    uint8_t query[CAM_DISCOVERY_QUERY_BYTES];
    size_t len_bytes;

    if (!camera->link_is_up || !cam_discovery_listens(discovery)) {
        if (camera->datagrams_are_open) {
            camera->datagrams_are_open = false;
            port->datagram_close(port->context);
        }
        return false;
    }
    len_bytes = cam_discovery_next_query(discovery, query);
    if (len_bytes > 0) {
        camera->datagrams_are_open = true;
        (void)port->datagram_send(port->context, query, len_bytes); /* it is sent three times anyway */
    }
    if (port->datagram_receive(port->context, camera->scratch, sizeof camera->scratch, &len_bytes) !=
        CAM_OK) {
        return false;
    }
    cam_discovery_receive(discovery, camera->scratch, len_bytes, port->clock_ms(port->context));
    return true;
}

static struct cam_interest interest_of(const struct cam_camera *camera)
{
    struct cam_interest interest = {.datagrams =
                                        camera->link_is_up && cam_discovery_listens(&camera->discovery)};

    for (unsigned i = 0; i < CAM_LANES; i++) {
        enum cam_uplink_want want = cam_uplink_want(&camera->lanes[i].uplink);
        if (want == CAM_UPLINK_CONNECT || want == CAM_UPLINK_SEND) {
            interest.writable_lanes |= 1u << i;
        }
        if (want == CAM_UPLINK_RECEIVE || want == CAM_UPLINK_SEND) {
            interest.readable_lanes |= 1u << i;
        }
    }
    return interest;
}

void cam_loop_turn(struct cam_camera *camera, const struct cam_event *event)
{
    const struct cam_port *port = camera->port;
    uint64_t wake_ms = cam_camera_step(camera, event, port->clock_ms(port->context));
    bool did_any = false;

    if (camera->must_restart) {
        port->restart(port->context);
        return;
    }
    for (int round = 0; round < ROUNDS; round++) {
        bool did = serve_discovery(camera);

        for (unsigned i = 0; i < CAM_LANES; i++) {
            did = serve(camera, i) || did;
        }
        if (!did) {
            break;
        }
        did_any = true;
    }
    if (!did_any) {
        const struct cam_interest interest = interest_of(camera);
        port->wait(port->context, &interest, wake_ms);
    }
}
