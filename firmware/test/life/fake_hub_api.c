/* What the hub does with each call. */
#include "fake_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cam/base64.h"
#include "cam/sha256.h"
#include "testing.h"

#define REDELIVER_MS 5000u
#define YEAR_2024_MS 1704067200000u

static void refuse(const struct fake_call *call, int status)
{
    char body[160];

    (void)snprintf(body, sizeof body,
                   "{\"type\":\"about:blank\",\"title\":\"No\",\"status\":%d,\"detail\":\"No.\"}", status);
    fake_hub_say(call->hub, call->connection, status, body);
}

static void add_time(const struct fake_hub *hub, char *text, size_t cap_bytes)
{
    text[0] = '\0';
    if (!hub->says_no_time) {
        (void)snprintf(text, cap_bytes, ",\"server_time_ms\":%llu", (unsigned long long)hub->now_ms);
    }
}

static void add_expiry(const struct fake_hub *hub, char *text, size_t cap_bytes)
{
    time_t ends = (time_t)((hub->now_ms + hub->token_life_ms) / 1000);
    struct tm parts;

    text[0] = '\0';
    if (hub->token_life_ms > 0) {
        assert_non_null(gmtime_r(&ends, &parts));
        (void)strftime(text, cap_bytes, ",\"expires_at\":\"%Y-%m-%dT%H:%M:%SZ\"", &parts);
    }
}

static void say_pending(const struct fake_call *call)
{
    char wait[40] = "";
    char body[80];

    if (call->hub->pending_s > 0) {
        (void)snprintf(wait, sizeof wait, ",\"retry_after_seconds\":%u", call->hub->pending_s);
    }
    (void)snprintf(body, sizeof body, "{\"status\":\"pending\"%s}", wait);
    fake_hub_say(call->hub, call->connection, 202, body);
}

static void take_registration(const struct fake_call *call)
{
    struct fake_hub *hub = call->hub;
    char secret[72];
    char key[160];
    char time[48];
    char expires[64];
    char body[512];

    hub->registers++;
    assert_true(fake_call_read_text(call, "device_secret", secret, sizeof secret));
    assert_int_equal(strlen(secret), 64);
    if (strcmp(secret, hub->secret) != 0) {
        (void)snprintf(hub->secret, sizeof hub->secret, "%s", secret);
        hub->secrets++;
    }
    if (hub->enrolment == FAKE_HUB_KEY && !hub->is_approved) {
        if (!fake_call_read_text(call, "enrolment_key", key, sizeof key) || strcmp(key, hub->key) != 0) {
            refuse(call, 403);
            return;
        }
    }
    if (hub->is_revoked || (hub->enrolment == FAKE_HUB_APPROVE && !hub->is_approved)) {
        say_pending(call);
        return;
    }
    hub->is_approved = true;
    hub->tokens++;
    add_time(hub, time, sizeof time);
    add_expiry(hub, expires, sizeof expires);
    /* As long as the hub's real tokens. */
    (void)snprintf(body, sizeof body,
                   "{\"status\":\"registered\",\"token\":\"%0171u\",\"heartbeat_interval_seconds\":60%s%s,"
                   "\"privacy\":{\"locked\":%s,\"generation\":%u}}",
                   hub->tokens, time, expires, hub->locked ? "true" : "false", hub->generation);
    fake_hub_say(hub, call->connection, 200, body);
}

