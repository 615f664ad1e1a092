/*
 * NOR flash in memory that holds callers to the rules (aligned, only into erased bytes), and loses power
 * where told. Once the power is gone every call fails until fake_flash_restore_power, as nothing runs then.
 */
#ifndef FAKE_FLASH_H
#define FAKE_FLASH_H

#include "cam/port.h"

#define FAKE_FLASH_BYTES (80u * 1024u)
#define FAKE_FLASH_SECTOR_BYTES 4096u
#define FAKE_FLASH_NEVER UINT64_MAX

struct fake_flash {
    uint8_t data[FAKE_FLASH_BYTES];
    uint64_t power_bytes; /* so many bytes are written or erased before the power goes */
    bool tear_from_end;   /* an erase that is cut has erased the sector's end, not its beginning */
    bool is_dead;
    bool fail_reads;
    bool fail_writes;  /* CAM_IO without writing */
    uint32_t bad_from; /* writes to [bad_from, bad_to) leave every bit as it is */
    uint32_t bad_to;
    uint64_t moved_bytes; /* written and erased so far */
    unsigned erases[FAKE_FLASH_BYTES / FAKE_FLASH_SECTOR_BYTES];
    unsigned writes;
};

void fake_flash_init(struct fake_flash *flash);
void fake_flash_restore_power(struct fake_flash *flash);

/* Fills in the flash functions of a port whose context is the flash. */
void fake_flash_attach(struct fake_flash *flash, struct cam_port *port);

enum cam_status fake_flash_read(struct fake_flash *flash, uint32_t at, uint8_t *data, size_t len_bytes);
enum cam_status fake_flash_write(struct fake_flash *flash, uint32_t at, const uint8_t *data,
                                 size_t len_bytes);
enum cam_status fake_flash_erase(struct fake_flash *flash, uint32_t at);

#endif
