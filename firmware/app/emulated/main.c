/*
 * The emulated camera: the core on the LX60 board. Identity, hub and key come from the flash image (mkflash).
 * Keys at the console stand for what a board would have around it: a motion sensor (m) and a privacy switch
 * that is turned (s). One more (i) asks what memory was needed so far.
 */
#include "board.h"
#include "cam/loop.h"
#include "cam/text.h"
#include "layout.h"
#include "net.h"
#include "port.h"

/* Shorter than what proxies and NATs forget a silent connection after. */
#define POLL_WAIT_S 25u
#define MOTION_PERIOD_MS 500u
#define SENSOR_SCORE 80u

int main(void);

static void read_identity(const struct cam_port *port, struct cam_settings *settings)
{
    static struct cam_settings_store s_store;

    (void)cam_settings_open(&s_store, port, &LAYOUT_SETTINGS_AREA, settings);
}

static void say_memory(const struct cam_port *port)
{
    char line[80];
    struct cam_text text;

    cam_text_init(&text, line, sizeof line);
    cam_text_add(&text, "memory: stack at most ");
    cam_text_add_uint(&text, board_stack_used_bytes());
    cam_text_add(&text, ", camera ");
    cam_text_add_uint(&text, sizeof(struct cam_camera));
    cam_text_add(&text, ", RAM free ");
    cam_text_add_uint(&text, board_free_ram_bytes());
    if (cam_text_end(&text)) {
        port->log(port->context, CAM_LOG_INFO, line);
    }
}

static struct cam_event event_of_key(const struct cam_camera *camera, int key)
{
    switch (key) {
    case 'm':
        return (struct cam_event){.kind = CAM_EVENT_MOTION, .score = SENSOR_SCORE};
    case 's':
        return (struct cam_event){.kind = CAM_EVENT_SWITCH, .locked = cam_camera_is_open(camera)};
    case 'i':
        say_memory(camera->port);
        break;
    default:
        break;
    }
    return (struct cam_event){.kind = CAM_EVENT_NONE};
}

static struct cam_event next_event(const struct cam_camera *camera)
{
    static bool s_was_up;
    bool is_up = net_is_up();

    if (is_up != s_was_up) {
        s_was_up = is_up;
        return (struct cam_event){.kind = is_up ? CAM_EVENT_LINK_UP : CAM_EVENT_LINK_DOWN};
    }
    return event_of_key(camera, port_take_key());
}

int main(void)
{
    static struct cam_camera s_camera;
    static struct cam_settings s_settings;
    const struct cam_port *port = port_init();
    const struct cam_config config = {
        .device_type = "qemu-lx60",
        .firmware_version = CAM_VERSION,
        .reset_reason = board_reset_reason(),
        .settings_area = LAYOUT_SETTINGS_AREA,
        .queue_area = LAYOUT_QUEUE_AREA,
        .log_area = LAYOUT_LOG_AREA,
        .poll_wait_s = POLL_WAIT_S,
        .motion_period_ms = MOTION_PERIOD_MS,
    };

    read_identity(port, &s_settings);
    if (!port_start(s_settings.device_id)) {
        port->log(port->context, CAM_LOG_ERROR, "the image has no device id: make it with mkflash");
        for (;;) {
            board_idle_until(UINT64_MAX);
        }
    }
    cam_camera_init(&s_camera, port, &config, port->clock_ms(port->context));
    for (;;) {
        struct cam_event event = next_event(&s_camera);

        cam_loop_turn(&s_camera, &event);
    }
}
