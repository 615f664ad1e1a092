/*
 * What the parts of the camera's client know of each other. Each kind of request is a part: it says from when
 * on it wants to be sent, writes it, and takes its answer. camera_exchange.c does the rest for all of them.
 */
#ifndef CAM_CAMERA_INTERNAL_H
#define CAM_CAMERA_INTERNAL_H

#include "cam/camera.h"
#include "cam/privacy.h"
#include "cam/text.h"
#include "cam/traceparent.h"

#define CAM_LANE_REQUESTS 0u
#define CAM_LANE_POLL 1u
#define CAM_NEVER_MS UINT64_MAX

enum cam_take {
    CAM_TAKE_DONE,    /* let in, and done */
    CAM_TAKE_SETTLED, /* the hub said no, and that is that */
    CAM_TAKE_FAILED,  /* again, after a backoff */
};

struct cam_part {
    const char *name; /* for the logs */
    uint32_t timeout_ms;
    uint32_t base_ms; /* of its backoff */
    uint32_t cap_ms;
    /* CAM_NEVER_MS while there is nothing to send. due_ms[job] is none of its business. */
    uint64_t (*due_ms)(const struct cam_camera *camera, uint64_t now_ms);
    enum cam_status (*write)(struct cam_camera *camera, struct cam_lane *lane,
                             const struct cam_request_target *target, uint64_t now_ms, size_t *len_bytes);
    /* An answer other than 401. Sets due_ms[job] where the part knows better than "at once". */
    enum cam_take (*take)(struct cam_camera *camera, const struct cam_lane *lane, uint64_t now_ms);
};

extern const struct cam_part cam_part_register;
extern const struct cam_part cam_part_heartbeat;
extern const struct cam_part cam_part_switch;
extern const struct cam_part cam_part_motion;
extern const struct cam_part cam_part_picture;
extern const struct cam_part cam_part_poll;
extern const struct cam_part cam_part_result;

/* camera.c */
uint32_t cam_camera_random(struct cam_camera *camera);
/* False when the flash refused; it is tried again later. */
bool cam_camera_save(struct cam_camera *camera);
/* "text" or "text detail" as one line; either may be NULL or empty but the first. */
void cam_camera_say(const struct cam_camera *camera, enum cam_log_level level, const char *text,
                    const char *detail);

/* camera_identity.c: makes `is_ready` true, or sets ready_due_ms. */
void cam_camera_prepare(struct cam_camera *camera, uint64_t now_ms);

/* camera_exchange.c */
void cam_camera_init_parts(struct cam_camera *camera);
const struct cam_part *cam_camera_part(enum cam_job job);
void cam_camera_finish_exchanges(struct cam_camera *camera, uint64_t now_ms);
void cam_camera_begin_exchanges(struct cam_camera *camera, uint64_t now_ms);
uint64_t cam_camera_exchange_wake_ms(const struct cam_camera *camera, uint64_t now_ms);
void cam_camera_abort(struct cam_camera *camera, struct cam_lane *lane);
/* The answer's body and its length, of what the reader holds. */
bool cam_camera_is_refused(const struct cam_lane *lane, int status);

/* camera_failure.c */
void cam_camera_hub_answered(struct cam_camera *camera, enum cam_job job);
void cam_camera_lane_failed(struct cam_camera *camera, struct cam_lane *lane, enum cam_job job,
                            uint64_t now_ms);
void cam_camera_go_back(struct cam_camera *camera, uint64_t now_ms); /* from a hub that does not admit it */
void cam_camera_token_refused(struct cam_camera *camera, const struct cam_lane *lane, enum cam_job job,
                              uint64_t now_ms);
void cam_camera_log_error(struct cam_camera *camera, const char *text, enum cam_status status, int code,
                          uint64_t now_ms);

/* camera_heartbeat.c */
void cam_camera_set_clock(struct cam_camera *camera, const struct cam_lane *lane, uint64_t server_time_ms,
                          uint64_t now_ms);

/* camera_privacy.c */
void cam_camera_hear_privacy(struct cam_camera *camera, const struct cam_answer_privacy *privacy,
                             uint64_t now_ms);
void cam_camera_turn_switch(struct cam_camera *camera, bool locked, uint64_t now_ms);

/* camera_motion.c */
void cam_camera_configure(struct cam_camera *camera, uint64_t now_ms);
void cam_camera_look(struct cam_camera *camera, uint64_t now_ms);
uint64_t cam_camera_look_wake_ms(const struct cam_camera *camera);
void cam_camera_move(struct cam_camera *camera, unsigned score, uint64_t now_ms);

/* camera_picture.c */
void cam_camera_wish_for_event(struct cam_camera *camera, uint32_t seq, uint64_t now_ms);
void cam_camera_wish_for_command(struct cam_camera *camera, uint64_t now_ms);
void cam_camera_drop_pictures(struct cam_camera *camera);
/* False while it is being sent: its answer will come soon. */
bool cam_camera_drop_command_picture(struct cam_camera *camera);
void cam_camera_step_picture(struct cam_camera *camera, uint64_t now_ms);
uint64_t cam_camera_picture_wake_ms(const struct cam_camera *camera);

/* camera_command.c */
void cam_camera_step_commands(struct cam_camera *camera, uint64_t now_ms);
uint64_t cam_camera_command_wake_ms(const struct cam_camera *camera);
/* The capture's picture was stored, or will not be: `detail` says why. Nothing when none waits. */
void cam_camera_end_capture(struct cam_camera *camera, bool succeeded, const char *detail);

#endif
