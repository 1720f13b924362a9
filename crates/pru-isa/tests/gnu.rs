//! Comparison with GNU's assembler and PRU simulator: the encoding of random instructions,
//! and the memory and registers that random programs leave behind.
//!
//! `gnu/build.sh` builds both tools. Without them, the tests compare with their recorded
//! answers in `gnu/words.txt` and `gnu/programs.txt`, which `GATEBEND_WRITE_GOLDEN=1`
//! records anew.
//!
//! Known errors and differences of GNU's tools, and how these tests avoid them:
//!
//! | GNU | here |
//! |---|---|
//! | subtracts with a carry that means borrow; on the core it means no borrow, as on ARM | ADC follows additions only, SUC and RSC follow subtractions only: there, both agree |
//! | charges 2 more cycles for each load and store | cycles are not compared; `emulator.rs` tests the documented ones |
//! | has neither memory limits nor regions | programs keep within one memory of the AM335x; `emulator.rs` tests the limits |
//! | clears r30 and r31 after each instruction | programs never write them |
//! | transfers beyond r29, even beyond the bank | programs never do |
//! | treats device 14 as one more bank | not used; `emulator.rs` tests the other core |
//! | makes a host call on HALT, and stops on SLP | programs end with SLP |
//! | ignores SLP 1 | not used |
//! | emulates the multiplier, device 0 | not used: the emulator does not |
//! | the assembler rejects loops of 256 iterations, which the simulator and the manual allow | excluded from the compared words |
//! | only knows NOT with the bit that marks a number | our encoder sets it, too |

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pru_isa::emulator::{CONTROL, ENABLE, Subsystem};
use pru_isa::{Instruction, Op, assemble};

/// Number of programs compared.
const PROGRAMS: u64 = 60;
/// Number of random instructions whose encodings are compared.
const WORDS: usize = 4000;
/// Number of these that are recorded for machines without GNU's tools.
const WORDS_RECORDED: usize = 120;

fn tool(name: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cache"),
        PathBuf::from,
    );
    let path = cache.join("gatebend/gnu-pru").join(name);
    path.exists().then_some(path)
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("gnu").join(name)
}

/// Compares text with the recorded text, or records it.
fn check_golden(name: &str, text: &str) {
    if std::env::var_os("GATEBEND_WRITE_GOLDEN").is_some() {
        std::fs::write(golden(name), text).unwrap();
    }
    let recorded = std::fs::read_to_string(golden(name)).unwrap();
    for (ours, recorded) in text.lines().zip(recorded.lines()) {
        assert_eq!(ours, recorded, "{name}");
    }
    assert_eq!(text.lines().count(), recorded.lines().count(), "{name}");
}

/// xorshift64*: the same programs on every machine.
struct Rng(u64);

impl Rng {
    fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.next()) * u64::from(n)) >> 32) as u32
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u32) as usize]
    }
}

// --- encodings ---

/// Random instructions, with every operation about equally often.
fn instructions() -> Vec<Instruction> {
    let mut rng = Rng::new(1);
    let mut counts = std::collections::HashMap::<Op, usize>::new();
    let mut found = Vec::new();
    while found.len() < WORDS {
        // The upper byte determines the operation.
        let word = rng.next();
        let Some(instruction) = Instruction::decode(word) else {
            continue;
        };
        let a_loop = matches!(instruction.op(), Op::Loop | Op::Iloop);
        let count = counts.entry(instruction.op()).or_default();
        let refused = a_loop && (word & 0xff < 2 || word >> 16 & 0x1ff == 0x1ff);
        if *count < WORDS / 43 + 1 && !refused {
            *count += 1;
            found.push(instruction);
        }
        if counts.len() == 43 && found.len() > WORDS / 2 && rng.below(1000) == 0 {
            break; // SLP and HALT are rare
        }
    }
    found
}

