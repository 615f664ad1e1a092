#include "cam/queue.h"

#include <assert.h>
#include <string.h>

#include "cam/bytes.h"

#define RECORD_BYTES 32u
#define MAGIC 0x3151424eu /* "NBQ1" */

enum kind { KIND_CONFIRM = 'C', KIND_EVENT = 'E' };

/* Serial numbers: true also when they wrapped in between. */
static bool is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

static void write_user(const struct cam_queue *queue, uint8_t user[CAM_FLASHLOG_USER_BYTES])
{
    memset(user, 0, CAM_FLASHLOG_USER_BYTES);
    cam_bytes_write_u32(user, queue->next_seq);
    cam_bytes_write_u32(user + 4, queue->done_seq);
}

static enum cam_status append(struct cam_queue *queue, uint8_t record[RECORD_BYTES])
{
    uint8_t user[CAM_FLASHLOG_USER_BYTES];

    write_user(queue, user);
    return cam_flashlog_append(&queue->log, record, user);
}

static bool is_known(const uint8_t *record)
{
    return record[0] == KIND_EVENT || record[0] == KIND_CONFIRM;
}

static void decode(const uint8_t *record, struct cam_event_record *event)
{
    event->score = record[1];
    event->quality = record[2];
    event->camera_enabled = record[3] != 0;
    event->seq = cam_bytes_read_u32(record + 4);
    memcpy(event->boot_id, record + 8, CAM_BOOT_ID_BYTES);
    event->monotonic_ms = cam_bytes_read_u48(record + 16);
    event->wall_ms = cam_bytes_read_u48(record + 22);
}

/* More than the capacity: the oldest go. */
static void drop_excess(struct cam_queue *queue)
{
    uint32_t depth = cam_queue_depth(queue);

    if (depth > CAM_QUEUE_CAPACITY) {
        queue->dropped += depth - CAM_QUEUE_CAPACITY;
        queue->done_seq += depth - CAM_QUEUE_CAPACITY;
    }
}

enum cam_status cam_queue_open(struct cam_queue *queue, const struct cam_port *port,
                               const struct cam_area *area)
{
    uint8_t user[CAM_FLASHLOG_USER_BYTES];
    uint8_t record[RECORD_BYTES];
    struct cam_flashlog_position position;
    enum cam_status status;

    assert((area->sectors - 1) * (area->sector_bytes / RECORD_BYTES - 1) >= 2 * CAM_QUEUE_CAPACITY);
    *queue = (struct cam_queue){.next_seq = 1};
    status = cam_flashlog_open(&queue->log, port, area, RECORD_BYTES, MAGIC, user);
    queue->oldest = cam_flashlog_first(&queue->log);
    if (status != CAM_OK) {
        return status == CAM_EMPTY ? CAM_OK : CAM_IO;
    }
    queue->next_seq = cam_bytes_read_u32(user);
    queue->done_seq = cam_bytes_read_u32(user + 4);
    if (!is_after(queue->next_seq, queue->done_seq)) {
        queue->next_seq = queue->done_seq + 1;
    }
    position = queue->oldest;
    while ((status = cam_flashlog_read(&queue->log, &position, record)) != CAM_EMPTY) {
        uint32_t seq = cam_bytes_read_u32(record + 4);

        if (status == CAM_IO) {
            return CAM_IO;
        }
        /* A confirmation shows that there was an event, also when the flash has lost that one's record. */
        if (status == CAM_OK && is_known(record) && !is_after(queue->next_seq, seq)) {
            queue->next_seq = seq + 1;
        }
        if (status == CAM_OK && record[0] == KIND_CONFIRM && is_after(seq, queue->done_seq)) {
            queue->done_seq = seq;
        }
        cam_flashlog_advance(&queue->log, &position);
    }
    drop_excess(queue);
    queue->dropped = 0; /* those were counted in the boot that dropped them */
    return CAM_OK;
}

enum cam_status cam_queue_append(struct cam_queue *queue, struct cam_event_record *event)
{
    uint8_t record[RECORD_BYTES] = {KIND_EVENT, event->score, event->quality, event->camera_enabled ? 1 : 0};
    enum cam_status status;

    event->seq = queue->next_seq;
    cam_bytes_write_u32(record + 4, event->seq);
    memcpy(record + 8, event->boot_id, CAM_BOOT_ID_BYTES);
    cam_bytes_write_u48(record + 16, event->monotonic_ms);
    cam_bytes_write_u48(record + 22, event->wall_ms);
    status = append(queue, record);
    /* The number is used up also when that failed: parts of the record may be in flash. The gap is counted by
     * peek. */
    queue->next_seq++;
    drop_excess(queue);
    return status;
}

enum cam_status cam_queue_peek(struct cam_queue *queue, struct cam_event_record *event)
{
    uint8_t record[RECORD_BYTES];
    enum cam_status status;

    while (cam_queue_depth(queue) > 0) {
        status = cam_flashlog_read(&queue->log, &queue->oldest, record);
        if (status == CAM_IO) {
            return CAM_IO;
        }
        if (status == CAM_EMPTY) {
            /* Flash lost what was there. Confirmed, so that the next boot does not count it again. */
            queue->dropped += cam_queue_depth(queue);
            (void)cam_queue_confirm(queue, queue->next_seq - 1);
            break;
        }
        if (status == CAM_OK && record[0] == KIND_EVENT) {
            decode(record, event);
            if (is_after(event->seq, queue->done_seq) && is_after(queue->next_seq, event->seq)) {
                queue->dropped += event->seq - queue->done_seq - 1;
                queue->done_seq = event->seq - 1;
                return CAM_OK;
            }
        }
        cam_flashlog_advance(&queue->log, &queue->oldest);
    }
    return CAM_EMPTY;
}

enum cam_status cam_queue_confirm(struct cam_queue *queue, uint32_t seq)
{
    uint8_t record[RECORD_BYTES] = {KIND_CONFIRM};

    assert(is_after(seq, queue->done_seq) && is_after(queue->next_seq, seq));
    queue->done_seq = seq;
    cam_bytes_write_u32(record + 4, seq);
    return append(queue, record);
}

uint32_t cam_queue_depth(const struct cam_queue *queue)
{
    return queue->next_seq - 1 - queue->done_seq;
}
