/* net.h's UDP socket for one-shot mDNS questions (RFC 6762, 5.1). */
#ifndef DATAGRAM_H
#define DATAGRAM_H

#include <stdbool.h>

bool datagram_is_readable(void);

#endif