/// Returns the syntax of GNU's assembler: `.` and jumps count bytes, and entries of the
/// constant table are numbers.
fn in_gnu_syntax(instruction: &Instruction) -> String {
    let text = instruction.to_string();
    let (mnemonic, operands) = text.split_once(' ').unwrap_or((&text, ""));
    let operands = operands.split(',').map(|operand| {
        let operand = operand.trim();
        let number = |text: &str| text.parse::<u32>().ok();
        if let Some(back) = operand.strip_prefix(".-").and_then(number) {
            format!(".-{}", 4 * back)
        } else if let Some(on) = operand.strip_prefix(".+").and_then(number) {
            format!(".+{}", 4 * on)
        } else if let Some(entry) = operand.strip_prefix('c').and_then(number) {
            entry.to_string()
        } else {
            match number(operand) {
                Some(target) if matches!(mnemonic, "jmp" | "jal") => (4 * target).to_string(),
                _ => operand.to_string(),
            }
        }
    });
    format!("\t{mnemonic} {}", operands.collect::<Vec<_>>().join(", "))
}

/// Assembles text with GNU's assembler.
fn gnu_words(assembler: &Path, text: &str) -> Vec<u32> {
    let folder = tempfile::tempdir().unwrap();
    let (source, object) = (folder.path().join("x.s"), folder.path().join("x.o"));
    std::fs::write(&source, text).unwrap();
    let output = Command::new(assembler)
        .arg("-o")
        .args([&object, &source])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let elf = std::fs::read(object).unwrap();
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let text = section(&elf, ".text").unwrap();
    let mut words: Vec<u32> = text.chunks_exact(4).map(word).collect();
    // GNU's linker would fill in the targets: offset, symbol and kind, addend.
    let symbols = section(&elf, ".symtab").unwrap();
    for entry in section(&elf, ".rela.text")
        .unwrap_or_default()
        .chunks_exact(12)
    {
        let (at, symbol) = (word(&entry[..4]) / 4, word(&entry[4..8]) as usize >> 8);
        let address = word(&symbols[16 * symbol + 4..][..4]);
        let target = address.wrapping_add(word(&entry[8..])) / 4;
        let distance = target.wrapping_sub(at);
        let word = &mut words[at as usize];
        *word |= match Instruction::decode(*word).unwrap().op() {
            Op::Jmp | Op::Jal => target << 8,
            Op::Loop | Op::Iloop => distance & 0xff,
            _ => distance & 0xff | (distance & 0x300) << 17,
        };
    }
    words
}

/// Returns a section of a 32-bit ELF file.
fn section<'e>(elf: &'e [u8], name: &str) -> Option<&'e [u8]> {
    let half = |at: usize| u16::from_le_bytes(elf[at..at + 2].try_into().unwrap()) as usize;
    let word = |at: usize| u32::from_le_bytes(elf[at..at + 4].try_into().unwrap()) as usize;
    let header = |index: usize| word(0x20) + index * half(0x2e);
    let names = word(header(half(0x32)) + 0x10);
    let found = (0..half(0x30))
        .map(header)
        .find(|&header| elf[names + word(header)..].starts_with(format!("{name}\0").as_bytes()));
    let header = found?;
    Some(&elf[word(header + 0x10)..][..word(header + 0x14)])
}

/// Pseudo-instructions, which disassemble to other mnemonics.
const PSEUDO_INSTRUCTIONS: [&str; 10] = [
    "nop",
    "mov r3, r4",
    "mov r3.b1, r4.w2",
    "ret",
    "call r5.w1",
    "wbs r31, 5",
    "wbc r1, r2.b0",
    "zero &r0, 120",
    "fill &r3.b1, 2",
    "slp 1",
];

#[test]
fn gnu_encodes_every_instruction_identically() {
    let instructions = instructions();
    // Keeps the targets of all branches within the program.
    let nops = "\tnop\n".repeat(512);
    if let Some(assembler) = tool("pru-elf-as") {
        let mut text = nops.clone();
        for instruction in &instructions {
            text += &in_gnu_syntax(instruction);
            text.push('\n');
        }
        let words = gnu_words(&assembler, &(text + &nops));
        for (instruction, &word) in instructions.iter().zip(&words[512..]) {
            assert_eq!(
                instruction.encode(),
                word,
                "{instruction}: GNU encodes it as {word:#010x}"
            );
            assert_eq!(Instruction::decode(word), Some(*instruction));
        }
    }
    let mut recorded = String::new();
    for text in PSEUDO_INSTRUCTIONS {
        let words = assemble(text).unwrap().words;
        if let Some(assembler) = tool("pru-elf-as") {
            assert_eq!(gnu_words(&assembler, &format!("{text}\n")), words, "{text}");
        }
        writeln!(recorded, "{:08x} {text}", words[0]).unwrap();
    }
    let step = instructions.len() / WORDS_RECORDED;
    for instruction in instructions.iter().step_by(step) {
        writeln!(recorded, "{:08x} {instruction}", instruction.encode()).unwrap();
    }
    check_golden("words.txt", &recorded);
}

