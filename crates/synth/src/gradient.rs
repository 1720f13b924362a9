//! Differentiable logic: gates of real values, trained by the slope of the loss.
//!
//! A gate has four parameters, its outputs for ab = 00, 01, 10 and 11 as numbers of 0..=1, and
//! interpolates between them: the input-wise parametrisation, without a sigmoid. Outputs that
//! need to be 0 or 1 become exactly that, so little is lost when the network is rounded.
//!
//! Gates are in columns. At the start every gate is the wire from the gate before it in its
//! column, so that slopes reach all layers. A wire does not use its other operand: from time
//! to time, wires get another one, the best of some random ones, by the slope of the loss.

mod adam;
mod kernel;

use logicnet::random::Rng;
use serde::{Deserialize, Serialize};

use self::adam::adam;
use self::kernel::{Form, Gates, LANES, Row, Wires, backward, form, forward, operand_sums};
use crate::{Draft, Loss, Table};

/// Number of gates that are trained for every gate of the result: most stay wires, or reach no
/// output.
const SPARE: usize = 3;
/// Number of samples between two moves of the parameters.
const BATCH: usize = 512;
/// Length of a move of a parameter at the start and, of that, at the end.
const RATES: (f64, f64) = (0.006, 0.05);
/// Distance of a wire's parameters from 0 and 1, so that they have a slope, and of a random
/// part of it at the start.
const SOFT: f32 = 0.01;
/// Number of moves between two changes of wires' operands.
const REWIRING: u64 = 128;
/// Number of batches whose slopes choose wires' operands.
const REWIRING_BATCHES: usize = 4;
/// Of the wires, the part whose operands change.
const REWIRED: f64 = 0.3;
/// Number of operands to choose from.
const CHOICES: usize = 8;
/// The parts of operands that are bits of t, and gates of the layer before; the rest is from
/// any layer before.
const OPERANDS: (f64, f64) = (0.1, 0.8);
/// Number of moves, at least, between two evaluations of the rounded network.
const EVALUATION: u64 = 128;
/// The part of the gates from which on wires stay wires, with the operands that they have.
const NEARLY_ALL: f64 = 0.9;
/// Training a gate at 512 times takes as long as evaluating it at this many times 512, as bits.
const COST: u64 = 64;
/// The outputs of the wire from a gate's first operand.
const WIRE: [f32; 4] = [0.0, 0.0, 1.0, 1.0];

/// Training of a network by differentiable logic. The loss is given to every step; its weights
/// may change between steps, its table may not.
///
/// ```
/// use synth::{Gradient, Loss, Measure, Table};
///
/// let table = Table::new((0..256).map(|t| t & t >> 3 & 255).collect(), 8)?;
/// let loss = Loss::new(Measure::Bits, &table);
/// let mut gradient = Gradient::new(&table, &loss, 50, 1);
/// let before = gradient.loss();
/// gradient.step(&loss, 1 << 24, 0.0);
/// assert!(gradient.loss() < before);
/// # Ok::<(), synth::TableError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gradient {
    inputs: u32,
    /// Largest number of gates of the result.
    gates: u32,
    /// Number of gates of a layer.
    columns: u32,
    wires: Vec<Wires>,
    /// The parameters.
    outputs: Vec<[f32; 4]>,
    means: Vec<[f32; 4]>,
    squares: Vec<[f32; 4]>,
    moves: u64,
    rng: u64,
    order: Order,
    /// There are nearly as many gates as may be.
    is_full: bool,
    best: Draft,
    best_loss: u64,
}

/// The order of the samples: those of a batch are spread over the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    time: u32,
    stride: u32,
    left: u32,
}

impl Order {
    /// Returns the time of the next sample; every time comes once in `1 << bits` samples.
    fn next(&mut self, bits: u32, rng: &mut Rng) -> u32 {
        if self.left == 0 {
            let random = rng.next();
            (self.time, self.stride) = (random as u32, (random >> 32) as u32 | 1);
            self.left = 1 << bits;
        }
        self.left -= 1;
        self.time = self.time.wrapping_add(self.stride);
        self.time & ((1 << bits) - 1)
    }
}

