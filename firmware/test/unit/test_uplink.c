#include "cam/uplink.h"

#include <stdio.h>

#include "cam/json_reader.h"
#include "testing.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define HEAD "POST /api/heartbeat HTTP/1.1\r\n\r\n"
#define STREAM "picture"
#define TIMEOUT_MS 3000u
#define START_MS 1000u

static struct cam_uplink s_uplink;
static char s_body[4096];
static char s_sent[256];
static size_t s_sent_bytes;

static int setup(void **state)
{
    (void)state;
    cam_uplink_init(&s_uplink, s_body, sizeof s_body);
    s_sent_bytes = 0;
    return 0;
}

static void begin(const char *stream)
{
    s_sent_bytes = 0;
    cam_uplink_begin(&s_uplink, (const uint8_t *)HEAD, strlen(HEAD), (const uint8_t *)stream,
                     stream == NULL ? 0 : strlen(stream), TIMEOUT_MS, START_MS);
}

static void send_some(size_t most_bytes)
{
    const uint8_t *data;
    size_t len_bytes;

    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_SEND);
    cam_uplink_next_send(&s_uplink, &data, &len_bytes);
    assert_true(len_bytes > 0);
    len_bytes = len_bytes < most_bytes ? len_bytes : most_bytes;
    assert_true(len_bytes <= sizeof s_sent - s_sent_bytes);
    memcpy(s_sent + s_sent_bytes, data, len_bytes);
    s_sent_bytes += len_bytes;
    cam_uplink_sent(&s_uplink, CAM_OK, len_bytes);
}

static void send_all(void)
{
    while (cam_uplink_want(&s_uplink) == CAM_UPLINK_SEND) {
        send_some(SIZE_MAX);
    }
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_RECEIVE);
}

static void receive(const char *text)
{
    cam_uplink_received(&s_uplink, CAM_OK, (const uint8_t *)text, strlen(text));
}

static void connect_now(void)
{
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_CONNECT);
    cam_uplink_connected(&s_uplink, CAM_OK, START_MS + 10);
}

static void close_now(void)
{
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_CLOSE);
    cam_uplink_closed(&s_uplink);
}

static void expect_done(enum cam_status outcome)
{
    assert_true(cam_uplink_is_done(&s_uplink));
    assert_false(cam_uplink_is_idle(&s_uplink));
    if (s_uplink.outcome != outcome) {
        fail_msg("%s instead of %s", cam_status_name(s_uplink.outcome), cam_status_name(outcome));
    }
    assert_int_equal(cam_uplink_deadline_ms(&s_uplink), UINT64_MAX);
}

/* One exchange that leaves a connection that is kept. */
static void make_kept_connection(void)
{
    begin(NULL);
    connect_now();
    send_all();
    receive(OK_ANSWER);
    expect_done(CAM_OK);
    cam_uplink_finish(&s_uplink);
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_NOTHING);
}

static void test_exchange_over_a_new_connection(void **state)
{
    (void)state;
    assert_true(cam_uplink_is_idle(&s_uplink));
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_NOTHING);
    begin(STREAM);
    assert_false(cam_uplink_is_idle(&s_uplink));
    connect_now();
    send_all();
    assert_int_equal(s_sent_bytes, strlen(HEAD STREAM));
    assert_memory_equal(s_sent, HEAD STREAM, s_sent_bytes);
    receive(OK_ANSWER);
    expect_done(CAM_OK);
    assert_true(s_uplink.connected);
    assert_int_equal(s_uplink.sent_ms, START_MS + 10);
    assert_int_equal(s_uplink.answer.status, 200);
    assert_memory_equal(s_uplink.answer.body, "hi", 2);
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_NOTHING);
    cam_uplink_finish(&s_uplink);
    assert_true(cam_uplink_is_idle(&s_uplink));
}

static void test_kept_connection_is_used_again(void **state)
{
    (void)state;
    make_kept_connection();
    begin(NULL);
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_SEND);
    assert_true(s_uplink.connected);
    assert_int_equal(s_uplink.sent_ms, START_MS);
    assert_int_equal(cam_uplink_deadline_ms(&s_uplink), START_MS + TIMEOUT_MS);
    send_all();
    receive(OK_ANSWER);
    expect_done(CAM_OK);
}

static void test_request_is_sent_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < strlen(HEAD STREAM); piece++) {
        (void)setup(NULL);
        begin(STREAM);
        connect_now();
        while (cam_uplink_want(&s_uplink) == CAM_UPLINK_SEND) {
            send_some(piece);
        }
        assert_int_equal(s_sent_bytes, strlen(HEAD STREAM));
        assert_memory_equal(s_sent, HEAD STREAM, s_sent_bytes);
        assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_RECEIVE);
    }
}

