//! The emulator: cycles, limits, loops, transfers, and accesses by the ARM.

use pru_isa::emulator::{
    CONTROL, COUNTER_ENABLE, CYCLE, ENABLE, FaultCause, HostError, INSTRUCTIONS, REGISTERS,
    RUNSTATE, SHARED, SINGLE_STEP, SLEEPING, SOFT_RST_N, STATUS, Subsystem, TABLE,
};
use pru_isa::{Op, assemble};

fn loaded(text: &str) -> Subsystem {
    let mut subsystem = Subsystem::new();
    subsystem.load(0, &assemble(text).unwrap().words).unwrap();
    subsystem.write(CONTROL[0], ENABLE).unwrap();
    subsystem
}

/// Runs a program until it halts.
fn ran(text: &str) -> Subsystem {
    let mut subsystem = loaded(text);
    assert!(subsystem.run_until_halted(100_000).unwrap(), "{text}");
    subsystem
}

fn cause(text: &str) -> (u16, FaultCause) {
    let mut subsystem = loaded(text);
    let fault = subsystem.run(1000).unwrap_err();
    assert!(!subsystem.core(0).runs(), "{text}");
    (fault.address, fault.cause)
}

#[test]
fn memory_takes_the_documented_cycles() {
    for (text, cycles) in [
        ("halt", 1),
        ("lbco &r1, c24, 0, 1\nhalt", 4),
        ("lbco &r1, c24, 0, 4\nhalt", 4),
        ("lbco &r1, c24, 0, 5\nhalt", 5),
        ("lbco &r1, c24, 0, 116\nhalt", 32),
        ("sbco &r1, c24, 0, 4\nhalt", 3),
        ("sbco &r1, c24, 0, 32\nhalt", 10),
        // The other core's RAM and the shared RAM are as fast.
        ("ldi r5, 0x2000\nlbbo &r1, r5, 0, 8\nhalt", 6),
        ("ldi r5, 0x2000\nsbbo &r1, r5, 0, 8\nhalt", 5),
        ("ldi32 r5, 0x10800\nlbbo &r1, r5, 0, 8\nhalt", 7),
        ("ldi32 r5, 0x10800\nsbbo &r1, r5, 0, 8\nhalt", 6),
        ("ldi r0.b2, 9\nsbbo &r1, r5, 0, r0.b2\nhalt", 6),
        (
            "xout 11, &r0, 120\nxin 11, &r0, 120\nxchg 11, &r3, 8\nhalt",
            4,
        ),
        ("loop x, 100\nadd r1, r1, 1\nadd r2, r2, 2\nx: halt", 202),
        ("ldi r1, 0\nloop x, r1\nadd r2, r2, 1\nx: halt", 3),
    ] {
        assert_eq!(ran(text).core(0).cycles(), cycles, "{text}");
    }
}

#[test]
fn loops_count_iterations_and_end_at_their_label() {
    let subsystem =
        ran("ldi r9, 3\nloop x, r9.b0\nadd r1, r1, 1\nqbbs x, r1, 1\nadd r2, r2, 1\nx: halt");
    // A branch to the end of the loop ends an iteration.
    assert_eq!(
        (subsystem.core(0).register(1), subsystem.core(0).register(2)),
        (3, 1)
    );
}

#[test]
fn carries_work_as_on_arm() {
    let of = |text: &str| {
        let subsystem = ran(&format!("{text}\nhalt"));
        (subsystem.core(0).register(1), subsystem.core(0).carry())
    };
    assert_eq!(of("ldi r2, 5\nsub r1, r2, 3"), (2, true));
    assert_eq!(of("ldi r2, 3\nsub r1, r2, 5"), (-2i32 as u32, false));
    assert_eq!(of("ldi r2, 5\nsub r3, r2, 3\nsuc r1, r2, 1"), (4, true));
    assert_eq!(of("ldi r2, 5\nsub r3, r2, 6\nsuc r1, r2, 1"), (3, true));
    assert_eq!(of("ldi r2, 5\nrsb r1, r2, 3"), (-2i32 as u32, false));
    assert_eq!(of("ldi r2, 255\nadd r1.b0, r2.b0, 1"), (0, true));
    assert_eq!(
        of("ldi r2, 255\nadd r3.b0, r2.b0, 1\nadc r1, r2, 0"),
        (256, false)
    );
}

