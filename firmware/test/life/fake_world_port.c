/* What the camera sees of its world: each function of the port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_world.h"
#include "testing.h"

static struct fake_world *of(void *context)
{
    return context;
}

static uint64_t clock_ms(void *context)
{
    return of(context)->now_ms - of(context)->boot_ms;
}

static void pass(struct fake_world *world, uint64_t now_ms)
{
    world->now_ms = now_ms;
    world->hub.now_ms = FAKE_WORLD_START_MS + now_ms;
}

static void wait_for(void *context, const struct cam_interest *interest, uint64_t until_ms)
{
    struct fake_world *world = of(context);
    uint64_t wake_ms = until_ms == UINT64_MAX ? UINT64_MAX : world->boot_ms + until_ms;

    wake_ms = wake_ms < world->until_ms ? wake_ms : world->until_ms;
    for (unsigned lane = 0; lane < CAM_LANES; lane++) {
        if (((interest->readable_lanes | interest->writable_lanes) & 1u << lane) != 0) {
            uint64_t hub_ms = fake_hub_ready_ms(&world->hub, lane);
            uint64_t ready_ms = hub_ms == UINT64_MAX ? UINT64_MAX : hub_ms - FAKE_WORLD_START_MS;
            wake_ms = ready_ms < wake_ms ? ready_ms : wake_ms;
        }
    }
    if (interest->datagrams && world->datagram_bytes > 0) {
        return;
    }
    if (wake_ms > world->now_ms) {
        pass(world, wake_ms);
    }
}

static enum cam_status fill_random(void *context, uint8_t *out, size_t len_bytes)
{
    struct fake_world *world = of(context);

    if (world->random_is_broken) {
        return CAM_IO;
    }
    for (size_t i = 0; i < len_bytes; i++) {
        world->random = world->random * 1664525u + 1013904223u;
        out[i] = (uint8_t)(world->random >> 24);
    }
    return CAM_OK;
}

static void sum_sha256(void *context, const uint8_t *data, size_t len_bytes, uint8_t sum[CAM_SHA256_BYTES])
{
    (void)context;
    cam_sha256_sum(data, len_bytes, sum);
}

static enum cam_status connect_lane(void *context, unsigned lane, const char *host, uint16_t port, int *code)
{
    struct fake_world *world = of(context);
    unsigned before = world->hub.connects;
    enum cam_status status;

    assert_true(world->link_is_up);
    if (strcmp(host, FAKE_HUB_HOST) != 0 || port != FAKE_HUB_PORT) {
        *code = 113;
        status = CAM_IO;
        world->hub.connects++;
        world->vain_connects++;
    } else {
        status = fake_hub_connect(&world->hub, lane);
        *code = status == CAM_IO ? 111 : 0;
    }
    if (world->hub.connects > before) {
        world->minute_connects++;
        if (world->connect_count < FAKE_WORLD_CONNECTS) {
            world->connect_ms[world->connect_count++] = world->now_ms;
        }
    }
    return status;
}

static enum cam_status send_bytes(void *context, unsigned lane, const uint8_t *data, size_t len_bytes,
                                  size_t *sent_bytes, int *code)
{
    (void)code;
    return fake_hub_send(&of(context)->hub, lane, data, len_bytes, sent_bytes);
}

static enum cam_status receive_bytes(void *context, unsigned lane, uint8_t *data, size_t cap_bytes,
                                     size_t *received_bytes, int *code)
{
    (void)code;
    return fake_hub_receive(&of(context)->hub, lane, data, cap_bytes, received_bytes);
}

static void close_lane(void *context, unsigned lane)
{
    fake_hub_close(&of(context)->hub, lane);
}

/* An answer to any question: service, host and address in one datagram. */
static void answer_query(struct fake_world *world)
{
    static const uint8_t s_answer[] = {
        0,    0,    0x84, 0,   0,   0,   0,   3,   0,   0,   0,   0, /* 3 answers */
        8,    '_',  'n',  'e', 's', 't', 'b', 'o', 'x', 4,   '_', 't', 'c', 'p', 5,   'l',  'o', 'c',
        'a',  'l',  0,    0,   12,  0,   1,   0,   0,   0,   120, 0,   4,   1,   'h', 0xc0, 12, /* h._nestbox
                                                                                                 */
        1,    'h',  0xc0, 12,  0,   33,  0,   1,   0,   0,   0,   120, 0,   22,  0,   0,    0,   0,
        0x13, 0x88, /* port 5000 */
        8,    'e',  's',  'p', '3', '2', 'c', 'a', 'm', 5,   'l', 'o', 'c', 'a', 'l', 0,    8,   'e',
        's',  'p',  '3',  '2', 'c', 'a', 'm', 5,   'l', 'o', 'c', 'a', 'l', 0,   0,   1,    0,   1,
        0,    0,    0,    120, 0,   4,   192, 168, 1,   10,
    };

    memcpy(world->datagram, s_answer, sizeof s_answer);
    world->datagram_bytes = sizeof s_answer;
}

static enum cam_status send_datagram(void *context, const uint8_t *data, size_t len_bytes)
{
    struct fake_world *world = of(context);

