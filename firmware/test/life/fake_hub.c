#include "fake_hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "testing.h"

#define REDELIVER_MS 5000u

void fake_hub_init(struct fake_hub *hub, uint64_t now_ms)
{
    memset(hub, 0, sizeof *hub);
    hub->now_ms = now_ms;
    hub->random = 1;
    hub->next_heartbeat_ms = 60000;
    hub->pending_s = 30;
    hub->key = "lab-enrolment-key";
    hub->least_gap_ms = UINT64_MAX;
}

static uint32_t next_random(struct fake_hub *hub)
{
    hub->random = hub->random * 1664525u + 1013904223u;
    return hub->random >> 8;
}

void fake_hub_say(struct fake_hub *hub, struct fake_hub_connection *connection, int status, const char *body)
{
    char retry[48] = "";
    int len;

    if (hub->retry_after_s > 0 && status >= 400) {
        (void)snprintf(retry, sizeof retry, "Retry-After: %u\r\n", hub->retry_after_s);
    }
    if (status == 204) {
        len = snprintf(connection->answer, sizeof connection->answer, "HTTP/1.1 204 No Content\r\n\r\n");
    } else {
        len = snprintf(connection->answer, sizeof connection->answer,
                       "HTTP/1.1 %d Reason\r\nContent-Type: application/json; charset=utf-8\r\n"
                       "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n%s%sContent-Length: %zu\r\n\r\n%s",
                       status, status >= 300 && status < 400 ? "Location: http://192.168.1.10/\r\n" : "",
                       retry, strlen(body), body);
    }
    connection->answer_bytes = (size_t)len;
    connection->answer_at = 0;
    connection->has_answer = true;
    connection->is_polling = false;
    connection->ready_ms = hub->now_ms + FAKE_HUB_LATENCY_MS;
    if (hub->drops_answers) {
        connection->answer_bytes = 0;
        connection->closes = true;
    }
}

static void say_problem(struct fake_hub *hub, struct fake_hub_connection *connection, int status)
{
    char body[160];

    (void)snprintf(body, sizeof body,
                   "{\"type\":\"about:blank\",\"title\":\"No\",\"status\":%d,\"detail\":\"No.\"}", status);
    fake_hub_say(hub, connection, status, hub->with_problem ? body : "<html>");
}