#[test]
fn fields_are_zero_extended_and_leave_the_rest_unchanged() {
    let subsystem = ran(
        "ldi32 r1, 0x11223344\nldi32 r2, 0x55667788\nadd r2.w1, r1.b3, r1.w1\nnot r3.b1, r1.b0\nlmbd r4, r1.b0, 0\nlmbd r5, r6, 1\nhalt",
    );
    assert_eq!(subsystem.core(0).register(2), 0x5522_4488);
    assert_eq!(subsystem.core(0).register(3), 0x0000_bb00);
    assert_eq!(subsystem.core(0).register(4), 7); // 0x44
    assert_eq!(subsystem.core(0).register(5), 32);
}

#[test]
fn a_forbidden_access_stops_the_core_and_names_the_address() {
    let read = |address, bytes| FaultCause::Read { address, bytes };
    let write = |address, bytes| FaultCause::Write { address, bytes };
    assert_eq!(
        cause("ldi r1, 0x1fff\nlbbo &r2, r1, 0, 4"),
        (1, read(0x1fff, 4))
    );
    assert_eq!(
        cause("ldi r1, 0x4000\nsbbo &r2, r1, 0, 1"),
        (1, write(0x4000, 1))
    );
    assert_eq!(cause("lbco &r2, c0, 8, 4"), (0, read(0x20008, 4)));
    assert_eq!(
        cause("lbco &r29, c24, 0, 13"),
        (
            0,
            FaultCause::Registers {
                first: 29,
                bytes: 13
            }
        )
    );
    assert_eq!(
        cause("xin 11, &r29, 5"),
        (
            0,
            FaultCause::Registers {
                first: 29,
                bytes: 5
            }
        )
    );
    assert_eq!(cause("xin 13, &r29, 4"), (0, FaultCause::Device(13)));
    assert_eq!(
        cause("sxin 11, &r29, 4"),
        (0, FaultCause::NotEmulated(Op::Sxin))
    );
    assert_eq!(
        cause(".word 0xa0000000"),
        (0, FaultCause::NoInstruction(0xa000_0000))
    );
    assert_eq!(cause("jmp 2048"), (2048, FaultCause::NoMemory));

    // Restricted to part of the shared RAM and to one bank.
    for (text, allowed) in [
        ("ldi32 r1, 0x10800\nlbbo &r2, r1, 0, 4\nhalt", true),
        ("ldi32 r1, 0x107fe\nlbbo &r2, r1, 0, 4\nhalt", false),
        ("ldi32 r1, 0x10ffc\nsbbo &r2, r1, 1, 4\nhalt", false),
        ("lbco &r2, c25, 0, 4\nhalt", false),
        ("xout 11, &r2, 4\nhalt", true),
        ("xout 10, &r2, 4\nhalt", false),
        ("xin 14, &r2, 4\nhalt", false),
    ] {
        let mut subsystem = loaded(text);
        subsystem
            .core_mut(0)
            .allow(&[0..0x2000, 0x10800..0x11000], &[11]);
        assert_eq!(subsystem.run_until_halted(100).is_ok(), allowed, "{text}");
    }
    let fault = loaded("lbco &r2, c0, 8, 4").run(10).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "core 0, instruction 0: reads 4 bytes at 0x20008, which is not allowed"
    );
}

