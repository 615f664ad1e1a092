/* The command line of virtual-camera. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "cam/settings.h"

#define OPTIONS_PATH_CHARS 4095

struct options {
    char hub_host[CAM_HOST_MAX_CHARS + 1]; /* empty: to be discovered */
    uint16_t hub_port;
    char device_id[CAM_DEVICE_ID_CHARS + 1]; /* canonical; empty: the one that is kept in the state */
    const char *enrolment_key;               /* NULL: none */
    char scene_path[OPTIONS_PATH_CHARS + 1];
    const char *state_folder;
    uint32_t motion_every_s; /* 0: never by itself */
    enum cam_log_level log_level;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/*
 * OPTIONS_RUN with all members set; OPTIONS_DONE after --help or --version has been answered; OPTIONS_WRONG
 * after saying on standard error what is wrong. The strings stay argv's.
 */
enum options_result options_read(struct options *options, int argc, char **argv);

#endif
