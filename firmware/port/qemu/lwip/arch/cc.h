/* What lwIP wants to know of the compiler and the board. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stdint.h>

#include "board.h"
#include "random.h"

#define LWIP_NO_UNISTD_H 1
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) board_panic(x, (uint32_t)(uintptr_t)__builtin_return_address(0))
#define LWIP_RAND() random_u32()

#endif
