#include "cam/http_reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "cam/json_reader.h"
#include "testing.h"

static char s_index[64 * 1024];
static char s_answer[256 * 1024];
static char s_body[4096];

/* As the camera sees it: pieces of `piece_bytes`, then the end of the connection. */
static enum cam_status read_all(struct cam_http_reader *reader, const char *data, size_t len_bytes,
                                size_t piece_bytes)
{
    enum cam_status status = CAM_AGAIN;
    size_t used_bytes = 0;

    cam_http_reader_init(reader, s_body, sizeof s_body);
    for (size_t at = 0; at < len_bytes && status == CAM_AGAIN; at += used_bytes) {
        size_t now_bytes = len_bytes - at < piece_bytes ? len_bytes - at : piece_bytes;
        status = cam_http_reader_feed(reader, data + at, now_bytes, &used_bytes);
        assert_true(status != CAM_AGAIN || used_bytes == now_bytes);
    }
    return status == CAM_AGAIN ? cam_http_reader_end(reader) : status;
}

static enum cam_status read_text(struct cam_http_reader *reader, const char *text)
{
    return read_all(reader, text, strlen(text), 1);
}

/* JSON texts are equal here if they are once white space between tokens is gone. Ours hold none within
 * strings. */
static bool same_json(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t i = 0;
    size_t j = 0;

    for (;;) {
        while (i < a_bytes && (a[i] == ' ' || a[i] == '\n')) {
            i++;
        }
        while (j < b_bytes && (b[j] == ' ' || b[j] == '\n')) {
            j++;
        }
        if (i == a_bytes || j == b_bytes) {
            return i == a_bytes && j == b_bytes;
        }
        if (a[i++] != b[j++]) {
            return false;
        }
    }
}

static void check_vector(struct cam_json vector, size_t piece_bytes)
{
    static const struct {
        const char *name;
        enum cam_status status;
    } s_outcomes[] = {
        {"ok", CAM_OK}, {"cut", CAM_CLOSED}, {"garbage", CAM_GARBAGE}, {"too_long", CAM_TOO_LONG}};
    struct cam_http_reader reader;
    struct cam_json expect;
    struct cam_json value;
    char name[64];
    char path[128];
    uint64_t number;
    bool keep_alive;
    size_t len_bytes;
    enum cam_status wanted = CAM_STATUS_COUNT;
    enum cam_status got;

    assert_int_equal(cam_json_find(vector, "name", &value), CAM_OK);
    assert_int_equal(cam_json_read_string(value, name, sizeof name), CAM_OK);
    assert_int_equal(cam_json_find(vector, "expect", &expect), CAM_OK);
    assert_int_equal(cam_json_find(expect, "outcome", &value), CAM_OK);
    for (size_t i = 0; i < COUNT_OF(s_outcomes); i++) {
        if (cam_json_equals(value, s_outcomes[i].name)) {
            wanted = s_outcomes[i].status;
        }
    }
    (void)snprintf(path, sizeof path, "http/answers/%s.http", name);
    len_bytes = testing_load(path, s_answer, sizeof s_answer);
    got = read_all(&reader, s_answer, len_bytes, piece_bytes);
    if (got != wanted) {
        fail_msg("%s in pieces of %zu: %s instead of %s", name, piece_bytes, cam_status_name(got),
                 cam_status_name(wanted));
    }
    if (cam_json_find(expect, "status", &value) == CAM_OK) {
        assert_int_equal(cam_json_read_uint(value, &number), CAM_OK);
        assert_int_equal((uint64_t)reader.status, number);
    }
    if (cam_json_find(expect, "body", &value) == CAM_OK &&
        !same_json(value.data, value.len_bytes, reader.body, reader.body_len_bytes)) {
        fail_msg("%s: body %.*s", name, (int)reader.body_len_bytes, reader.body);
    }
    if (wanted != CAM_OK) {
        assert_int_equal(reader.body_len_bytes, 0);
        return;
    }
    assert_int_equal(cam_json_find(expect, "keep_alive", &value), CAM_OK);
    assert_int_equal(cam_json_read_bool(value, &keep_alive), CAM_OK);
    if (reader.keep_alive != keep_alive) {
        fail_msg("%s: keep_alive is %d", name, reader.keep_alive);
    }
    number = 0;
    if (cam_json_find(expect, "retry_after_s", &value) == CAM_OK) {
        assert_int_equal(cam_json_read_uint(value, &number), CAM_OK);
    }
    if (reader.retry_after_s != number) {
        fail_msg("%s: retry_after_s is %llu", name, (unsigned long long)reader.retry_after_s);
    }
}

