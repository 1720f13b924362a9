//! Register allocation with spilling.
//!
//! A register and the scratchpad slot of the same number form a column: a slot belongs to
//! one register, so a value spilled from r5 returns to r5. One XOUT copies many registers
//! to their slots, after which they can be reused for free; one XIN restores many values;
//! one XCHG exchanges registers and slots of many columns. Each transfer includes
//! neighbouring columns where that pays. Values that find no free slot are stored to data
//! RAM, which takes two cycles, and three to load them again.
//!
//! The value whose next use is farthest away is spilled first (Belady's rule; the order of
//! evaluation is known), with a preference for values that already have a copy.

use alloc::vec;
use alloc::vec::Vec;

use crate::lower::{LANE_BITS, Output, Plan};
use crate::schedule::Readers;

/// Number of registers that hold values; r30 and r31 are the pins and events.
pub(crate) const COLUMNS: usize = 30;
/// The register that holds addresses in data RAM beyond the 8-bit offset; see
/// [`Settings::far`].
pub(crate) const FAR_REGISTER: u8 = 29;
/// Number of words of data RAM that an 8-bit offset reaches; see `mailbox`.
pub(crate) const NEAR_WORDS: usize = 47;

const NONE: u32 = u32::MAX;

/// One instruction, or two that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MachineOp {
    /// Evaluates a step of the plan, by index.
    Step { index: u32, rd: u8, a: u8, b: u8 },
    /// Copies one register to another.
    Copy { rd: u8, a: u8, value: u32 },
    /// Copies registers to their slots, from the first to the last column.
    Out(usize, usize),
    /// Copies slots to their registers.
    In(usize, usize),
    /// Exchanges registers with their slots.
    Exchange(usize, usize),
    /// Stores a register to a word of data RAM.
    Store { column: u8, word: u16, value: u32 },
    /// Loads a register from a word of data RAM.
    Load { column: u8, word: u16, value: u32 },
    /// Stores the bits of an output where the ARM reads them.
    Output { bit: u8, register: u8 },
    /// Sets register 0 to all zeros or ones, for constant outputs.
    Constant { value: bool },
}

impl MachineOp {
    /// Returns the operation's cycles.
    pub(crate) fn cycles(self) -> u32 {
        match self {
            MachineOp::Store { word, .. } if usize::from(word) >= NEAR_WORDS => 3,
            MachineOp::Load { word, .. } if usize::from(word) >= NEAR_WORDS => 4,
            MachineOp::Store { .. } | MachineOp::Output { .. } => 2,
            MachineOp::Load { .. } => 3,
            _ => 1,
        }
    }
}

/// Parameters of the allocator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Allows data RAM beyond [`NEAR_WORDS`], at the cost of one register.
    pub(crate) far: bool,
    /// Weight of the distance to the next use for values without a copy, in percent of that
    /// for values with one. A smaller weight prefers to spill values with a copy.
    pub(crate) uncopied_weight: u32,
}

/// Data RAM is full.
#[derive(Debug)]
pub(crate) struct OutOfMemory;

/// Returns the initial column of an input: the bit's own number if the bit differs within
/// a pass; the other inputs follow in order.
pub(crate) fn input_column(plan: &Plan, input: usize) -> usize {
    let bit = usize::from(plan.inputs[input].bit);
    let lanes = LANE_BITS as usize;
    if bit < lanes {
        bit
    } else {
        let low = plan
            .inputs
            .iter()
            .filter(|input| u32::from(input.bit) < LANE_BITS);
        lanes + input - low.count()
    }
}

struct Allocator<'s> {
    plan: &'s Plan,
    settings: Settings,
    registers: [u32; COLUMNS],
    slots: [u32; COLUMNS],
    words: Vec<u32>,
    most_words: usize,
    register_of: Vec<u8>,
    slot_of: Vec<u8>,
    word_of: Vec<u16>,
    /// Positions of the steps that read each value, value by value.
    uses: Vec<u32>,
    next: Vec<u32>,
    end: Vec<u32>,
    ops: Vec<MachineOp>,
    position: u32,
}

