/*
 * A POSIX system as the core's port table (cam/port.h): a virtual camera in a process, and the port of tests.
 * Linux, macOS and the BSDs. One posix_port per thread that turns a loop; its functions are that thread's,
 * except where they say otherwise.
 */
#ifndef POSIX_PORT_H
#define POSIX_PORT_H

#include "cam/port.h"
#include "camera.h"
#include "datagram.h"
#include "flash.h"
#include "lane.h"
#include "resolver.h"
#include "wake.h"

struct posix_port {
    /* What the caller may set between posix_port_open and the first use. */
    enum cam_log_level log_level;   /* what is less important is not printed */
    void (*restart)(void *context); /* NULL: restarting does nothing. Gets `restart_context` */
    void *restart_context;

    /* Not to be touched. */
    struct cam_port table;
    uint64_t started_ns;
    uint64_t alarm_ms;
    struct posix_wake wake;
    struct posix_resolver resolver;
    struct posix_lane lanes[CAM_LANES];
    struct posix_datagram datagram;
    struct posix_flash flash;
    struct posix_camera camera;
    char own_address[46];
};

/*
 * `flash_path` is made when it is not there; `scene_path` is a scene pack (firmware/scenes). False after
 * saying on standard error what is wrong, in words for a person. The port must stay until the process ends
 * (resolver.h), and so must what the table is used for.
 */
bool posix_port_open(struct posix_port *port, const char *flash_path, const char *scene_path);

/* Ends connections and frees the flash for another process. */
void posix_port_close(struct posix_port *port);

/* The wait that is under way, or else the next one, ends at once. Async-signal-safe, from any thread. */
void posix_port_wake(const struct posix_port *port);

/* No wait goes on past this time. UINT64_MAX: none. */
void posix_port_set_alarm(struct posix_port *port, uint64_t alarm_ms);

#endif
