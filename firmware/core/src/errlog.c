#include "cam/errlog.h"

#include <string.h>

#include "cam/bytes.h"

#define RECORD_BYTES 64u
#define MAGIC 0x314c424eu /* "NBL1" */
#define KIND 'L'

enum cam_status cam_errlog_open(struct cam_errlog *errlog, const struct cam_port *port,
                                const struct cam_area *area)
{
    uint8_t user[CAM_FLASHLOG_USER_BYTES];
    struct cam_flashlog_position position;
    struct cam_errlog_entry entry;
    enum cam_status status;

    *errlog = (struct cam_errlog){.next_seq = 1};
    status = cam_flashlog_open(&errlog->log, port, area, RECORD_BYTES, MAGIC, user);
    if (status == CAM_IO) {
        return CAM_IO;
    }
    position = cam_flashlog_first(&errlog->log);
    while ((status = cam_errlog_next(errlog, &position, &entry)) == CAM_OK) {
        errlog->next_seq = entry.seq + 1;
    }
    errlog->usable = status == CAM_EMPTY;
    return errlog->usable ? CAM_OK : CAM_IO;
}

static bool is_power_of_two(uint32_t n)
{
    return (n & (n - 1)) == 0;
}

void cam_errlog_add(struct cam_errlog *errlog, const struct cam_errlog_entry *entry)
{
    static const uint8_t s_user[CAM_FLASHLOG_USER_BYTES] = {0};
    uint8_t record[RECORD_BYTES] = {KIND, entry->status};
    struct cam_errlog_entry *last = &errlog->last;
    uint32_t repeats = 1;

    if (last->repeats > 0 && last->status == entry->status && last->code == entry->code &&
        strncmp(last->text, entry->text, sizeof last->text) == 0) {
        repeats = last->repeats < UINT32_MAX ? last->repeats + 1 : last->repeats;
    }
    *last = *entry;
    last->repeats = repeats;
    last->seq = errlog->next_seq;
    if (!errlog->usable || !is_power_of_two(repeats)) {
        return;
    }
    memcpy(record + 2, entry->boot_id, sizeof entry->boot_id);
    cam_bytes_write_u48(record + 6, entry->monotonic_ms);
    cam_bytes_write_u48(record + 12, entry->wall_ms);
    cam_bytes_write_u32(record + 18, last->seq);
    cam_bytes_write_u32(record + 22, repeats);
    cam_bytes_write_u32(record + 26, (uint32_t)entry->code);
    memcpy(record + 30, entry->text, sizeof entry->text);
    (void)cam_flashlog_append(&errlog->log, record, s_user); /* where would one log that the log failed? */
    errlog->next_seq++;
}

enum cam_status cam_errlog_next(const struct cam_errlog *errlog, struct cam_flashlog_position *position,
                                struct cam_errlog_entry *entry)
{
    uint8_t record[RECORD_BYTES];
    enum cam_status status;

    while ((status = cam_flashlog_read(&errlog->log, position, record)) == CAM_GARBAGE ||
           (status == CAM_OK && record[0] != KIND)) {
        cam_flashlog_advance(&errlog->log, position);
    }
    if (status != CAM_OK) {
        return status;
    }
    cam_flashlog_advance(&errlog->log, position);
    entry->status = record[1];
    memcpy(entry->boot_id, record + 2, sizeof entry->boot_id);
    entry->monotonic_ms = cam_bytes_read_u48(record + 6);
    entry->wall_ms = cam_bytes_read_u48(record + 12);
    entry->seq = cam_bytes_read_u32(record + 18);
    entry->repeats = cam_bytes_read_u32(record + 22);
    entry->code = (int32_t)cam_bytes_read_u32(record + 26);
    memcpy(entry->text, record + 30, sizeof entry->text);
    entry->text[sizeof entry->text - 1] = '\0';
    return CAM_OK;
}
