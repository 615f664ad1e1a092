/* Who the camera is: kept in its settings from the first start on. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "cam/settings.h"

/*
 * `wanted` is canonical, or empty: what is kept, or at the first start a random address (locally
 * administered, so that it is no manufacturer's). False after saying on standard error what is wrong, as when
 * the state is another camera's.
 */
bool identity_settle(const struct cam_port *port, const struct cam_area *settings_area, const char *wanted);

#endif
