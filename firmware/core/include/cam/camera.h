/*
 * The camera's client as a whole: it enrols, says that it is well, queues and reports motion, sends pictures
 * where privacy allows, and carries out commands. One step takes what happened and the time, and says when it
 * wants to be called again; it never waits, so hours of a camera's life are milliseconds of a test. Network
 * I/O is cam_loop's.
 *
 * Two lanes: requests one after the other on the first; the long poll for commands, and their results, on the
 * second.
 *
 * What goes wrong is dealt with by kind. Nobody at the address: one backoff for both lanes, and discovery
 * after some tries. A refusal or a broken exchange: a backoff of that request's own. A refused token: one new
 * registration, with backoff that only a request which is let in resets. The camera never restarts because
 * the hub is away.
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
    CAM_EVENT_LINK_UP,
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
    char request[CAM_REQUEST_BYTES];
    char body[CAM_BODY_BYTES];
};

/* A picture that is wanted: for an event, or for a command when event_id is empty. */
struct cam_picture_wish {
    bool is_set;
    bool for_command;
    uint64_t trigger_ms; /* nothing older is sent */
    uint8_t boot_id[CAM_BOOT_ID_BYTES];
    uint32_t seq;
};

struct cam_picture {
    struct cam_picture_wish wish; /* of the frame that is held, or is being taken */
    struct cam_picture_wish next; /* the newest that came meanwhile */
    bool is_held;
    struct cam_frame frame;
    uint8_t sha256[CAM_SHA256_BYTES];
    uint64_t retry_ms; /* when to ask the camera again */
};

enum cam_command_phase { CAM_COMMAND_IDLE, CAM_COMMAND_WAITS_FOR_PICTURE, CAM_COMMAND_TO_REPORT };

struct cam_camera {
    /* Counters to be read. */
    uint32_t heartbeats;     /* answered with ok */
    uint32_t events_sent;    /* confirmed by the hub */
    uint32_t events_refused; /* the hub refused them for good */
    uint32_t pictures_sent;
    uint32_t pictures_dropped;
    uint32_t registrations;
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
    unsigned hub_failures;
    uint64_t motion_due_ms;
    uint8_t boot_id[CAM_BOOT_ID_BYTES];
    char boot_id_text[CAM_BOOT_ID_CHARS + 1];
    uint32_t random_state;
    bool link_is_up;
    bool is_registered; /* in this boot, with the token that is in the settings */
    bool is_undated;    /* the event at the queue's head was refused with its date */
    bool camera_is_configured;
    uint32_t sent_seq;        /* of the event that is being reported */
    uint32_t sent_generation; /* of the privacy state that is being reported */
    enum cam_command_phase phase;
    struct cam_command commands[CAM_COMMANDS_MAX];
    size_t command_count;
    size_t command_at;
    char result_id[CAM_COMMAND_ID_CHARS + 1];
    bool result_succeeded;
    char result_detail[64];
    uint8_t grey[CAM_GREY_BYTES];
};

/* Opens the flash, makes what a new camera needs. `port` and what `config` points to must stay. */
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
