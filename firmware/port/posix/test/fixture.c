#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cam/bytes.h"

#define FRAMES 2u
#define GREYS_AT 96u /* behind header and tables, on a boundary of 16 */
#define JPEGS_AT (GREYS_AT + FRAMES * CAM_GREY_BYTES)
#define PACK_BYTES (JPEGS_AT + FRAMES * 16u)
#define PATIENCE_MS 5000u

static void write_scene(const char *path)
{
    static const uint8_t jpeg[FIXTURE_JPEG_BYTES] = {0xFF, 0xD8, 0xFF, 0xFE, 0x00, 0x02, 0xFF, 0xD9};
    static uint8_t pack[PACK_BYTES];
    FILE *file = fopen(path, "wb");

    memset(pack, 0, sizeof pack);
    memcpy(pack, "NBSCENE1", 8);
    cam_bytes_write_u32(pack + 8, 1);
    cam_bytes_write_u32(pack + 12, FRAMES);
    cam_bytes_write_u32(pack + 16, 2000);
    cam_bytes_write_u32(pack + 20, 1);
    cam_bytes_write_u32(pack + 24, PACK_BYTES);
    for (uint32_t i = 0; i < FRAMES; i++) {
        uint8_t *frame = pack + 32 + i * 16;
        uint8_t *rendition = pack + 32 + FRAMES * 16 + i * 12;

        cam_bytes_write_u32(frame, i * 1000);
        cam_bytes_write_u32(frame + 4, GREYS_AT + i * CAM_GREY_BYTES);
        cam_bytes_write_u32(frame + 8, i);
        cam_bytes_write_u32(rendition, CAM_FRAME_QVGA);
        cam_bytes_write_u32(rendition + 4, JPEGS_AT + i * 16);
        cam_bytes_write_u32(rendition + 8, FIXTURE_JPEG_BYTES);
        memset(pack + GREYS_AT + i * CAM_GREY_BYTES, i == 0 ? FIXTURE_FIRST_GREY : FIXTURE_SECOND_GREY,
               CAM_GREY_BYTES);
        memcpy(pack + JPEGS_AT + i * 16, jpeg, sizeof jpeg);
    }
    cam_bytes_write_u32(pack + 28, cam_bytes_sum_crc32(0, pack + 32, PACK_BYTES - 32));
    assert_non_null(file);
    assert_int_equal(fwrite(pack, 1, sizeof pack, file), sizeof pack);
    assert_int_equal(fclose(file), 0);
}

static void listen_on_loopback(struct fixture *fixture)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len_bytes = sizeof own;

    fixture->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fixture->listener >= 0);
    assert_int_equal(bind(fixture->listener, (const struct sockaddr *)(const void *)&own, sizeof own), 0);
    assert_int_equal(listen(fixture->listener, 4), 0);
    assert_int_equal(getsockname(fixture->listener, (struct sockaddr *)(void *)&own, &len_bytes), 0);
    fixture->listener_port = ntohs(own.sin_port);
}

int fixture_set_up(void **state)
{
    /* Its memory stays: the resolver's thread looks at it until the process ends. */
    static struct fixture s_fixtures[32];
    static size_t s_used;
    struct fixture *fixture = &s_fixtures[s_used++];
    char folder[] = "/tmp/test_posix.XXXXXX";

    assert_true(s_used <= COUNT_OF(s_fixtures));
    assert_non_null(mkdtemp(folder));
    (void)snprintf(fixture->folder, sizeof fixture->folder, "%s", folder);
    (void)snprintf(fixture->flash_path, sizeof fixture->flash_path, "%s/flash.bin", folder);
    (void)snprintf(fixture->scene_path, sizeof fixture->scene_path, "%s/two.scene", folder);
    write_scene(fixture->scene_path);
    listen_on_loopback(fixture);
    assert_true(posix_port_open(&fixture->port, fixture->flash_path, fixture->scene_path));
    *state = fixture;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct fixture *fixture = *state;

    posix_port_close(&fixture->port);
    (void)close(fixture->listener);
    (void)unlink(fixture->flash_path);
    (void)unlink(fixture->scene_path);
    (void)rmdir(fixture->folder);
    return 0;
}

int fixture_accept(const struct fixture *fixture)
{
    int accepted = accept(fixture->listener, NULL, NULL);

    assert_true(accepted >= 0);
    return accepted;
}

enum cam_status fixture_connect(struct fixture *fixture, unsigned lane, const char *host, uint16_t port)
{
    const struct cam_port *table = &fixture->port.table;
    const struct cam_interest interest = {.writable_lanes = 1u << lane};
    uint64_t until_ms = table->clock_ms(table->context) + PATIENCE_MS;
    int code = 0;
    enum cam_status status;

    while ((status = table->connect(table->context, lane, host, port, &code)) == CAM_AGAIN) {
        assert_true(table->clock_ms(table->context) < until_ms);
        table->wait(table->context, &interest, until_ms);
    }
    return status;
}
