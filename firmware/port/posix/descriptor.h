/* What every file descriptor of the port is: it never blocks, and does not outlive a restart by exec. */
#ifndef POSIX_DESCRIPTOR_H
#define POSIX_DESCRIPTOR_H

#include <stdbool.h>

/* False with errno. */
bool posix_descriptor_prepare(int fd);

#endif
