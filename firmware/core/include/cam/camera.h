/*
 * The camera's client as a whole: it enrols, says that it is well, queues and reports motion, sends pictures
 * where privacy allows, and carries out commands. One step takes what happened and the time, and says when it
 * wants to be called again; it never waits, so hours of a camera's life are milliseconds of a test. Network
 * I/O is cam_loop's.
 *
 * Two lanes: requests one after the other on the first, the long poll for commands on the second; the results
 * of commands go over the one that is free.
 *
 * What goes wrong is dealt with by kind. Nobody at the address, or somebody who is no hub: one backoff for
 * both lanes, and the next address after some tries. A refusal or a broken exchange: a backoff of that
 * request's own, and Retry-After. A refused token: one new registration, with a backoff that only a request
 * which is let in resets. The camera never restarts because the hub is away.
 */
#ifndef CAM_CAMERA_H
#define CAM_CAMERA_H

#include "cam/answer.h"
#include "cam/backoff.h"
#include "cam/clock.h"
#include "cam/discovery.h"
#include "cam/errlog.h"
#include "cam/limiter.h"
#include "cam/motion.h"
#include "cam/request.h"
#include "cam/uplink.h"

#define CAM_BODY_BYTES 4096u

struct cam_config {
    const char *device_id; /* canonical; NULL or empty: the one in the settings */
    const char *device_type;
    const char *firmware_version;
    const char *reset_reason; /* "power_on", "software", "brownout", ... */
    /* What takes the place of what the settings hold; NULL or empty: nothing does. */
    const char *hub_host;
    uint16_t hub_port;
    const char *enrolment_key;
    struct cam_area settings_area;
    struct cam_area queue_area;
    struct cam_area log_area;
    uint32_t
        poll_wait_s; /* up to 50; 0: commands are fetched when a heartbeat's answer says that some wait */
    uint32_t motion_period_ms; /* between two looks; 0: motion comes by events only */
};

enum cam_event_kind {
    CAM_EVENT_NONE,
    CAM_EVENT_LINK_UP, /* there is a network with an address. Until it is said nothing is sent */
    CAM_EVENT_LINK_DOWN,
    CAM_EVENT_MOTION, /* a sensor saw something: score 0 to 100 */
    CAM_EVENT_SWITCH, /* the camera's privacy switch stands on locked or open */
};

struct cam_event {
    enum cam_event_kind kind;
    unsigned score;
    bool locked;
};

enum cam_job {
    CAM_JOB_NONE,
    CAM_JOB_REGISTER,
    CAM_JOB_HEARTBEAT,
    CAM_JOB_SWITCH,
    CAM_JOB_MOTION,
    CAM_JOB_PICTURE,
    CAM_JOB_POLL,
    CAM_JOB_RESULT,
    CAM_JOBS
};

struct cam_lane {
    struct cam_uplink uplink;
    enum cam_job job;
    uint32_t registrations; /* what cam_camera.registrations was when the request was written */
    int code;               /* the platform's, of what failed last */
    char request[CAM_REQUEST_BYTES];
    char body[CAM_BODY_BYTES];
};

/* A picture that is wanted: for an event, or for a command. */
struct cam_picture_wish {
    bool is_set;
    bool for_command;
    uint64_t trigger_ms; /* nothing older is sent */
    uint8_t boot_id[CAM_BOOT_ID_BYTES];
    uint32_t seq;
};

struct cam_picture {
    struct cam_picture_wish wish;  /* of the frame that is held, or is being taken */
    struct cam_picture_wish next;  /* the newest event that came meanwhile */
    struct cam_picture_wish asked; /* a command that came meanwhile */
    bool is_held;
    struct cam_frame frame;
    uint8_t sha256[CAM_SHA256_BYTES];
    uint64_t retry_ms; /* when to ask the camera again */
};

/* What came of a command; to be told to the hub while the id is not empty. */
struct cam_result {
    char id[CAM_COMMAND_ID_CHARS + 1];
    bool succeeded;
    const char *detail;
};

