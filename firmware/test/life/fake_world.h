/*
 * Everything around one camera: a port whose clock jumps to the next thing that happens, its flash, a hub, a
 * camera that fails the test when it is touched while privacy forbids it, and a power supply that can be cut
 * at any byte that is written. Hours pass in milliseconds, and a camera that spins fails the test.
 */
#ifndef FAKE_WORLD_H
#define FAKE_WORLD_H

#include <setjmp.h>

#include "cam/loop.h"
#include "fake_flash.h"
#include "fake_hub.h"

#define FAKE_WORLD_START_MS 1767225600000u /* of the hub's clock: 2026-01-01 */
#define FAKE_WORLD_EVENTS 2048u
#define FAKE_WORLD_BOOTS 1024u /* whose beginnings are known */
#define FAKE_WORLD_CONNECTS 1024u

/* An event that the camera promised to keep, and when it truly was. */
struct fake_world_event {
    char id[CAM_EVENT_ID_CHARS + 1];
    uint64_t true_ms;
    unsigned boot;
    bool is_dated; /* the camera knew the time */
};

struct fake_world {
    /* To be set by a test, after fake_world_init and before fake_world_boot. */
    struct cam_config config;
    bool link_is_up;
    unsigned old_frames;      /* so many captures give what was exposed before they were asked for */
    unsigned busy_captures;   /* so many captures answer CAM_AGAIN */
    bool camera_is_forbidden; /* by the test, beside what the settings say */
    bool camera_is_broken;
    bool random_is_broken;
    uint64_t
        next_power_bytes;     /* the next boot's power lasts for so many; then it is FAKE_FLASH_NEVER again */
    bool moves;               /* something crosses the small picture */
    const char *answer_names; /* host that mDNS finds; NULL: nobody answers */

    /* To be read. */
    uint64_t now_ms; /* true time since the world began */
    unsigned turns;
    unsigned most_turns;    /* in one minute */
    unsigned most_connects; /* in one minute */
    unsigned boots;
    unsigned restarts;
    unsigned identifies;
    unsigned captures;
    unsigned greys;
    unsigned frames_out; /* lent and not given back */
    unsigned configures;
    unsigned queries;
    unsigned vain_connects; /* to where no hub is */
    enum cam_frame_size frame_size;
    unsigned jpeg_quality;
    struct fake_world_event events[FAKE_WORLD_EVENTS];
    size_t event_count;
    uint64_t connect_ms[FAKE_WORLD_CONNECTS]; /* attempts, refused ones too */
    size_t connect_count;
    char last_line[160]; /* that the camera logged */

    /* Not to be touched. */
    struct cam_camera camera;
    struct cam_port port;
    struct fake_flash flash;
    struct fake_hub hub;
    uint64_t boot_ms; /* when the running boot began */
    uint64_t begin_ms[FAKE_WORLD_BOOTS + 1];
    uint64_t until_ms;
    uint64_t minute_ms;
    unsigned minute_turns;
    unsigned minute_connects;
    uint32_t random;
    bool is_on;
    bool link_was_up;
    uint8_t datagram[256];
    size_t datagram_bytes;
    uint8_t frame[3000];
    jmp_buf power;
};

/* A new camera with an empty flash, configured for the fake hub; privacy open, the link up, a seed. */
void fake_world_init(struct fake_world *world, uint32_t seed);

/* Power on: the camera begins with nothing but its flash. */
void fake_world_boot(struct fake_world *world);

/* Runs until `ms` from now. False when the power went. */
bool fake_world_run(struct fake_world *world, uint64_t ms);

/* One event, and what can be done at once. Promised events are noted. False when the power went. */
bool fake_world_tell(struct fake_world *world, struct cam_event event);
bool fake_world_move(struct fake_world *world, unsigned score);

/*
 * How many promised events the hub has; each of them at its true time, within a second. Only what happened
 * before the camera knew the time, and was sent after another power cut, can be dated by nobody.
 */
size_t fake_world_count_kept(const struct fake_world *world);

/* fake_world_port.c */
void fake_world_make_port(struct fake_world *world);

#endif
