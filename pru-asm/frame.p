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
//
// To read it without knowing the PRU:
//
// - A line is a label that jumps can name, an instruction, its operands, a comment. What
//   is made comes first: "add r24, r24, 1" adds 1 to r24. ".equ" names a number, and is
//   no instruction.
// - There are 32 registers of 32 bits. r30 and r31 are wires to pins and events, and are
//   left alone. There is no stack.
// - Each instruction takes one cycle of 5 ns, jumps as well. Only memory takes more: to
//   load n words 2 + n cycles, to store them 1 + n.
// - Memory: "lbco &r27, c24, STOP, 12" loads 12 bytes from address c24 + STOP, into r27
//   and the registers after it; sbco stores. "&" says from where on. c24 is entry 24 of
//   a table of useful addresses: where this core's data RAM begins.
// - Scratchpad: three banks of 30 words, of which "xout 11, &r0, 20" copies 20 bytes,
//   r0 to r4, to bank 11 in one cycle. Word n of a bank belongs to register n: xin copies
//   it back to that register and no other.

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

        // Runs once. A gate works on 32 samples with one instruction: bit k of a register
        // is its value at sample k. Bits 0 to 4 of t change within 32 samples, the same
        // way each time, so their words are made here and wait in the scratchpad. (Bit 5
        // and above are the same for all 32: words of only zeros or only ones.)
        // An instruction has room for 16 bits of a number; ldi32 stands for two of them.
start:  ldi32 r0, 0xaaaaaaaa    // bit 0: clear for sample 0, set for 1, clear for 2 ...
        ldi32 r1, 0xcccccccc    // bit 1: two samples clear, two set
        ldi32 r2, 0xf0f0f0f0    // bit 2: by fours
        ldi32 r3, 0xff00ff00    // bit 3: by eights
        ldi32 r4, 0xffff0000    // bit 4: clear for the first 16, set for the last
        xout  11, &r0, 20               // r0 to r4, to the bank
        // r23 is the REQUEST answered last, r24 the beat. ANSWER and REQUEST may be of a
        // program before this one; where they differ, this one has work at once.
        lbco  &r23, c24, ANSWER, 4
        ldi   r24, 0
        qba   idle                      // "quick branch always", over the next line

stop:   halt                            // only the ARM can start the core again

        // Looks for work. STOP, REQUEST and TIME come to r27, r28 and r29 in this
        // order, the ARM writes TIME before REQUEST: a new REQUEST has its TIME.
idle:   lbco  &r27, c24, STOP, 12
        add   r24, r24, 1
        sbco  &r24, c24, BEAT, 4        // whoever watches sees it change
        qbne  stop, r27, 0              // to stop if r27 is not 0
        qbeq  idle, r28, r23            // back to idle if REQUEST is the one answered
        // The network's code may overwrite r23 to r28: what is needed after it is kept.
        // BEAT is kept already, in the word after WORKING.
        sbco  &r28, c24, WORKING, 4

        // ---- the network's code, with t in r29 ----

        // The samples are stored. EPOCH and ANSWER go to memory together.
done:   ldi   r22, NUMBER
        lbco  &r23, c24, WORKING, 8     // r23 is what was asked for, r24 the beat
        sbco  &r22, c24, EPOCH, 8
        jmp   idle                      // qba reaches 511 instructions, jmp all of them
