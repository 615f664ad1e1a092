#include "cam/settings.h"

#include <assert.h>
#include <string.h>

#include "cam/bytes.h"
#include "cam/text.h"

#define MAGIC 0x3153424eu /* "NBS1" */
#define HEADER_BYTES 16u  /* magic, sequence number, length, CRC over the last two and the content */

enum tag {
    TAG_DEVICE_ID = 1,
    TAG_HUB_HOST,
    TAG_HUB_PORT,
    TAG_FOUND_HOST,
    TAG_FOUND_PORT,
    TAG_ENROLMENT_KEY,
    TAG_TOKEN,
    TAG_TOKEN_EXPIRES,
    TAG_SECRET,
    TAG_REBOOT_COMMAND,
    TAG_PRIVACY_FLAGS,
    TAG_PRIVACY_GENERATION,
    TAG_HEARTBEAT_INTERVAL,
    TAG_MOTION_THRESHOLD,
    TAG_FRAME_SIZE,
    TAG_JPEG_QUALITY,
    TAG_BROWNOUTS,
};

void cam_settings_init(struct cam_settings *settings)
{
    *settings = (struct cam_settings){
        .heartbeat_interval_s = 60,
        .motion_threshold_milli = 10000,
        .frame_size = CAM_FRAME_SVGA,
        .jpeg_quality = 12,
    };
}

struct output {
    uint8_t *data;
    size_t cap_bytes;
    size_t len_bytes;
    bool overflow;
};

static void add(struct output *out, enum tag tag, const void *value, size_t len_bytes)
{
    if (out->overflow || len_bytes + 2 > out->cap_bytes - out->len_bytes) {
        out->overflow = true;
        return;
    }
    out->data[out->len_bytes] = (uint8_t)tag;
    out->data[out->len_bytes + 1] = (uint8_t)len_bytes;
    memcpy(out->data + out->len_bytes + 2, value, len_bytes);
    out->len_bytes += len_bytes + 2;
}

static void add_string(struct output *out, enum tag tag, const char *value)
{
    if (value[0] != '\0') {
        add(out, tag, value, strlen(value));
    }
}

static void add_number(struct output *out, enum tag tag, uint64_t value)
{
    uint8_t bytes[6];

    cam_bytes_write_u48(bytes, value);
    add(out, tag, bytes, sizeof bytes);
}

size_t cam_settings_encode(const struct cam_settings *settings, uint8_t *data, size_t cap_bytes)
{
    struct output out = {.data = data, .cap_bytes = cap_bytes};

    add_string(&out, TAG_DEVICE_ID, settings->device_id);
    add_string(&out, TAG_HUB_HOST, settings->hub_host);
    add_number(&out, TAG_HUB_PORT, settings->hub_port);
    add_string(&out, TAG_FOUND_HOST, settings->found_host);
    add_number(&out, TAG_FOUND_PORT, settings->found_port);
    add_string(&out, TAG_ENROLMENT_KEY, settings->enrolment_key);
    add_string(&out, TAG_TOKEN, settings->token);
    add_number(&out, TAG_TOKEN_EXPIRES, settings->token_expires_ms);
    if (settings->has_secret) {
        add(&out, TAG_SECRET, settings->secret, sizeof settings->secret);
    }
    add_string(&out, TAG_REBOOT_COMMAND, settings->reboot_command);
    add_number(&out, TAG_PRIVACY_FLAGS,
               (settings->privacy_known ? 1u : 0u) | (settings->privacy_locked ? 2u : 0u) |
                   (settings->privacy_unreported ? 4u : 0u));
    add_number(&out, TAG_PRIVACY_GENERATION, settings->privacy_generation);
    add_number(&out, TAG_HEARTBEAT_INTERVAL, settings->heartbeat_interval_s);
    add_number(&out, TAG_MOTION_THRESHOLD, settings->motion_threshold_milli);
    add_number(&out, TAG_FRAME_SIZE, settings->frame_size);
    add_number(&out, TAG_JPEG_QUALITY, settings->jpeg_quality);
    add_number(&out, TAG_BROWNOUTS, settings->brownouts);
    return out.overflow ? 0 : out.len_bytes;
}

/* A value that does not fit is left as it was: a newer firmware may allow more. */
static void read_string(char *to, size_t cap_bytes, const uint8_t *value, size_t len_bytes)
{
    if (len_bytes < cap_bytes && memchr(value, 0, len_bytes) == NULL) {
        memcpy(to, value, len_bytes);
        to[len_bytes] = '\0';
    }
}

/* Little-endian of any length up to 8; `max` is the field's limit. */
static bool read_number(uint64_t *result, uint64_t max, const uint8_t *value, size_t len_bytes)
{
    uint64_t number = 0;

    if (len_bytes == 0 || len_bytes > 8) {
        return false;
    }
    for (size_t i = len_bytes; i > 0; i--) {
        number = number << 8 | value[i - 1];
    }
    if (number > max) {
        return false;
    }
    *result = number;
    return true;
}

