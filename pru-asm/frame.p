// The frame around a network's code: asks for work, has it done, answers.
//
// The PRU cannot be interrupted here and interrupts nobody: it looks into a mailbox in
// its own data RAM, which is next to it, so that a look takes 5 cycles and disturbs
// nothing else. The ARM, for which every access takes about 100 ns, writes a time and
// then a new number; the PRU evaluates 32 samples from that time on, stores them as
// eight words (bit k of word b is bit b of sample k), then a ninth that checks them, and
// answers with that number.
//
// A network's code uses r0 to r29 and scratchpad bank 11 as it likes. What the frame
// wants to remember meanwhile is in the mailbox.

// The mailbox, in bytes from the beginning of data RAM 0, which entry 24 of the
// constant table points to.
        .equ STOP,    0x00      // ARM: not 0 halts the PRU at its next look
        .equ REQUEST, 0x04      // ARM: any other number than before asks for a pass
        .equ TIME,    0x08      // ARM: t of the first sample, a multiple of 32
                                // 0x0c is not used
        .equ EPOCH,   0x10      // PRU: which program answers, and ...
        .equ ANSWER,  0x14      // ... the REQUEST that the samples belong to
        .equ WORKING, 0x18      // PRU: the REQUEST that it works on
        .equ BEAT,    0x1c      // PRU: counts looks into the mailbox: it is alive
        .equ PLANES,  0x20      // PRU: the samples
        .equ CHECK,   0x40      // PRU: the complement of the samples' exclusive or
                                // from 0x44 on: values that find no other place

// The number of this program, 16 bits. The ARM makes each program that it uploads another
// one, so that an answer of the program before is never taken for one of this.
        .equ NUMBER,  0

        // Bits 0 to 4 of t change within 32 samples, the same way each time. Their
        // words wait in the scratchpad.
start:  ldi32 r0, 0xaaaaaaaa    // bit 0: every other sample
        ldi32 r1, 0xcccccccc    // bit 1
        ldi32 r2, 0xf0f0f0f0    // bit 2
        ldi32 r3, 0xff00ff00    // bit 3
        ldi32 r4, 0xffff0000    // bit 4: the upper half
        xout  11, &r0, 20
        lbco  &r23, c24, ANSWER, 4      // nothing is asked for yet
        ldi   r24, 0
        qba   idle

stop:   halt

        // Looks for work. STOP, REQUEST and TIME come to r27, r28 and r29 in this
        // order, the ARM writes TIME before REQUEST: a new REQUEST has its TIME.
idle:   lbco  &r27, c24, STOP, 12
        add   r24, r24, 1
        sbco  &r24, c24, BEAT, 4
        qbne  stop, r27, 0
        qbeq  idle, r28, r23
        sbco  &r28, c24, WORKING, 4

        // ---- the network's code, with t in r29 ----

        // The samples are stored. EPOCH and ANSWER go to memory together.
done:   ldi   r22, NUMBER
        lbco  &r23, c24, WORKING, 8     // r23 is what was asked for, r24 the beat
        sbco  &r22, c24, EPOCH, 8
        jmp   idle
