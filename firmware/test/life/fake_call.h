/*
 * One whole request that the hub in memory received. Members of its body are found by plain search, not by
 * the core's own JSON reader, which is what is being tested.
 */
#ifndef FAKE_CALL_H
#define FAKE_CALL_H

#include "fake_hub.h"

struct fake_call {
    struct fake_hub *hub;
    struct fake_hub_connection *connection;
    const char *head;
    const char *body;
    size_t body_bytes;
};

/* Each is false, and the value empty or 0, when it is not there. Fails the test when it does not fit. */
bool fake_call_read_header(const struct fake_call *call, const char *name, char *value, size_t cap_bytes);
bool fake_call_read_text(const struct fake_call *call, const char *name, char *value, size_t cap_bytes);
bool fake_call_read_number(const struct fake_call *call, const char *name, uint64_t *value);
bool fake_call_is_true(const struct fake_call *call, const char *name);

/* Where the member's value begins, or NULL. */
const char *fake_call_find_member(const struct fake_call *call, const char *name);

#endif
