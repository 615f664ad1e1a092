/*
 * Makes the flash image of an emulated camera, and says what is in one. It writes settings and seed with the
 * core's own code, so their format has one definition.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cam/bytes.h"
#include "cam/errlog.h"
#include "cam/queue.h"
#include "cam/request.h"
#include "cam/settings.h"
#include "cam/text.h"
#include "image.h"
#include "random.h"
#include "scene.h"

static const char s_usage[] =
    "usage: mkflash --firmware FILE --scene FILE --id MAC --out IMAGE [--hub HOST:PORT] [--enrolment-key "
    "KEY]\n"
    "       mkflash --show IMAGE\n"
    "\n"
    "  --firmware FILE       firmware.bin\n"
    "  --scene FILE          what the camera sees: a .scene pack\n"
    "  --id MAC              the camera's identity: six bytes, as in 24:6F:28:AA:BB:CC\n"
    "  --hub HOST:PORT       where the hub is; without it the camera looks for one by mDNS.\n"
    "                        QEMU's user network has the host at 10.0.2.2\n"
    "  --enrolment-key KEY   admits the camera at once to a hub that asks for it\n"
    "  --out IMAGE           4 MB for -drive if=pflash,format=raw,file=IMAGE. One camera, one image: never\n"
    "                        copy one for a second camera, they would share their secrets\n"
    "  --show IMAGE          prints identity, settings (no secrets), queued events and errors\n";

struct arguments {
    const char *firmware;
    const char *scene;
    const char *id;
    const char *hub;
    const char *enrolment_key;
    const char *out;
    const char *show;
};

static bool read_arguments(struct arguments *arguments, int argc, char **argv)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {
        {"--firmware", &arguments->firmware},
        {"--scene", &arguments->scene},
        {"--id", &arguments->id},
        {"--hub", &arguments->hub},
        {"--enrolment-key", &arguments->enrolment_key},
        {"--out", &arguments->out},
        {"--show", &arguments->show},
    };

    for (int i = 1; i < argc; i += 2) {
        bool is_known = false;

        for (size_t j = 0; j < sizeof options / sizeof options[0] && i + 1 < argc; j++) {
            if (strcmp(argv[i], options[j].name) == 0) {
                *options[j].value = argv[i + 1];
                is_known = true;
            }
        }
        if (!is_known) {
            return false;
        }
    }
    if (arguments->show != NULL) {
        return argc == 3;
    }
    return arguments->firmware != NULL && arguments->scene != NULL && arguments->id != NULL &&
           arguments->out != NULL;
}

/* Twelve hex digits, in pairs with ':' or '-' or nothing between; the first byte's lowest bit marks groups.
 */
static bool read_id(char id[CAM_DEVICE_ID_CHARS + 1], const char *text)
{
    size_t at = 0;

    for (unsigned digits = 0; digits < 12; digits++) {
        if (digits > 0 && digits % 2 == 0) {
            text += *text == ':' || *text == '-';
            id[at++] = ':';
        }
        if (!isxdigit((unsigned char)*text)) {
            return false;
        }
        id[at++] = (char)toupper((unsigned char)*text++);
    }
    id[at] = '\0';
    return *text == '\0' && cam_text_read_hex(id[1]) % 2 == 0;
}

static bool read_hub(struct cam_settings *settings, const char *hub)
{
    const char *colon = strrchr(hub, ':');
    char *end;
    unsigned long port;

    if (colon == NULL || colon == hub || (size_t)(colon - hub) >= sizeof settings->hub_host) {
        return false;
    }
    port = strtoul(colon + 1, &end, 10);
    if (!isdigit((unsigned char)colon[1]) || *end != '\0' || port == 0 || port > UINT16_MAX) {
        return false;
    }
    memcpy(settings->hub_host, hub, (size_t)(colon - hub));
    settings->hub_host[colon - hub] = '\0';
    settings->hub_port = (uint16_t)port;
    return true;
}

static bool write_settings(const struct cam_port *port, const struct arguments *arguments)
{
    static struct cam_settings_store s_store;
    struct cam_settings settings;

    (void)cam_settings_open(&s_store, port, &LAYOUT_SETTINGS_AREA, &settings);
    if (!read_id(settings.device_id, arguments->id)) {
        fprintf(stderr, "mkflash: --id %s: not an address of one device, as 24:6F:28:AA:BB:CC is\n",
                arguments->id);
        return false;
    }
    if (arguments->hub != NULL && !read_hub(&settings, arguments->hub)) {
        fprintf(stderr, "mkflash: --hub %s: not HOST:PORT with a host of up to %d characters\n",
                arguments->hub, CAM_HOST_MAX_CHARS);
        return false;
    }
    if (arguments->enrolment_key != NULL &&
        !cam_text_copy(settings.enrolment_key, sizeof settings.enrolment_key, arguments->enrolment_key)) {
        fprintf(stderr, "mkflash: --enrolment-key: longer than %d characters\n", CAM_KEY_MAX_CHARS);
        return false;
    }
    return cam_settings_save(&s_store, &settings) == CAM_OK;
}