/// Operands that a wire could have, of which the best is taken.
struct Choice {
    gate: usize,
    operands: [u32; CHOICES],
    /// Sums of slope * (b, ab).
    sums: [[f32; 2]; CHOICES],
}

impl Gradient {
    /// Starts training for a network of at most `gates` gates. All gates are wires yet.
    pub fn new(table: &Table, loss: &Loss, gates: u32, seed: u64) -> Gradient {
        let inputs = table.bits();
        // Two samples have no two bits of t to combine.
        let trained = if inputs == 1 {
            0
        } else {
            SPARE * gates as usize
        };
        let columns = trained.isqrt().max(usize::from(table.sample_bits()));
        let layers = trained / columns;
        let mut gradient = Gradient {
            inputs,
            gates,
            columns: columns as u32,
            wires: Vec::new(),
            outputs: Vec::new(),
            means: vec![[0.0; 4]; layers * columns],
            squares: vec![[0.0; 4]; layers * columns],
            moves: 0,
            rng: seed,
            order: Order {
                time: 0,
                stride: 1,
                left: 0,
            },
            is_full: false,
            best: Draft {
                inputs,
                gates: Vec::new(),
                outputs: vec![0; table.sample_bits().into()],
            },
            best_loss: u64::MAX,
        };
        let mut rng = Rng::new(seed);
        for gate in 0..layers * columns {
            let a = gradient.node_before(gate);
            let b = gradient.draw_operand(gate, a, &mut rng);
            gradient.wires.push([a, b]);
            gradient.outputs.push(WIRE.map(|output| {
                let soft = SOFT * (1.0 + 2.0 * uniform(&mut rng) as f32);
                (output - soft).abs()
            }));
        }
        gradient.rng = rng.state();
        gradient.evaluate(loss);
        gradient
    }

    /// Does about this much work and returns how much it was. `part` is the part of all work
    /// that is done before it, 0.0 to 1.0: moves become shorter with it. The unit of work is a
    /// gate at 512 times, evaluated as bits.
    pub fn step(&mut self, loss: &Loss, work: u64, part: f64) -> u64 {
        if self.wires.is_empty() {
            return work;
        }
        let nodes = self.inputs as usize + self.wires.len();
        let (mut values, mut slopes) = (vec![Row::ZERO; nodes], vec![Row::ZERO; nodes]);
        let rate = RATES.0 * (1.0 - part.clamp(0.0, 1.0) * (1.0 - RATES.1));
        let mut done = 0;
        while done < work {
            done += self.train_batch(loss, rate as f32, &mut values, &mut slopes);
            let samples = loss.samples().len() as u64;
            if self.moves % EVALUATION.max(samples / BATCH as u64) == 0 {
                self.evaluate(loss);
                done += (self.wires.len() as u64 * samples).div_ceil(512);
            }
        }
        done
    }

    /// The rounded network with the least loss so far that has few enough gates.
    pub fn best(&self) -> &Draft {
        &self.best
    }

    /// The loss of the best network.
    pub fn loss(&self) -> u64 {
        self.best_loss
    }

    /// Returns whether the numbers of one that was read from bytes fit each other and a table.
    pub fn is_valid(&self, table: &Table) -> bool {
        let gates = self.wires.len();
        let lengths = [self.outputs.len(), self.means.len(), self.squares.len()];
        let mut wires = (self.inputs..).zip(&self.wires);
        self.inputs == table.bits()
            && lengths == [gates; 3]
            && self.columns >= u32::from(table.sample_bits())
            && gates % self.columns as usize == 0
            && wires.all(|(node, &[a, b])| a != b && a < node && b < node)
            && self.best.is_valid(table)
    }

