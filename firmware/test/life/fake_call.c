#include "fake_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "testing.h"

bool fake_call_read_header(const struct fake_call *call, const char *name, char *value, size_t cap_bytes)
{
    char key[64];
    const char *at;
    size_t len;

    value[0] = '\0';
    (void)snprintf(key, sizeof key, "\r\n%s: ", name);
    at = strcasestr(call->head, key);
    if (at == NULL || at >= call->body) {
        return false;
    }
    at += strlen(key);
    len = strcspn(at, "\r");
    assert_true(len < cap_bytes);
    memcpy(value, at, len);
    value[len] = '\0';
    return true;
}

const char *fake_call_find_member(const struct fake_call *call, const char *name)
{
    char key[64];
    const char *at;

    (void)snprintf(key, sizeof key, "\"%s\":", name);
    at = strstr(call->body, key);
    return at == NULL ? NULL : at + strlen(key);
}

bool fake_call_read_text(const struct fake_call *call, const char *name, char *value, size_t cap_bytes)
{
    const char *at = fake_call_find_member(call, name);
    size_t len;

    value[0] = '\0';
    if (at == NULL || *at != '"') {
        return false;
    }
    len = strcspn(at + 1, "\"");
    assert_true(len < cap_bytes);
    memcpy(value, at + 1, len);
    value[len] = '\0';
    return true;
}

bool fake_call_read_number(const struct fake_call *call, const char *name, uint64_t *value)
{
    const char *at = fake_call_find_member(call, name);

    *value = 0;
    if (at == NULL || *at < '0' || *at > '9') {
        return false;
    }
    *value = strtoull(at, NULL, 10);
    return true;
}

bool fake_call_is_true(const struct fake_call *call, const char *name)
{
    const char *at = fake_call_find_member(call, name);

    return at != NULL && strncmp(at, "true", 4) == 0;
}