static void test_again_changes_nothing(void **state)
{
    struct cam_uplink before;

    (void)state;
    begin(STREAM);
    before = s_uplink;
    cam_uplink_connected(&s_uplink, CAM_AGAIN, START_MS + 1);
    assert_memory_equal(&s_uplink, &before, sizeof before);
    connect_now();
    before = s_uplink;
    cam_uplink_sent(&s_uplink, CAM_AGAIN, 0);
    cam_uplink_received(&s_uplink, CAM_AGAIN, NULL, 0);
    assert_memory_equal(&s_uplink, &before, sizeof before);
    send_all();
    before = s_uplink;
    cam_uplink_received(&s_uplink, CAM_AGAIN, NULL, 0);
    assert_memory_equal(&s_uplink, &before, sizeof before);
}

static void test_what_comes_when_nothing_was_asked_for_changes_nothing(void **state)
{
    struct cam_uplink before;

    (void)state;
    make_kept_connection();
    before = s_uplink;
    cam_uplink_connected(&s_uplink, CAM_OK, START_MS);
    cam_uplink_sent(&s_uplink, CAM_OK, 5);
    receive(OK_ANSWER);
    cam_uplink_received(&s_uplink, CAM_CLOSED, NULL, 0);
    cam_uplink_tick(&s_uplink, START_MS + 100000000u);
    assert_true(cam_uplink_is_idle(&s_uplink));
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_NOTHING);
    assert_int_equal(s_uplink.answer.status, before.answer.status);
}

static void test_nobody_there(void **state)
{
    static const enum cam_status s_failures[] = {CAM_IO, CAM_NOT_FOUND, CAM_CLOSED};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_failures); i++) {
        (void)setup(NULL);
        begin(NULL);
        cam_uplink_connected(&s_uplink, s_failures[i], START_MS + 1);
        expect_done(s_failures[i]);
        assert_false(s_uplink.connected);
        /* The port may hold something of the failed connection. */
        close_now();
        cam_uplink_finish(&s_uplink);
        begin(NULL);
        connect_now();
    }
}

static void test_connecting_ends_after_5_seconds(void **state)
{
    (void)state;
    begin(NULL);
    assert_int_equal(cam_uplink_deadline_ms(&s_uplink), START_MS + 5000);
    cam_uplink_tick(&s_uplink, START_MS + 4999);
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_CONNECT);
    cam_uplink_tick(&s_uplink, START_MS + 5000);
    expect_done(CAM_TIMEOUT);
    assert_false(s_uplink.connected);
    close_now();
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_NOTHING);
}

static void test_time_counts_from_the_connection_and_a_drip_does_not_move_it(void **state)
{
    static const char s_drip[] = "HTTP/1.1 200 OK\r\n";

    (void)state;
    begin(NULL);
    cam_uplink_connected(&s_uplink, CAM_OK, START_MS + 4000);
    assert_int_equal(cam_uplink_deadline_ms(&s_uplink), START_MS + 4000 + TIMEOUT_MS);
    send_all();
    for (uint64_t i = 0; i < sizeof s_drip - 1; i++) {
        cam_uplink_tick(&s_uplink, START_MS + 4000 + i * 150);
        cam_uplink_received(&s_uplink, CAM_OK, (const uint8_t *)s_drip + i, 1);
    }
    cam_uplink_tick(&s_uplink, START_MS + 4000 + TIMEOUT_MS - 1);
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_RECEIVE);
    cam_uplink_tick(&s_uplink, START_MS + 4000 + TIMEOUT_MS);
    expect_done(CAM_TIMEOUT);
    assert_true(s_uplink.connected);
    close_now();
}

static void test_sending_that_stalls_ends(void **state)
{
    (void)state;
    begin(STREAM);
    connect_now();
    send_some(3);
    cam_uplink_tick(&s_uplink, START_MS + 10 + TIMEOUT_MS);
    expect_done(CAM_TIMEOUT);
    close_now();
}

static void fail_kept(int way)
{
    if (way == 0) {
        send_some(7);
        cam_uplink_sent(&s_uplink, CAM_CLOSED, 0);
        assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_RECEIVE);
    } else {
        send_all();
    }
    cam_uplink_received(&s_uplink, way == 1 ? CAM_CLOSED : CAM_IO, NULL, 0);
}

