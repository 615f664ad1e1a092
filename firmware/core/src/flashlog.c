#include "cam/flashlog.h"

#include <assert.h>
#include <string.h>

#include "cam/bytes.h"

#define HEADER_BYTES 32u
#define TRIES 3

static uint32_t address(const struct cam_flashlog *log, uint32_t sector, uint32_t slot)
{
    return log->area.at + sector * log->area.sector_bytes + slot * log->record_bytes;
}

static enum cam_status read_flash(const struct cam_flashlog *log, uint32_t sector, uint32_t slot,
                                  uint8_t *data, size_t len_bytes)
{
    return log->port->flash_read(log->port->context, address(log, sector, slot), data, len_bytes);
}

static void seal(uint8_t *data, size_t len_bytes)
{
    cam_bytes_write_u32(data + len_bytes - CAM_FLASHLOG_CRC_BYTES,
                        cam_bytes_sum_crc32(0, data, len_bytes - CAM_FLASHLOG_CRC_BYTES));
}

static bool is_sealed(const uint8_t *data, size_t len_bytes)
{
    return cam_bytes_read_u32(data + len_bytes - CAM_FLASHLOG_CRC_BYTES) ==
           cam_bytes_sum_crc32(0, data, len_bytes - CAM_FLASHLOG_CRC_BYTES);
}

/* Layout: magic, sequence number, user, CRC. CAM_OK, CAM_GARBAGE, CAM_IO. */
static enum cam_status read_header(const struct cam_flashlog *log, uint32_t sector, uint32_t *seq,
                                   uint8_t *user)
{
    uint8_t header[HEADER_BYTES];
    enum cam_status status = read_flash(log, sector, 0, header, sizeof header);

    if (status != CAM_OK) {
        return CAM_IO;
    }
    if (cam_bytes_read_u32(header) != log->magic || !is_sealed(header, sizeof header)) {
        return CAM_GARBAGE;
    }
    *seq = cam_bytes_read_u32(header + 4);
    memcpy(user, header + 8, CAM_FLASHLOG_USER_BYTES);
    return CAM_OK;
}

static uint32_t previous(const struct cam_flashlog *log, uint32_t sector)
{
    return sector == 0 ? log->area.sectors - 1 : sector - 1;
}

static uint32_t following(const struct cam_flashlog *log, uint32_t sector)
{
    return sector + 1 == log->area.sectors ? 0 : sector + 1;
}

/* Behind the last place that is not erased: a torn record takes its place too. */
static enum cam_status find_free_slot(struct cam_flashlog *log)
{
    uint8_t record[CAM_FLASHLOG_RECORD_MAX_BYTES];

    for (log->slot = log->slots; log->slot > 1; log->slot--) {
        if (read_flash(log, log->sector, log->slot - 1, record, log->record_bytes) != CAM_OK) {
            return CAM_IO;
        }
        if (!cam_bytes_are_erased(record, log->record_bytes)) {
            break;
        }
    }
    return CAM_OK;
}

enum cam_status cam_flashlog_open(struct cam_flashlog *log, const struct cam_port *port,
                                  const struct cam_area *area, uint32_t record_bytes, uint32_t magic,
                                  uint8_t user[CAM_FLASHLOG_USER_BYTES])
{
    uint8_t other_user[CAM_FLASHLOG_USER_BYTES];
    enum cam_status status;
    uint32_t seq;
    bool found = false;

    assert(area->sectors >= 2 && record_bytes >= HEADER_BYTES &&
           record_bytes <= CAM_FLASHLOG_RECORD_MAX_BYTES);
    *log = (struct cam_flashlog){
        .port = port,
        .area = *area,
        .magic = magic,
        .record_bytes = record_bytes,
        .slots = area->sector_bytes / record_bytes,
    };
    memset(user, 0, CAM_FLASHLOG_USER_BYTES);
    for (uint32_t sector = 0; sector < area->sectors; sector++) {
        status = read_header(log, sector, &seq, other_user);
        if (status == CAM_IO) {
            return CAM_IO;
        }
        if (status == CAM_OK && (!found || (int32_t)(seq - log->sector_seq) > 0)) {
            found = true;
            log->sector = sector;
            log->sector_seq = seq;
            memcpy(user, other_user, sizeof other_user);
        }
    }
    if (!found) {
        /* As if the last sector were full: the first append begins sector 0. */
        log->sector = area->sectors - 1;
        log->slot = log->slots;
        return CAM_EMPTY;
    }
    log->chain = 1;
    for (uint32_t sector = previous(log, log->sector); log->chain < area->sectors;
         sector = previous(log, sector)) {
        if (read_header(log, sector, &seq, other_user) != CAM_OK || seq != log->sector_seq - log->chain) {
            break;
        }
        log->chain++;
    }
    return find_free_slot(log);
}

