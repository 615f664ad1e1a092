/*
 * What is where in the 4 MB flash image: one definition for the firmware and for mkflash. Sectors have 64 KB.
 * All data sectors are as the core writes them (settings.h, queue.h, errlog.h), so that an image can be made
 * and read on a workstation with the core's own code.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "cam/flashlog.h"

#define LAYOUT_SECTOR_BYTES 0x10000u
#define LAYOUT_FLASH_BYTES 0x400000u

#define LAYOUT_FIRMWARE_AT 0x000000u /* its first bytes are the reset vector */
#define LAYOUT_FIRMWARE_BYTES 0x100000u
#define LAYOUT_SCENE_AT 0x100000u /* a scene pack, firmware/scenes/README.md */
#define LAYOUT_SCENE_BYTES 0x280000u
#define LAYOUT_DATA_AT 0x380000u /* the firmware writes only from here on */

#define LAYOUT_SEED_AREA ((struct cam_area){0x380000u, LAYOUT_SECTOR_BYTES, 2})
#define LAYOUT_SETTINGS_AREA ((struct cam_area){0x3A0000u, LAYOUT_SECTOR_BYTES, 2})
#define LAYOUT_QUEUE_AREA ((struct cam_area){0x3C0000u, LAYOUT_SECTOR_BYTES, 2})
#define LAYOUT_LOG_AREA ((struct cam_area){0x3E0000u, LAYOUT_SECTOR_BYTES, 2})

#endif
