/*
 * From the reset vector (flash offset 0, mapped at 0x50000000) to main, and the exception vectors. The call0
 * ABI: no register windows, so the compiler for the ESP8266's core makes code for this one too.
 */
    .section .text.reset_vector, "ax"
    .global reset
reset:
    j       1f
    .align  4
    .literal_position
1:
    movi    a0, 0
    wsr     a0, intenable
    movi    a2, vectors
    wsr     a2, vecbase
    movi    a2, 0x21            /* PS: level 1 masked, user mode bit, EXCM off */
    wsr     a2, ps
    rsync

    movi    a2, _iram_start
    movi    a3, _iram_end
    movi    a4, _iram_load
    call0   copy
    movi    a2, _data_start
    movi    a3, _data_end
    movi    a4, _data_load
    call0   copy
    isync

    movi    a2, _bss_start
    movi    a3, _bss_end
    movi    a4, 0
    call0   fill
    movi    a2, _stack_bottom
    movi    a3, _stack_top
    movi    a4, 0xA5A5A5A5
    call0   fill

    movi    a1, _stack_top
    movi    a0, main
    callx0  a0
2:  j       2b

copy:                           /* words from a4 to a2 until a3 */
    bgeu    a2, a3, 4f
3:  l32i    a5, a4, 0
    s32i    a5, a2, 0
    addi    a4, a4, 4
    addi    a2, a2, 4
    bltu    a2, a3, 3b
4:  ret

fill:                           /* words of a4 at a2 until a3 */
    bgeu    a2, a3, 6f
5:  s32i    a4, a2, 0
    addi    a2, a2, 4
    bltu    a2, a3, 5b
6:  ret

/*
 * Vectors of the de212 core, relative to VECBASE. An interrupt only has to end `waiti`: its handler turns all
 * interrupts off and returns; the main loop looks what there is to do.
 */
    .section .vectors, "ax"
    .global vectors
    .align  1024
vectors:
    .org    0x300               /* kernel exception */
    j       on_exception
    .org    0x340               /* user exception */
    j       on_exception
    .org    0x3C0               /* double exception */
    j       on_fault
    .org    0x400
    .literal_position
on_exception:
    wsr     a0, excsave1
    rsr     a0, exccause
    bnei    a0, 4, on_fault     /* level 1 interrupt */
    movi    a0, 0
    wsr     a0, intenable
    rsync
    rsr     a0, excsave1
    rfe
on_fault:
    movi    a1, _stack_top
    rsr     a2, exccause
    rsr     a3, epc1
    rsr     a4, excvaddr
    movi    a0, board_on_fault
    jx      a0
