/* Any bytes: whatever passes the check can be walked and read without leaving the document. */
#include <stdlib.h>

#include "cam/json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

static void read_scalar(struct cam_json value)
{
    char text[32];
    uint64_t number = 0;
    bool flag = false;

    (void)cam_json_read_string(value, text, sizeof text);
    (void)cam_json_read_uint(value, &number);
    (void)cam_json_read_milli(value, &number);
    (void)cam_json_read_bool(value, &flag);
    (void)cam_json_equals(value, "registered");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    /* A copy of exactly this length, so that ASan sees a read past its end. */
    char *copy = malloc(len_bytes + 1);
    struct cam_json root;
    struct cam_json name;
    struct cam_json value;
    struct cam_json inner;
    size_t at = 0;
    size_t inner_at = 0;

    if (copy == NULL) {
        return 0;
    }
    for (size_t i = 0; i < len_bytes; i++) {
        copy[i + 1] = (char)data[i];
    }
    if (cam_json_parse(copy + 1, len_bytes, &root) == CAM_OK) {
        read_scalar(root);
        while (cam_json_next_member(root, &at, &name, &value) == CAM_OK) {
            read_scalar(value);
            inner_at = 0;
            while (cam_json_next(value, &inner_at, &inner) == CAM_OK) {
                read_scalar(inner);
                (void)cam_json_find(inner, "kind", &name);
            }
        }
        at = 0;
        while (cam_json_next(root, &at, &value) == CAM_OK) {
            read_scalar(value);
        }
    }
    free(copy);
    return 0;
}
