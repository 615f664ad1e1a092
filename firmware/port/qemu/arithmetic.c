/*
 * Division and wide multiplication for Debian's xtensa-lx106 compiler: its run-time library leaves them out
 * because the ESP8266 has them in mask ROM. Names and meanings are libgcc's.
 */
#include <stdint.h>

uint64_t __udivmoddi4(uint64_t dividend, uint64_t divisor, uint64_t *remainder);
uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
int32_t __modsi3(int32_t a, int32_t b);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int64_t __divdi3(int64_t a, int64_t b);
int64_t __moddi3(int64_t a, int64_t b);
uint64_t __umulsidi3(uint32_t a, uint32_t b);
uint64_t __muldi3(uint64_t a, uint64_t b);

static uint32_t divide(uint32_t dividend, uint32_t divisor, uint32_t *remainder)
{
    uint32_t quotient = 0;
    unsigned shift;

    if (divisor == 0) {
        __builtin_trap();
    }
    if (divisor > dividend) {
        *remainder = dividend;
        return 0;
    }
    shift = (unsigned)(__builtin_clz(divisor) - __builtin_clz(dividend));
    for (divisor <<= shift;; divisor >>= 1) {
        quotient <<= 1;
        if (dividend >= divisor) {
            dividend -= divisor;
            quotient |= 1;
        }
        if (shift-- == 0) {
            break;
        }
    }
    *remainder = dividend;
    return quotient;
}

static unsigned leading_zeros(uint64_t value)
{
    uint32_t high = (uint32_t)(value >> 32);

    return high != 0 ? (unsigned)__builtin_clz(high) : 32u + (unsigned)__builtin_clz((uint32_t)value);
}

uint64_t __udivmoddi4(uint64_t dividend, uint64_t divisor, uint64_t *remainder)
{
    uint64_t quotient = 0;
    unsigned shift;

    if ((dividend | divisor) >> 32 == 0) {
        uint32_t rest;
        quotient = divide((uint32_t)dividend, (uint32_t)divisor, &rest);
        *remainder = rest;
        return quotient;
    }
    if (divisor == 0) {
        __builtin_trap();
    }
    if (divisor > dividend) {
        *remainder = dividend;
        return 0;
    }
    shift = leading_zeros(divisor) - leading_zeros(dividend);
    for (divisor <<= shift;; divisor >>= 1) {
        quotient <<= 1;
        if (dividend >= divisor) {
            dividend -= divisor;
            quotient |= 1;
        }
        if (shift-- == 0) {
            break;
        }
    }
    *remainder = dividend;
    return quotient;
}

uint32_t __udivsi3(uint32_t a, uint32_t b)
{
    uint32_t remainder;

    return divide(a, b, &remainder);
}

uint32_t __umodsi3(uint32_t a, uint32_t b)
{
    uint32_t remainder;

    (void)divide(a, b, &remainder);
    return remainder;
}

/* The absolute value through unsigned, since the smallest number has no positive twin. */
static uint32_t magnitude(int32_t value)
{
    return value < 0 ? ~(uint32_t)value + 1 : (uint32_t)value;
}

static uint64_t wide_magnitude(int64_t value)
{
    return value < 0 ? ~(uint64_t)value + 1 : (uint64_t)value;
}

int32_t __divsi3(int32_t a, int32_t b)
{
    uint32_t quotient = __udivsi3(magnitude(a), magnitude(b));

    return (int32_t)((a < 0) != (b < 0) ? ~quotient + 1 : quotient);
}

int32_t __modsi3(int32_t a, int32_t b)
{
    uint32_t remainder = __umodsi3(magnitude(a), magnitude(b));

    return (int32_t)(a < 0 ? ~remainder + 1 : remainder);
}

uint64_t __udivdi3(uint64_t a, uint64_t b)
{
    uint64_t remainder;

    return __udivmoddi4(a, b, &remainder);
}

uint64_t __umoddi3(uint64_t a, uint64_t b)
{
    uint64_t remainder;

    (void)__udivmoddi4(a, b, &remainder);
    return remainder;
}

int64_t __divdi3(int64_t a, int64_t b)
{
    uint64_t quotient = __udivdi3(wide_magnitude(a), wide_magnitude(b));

    return (int64_t)((a < 0) != (b < 0) ? ~quotient + 1 : quotient);
}

int64_t __moddi3(int64_t a, int64_t b)
{
    uint64_t remainder = __umoddi3(wide_magnitude(a), wide_magnitude(b));

    return (int64_t)(a < 0 ? ~remainder + 1 : remainder);
}

uint64_t __umulsidi3(uint32_t a, uint32_t b)
{
    uint32_t low = (a & 0xFFFF) * (b & 0xFFFF);
    uint32_t middle = (a >> 16) * (b & 0xFFFF) + (low >> 16);
    uint32_t cross = (a & 0xFFFF) * (b >> 16) + (middle & 0xFFFF);
    uint32_t high = (a >> 16) * (b >> 16) + (middle >> 16) + (cross >> 16);

    return (uint64_t)high << 32 | (uint64_t)(cross << 16 | (low & 0xFFFF));
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
    uint32_t high = (uint32_t)(a >> 32) * (uint32_t)b + (uint32_t)a * (uint32_t)(b >> 32);

    return __umulsidi3((uint32_t)a, (uint32_t)b) + ((uint64_t)high << 32);
}
