#include "fake_flash.h"

#include "testing.h"

void fake_flash_init(struct fake_flash *flash)
{
    *flash = (struct fake_flash){.power_bytes = FAKE_FLASH_NEVER};
    memset(flash->data, 0xFF, sizeof flash->data);
}

void fake_flash_restore_power(struct fake_flash *flash)
{
    flash->power_bytes = FAKE_FLASH_NEVER;
    flash->is_dead = false;
}

/* How many of `len_bytes` happen before the power goes. */
static size_t spend(struct fake_flash *flash, size_t len_bytes)
{
    if (flash->power_bytes == FAKE_FLASH_NEVER) {
        flash->moved_bytes += len_bytes;
        return len_bytes;
    }
    if (flash->power_bytes < len_bytes) {
        len_bytes = (size_t)flash->power_bytes;
        flash->is_dead = true;
    }
    flash->power_bytes -= len_bytes;
    flash->moved_bytes += len_bytes;
    return len_bytes;
}

enum cam_status fake_flash_read(struct fake_flash *flash, uint32_t at, uint8_t *data, size_t len_bytes)
{
    assert_true(at <= sizeof flash->data && len_bytes <= sizeof flash->data - at);
    if (flash->is_dead || flash->fail_reads) {
        return CAM_IO;
    }
    memcpy(data, flash->data + at, len_bytes);
    return CAM_OK;
}

enum cam_status fake_flash_write(struct fake_flash *flash, uint32_t at, const uint8_t *data, size_t len_bytes)
{
    size_t done;

    assert_true(at <= sizeof flash->data && len_bytes <= sizeof flash->data - at);
    assert_true(at % 16 == 0 && len_bytes % 16 == 0);
    if (flash->is_dead || flash->fail_writes) {
        return CAM_IO;
    }
    flash->writes++;
    done = spend(flash, len_bytes);
    for (size_t i = 0; i < done; i++) {
        assert_int_equal(flash->data[at + i], 0xFF); /* each byte once between two erases */
        if (at + i < flash->bad_from || at + i >= flash->bad_to) {
            flash->data[at + i] = data[i];
        }
    }
    return flash->is_dead ? CAM_IO : CAM_OK;
}

enum cam_status fake_flash_erase(struct fake_flash *flash, uint32_t at)
{
    size_t done;

    assert_true(at % FAKE_FLASH_SECTOR_BYTES == 0 && at < sizeof flash->data);
    if (flash->is_dead || flash->fail_writes) {
        return CAM_IO;
    }
    done = spend(flash, FAKE_FLASH_SECTOR_BYTES);
    memset(flash->data + at + (flash->tear_from_end ? FAKE_FLASH_SECTOR_BYTES - done : 0), 0xFF, done);
    flash->erases[at / FAKE_FLASH_SECTOR_BYTES]++;
    return flash->is_dead ? CAM_IO : CAM_OK;
}

static enum cam_status port_read(void *context, uint32_t at, uint8_t *data, size_t len_bytes)
{
    return fake_flash_read(context, at, data, len_bytes);
}

static enum cam_status port_write(void *context, uint32_t at, const uint8_t *data, size_t len_bytes)
{
    return fake_flash_write(context, at, data, len_bytes);
}

static enum cam_status port_erase(void *context, uint32_t at)
{
    return fake_flash_erase(context, at);
}

void fake_flash_attach(struct fake_flash *flash, struct cam_port *port)
{
    *port = (struct cam_port){
        .context = flash, .flash_read = port_read, .flash_write = port_write, .flash_erase = port_erase};
}
