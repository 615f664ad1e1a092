/*
 * The Xtensa LX60 board as QEMU's `lx60-nommu` has it (hw/xtensa/xtfpga.c): where its devices are, and the
 * few things that are done to the processor itself. Level 1 interrupts are masked at all times but within
 * board_idle_until, so nothing here needs a lock.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOARD_IO 0x90000000u
#define BOARD_FLASH (BOARD_IO + 0x08000000u) /* commands; its contents are also at BOARD_ROM */
#define BOARD_ROM 0x50000000u
#define BOARD_FPGA (BOARD_IO + 0x0D020000u)
#define BOARD_ETH (BOARD_IO + 0x0D030000u)
#define BOARD_UART (BOARD_IO + 0x0D050020u)

#define BOARD_CLOCK_HZ 40000000u
#define BOARD_INTERRUPT_UART (1u << 0)
#define BOARD_INTERRUPT_ETH (1u << 1)
#define BOARD_INTERRUPT_TIMER (1u << 6)

static inline volatile uint32_t *board_register(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

/* Milliseconds since boot. The cycle counter wraps after 107 s; board_idle_until wakes often enough. */
uint64_t board_clock_ms(void);
/* The cycle counter as it is: for measuring, and as a source of jitter. */
uint32_t board_cycles(void);

/* Sleeps by `waiti` until the time, until a frame or a key arrived, or for 30 s at most. */
void board_idle_until(uint64_t until_ms);

void board_print(const char *text);
/* The next key that was typed at the console, or -1. */
int board_read_key(void);
void board_set_leds(uint32_t leds);

/* Why the board started: "power_on", "software" or "exception". The same until the next start. */
const char *board_reset_reason(void);
_Noreturn void board_restart(void);
/* Says why at the console and starts the board again. */
_Noreturn void board_panic(const char *why, uint32_t where);

/* Calls board_panic when all of the stack was in use at some time. */
void board_check_stack(void);
/* How much of it was ever in use. */
size_t board_stack_used_bytes(void);
/* RAM that nothing was given. */
size_t board_free_ram_bytes(void);

#endif
