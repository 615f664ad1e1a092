/* Lines of log on standard error: UTC with milliseconds, level, text. */
#ifndef POSIX_LOG_H
#define POSIX_LOG_H

#include "cam/port.h"

/* One write a line, so that lines of several processes do not mix. What is too long is cut. */
void posix_log_write(enum cam_log_level level, const char *line);

/* "error", "warning", "info" or "debug"; false for anything else. */
bool posix_log_read_level(const char *name, enum cam_log_level *level);

#endif