static void answer_strangely(struct fake_hub *hub, struct fake_hub_connection *connection)
{
    size_t count;

    connection->answer_at = 0;
    connection->has_answer = true;
    connection->ready_ms = hub->now_ms + FAKE_HUB_LATENCY_MS;
    switch (hub->mode) {
    case FAKE_HUB_RANDOM:
        count = next_random(hub) % 2000;
        for (size_t i = 0; i < count; i++) {
            connection->answer[i] = (char)next_random(hub);
        }
        /* Half of them begin well. */
        if (next_random(hub) % 2 == 0 && count > 40) {
            memcpy(connection->answer, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", 40);
        }
        connection->answer_bytes = count;
        connection->closes = next_random(hub) % 2 == 0;
        break;
    case FAKE_HUB_SHORT_BODY:
        fake_hub_say(hub, connection, 200, "{\"status\":\"ok\"}");
        (void)memcpy(strstr(connection->answer, "Content-Length: 15"), "Content-Length: 99", 18);
        break;
    case FAKE_HUB_LONG_BODY:
        connection->answer_bytes =
            (size_t)snprintf(connection->answer, sizeof connection->answer,
                             "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n%9000d", 1);
        break;
    case FAKE_HUB_STATUS:
        say_problem(hub, connection, hub->status);
        break;
    case FAKE_HUB_PORTAL:
        fake_hub_say(hub, connection, 200, "<html><h1>Welcome to the guest network</h1></html>");
        break;
    case FAKE_HUB_CLOSES:
        connection->answer_bytes = 0;
        connection->closes = true;
        break;
    default:
        connection->has_answer = false; /* MUTE */
        break;
    }
}

static bool is_strange(const struct fake_hub *hub)
{
    return hub->mode != FAKE_HUB_WELL && hub->mode != FAKE_HUB_DRIPS && hub->mode != FAKE_HUB_ENDLESS_HEADERS;
}

/* The length of a whole request in the buffer, 0 while it is not whole. */
static size_t whole_bytes(const struct fake_hub_connection *connection)
{
    const char *end = strstr(connection->request, "\r\n\r\n");
    const char *length = strcasestr(connection->request, "\r\nContent-Length: ");
    size_t total;

    if (end == NULL) {
        return 0;
    }
    total = (size_t)(end - connection->request) + 4;
    if (length != NULL && length < end) {
        total += (size_t)strtoul(length + 18, NULL, 10);
    }
    return connection->request_bytes >= total ? total : 0;
}

enum cam_status fake_hub_connect(struct fake_hub *hub, unsigned lane)
{
    struct fake_hub_connection *connection = &hub->connections[lane];

    if (!connection->is_connecting) {
        assert_false(connection->is_open); /* the core closes before it connects again */
        hub->connects++;
        connection->is_connecting = true;
        connection->connecting_ms = hub->now_ms;
        connection->ready_ms = hub->mode == FAKE_HUB_UNREACHABLE ? UINT64_MAX : hub->now_ms + 2;
    }
    if (hub->mode == FAKE_HUB_REFUSES) {
        connection->is_connecting = false;
        return CAM_IO;
    }
    if (hub->now_ms < connection->ready_ms) {
        return CAM_AGAIN;
    }
    connection->is_connecting = false;
    connection->is_open = true;
    connection->closes = false;
    connection->is_asked = false;
    connection->has_answer = false;
    connection->is_polling = false;
    connection->request_bytes = 0;
    return CAM_OK;
}

enum cam_status fake_hub_send(struct fake_hub *hub, unsigned lane, const uint8_t *data, size_t len_bytes,
                              size_t *sent_bytes)
{
    struct fake_hub_connection *connection = &hub->connections[lane];
    size_t part = len_bytes < 1460 ? len_bytes : 1460;
    size_t whole;

    if (!connection->is_open) {
        return CAM_CLOSED;
    }
    assert_true(part < sizeof connection->request - connection->request_bytes);
    memcpy(connection->request + connection->request_bytes, data, part);
    connection->request_bytes += part;
    connection->request[connection->request_bytes] = '\0';
    *sent_bytes = part;
    whole = whole_bytes(connection);
    if (whole > 0) {
        assert_int_equal(whole, connection->request_bytes); /* nothing behind it */
        hub->requests++;
        connection->asked_ms = hub->now_ms;
        connection->is_asked = true;
        if (is_strange(hub)) {
            answer_strangely(hub, connection);
        } else if (hub->mode == FAKE_HUB_ENDLESS_HEADERS) {
            connection->has_answer = true;
            connection->answer_at = 0;
        } else {
            fake_hub_answer(hub, connection);
        }
        connection->request_bytes = 0;
    }
    return CAM_OK;
}

static void shut(struct fake_hub_connection *connection)
{
    connection->is_open = false;
    connection->is_connecting = false;
    connection->is_asked = false;
    connection->has_answer = false;
    connection->is_polling = false;
    connection->request_bytes = 0;
}

static size_t next_header_bytes(struct fake_hub_connection *connection, uint8_t *data, size_t cap_bytes)
{
    static const char s_head[] = "HTTP/1.1 200 OK\r\n";
    static const char s_line[] = "X-More: there is always one more\r\n";
    const char *text = connection->answer_at++ == 0 ? s_head : s_line;
    size_t len = strlen(text) < cap_bytes ? strlen(text) : cap_bytes;

    memcpy(data, text, len);
    return len;
}

enum cam_status fake_hub_receive(struct fake_hub *hub, unsigned lane, uint8_t *data, size_t cap_bytes,
                                 size_t *received_bytes)
{
    struct fake_hub_connection *connection = &hub->connections[lane];
    size_t left;

    if (!connection->is_open) {
        return CAM_CLOSED;
    }
    if (connection->is_polling && !fake_hub_deliver(hub, connection) && hub->now_ms >= connection->ready_ms) {
        fake_hub_say(hub, connection, 204, "");
    }
    if (!connection->has_answer || hub->now_ms < connection->ready_ms) {
        return CAM_AGAIN;
    }
    if (hub->mode == FAKE_HUB_ENDLESS_HEADERS) {
        *received_bytes = next_header_bytes(connection, data, cap_bytes);
        return CAM_OK;
    }
    left = connection->answer_bytes - connection->answer_at;
    if (left == 0) {
        if (!connection->closes) {
            return CAM_AGAIN;
        }
        shut(connection);
        return CAM_CLOSED;
    }
    left = left < cap_bytes ? left : cap_bytes;
    if (hub->mode == FAKE_HUB_DRIPS) {
        if ((hub->now_ms - connection->asked_ms) / 1000 <= connection->answer_at) {
            return CAM_AGAIN;
        }
        left = 1;
    }
    memcpy(data, connection->answer + connection->answer_at, left);
    connection->answer_at += left;
    connection->is_asked = connection->answer_at < connection->answer_bytes;
    *received_bytes = left;
    return CAM_OK;
}

void fake_hub_close(struct fake_hub *hub, unsigned lane)
{
    struct fake_hub_connection *connection = &hub->connections[lane];

    if (connection->is_connecting) {
        hub->connect_given_up_ms = hub->now_ms - connection->connecting_ms;
    }
    if (connection->is_asked) {
        hub->given_up_ms = hub->now_ms - connection->asked_ms;
    }
    shut(connection);
}

void fake_hub_drop_connections(struct fake_hub *hub)
{
    for (unsigned lane = 0; lane < CAM_LANES; lane++) {
        shut(&hub->connections[lane]);
    }
}

uint64_t fake_hub_ready_ms(const struct fake_hub *hub, unsigned lane)
{
    const struct fake_hub_connection *connection = &hub->connections[lane];

    if (connection->is_connecting) {
        return connection->ready_ms;
    }
    if (!connection->is_open) {
        return hub->now_ms; /* a read says so at once */
    }
    if (connection->is_polling) {
        uint64_t ready_ms = connection->ready_ms;
        for (size_t i = 0; i < hub->command_count; i++) {
            const struct fake_hub_command *command = &hub->commands[i];
            uint64_t from_ms = command->state == FAKE_HUB_QUEUED      ? hub->now_ms
                               : command->state == FAKE_HUB_DELIVERED ? command->handed_ms + REDELIVER_MS
                                                                      : UINT64_MAX;
            ready_ms = from_ms < ready_ms ? from_ms : ready_ms;
        }
        return ready_ms;
    }
    if (!connection->has_answer) {
        return UINT64_MAX;
    }
    if (hub->mode == FAKE_HUB_DRIPS && connection->answer_at < connection->answer_bytes) {
        uint64_t drip_ms = connection->asked_ms + (connection->answer_at + 1) * 1000;
        return drip_ms > connection->ready_ms ? drip_ms : connection->ready_ms;
    }
    if (hub->mode != FAKE_HUB_ENDLESS_HEADERS && connection->answer_at == connection->answer_bytes &&
        !connection->closes) {
        return UINT64_MAX;
    }
    return connection->ready_ms;
}

struct fake_hub_command *fake_hub_command(struct fake_hub *hub, const char *kind, const char *parameters)
{
    struct fake_hub_command *command;

    assert_true(hub->command_count < FAKE_HUB_COMMANDS);
    command = &hub->commands[hub->command_count];
    *command = (struct fake_hub_command){.state = FAKE_HUB_QUEUED, .expires_at = "2036-01-01T00:00:00.000Z"};
    (void)snprintf(command->id, sizeof command->id, "019b76da-a800-7c31-b9a4-0d2a4c1e9b%02zx",
                   hub->command_count);
    (void)snprintf(command->kind, sizeof command->kind, "%s", kind);
    (void)snprintf(command->parameters, sizeof command->parameters, "%s", parameters);
    hub->command_count++;
    return command;
}

const struct fake_hub_event *fake_hub_find_event(const struct fake_hub *hub, const char *id)
{
    for (size_t i = 0; i < hub->event_count; i++) {
        if (strcmp(hub->events[i].id, id) == 0) {
            return &hub->events[i];
        }
    }
    return NULL;
}
