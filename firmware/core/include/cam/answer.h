/*
 * The hub's answers, read into plain values. Success is what the hub says in JSON, not the status alone: a
 * captive portal answers 200 too. A field that is absent or of a wrong type is "not said", never a guess.
 */
#ifndef CAM_ANSWER_H
#define CAM_ANSWER_H

#include "cam/settings.h"

#define CAM_COMMANDS_MAX 4 /* of one poll; the hub hands out the rest again */

struct cam_answer_privacy {
    bool is_said;
    bool locked;
    uint32_t generation;
};

struct cam_answer_registered {
    char token[CAM_TOKEN_MAX_CHARS + 1];
    uint64_t expires_ms;           /* since 1970; 0: not said */
    uint64_t server_time_ms;       /* 0: not said */
    uint32_t heartbeat_interval_s; /* 0: not said */
    struct cam_answer_privacy privacy;
};

struct cam_answer_heartbeat {
    uint64_t server_time_ms;    /* 0: not said */
    uint32_t next_heartbeat_ms; /* 0: not said; at most an hour */
    uint32_t pending_commands;
    struct cam_answer_privacy privacy;
};

enum cam_command_kind {
    CAM_COMMAND_UNKNOWN,
    CAM_COMMAND_CAPTURE,
    CAM_COMMAND_SET_PRIVACY,
    CAM_COMMAND_SET_CONFIG,
    CAM_COMMAND_IDENTIFY,
    CAM_COMMAND_REBOOT,
};

struct cam_command {
    char id[CAM_COMMAND_ID_CHARS + 1];
    enum cam_command_kind kind;
    uint64_t expires_ms;               /* since 1970; 0: not said */
    bool parameters_are_bad;           /* one is unknown, of a wrong type, or out of range: carry out none */
    struct cam_answer_privacy privacy; /* set_privacy */
    uint32_t heartbeat_interval_s;     /* set_config: 0, or UINT32_MAX below: not said */
    uint32_t motion_threshold_milli;   /* UINT32_MAX: not said */
    uint32_t frame_size;               /* UINT32_MAX: not said */
    uint32_t jpeg_quality;             /* 0: not said */
};

/* All: CAM_OK, or CAM_GARBAGE when the body is not the JSON that this answer has. */
enum cam_status cam_answer_read_registered(const char *body, size_t len_bytes,
                                           struct cam_answer_registered *answer);
/* CAM_OK with the seconds of a 202, 0 if it does not say. */
enum cam_status cam_answer_read_pending(const char *body, size_t len_bytes, uint64_t *retry_after_s);
enum cam_status cam_answer_read_heartbeat(const char *body, size_t len_bytes,
                                          struct cam_answer_heartbeat *answer);
/* `status` is what the story's answers have: "received", "stored", "recorded". `*server_time_ms` 0: not said.
 */
enum cam_status cam_answer_read_status(const char *body, size_t len_bytes, const char *status,
                                       uint64_t *server_time_ms);
enum cam_status cam_answer_read_commands(const char *body, size_t len_bytes, struct cam_command *commands,
                                         size_t *count);
/* The body of POST …/privacy/switch. */
enum cam_status cam_answer_read_privacy(const char *body, size_t len_bytes,
                                        struct cam_answer_privacy *privacy);
/* True if the body is a problem document (RFC 9457) of this status: the hub itself refused, not something
 * before it. */
bool cam_answer_is_problem(const char *body, size_t len_bytes, int status);

#endif
