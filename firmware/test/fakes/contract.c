#include "contract.h"

#include <stdio.h>

#include "testing.h"

void contract_open(struct contract_vector *vector, const char *name)
{
    struct cam_json root;

    memset(vector, 0, sizeof *vector);
    if (cam_json_parse(vector->text, testing_load(name, vector->text, sizeof vector->text), &root) !=
            CAM_OK ||
        cam_json_find(root, "request", &vector->request) != CAM_OK ||
        cam_json_find(root, "response", &vector->response) != CAM_OK) {
        fail_msg("%s is no vector", name);
    }
    (void)cam_json_find(vector->request, "body", &vector->body);
    (void)cam_json_find(vector->response, "body", &vector->answer);
}

static struct cam_json find(struct cam_json object, const char *name)
{
    struct cam_json value = {0};

    if (cam_json_find(object, name, &value) != CAM_OK) {
        fail_msg("no %s in %.*s", name, (int)object.len_bytes, object.data);
    }
    return value;
}

void contract_read_string(struct cam_json object, const char *name, char *text, size_t cap_bytes)
{
    assert_int_equal(cam_json_read_string(find(object, name), text, cap_bytes), CAM_OK);
}

uint64_t contract_read_uint(struct cam_json object, const char *name)
{
    uint64_t number = 0;

    assert_int_equal(cam_json_read_uint(find(object, name), &number), CAM_OK);
    return number;
}

bool contract_read_bool(struct cam_json object, const char *name)
{
    bool flag = false;

    assert_int_equal(cam_json_read_bool(find(object, name), &flag), CAM_OK);
    return flag;
}

static bool is_omitted(const char *const *omitted, const char *name)
{
    for (; *omitted != NULL; omitted++) {
        if (strcmp(*omitted, name) == 0) {
            return true;
        }
    }
    return false;
}

/* As text without the white space between tokens (ours hold none within strings), or as numbers. */
static bool is_same(struct cam_json a, struct cam_json b)
{
    uint64_t one = 0;
    uint64_t two = 0;
    size_t i = 0;
    size_t j = 0;

    if (cam_json_read_milli(a, &one) == CAM_OK && cam_json_read_milli(b, &two) == CAM_OK) {
        return one == two;
    }
    for (;;) {
        while (i < a.len_bytes && (a.data[i] == ' ' || a.data[i] == '\n')) {
            i++;
        }
        while (j < b.len_bytes && (b.data[j] == ' ' || b.data[j] == '\n')) {
            j++;
        }
        if (i == a.len_bytes || j == b.len_bytes) {
            return i == a.len_bytes && j == b.len_bytes;
        }
        if (a.data[i++] != b.data[j++]) {
            return false;
        }
    }
}

static void expect_members(struct cam_json wanted, struct cam_json got, const char *const *omitted)
{
    struct cam_json name;
    struct cam_json value;
    struct cam_json other;
    char text[64];

    for (size_t at = 0; cam_json_next_member(wanted, &at, &name, &value) == CAM_OK;) {
        (void)snprintf(text, sizeof text, "%.*s", (int)name.len_bytes, name.data);
        if (!is_omitted(omitted, text) && !is_same(value, find(got, text))) {
            fail_msg("%s is not %.*s in %.*s", text, (int)value.len_bytes, value.data, (int)got.len_bytes,
                     got.data);
        }
    }
    for (size_t at = 0; cam_json_next_member(got, &at, &name, &value) == CAM_OK;) {
        (void)snprintf(text, sizeof text, "%.*s", (int)name.len_bytes, name.data);
        if (cam_json_find(wanted, text, &other) != CAM_OK) {
            fail_msg("%s is not in the contract", text);
        }
    }
}

static void expect_headers(const struct contract_vector *vector, const char *head, const char *token,
                           const char *const *omitted)
{
    struct cam_json name;
    struct cam_json value;
    char field[64];
    char text[512];
    char line[640];

    for (size_t at = 0;
         cam_json_next_member(find(vector->request, "headers"), &at, &name, &value) == CAM_OK;) {
        (void)snprintf(field, sizeof field, "%.*s", (int)name.len_bytes, name.data);
        if (is_omitted(omitted, field)) {
            continue;
        }
        assert_int_equal(cam_json_read_string(value, text, sizeof text), CAM_OK);
        (void)snprintf(line, sizeof line, "\r\n%s: %s%s\r\n", field,
                       strcmp(text, "Bearer {token}") == 0 ? "Bearer " : text,
                       strcmp(text, "Bearer {token}") == 0 ? token : "");
        if (strstr(head, line) == NULL) {
            fail_msg("no%s in %s", line, head);
        }
    }
}

void contract_expect_request(const struct contract_vector *vector, const char *sent, size_t sent_bytes,
                             const char *token, const char *const *omitted)
{
    static char head[2048];
    char line[512];
    char method[8];
    char path[256];
    const char *end;
    size_t body_bytes;
    struct cam_json got;

    assert_true(sent_bytes < sizeof head);
    memcpy(head, sent, sent_bytes);
    head[sent_bytes] = '\0';
    end = strstr(head, "\r\n\r\n");
    assert_non_null(end);
    body_bytes = sent_bytes - (size_t)(end + 4 - head);
    head[end + 4 - head] = '\0';
    contract_read_string(vector->request, "method", method, sizeof method);
    contract_read_string(vector->request, "path", path, sizeof path);
    (void)snprintf(line, sizeof line, "%s %s HTTP/1.1\r\nHost: ", method, path);
    assert_memory_equal(head, line, strlen(line));
    expect_headers(vector, head, token, omitted);
    if (vector->body.len_bytes == 0) {
        assert_int_equal(body_bytes, 0);
        return;
    }
    (void)snprintf(line, sizeof line, "\r\nContent-Length: %zu\r\n", body_bytes);
    assert_non_null(strstr(head, line));
    assert_int_equal(cam_json_parse(sent + sent_bytes - body_bytes, body_bytes, &got), CAM_OK);
    expect_members(vector->body, got, omitted);
}
