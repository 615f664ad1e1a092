/* A port in a temporary folder, with a scene of two frames of one second each, and a listener on the
 * loopback. */
#ifndef POSIX_FIXTURE_H
#define POSIX_FIXTURE_H

#include "port.h"
#include "testing.h"

#define FIXTURE_FIRST_GREY 0x11
#define FIXTURE_SECOND_GREY 0xEE
#define FIXTURE_JPEG_BYTES 8u

struct fixture {
    char folder[64];
    char flash_path[96];
    char scene_path[96];
    int listener;
    uint16_t listener_port;
    struct posix_port port;
};

/* cmocka's setup and teardown; *state is a struct fixture. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Ends the other side's wait for a connection; the accepted socket blocks. */
int fixture_accept(const struct fixture *fixture);

/* Calls connect until it is no CAM_AGAIN any more, waiting by the port's own wait. */
enum cam_status fixture_connect(struct fixture *fixture, unsigned lane, const char *host, uint16_t port);

#endif
