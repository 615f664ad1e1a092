#include "wake.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "descriptor.h"

bool posix_wake_open(struct posix_wake *wake)
{
    int fds[2];

    if (pipe(fds) != 0) {
        return false;
    }
    wake->read_fd = fds[0];
    wake->write_fd = fds[1];
    return posix_descriptor_prepare(fds[0]) && posix_descriptor_prepare(fds[1]);
}

void posix_wake_close(struct posix_wake *wake)
{
    (void)close(wake->read_fd);
    (void)close(wake->write_fd);
}

void posix_wake_call(const struct posix_wake *wake)
{
    int kept = errno;
    ssize_t written = write(wake->write_fd, "", 1); /* a full pipe is as good as one more byte */

    (void)written;
    errno = kept;
}

void posix_wake_clear(const struct posix_wake *wake)
{
    char bytes[64];

    while (read(wake->read_fd, bytes, sizeof bytes) > 0) {
    }
}