static void test_contract_answers_in_pieces_of_any_size(void **state)
{
    static const size_t s_pieces[] = {1, 2, 3, 7, 64, 1000, sizeof s_answer};
    struct cam_json index;
    struct cam_json answers;
    struct cam_json vector;
    size_t at = 0;
    int count = 0;

    (void)state;
    assert_int_equal(
        cam_json_parse(s_index, testing_load("http/index.json", s_index, sizeof s_index), &index), CAM_OK);
    assert_int_equal(cam_json_find(index, "answers", &answers), CAM_OK);
    while (cam_json_next(answers, &at, &vector) == CAM_OK) {
        for (size_t i = 0; i < COUNT_OF(s_pieces); i++) {
            check_vector(vector, s_pieces[i]);
        }
        count++;
    }
    assert_true(count >= 37);
}

static void test_outcomes_of_single_answers(void **state)
{
    static const struct {
        const char *text;
        enum cam_status status;
    } s_cases[] = {
        {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", CAM_OK},
        {"HTTP/1.1 200\n\nbare line feeds", CAM_OK},
        {"HTTP/1.1 304 Not Modified\r\n\r\n", CAM_OK},
        {"HTTP/1.1 2000 OK\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 2x0 OK\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 20x OK\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 600 OK\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1\r\n", CAM_GARBAGE},
        {"HTTP/2.0 200 OK\r\n", CAM_GARBAGE},
        {"HTTP/1.1_200 OK\r\n", CAM_GARBAGE},
        {"HTTP/1.x 200 OK\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\n: no name\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nName : space\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nName\t: tab\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\tfolded\r\nContent-Length: 0\r\n\r\n", CAM_OK},
        {"HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\nhello", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length:\t5\t\r\n\r\nhello", CAM_OK},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 \t;x\r\na\r\n0\r\nTrailer: 1\r\n\r\n",
         CAM_OK},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1x\r\n", CAM_GARBAGE},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1001\r\n", CAM_TOO_LONG},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff000000000000000\r\n", CAM_GARBAGE},
        {"HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
         CAM_OK},
    };
    struct cam_http_reader reader;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        enum cam_status got = read_text(&reader, s_cases[i].text);
        if (got != s_cases[i].status) {
            fail_msg("%s: %s", s_cases[i].text, cam_status_name(got));
        }
    }
}

static void test_connection_close_is_found_in_a_list(void **state)
{
    static const struct {
        const char *value;
        bool keep_alive;
    } s_cases[] = {{"keep-alive", true},          {"close", false},
                   {"Upgrade, CLOSE", false},     {"closed", true},
                   {"keep-alive,\tclose", false}, {"", true}};
    struct cam_http_reader reader;
    char text[256];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_cases); i++) {
        (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nConnection: %s\r\nContent-Length: 0\r\n\r\n",
                       s_cases[i].value);
        assert_int_equal(read_text(&reader, text), CAM_OK);
        assert_int_equal(reader.keep_alive, s_cases[i].keep_alive);
    }
}

