/* The running program itself: where it lies, and how it begins again. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* First of all in main: `argv` must stay. */
void program_init(char **argv);

/* The folder that the program lies in, terminated. False when it does not fit. */
bool program_folder(char *folder, size_t cap_bytes);

/* Why this process runs, in the words of the heartbeat: "software" after program_restart, else "power_on". */
const char *program_reset_reason(void);

/* Takes the process's place with the same arguments. Returns only when that failed, with errno. */
void program_restart(void);

#endif