static void take_heartbeat(const struct fake_call *call)
{
    struct fake_hub *hub = call->hub;
    char time[48];
    char next[80] = "";
    char body[512];
    unsigned pending = 0;
    uint64_t number;

    hub->heartbeats++;
    hub->heartbeat_at_ms = hub->now_ms;
    if (fake_call_read_number(call, "events_dropped", &number)) {
        hub->events_dropped = (unsigned)number;
    }
    assert_true(fake_call_read_number(call, "queue_depth", &number));
    hub->queue_depth = (unsigned)number;
    (void)fake_call_read_text(call, "clock_quality", hub->clock_quality, sizeof hub->clock_quality);
    assert_true(fake_call_read_text(call, "reset_reason", hub->reset_reason, sizeof hub->reset_reason));
    for (size_t i = 0; i < hub->command_count; i++) {
        pending += hub->commands[i].state <= FAKE_HUB_DELIVERED ? 1 : 0;
    }
    if (hub->next_heartbeat_ms > 0) {
        (void)snprintf(next, sizeof next, ",\"next_heartbeat_seconds\":%u,\"next_heartbeat_ms\":%u",
                       hub->next_heartbeat_ms / 1000, hub->next_heartbeat_ms);
    }
    add_time(hub, time, sizeof time);
    (void)snprintf(body, sizeof body,
                   "{\"status\":\"ok\",\"server_time\":\"2026-01-01T00:00:00.412Z\"%s%s,"
                   "\"pending_commands\":%u,\"privacy\":{\"locked\":%s,\"generation\":%u}}",
                   time, next, pending, hub->locked ? "true" : "false", hub->generation);
    fake_hub_say(hub, call->connection, 200, body);
    hub->heartbeat_request_bytes = call->connection->request_bytes;
}

/* DESIGN's rule: a set clock's time, else the hub's own less the age. */
static uint64_t date(const struct fake_call *call, bool clock_is_set)
{
    const char *at = fake_call_find_member(call, "timestamp");
    uint64_t monotonic_ms;
    uint64_t sent_ms;

    assert_non_null(at);
    if (clock_is_set) {
        return (uint64_t)(strtod(at, NULL) * 1000.0 + 0.5);
    }
    if (!fake_call_read_number(call, "sent_monotonic_ms", &sent_ms)) {
        return call->hub->now_ms;
    }
    assert_true(fake_call_read_number(call, "monotonic_ms", &monotonic_ms));
    return call->hub->now_ms - (sent_ms - monotonic_ms);
}

static bool is_too_soon(const struct fake_hub *hub, const struct fake_hub_event *event)
{
    for (size_t i = 0; i < hub->event_count; i++) {
        const struct fake_hub_event *other = &hub->events[i];
        uint64_t apart_ms = other->monotonic_ms > event->monotonic_ms
                                ? other->monotonic_ms - event->monotonic_ms
                                : event->monotonic_ms - other->monotonic_ms;
        if (strcmp(other->boot_id, event->boot_id) == 0 && apart_ms < 5000) {
            return true;
        }
    }
    return false;
}

static void take_motion(const struct fake_call *call)
{
    struct fake_hub *hub = call->hub;
    struct fake_hub_event event = {.arrivals = 1, .arrived_ms = hub->now_ms};
    struct fake_hub_event *known;
    char quality[16];
    char time[48];
    char body[256];
    uint64_t score;

    hub->motions++;
    assert_true(fake_call_read_header(call, "traceparent", hub->motion_trace, sizeof hub->motion_trace));
    assert_true(fake_call_read_text(call, "event_id", event.id, sizeof event.id));
    assert_true(fake_call_read_text(call, "boot_id", event.boot_id, sizeof event.boot_id));
    assert_true(fake_call_read_number(call, "monotonic_ms", &event.monotonic_ms));
    assert_true(fake_call_read_number(call, "motion_score", &score));
    assert_true(fake_call_read_text(call, "clock_quality", quality, sizeof quality));
    assert_true(score <= 100);
    event.score = (unsigned)score;
    event.camera_enabled = fake_call_is_true(call, "camera_enabled");
    event.clock_was_set = strcmp(quality, "synced") == 0;
    event.occurred_ms = date(call, event.clock_was_set);
    if (event.occurred_ms < YEAR_2024_MS || event.occurred_ms > hub->now_ms + 120000) {
        refuse(call, 400);
        return;
    }
    known = (struct fake_hub_event *)fake_hub_find_event(hub, event.id);
    if (known != NULL) {
        /* The same id is the same event, however often it comes. */
        assert_string_equal(known->boot_id, event.boot_id);
        assert_int_equal(known->monotonic_ms, event.monotonic_ms);
        assert_int_equal(known->score, event.score);
        known->arrivals++;
    } else if (is_too_soon(hub, &event)) {
        hub->too_soon++;
        refuse(call, 429);
        return;
    } else {
        assert_true(hub->event_count < FAKE_HUB_EVENTS);
        hub->events[hub->event_count++] = event;
    }
    add_time(hub, time, sizeof time);
    (void)snprintf(body, sizeof body, "{\"status\":\"received\",\"event_id\":\"%s\"%s}", event.id, time);
    fake_hub_say(hub, call->connection, 200, body);
}

