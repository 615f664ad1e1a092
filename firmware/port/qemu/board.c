#include "board.h"

#include <string.h>

#include "cam/text.h"

#define UART_DATA 0x00u
#define UART_INTERRUPT_ENABLE 0x04u
#define UART_FIFO_CONTROL 0x08u
#define UART_LINE_STATUS 0x14u
#define UART_HAS_KEY 0x01u
#define UART_CAN_SEND 0x20u

#define FPGA_LEDS 0x08u
#define FPGA_RESET 0x10u
#define FPGA_RESET_MAGIC 0xDEADu

#define CYCLES_PER_MS (BOARD_CLOCK_HZ / 1000u)
#define LONGEST_IDLE_MS 30000u
#define STACK_PAINT 0xA5A5A5A5u

/* What is left in RAM for the next start. Anything else there: the power was off. */
#define REASON_SOFTWARE 0x52455331u
#define REASON_EXCEPTION 0x52455332u

extern uint32_t _stack_bottom[], _stack_top[];
extern uint8_t _ram_end[];

static uint32_t s_reason __attribute__((section(".noinit")));
static const char *s_reason_name;
static uint64_t s_cycles;
static uint32_t s_last_cycles;

uint32_t board_cycles(void)
{
    uint32_t cycles;

    __asm__ volatile("rsr %0, ccount" : "=a"(cycles));
    return cycles;
}

/* The counter, extended to 64 bits. It is not zeroed by a restart. */
static uint64_t read_clock(void)
{
    uint32_t now = board_cycles();

    if (s_cycles == 0) {
        s_last_cycles = now;
        s_cycles = 1;
    }
    s_cycles += now - s_last_cycles;
    s_last_cycles = now;
    return s_cycles;
}

uint64_t board_clock_ms(void)
{
    return read_clock() / CYCLES_PER_MS;
}

void board_idle_until(uint64_t until_ms)
{
    uint64_t now = read_clock();
    uint64_t longest = now + (uint64_t)LONGEST_IDLE_MS * CYCLES_PER_MS;
    uint64_t until = until_ms < UINT64_MAX / CYCLES_PER_MS ? until_ms * CYCLES_PER_MS : longest;
    uint32_t compare;
    uint32_t level;

    if (until > longest) {
        until = longest;
    }
    if (until <= now) {
        return;
    }
    compare = s_last_cycles + (uint32_t)(until - now);
    __asm__ volatile("wsr %0, ccompare0\n\tesync" ::"a"(compare));
    /* A deadline that has passed by now would be met only when the counter has come round, in 107 s. */
    if ((int32_t)(compare - board_cycles()) <= 0) {
        return;
    }
    /* Enabled while masked, then waiti unmasks: an interrupt in between is not lost. */
    __asm__ volatile("wsr %1, intenable\n\t"
                     "rsync\n\t"
                     "waiti 0\n\t"
                     "rsil %0, 1"
                     : "=a"(level)
                     : "a"(BOARD_INTERRUPT_TIMER | BOARD_INTERRUPT_ETH | BOARD_INTERRUPT_UART)
                     : "memory");
}

static void print_char(char c)
{
    while ((*board_register(BOARD_UART + UART_LINE_STATUS) & UART_CAN_SEND) == 0) {
    }
    *board_register(BOARD_UART + UART_DATA) = (uint8_t)c;
}

void board_print(const char *text)
{
    for (; *text != '\0'; text++) {
        print_char(*text);
    }
}

int board_read_key(void)
{
    /* So that the next key wakes from idling. */
    *board_register(BOARD_UART + UART_INTERRUPT_ENABLE) = 1;
    if ((*board_register(BOARD_UART + UART_LINE_STATUS) & UART_HAS_KEY) == 0) {
        return -1;
    }
    return (int)(*board_register(BOARD_UART + UART_DATA) & 0xFF);
}

void board_set_leds(uint32_t leds)
{
    *board_register(BOARD_FPGA + FPGA_LEDS) = leds;
}

const char *board_reset_reason(void)
{
    if (s_reason_name == NULL) {
        s_reason_name = s_reason == REASON_SOFTWARE    ? "software"
                        : s_reason == REASON_EXCEPTION ? "exception"
                                                       : "power_on";
        s_reason = 0;
    }
    return s_reason_name;
}

static _Noreturn void reset_board(uint32_t reason)
{
    s_reason = reason;
    *board_register(BOARD_FPGA + FPGA_RESET) = FPGA_RESET_MAGIC;
    for (;;) {
    }
}

_Noreturn void board_restart(void)
{
    reset_board(REASON_SOFTWARE);
}

_Noreturn void board_panic(const char *why, uint32_t where)
{
    char line[128];
    struct cam_text text;
    uint8_t hex[4] = {(uint8_t)(where >> 24), (uint8_t)(where >> 16), (uint8_t)(where >> 8), (uint8_t)where};

    cam_text_init(&text, line, sizeof line);
    cam_text_add(&text, "\npanic: ");
    cam_text_add(&text, why);
    cam_text_add(&text, " at 0x");
    cam_text_add_hex(&text, hex, sizeof hex);
    cam_text_add(&text, "\n");
    board_print(cam_text_end(&text) ? line : "\npanic\n");
    reset_board(REASON_EXCEPTION);
}

_Noreturn void board_on_fault(uint32_t cause, uint32_t pc, uint32_t address);

/* From the exception vector. */
_Noreturn void board_on_fault(uint32_t cause, uint32_t pc, uint32_t address)
{
    char line[64];
    struct cam_text text;
    uint8_t hex[4] = {(uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8),
                      (uint8_t)address};

    cam_text_init(&text, line, sizeof line);
    cam_text_add(&text, "exception ");
    cam_text_add_uint(&text, cause);
    cam_text_add(&text, ", address 0x");
    cam_text_add_hex(&text, hex, sizeof hex);
    board_panic(cam_text_end(&text) ? line : "exception", pc);
}

_Noreturn void __assert_func(const char *file, int line, const char *function, const char *expression);

/* What the C library's assert calls. */
_Noreturn void __assert_func(const char *file, int line, const char *function, const char *expression)
{
    (void)file;
    (void)line;
    board_print("\npanic: assert ");
    board_print(expression);
    board_panic(function, (uint32_t)(uintptr_t)__builtin_return_address(0));
}

void board_check_stack(void)
{
    if (_stack_bottom[0] != STACK_PAINT) {
        board_panic("stack overflow", (uint32_t)(uintptr_t)__builtin_return_address(0));
    }
}

size_t board_stack_used_bytes(void)
{
    const uint32_t *bottom = _stack_bottom;

    while (bottom < _stack_top && *bottom == STACK_PAINT) {
        bottom++;
    }
    return (size_t)((const uint8_t *)_stack_top - (const uint8_t *)bottom);
}

size_t board_free_ram_bytes(void)
{
    return (size_t)(_ram_end - (uint8_t *)_stack_top);
}
