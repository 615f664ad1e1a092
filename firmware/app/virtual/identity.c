#include "identity.h"

#include <stdio.h>
#include <string.h>

#include "cam/text.h"

#define MAC_BYTES 6

static bool make_id(const struct cam_port *port, char *id, size_t cap_bytes)
{
    uint8_t mac[MAC_BYTES];

    if (port->random(port->context, mac, sizeof mac) != CAM_OK) {
        return false;
    }
    mac[0] = (uint8_t)((mac[0] & 0xFCu) | 0x02u); /* locally administered, not a group's */
    (void)snprintf(id, cap_bytes, "%02X:%02X:%02X:%02X:%02X:%02X", mac[0], mac[1], mac[2], mac[3], mac[4],
                   mac[5]);
    return true;
}

bool identity_settle(const struct cam_port *port, const struct cam_area *settings_area, const char *wanted)
{
    static struct cam_settings_store s_store;
    static struct cam_settings s_settings;

    if (cam_settings_open(&s_store, port, settings_area, &s_settings) == CAM_IO) {
        (void)fputs("the state cannot be read\n", stderr);
        return false;
    }
    if (s_settings.device_id[0] != '\0') {
        if (wanted[0] == '\0' || strcmp(wanted, s_settings.device_id) == 0) {
            return true;
        }
        (void)fprintf(stderr,
                      "this state is that of camera %s: leave --id out, or give --state another folder\n",
                      s_settings.device_id);
        return false;
    }
    if (wanted[0] != '\0') {
        (void)cam_text_copy(s_settings.device_id, sizeof s_settings.device_id, wanted);
    } else if (!make_id(port, s_settings.device_id, sizeof s_settings.device_id)) {
        (void)fputs("the system gives no random numbers\n", stderr);
        return false;
    }
    if (cam_settings_save(&s_store, &s_settings) != CAM_OK) {
        (void)fputs("the state cannot be written\n", stderr);
        return false;
    }
    return true;
}