/// Worth of a register for a value that is needed in the next step.
const WORTH: i64 = 1 << 60;
/// Distance, in steps, up to which a next use is about as urgent as an immediate one.
const NEAR: i64 = 3;

const NOWHERE: u8 = u8::MAX;
const NO_WORD: u16 = u16::MAX;

/// Returns operations that evaluate the steps in this order.
pub(crate) fn allocate(
    plan: &Plan,
    readers: &Readers,
    order: &[u32],
    settings: Settings,
    most_words: usize,
) -> Result<Vec<MachineOp>, OutOfMemory> {
    let values = plan.values();
    let mut position_of = vec![0u32; plan.steps.len()];
    for (position, &i) in order.iter().enumerate() {
        position_of[i as usize] = position as u32;
    }
    let mut uses = Vec::with_capacity(2 * plan.steps.len());
    let (mut next, mut end) = (Vec::with_capacity(values), Vec::with_capacity(values));
    for value in 0..values as u32 {
        let start = uses.len();
        let readers = readers.of_value(value).iter();
        uses.extend(readers.map(|&i| position_of[i as usize]));
        uses[start..].sort_unstable();
        next.push(start as u32);
        end.push(uses.len() as u32);
    }
    let mut allocator = Allocator {
        plan,
        settings,
        registers: [NONE; COLUMNS],
        slots: [NONE; COLUMNS],
        words: Vec::new(),
        most_words: if settings.far {
            most_words
        } else {
            most_words.min(NEAR_WORDS)
        },
        register_of: vec![NOWHERE; values],
        slot_of: vec![NOWHERE; values],
        word_of: vec![NO_WORD; values],
        uses,
        next,
        end,
        ops: Vec::with_capacity(2 * values),
        position: 0,
    };
    allocator.inputs();
    for (position, &i) in order.iter().enumerate() {
        allocator.position = position as u32;
        allocator.step(i)?;
    }
    allocator.constants();
    Ok(allocator.ops)
}

