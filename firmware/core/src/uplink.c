#include "cam/uplink.h"

#include <assert.h>

enum state { STATE_IDLE, STATE_CONNECTING, STATE_SENDING, STATE_RECEIVING, STATE_DONE };

void cam_uplink_init(struct cam_uplink *uplink, char *body, size_t body_cap_bytes)
{
    *uplink = (struct cam_uplink){.resends = true, .body = body, .body_cap_bytes = body_cap_bytes};
    cam_http_reader_init(&uplink->answer, body, body_cap_bytes);
}

bool cam_uplink_is_idle(const struct cam_uplink *uplink)
{
    return uplink->state == STATE_IDLE;
}

bool cam_uplink_is_done(const struct cam_uplink *uplink)
{
    return uplink->state == STATE_DONE;
}

static void start(struct cam_uplink *uplink)
{
    uplink->sent_bytes = 0;
    uplink->is_reused = uplink->is_open && !uplink->must_close;
    uplink->state = uplink->is_reused ? STATE_SENDING : STATE_CONNECTING;
    uplink->connected = uplink->is_reused;
    uplink->connect_deadline_ms = uplink->now_ms + CAM_UPLINK_CONNECT_TIMEOUT_MS;
    cam_http_reader_init(&uplink->answer, uplink->body, uplink->body_cap_bytes);
}

void cam_uplink_begin(struct cam_uplink *uplink, const uint8_t *head, size_t head_bytes,
                      const uint8_t *stream, size_t stream_bytes, uint32_t timeout_ms, uint64_t now_ms)
{
    assert(uplink->state == STATE_IDLE && head_bytes > 0);
    uplink->head = head;
    uplink->head_bytes = head_bytes;
    uplink->stream = stream;
    uplink->stream_bytes = stream_bytes;
    uplink->timeout_ms = timeout_ms;
    uplink->now_ms = now_ms;
    uplink->deadline_ms = now_ms + timeout_ms;
    uplink->sent_ms = now_ms;
    start(uplink);
}

static void end(struct cam_uplink *uplink, enum cam_status outcome)
{
    uplink->state = STATE_DONE;
    uplink->outcome = outcome;
    if (outcome != CAM_OK || !uplink->answer.keep_alive ||
        uplink->sent_bytes < uplink->head_bytes + uplink->stream_bytes) {
        uplink->must_close = uplink->is_open;
    }
}

/* The connection failed: once more over a new one if it was an old one that had not answered yet. */
static void lose(struct cam_uplink *uplink, enum cam_status status)
{
    if (uplink->resends && uplink->is_reused && uplink->answer.head_bytes == 0) {
        uplink->must_close = true;
        start(uplink);
        return;
    }
    end(uplink, status);
}

void cam_uplink_finish(struct cam_uplink *uplink)
{
    assert(uplink->state == STATE_DONE);
    uplink->state = STATE_IDLE;
}

void cam_uplink_abort(struct cam_uplink *uplink)
{
    uplink->must_close = uplink->must_close || uplink->is_open || uplink->state == STATE_CONNECTING;
    uplink->is_open = uplink->must_close;
    uplink->state = STATE_IDLE;
    uplink->head_bytes = 0;
    uplink->stream_bytes = 0;
}

enum cam_uplink_want cam_uplink_want(const struct cam_uplink *uplink)
{
    if (uplink->must_close) {
        return CAM_UPLINK_CLOSE;
    }
    switch (uplink->state) {
    case STATE_CONNECTING:
        return CAM_UPLINK_CONNECT;
    case STATE_SENDING:
        return CAM_UPLINK_SEND;
    case STATE_RECEIVING:
        return CAM_UPLINK_RECEIVE;
    default:
        return CAM_UPLINK_NOTHING;
    }
}

void cam_uplink_next_send(const struct cam_uplink *uplink, const uint8_t **data, size_t *len_bytes)
{
    if (uplink->sent_bytes < uplink->head_bytes) {
        *data = uplink->head + uplink->sent_bytes;
        *len_bytes = uplink->head_bytes - uplink->sent_bytes;
    } else {
        size_t at = uplink->sent_bytes - uplink->head_bytes;
        *data = uplink->stream + at;
        *len_bytes = uplink->stream_bytes - at;
    }
}

void cam_uplink_connected(struct cam_uplink *uplink, enum cam_status status, uint64_t now_ms)
{
    if (uplink->state != STATE_CONNECTING || status == CAM_AGAIN) {
        return;
    }
    uplink->is_open = true; /* also after a failure: the port may hold something that close gives back */
    if (status != CAM_OK) {
        end(uplink, status);
        return;
    }
    uplink->connected = true;
    uplink->sent_ms = now_ms;
    uplink->deadline_ms = now_ms + uplink->timeout_ms;
    uplink->state = STATE_SENDING;
}

void cam_uplink_sent(struct cam_uplink *uplink, enum cam_status status, size_t sent_bytes)
{
    if (uplink->state != STATE_SENDING || status == CAM_AGAIN) {
        return;
    }
    if (status != CAM_OK) {
        /* The hub may have refused and closed: what it said can still be there to be received. */
        uplink->state = STATE_RECEIVING;
        return;
    }
    uplink->sent_bytes += sent_bytes;
    if (uplink->sent_bytes >= uplink->head_bytes + uplink->stream_bytes) {
        uplink->state = STATE_RECEIVING;
    }
}

void cam_uplink_received(struct cam_uplink *uplink, enum cam_status status, const uint8_t *data,
                         size_t len_bytes)
{
    size_t used_bytes;
    enum cam_status parsed;

    if ((uplink->state != STATE_SENDING && uplink->state != STATE_RECEIVING) || status == CAM_AGAIN) {
        return;
    }
    if (status == CAM_OK) {
        parsed = cam_http_reader_feed(&uplink->answer, (const char *)data, len_bytes, &used_bytes);
        if (parsed == CAM_OK && used_bytes < len_bytes) {
            uplink->answer.keep_alive =
                false; /* bytes that nobody asked for: no answer to the next request */
        }
        if (parsed != CAM_AGAIN) {
            end(uplink, parsed);
        }
        return;
    }
    parsed = status == CAM_CLOSED ? cam_http_reader_end(&uplink->answer) : status;
    if (parsed == CAM_OK) {
        end(uplink, CAM_OK);
    } else {
        lose(uplink, parsed);
    }
}

void cam_uplink_closed(struct cam_uplink *uplink)
{
    uplink->must_close = false;
    uplink->is_open = false;
}

void cam_uplink_tick(struct cam_uplink *uplink, uint64_t now_ms)
{
    uplink->now_ms = now_ms;
    if (now_ms < cam_uplink_deadline_ms(uplink)) {
        return;
    }
    uplink->is_open = true; /* a connection under way must be given up too */
    end(uplink, CAM_TIMEOUT);
}

uint64_t cam_uplink_deadline_ms(const struct cam_uplink *uplink)
{
    switch (uplink->state) {
    case STATE_CONNECTING:
        return uplink->connect_deadline_ms;
    case STATE_SENDING:
    case STATE_RECEIVING:
        return uplink->deadline_ms;
    default:
        return UINT64_MAX;
    }
}
