/*
 * Ends the port's wait from a signal handler or another thread. A pipe, so that a wake-up between a look and
 * the wait is not lost.
 */
#ifndef POSIX_WAKE_H
#define POSIX_WAKE_H

#include <stdbool.h>

struct posix_wake {
    /* Not to be touched. */
    int read_fd; /* readable once somebody has called */
    int write_fd;
};

/* False when the process has no file descriptors left; errno says it. */
bool posix_wake_open(struct posix_wake *wake);
void posix_wake_close(struct posix_wake *wake);

/* Async-signal-safe; from any thread. Keeps errno. */
void posix_wake_call(const struct posix_wake *wake);

/* Forgets the calls so far. */
void posix_wake_clear(const struct posix_wake *wake);

#endif
