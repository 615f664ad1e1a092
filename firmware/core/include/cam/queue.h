/*
 * Motion events that the hub has not confirmed yet, in flash: the newest CAM_QUEUE_CAPACITY, oldest first.
 * Once append has answered CAM_OK an event survives any power cut until it is acknowledged, or until more
 * newer ones than the capacity have come; those are counted. An acknowledgement that a power cut tears makes
 * the event be sent again under its id, which changes nothing at the hub.
 *
 * A confirmation is a record of its own instead of a mark in the event's, so that nothing is written twice
 * (flashlog.h).
 */
#ifndef CAM_QUEUE_H
#define CAM_QUEUE_H

#include "cam/flashlog.h"

#define CAM_QUEUE_CAPACITY 256u
#define CAM_BOOT_ID_BYTES 8

/* What is known of the wall clock at the event. The numbers are in flash. */
enum cam_clock_quality { CAM_CLOCK_UNSET = 0, CAM_CLOCK_SYNCED = 1 };

struct cam_event_record {
    uint32_t seq; /* counts up for the life of the flash; event ids are boot id and this */
    uint8_t boot_id[CAM_BOOT_ID_BYTES];
    uint64_t monotonic_ms; /* when it happened, by the clock of that boot */
    uint64_t wall_ms;      /* since 1970; 0 when the clock was unset */
    uint8_t score;         /* 0 to 100 */
    uint8_t quality;       /* enum cam_clock_quality */
    bool camera_enabled;
};

struct cam_queue {
    uint32_t dropped; /* since boot, for want of room or because flash lost them. To be read */

    /* Not to be touched. */
    struct cam_flashlog log;
    struct cam_flashlog_position oldest;
    uint32_t next_seq;
    uint32_t done_seq; /* this and all before are confirmed or dropped */
};

/*
 * The area must have room for twice the capacity beside one sector (events and confirmations mix): 6 sectors
 * of 4 KB, or 2 of 64 KB. CAM_OK, or CAM_IO: the flash cannot be read and the queue begins empty.
 */
enum cam_status cam_queue_open(struct cam_queue *queue, const struct cam_port *port,
                               const struct cam_area *area);

/* Fills in event->seq. CAM_OK: durable. CAM_IO: it is not; it is counted as dropped when the next one is
 * read. */
enum cam_status cam_queue_append(struct cam_queue *queue, struct cam_event_record *event);

/* The oldest; the same until it is confirmed. CAM_OK, CAM_EMPTY, CAM_IO. */
enum cam_status cam_queue_peek(struct cam_queue *queue, struct cam_event_record *event);

/* Confirms the event that peek gave, and all before it. CAM_OK; CAM_IO: after a restart it would come again.
 */
enum cam_status cam_queue_confirm(struct cam_queue *queue, uint32_t seq);

uint32_t cam_queue_depth(const struct cam_queue *queue);

#endif
