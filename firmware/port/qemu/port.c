#include "port.h"

#include "board.h"
#include "cam/text.h"
#include "camera.h"
#include "flash.h"
#include "layout.h"
#include "net.h"
#include "random.h"

#define BLINK_MS 250u
#define BLINKS 20u

static int s_key = -1;
static unsigned s_blinks;
static uint64_t s_blink_ms;

static uint64_t clock_ms(void *context)
{
    (void)context;
    return board_clock_ms();
}

static enum cam_status fill_random(void *context, uint8_t *out, size_t len_bytes)
{
    (void)context;
    return random_fill(out, len_bytes);
}

static void sum_sha256(void *context, const uint8_t *data, size_t len_bytes, uint8_t sum[CAM_SHA256_BYTES])
{
    (void)context;
    cam_sha256_sum(data, len_bytes, sum);
}

static enum cam_status connect(void *context, unsigned lane, const char *host, uint16_t port, int *code)
{
    (void)context;
    return net_connect(lane, host, port, code);
}

static enum cam_status send(void *context, unsigned lane, const uint8_t *data, size_t len_bytes,
                            size_t *sent_bytes, int *code)
{
    (void)context;
    return net_send(lane, data, len_bytes, sent_bytes, code);
}

static enum cam_status receive(void *context, unsigned lane, uint8_t *data, size_t cap_bytes,
                               size_t *received_bytes, int *code)
{
    (void)context;
    return net_receive(lane, data, cap_bytes, received_bytes, code);
}

static void close(void *context, unsigned lane)
{
    (void)context;
    net_close(lane);
}

static enum cam_status send_datagram(void *context, const uint8_t *data, size_t len_bytes)
{
    (void)context;
    return net_datagram_send(data, len_bytes);
}

static enum cam_status receive_datagram(void *context, uint8_t *data, size_t cap_bytes,
                                        size_t *received_bytes)
{
    (void)context;
    return net_datagram_receive(data, cap_bytes, received_bytes);
}

static void close_datagrams(void *context)
{
    (void)context;
    net_datagram_close();
}

static enum cam_status read_flash(void *context, uint32_t at, uint8_t *data, size_t len_bytes)
{
    (void)context;
    return flash_read(at, data, len_bytes);
}

static enum cam_status write_flash(void *context, uint32_t at, const uint8_t *data, size_t len_bytes)
{
    (void)context;
    random_stir(board_cycles());
    return flash_write(at, data, len_bytes);
}

static enum cam_status erase_flash(void *context, uint32_t at)
{
    (void)context;
    return flash_erase(at);
}

static enum cam_status look(void *context, uint8_t grey[CAM_GREY_BYTES])
{
    (void)context;
    return camera_look(grey, board_clock_ms());
}

static enum cam_status capture(void *context, struct cam_frame *frame)
{
    (void)context;
    return camera_capture(frame, board_clock_ms());
}

static void release(void *context, struct cam_frame *frame)
{
    (void)context;
    (void)frame; /* frames lie in flash */
}

static enum cam_status configure(void *context, enum cam_frame_size size, unsigned jpeg_quality)
{
    (void)context;
    (void)jpeg_quality; /* the scene's pictures have the quality that they were rendered with */
    return camera_configure(size);
}

static void read_health(void *context, struct cam_health *health)
{
    size_t spare = board_free_ram_bytes();

    (void)context;
    health->free_heap_bytes = (uint32_t)(spare + net_free_heap_bytes());
    health->largest_free_block_bytes = (uint32_t)spare;
    health->rssi_dbm = 0;
    net_write_address(health->ip_address, sizeof health->ip_address);
}

static void identify(void *context)
{
    (void)context;
    s_blinks = BLINKS;
    s_blink_ms = board_clock_ms();
}

static void restart(void *context)
{
    (void)context;
    board_restart();
}

static void write_log(void *context, enum cam_log_level level, const char *line)
{
    static const char *const s_levels[] = {" error   ", " warning ", " info    ", " debug   "};
    char prefix[40];
    struct cam_text text;
    uint64_t now_ms = board_clock_ms();
    uint64_t thousandths = now_ms % 1000;

    (void)context;
    cam_text_init(&text, prefix, sizeof prefix);
    cam_text_add_uint(&text, now_ms / 1000);
    cam_text_add(&text, thousandths < 10 ? ".00" : thousandths < 100 ? ".0" : ".");
    cam_text_add_uint(&text, thousandths);
    cam_text_add(&text, s_levels[level]);
    (void)cam_text_end(&text);
    board_print(prefix);
    board_print(line);
    board_print("\n");
}

static uint64_t blink(uint64_t now_ms)
{
    while (s_blinks > 0 && now_ms >= s_blink_ms) {
        s_blinks--;
        s_blink_ms += BLINK_MS;
        board_set_leds(s_blinks % 2);
    }
    return s_blinks > 0 ? s_blink_ms : UINT64_MAX;
}

static void wait(void *context, const struct cam_interest *interest, uint64_t until_ms)
{
    bool was_up = net_is_up();

    (void)context;
    board_check_stack();
    for (;;) {
        uint64_t now_ms;
        uint64_t wake_ms;

        net_poll();
        if (s_key < 0) {
            s_key = board_read_key();
        }
        now_ms = board_clock_ms();
        wake_ms = blink(now_ms);
        if (now_ms >= until_ms || s_key >= 0 || net_is_up() != was_up || net_can_do(interest)) {
            return;
        }
        wake_ms = net_due_ms() < wake_ms ? net_due_ms() : wake_ms;
        board_idle_until(until_ms < wake_ms ? until_ms : wake_ms);
    }
}

static const struct cam_port s_port = {
    .clock_ms = clock_ms,
    .wait = wait,
    .random = fill_random,
    .sha256 = sum_sha256,
    .connect = connect,
    .send = send,
    .receive = receive,
    .close = close,
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

const struct cam_port *port_init(void)
{
    uint32_t boots = 0;
    enum cam_status status = random_init(&s_port, &LAYOUT_SEED_AREA, &boots);
    char line[64];
    struct cam_text text;

    cam_text_init(&text, line, sizeof line);
    cam_text_add(&text, "boot ");
    cam_text_add_uint(&text, boots);
    cam_text_add(&text, ", ");
    cam_text_add(&text, board_reset_reason());
    (void)cam_text_end(&text);
    write_log(NULL, CAM_LOG_INFO, line);
    if (status != CAM_OK) {
        write_log(NULL, CAM_LOG_ERROR,
                  "no random numbers: the image has no usable seed, make it with mkflash");
    }
    if (!camera_init()) {
        write_log(NULL, CAM_LOG_ERROR, "no pictures: the image has no whole scene, make it with mkflash");
    }
    return &s_port;
}

/* "24:6F:28:AA:BB:CC" */
static bool read_mac(const char *text, uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        int high = cam_text_read_hex(text[3 * i]);
        int low = high < 0 ? -1 : cam_text_read_hex(text[3 * i + 1]);

        if (low < 0 || text[3 * i + 2] != (i < 5 ? ':' : '\0')) {
            return false;
        }
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool port_start(const char *device_id)
{
    uint8_t mac[6];

    if (!read_mac(device_id, mac)) {
        return false;
    }
    net_init(mac, "nestbox-camera");
    return true;
}

int port_take_key(void)
{
    int key = s_key;

    s_key = -1;
    return key;
}