#[test]
fn instruction_memory_is_accessible_only_while_halted() {
    let mut subsystem = loaded("add r1, r1, 1\nqba .-1");
    subsystem.run(10).unwrap();
    let running = HostError::Running {
        core: 0,
        offset: INSTRUCTIONS[0],
    };
    assert_eq!(subsystem.write(INSTRUCTIONS[0], 0), Err(running));
    assert_eq!(subsystem.read(INSTRUCTIONS[0]), Err(running));
    assert!(subsystem.read(REGISTERS[0] + 4).is_err());
    assert!(subsystem.load(0, &[0]).is_err());
    assert_eq!(subsystem.read(CONTROL[0]).unwrap() & RUNSTATE, RUNSTATE);
    subsystem.write(CONTROL[0], SOFT_RST_N).unwrap();
    subsystem.run(5).unwrap();
    assert_eq!(subsystem.read(CONTROL[0]).unwrap(), SOFT_RST_N);
    assert_eq!(subsystem.read(REGISTERS[0] + 4), Ok(5));
    subsystem.write(INSTRUCTIONS[0], 0x2a00_0000).unwrap();
    assert_eq!(subsystem.read(INSTRUCTIONS[0]), Ok(0x2a00_0000));
    assert_eq!(
        subsystem.read(0x3000_0000),
        Err(HostError::Unmapped(0x3000_0000))
    );
    assert_eq!(subsystem.read(0x13000), Err(HostError::Unmapped(0x13000)));
    assert_eq!(subsystem.read(2), Err(HostError::Unaligned(2)));
    assert!(matches!(
        subsystem.load(1, &[0; 2049]),
        Err(HostError::TooLong(2049))
    ));
}

#[test]
fn a_core_runs_until_its_last_instruction_has_ended() {
    let mut subsystem = loaded("lbco &r0, c24, 0, 116\nqba .-1");
    subsystem.run(1).unwrap();
    subsystem.write(CONTROL[0], SOFT_RST_N).unwrap();
    assert_eq!(subsystem.read(CONTROL[0]).unwrap() & RUNSTATE, RUNSTATE);
    assert!(subsystem.write(INSTRUCTIONS[0], 0).is_err());
    subsystem.run(30).unwrap();
    assert_eq!(subsystem.read(CONTROL[0]).unwrap() & RUNSTATE, 0);
    assert!(subsystem.write(INSTRUCTIONS[0], 0).is_ok());
}

#[test]
fn only_a_reset_sets_the_program_counter() {
    let mut subsystem =
        loaded("add r1, r1, 1\nadd r1, r1, 1\nadd r1, r1, 1\nhalt\nldi r1, 100\nhalt");
    subsystem.run(2).unwrap();
    subsystem.write(CONTROL[0], SOFT_RST_N).unwrap();
    // A program counter without a reset is only stored for the next reset.
    subsystem
        .write(CONTROL[0], 4 << 16 | SOFT_RST_N | ENABLE)
        .unwrap();
    assert!(subsystem.run_until_halted(100).unwrap());
    assert_eq!(
        (
            subsystem.core(0).register(1),
            subsystem.read(CONTROL[0] + STATUS)
        ),
        (3, Ok(3))
    );
    // A halted core stays at its HALT.
    subsystem.write(CONTROL[0], SOFT_RST_N | ENABLE).unwrap();
    assert!(subsystem.run_until_halted(100).unwrap());
    assert_eq!(subsystem.read(CONTROL[0] + STATUS), Ok(3));
    subsystem.write(CONTROL[0], 4 << 16 | ENABLE).unwrap();
    assert_eq!(subsystem.read(CONTROL[0]).unwrap() & SOFT_RST_N, SOFT_RST_N);
    assert!(subsystem.run_until_halted(100).unwrap());
    assert_eq!(subsystem.core(0).register(1), 100);
}

