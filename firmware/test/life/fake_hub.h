/*
 * A hub in memory for one camera: it reads real HTTP bytes and answers with them, as integration/contract
 * says. It keeps what the camera told it, so that a test can ask what arrived, how often, and dated when. It
 * can also be all the things that a camera meets instead of a hub.
 */
#ifndef FAKE_HUB_H
#define FAKE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cam/port.h"

#define FAKE_HUB_REQUEST_BYTES (64u * 1024u)
#define FAKE_HUB_ANSWER_BYTES 16384u
#define FAKE_HUB_EVENTS 2048u
#define FAKE_HUB_COMMANDS 32u
#define FAKE_HUB_LATENCY_MS 5u
#define FAKE_HUB_HOST "192.168.1.10"
#define FAKE_HUB_PORT 5000u

enum fake_hub_mode {
    FAKE_HUB_WELL,
    FAKE_HUB_REFUSES,         /* no listener: connections are refused at once */
    FAKE_HUB_UNREACHABLE,     /* connections never come about */
    FAKE_HUB_MUTE,            /* takes requests, never answers */
    FAKE_HUB_CLOSES,          /* closes instead of answering */
    FAKE_HUB_RANDOM,          /* random bytes */
    FAKE_HUB_ENDLESS_HEADERS, /* as fast as they are read */
    FAKE_HUB_SHORT_BODY,      /* less than announced, then nothing */
    FAKE_HUB_LONG_BODY,       /* more than the camera has room for */
    FAKE_HUB_DRIPS,           /* one byte of a good answer a second */
    FAKE_HUB_STATUS,          /* `status` for everything, a problem document with it if `with_problem` */
    FAKE_HUB_PORTAL,          /* 200 and a page */
};

enum fake_hub_enrolment { FAKE_HUB_OPEN, FAKE_HUB_KEY, FAKE_HUB_APPROVE };

struct fake_hub_event {
    char id[72];
    char boot_id[72];
    uint64_t monotonic_ms;
    uint64_t occurred_ms; /* as the hub dates it */
    bool clock_was_set;
    bool camera_enabled;
    unsigned score;
    unsigned arrivals;
    uint64_t arrived_ms; /* the hub's clock, first time */
};

enum fake_hub_state { FAKE_HUB_QUEUED, FAKE_HUB_DELIVERED, FAKE_HUB_SUCCEEDED, FAKE_HUB_FAILED };

struct fake_hub_command {
    char id[40];
    char kind[24];
    char parameters[160];
    const char *expires_at; /* RFC 3339 */
    enum fake_hub_state state;
    uint64_t handed_ms;
    unsigned deliveries;
    unsigned results; /* how often one was reported */
    char detail[160];
};

struct fake_hub_connection {
    bool is_open;
    bool is_connecting;
    bool is_asked; /* a request is whole, its answer not yet read */
    bool has_answer;
    bool closes;       /* after the answer */
    bool is_polling;   /* a long poll is being held */
    uint64_t ready_ms; /* of the connection, the answer or the poll */
    size_t request_bytes;
    size_t answer_bytes;
    size_t answer_at;
    uint64_t asked_ms; /* when the request was whole */
    uint64_t connecting_ms;
    char request[FAKE_HUB_REQUEST_BYTES];
    char answer[FAKE_HUB_ANSWER_BYTES];
};

struct fake_hub {
    /* To be set by a test. */
    enum fake_hub_mode mode;
    enum fake_hub_enrolment enrolment;
    const char *key;
    int status; /* of FAKE_HUB_STATUS */
    bool with_problem;
    unsigned retry_after_s; /* 0: not said */
    unsigned pending_s;     /* what a camera that waits for a person is told; 0: nothing */
    bool is_approved;
    bool is_revoked;
    bool locked;
    uint32_t generation;
    uint32_t next_heartbeat_ms; /* 0: not said */
    bool says_no_time;          /* its answers have no clock in them */
    const char *refuse_path;    /* this path alone has `status` */
    const char *mute_path;      /* this path alone has no answer */
    const char *late_path;      /* answers to this path alone come `late_ms` later */
    uint32_t late_ms;
    uint64_t token_life_ms; /* 0: not said */
    bool drops_answers;     /* does what it is asked, and closes instead of saying so */

    /* To be read. */
    uint64_t now_ms; /* the hub's wall clock */
    char secret[72]; /* of the device */
    unsigned secrets;
    unsigned tokens; /* the newest, and how many */
    unsigned connects;
    unsigned requests;
    unsigned registers;
    unsigned heartbeats;
    unsigned motions;
    unsigned uploads; /* requests */
    unsigned polls;
    unsigned results;
    unsigned switches;
    unsigned refusals; /* at refuse_path */
    uint64_t refused_ms;
    uint64_t least_gap_ms;        /* between two of them */
    uint64_t given_up_ms;         /* how long the camera waited for the answer that it got tired of last */
    uint64_t connect_given_up_ms; /* the same of a connection */
    unsigned unauthorised;        /* requests that were answered with 401 */
    unsigned too_soon;            /* motion events less than 5 s after another of their boot */
    unsigned bad_digests;
    unsigned pictures; /* stored */
    unsigned refused_pictures;
    char picture_event[72]; /* of the newest, empty for none */
    uint64_t picture_age_ms;
    char picture_trace[64];
    char motion_trace[64];
    unsigned events_dropped; /* as the camera says */
    unsigned queue_depth;
    char reset_reason[24];
    char clock_quality[16];
    uint64_t heartbeat_at_ms;
    size_t heartbeat_request_bytes; /* of the newest */
    struct fake_hub_event events[FAKE_HUB_EVENTS];
    size_t event_count;
    struct fake_hub_command commands[FAKE_HUB_COMMANDS];
    size_t command_count;

    /* Not to be touched. */
    uint32_t random;
    struct fake_hub_connection connections[CAM_LANES];
};

void fake_hub_init(struct fake_hub *hub, uint64_t now_ms);

/* As the port's functions of the same names. */
enum cam_status fake_hub_connect(struct fake_hub *hub, unsigned lane);
enum cam_status fake_hub_send(struct fake_hub *hub, unsigned lane, const uint8_t *data, size_t len_bytes,
                              size_t *sent_bytes);
enum cam_status fake_hub_receive(struct fake_hub *hub, unsigned lane, uint8_t *data, size_t cap_bytes,
                                 size_t *received_bytes);
void fake_hub_close(struct fake_hub *hub, unsigned lane);

/* The hub's process ends: all connections with it. */
void fake_hub_drop_connections(struct fake_hub *hub);

/* When a lane that waits will have something, UINT64_MAX: never. */
uint64_t fake_hub_ready_ms(const struct fake_hub *hub, unsigned lane);

/* Queues a command and returns it. */
struct fake_hub_command *fake_hub_command(struct fake_hub *hub, const char *kind, const char *parameters);
const struct fake_hub_event *fake_hub_find_event(const struct fake_hub *hub, const char *id);

/* fake_hub_api.c: answers the whole request that the connection holds. */
void fake_hub_answer(struct fake_hub *hub, struct fake_hub_connection *connection);
bool fake_hub_deliver(struct fake_hub *hub, struct fake_hub_connection *connection);
void fake_hub_say(struct fake_hub *hub, struct fake_hub_connection *connection, int status, const char *body);

#endif