/* The capture command that waits for its picture, while the id is not empty. */
struct cam_capture {
    char id[CAM_COMMAND_ID_CHARS + 1];
    uint64_t deadline_ms;
};

#define CAM_RESULTS 2 /* of the command at hand, and of a capture */

struct cam_camera {
    /* To be read. */
    uint32_t heartbeats;     /* answered with ok */
    uint32_t events_sent;    /* confirmed by the hub */
    uint32_t events_refused; /* the hub refused them for good */
    uint32_t pictures_sent;
    uint32_t pictures_dropped;
    uint32_t registrations; /* that brought a token */
    uint32_t commands_done;
    bool must_restart; /* the loop calls cam_port.restart */

    /* Not to be touched. */
    const struct cam_port *port;
    struct cam_config config;
    struct cam_settings settings;
    struct cam_settings_store store;
    struct cam_queue queue;
    struct cam_errlog errlog;
    struct cam_clock clock;
    struct cam_discovery discovery;
    struct cam_limiter limiter;
    struct cam_motion motion;
    struct cam_picture picture;
    struct cam_lane lanes[CAM_LANES];
    struct cam_backoff backoffs[CAM_JOBS];
    uint64_t due_ms[CAM_JOBS]; /* not before */
    struct cam_backoff hub_backoff;
    uint64_t hub_due_ms; /* nothing is sent before */
    unsigned strangers;  /* answers in a row that no hub gave */
    uint64_t ready_due_ms;
    uint64_t motion_due_ms;
    uint64_t renew_before_ms; /* a token is renewed so long before it ends */
    uint8_t boot_id[CAM_BOOT_ID_BYTES];
    char boot_id_text[CAM_BOOT_ID_CHARS + 1];
    uint32_t random_state;
    bool flash_is_open;
    bool is_ready;   /* flash can be read, and there are an id, a secret and a boot id */
    bool is_unsaved; /* the settings are newer than the flash */
    bool link_is_up;
    bool has_token;   /* that the hub has not refused */
    bool hub_is_away; /* nobody answered last time: the first lane alone tries */
    bool datagrams_are_open;
    bool is_undated; /* the event at the queue's head was refused with its date */
    bool camera_is_configured;
    bool was_open;       /* privacy at the last look */
    bool switch_is_said; /* before the settings could be read */
    bool switch_is_locked;
    bool poll_is_wanted;
    uint32_t sent_seq;        /* of the event that is being reported */
    uint32_t sent_generation; /* of the privacy state that is being reported */
    unsigned refusals;        /* of that event, in a row */
    size_t command_count;
    size_t command_at;
    struct cam_command commands[CAM_COMMANDS_MAX];
    struct cam_capture capture;
    struct cam_result results[CAM_RESULTS];
    char told_id[CAM_COMMAND_ID_CHARS + 1]; /* of the result that is being told */
    char done_id[CAM_COMMAND_ID_CHARS + 1]; /* of the result that was told last */
    bool reboot_is_due;                     /* settings.reboot_command is of this boot */
    uint64_t reboot_deadline_ms;
    uint8_t scratch[CAM_GREY_BYTES]; /* the small picture, and what is being received */
};

/*
 * Opens the flash, makes what a new camera needs. `port` and what `config` points to must stay; `camera` need
 * not be zeroed. Flash that cannot be read or written is tried again by the steps: a camera never goes on
 * under an identity that it cannot keep.
 */
void cam_camera_init(struct cam_camera *camera, const struct cam_port *port, const struct cam_config *config,
                     uint64_t now_ms);

/*
 * Takes one event (CAM_EVENT_NONE: only time has passed, or a lane has something to say), does what is due,
 * and returns when it wants to be called at the latest. Bounded: no waiting beyond the port's flash and
 * camera functions.
 */
uint64_t cam_camera_step(struct cam_camera *camera, const struct cam_event *event, uint64_t now_ms);

/* May the camera look? For a lamp that says so. */
bool cam_camera_is_open(const struct cam_camera *camera);

#endif