static void test_kept_connection_that_was_closed_is_replaced_once(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        (void)setup(NULL);
        make_kept_connection();
        begin(STREAM);
        fail_kept(way);
        assert_false(cam_uplink_is_done(&s_uplink));
        close_now();
        s_sent_bytes = 0;
        connect_now();
        assert_int_equal(s_uplink.sent_ms, START_MS + 10);
        send_all();
        assert_int_equal(s_sent_bytes, strlen(HEAD STREAM));
        assert_memory_equal(s_sent, HEAD STREAM, s_sent_bytes);
        cam_uplink_received(&s_uplink, CAM_CLOSED, NULL, 0);
        expect_done(CAM_CLOSED);
        assert_true(s_uplink.connected);
        close_now();
    }
}

/* A long poll whose hub restarts after half a minute: the new connection has its own 5 s. */
static void test_replacement_has_its_own_time_to_connect(void **state)
{
    (void)state;
    make_kept_connection();
    cam_uplink_begin(&s_uplink, (const uint8_t *)HEAD, strlen(HEAD), NULL, 0, 60000, START_MS);
    send_all();
    cam_uplink_tick(&s_uplink, START_MS + 30000);
    cam_uplink_received(&s_uplink, CAM_CLOSED, NULL, 0);
    assert_int_equal(cam_uplink_deadline_ms(&s_uplink), START_MS + 35000);
    close_now();
    cam_uplink_tick(&s_uplink, START_MS + 30001);
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_CONNECT);
    cam_uplink_tick(&s_uplink, START_MS + 35000);
    expect_done(CAM_TIMEOUT);
    assert_false(s_uplink.connected);
}

static void test_failure_of_a_new_connection_is_not_repeated(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        (void)setup(NULL);
        begin(STREAM);
        connect_now();
        fail_kept(way);
        expect_done(way == 1 ? CAM_CLOSED : CAM_IO);
        close_now();
    }
}

static void test_answer_that_began_is_not_repeated(void **state)
{
    (void)state;
    make_kept_connection();
    begin(NULL);
    send_all();
    receive("H");
    cam_uplink_received(&s_uplink, CAM_CLOSED, NULL, 0);
    expect_done(CAM_CLOSED);
    close_now();
}

static void test_refusal_before_the_picture_was_sent(void **state)
{
    (void)state;
    make_kept_connection();
    begin(STREAM);
    send_some(SIZE_MAX);
    send_some(2);
    receive("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    expect_done(CAM_OK);
    assert_int_equal(s_uplink.answer.status, 413);
    /* The rest of the picture would be read as the next request. */
    close_now();
}

static void test_refusal_is_read_after_sending_failed(void **state)
{
    (void)state;
    begin(STREAM);
    connect_now();
    send_some(4);
    cam_uplink_sent(&s_uplink, CAM_IO, 0);
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_RECEIVE);
    receive("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    expect_done(CAM_OK);
    assert_int_equal(s_uplink.answer.status, 401);
    close_now();
}

static void test_connection_that_ends_with_its_answer_is_closed(void **state)
{
    static const char *const s_answers[] = {
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        OK_ANSWER "HTTP/1.1 200 OK\r\n", /* nobody asked for this: no answer to the next request */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_answers); i++) {
        (void)setup(NULL);
        begin(NULL);
        connect_now();
        send_all();
        receive(s_answers[i]);
        expect_done(CAM_OK);
        assert_memory_equal(s_uplink.answer.body, "hi", 2);
        cam_uplink_finish(&s_uplink);
        /* The next exchange may begin before the old connection is closed. */
        begin(NULL);
        close_now();
        connect_now();
    }
}

static void test_body_that_ends_with_the_connection(void **state)
{
    (void)state;
    begin(NULL);
    connect_now();
    send_all();
    receive("HTTP/1.1 200 OK\r\n\r\nhi");
    assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_RECEIVE);
    cam_uplink_received(&s_uplink, CAM_CLOSED, NULL, 0);
    expect_done(CAM_OK);
    assert_int_equal(s_uplink.answer.body_len_bytes, 2);
    close_now();
}

static void test_reset_is_no_end_of_a_body(void **state)
{
    (void)state;
    begin(NULL);
    connect_now();
    send_all();
    receive("HTTP/1.1 200 OK\r\n\r\nhi");
    cam_uplink_received(&s_uplink, CAM_IO, NULL, 0);
    expect_done(CAM_IO);
    close_now();
}

