/* The port against the system as it is: loopback sockets, a real file, a real pipe. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define LONG_MS 20000u

static const struct cam_interest s_nothing;

static uint64_t now_ms(const struct cam_port *table)
{
    return table->clock_ms(table->context);
}

static void connects_sends_and_receives(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    const struct cam_interest readable = {.readable_lanes = 1};
    uint8_t data[16];
    size_t moved_bytes = 0;
    int code = 0;
    int peer;

    assert_int_equal(fixture_connect(fixture, 0, "127.0.0.1", fixture->listener_port), CAM_OK);
    peer = fixture_accept(fixture);
    assert_int_equal(table->receive(table->context, 0, data, sizeof data, &moved_bytes, &code), CAM_AGAIN);

    assert_int_equal(table->send(table->context, 0, (const uint8_t *)"ping", 4, &moved_bytes, &code), CAM_OK);
    assert_int_equal(moved_bytes, 4);
    assert_int_equal(recv(peer, data, sizeof data, 0), 4);
    assert_memory_equal(data, "ping", 4);

    assert_int_equal(send(peer, "pong!", 5, 0), 5);
    table->wait(table->context, &readable, now_ms(table) + LONG_MS);
    assert_int_equal(table->receive(table->context, 0, data, 3, &moved_bytes, &code), CAM_OK);
    assert_int_equal(moved_bytes, 3);
    assert_int_equal(table->receive(table->context, 0, data, sizeof data, &moved_bytes, &code), CAM_OK);
    assert_int_equal(moved_bytes, 2);

    assert_int_equal(close(peer), 0);
    table->wait(table->context, &readable, now_ms(table) + LONG_MS);
    assert_int_equal(table->receive(table->context, 0, data, sizeof data, &moved_bytes, &code), CAM_CLOSED);
    table->close(table->context, 0);
    table->close(table->context, 0);
}

static void resolves_a_name_beside_the_loop(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_connect(fixture, 1, "localhost", fixture->listener_port), CAM_OK);
    assert_int_equal(close(fixture_accept(fixture)), 0);
}

static void tells_a_name_that_does_not_exist(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    int code = 0;
    enum cam_status status;

    status = fixture_connect(fixture, 0, "no host has spaces", 80);
    assert_true(status == CAM_NOT_FOUND || status == CAM_IO); /* CAM_IO: a machine without any resolver */
    /* A question that nobody wants the answer of any more is not the next one's answer. */
    assert_int_equal(table->connect(table->context, 0, "no host has spaces", 80, &code), CAM_AGAIN);
    table->close(table->context, 0);
    assert_int_equal(fixture_connect(fixture, 0, "localhost", fixture->listener_port), CAM_OK);
}

static void tells_a_refused_connection(void **state)
{
    struct fixture *fixture = *state;
    uint16_t port = fixture->listener_port;

    assert_int_equal(close(fixture->listener), 0);
    fixture->listener = open("/dev/null", O_RDONLY);
    assert_int_equal(fixture_connect(fixture, 0, "127.0.0.1", port), CAM_IO);
}

static void a_full_socket_is_no_failure(void **state)
{
    static uint8_t s_data[65536];
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    size_t sent_bytes = 0;
    int code = 0;
    int peer;
    enum cam_status status;

    assert_int_equal(fixture_connect(fixture, 0, "127.0.0.1", fixture->listener_port), CAM_OK);
    peer = fixture_accept(fixture);
    do {
        status = table->send(table->context, 0, s_data, sizeof s_data, &sent_bytes, &code);
    } while (status == CAM_OK);
    assert_int_equal(status, CAM_AGAIN);

    /* Unread bytes at the close make it a reset, which the next sends must tell without a signal. */
    assert_int_equal(close(peer), 0);
    while ((status = table->send(table->context, 0, s_data, sizeof s_data, &sent_bytes, &code)) == CAM_OK) {
    }
    assert_true(status == CAM_CLOSED || status == CAM_IO);
}

static void waits_until_the_time_or_the_alarm(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    uint64_t from_ms = now_ms(table);

    table->wait(table->context, &s_nothing, from_ms + 30);
    assert_in_range(now_ms(table) - from_ms, 30, LONG_MS);
    from_ms = now_ms(table);
    posix_port_set_alarm(&fixture->port, from_ms + 30);
    table->wait(table->context, &s_nothing, from_ms + 2 * LONG_MS);
    assert_in_range(now_ms(table) - from_ms, 30, LONG_MS);
    table->wait(table->context, &s_nothing, 0);
}

static void a_lane_without_interest_wakes_nobody(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    uint64_t from_ms;

    assert_int_equal(fixture_connect(fixture, 0, "127.0.0.1", fixture->listener_port), CAM_OK);
    assert_int_equal(close(fixture_accept(fixture)), 0);
    from_ms = now_ms(table);
    table->wait(table->context, &s_nothing, from_ms + 50);
    assert_in_range(now_ms(table) - from_ms, 50, LONG_MS);
}