static void test_long_lines_of_headers_that_matter(void **state)
{
    static char text[1024];
    struct cam_http_reader reader;
    char blanks[200];

    (void)state;
    memset(blanks, ' ', sizeof blanks);
    blanks[sizeof blanks - 1] = '\0';
    (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length:%s5\r\n\r\nhello", blanks);
    assert_int_equal(read_text(&reader, text), CAM_GARBAGE);
    (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nTransfer-Encoding:%schunked\r\n\r\n", blanks);
    assert_int_equal(read_text(&reader, text), CAM_GARBAGE);
    (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nConnection:%sclose\r\nContent-Length: 0\r\n\r\n",
                   blanks);
    assert_int_equal(read_text(&reader, text), CAM_OK);
    assert_false(reader.keep_alive);
    memset(blanks, 'x', sizeof blanks - 1);
    (void)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%s: 1\r\nContent-Length: 0\r\n\r\n", blanks);
    assert_int_equal(read_text(&reader, text), CAM_OK);
}

static void test_heads_without_end_stop_at_the_limit(void **state)
{
    static const char *const s_endless[] = {"X: 1\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "x"};
    struct cam_http_reader reader;
    size_t used_bytes;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(s_endless); i++) {
        const char *first = i == 1 ? "" : "HTTP/1.1 200 OK\r\n";
        enum cam_status status = CAM_AGAIN;
        size_t fed_bytes = 0;

        cam_http_reader_init(&reader, s_body, sizeof s_body);
        (void)cam_http_reader_feed(&reader, first, strlen(first), &used_bytes);
        while (status == CAM_AGAIN) {
            status = cam_http_reader_feed(&reader, s_endless[i], strlen(s_endless[i]), &used_bytes);
            fed_bytes += strlen(s_endless[i]);
        }
        assert_int_equal(status, CAM_TOO_LONG);
        assert_in_range(fed_bytes, CAM_HTTP_READER_HEAD_MAX_BYTES - 100,
                        CAM_HTTP_READER_HEAD_MAX_BYTES + 100);
    }
}

static void test_body_to_the_end_stops_at_the_limit(void **state)
{
    struct cam_http_reader reader;
    size_t used_bytes;

    (void)state;
    memset(s_answer, 'x', sizeof s_answer);
    cam_http_reader_init(&reader, s_body, sizeof s_body);
    assert_int_equal(cam_http_reader_feed(&reader, "HTTP/1.1 200 OK\r\n\r\n", 19, &used_bytes), CAM_AGAIN);
    assert_int_equal(cam_http_reader_feed(&reader, s_answer, 4096, &used_bytes), CAM_AGAIN);
    assert_int_equal(cam_http_reader_feed(&reader, s_answer, 1, &used_bytes), CAM_TOO_LONG);
    assert_int_equal(reader.status, 200);
    /* It stays so. */
    assert_int_equal(cam_http_reader_feed(&reader, s_answer, 1, &used_bytes), CAM_TOO_LONG);
    assert_int_equal(used_bytes, 0);
    assert_int_equal(cam_http_reader_end(&reader), CAM_TOO_LONG);
}

static void test_two_answers_in_one_piece(void **state)
{
    static const char s_two[] =
        "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    struct cam_http_reader reader;
    size_t used_bytes;
    size_t rest_bytes;

    (void)state;
    cam_http_reader_init(&reader, s_body, sizeof s_body);
    assert_int_equal(cam_http_reader_feed(&reader, s_two, sizeof s_two - 1, &used_bytes), CAM_OK);
    assert_int_equal(used_bytes, 27);
    assert_int_equal(cam_http_reader_end(&reader), CAM_OK);
    cam_http_reader_init(&reader, s_body, sizeof s_body);
    rest_bytes = sizeof s_two - 1 - used_bytes;
    assert_int_equal(cam_http_reader_feed(&reader, s_two + used_bytes, rest_bytes, &used_bytes), CAM_OK);
    assert_memory_equal(reader.body, "hi", 2);
}

static void test_every_cut_of_a_good_answer_is_cut(void **state)
{
    struct cam_http_reader reader;
    size_t len_bytes = testing_load("http/answers/200-chunked.http", s_answer, sizeof s_answer);

    (void)state;
    for (size_t cut = 0; cut < len_bytes; cut++) {
        assert_int_equal(read_all(&reader, s_answer, cut, 5), CAM_CLOSED);
    }
}

RUN(TEST(test_contract_answers_in_pieces_of_any_size), TEST(test_outcomes_of_single_answers),
    TEST(test_connection_close_is_found_in_a_list), TEST(test_long_lines_of_headers_that_matter),
    TEST(test_heads_without_end_stop_at_the_limit), TEST(test_body_to_the_end_stops_at_the_limit),
    TEST(test_two_answers_in_one_piece), TEST(test_every_cut_of_a_good_answer_is_cut))