#[test]
fn single_steps_and_the_cycle_counter() {
    let mut subsystem = loaded("lbco &r1, c24, 0, 4\nadd r2, r2, 1\nadd r2, r2, 1\nhalt");
    let step = ENABLE | SOFT_RST_N | SINGLE_STEP | COUNTER_ENABLE;
    for (counter, cycles) in [(1, 3), (2, 4)] {
        subsystem.write(CONTROL[0], step).unwrap();
        subsystem.run(50).unwrap();
        assert_eq!(subsystem.read(CONTROL[0] + STATUS), Ok(counter));
        assert_eq!(subsystem.read(CONTROL[0] + CYCLE), Ok(cycles));
        assert_eq!(subsystem.read(CONTROL[0]).unwrap() & (ENABLE | RUNSTATE), 0);
    }
    assert_eq!(subsystem.step(0), Ok(1));
    assert_eq!(subsystem.core(0).register(2), 2);
}

#[test]
fn sleep_lasts_until_reset() {
    let mut subsystem = loaded("slp 0\nldi r1, 1\nhalt");
    subsystem.run(50).unwrap();
    assert_eq!(
        subsystem.read(CONTROL[0]).unwrap() & (SLEEPING | ENABLE),
        SLEEPING | ENABLE
    );
    subsystem.write(CONTROL[0], 1 << 16 | ENABLE).unwrap();
    assert!(subsystem.run_until_halted(50).unwrap());
    assert_eq!(subsystem.core(0).register(1), 1);
}

#[test]
fn the_cores_share_memories_and_scratchpad() {
    let mut subsystem = Subsystem::new();
    let first = "ldi r1, 1\nsbco &r1, c24, 0, 4\nldi r1, 2\nsbco &r1, c25, 4, 4\nldi r5, 77\nxout 10, &r5, 4\nldi32 r2, 0x10010\nsbbo &r1, r2, 0, 4\nhalt";
    let second = "ldi r9, 20\nloop w, r9\nadd r8, r8, 0\nw: lbco &r1, c24, 4, 4\nlbco &r2, c25, 0, 4\nxin 10, &r5, 4\nldi32 r6, 0x10010\nlbbo &r3, r6, 0, 4\nldi r7, 5\nxout 14, &r7, 4\nhalt";
    for (core, text) in [first, second].into_iter().enumerate() {
        subsystem
            .load(core, &assemble(text).unwrap().words)
            .unwrap();
        subsystem.write(CONTROL[core], ENABLE).unwrap();
    }
    assert!(subsystem.run_until_halted(1000).unwrap());
    let second = |register| subsystem.core(1).register(register);
    assert_eq!((second(1), second(2), second(3), second(5)), (2, 1, 2, 77));
    assert_eq!(subsystem.core(0).register(7), 5);
    assert_eq!(
        (
            subsystem.read(0),
            subsystem.read(0x2004),
            subsystem.read(SHARED + 0x10)
        ),
        (Ok(1), Ok(2), Ok(2))
    );
    assert_eq!(subsystem.bank(10).unwrap()[5], 77);
    assert_eq!(subsystem.data(0)[0], 1);
    // Both cores share the clock, which stops when the slower one halts.
    assert_eq!(subsystem.now(), subsystem.core(1).cycles());
}

#[test]
fn entries_of_the_constant_table_can_be_moved() {
    let text = "lbco &r1, c24, 4, 4\nlbco &r2, c25, 0, 4\nlbco &r3, c28, 8, 4\nhalt";
    let mut subsystem = loaded(text);
    for (offset, value) in [(0x304, 1), (0x2100, 2), (0x10808, 3)] {
        subsystem.write(offset, value).unwrap();
    }
    subsystem.write(CONTROL[0] + TABLE, 0x0001_0003).unwrap();
    subsystem.write(CONTROL[0] + TABLE + 8, 0x0108).unwrap();
    assert_eq!(subsystem.read(CONTROL[0] + TABLE), Ok(0x0001_0003));
    assert!(subsystem.run_until_halted(100).unwrap());
    let registers = [1, 2, 3].map(|register| subsystem.core(0).register(register));
    assert_eq!(registers, [1, 2, 3]);
    assert!(subsystem.read(CONTROL[0] + 0x30).is_err());
}
