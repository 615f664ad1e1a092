/*
 * One HTTP exchange after another over one connection that is kept: a state machine that does no I/O itself.
 * It says what it wants done (cam_uplink_want), and is told what came of it; cam_loop is what does it.
 * Deadlines are the uplink's, for connecting and for the exchange as a whole, so that a slow drip of bytes
 * ends as surely as silence.
 *
 * A kept connection may have been closed by the hub just as the request was sent. When it fails before a byte
 * of the answer, the request is sent once more over a new connection; all requests of this API can be
 * repeated. Not so on a connection that is always waiting for an answer (`resends` false): when the hub goes,
 * all cameras' polls break at one moment, and must not come back at that moment.
 */
#ifndef CAM_UPLINK_H
#define CAM_UPLINK_H

#include "cam/http_reader.h"

#define CAM_UPLINK_CONNECT_TIMEOUT_MS 5000u

enum cam_uplink_want {
    CAM_UPLINK_NOTHING,
    CAM_UPLINK_CONNECT,
    CAM_UPLINK_SEND, /* cam_uplink_next_send; what has arrived is to be received too: a refusal may come early
                      */
    CAM_UPLINK_RECEIVE, /* any buffer */
    CAM_UPLINK_CLOSE,   /* then cam_uplink_closed */
};

struct cam_uplink {
    bool resends; /* true after init; the caller may change it while the uplink is idle */

    /* For the caller to read once cam_uplink_is_done. */
    enum cam_status
        outcome; /* CAM_OK, CAM_TIMEOUT, CAM_CLOSED, CAM_IO, CAM_NOT_FOUND, CAM_GARBAGE, CAM_TOO_LONG */
    struct cam_http_reader answer; /* answer.status also for CAM_TOO_LONG */
    uint64_t sent_ms;              /* when the request began to be sent */
    bool connected;                /* false with an outcome other than CAM_OK: nobody was there */

    /* Not to be touched. */
    int state;
    bool is_open;
    bool is_reused;
    bool must_close;
    uint64_t now_ms; /* what the uplink was told last */
    uint64_t connect_deadline_ms;
    uint64_t deadline_ms;
    uint32_t timeout_ms;
    const uint8_t *head;
    size_t head_bytes;
    const uint8_t *stream;
    size_t stream_bytes;
    size_t sent_bytes;
    char *body;
    size_t body_cap_bytes;
};

/* `body` takes the answers' bodies and stays the uplink's. */
void cam_uplink_init(struct cam_uplink *uplink, char *body, size_t body_cap_bytes);

/* True when no exchange is under way, and none is done but not yet looked at. */
bool cam_uplink_is_idle(const struct cam_uplink *uplink);
bool cam_uplink_is_done(const struct cam_uplink *uplink);

/*
 * Begins an exchange; the uplink must be idle. `head` and `stream` (may be NULL, 0 bytes) belong to the
 * uplink until it is done or was aborted. `timeout_ms` counts from the connection to the end of the answer.
 */
void cam_uplink_begin(struct cam_uplink *uplink, const uint8_t *head, size_t head_bytes,
                      const uint8_t *stream, size_t stream_bytes, uint32_t timeout_ms, uint64_t now_ms);

/* Done -> idle. */
void cam_uplink_finish(struct cam_uplink *uplink);

/* Any state -> idle, and the connection is closed. The buffers are the caller's again at once. */
void cam_uplink_abort(struct cam_uplink *uplink);

enum cam_uplink_want cam_uplink_want(const struct cam_uplink *uplink);
void cam_uplink_next_send(const struct cam_uplink *uplink, const uint8_t **data, size_t *len_bytes);

/* What came of it. CAM_AGAIN changes nothing. */
void cam_uplink_connected(struct cam_uplink *uplink, enum cam_status status, uint64_t now_ms);
void cam_uplink_sent(struct cam_uplink *uplink, enum cam_status status, size_t sent_bytes);
void cam_uplink_received(struct cam_uplink *uplink, enum cam_status status, const uint8_t *data,
                         size_t len_bytes);
void cam_uplink_closed(struct cam_uplink *uplink);

/* Ends what is past its deadline. To be called with the time before each look at the uplink. */
void cam_uplink_tick(struct cam_uplink *uplink, uint64_t now_ms);

/* The next deadline, UINT64_MAX if there is none. */
uint64_t cam_uplink_deadline_ms(const struct cam_uplink *uplink);

#endif