static enum cam_status begin_sector(struct cam_flashlog *log, const uint8_t *user)
{
    uint8_t header[HEADER_BYTES];
    uint8_t check[HEADER_BYTES];
    uint32_t sector = following(log, log->sector);

    if (log->chain == log->area.sectors) {
        log->chain--;
    }
    cam_bytes_write_u32(header, log->magic);
    cam_bytes_write_u32(header + 4, log->sector_seq + 1);
    memcpy(header + 8, user, CAM_FLASHLOG_USER_BYTES);
    seal(header, sizeof header);
    if (log->port->flash_erase(log->port->context, address(log, sector, 0)) != CAM_OK ||
        log->port->flash_write(log->port->context, address(log, sector, 0), header, sizeof header) !=
            CAM_OK ||
        read_flash(log, sector, 0, check, sizeof check) != CAM_OK ||
        memcmp(header, check, sizeof check) != 0) {
        return CAM_IO;
    }
    log->sector = sector;
    log->sector_seq++;
    log->slot = 1;
    log->chain++;
    return CAM_OK;
}

enum cam_status cam_flashlog_append(struct cam_flashlog *log, uint8_t *record,
                                    const uint8_t user[CAM_FLASHLOG_USER_BYTES])
{
    uint8_t check[CAM_FLASHLOG_RECORD_MAX_BYTES];

    seal(record, log->record_bytes);
    for (int i = 0; i < TRIES; i++) {
        uint32_t slot;

        if (log->slot == log->slots && begin_sector(log, user) != CAM_OK) {
            continue;
        }
        slot = log->slot++;
        if (log->port->flash_write(log->port->context, address(log, log->sector, slot), record,
                                   log->record_bytes) == CAM_OK &&
            read_flash(log, log->sector, slot, check, log->record_bytes) == CAM_OK &&
            memcmp(record, check, log->record_bytes) == 0) {
            return CAM_OK;
        }
    }
    return CAM_IO;
}

struct cam_flashlog_position cam_flashlog_first(const struct cam_flashlog *log)
{
    struct cam_flashlog_position position = {
        .sector = log->sector,
        .slot = log->chain == 0 ? log->slots : 1,
        .sector_seq = log->sector_seq,
    };

    for (uint32_t i = 1; i < log->chain; i++) {
        position.sector = previous(log, position.sector);
        position.sector_seq--;
    }
    return position;
}

enum cam_status cam_flashlog_read(const struct cam_flashlog *log, struct cam_flashlog_position *position,
                                  uint8_t *record)
{
    if (log->sector_seq - position->sector_seq >= log->chain) {
        *position = cam_flashlog_first(log);
    }
    if (position->slot == log->slots && position->sector_seq != log->sector_seq) {
        position->sector = following(log, position->sector);
        position->sector_seq++;
        position->slot = 1;
    }
    if (position->sector_seq == log->sector_seq && position->slot >= log->slot) {
        return CAM_EMPTY;
    }
    if (read_flash(log, position->sector, position->slot, record, log->record_bytes) != CAM_OK) {
        return CAM_IO;
    }
    return is_sealed(record, log->record_bytes) ? CAM_OK : CAM_GARBAGE;
}

void cam_flashlog_advance(const struct cam_flashlog *log, struct cam_flashlog_position *position)
{
    if (position->slot < log->slots) {
        position->slot++;
    }
}