static void read_tag(struct cam_settings *settings, unsigned tag, const uint8_t *value, size_t len_bytes)
{
    uint64_t number;

    switch (tag) {
    case TAG_DEVICE_ID:
        read_string(settings->device_id, sizeof settings->device_id, value, len_bytes);
        break;
    case TAG_HUB_HOST:
        read_string(settings->hub_host, sizeof settings->hub_host, value, len_bytes);
        break;
    case TAG_HUB_PORT:
        if (read_number(&number, UINT16_MAX, value, len_bytes)) {
            settings->hub_port = (uint16_t)number;
        }
        break;
    case TAG_FOUND_HOST:
        read_string(settings->found_host, sizeof settings->found_host, value, len_bytes);
        break;
    case TAG_FOUND_PORT:
        if (read_number(&number, UINT16_MAX, value, len_bytes)) {
            settings->found_port = (uint16_t)number;
        }
        break;
    case TAG_ENROLMENT_KEY:
        read_string(settings->enrolment_key, sizeof settings->enrolment_key, value, len_bytes);
        break;
    case TAG_TOKEN:
        read_string(settings->token, sizeof settings->token, value, len_bytes);
        break;
    case TAG_TOKEN_EXPIRES:
        (void)read_number(&settings->token_expires_ms, (uint64_t)1 << 48, value, len_bytes);
        break;
    case TAG_SECRET:
        if (len_bytes == sizeof settings->secret) {
            memcpy(settings->secret, value, len_bytes);
            settings->has_secret = true;
        }
        break;
    case TAG_REBOOT_COMMAND:
        read_string(settings->reboot_command, sizeof settings->reboot_command, value, len_bytes);
        break;
    case TAG_PRIVACY_FLAGS:
        if (read_number(&number, UINT32_MAX, value, len_bytes)) {
            settings->privacy_known = (number & 1) != 0;
            settings->privacy_locked = (number & 2) != 0;
            settings->privacy_unreported = (number & 4) != 0;
        }
        break;
    case TAG_PRIVACY_GENERATION:
        if (read_number(&number, UINT32_MAX, value, len_bytes)) {
            settings->privacy_generation = (uint32_t)number;
        }
        break;
    case TAG_HEARTBEAT_INTERVAL:
        if (read_number(&number, 3600, value, len_bytes) && number >= 1) {
            settings->heartbeat_interval_s = (uint16_t)number;
        }
        break;
    case TAG_MOTION_THRESHOLD:
        if (read_number(&number, 100000, value, len_bytes)) {
            settings->motion_threshold_milli = (uint32_t)number;
        }
        break;
    case TAG_FRAME_SIZE:
        if (read_number(&number, CAM_FRAME_SIZES - 1, value, len_bytes)) {
            settings->frame_size = (uint8_t)number;
        }
        break;
    case TAG_JPEG_QUALITY:
        if (read_number(&number, 63, value, len_bytes)) {
            settings->jpeg_quality = (uint8_t)number;
        }
        break;
    case TAG_BROWNOUTS:
        if (read_number(&number, UINT32_MAX, value, len_bytes)) {
            settings->brownouts = (uint32_t)number;
        }
        break;
    default:
        break;
    }
}

enum cam_status cam_settings_decode(struct cam_settings *settings, const uint8_t *data, size_t len_bytes)
{
    size_t at = 0;

    cam_settings_init(settings);
    while (at < len_bytes) {
        if (len_bytes - at < 2 || data[at + 1] > len_bytes - at - 2) {
            cam_settings_init(settings);
            return CAM_GARBAGE;
        }
        read_tag(settings, data[at], data + at + 2, data[at + 1]);
        at += 2u + data[at + 1];
    }
    return CAM_OK;
}

static enum cam_status read_flash(const struct cam_settings_store *store, uint32_t at, uint8_t *data,
                                  size_t len_bytes)
{
    return store->port->flash_read(store->port->context, store->area.at + at, data, len_bytes);
}

/* Reads the slot into scratch. CAM_OK with its number and the content's length; CAM_GARBAGE; CAM_IO. */
static enum cam_status read_slot(struct cam_settings_store *store, uint32_t at, uint32_t *seq,
                                 size_t *len_bytes)
{
    uint8_t *scratch = store->scratch;

    if (read_flash(store, at, scratch, sizeof store->scratch) != CAM_OK) {
        return CAM_IO;
    }
    *seq = cam_bytes_read_u32(scratch + 4);
    *len_bytes = cam_bytes_read_u32(scratch + 8);
    if (cam_bytes_read_u32(scratch) != MAGIC || *len_bytes > sizeof store->scratch - HEADER_BYTES ||
        cam_bytes_sum_crc32(cam_bytes_sum_crc32(0, scratch + 4, 8), scratch + HEADER_BYTES, *len_bytes) !=
            cam_bytes_read_u32(scratch + 12)) {
        return CAM_GARBAGE;
    }
    return CAM_OK;
}

