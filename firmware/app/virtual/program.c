#include "program.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cam/text.h"

#define RESTART_MARK "VIRTUAL_CAMERA_RESTARTED"

static char **s_argv;
static bool s_was_restarted;

void program_init(char **argv)
{
    s_argv = argv;
    s_was_restarted = getenv(RESTART_MARK) != NULL;
    (void)unsetenv(RESTART_MARK);
}

/* /proc is Linux's; elsewhere the name that the program was called by has to do. */
static bool program_path(char *path, size_t cap_bytes)
{
    ssize_t len = readlink("/proc/self/exe", path, cap_bytes - 1);

    if (len > 0 && (size_t)len < cap_bytes - 1) {
        path[len] = '\0';
        return true;
    }
    return cam_text_copy(path, cap_bytes, s_argv[0]);
}

bool program_folder(char *folder, size_t cap_bytes)
{
    char *slash;

    if (!program_path(folder, cap_bytes)) {
        return false;
    }
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        return cam_text_copy(folder, cap_bytes, ".");
    }
    *slash = '\0';
    return true;
}

const char *program_reset_reason(void)
{
    return s_was_restarted ? "software" : "power_on";
}

void program_restart(void)
{
    const struct sigaction ignored = {.sa_handler = SIG_IGN};

    /* Until the new program has its own handler, the privacy switch must not end it. */
    (void)sigaction(SIGUSR1, &ignored, NULL);
    if (setenv(RESTART_MARK, "1", 1) == 0) {
        (void)execv("/proc/self/exe", s_argv);
        (void)execvp(s_argv[0], s_argv);
    }
}
