#include "cam/mdns.h"

#include <string.h>

#include "cam/text.h"

#define HEADER_BYTES 12u
#define MAX_JUMPS 8

static void put_u16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static unsigned get_u16(const uint8_t *from)
{
    return (unsigned)from[0] << 8 | from[1];
}

size_t cam_mdns_write_query(uint8_t *data, size_t cap_bytes, const char *name, enum cam_mdns_type type)
{
    size_t name_bytes = strlen(name);
    size_t label_at = HEADER_BYTES;
    size_t len_bytes = HEADER_BYTES + name_bytes + 2 + 4;

    if (name_bytes >= CAM_MDNS_NAME_BYTES || len_bytes > cap_bytes) {
        return 0;
    }
    memset(data, 0, len_bytes);
    put_u16(data + 4, 1);
    for (size_t i = 0; i <= name_bytes; i++) {
        if (name[i] == '.' || name[i] == '\0') {
            data[label_at] = (uint8_t)(HEADER_BYTES + i - label_at);
            label_at = HEADER_BYTES + i + 1;
        } else {
            data[HEADER_BYTES + i + 1] = (uint8_t)name[i];
        }
    }
    put_u16(data + len_bytes - 4, type);
    put_u16(data + len_bytes - 2, 0x8001); /* class IN; the top bit asks for a unicast answer */
    return len_bytes;
}

/*
 * Reads the name at `*at` with dots, and moves `*at` behind it. False when the datagram is broken. A name
 * that does not fit is read as the empty one.
 */
static bool read_name(const uint8_t *data, size_t len_bytes, size_t *at, char text[CAM_MDNS_NAME_BYTES])
{
    struct cam_text out;
    size_t place = *at;
    int jumps = 0;

    cam_text_init(&out, text, CAM_MDNS_NAME_BYTES);
    for (;;) {
        unsigned label;

        if (place >= len_bytes) {
            return false;
        }
        label = data[place];
        if (label >= 0xC0) {
            if (len_bytes - place < 2 || jumps == MAX_JUMPS) {
                return false;
            }
            if (jumps++ == 0) {
                *at = place + 2;
            }
            place = get_u16(data + place) & 0x3FFF;
            continue;
        }
        if (label >= 0x40 || label > len_bytes - place - 1) {
            return false;
        }
        if (label == 0) {
            break;
        }
        if (out.len_bytes > 0) {
            cam_text_add(&out, ".");
        }
        cam_text_add_bytes(&out, (const char *)data + place + 1, label);
        place += 1 + label;
    }
    if (jumps == 0) {
        *at = place + 1;
    }
    (void)cam_text_end(&out);
    return true;
}

static bool equal(const char *a, const char *b)
{
    return cam_text_equal_ignoring_case(a, strlen(a), b);
}

/* "Nestbox on pi._nestbox._tcp.local" belongs to "_nestbox._tcp.local". */
static bool is_instance_of(const char *instance, const char *service)
{
    size_t instance_bytes = strlen(instance);
    size_t service_bytes = strlen(service);

    return instance_bytes > service_bytes + 1 && instance[instance_bytes - service_bytes - 1] == '.' &&
           equal(instance + instance_bytes - service_bytes, service);
}

/* Only what a host name is made of goes into a Host header. */
static bool is_host(const char *name)
{
    return name[0] != '\0' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")] == '\0';
}

struct record {
    char name[CAM_MDNS_NAME_BYTES];
    unsigned type;
    size_t data_at;
    size_t data_bytes;
};

static bool read_record(const uint8_t *data, size_t len_bytes, size_t *at, struct record *record)
{
    if (!read_name(data, len_bytes, at, record->name) || len_bytes - *at < 10) {
        return false;
    }
    record->type = get_u16(data + *at);
    record->data_bytes = get_u16(data + *at + 8);
    record->data_at = *at + 10;
    if (record->data_bytes > len_bytes - record->data_at) {
        return false;
    }
    *at = record->data_at + record->data_bytes;
    return true;
}

static void take_service(const uint8_t *data, size_t len_bytes, const struct record *record,
                         struct cam_mdns_answer *answer)
{
    size_t at = record->data_at + 6;

    if (answer->has_service || record->data_bytes < 7) {
        return;
    }
    if (read_name(data, len_bytes, &at, answer->target) && is_host(answer->target)) {
        answer->port = (uint16_t)get_u16(data + record->data_at + 4);
        answer->has_service = answer->port != 0;
    }
}

/* Twice over the records: the address may stand before the service that names its host. */
bool cam_mdns_read(const uint8_t *data, size_t len_bytes, const char *name, enum cam_mdns_type type,
                   struct cam_mdns_answer *answer)
{
    *answer = (struct cam_mdns_answer){0};
    for (int pass = 0; pass < 2; pass++) {
        size_t at = HEADER_BYTES;
        unsigned questions;
        unsigned records;
        struct record record;

        if (len_bytes < HEADER_BYTES || (data[2] & 0x80) == 0) {
            return false; /* too short, or a question */
        }
        questions = get_u16(data + 4);
        records = get_u16(data + 6) + get_u16(data + 8) + get_u16(data + 10);
        for (; questions > 0; questions--) {
            if (!read_name(data, len_bytes, &at, record.name) || len_bytes - at < 4) {
                return false;
            }
            at += 4;
        }
        for (; records > 0 && read_record(data, len_bytes, &at, &record); records--) {
            const char *host = type == CAM_MDNS_A ? name : answer->target;

            if (record.type == CAM_MDNS_SRV && type == CAM_MDNS_PTR && is_instance_of(record.name, name)) {
                take_service(data, len_bytes, &record, answer);
            }
            if (record.type == CAM_MDNS_A && record.data_bytes == 4 && host[0] != '\0' &&
                equal(record.name, host)) {
                memcpy(answer->address, data + record.data_at, 4);
                answer->has_address = true;
            }
        }
    }
    return answer->has_service || answer->has_address;
}