static uint32_t area_bytes(const struct cam_settings_store *store)
{
    return store->area.sectors * store->area.sector_bytes;
}

enum cam_status cam_settings_open(struct cam_settings_store *store, const struct cam_port *port,
                                  const struct cam_area *area, struct cam_settings *settings)
{
    uint32_t seq;
    size_t len_bytes;

    assert(area->sectors == 2 && area->sector_bytes % CAM_SETTINGS_SLOT_BYTES == 0);
    store->port = port;
    store->area = *area;
    store->has_record = false;
    store->seq = 0;
    store->at = 0;
    cam_settings_init(settings);
    for (uint32_t at = 0; at < area_bytes(store); at += CAM_SETTINGS_SLOT_BYTES) {
        enum cam_status status = read_slot(store, at, &seq, &len_bytes);
        if (status == CAM_IO) {
            return CAM_IO;
        }
        if (status == CAM_OK && (!store->has_record || (int32_t)(seq - store->seq) > 0)) {
            store->has_record = true;
            store->seq = seq;
            store->at = at;
            store->sum = cam_bytes_sum_crc32(0, store->scratch + HEADER_BYTES, len_bytes);
        }
    }
    if (!store->has_record) {
        return CAM_EMPTY;
    }
    if (read_slot(store, store->at, &seq, &len_bytes) != CAM_OK) {
        return CAM_IO;
    }
    return cam_settings_decode(settings, store->scratch + HEADER_BYTES, len_bytes);
}

/* The first place of the sector behind which nothing was written. CAM_NOT_FOUND when the sector is full. */
static enum cam_status find_free(struct cam_settings_store *store, uint32_t sector, uint32_t *at)
{
    uint32_t start = sector * store->area.sector_bytes;
    uint32_t free_at = start + store->area.sector_bytes;

    while (free_at > start) {
        uint32_t slot = free_at - CAM_SETTINGS_SLOT_BYTES;
        if (read_flash(store, slot, store->scratch, sizeof store->scratch) != CAM_OK ||
            !cam_bytes_are_erased(store->scratch, sizeof store->scratch)) {
            break;
        }
        free_at = slot;
    }
    *at = free_at;
    return free_at < start + store->area.sector_bytes ? CAM_OK : CAM_NOT_FOUND;
}

/* Where the next record goes; erases the sector that does not hold the newest one if there is no place left.
 */
static enum cam_status find_place(struct cam_settings_store *store, uint32_t *at)
{
    uint32_t sector = store->at / store->area.sector_bytes;

    if (store->has_record) {
        if (find_free(store, sector, at) == CAM_OK) {
            return CAM_OK;
        }
        sector = 1 - sector;
    }
    if (find_free(store, sector, at) == CAM_OK) {
        return CAM_OK;
    }
    *at = sector * store->area.sector_bytes;
    return store->port->flash_erase(store->port->context, store->area.at + *at);
}

static enum cam_status write_record(struct cam_settings_store *store, const struct cam_settings *settings)
{
    uint8_t *scratch = store->scratch;
    uint32_t at;
    uint32_t seq;
    uint32_t sum;
    size_t len_bytes;

    if (find_place(store, &at) != CAM_OK) {
        return CAM_IO;
    }
    memset(scratch, 0xFF, sizeof store->scratch);
    len_bytes = cam_settings_encode(settings, scratch + HEADER_BYTES, sizeof store->scratch - HEADER_BYTES);
    sum = cam_bytes_sum_crc32(0, scratch + HEADER_BYTES, len_bytes);
    cam_bytes_write_u32(scratch, MAGIC);
    cam_bytes_write_u32(scratch + 4, store->seq + 1);
    cam_bytes_write_u32(scratch + 8, (uint32_t)len_bytes);
    cam_bytes_write_u32(scratch + 12, cam_bytes_sum_crc32(cam_bytes_sum_crc32(0, scratch + 4, 8),
                                                          scratch + HEADER_BYTES, len_bytes));
    if (store->port->flash_write(store->port->context, store->area.at + at, scratch,
                                 (HEADER_BYTES + len_bytes + 15) / 16 * 16) != CAM_OK ||
        read_slot(store, at, &seq, &len_bytes) != CAM_OK || seq != store->seq + 1) {
        return CAM_IO;
    }
    store->has_record = true;
    store->seq = seq;
    store->at = at;
    store->sum = sum;
    return CAM_OK;
}

enum cam_status cam_settings_save(struct cam_settings_store *store, const struct cam_settings *settings)
{
    size_t len_bytes = cam_settings_encode(settings, store->scratch, sizeof store->scratch);

    assert(len_bytes > 0 && len_bytes <= sizeof store->scratch - HEADER_BYTES);
    if (store->has_record && cam_bytes_sum_crc32(0, store->scratch, len_bytes) == store->sum) {
        return CAM_OK;
    }
    /* A second place if the first one turns out to be bad. */
    return write_record(store, settings) == CAM_OK ? CAM_OK : write_record(store, settings);
}