// --- programs ---

/// Writes a random program that ends, in syntax that both assemblers accept.
struct Writer {
    rng: Rng,
    text: String,
    labels: u32,
    /// True if the last carry is that of an addition and may be added.
    carry_of_addition: bool,
}

const BINARY: [&str; 10] = [
    "and", "or", "xor", "min", "max", "clr", "set", "lsl", "lsr", "lmbd",
];
const PARTS: [&str; 8] = ["", "", ".w0", ".w1", ".w2", ".b0", ".b1", ".b3"];

impl Writer {
    fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    /// A field of r0 to r29, most often a whole register.
    fn field(&mut self) -> String {
        let register = self.rng.below(30);
        format!("r{register}{}", self.rng.one_of(&PARTS))
    }

    fn operand(&mut self) -> String {
        match self.rng.below(3) {
            0 => self.rng.below(256).to_string(),
            _ => self.field(),
        }
    }

    fn simple(&mut self) {
        let (rd, a, b) = (self.field(), self.field(), self.operand());
        match self.rng.below(20) {
            0..=9 => {
                let op = self.rng.one_of(&BINARY);
                self.line(&format!("{op} {rd}, {a}, {b}"));
            }
            10 => self.line(&format!("not {rd}, {a}")),
            11 => {
                let number = self.rng.next() & 0xffff;
                self.line(&format!("ldi {rd}, {number}"));
            }
            12..=13 => {
                let op = self.rng.one_of(&["sub", "rsb"]);
                self.line(&format!("{op} {rd}, {a}, {b}"));
                self.carry_of_addition = false;
            }
            14..=15 => {
                self.line(&format!("add {rd}, {a}, {b}"));
                self.carry_of_addition = true;
            }
            16..=17 if self.carry_of_addition => self.line(&format!("adc {rd}, {a}, {b}")),
            16 => self.line(&format!("suc {rd}, {a}, {b}")),
            17 => self.line(&format!("rsc {rd}, {a}, {b}")),
            18 => self.transfer(),
            _ => self.memory(),
        }
    }

    /// A first register and byte, and a length that stays within r0 to r29.
    fn burst(&mut self) -> (String, u32) {
        let first = self.rng.below(120);
        let length = 1 + self.rng.below((120 - first).min(124));
        (format!("r{}.b{}", first / 4, first % 4), length)
    }

    /// The length as a number or, rarely, in a byte of r0.
    fn length(&mut self, length: u32) -> String {
        if self.rng.below(4) > 0 {
            return length.to_string();
        }
        let byte = self.rng.below(4);
        self.line(&format!("ldi r0.b{byte}, {length}"));
        format!("r0.b{byte}")
    }

    fn transfer(&mut self) {
        let (first, length) = self.burst();
        let length = self.length(length);
        match self.rng.below(5) {
            0 => self.line(&format!("zero {first}, {length}")),
            1 => self.line(&format!("fill {first}, {length}")),
            _ => {
                let op = self.rng.one_of(&["xin", "xout", "xchg"]);
                let bank = 10 + self.rng.below(3);
                self.line(&format!("{op} {bank}, {first}, {length}"));
            }
        }
    }