impl Allocator<'_> {
    /// Returns the number of usable columns.
    fn columns(&self) -> usize {
        COLUMNS - usize::from(self.settings.far)
    }

    /// Places the inputs, which start in both register and slot.
    fn inputs(&mut self) {
        for input in 0..self.plan.inputs.len() {
            let column = input_column(self.plan, input);
            self.registers[column] = input as u32;
            self.slots[column] = input as u32;
            self.register_of[input] = column as u8;
            self.slot_of[input] = column as u8;
        }
        for input in 0..self.plan.inputs.len() as u32 {
            self.outputs_of(input);
            if self.is_dead(input) {
                self.forget(input);
            }
        }
    }

    fn is_dead(&self, value: u32) -> bool {
        self.next[value as usize] == self.end[value as usize]
    }

    fn next_use(&self, value: u32) -> u32 {
        let next = self.next[value as usize];
        if next == self.end[value as usize] {
            NONE
        } else {
            self.uses[next as usize]
        }
    }

    /// Returns whether a slot holds a bit that differs within a pass. These are the same in
    /// every pass and must stay.
    fn is_fixed(&self, column: usize) -> bool {
        let value = self.slots[column];
        let input = self.plan.inputs.get(value as usize);
        input.is_some_and(|input| u32::from(input.bit) < LANE_BITS)
    }

    /// Returns whether a register's value can be copied to its slot.
    fn slot_is_free(&self, column: usize) -> bool {
        self.slots[column] == NONE
    }

    fn has_copy(&self, value: u32) -> bool {
        self.slot_of[value as usize] != NOWHERE || self.word_of[value as usize] != NO_WORD
    }

    /// Removes a value that is not read again from all its locations except fixed slots.
    fn forget(&mut self, value: u32) {
        let v = value as usize;
        let (register, slot) = (self.register_of[v], self.slot_of[v]);
        if register != NOWHERE {
            self.registers[usize::from(register)] = NONE;
            self.register_of[v] = NOWHERE;
        }
        if slot != NOWHERE && !self.is_fixed(usize::from(slot)) {
            self.slots[usize::from(slot)] = NONE;
            self.slot_of[v] = NOWHERE;
        }
        if self.word_of[v] != NO_WORD {
            self.words[usize::from(self.word_of[v])] = NONE;
            self.word_of[v] = NO_WORD;
        }
    }

    fn put(&mut self, value: u32, column: usize) {
        self.registers[column] = value;
        self.register_of[value as usize] = column as u8;
    }

    fn step(&mut self, index: u32) -> Result<(), OutOfMemory> {
        let step = self.plan.steps[index as usize];
        let value = self.plan.inputs.len() as u32 + index;
        self.fetch(step.a, step.b)?;
        self.fetch(step.b, step.a)?;
        let a = self.register_of[step.a as usize];
        let b = self.register_of[step.b as usize];
        for operand in step.operands() {
            self.next[operand as usize] += 1;
            if self.is_dead(operand) {
                self.forget(operand);
            }
        }
        let last_use = self.uses
            [self.next[value as usize] as usize..self.end[value as usize] as usize]
            .last()
            .copied()
            .unwrap_or(self.position);
        let column = self.free_register([NONE, NONE], NOWHERE.into(), last_use)?;
        self.ops.push(MachineOp::Step {
            index,
            rd: column as u8,
            a,
            b,
        });
        self.put(value, column);
        self.outputs_of(value);
        if self.is_dead(value) {
            self.forget(value);
        }
        Ok(())
    }

    /// Stores every output that is this value; the value is in a register.
    fn outputs_of(&mut self, value: u32) {
        let register = self.register_of[value as usize];
        for (bit, output) in self.plan.outputs.iter().enumerate() {
            if matches!(output, Output::Value(other) if *other == value) {
                let bit = bit as u8;
                self.ops.push(MachineOp::Output { bit, register });
            }
        }
    }

    /// Stores the constant outputs, after everything else.
    fn constants(&mut self) {
        for constant in [false, true] {
            let mut made = false;
            for (bit, output) in self.plan.outputs.iter().enumerate() {
                if matches!(output, Output::Constant(value) if *value == constant) {
                    if !made {
                        self.ops.push(MachineOp::Constant { value: constant });
                        made = true;
                    }
                    let bit = bit as u8;
                    self.ops.push(MachineOp::Output { bit, register: 0 });
                }
            }
        }
    }

    /// Brings a value into a register without moving `other` out of its register.
    fn fetch(&mut self, value: u32, other: u32) -> Result<(), OutOfMemory> {
        let v = value as usize;
        if self.register_of[v] != NOWHERE {
            return Ok(());
        }
        if self.slot_of[v] == NOWHERE {
            let column =
                self.free_register([value, other], NOWHERE.into(), self.next_use(value))?;
            self.ops.push(MachineOp::Load {
                column: column as u8,
                word: self.word_of[v],
                value,
            });
            self.put(value, column);
            return Ok(());
        }
        let column = usize::from(self.slot_of[v]);
        let there = self.registers[column];
        let copied = there == NONE || self.has_copy(there);
        if !self.is_fixed(column) && there != other {
            let (gain_in, range_in) = if copied {
                self.best_range(column, |column| self.gain_in(column, other))
            } else {
                (i64::MIN, (column, column))
            };
            let (gain, range) =
                self.best_range(column, |column| self.gain_exchanged(column, other));
            if gain > gain_in {
                self.exchange(range);
                return Ok(());
            }
            if there != NONE {
                self.leave_register(column);
            }
            self.bring_in(range_in);
            return Ok(());
        }
        if there != NONE {
            if there == other || !copied {
                let away = self.free_register([value, other], column, self.next_use(there))?;
                self.ops.push(MachineOp::Copy {
                    rd: away as u8,
                    a: column as u8,
                    value: there,
                });
                self.put(there, away);
                self.registers[column] = NONE;
            } else {
                self.leave_register(column);
            }
        }
        let (_, range) = self.best_range(column, |column| self.gain_in(column, other));
        self.bring_in(range);
        Ok(())
    }

    /// Frees the register of a value that has a copy.
    fn leave_register(&mut self, column: usize) {
        let value = self.registers[column];
        self.register_of[value as usize] = NOWHERE;
        self.registers[column] = NONE;
    }

    /// Returns the worth of having a value in a register.
    fn worth(&self, value: u32) -> i64 {
        if value == NONE || self.is_dead(value) {
            return 0;
        }
        let distance = self.next_use(value).saturating_sub(self.position);
        WORTH / (i64::from(distance) + NEAR).pow(3)
    }

    /// Returns the gain of restoring a column's slot, or `None` if that would lose a value or
    /// evict the value that must stay.
    fn gain_in(&self, column: usize, stays: u32) -> Option<i64> {
        let (register, slot) = (self.registers[column], self.slots[column]);
        if register == slot {
            Some(0)
        } else if register == NONE {
            let elsewhere = self.register_of[slot as usize] != NOWHERE;
            Some(if elsewhere { 0 } else { self.worth(slot) })
        } else if register != stays
            && self.has_copy(register)
            && slot != NONE
            && self.register_of[slot as usize] == NOWHERE
        {
            Some(self.worth(slot) - self.worth(register))
        } else {
            None
        }
    }

    /// Returns the gain of exchanging a column's register and slot, or `None` if that would
    /// lose a value or evict the value that must stay.
    fn gain_exchanged(&self, column: usize, stays: u32) -> Option<i64> {
        let (register, slot) = (self.registers[column], self.slots[column]);
        if self.is_fixed(column) || (register == stays && register != slot) {
            return None;
        }
        if register == slot {
            return Some(0);
        }
        if slot != NONE && self.register_of[slot as usize] != NOWHERE {
            return None;
        }
        Some(self.worth(slot) - self.worth(register))
    }

    /// Returns the range of columns around this one with the greatest total gain.
    fn best_range(
        &self,
        column: usize,
        gain: impl Fn(usize) -> Option<i64>,
    ) -> (i64, (usize, usize)) {
        let side = |columns: &mut dyn Iterator<Item = usize>| {
            let (mut best, mut sum, mut end) = (0, 0, column);
            for candidate in columns {
                let Some(gain) = gain(candidate) else {
                    break;
                };
                sum += gain;
                if sum > best {
                    (best, end) = (sum, candidate);
                }
            }
            (best, end)
        };
        let (left, first) = side(&mut (0..column).rev());
        let (right, last) = side(&mut (column + 1..self.columns()));
        (left + right, (first, last))
    }

    /// Restores registers from the slots of these columns.
    fn bring_in(&mut self, (first, last): (usize, usize)) {
        for column in first..=last {
            let (register, value) = (self.registers[column], self.slots[column]);
            if value == NONE
                || register == value
                || self.register_of[value as usize] != NOWHERE
                || self.is_dead(value)
            {
                continue;
            }
            if register != NONE {
                self.leave_register(column);
            }
            self.put(value, column);
        }
        self.ops.push(MachineOp::In(first, last));
    }

    /// Exchanges registers and slots of these columns.
    fn exchange(&mut self, (first, last): (usize, usize)) {
        for column in first..=last {
            let (register, slot) = (self.registers[column], self.slots[column]);
            if register == slot {
                continue;
            }
            self.registers[column] = NONE;
            self.slots[column] = NONE;
            if slot != NONE {
                self.slot_of[slot as usize] = NOWHERE;
                self.put(slot, column);
            }
            if register != NONE {
                self.register_of[register as usize] = NOWHERE;
                if self.slot_of[register as usize] == NOWHERE {
                    self.slots[column] = register;
                    self.slot_of[register as usize] = column as u8;
                }
            }
        }
        self.ops.push(MachineOp::Exchange(first, last));
    }

    /// Copies a column's register to its slot, together with as many neighbours as possible
    /// without loss.
    fn copy_out(&mut self, column: usize) {
        let harmless = |column: usize| {
            let (register, slot) = (self.registers[column], self.slots[column]);
            slot == NONE || register == slot
        };
        let useful = |column: usize| {
            let (register, slot) = (self.registers[column], self.slots[column]);
            register != NONE && slot == NONE && !self.has_copy(register)
        };
        let (first, last) = self.range(column, harmless, useful);
        for column in first..=last {
            let value = self.registers[column];
            if value != NONE
                && self.slots[column] == NONE
                && self.slot_of[value as usize] == NOWHERE
            {
                self.slots[column] = value;
                self.slot_of[value as usize] = column as u8;
            }
        }
        self.ops.push(MachineOp::Out(first, last));
    }

    /// Returns the range of columns around this one that a single transfer can usefully move.
    fn range(
        &self,
        column: usize,
        harmless: impl Fn(usize) -> bool,
        useful: impl Fn(usize) -> bool,
    ) -> (usize, usize) {
        let (mut first, mut last) = (column, column);
        for candidate in (0..column).rev().take_while(|&c| harmless(c)) {
            if useful(candidate) {
                first = candidate;
            }
        }
        for candidate in (column + 1..self.columns()).take_while(|&c| harmless(c)) {
            if useful(candidate) {
                last = candidate;
            }
        }
        (first, last)
    }

    /// Returns a free register, or frees one, other than those of the pinned values and the
    /// column `not`. `last_use` is the last position at which its new value is read.
    fn free_register(
        &mut self,
        pinned: [u32; 2],
        not: usize,
        last_use: u32,
    ) -> Result<usize, OutOfMemory> {
        if let Some(column) = self.best_free(not, last_use) {
            return Ok(column);
        }
        let mut best = (0, NOWHERE.into(), Eviction::Free);
        for column in 0..self.columns() {
            let value = self.registers[column];
            if column == not || pinned.contains(&value) {
                continue;
            }
            let distance =
                u64::from(self.next_use(value).saturating_sub(self.position).min(4000)) + 1;
            let (eviction, weight) = if self.has_copy(value) {
                (Eviction::Free, 100)
            } else if self.slot_is_free(column) {
                (Eviction::CopyToSlot, self.settings.uncopied_weight)
            } else {
                (Eviction::StoreToRam, self.settings.uncopied_weight / 4)
            };
            let score = distance * u64::from(weight) + 1;
            if score > best.0 {
                best = (score, column, eviction);
            }
        }
        let (_, column, eviction) = best;
        let value = self.registers[column];
        match eviction {
            Eviction::Free => {}
            Eviction::CopyToSlot => self.copy_out(column),
            Eviction::StoreToRam => {
                let word = self.free_word()?;
                self.words[usize::from(word)] = value;
                self.word_of[value as usize] = word;
                self.ops.push(MachineOp::Store {
                    column: column as u8,
                    word,
                    value,
                });
            }
        }
        self.register_of[value as usize] = NOWHERE;
        self.registers[column] = NONE;
        Ok(column)
    }

    /// Returns a free register: preferably one whose slot holds a value that is needed only
    /// after `last_use`, then one with an empty slot, then the one needed last.
    fn best_free(&self, not: usize, last_use: u32) -> Option<usize> {
        let free = (0..self.columns()).filter(|&c| c != not && self.registers[c] == NONE);
        free.max_by_key(|&column| {
            let slot = self.slots[column];
            if slot == NONE || self.is_dead(slot) {
                return (1, u32::from(slot == NONE));
            }
            let next = self.next_use(slot);
            (if next > last_use { 2 } else { 0 }, next)
        })
    }

    fn free_word(&mut self) -> Result<u16, OutOfMemory> {
        let free = self.words.iter().position(|&value| value == NONE);
        let word = free.unwrap_or(self.words.len());
        if word >= self.most_words {
            return Err(OutOfMemory);
        }
        if word == self.words.len() {
            self.words.push(NONE);
        }
        Ok(word as u16)
    }
}

/// The cost of freeing a register.
#[derive(Clone, Copy)]
enum Eviction {
    /// None: the value has a copy.
    Free,
    /// A copy to the slot.
    CopyToSlot,
    /// A store to data RAM.
    StoreToRam,
}