static void *wake(void *port)
{
    posix_port_wake(port);
    return NULL;
}

static void a_wake_ends_the_wait_before_or_during_it(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    uint64_t from_ms = now_ms(table);
    pthread_t thread;

    posix_port_wake(&fixture->port);
    table->wait(table->context, &s_nothing, from_ms + LONG_MS);
    assert_int_equal(pthread_create(&thread, NULL, wake, &fixture->port), 0);
    table->wait(table->context, &s_nothing, from_ms + LONG_MS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(now_ms(table) - from_ms, 0, LONG_MS - 1);
}

static void flash_keeps_what_was_written(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    uint8_t data[32];
    uint8_t sector[POSIX_FLASH_SECTOR_BYTES];

    memset(data, 0x5A, sizeof data);
    assert_int_equal(table->flash_write(table->context, 4096 + 16, data, sizeof data), CAM_OK);
    assert_int_equal(table->flash_write(table->context, 4096 + 32, data, 16), CAM_INVALID); /* not erased */
    assert_int_equal(table->flash_write(table->context, 4096 + 8, data, 16), CAM_INVALID);
    assert_int_equal(table->flash_write(table->context, 4096 + 64, data, 15), CAM_INVALID);
    assert_int_equal(table->flash_write(table->context, POSIX_FLASH_BYTES - 16, data, 32), CAM_INVALID);
    assert_int_equal(table->flash_read(table->context, POSIX_FLASH_BYTES - 16, data, 32), CAM_INVALID);
    assert_int_equal(table->flash_erase(table->context, 16), CAM_INVALID);
    assert_int_equal(table->flash_erase(table->context, POSIX_FLASH_BYTES), CAM_INVALID);

    posix_port_close(&fixture->port);
    assert_true(posix_port_open(&fixture->port, fixture->flash_path, fixture->scene_path));
    assert_int_equal(table->flash_read(table->context, 4096, sector, sizeof sector), CAM_OK);
    assert_int_equal(sector[15], 0xFF);
    assert_memory_equal(sector + 16, data, sizeof data);
    assert_int_equal(sector[48], 0xFF);
    assert_int_equal(table->flash_erase(table->context, 4096), CAM_OK);
    assert_int_equal(table->flash_read(table->context, 4096, sector, sizeof sector), CAM_OK);
    for (size_t i = 0; i < sizeof sector; i++) {
        assert_int_equal(sector[i], 0xFF);
    }
}

/* What can be answered wrongly for a whole camera's life. */
static void flash_is_one_cameras(void **state)
{
    struct fixture *fixture = *state;
    struct posix_flash second;
    char path[96];
    int code = 0;
    FILE *file;

    assert_int_equal(posix_flash_open(&second, fixture->flash_path, &code), CAM_AGAIN);
    assert_int_equal(posix_flash_open(&second, fixture->folder, &code), CAM_IO);
    (void)snprintf(path, sizeof path, "%s/missing/flash.bin", fixture->folder);
    assert_int_equal(posix_flash_open(&second, path, &code), CAM_IO);

    posix_port_close(&fixture->port);
    file = fopen(fixture->flash_path, "ab");
    assert_non_null(file);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_int_equal(posix_flash_open(&second, fixture->flash_path, &code), CAM_GARBAGE);
    assert_int_equal(unlink(fixture->flash_path), 0);
    assert_true(posix_port_open(&fixture->port, fixture->flash_path, fixture->scene_path));
}

static void flash_that_was_being_made_is_made_again(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    uint8_t last;

    posix_port_close(&fixture->port);
    assert_int_equal(truncate(fixture->flash_path, 100), 0);
    assert_true(posix_port_open(&fixture->port, fixture->flash_path, fixture->scene_path));
    assert_int_equal(table->flash_read(table->context, POSIX_FLASH_BYTES - 1, &last, 1), CAM_OK);
    assert_int_equal(last, 0xFF);
}

static void sees_the_scene_from_its_start(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    uint8_t grey[CAM_GREY_BYTES];
    struct cam_frame frame;
    uint64_t before_ms = now_ms(table);

    assert_int_equal(table->camera_configure(table->context, CAM_FRAME_UXGA, 12), CAM_OK);
    assert_int_equal(table->camera_capture(table->context, &frame), CAM_OK);
    assert_in_range(frame.taken_ms, before_ms, now_ms(table));
    assert_int_equal(frame.len_bytes, FIXTURE_JPEG_BYTES);
    table->camera_release(table->context, &frame);

    posix_camera_look(&fixture->port.camera, 999, grey);
    assert_int_equal(grey[0], FIXTURE_FIRST_GREY);
    posix_camera_look(&fixture->port.camera, 1000, grey);
    assert_int_equal(grey[CAM_GREY_BYTES - 1], FIXTURE_SECOND_GREY);
    posix_camera_look(&fixture->port.camera, 4000, grey);
    assert_int_equal(grey[0], FIXTURE_FIRST_GREY);
    assert_int_equal(table->camera_grey(table->context, grey), CAM_OK);
}

static void refuses_what_is_no_scene(void **state)
{
    struct fixture *fixture = *state;
    struct posix_camera camera;
    int code = 0;

    assert_int_equal(posix_camera_open(&camera, fixture->flash_path, &code), CAM_GARBAGE);
    assert_int_equal(posix_camera_open(&camera, fixture->folder, &code), CAM_GARBAGE);
    assert_int_equal(posix_camera_open(&camera, "/nowhere/at.scene", &code), CAM_IO);
    assert_int_not_equal(code, 0);
}

/* Joins the group as a responder does, so the question has to leave by multicast, and its port to stay. */
static void asks_by_multicast_and_hears_unicast(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    const struct cam_interest datagrams = {.datagrams = true};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(5353)};
    struct ip_mreq group = {.imr_multiaddr = {.s_addr = htonl(0xE00000FBu)}};
    struct sockaddr_in from;
    struct timeval patience = {.tv_sec = 5};
    socklen_t len_bytes = sizeof from;
    const int on = 1;
    int responder = socket(AF_INET, SOCK_DGRAM, 0);
    uint8_t data[64];
    size_t received_bytes = 0;

    assert_int_equal(setsockopt(responder, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(setsockopt(responder, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
    assert_int_equal(setsockopt(responder, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(bind(responder, (const struct sockaddr *)(const void *)&own, sizeof own), 0);
    assert_int_equal(setsockopt(responder, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group), 0);

    assert_int_equal(table->datagram_receive(table->context, data, sizeof data, &received_bytes), CAM_AGAIN);
    assert_int_equal(table->datagram_send(table->context, (const uint8_t *)"port test", 9), CAM_OK);
    do {
        ssize_t heard =
            recvfrom(responder, data, sizeof data, 0, (struct sockaddr *)(void *)&from, &len_bytes);

        assert_true(heard > 0); /* other programs of the network may ask meanwhile */
        received_bytes = (size_t)heard;
    } while (received_bytes != 9 || memcmp(data, "port test", 9) != 0);
    assert_int_equal(sendto(responder, "here", 4, 0, (const struct sockaddr *)(const void *)&from, len_bytes),
                     4);
    table->wait(table->context, &datagrams, now_ms(table) + LONG_MS);
    assert_int_equal(table->datagram_receive(table->context, data, 2, &received_bytes), CAM_OK);
    assert_int_equal(received_bytes, 2);
    assert_memory_equal(data, "he", 2);
    table->datagram_close(table->context);
    assert_int_equal(close(responder), 0);
}

static void gives_random_bytes_and_health(void **state)
{
    struct fixture *fixture = *state;
    const struct cam_port *table = &fixture->port.table;
    uint8_t first[300] = {0};
    uint8_t second[300] = {0};
    struct cam_health health;

    assert_int_equal(table->random(table->context, first, sizeof first), CAM_OK);
    assert_int_equal(table->random(table->context, second, sizeof second), CAM_OK);
    assert_memory_not_equal(first, second, sizeof first);
    assert_memory_not_equal(first + 256, second + 256, 44); /* more than one call of the system's */
    table->health(table->context, &health);
    assert_true(health.free_heap_bytes > 0);

    assert_int_equal(fixture_connect(fixture, 0, "127.0.0.1", fixture->listener_port), CAM_OK);
    table->health(table->context, &health);
    assert_string_equal(health.ip_address, "127.0.0.1");
}

#define PORT_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

RUN(PORT_TEST(connects_sends_and_receives), PORT_TEST(resolves_a_name_beside_the_loop),
    PORT_TEST(tells_a_name_that_does_not_exist), PORT_TEST(tells_a_refused_connection),
    PORT_TEST(a_full_socket_is_no_failure), PORT_TEST(waits_until_the_time_or_the_alarm),
    PORT_TEST(a_lane_without_interest_wakes_nobody), PORT_TEST(a_wake_ends_the_wait_before_or_during_it),
    PORT_TEST(flash_keeps_what_was_written), PORT_TEST(flash_is_one_cameras),
    PORT_TEST(flash_that_was_being_made_is_made_again), PORT_TEST(sees_the_scene_from_its_start),
    PORT_TEST(refuses_what_is_no_scene), PORT_TEST(asks_by_multicast_and_hears_unicast),
    PORT_TEST(gives_random_bytes_and_health))