    /// Accesses both data RAMs and the shared RAM, by table entry and by register.
    fn memory(&mut self) {
        let (first, length) = self.burst();
        let length = self.length(length);
        if self.rng.below(2) == 0 {
            let op = self.rng.one_of(&["lbco", "sbco"]);
            let entry = self.rng.one_of(&["24", "25"]);
            let offset = self.rng.below(256);
            self.line(&format!("{op} {first}, {entry}, {offset}, {length}"));
            return;
        }
        let op = self.rng.one_of(&["lbbo", "sbbo"]);
        let (base, index) = (1 + self.rng.below(29), 1 + self.rng.below(29));
        let (start, size) =
            [(0, 0x2000), (0x2000, 0x2000), (0x10000, 0x3000)][self.rng.below(3) as usize];
        let address = start + self.rng.below(size - 0x200);
        self.line(&format!("ldi r{base}.w0, {}", address & 0xffff));
        self.line(&format!("ldi r{base}.w2, {}", address >> 16));
        let offset = match self.rng.below(2) {
            0 if index != base => {
                self.line(&format!("ldi r{index}.b2, {}", self.rng.0 as u8));
                format!("r{index}.b2")
            }
            _ => self.rng.below(256).to_string(),
        };
        self.line(&format!("{op} {first}, r{base}, {offset}, {length}"));
    }

    /// A branch or jump over a few simple instructions.
    fn branch(&mut self) {
        self.labels += 1;
        let label = format!("l{}", self.labels);
        let (a, b) = (self.field(), self.operand());
        match self.rng.below(12) {
            0 => self.line(&format!("qba {label}")),
            1..=2 => {
                let register = self.rng.below(30);
                let op = self.rng.one_of(&["jmp", "call"]);
                match op {
                    "jmp" => self.line(&format!("jal r{register}, {label}")),
                    _ => self.line(&format!("jmp {label}")),
                }
            }
            3..=5 => {
                let op = self.rng.one_of(&["qbbs", "qbbc"]);
                self.line(&format!("{op} {label}, {a}, {b}"));
            }
            _ => {
                let op = self
                    .rng
                    .one_of(&["qbgt", "qbge", "qblt", "qble", "qbeq", "qbne"]);
                self.line(&format!("{op} {label}, {a}, {b}"));
            }
        }
        // The carry must mean the same whether the branch is taken or not.
        let before = self.carry_of_addition;
        for _ in 0..=self.rng.below(4) {
            self.simple();
        }
        if self.carry_of_addition != before {
            let op = if before { "add" } else { "sub" };
            self.line(&format!("{op} r5, r6, r7"));
            self.carry_of_addition = before;
        }
        self.line(&format!("{label}:"));
    }

    fn a_loop(&mut self) {
        self.labels += 1;
        let label = format!("l{}", self.labels);
        self.line("add r9.b1, r10, r11");
        self.carry_of_addition = true;
        if self.rng.below(2) == 0 {
            let count = 1 + self.rng.below(20);
            self.line(&format!("loop {label}, {count}"));
        } else {
            let register = self.rng.below(30);
            let count = self.rng.below(20);
            self.line(&format!("ldi r{register}, {count}"));
            self.line(&format!("loop {label}, r{register}.b0"));
        }
        for _ in 0..2 + self.rng.below(8) {
            match self.rng.below(4) {
                0 => self.branch(),
                _ => self.simple(),
            }
        }
        self.line("add r8.w1, r3, r4");
        self.carry_of_addition = true;
        self.line(&format!("{label}:"));
    }
}

/// A program that loads registers from memory, computes, and stores them to memory.
fn program(seed: u64) -> String {
    let mut writer = Writer {
        rng: Rng::new(seed),
        text: String::new(),
        labels: 0,
        carry_of_addition: true, // clear at the start
    };
    writer.line("lbco r0, 24, 0x80, 120");
    for _ in 0..60 {
        match writer.rng.below(10) {
            0 => writer.a_loop(),
            1 | 2 => writer.branch(),
            _ => writer.simple(),
        }
    }
    // Twelve registers of each bank are stored as well.
    writer.line("sbco r0, 24, 0x80, 120");
    for (bank, at) in [(10, 0), (11, 64), (12, 128)] {
        writer.line(&format!("xin {bank}, r5, 60"));
        writer.line(&format!("sbco r5, 25, {at}, 60"));
    }
    writer.line("slp 0");
    writer.text
}