static void take_picture(const struct fake_call *call)
{
    struct fake_hub *hub = call->hub;
    uint8_t sum[CAM_SHA256_BYTES];
    char digest[96];
    char wanted[96] = "sha-256=:";
    char age[24];
    struct cam_text text;

    hub->uploads++;
    if (hub->locked) {
        hub->refused_pictures++;
        refuse(call, 403);
        return;
    }
    cam_sha256_sum((const uint8_t *)call->body, call->body_bytes, sum);
    cam_text_init(&text, wanted, sizeof wanted);
    cam_text_add(&text, "sha-256=:");
    cam_base64_add(&text, sum, sizeof sum);
    cam_text_add(&text, ":");
    assert_true(cam_text_end(&text));
    if (!fake_call_read_header(call, "Content-Digest", digest, sizeof digest) ||
        strcmp(digest, wanted) != 0) {
        hub->bad_digests++;
        refuse(call, 422);
        return;
    }
    (void)fake_call_read_header(call, "X-Event-ID", hub->picture_event, sizeof hub->picture_event);
    (void)fake_call_read_header(call, "traceparent", hub->picture_trace, sizeof hub->picture_trace);
    assert_true(fake_call_read_header(call, "X-Frame-Age-Ms", age, sizeof age));
    hub->picture_age_ms = strtoull(age, NULL, 10);
    hub->pictures++;
    fake_hub_say(hub, call->connection, 200,
                 "{\"status\":\"stored\",\"picture_id\":\"019b76da-a800-7c31-b9a4-0d2a4c1e9b10\"}");
}

bool fake_hub_deliver(struct fake_hub *hub, struct fake_hub_connection *connection)
{
    char body[2048] = "{\"commands\":[";
    size_t len = strlen(body);
    bool any = false;

    for (size_t i = 0; i < hub->command_count; i++) {
        struct fake_hub_command *command = &hub->commands[i];
        if (command->state != FAKE_HUB_QUEUED &&
            (command->state != FAKE_HUB_DELIVERED || hub->now_ms < command->handed_ms + REDELIVER_MS)) {
            continue;
        }
        command->state = FAKE_HUB_DELIVERED;
        command->handed_ms = hub->now_ms;
        command->deliveries++;
        len += (size_t)snprintf(body + len, sizeof body - len,
                                "%s{\"command_id\":\"%s\",\"kind\":\"%s\",\"parameters\":%s,"
                                "\"expires_at\":\"%s\"}",
                                any ? "," : "", command->id, command->kind, command->parameters,
                                command->expires_at);
        assert_true(len < sizeof body - 4);
        any = true;
    }
    (void)snprintf(body + len, sizeof body - len, "]}");
    if (any) {
        fake_hub_say(hub, connection, 200, body);
    }
    return any;
}

static void take_poll(const struct fake_call *call)
{
    const char *wait = strstr(call->head, "wait_s=");

    call->hub->polls++;
    assert_non_null(wait);
    if (!fake_hub_deliver(call->hub, call->connection)) {
        call->connection->is_polling = true;
        call->connection->ready_ms = call->hub->now_ms + strtoul(wait + 7, NULL, 10) * 1000;
        if (call->connection->ready_ms == call->hub->now_ms) {
            fake_hub_say(call->hub, call->connection, 204, "");
        }
    }
}

