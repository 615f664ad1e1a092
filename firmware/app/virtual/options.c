#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cam/text.h"
#include "log.h"
#include "program.h"

#define MOTION_EVERY_MAX_S 86400u

static const char s_help[] =
    "virtual-camera: a Nestbox camera without hardware. It runs the firmware that the ESP32-CAM runs, and\n"
    "sees a rendered scene.\n"
    "\n"
    "Usage: virtual-camera --state DIR [--hub URL] [--id MAC] [--scene NAME|FILE] [--enrolment-key KEY]\n"
    "                      [--motion-every S] [--log LEVEL]\n"
    "\n"
    "  --state DIR          folder of its flash: identity, secret, token, events that wait. Made when it is\n"
    "                       not there. Two cameras need two folders\n"
    "  --hub URL            http://HOST[:PORT]. Without it the camera looks for the hub in the local "
    "network\n"
    "                       by multicast DNS (_nestbox._tcp, esp32cam.local)\n"
    "  --id MAC             like 24:6F:28:AA:BB:CC. Without it one is made at the first start and kept\n"
    "  --scene NAME|FILE    what it sees: a scene pack, or the name of one in the folder `scenes` beside "
    "this\n"
    "                       program: nestbox (default), empty, night, lamp, noise, busy\n"
    "  --enrolment-key KEY  for a hub that admits by key; better in the environment, as\n"
    "                       NESTBOX_ENROLMENT_KEY, where ps does not show it\n"
    "  --motion-every S     reports motion every S seconds, whatever the scene shows\n"
    "  --log LEVEL          error, warning, info (default) or debug; the log goes to standard error\n"
    "  --help, --version\n"
    "\n"
    "Signals: SIGUSR1 turns the camera's own privacy switch, SIGTERM and Ctrl-C end it.\n"
    "Exit codes: 0 ended when asked to; 1 it could not run; 2 wrong usage.\n";

static enum options_result complain(const char *format, const char *subject)
{
    (void)fprintf(stderr, format, subject);
    (void)fputs("\n`virtual-camera --help` says how.\n", stderr);
    return OPTIONS_WRONG;
}

/* Digits only, 1 to `max`; 0 for anything else. */
static uint32_t read_number(const char *text, uint32_t max)
{
    char *end = NULL;
    unsigned long value;

    if (!isdigit((unsigned char)text[0])) {
        return 0;
    }
    value = strtoul(text, &end, 10);
    return *end == '\0' && value <= max ? (uint32_t)value : 0;
}

static bool read_hub(struct options *options, const char *url)
{
    static const char s_scheme[] = "http://";
    const char *host = url + sizeof s_scheme - 1;
    size_t host_len;
    char port[8] = "80";

    if (strncmp(url, s_scheme, sizeof s_scheme - 1) != 0) {
        return false;
    }
    host_len = strcspn(host, ":/");
    if (host_len == 0 || host_len > CAM_HOST_MAX_CHARS) {
        return false;
    }
    memcpy(options->hub_host, host, host_len);
    options->hub_host[host_len] = '\0';
    if (host[host_len] == ':') {
        const char *digits = host + host_len + 1;
        size_t digits_len = strcspn(digits, "/");

        if (digits_len >= sizeof port) {
            return false;
        }
        memcpy(port, digits, digits_len);
        port[digits_len] = '\0';
        host_len += 1 + digits_len;
    }
    options->hub_port = (uint16_t)read_number(port, UINT16_MAX);
    return options->hub_port != 0 && (host[host_len] == '\0' || strcmp(host + host_len, "/") == 0);
}

static bool read_id(struct options *options, const char *text)
{
    if (strlen(text) != CAM_DEVICE_ID_CHARS) {
        return false;
    }
    for (size_t i = 0; i < CAM_DEVICE_ID_CHARS; i++) {
        if (i % 3 == 2 ? text[i] != ':' : cam_text_read_hex(text[i]) < 0) {
            return false;
        }
        options->device_id[i] = (char)toupper((unsigned char)text[i]);
    }
    options->device_id[CAM_DEVICE_ID_CHARS] = '\0';
    return true;
}

static bool read_scene(struct options *options, const char *text)
{
    char folder[OPTIONS_PATH_CHARS + 1];
    int len;

    if (strchr(text, '/') != NULL || strchr(text, '.') != NULL) {
        return cam_text_copy(options->scene_path, sizeof options->scene_path, text);
    }
    if (!program_folder(folder, sizeof folder)) {
        return false;
    }
    len = snprintf(options->scene_path, sizeof options->scene_path, "%s/scenes/%s.scene", folder, text);
    return len > 0 && (size_t)len < sizeof options->scene_path;
}

static enum options_result read_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'u':
        return read_hub(options, value)
                   ? OPTIONS_RUN
                   : complain("--hub %s: must be like http://192.168.1.10:5000 (plain HTTP, a name or an "
                              "IPv4 address)",
                              value);
    case 'i':
        return read_id(options, value)
                   ? OPTIONS_RUN
                   : complain("--id %s: must be a MAC address like 24:6F:28:AA:BB:CC", value);
    case 'c':
        return read_scene(options, value) ? OPTIONS_RUN : complain("--scene %s: too long", value);
    case 's':
        options->state_folder = value;
        return OPTIONS_RUN;
    case 'k':
        options->enrolment_key = value;
        return OPTIONS_RUN;
    case 'm':
        options->motion_every_s = read_number(value, MOTION_EVERY_MAX_S);
        return options->motion_every_s != 0
                   ? OPTIONS_RUN
                   : complain("--motion-every %s: must be whole seconds, 1 to 86400", value);
    case 'l':
        return posix_log_read_level(value, &options->log_level)
                   ? OPTIONS_RUN
                   : complain("--log %s: must be error, warning, info or debug", value);
    case 'h':
        (void)fputs(s_help, stdout);
        return OPTIONS_DONE;
    case 'v':
        (void)puts("virtual-camera " CAM_VERSION);
        return OPTIONS_DONE;
    default:
        return complain("%s", "Wrong usage."); /* getopt has said what */
    }
}

static enum options_result check(const struct options *options)
{
    if (options->state_folder == NULL || options->state_folder[0] == '\0') {
        return complain("%s", "--state is missing: the folder in which the camera keeps who it is");
    }
    if (options->enrolment_key != NULL && strlen(options->enrolment_key) > CAM_KEY_MAX_CHARS) {
        return complain("%s", "--enrolment-key: at most 128 characters");
    }
    return OPTIONS_RUN;
}

enum options_result options_read(struct options *options, int argc, char **argv)
{
    static const struct option s_options[] = {
        {"hub", required_argument, NULL, 'u'},
        {"id", required_argument, NULL, 'i'},
        {"scene", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},
        {"enrolment-key", required_argument, NULL, 'k'},
        {"motion-every", required_argument, NULL, 'm'},
        {"log", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    enum options_result result = OPTIONS_RUN;
    int option;

    memset(options, 0, sizeof *options);
    options->log_level = CAM_LOG_INFO;
    options->enrolment_key = getenv("NESTBOX_ENROLMENT_KEY");
    if (!read_scene(options, "nestbox")) {
        return complain("%s", "the path of this program is too long");
    }
    while (result == OPTIONS_RUN && (option = getopt_long(argc, argv, "", s_options, NULL)) != -1) {
        result = read_option(options, option, optarg);
    }
    if (result == OPTIONS_RUN && optind < argc) {
        return complain("%s: what is that?", argv[optind]);
    }
    return result == OPTIONS_RUN ? check(options) : result;
}