    /// Moves the parameters by the slopes of a batch. Returns the work.
    fn train_batch(
        &mut self,
        loss: &Loss,
        rate: f32,
        values: &mut [Row],
        slopes: &mut [Row],
    ) -> u64 {
        let mut rng = Rng::new(self.rng);
        let rewires = self.moves % REWIRING == REWIRING - 1 && !self.is_full;
        let (mut choices, batches) = if rewires {
            (self.draw_choices(&mut rng), REWIRING_BATCHES)
        } else {
            (Vec::new(), 1)
        };
        let forms: Vec<Form> = self.outputs.iter().map(|&outputs| form(outputs)).collect();
        let reached = self.reached(&forms);
        let gates = Gates {
            wires: &self.wires,
            forms: &forms,
            reached: &reached,
        };
        let (inputs, outputs) = (self.inputs as usize, self.output_nodes());
        let mut sums = vec![[0.0; 4]; self.wires.len()];
        for _ in 0..batches * BATCH / LANES {
            let times = [(); LANES].map(|()| self.order.next(self.inputs, &mut rng));
            for (bit, row) in values[..inputs].iter_mut().enumerate() {
                row.0 = times.map(|time| (time >> bit & 1) as f32);
            }
            forward(values, &gates, rewires);
            slopes.fill(Row::ZERO);
            start_slopes(loss, &times, &outputs, values, slopes);
            backward(values, slopes, &gates, &mut sums);
            for choice in &mut choices {
                let slope = &slopes[inputs + choice.gate];
                let a = &values[self.wires[choice.gate][0] as usize];
                for (sums, &b) in choice.sums.iter_mut().zip(&choice.operands) {
                    let added = operand_sums(slope, a, &values[b as usize]);
                    *sums = [sums[0] + added[0], sums[1] + added[1]];
                }
            }
        }
        for sum in &mut sums {
            *sum = output_slopes(*sum);
        }
        if self.is_full {
            for (gate, outputs) in self.outputs.iter_mut().enumerate() {
                if outputs.map(f32::round) == WIRE {
                    *outputs = WIRE;
                    (sums[gate], self.means[gate]) = ([0.0; 4], [0.0; 4]);
                }
            }
        }
        adam(
            &mut self.outputs,
            &sums,
            &mut self.means,
            &mut self.squares,
            rate,
        );
        for choice in &choices {
            self.rewire(choice, sums[choice.gate]);
        }
        self.moves += 1;
        self.rng = rng.state();
        let trained = reached.iter().filter(|&&reached| reached).count();
        let samples = (batches * BATCH) as u64;
        (COST * trained as u64 + COST / 4 * (choices.len() * CHOICES) as u64) * samples / 512 + 1
    }

    /// Returns the node before a gate in its column; in the first layer, a bit of t.
    fn node_before(&self, gate: usize) -> u32 {
        let gate = gate as u32;
        match gate.checked_sub(self.columns) {
            Some(before) => self.inputs + before,
            None => gate % self.inputs,
        }
    }

    /// Returns the nodes of the bits of a sample: the last ones of the first columns.
    fn output_nodes(&self) -> Vec<u32> {
        let gates = self.wires.len() as u32;
        let bits = self.best.outputs.len() as u32;
        (0..bits)
            .map(|bit| self.node_before((gates + bit) as usize))
            .collect()
    }

    /// Draws the other operand of a gate that reads `a`.
    fn draw_operand(&self, gate: usize, a: u32, rng: &mut Rng) -> u32 {
        let layer = gate as u32 / self.columns;
        loop {
            let part = uniform(rng);
            let operand = if layer == 0 || part < OPERANDS.0 {
                rng.below(self.inputs)
            } else if part < OPERANDS.0 + OPERANDS.1 {
                self.inputs + (layer - 1) * self.columns + rng.below(self.columns)
            } else {
                self.inputs + rng.below(layer * self.columns)
            };
            if operand != a {
                return operand;
            }
        }
    }

    /// Draws wires and other operands that they could have.
    fn draw_choices(&self, rng: &mut Rng) -> Vec<Choice> {
        let mut choices = Vec::new();
        for (gate, &outputs) in self.outputs.iter().enumerate() {
            if outputs.map(f32::round) == WIRE && uniform(rng) < REWIRED {
                let a = self.wires[gate][0];
                let operands = [(); CHOICES].map(|()| self.draw_operand(gate, a, rng));
                let sums = [[0.0; 2]; CHOICES];
                choices.push(Choice {
                    gate,
                    operands,
                    sums,
                });
            }
        }
        choices
    }

