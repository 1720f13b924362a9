// The mailbox loop around a network's code: polls for work, does it, answers.
//
// The PRU runs without interrupts. It polls a mailbox in its own data RAM, which is local,
// so that a poll takes 5 cycles and disturbs nothing else. The ARM, for which every access
// takes about 100 ns, writes a time and then a new request number. The PRU evaluates 32
// samples from that time on, stores them as eight words (bit k of word b is bit b of sample
// k) and a ninth word that checks them, and answers with the request's number.
//
// The network's code may use r0 to r29 and scratchpad bank 11 freely. The loop keeps its
// own state in the mailbox meanwhile.
//
// A short guide to PRU assembly:
//
// - A line is a label that jumps can name, an instruction, its operands, a comment. The
//   result comes first: "add r24, r24, 1" adds 1 to r24. ".equ" names a number; it is not
//   an instruction.
// - There are 32 registers of 32 bits. r30 and r31 are wired to pins and events and are not
//   used here. There is no stack.
// - Each instruction, jumps included, takes one cycle of 5 ns. Only memory takes longer:
//   2 + n cycles to load n words, 1 + n cycles to store them.
// - Memory: "lbco &r27, c24, STOP, 12" loads 12 bytes from address c24 + STOP into r27 and
//   the registers that follow; sbco stores. "&" marks the first register. c24 is entry 24
//   of a table of useful addresses: the start of this core's data RAM.
// - Scratchpad: three banks of 30 words. "xout 11, &r0, 20" copies 20 bytes, r0 to r4, to
//   bank 11 in one cycle. Word n of a bank belongs to register n: xin copies it back to
//   that register and to no other.

// The mailbox: offsets in bytes from the start of data RAM 0, to which entry 24 of the
// constant table points.
        .equ STOP,    0x00      // ARM: not 0 halts the PRU at its next poll
        .equ REQUEST, 0x04      // ARM: a change requests a pass
        .equ TIME,    0x08      // ARM: t of the first sample, a multiple of 32
                                // 0x0c is unused
        .equ EPOCH,   0x10      // PRU: the program that answers, and ...
        .equ ANSWER,  0x14      // ... the REQUEST that it answers
        .equ WORKING, 0x18      // PRU: the REQUEST in progress
        .equ BEAT,    0x1c      // PRU: counts polls, as a sign of life
        .equ PLANES,  0x20      // PRU: the samples
        .equ CHECK,   0x40      // PRU: the complement of the samples' exclusive or
                                // from 0x44 on: spilled values

// The number of this program, 16 bits. The ARM numbers each program that it uploads, so
// that an answer of the previous program is never mistaken for one of this program.
        .equ NUMBER,  0

        // Runs once. A gate evaluates 32 samples with one instruction: bit k of a register
        // is its value at sample k. Bits 0 to 4 of t differ within 32 samples, in the same
        // way every time, so their words are made here and stored in the scratchpad. (Bit 5
        // and above are the same for all 32: words of only zeros or only ones.)
        // An instruction has room for a 16-bit number; ldi32 stands for two of them.
start:  ldi32 r0, 0xaaaaaaaa    // bit 0: clear for sample 0, set for 1, clear for 2 ...
        ldi32 r1, 0xcccccccc    // bit 1: two samples clear, two set
        ldi32 r2, 0xf0f0f0f0    // bit 2: four clear, four set
        ldi32 r3, 0xff00ff00    // bit 3: eight clear, eight set
        ldi32 r4, 0xffff0000    // bit 4: clear for the first 16, set for the last
        xout  11, &r0, 20               // r0 to r4 to the bank
        // r23 is the last REQUEST answered, r24 the beat. ANSWER and REQUEST may be those of
        // the previous program; if they differ, this program has work at once.
        lbco  &r23, c24, ANSWER, 4
        ldi   r24, 0
        qba   idle                      // "quick branch always": skips the next line

stop:   halt                            // only the ARM can start the core again

        // Polls for work. STOP, REQUEST and TIME are loaded into r27, r28 and r29 in this
        // order, and the ARM writes TIME before REQUEST: a new REQUEST has its TIME.
idle:   lbco  &r27, c24, STOP, 12
        add   r24, r24, 1
        sbco  &r24, c24, BEAT, 4        // a watchdog sees it change
        qbne  stop, r27, 0              // to stop if r27 is not 0
        qbeq  idle, r28, r23            // back to idle if REQUEST has been answered
        // The network's code may overwrite r23 to r28: saves what is needed after it.
        // BEAT has been stored already, in the word after WORKING.
        sbco  &r28, c24, WORKING, 4

        // ---- the network's code, with t in r29 ----

        // The samples are stored. Writes EPOCH and ANSWER together.
done:   ldi   r22, NUMBER
        lbco  &r23, c24, WORKING, 8     // r23 is the request, r24 the beat
        sbco  &r22, c24, EPOCH, 8
        jmp   idle                      // qba reaches 511 instructions, jmp all of them
