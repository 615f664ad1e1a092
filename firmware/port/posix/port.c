#include "port.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cam/sha256.h"
#include "health.h"
#include "log.h"

#define RANDOM_MAX_BYTES 256u /* of one getentropy */

static uint64_t monotonic_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t clock_ms(void *context)
{
    const struct posix_port *port = context;

    return (monotonic_ns() - port->started_ns) / 1000000u;
}

static enum cam_status fill_random(void *context, uint8_t *out, size_t len_bytes)
{
    (void)context;
    while (len_bytes > 0) {
        size_t part_bytes = len_bytes < RANDOM_MAX_BYTES ? len_bytes : RANDOM_MAX_BYTES;

        if (getentropy(out, part_bytes) != 0) {
            return CAM_IO;
        }
        out += part_bytes;
        len_bytes -= part_bytes;
    }
    return CAM_OK;
}

static void sum_sha256(void *context, const uint8_t *data, size_t len_bytes, uint8_t sum[CAM_SHA256_BYTES])
{
    (void)context;
    cam_sha256_sum(data, len_bytes, sum);
}

static enum cam_status connect_lane(void *context, unsigned lane, const char *host, uint16_t remote_port,
                                    int *code)
{
    struct posix_port *port = context;
    enum cam_status status =
        posix_lane_connect(&port->lanes[lane], &port->resolver, lane, host, remote_port, code);

    if (status == CAM_OK) {
        posix_health_note_address(port->lanes[lane].fd, port->own_address, sizeof port->own_address);
    }
    return status;
}

static enum cam_status send_lane(void *context, unsigned lane, const uint8_t *data, size_t len_bytes,
                                 size_t *sent_bytes, int *code)
{
    struct posix_port *port = context;

    return posix_lane_send(&port->lanes[lane], data, len_bytes, sent_bytes, code);
}

static enum cam_status receive_lane(void *context, unsigned lane, uint8_t *data, size_t cap_bytes,
                                    size_t *received_bytes, int *code)
{
    struct posix_port *port = context;

    return posix_lane_receive(&port->lanes[lane], data, cap_bytes, received_bytes, code);
}

static void close_lane(void *context, unsigned lane)
{
    struct posix_port *port = context;

    posix_resolver_abandon(&port->resolver, lane);
    posix_lane_close(&port->lanes[lane]);
}

static enum cam_status send_datagram(void *context, const uint8_t *data, size_t len_bytes)
{
    struct posix_port *port = context;

    return posix_datagram_send(&port->datagram, data, len_bytes);
}

static enum cam_status receive_datagram(void *context, uint8_t *data, size_t cap_bytes,
                                        size_t *received_bytes)
{
    struct posix_port *port = context;

    return posix_datagram_receive(&port->datagram, data, cap_bytes, received_bytes);
}

static void close_datagrams(void *context)
{
    struct posix_port *port = context;

    posix_datagram_close(&port->datagram);
}

static enum cam_status read_flash(void *context, uint32_t at, uint8_t *data, size_t len_bytes)
{
    const struct posix_port *port = context;

    return posix_flash_read(&port->flash, at, data, len_bytes);
}

static enum cam_status write_flash(void *context, uint32_t at, const uint8_t *data, size_t len_bytes)
{
    const struct posix_port *port = context;

    return posix_flash_write(&port->flash, at, data, len_bytes);
}

static enum cam_status erase_flash(void *context, uint32_t at)
{
    const struct posix_port *port = context;

    return posix_flash_erase(&port->flash, at);
}

static enum cam_status look(void *context, uint8_t grey[CAM_GREY_BYTES])
{
    const struct posix_port *port = context;

    posix_camera_look(&port->camera, clock_ms(context), grey);
    return CAM_OK;
}

static enum cam_status capture(void *context, struct cam_frame *frame)
{
    const struct posix_port *port = context;

    posix_camera_capture(&port->camera, clock_ms(context), frame);
    return CAM_OK;
}

static void release(void *context, struct cam_frame *frame)
{
    (void)context;
    (void)frame;
}

static enum cam_status configure(void *context, enum cam_frame_size size, unsigned jpeg_quality)
{
    struct posix_port *port = context;

    (void)jpeg_quality; /* the scene's pictures have the quality that they were rendered with */
    posix_camera_configure(&port->camera, size);
    return CAM_OK;
}

static void read_health(void *context, struct cam_health *health)
{
    const struct posix_port *port = context;

    posix_health_read(health, port->own_address);
}

static void write_log(void *context, enum cam_log_level level, const char *line)
{
    const struct posix_port *port = context;

    if (level <= port->log_level) {
        posix_log_write(level, line);
    }
}

static void identify(void *context)
{
    write_log(context, CAM_LOG_WARNING, "identify: here I am (a camera would blink now)");
}

static void restart(void *context)
{
    const struct posix_port *port = context;

    if (port->restart != NULL) {
        port->restart(port->restart_context);
    }
}