    /// Gives a wire the operand that promises most, by the slopes of the wire's own outputs.
    fn rewire(&mut self, choice: &Choice, slopes: [f32; 4]) {
        let [s00, s01, s10, s11] = slopes;
        let (s, sa) = (((s00 + s01) + (s10 + s11)), s10 + s11);
        let mut best = (f32::MIN, 0);
        for (&operand, &[sb, sab]) in choice.operands.iter().zip(&choice.sums) {
            let [s00, s01, s10, s11] = output_slopes([s, sa, sb, sab]);
            // Outputs of 0 can only grow, and those of 1 only shrink.
            let gain = ((-s00).max(0.0) + (-s01).max(0.0)) + (s10.max(0.0) + s11.max(0.0));
            if gain > best.0 {
                best = (gain, operand);
            }
        }
        self.wires[choice.gate][1] = best.1;
        self.outputs[choice.gate] = WIRE.map(|output| (output - SOFT).abs());
        self.means[choice.gate] = [0.0; 4];
    }

    /// Returns the gates that slopes reach: those that the outputs read, through gates that
    /// depend on the operand.
    fn reached(&self, forms: &[Form]) -> Vec<bool> {
        let inputs = self.inputs as usize;
        let mut reached = vec![false; inputs + forms.len()];
        for node in self.output_nodes() {
            reached[node as usize] = true;
        }
        for (i, &[_, by_a, by_b, by_ab]) in forms.iter().enumerate().rev() {
            if reached[inputs + i] {
                let [a, b] = self.wires[i].map(|node| node as usize);
                reached[a] |= by_a != 0.0 || by_ab != 0.0;
                reached[b] |= by_b != 0.0 || by_ab != 0.0;
            }
        }
        reached.split_off(inputs)
    }

    /// Rounds the network, and keeps it if it is the best one.
    fn evaluate(&mut self, loss: &Loss) {
        let gate = |(outputs, &[a, b]): (&[f32; 4], &Wires)| {
            let bits = outputs.map(|output| u8::from(output >= 0.5));
            (bits.iter().fold(0, |op, bit| op << 1 | bit), a, b)
        };
        let rounded = Draft {
            inputs: self.inputs,
            gates: self.outputs.iter().zip(&self.wires).map(gate).collect(),
            outputs: self.output_nodes(),
        };
        let draft = Draft::from_graph(&rounded.to_graph());
        let size = draft.size();
        self.is_full = size as f64 > NEARLY_ALL * f64::from(self.gates);
        let sum = loss.of(&draft.samples());
        if sum < self.best_loss && size <= self.gates as usize {
            (self.best, self.best_loss) = (draft, sum);
        }
    }
}

/// Returns the slopes of a gate's four outputs, from its sums of slope * (1, a, b, ab).
fn output_slopes([s, sa, sb, sab]: [f32; 4]) -> [f32; 4] {
    [(s - sa) - (sb - sab), sb - sab, sa - sab, sab]
}

/// Adds the slopes of the outputs: of half the squared errors of the bits, each weighted by the
/// loss of a sample in which that bit alone is wrong.
fn start_slopes(
    loss: &Loss,
    times: &[u32; LANES],
    outputs: &[u32],
    values: &[Row],
    slopes: &mut [Row],
) {
    let weight = |time: usize, bit: usize| loss.at(time, loss.samples()[time] ^ 1 << bit) as f32;
    // Brings the weights of all measures to the order of 1.
    let unit = 1.0 / weight(0, outputs.len() - 1);
    for (lane, &time) in times.iter().enumerate() {
        let time = time as usize;
        for (bit, &node) in outputs.iter().enumerate() {
            let right = f32::from(loss.samples()[time] >> bit & 1);
            let error = values[node as usize].0[lane] - right;
            slopes[node as usize].0[lane] += unit * weight(time, bit) * error;
        }
    }
}