static void take_result(const struct fake_call *call)
{
    struct fake_hub *hub = call->hub;
    enum fake_hub_state state;
    char status[16];

    hub->results++;
    assert_true(fake_call_read_text(call, "status", status, sizeof status));
    state = strcmp(status, "succeeded") == 0 ? FAKE_HUB_SUCCEEDED : FAKE_HUB_FAILED;
    for (size_t i = 0; i < hub->command_count; i++) {
        struct fake_hub_command *command = &hub->commands[i];
        char path[80];

        (void)snprintf(path, sizeof path, "/commands/%s/result ", command->id);
        if (strstr(call->head, path) == NULL) {
            continue;
        }
        command->results++;
        if (command->state > FAKE_HUB_DELIVERED && command->state != state) {
            refuse(call, 409);
            return;
        }
        command->state = state;
        (void)fake_call_read_text(call, "detail", command->detail, sizeof command->detail);
        fake_hub_say(hub, call->connection, 200, "{\"status\":\"recorded\"}");
        return;
    }
    refuse(call, 404);
}

static void take_switch(const struct fake_call *call)
{
    struct fake_hub *hub = call->hub;
    uint64_t generation;
    bool locked = fake_call_is_true(call, "locked");
    char body[96];

    hub->switches++;
    assert_true(fake_call_read_number(call, "generation", &generation));
    if (generation < hub->generation) {
        refuse(call, 409);
        return;
    }
    hub->locked = generation == hub->generation ? hub->locked || locked : locked;
    hub->generation = (uint32_t)generation;
    (void)snprintf(body, sizeof body, "{\"privacy\":{\"locked\":%s,\"generation\":%u}}",
                   hub->locked ? "true" : "false", hub->generation);
    fake_hub_say(hub, call->connection, 200, body);
}

static bool has_token(const struct fake_call *call)
{
    char header[200];

    return fake_call_read_header(call, "Authorization", header, sizeof header) &&
           strncmp(header, "Bearer ", 7) == 0 && !call->hub->is_revoked && call->hub->tokens > 0 &&
           strtoul(header + 7, NULL, 10) == call->hub->tokens;
}

static void refuse_here(const struct fake_call *call)
{
    struct fake_hub *hub = call->hub;

    if (hub->refusals++ > 0 && hub->now_ms - hub->refused_ms < hub->least_gap_ms) {
        hub->least_gap_ms = hub->now_ms - hub->refused_ms;
    }
    hub->refused_ms = hub->now_ms;
    refuse(call, hub->status);
}

static bool begins_with(const char *path, const char *beginning)
{
    return beginning != NULL && strncmp(path, beginning, strlen(beginning)) == 0;
}

void fake_hub_answer(struct fake_hub *hub, struct fake_hub_connection *connection)
{
    const char *end = strstr(connection->request, "\r\n\r\n") + 4;
    const struct fake_call call = {
        .hub = hub,
        .connection = connection,
        .head = connection->request,
        .body = end,
        .body_bytes = connection->request_bytes - (size_t)(end - connection->request),
    };
    const char *path = strchr(call.head, ' ') + 1;

    assert_non_null(strstr(call.head, "\r\nHost: "));
    if (begins_with(path, hub->refuse_path)) {
        refuse_here(&call);
    } else if (begins_with(path, hub->mute_path)) {
        connection->has_answer = false;
    } else if (strncmp(path, "/api/devices/register ", 22) == 0) {
        take_registration(&call);
    } else if (!has_token(&call)) {
        hub->unauthorised++;
        refuse(&call, 401);
    } else if (strncmp(path, "/api/heartbeat ", 15) == 0) {
        take_heartbeat(&call);
    } else if (strncmp(path, "/api/events/motion ", 19) == 0) {
        take_motion(&call);
    } else if (strncmp(path, "/api/images/upload ", 19) == 0) {
        take_picture(&call);
    } else if (strstr(path, "/commands?wait_s=") != NULL) {
        take_poll(&call);
    } else if (strstr(path, "/privacy/switch ") != NULL) {
        take_switch(&call);
    } else {
        take_result(&call);
    }
    if (begins_with(path, hub->late_path)) {
        connection->ready_ms += hub->late_ms;
    }
}
