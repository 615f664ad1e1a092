/* One exchange of integration/contract, opened; the views point into `text`. */
#ifndef CONTRACT_H
#define CONTRACT_H

#include "cam/json_reader.h"

struct contract_vector {
    char text[64 * 1024];
    struct cam_json request;
    struct cam_json response;
    struct cam_json body;   /* of the request; 0 bytes when it is no JSON */
    struct cam_json answer; /* the response's body; 0 bytes when there is none */
};

/* Fails the test when the file is not there or is no vector. `name` like "motion/full.json". */
void contract_open(struct contract_vector *vector, const char *name);

/* Members that must be there and of that type. */
void contract_read_string(struct cam_json object, const char *name, char *text, size_t cap_bytes);
uint64_t contract_read_uint(struct cam_json object, const char *name);
bool contract_read_bool(struct cam_json object, const char *name);

/*
 * Fails the test unless `sent` is the vector's request: its method, its path, its headers ({token} stands for
 * `token`), its JSON members with equal values, and no others. `omitted` ends with NULL: what the contract
 * lets a client leave out, or what has another value here.
 */
void contract_expect_request(const struct contract_vector *vector, const char *sent, size_t sent_bytes,
                             const char *token, const char *const *omitted);

#endif