/// Random contents of all memory up to the end of the shared RAM.
fn memory(seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(!seed);
    let random = (0..0x13000).map(|at| match at {
        0..0x4000 | 0x10000.. => rng.next() as u8,
        _ => 0,
    });
    random.collect()
}

fn emulated(words: &[u32], mut memory: Vec<u8>) -> Vec<u8> {
    let mut subsystem = Subsystem::new();
    subsystem.load(0, words).unwrap();
    let addresses = || (0..0x4000).chain(0x10000..0x13000).step_by(4);
    for at in addresses() {
        let word = u32::from_le_bytes(memory[at..at + 4].try_into().unwrap());
        subsystem.write(at as u32, word).unwrap();
    }
    subsystem.write(CONTROL[0], ENABLE).unwrap();
    let end = subsystem.run_until_halted(1_000_000);
    assert!(
        end.unwrap_or_else(|fault| panic!("{fault}")),
        "the program ends"
    );
    for at in addresses() {
        let word = subsystem.read(at as u32).unwrap();
        memory[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    memory
}

fn simulated(simulator: &Path, words: &[u32], memory: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (file, elf) = (folder.path().join("memory"), folder.path().join("elf"));
    let mut region = memory.to_vec();
    region.resize(0x20000, 0);
    std::fs::write(&file, region).unwrap();
    std::fs::write(&elf, executable(words)).unwrap();
    // The simulator ends with a message about a signal, its translation of SLP.
    Command::new(simulator)
        .arg("--memory-mapfile")
        .arg(&file)
        .args(["--memory-region", "0,0x20000"])
        .arg(&elf)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let mut after = std::fs::read(file).unwrap();
    after.truncate(memory.len());
    after
}

/// Returns an ELF file with this program at the simulator's instruction memory.
fn executable(words: &[u32]) -> Vec<u8> {
    const BASE: u32 = 0x2000_0000;
    const TEXT: u32 = 0x100;
    let size = 4 * words.len() as u32;
    let names = b"\0.text\0.shstrtab\0";
    let headers = (TEXT + size + names.len() as u32).next_multiple_of(4);
    let mut elf = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let put = |elf: &mut Vec<u8>, words: &[u32]| {
        elf.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    };
    // An executable for the PRU, machine 144; sizes and numbers of its headers.
    put(&mut elf, &[0x0090_0002, 1, BASE, 0x34, headers, 0]);
    put(&mut elf, &[0x0020_0034, 0x0028_0001, 0x0002_0003]);
    put(&mut elf, &[1, TEXT, BASE, BASE, size, size, 5, 4]); // loadable and executable
    elf.resize(TEXT as usize, 0);
    put(&mut elf, words);
    elf.extend(names);
    elf.resize(headers as usize, 0);
    put(&mut elf, &[0; 10]);
    put(&mut elf, &[1, 1, 6, BASE, TEXT, size, 0, 0, 4, 0]);
    let names = [7, 3, 0, 0, TEXT + size, names.len() as u32, 0, 0, 1, 0];
    put(&mut elf, &names);
    elf
}

/// The FNV-1a hash.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn gnu_simulates_every_program_identically() {
    let (assembler, simulator) = (tool("pru-elf-as"), tool("pru-elf-run"));
    let mut recorded = String::new();
    for seed in 0..PROGRAMS {
        let text = program(seed);
        let words = assemble(&text)
            .unwrap_or_else(|e| panic!("{e}\n{text}"))
            .words;
        let before = memory(seed);
        let ours = emulated(&words, before.clone());
        assert!(ours != before);
        if let (Some(assembler), Some(simulator)) = (&assembler, &simulator) {
            assert_eq!(words, gnu_words(assembler, &text), "{text}");
            let theirs = simulated(simulator, &words, &before);
            let differs = (0..ours.len()).find(|&at| ours[at] != theirs[at]);
            if let Some(at) = differs {
                panic!(
                    "program {seed}: at {at:#x} {:#x} here, {:#x} in GNU's simulator\n{text}",
                    ours[at], theirs[at]
                );
            }
        }
        writeln!(
            recorded,
            "{seed} {:016x} {:016x}",
            hash(text.as_bytes()),
            hash(&ours)
        )
        .unwrap();
    }
    check_golden("programs.txt", &recorded);
}
