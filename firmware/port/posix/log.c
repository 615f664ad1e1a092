#include "log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 512

static const char *const s_names[] = {"error", "warning", "info", "debug"};

void posix_log_write(enum cam_log_level level, const char *line)
{
    char text[LINE_BYTES];
    char seconds[sizeof "2026-01-01T00:00:00"];
    struct timespec now;
    struct tm utc;
    int len;
    size_t len_bytes;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    len = snprintf(text, sizeof text - 1, "%s.%03dZ %-7s %s", seconds, (int)(now.tv_nsec / 1000000),
                   s_names[level], line);
    len_bytes = len < 0 ? 0 : (size_t)len;
    len_bytes = len_bytes < sizeof text - 1 ? len_bytes : sizeof text - 2;
    text[len_bytes] = '\n';
    if (write(STDERR_FILENO, text, len_bytes + 1) < 0) {
        return; /* nobody reads the log; the camera goes on */
    }
}

bool posix_log_read_level(const char *name, enum cam_log_level *level)
{
    for (size_t i = 0; i < sizeof s_names / sizeof s_names[0]; i++) {
        if (strcmp(name, s_names[i]) == 0) {
            *level = (enum cam_log_level)i;
            return true;
        }
    }
    return false;
}