/// Returns a random number of 0..1.
fn uniform(rng: &mut Rng) -> f64 {
    (rng.next() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Measure, checkpoint};

    fn song(bits: u32) -> Table {
        let samples = (0..1 << bits).map(|t: u16| (t >> 2 & 5).wrapping_mul(t) & 255);
        Table::new(samples.collect(), 8).unwrap()
    }

    #[test]
    fn a_formula_is_learned_with_few_gates() {
        let table = song(8);
        let loss = Loss::new(Measure::Bits, &table);
        let mut gradient = Gradient::new(&table, &loss, 60, 1);
        assert!(gradient.step(&loss, 1 << 25, 0.0) >= 1 << 25);
        assert_eq!(loss.of(&gradient.best().samples()), gradient.loss());
        assert!(gradient.loss() < 60, "the loss is {}", gradient.loss());
        assert!((5..=60).contains(&gradient.best().size()));
        assert!(gradient.is_valid(&table) && gradient.best().is_valid(&table));
    }

    #[test]
    fn errors_of_samples_become_small() {
        // Half a sine in parabolas, of which bits say little.
        let samples = (0..256).map(|t: u16| (t * (255 - t)) >> 6);
        let table = Table::new(samples.collect(), 8).unwrap();
        for measure in [Measure::Squared, Measure::MuLaw] {
            let loss = Loss::new(measure, &table);
            let mut gradient = Gradient::new(&table, &loss, 100, 1);
            let before = gradient.loss();
            gradient.step(&loss, 1 << 25, 0.0);
            let after = gradient.loss();
            assert!(after < before / 8, "{measure:?}: {after} of {before}");
        }
    }

    #[test]
    fn saved_training_continues_bit_for_bit() {
        let table = song(9);
        let loss = Loss::new(Measure::MuLaw, &table);
        let mut gradient = Gradient::new(&table, &loss, 40, 7);
        gradient.step(&loss, 1 << 19, 0.0);
        let mut restored: Gradient = checkpoint::read(&checkpoint::write(&gradient)).unwrap();
        assert!(restored.is_valid(&table));
        for gradient in [&mut gradient, &mut restored] {
            gradient.step(&loss, 1 << 19, 0.5);
        }
        assert_eq!(checkpoint::write(&gradient), checkpoint::write(&restored));
    }

    #[test]
    fn damaged_numbers_are_noticed() {
        let table = song(8);
        let loss = Loss::new(Measure::Bits, &table);
        let gradient = Gradient::new(&table, &loss, 40, 1);
        let damages: [fn(&mut Gradient); 6] = [
            |gradient| gradient.inputs = 9,
            |gradient| gradient.columns = 7,
            |gradient| gradient.wires[3] = [500, 1],
            |gradient| gradient.wires[3] = [1, 1],
            |gradient| gradient.means.truncate(5),
            |gradient| gradient.best.outputs[0] = 5000,
        ];
        for damage in damages {
            let mut damaged = gradient.clone();
            damage(&mut damaged);
            assert!(!damaged.is_valid(&table));
        }
    }

    #[test]
    fn the_smallest_tables_and_budgets_are_possible() {
        for (bits, sample_bits, gates) in [(1, 16, 30), (2, 1, 1), (2, 16, 1), (3, 2, 9)] {
            let samples = (0..1 << bits).map(|t: u16| t & ((1 << sample_bits) - 1) as u16);
            let table = Table::new(samples.collect(), sample_bits as u8).unwrap();
            let loss = Loss::new(Measure::Squared, &table);
            let mut gradient = Gradient::new(&table, &loss, gates, 1);
            assert!(gradient.step(&loss, 5000, 1.0) >= 5000);
            assert!(gradient.best().is_valid(&table));
        }
    }

    #[test]
    fn every_time_comes_once() {
        let mut order = Order {
            time: 0,
            stride: 1,
            left: 0,
        };
        let mut rng = Rng::new(3);
        for _ in 0..3 {
            let mut times: Vec<u32> = (0..1024).map(|_| order.next(10, &mut rng)).collect();
            times.sort_unstable();
            assert!(times.into_iter().eq(0..1024));
        }
    }
}