    (void)data;
    assert_true(len_bytes > 12);
    world->queries++;
    if (world->answer_names != NULL) {
        answer_query(world);
    }
    return CAM_OK;
}

static enum cam_status receive_datagram(void *context, uint8_t *data, size_t cap_bytes,
                                        size_t *received_bytes)
{
    struct fake_world *world = of(context);

    if (world->datagram_bytes == 0) {
        return CAM_AGAIN;
    }
    assert_true(world->datagram_bytes <= cap_bytes);
    memcpy(data, world->datagram, world->datagram_bytes);
    *received_bytes = world->datagram_bytes;
    world->datagram_bytes = 0;
    return CAM_OK;
}

static void close_datagrams(void *context)
{
    of(context)->datagram_bytes = 0;
}

static enum cam_status read_flash(void *context, uint32_t at, uint8_t *data, size_t len_bytes)
{
    return fake_flash_read(&of(context)->flash, at, data, len_bytes);
}

/* Without power nothing runs. */
static enum cam_status stop_without_power(struct fake_world *world, enum cam_status status)
{
    if (world->flash.is_dead) {
        longjmp(world->power, 1);
    }
    return status;
}

static enum cam_status write_flash(void *context, uint32_t at, const uint8_t *data, size_t len_bytes)
{
    return stop_without_power(of(context), fake_flash_write(&of(context)->flash, at, data, len_bytes));
}

static enum cam_status erase_flash(void *context, uint32_t at)
{
    return stop_without_power(of(context), fake_flash_erase(&of(context)->flash, at));
}

static void check_privacy(const struct fake_world *world)
{
    assert_false(world->camera_is_forbidden);
    assert_true(world->camera.settings.privacy_known);
    assert_false(world->camera.settings.privacy_locked);
}

static enum cam_status look(void *context, uint8_t grey[CAM_GREY_BYTES])
{
    struct fake_world *world = of(context);
    unsigned column = world->greys % CAM_GREY_WIDTH;

    check_privacy(world);
    world->greys++;
    for (unsigned i = 0; i < CAM_GREY_BYTES; i++) {
        unsigned x = i % CAM_GREY_WIDTH;
        unsigned y = i / CAM_GREY_WIDTH;
        bool bird = world->moves && x >= column && x < column + 16 && y >= 16 && y < 32;
        grey[i] = bird ? 220 : (uint8_t)(90 + (i * 7 + world->greys) % 3);
    }
    return world->camera_is_broken ? CAM_IO : CAM_OK;
}

static enum cam_status capture(void *context, struct cam_frame *frame)
{
    struct fake_world *world = of(context);

    check_privacy(world);
    assert_int_equal(world->frames_out, 0); /* there is one frame buffer */
    world->captures++;
    if (world->camera_is_broken) {
        return CAM_IO;
    }
    if (world->busy_captures > 0) {
        world->busy_captures--;
        return CAM_AGAIN;
    }
    for (size_t i = 0; i < sizeof world->frame; i++) {
        world->frame[i] = (uint8_t)(i * 31 + world->captures);
    }
    world->frames_out++;
    *frame = (struct cam_frame){.data = world->frame, .len_bytes = sizeof world->frame, .handle = world};
    frame->taken_ms = clock_ms(context);
    if (world->old_frames > 0) {
        world->old_frames--;
        frame->taken_ms -= 200;
    }
    return CAM_OK;
}

static void release(void *context, struct cam_frame *frame)
{
    assert_ptr_equal(frame->handle, context);
    assert_int_equal(of(context)->frames_out, 1);
    of(context)->frames_out--;
    memset(of(context)->frame, 0xEE, sizeof of(context)->frame); /* no longer the core's */
}

static enum cam_status configure(void *context, enum cam_frame_size size, unsigned jpeg_quality)
{
    check_privacy(of(context));
    of(context)->configures++;
    of(context)->frame_size = size;
    of(context)->jpeg_quality = jpeg_quality;
    return CAM_OK;
}

static void read_health(void *context, struct cam_health *health)
{
    (void)context;
    *health = (struct cam_health){.free_heap_bytes = 142336,
                                  .largest_free_block_bytes = 90112,
                                  .rssi_dbm = -61,
                                  .ip_address = "192.168.1.50"};
}

static void identify(void *context)
{
    of(context)->identifies++;
}

static void restart(void *context)
{
    of(context)->restarts++;
    of(context)->is_on = false;
}

static void log_line(void *context, enum cam_log_level level, const char *line)
{
    (void)cam_text_copy(of(context)->last_line, sizeof of(context)->last_line, line);
    if (getenv("LIFE_LOG") != NULL) {
        (void)fprintf(stderr, "%10llu %d %s\n", (unsigned long long)of(context)->now_ms, (int)level, line);
    }
}

void fake_world_make_port(struct fake_world *world)
{
    world->port = (struct cam_port){
        .context = world,
        .clock_ms = clock_ms,
        .wait = wait_for,
        .random = fill_random,
        .sha256 = sum_sha256,
        .connect = connect_lane,
        .send = send_bytes,
        .receive = receive_bytes,
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
        .log = log_line,
    };
}