static int timeout_ms(const struct posix_port *port, uint64_t now_ms, uint64_t until_ms)
{
    const uint64_t longest_ms = 3600000u; /* waking early is allowed */
    uint64_t end_ms = until_ms < port->alarm_ms ? until_ms : port->alarm_ms;
    uint64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 0;

    return (int)(left_ms < longest_ms ? left_ms : longest_ms);
}

/* A negative descriptor is left out by poll. One without interest is left out too: its end would be told
 * again and again. */
static void wait_for(void *context, const struct cam_interest *interest, uint64_t until_ms)
{
    struct posix_port *port = context;
    struct pollfd fds[CAM_LANES + 2];

    for (unsigned lane = 0; lane < CAM_LANES; lane++) {
        short events = (short)(((interest->readable_lanes >> lane & 1u) != 0 ? POLLIN : 0) |
                               ((interest->writable_lanes >> lane & 1u) != 0 ? POLLOUT : 0));

        fds[lane] = (struct pollfd){.fd = events == 0 ? -1 : port->lanes[lane].fd, .events = events};
    }
    fds[CAM_LANES] = (struct pollfd){.fd = interest->datagrams ? port->datagram.fd : -1, .events = POLLIN};
    fds[CAM_LANES + 1] = (struct pollfd){.fd = port->wake.read_fd, .events = POLLIN};
    if (poll(fds, CAM_LANES + 2, timeout_ms(port, clock_ms(context), until_ms)) > 0 &&
        fds[CAM_LANES + 1].revents != 0) {
        posix_wake_clear(&port->wake);
    }
}

static void fill_table(struct posix_port *port)
{
    port->table = (struct cam_port){
        .context = port,
        .clock_ms = clock_ms,
        .wait = wait_for,
        .random = fill_random,
        .sha256 = sum_sha256,
        .connect = connect_lane,
        .send = send_lane,
        .receive = receive_lane,
        .close = close_lane,
        .datagram_send = send_datagram,
        .datagram_receive = receive_datagram,
        .datagram_close = close_datagrams,
        .flash_read = read_flash,
        .flash_write = write_flash,
        .flash_erase = erase_flash,
        .camera_grey = look,
        .camera_capture = capture,
        .camera_release = release,
        .camera_configure = configure,
        .health = read_health,
        .identify = identify,
        .restart = restart,
        .log = write_log,
    };
}

static bool open_flash(struct posix_port *port, const char *path)
{
    int code = 0;
    enum cam_status status = posix_flash_open(&port->flash, path, &code);

    if (status == CAM_AGAIN) {
        (void)fprintf(stderr, "%s is in use: another camera runs with the same state\n", path);
    } else if (status == CAM_GARBAGE) {
        (void)fprintf(stderr, "%s is no flash file of this program\n", path);
    } else if (status != CAM_OK) {
        (void)fprintf(stderr, "%s cannot be opened: %s\n", path, strerror(code));
    }
    return status == CAM_OK;
}

static bool open_camera(struct posix_port *port, const char *path)
{
    int code = 0;
    enum cam_status status = posix_camera_open(&port->camera, path, &code);

    if (status == CAM_GARBAGE) {
        (void)fprintf(stderr, "%s is no whole scene pack\n", path);
    } else if (status != CAM_OK) {
        (void)fprintf(stderr, "the scene %s cannot be read: %s\n", path, strerror(code));
    }
    return status == CAM_OK;
}

bool posix_port_open(struct posix_port *port, const char *flash_path, const char *scene_path)
{
    memset(port, 0, sizeof *port);
    port->log_level = CAM_LOG_INFO;
    port->alarm_ms = UINT64_MAX;
    port->started_ns = monotonic_ns();
    fill_table(port);
    for (unsigned lane = 0; lane < CAM_LANES; lane++) {
        posix_lane_init(&port->lanes[lane]);
    }
    posix_datagram_init(&port->datagram);
    if (!posix_wake_open(&port->wake)) {
        perror("no pipe");
        return false;
    }
    posix_resolver_init(&port->resolver, &port->wake);
    if (!open_camera(port, scene_path)) {
        posix_wake_close(&port->wake);
        return false;
    }
    if (!open_flash(port, flash_path)) {
        posix_camera_close(&port->camera);
        posix_wake_close(&port->wake);
        return false;
    }
    return true;
}

/* The wake's pipe stays: the resolver's thread may be about to call. */
void posix_port_close(struct posix_port *port)
{
    for (unsigned lane = 0; lane < CAM_LANES; lane++) {
        close_lane(port, lane);
    }
    posix_datagram_close(&port->datagram);
    posix_flash_close(&port->flash);
    posix_camera_close(&port->camera);
}

void posix_port_wake(const struct posix_port *port)
{
    posix_wake_call(&port->wake);
}

void posix_port_set_alarm(struct posix_port *port, uint64_t alarm_ms)
{
    port->alarm_ms = alarm_ms;
}
