/*
 * The virtual camera: the core on a workstation. Signals stand for what a board would have around it: a
 * privacy switch and a plug.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cam/loop.h"
#include "identity.h"
#include "options.h"
#include "port.h"
#include "program.h"

/* Shorter than what proxies and NATs forget a silent connection after. */
#define POLL_WAIT_S 25u
#define MOTION_PERIOD_MS 500u
#define SENSOR_SCORE 80u

static struct posix_port s_port;
static volatile sig_atomic_t s_must_stop;
static volatile sig_atomic_t s_switch_turns;

static void on_signal(int number)
{
    if (number == SIGUSR1) {
        s_switch_turns++;
    } else {
        s_must_stop = 1;
    }
    posix_port_wake(&s_port);
}

static void handle_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    (void)sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGUSR1, &action, NULL);
}

static void restart(void *context)
{
    (void)context;
    posix_port_close(&s_port);
    program_restart();
    perror("virtual-camera cannot start again");
    exit(EXIT_FAILURE);
}

static bool open_port(const struct options *options)
{
    char flash_path[OPTIONS_PATH_CHARS + 1];
    int len = snprintf(flash_path, sizeof flash_path, "%s/flash.bin", options->state_folder);

    if (len < 0 || (size_t)len >= sizeof flash_path) {
        (void)fputs("--state: too long\n", stderr);
        return false;
    }
    if (mkdir(options->state_folder, S_IRWXU) != 0 && errno != EEXIST) {
        (void)fprintf(stderr, "%s cannot be made: %s\n", options->state_folder, strerror(errno));
        return false;
    }
    if (!posix_port_open(&s_port, flash_path, options->scene_path)) {
        return false;
    }
    s_port.log_level = options->log_level;
    s_port.restart = restart;
    return true;
}

/* One event a turn; what is left over comes with the next, which posix_port_wake makes come soon. */
static struct cam_event next_event(const struct cam_camera *camera, const struct options *options,
                                   uint64_t *motion_ms)
{
    static sig_atomic_t s_turns_seen;
    static bool s_was_up;
    uint64_t now_ms = s_port.table.clock_ms(&s_port);

    if (!s_was_up) {
        s_was_up = true;
        return (struct cam_event){.kind = CAM_EVENT_LINK_UP};
    }
    if (s_turns_seen != s_switch_turns) {
        s_turns_seen++;
        posix_port_wake(&s_port);
        return (struct cam_event){.kind = CAM_EVENT_SWITCH, .locked = cam_camera_is_open(camera)};
    }
    if (options->motion_every_s != 0 && now_ms >= *motion_ms) {
        *motion_ms = now_ms + options->motion_every_s * UINT64_C(1000);
        posix_port_set_alarm(&s_port, *motion_ms);
        return (struct cam_event){.kind = CAM_EVENT_MOTION, .score = SENSOR_SCORE};
    }
    return (struct cam_event){.kind = CAM_EVENT_NONE};
}

static void run(const struct options *options)
{
    static struct cam_camera s_camera;
    const struct cam_config config = {
        .device_type = "virtual",
        .firmware_version = CAM_VERSION,
        .reset_reason = program_reset_reason(),
        .hub_host = options->hub_host,
        .hub_port = options->hub_port,
        .enrolment_key = options->enrolment_key,
        .settings_area = POSIX_FLASH_SETTINGS_AREA,
        .queue_area = POSIX_FLASH_QUEUE_AREA,
        .log_area = POSIX_FLASH_LOG_AREA,
        .poll_wait_s = POLL_WAIT_S,
        .motion_period_ms = MOTION_PERIOD_MS,
    };
    const struct cam_port *port = &s_port.table;
    uint64_t motion_ms = options->motion_every_s * UINT64_C(1000);

    posix_port_set_alarm(&s_port, options->motion_every_s == 0 ? UINT64_MAX : motion_ms);
    cam_camera_init(&s_camera, port, &config, port->clock_ms(port->context));
    while (!s_must_stop) {
        struct cam_event event = next_event(&s_camera, options, &motion_ms);

        cam_loop_turn(&s_camera, &event);
    }
}

int main(int argc, char **argv)
{
    static struct options s_options;
    enum options_result result;

    program_init(argv);
    result = options_read(&s_options, argc, argv);
    if (result != OPTIONS_RUN) {
        return result == OPTIONS_DONE ? EXIT_SUCCESS : 2;
    }
    if (!open_port(&s_options)) {
        return EXIT_FAILURE;
    }
    handle_signals();
    if (!identity_settle(&s_port.table, &POSIX_FLASH_SETTINGS_AREA, s_options.device_id)) {
        return EXIT_FAILURE;
    }
    run(&s_options);
    posix_port_close(&s_port);
    return EXIT_SUCCESS;
}