static bool write_seed(const struct cam_port *port)
{
    struct cam_flashlog log;
    uint8_t user[CAM_FLASHLOG_USER_BYTES];
    uint8_t record[RANDOM_RECORD_BYTES] = {0};
    FILE *file = fopen("/dev/urandom", "rb");
    bool is_read = file != NULL && fread(record, RANDOM_SEED_BYTES, 1, file) == 1;

    if (file != NULL) {
        fclose(file);
    }
    if (!is_read) {
        fprintf(stderr, "mkflash: /dev/urandom cannot be read\n");
        return false;
    }
    (void)cam_flashlog_open(&log, port, &LAYOUT_SEED_AREA, RANDOM_RECORD_BYTES, RANDOM_MAGIC, user);
    return cam_flashlog_append(&log, record, user) == CAM_OK;
}

static bool put_scene(struct image *image, const char *path)
{
    struct scene scene;

    if (!image_put_file(image, LAYOUT_SCENE_AT, LAYOUT_SCENE_BYTES, path)) {
        return false;
    }
    if (!scene_open(&scene, image->data + LAYOUT_SCENE_AT, LAYOUT_SCENE_BYTES)) {
        fprintf(stderr, "mkflash: %s: not a whole scene pack\n", path);
        return false;
    }
    return true;
}

static int make(struct image *image, const struct arguments *arguments)
{
    struct cam_port port = image_port(image);

    image_init(image);
    if (!image_put_file(image, LAYOUT_FIRMWARE_AT, LAYOUT_FIRMWARE_BYTES, arguments->firmware) ||
        !put_scene(image, arguments->scene) || !write_settings(&port, arguments) || !write_seed(&port) ||
        !image_save(image, arguments->out)) {
        return 1;
    }
    return 0;
}

/* The queue's events as they are in flash: confirmed ones too, as long as their sector was not erased. */
static void show_events(const struct cam_port *port)
{
    struct cam_queue queue;
    struct cam_event_record event;

    if (cam_queue_open(&queue, port, &LAYOUT_QUEUE_AREA) != CAM_OK) {
        return;
    }
    printf("queued %u\n", (unsigned)cam_queue_depth(&queue));
    while (cam_queue_peek(&queue, &event) == CAM_OK) {
        char id[CAM_EVENT_ID_CHARS + 1];

        cam_request_write_event_id(id, event.boot_id, event.seq);
        printf("event %s score %u\n", id, (unsigned)event.score);
        if (cam_queue_confirm(&queue, event.seq) != CAM_OK) {
            return;
        }
    }
}

static void show_errors(const struct cam_port *port)
{
    struct cam_errlog errlog;
    struct cam_errlog_entry entry;
    struct cam_flashlog_position position;

    if (cam_errlog_open(&errlog, port, &LAYOUT_LOG_AREA) != CAM_OK) {
        return;
    }
    position = cam_flashlog_first(&errlog.log);
    while (cam_errlog_next(&errlog, &position, &entry) == CAM_OK) {
        printf("error %u at %llu ms: %s, %s, code %d, %u times\n", (unsigned)entry.seq,
               (unsigned long long)entry.monotonic_ms, entry.text,
               cam_status_name((enum cam_status)entry.status), (int)entry.code, (unsigned)entry.repeats);
    }
}

/* The image in memory may be changed: it is not saved. */
static int show(struct image *image, const char *path)
{
    static struct cam_settings_store s_store;
    struct cam_settings settings;
    struct cam_port port = image_port(image);
    enum cam_status status;

    if (!image_load(image, path)) {
        return 1;
    }
    status = cam_settings_open(&s_store, &port, &LAYOUT_SETTINGS_AREA, &settings);
    if (status != CAM_OK) {
        fprintf(stderr, "mkflash: %s: no settings: %s\n", path, cam_status_name(status));
        return 1;
    }
    printf("id %s\nhub %s:%u\n", settings.device_id, settings.hub_host, (unsigned)settings.hub_port);
    printf("found %s:%u\n", settings.found_host, (unsigned)settings.found_port);
    printf("secret %s\ntoken %s\n", settings.has_secret ? "yes" : "no",
           settings.token[0] != '\0' ? "yes" : "no");
    printf("privacy %s %u\n",
           !settings.privacy_known   ? "unknown"
           : settings.privacy_locked ? "locked"
                                     : "open",
           (unsigned)settings.privacy_generation);
    printf("heartbeat_interval_s %u\n", (unsigned)settings.heartbeat_interval_s);
    show_events(&port);
    show_errors(&port);
    return 0;
}

int main(int argc, char **argv)
{
    static struct image s_image;
    struct arguments arguments = {0};

    if (!read_arguments(&arguments, argc, argv)) {
        fputs(s_usage, stderr);
        return 2;
    }
    return arguments.show != NULL ? show(&s_image, arguments.show) : make(&s_image, &arguments);
}