static void test_abort_in_every_state(void **state)
{
    (void)state;
    for (int stage = 0; stage < 6; stage++) {
        (void)setup(NULL);
        if (stage == 5) {
            make_kept_connection();
        } else if (stage > 0) {
            begin(STREAM);
        }
        if (stage > 1 && stage < 5) {
            connect_now();
        }
        if (stage > 2 && stage < 5) {
            send_all();
        }
        if (stage == 4) {
            receive(OK_ANSWER);
        }
        cam_uplink_abort(&s_uplink);
        assert_true(cam_uplink_is_idle(&s_uplink));
        assert_int_equal(cam_uplink_deadline_ms(&s_uplink), UINT64_MAX);
        if (stage > 0) {
            close_now();
        }
        assert_int_equal(cam_uplink_want(&s_uplink), CAM_UPLINK_NOTHING);
        begin(NULL);
        connect_now();
        send_all();
        assert_int_equal(s_sent_bytes, strlen(HEAD));
    }
}

static void check_vector(struct cam_json vector)
{
    static char s_answer[256 * 1024];
    static const struct {
        const char *name;
        enum cam_status status;
    } s_outcomes[] = {
        {"ok", CAM_OK}, {"cut", CAM_CLOSED}, {"garbage", CAM_GARBAGE}, {"too_long", CAM_TOO_LONG}};
    struct cam_json expect;
    struct cam_json value;
    char name[64];
    char path[128];
    bool keep_alive = false;
    size_t len_bytes;

    assert_int_equal(cam_json_find(vector, "name", &value), CAM_OK);
    assert_int_equal(cam_json_read_string(value, name, sizeof name), CAM_OK);
    (void)snprintf(path, sizeof path, "http/answers/%s.http", name);
    len_bytes = testing_load(path, s_answer, sizeof s_answer);
    (void)setup(NULL);
    begin(NULL);
    connect_now();
    send_all();
    for (size_t at = 0; at < len_bytes && cam_uplink_want(&s_uplink) == CAM_UPLINK_RECEIVE; at += 1000) {
        size_t now_bytes = len_bytes - at < 1000 ? len_bytes - at : 1000;
        cam_uplink_received(&s_uplink, CAM_OK, (const uint8_t *)s_answer + at, now_bytes);
    }
    cam_uplink_received(&s_uplink, CAM_CLOSED, NULL, 0);
    assert_int_equal(cam_json_find(vector, "expect", &expect), CAM_OK);
    assert_int_equal(cam_json_find(expect, "outcome", &value), CAM_OK);
    for (size_t i = 0; i < COUNT_OF(s_outcomes); i++) {
        if (cam_json_equals(value, s_outcomes[i].name)) {
            expect_done(s_outcomes[i].status);
        }
    }
    if (cam_json_find(expect, "keep_alive", &value) == CAM_OK) {
        assert_int_equal(cam_json_read_bool(value, &keep_alive), CAM_OK);
    }
    if (cam_uplink_want(&s_uplink) != (keep_alive ? CAM_UPLINK_NOTHING : CAM_UPLINK_CLOSE)) {
        fail_msg("%s: connection %s", name, keep_alive ? "not kept" : "kept");
    }
}

static void test_contract_answers(void **state)
{
    static char s_index[64 * 1024];
    struct cam_json index;
    struct cam_json answers;
    struct cam_json vector;
    size_t at = 0;
    int count = 0;

    (void)state;
    assert_int_equal(
        cam_json_parse(s_index, testing_load("http/index.json", s_index, sizeof s_index), &index), CAM_OK);
    assert_int_equal(cam_json_find(index, "answers", &answers), CAM_OK);
    for (; cam_json_next(answers, &at, &vector) == CAM_OK; count++) {
        check_vector(vector);
    }
    assert_true(count >= 37);
}

#define FRESH(function) cmocka_unit_test_setup(function, setup)

RUN(FRESH(test_exchange_over_a_new_connection), FRESH(test_kept_connection_is_used_again),
    FRESH(test_request_is_sent_in_pieces_of_any_size), FRESH(test_again_changes_nothing),
    FRESH(test_what_comes_when_nothing_was_asked_for_changes_nothing), FRESH(test_nobody_there),
    FRESH(test_connecting_ends_after_5_seconds),
    FRESH(test_time_counts_from_the_connection_and_a_drip_does_not_move_it),
    FRESH(test_sending_that_stalls_ends), FRESH(test_kept_connection_that_was_closed_is_replaced_once),
    FRESH(test_replacement_has_its_own_time_to_connect),
    FRESH(test_failure_of_a_new_connection_is_not_repeated), FRESH(test_answer_that_began_is_not_repeated),
    FRESH(test_refusal_before_the_picture_was_sent), FRESH(test_refusal_is_read_after_sending_failed),
    FRESH(test_connection_that_ends_with_its_answer_is_closed),
    FRESH(test_body_that_ends_with_the_connection), FRESH(test_reset_is_no_end_of_a_body),
    FRESH(test_abort_in_every_state), FRESH(test_contract_answers))
