//! Exact gains: the change of the loss at every t by any change of a gate.

use logicnet::transpose::{bytes_of_planes, planes_of_bytes};
use logicnet::{Op, vectorized};

use crate::circuit::{BLOCK, Circuit, Gate};
use crate::loss::FRAME;
use crate::{Loss, Measure, Table};

/// Bits of the largest effect in the planes, without its sign.
const PRECISION: u32 = 5;

/// Samples under search: what the outputs give, and its loss.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    loss: Loss,
    /// Number of samples of the table, a power of two. The planes may repeat it.
    length: usize,
    values: Vec<u16>,
    losses: Vec<i64>,
    total: i64,
    /// True if the loss is the number of wrong bits, all of them alike.
    plain: bool,
    /// By output, the bits that the samples have, if they may be counted as planes.
    wanted: Vec<Vec<u64>>,
}

impl Samples {
    /// Reads the outputs of a circuit.
    pub fn new(loss: Loss, table: &Table, circuit: &Circuit) -> Samples {
        let length = table.samples().len();
        let mut samples = Samples {
            loss,
            length,
            values: vec![0; 64 * circuit.words()],
            losses: Vec::new(),
            total: 0,
            plain: false,
            wanted: Vec::new(),
        };
        // Repeated samples of small tables would count more than once.
        if samples.loss.measure() == Measure::Bits && length >= 512 {
            samples.wanted = (0..table.sample_bits())
                .map(|bit| table.plane(bit))
                .collect();
        }
        for (output, &(node, inverted)) in circuit.outputs().iter().enumerate() {
            for (word, lanes) in circuit.plane(node).iter().enumerate() {
                for lane in 0..64 {
                    let bit = (lanes >> lane & 1) as u16 ^ u16::from(inverted);
                    samples.values[64 * word + lane] |= bit << output;
                }
            }
        }
        samples.set_weights(samples.loss.weights().to_vec());
        samples
    }

    /// Sets the weights of the frames.
    pub fn set_weights(&mut self, weights: Vec<u8>) {
        self.plain = !self.wanted.is_empty() && weights.iter().all(|&weight| weight == 1);
        self.loss.set_weights(weights);
        let values = self.values.iter().enumerate();
        self.losses = values.map(|(t, &value)| self.cost(t, value)).collect();
        self.total = self.losses.iter().sum();
    }

    /// True if effects are counted as planes.
    fn is_plain(&self) -> bool {
        self.plain
    }

    /// Computes the loss with other values of a word's samples from t on, less the present
    /// loss, or the negative of it where `own` has ones. Returns false if nothing changes.
    #[inline(always)]
    fn effects(
        &self,
        t: usize,
        own: u64,
        flips: impl Fn(usize) -> u16,
        effects: &mut [i64],
    ) -> bool {
        if t >= self.length {
            return false;
        }
        let values = &self.values[t..t + 64];
        let losses = &self.losses[t..t + 64];
        let mut any = 0;
        let mut put = |lane: usize, cost: i64| {
            let sign = 0i64.wrapping_sub((own >> lane & 1) as i64);
            let change = cost - losses[lane];
            effects[lane] = (change ^ sign) - sign;
            any |= change;
        };
        match self.loss.squares() {
            Some((scale, samples)) if self.length >= 64 => {
                let samples = &samples[t..t + 64];
                let weight = i64::from(self.loss.weights()[t / FRAME]);
                for lane in 0..64 {
                    let value = values[lane] ^ flips(lane);
                    let error =
                        i64::from(scale[usize::from(value)] - scale[usize::from(samples[lane])]);
                    put(lane, error * error * weight);
                }
            }
            _ => {
                for lane in 0..64 {
                    put(lane, self.cost(t + lane, values[lane] ^ flips(lane)));
                }
            }
        }
        any != 0
    }

    #[inline(always)]
    fn cost(&self, t: usize, value: u16) -> i64 {
        if t < self.length {
            self.loss.at(t, value) as i64
        } else {
            0
        }
    }

    /// The loss of the table.
    pub fn total(&self) -> i64 {
        self.total
    }

    /// The loss's measure and weights.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// Follows changes of the outputs.
    pub fn change(&mut self, changes: &mut Vec<(u8, u32, u64)>) {
        changes.sort_unstable_by_key(|&(_, word, _)| word);
        for group in changes.chunk_by(|a, b| a.1 == b.1) {
            let word = group[0].1 as usize;
            let mut any = group.iter().fold(0, |any, (_, _, lanes)| any | lanes);
            while any != 0 {
                let lane = any.trailing_zeros();
                any &= any - 1;
                let flips = group.iter().fold(0, |flips, &(output, _, lanes)| {
                    flips ^ ((lanes >> lane & 1) as u16) << output
                });
                let t = 64 * word + lane as usize;
                self.values[t] ^= flips;
                let cost = self.cost(t, self.values[t]);
                self.total += cost - self.losses[t];
                self.losses[t] = cost;
            }
        }
        changes.clear();
    }
}

/// A gate of the cone of a flipped one: what is needed to evaluate it. Operands outside the
/// cone have the cone's length as their place in it.
#[derive(Clone, Copy, Debug)]
struct Follower {
    sum: [u64; 4],
    node: u32,
    operands: [u32; 2],
    places: [u32; 2],
    /// The last place of a gate that reads this one.
    last: u32,
}

/// The effects of a flip of one gate or output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gains {
    followers: Vec<Follower>,
    places: Vec<u32>,
    /// Outputs in the cone, with their places.
    outputs: Vec<(u8, u32)>,
    changed: Vec<bool>,
    flipped: Vec<[u64; BLOCK]>,
    /// Words with effects.
    words: Vec<u32>,
    /// Values of the gate itself in these words.
    own: Vec<u64>,
    /// The loss where the gate gives 1 less that where it gives 0, 64 for each of the words.
    effects: Vec<i64>,
    /// The same as bits of two's complement, instead of `effects`, if the loss is the number
    /// of wrong bits.
    counts: Vec<[u64; 6]>,
    /// The effects in two's complement, bit by bit, in units of 2^`shift`.
    planes: Vec<u64>,
    bits: usize,
    shift: u32,
    sum: i64,
    /// The sum of the effects where the gate gives 1.
    base: i64,
    masked: Vec<u64>,
    masked_sum: i64,
    gathered: Vec<u64>,
}

impl Gains {
    /// Finds the effects of a live gate, given its cone. Returns the work.
    pub fn of_gate(&mut self, circuit: &Circuit, samples: &Samples, cone: &[u32]) -> u64 {
        self.places.resize(circuit.zero() as usize + 1, u32::MAX);
        self.followers.clear();
        self.outputs.clear();
        let live = || cone.iter().filter(|&&node| circuit.is_live(node));
        let length = live().count() as u32;
        for (place, &node) in live().enumerate() {
            self.places[node as usize] = place as u32;
            let Gate { a, b, .. } = circuit.gate(node);
            let sum = circuit.gate(node).op().exclusive_sum();
            self.followers.push(Follower {
                sum: sum.map(|term| 0u64.wrapping_sub(u64::from(term))),
                node,
                operands: [a, b],
                places: [a, b].map(|operand| self.places[operand as usize].min(length)),
                last: 0,
            });
            for operand in [a, b] {
                if let Some(follower) = self
                    .followers
                    .get_mut(self.places[operand as usize] as usize)
                {
                    follower.last = place as u32;
                }
            }
        }
        for (output, &(node, _)) in circuit.outputs().iter().enumerate() {
            let place = self.places[node as usize];
            if place < length {
                self.outputs.push((output as u8, place));
            }
        }
        for &node in cone {
            self.places[node as usize] = u32::MAX;
        }
        self.flip(circuit, samples)
    }

    /// Finds the effects of an output. Returns the work.
    pub fn of_output(&mut self, circuit: &Circuit, samples: &Samples, output: usize) -> u64 {
        self.followers.clear();
        self.outputs.clear();
        self.followers.push(Follower {
            sum: [0; 4],
            node: circuit.outputs()[output].0,
            operands: [0; 2],
            places: [1; 2],
            last: 0,
        });
        self.outputs.push((output as u8, 0));
        self.flip(circuit, samples)
    }

    fn flip(&mut self, circuit: &Circuit, samples: &Samples) -> u64 {
        self.words.clear();
        self.own.clear();
        self.effects.clear();
        self.counts.clear();
        self.changed.resize(self.followers.len() + 1, false);
        self.changed[self.followers.len()] = false;
        self.flipped.resize(self.followers.len() + 1, [0; BLOCK]);
        let mut work = 0;
        for block in 0..circuit.words() / BLOCK {
            work += follow(
                &self.followers,
                circuit.planes(),
                circuit.words(),
                block,
                &mut self.changed,
                &mut self.flipped,
            );
            if samples.is_plain() {
                self.count_bits(circuit, samples, block);
            } else {
                self.find_effects(circuit, samples, block);
            }
        }
        if samples.is_plain() {
            self.take_counts();
        } else {
            self.quantize();
        }
        work + (self.words.len() / 2) as u64
    }

    /// Lists the effects in a block, for any measure.
    fn find_effects(&mut self, circuit: &Circuit, samples: &Samples, block: usize) {
        let mut lanes = [[[0u64; BLOCK]; 8]; 2];
        let mut any = [0; BLOCK];
        for &(output, place) in &self.outputs {
            if self.changed[place as usize] {
                let node = self.followers[place as usize].node;
                let plane = &circuit.plane(node)[block * BLOCK..][..BLOCK];
                let flipped = &self.flipped[place as usize];
                let lanes = &mut lanes[usize::from(output / 8)][usize::from(output % 8)];
                for word in 0..BLOCK {
                    lanes[word] = flipped[word] ^ plane[word];
                    any[word] |= lanes[word];
                }
            }
        }
        if any == [0; BLOCK] {
            return;
        }
        for lanes in &mut lanes[..=usize::from(circuit.outputs().len() > 8)] {
            bytes_of_planes(lanes);
        }
        let own = &circuit.plane(self.followers[0].node)[block * BLOCK..][..BLOCK];
        for word in (0..BLOCK).filter(|&word| any[word] != 0) {
            let flips = |lane: usize| {
                let [low, high] = [0, 1]
                    .map(|half| (lanes[half][lane / 8][word] >> (8 * (lane % 8)) & 0xff) as u16);
                low | high << 8
            };
            let first = self.effects.len();
            self.effects.resize(first + 64, 0);
            let t = (block * BLOCK + word) * 64;
            let effects = &mut self.effects[first..];
            if samples.effects(t, own[word], flips, effects) {
                self.words.push((block * BLOCK + word) as u32);
                self.own.push(own[word]);
            } else {
                self.effects.truncate(first);
            }
        }
    }

    /// Lists the effects on the number of wrong bits in a block, as planes.
    fn count_bits(&mut self, circuit: &Circuit, samples: &Samples, block: usize) {
        let mut counts = [[0u64; BLOCK]; 6];
        let words = block * BLOCK..(block + 1) * BLOCK;
        let mut any = false;
        for &(output, place) in &self.outputs {
            if self.changed[place as usize] {
                any = true;
                let node = self.followers[place as usize].node;
                let inverted = circuit.outputs()[usize::from(output)].1;
                let plane = &circuit.plane(node)[words.clone()];
                let wanted = &samples.wanted[usize::from(output)][words.clone()];
                count_flips(
                    &mut counts,
                    &self.flipped[place as usize],
                    plane,
                    wanted,
                    inverted,
                );
            }
        }
        if !any {
            return;
        }
        let own = &circuit.plane(self.followers[0].node)[words.clone()];
        negate(&mut counts, own);
        for word in 0..BLOCK {
            if counts.iter().any(|plane| plane[word] != 0) {
                self.words.push((block * BLOCK + word) as u32);
                self.own.push(own[word]);
                self.counts.push(counts.map(|plane| plane[word]));
            }
        }
    }

    /// Makes the planes of counted bits.
    fn take_counts(&mut self) {
        self.shift = 0;
        let used = |bit: usize| {
            let differ = self
                .counts
                .iter()
                .fold(0, |any, count| any | (count[bit] ^ count[5]));
            differ != 0
        };
        self.bits = (0..5).rev().find(|&bit| used(bit)).map_or(1, |bit| bit + 2);
        let count = self.words.len();
        self.planes.clear();
        for bit in 0..self.bits {
            self.planes
                .extend(self.counts.iter().map(|count| count[bit]));
        }
        if count == 0 {
            (self.sum, self.base) = (0, 0);
            return;
        }
        let ones = vec![u64::MAX; count];
        [self.base, self.sum] =
            [&self.own, &ones].map(|lanes| match_sums(&self.planes, &self.planes, lanes)[0]);
    }

    /// Makes the planes of the effects.
    fn quantize(&mut self) {
        let largest = self
            .effects
            .iter()
            .fold(0, |most, effect| most | effect.unsigned_abs());
        let length = u64::BITS - largest.leading_zeros();
        self.shift = length.saturating_sub(PRECISION);
        // One bit for the sign, and one for rounding up.
        self.bits = (length - self.shift) as usize + 1 + usize::from(self.shift > 0);
        let count = self.words.len();
        self.planes.clear();
        self.planes.resize(count * self.bits, 0);
        let half = (1i64 << self.shift) >> 1;
        (self.sum, self.base) = (0, 0);
        for (group, effects) in self.effects.chunks(64 * BLOCK).enumerate() {
            let mut planes = [[0u64; BLOCK]; 8];
            for (word, effects) in effects.chunks_exact(64).enumerate() {
                let own = self.own[group * BLOCK + word];
                for (byte, effects) in effects.chunks_exact(8).enumerate() {
                    let mut bytes = 0;
                    for (lane, effect) in effects.iter().enumerate() {
                        let effect = (effect + half) >> self.shift;
                        self.sum += effect;
                        self.base +=
                            effect & 0i64.wrapping_sub((own >> (8 * byte + lane) & 1) as i64);
                        bytes |= u64::from(effect as u8) << (8 * lane);
                    }
                    planes[byte][word] = bytes;
                }
            }
            planes_of_bytes(&mut planes);
            for (bit, plane) in planes[..self.bits].iter().enumerate() {
                let first = bit * count + group * BLOCK;
                let words = effects.len() / 64;
                self.planes[first..first + words].copy_from_slice(&plane[..words]);
            }
        }
    }

    /// Prepares [`Gains::pair`] for this first operand.
    pub fn fix(&mut self, circuit: &Circuit, a: u32) -> u64 {
        gather(circuit.plane(a), &self.words, &mut self.gathered);
        self.masked.clear();
        let count = self.words.len();
        if count == 0 {
            self.masked_sum = 0;
            return 1;
        }
        for plane in self.planes.chunks_exact(count) {
            self.masked
                .extend(plane.iter().zip(&self.gathered).map(|(plane, a)| plane & a));
        }
        self.masked_sum = weigh(&self.masked, count);
        self.candidate_work()
    }

    /// Work of one [`Gains::pair`].
    pub fn candidate_work(&self) -> u64 {
        1 + (self.words.len() * self.bits / 8) as u64
    }

    /// Returns the best operation for the fixed operand and this one, about what the loss
    /// changes by it, and the same for this operand alone.
    pub fn pair(&mut self, circuit: &Circuit, b: u32) -> [(Op, i64); 2] {
        gather(circuit.plane(b), &self.words, &mut self.gathered);
        let [both, one] = match_sums(&self.planes, &self.masked, &self.gathered);
        let quadrants = [
            self.sum - self.masked_sum - one + both,
            one - both,
            self.masked_sum - both,
            both,
        ];
        let mut number = 0;
        let mut change = -self.base;
        for sum in quadrants {
            number = number << 1 | u8::from(sum < 0);
            change += sum.min(0);
        }
        let (wire, wired) = if 2 * one <= self.sum {
            (Op::B, one - self.base)
        } else {
            (Op::B.complement(), self.sum - one - self.base)
        };
        let op = Op::new(number).expect("four bits");
        [(op, change << self.shift), (wire, wired << self.shift)]
    }

    /// Returns about what the loss changes by a constant.
    pub fn constant(&self, value: bool) -> i64 {
        (i64::from(value) * self.sum - self.base) << self.shift
    }

    /// Returns exactly what the loss changes if the gate is replaced by another.
    pub fn exact(&self, circuit: &Circuit, gate: Gate) -> i64 {
        let sum = gate.op().exclusive_sum();
        let [c0, ca, cb, cab] = sum.map(|term| 0u64.wrapping_sub(u64::from(term)));
        let [a, b] = [gate.a, gate.b].map(|node| circuit.plane(node));
        let mut change = 0;
        if self.shift == 0 {
            let lanes: Vec<u64> = self
                .words
                .iter()
                .map(|&word| {
                    let (a, b) = (a[word as usize], b[word as usize]);
                    c0 ^ (ca & a) ^ (cb & b) ^ (cab & a & b)
                })
                .collect();
            return match_sums(&self.planes, &self.planes, &lanes)[0] - self.base;
        }
        let words = self
            .words
            .iter()
            .zip(&self.own)
            .zip(self.effects.chunks_exact(64));
        for ((&word, own), effects) in words {
            let (a, b) = (a[word as usize], b[word as usize]);
            let new = c0 ^ (ca & a) ^ (cb & b) ^ (cab & a & b);
            let mut differ = new ^ own;
            while differ != 0 {
                let lane = differ.trailing_zeros() as usize;
                differ &= differ - 1;
                change += if new >> lane & 1 == 1 {
                    effects[lane]
                } else {
                    -effects[lane]
                };
            }
        }
        change
    }
}

fn gather(plane: &[u64], words: &[u32], to: &mut Vec<u64>) {
    to.clear();
    if words.len() == plane.len() {
        to.extend_from_slice(plane);
    } else {
        to.extend(words.iter().map(|&word| plane[word as usize]));
    }
}

/// Returns the sum of numbers in two's complement, given bit by bit.
fn weigh(planes: &[u64], words: usize) -> i64 {
    let bits = planes.len() / words;
    let counts = planes
        .chunks_exact(words)
        .map(|plane| plane.iter().map(|x| i64::from(x.count_ones())).sum());
    counts
        .enumerate()
        .map(|(bit, count): (usize, i64)| signed(bit, bits, count))
        .sum()
}

#[inline(always)]
fn signed(bit: usize, bits: usize, count: i64) -> i64 {
    if bit + 1 == bits {
        -(count << bit)
    } else {
        count << bit
    }
}

vectorized! {
    /// Returns the sums of two lists of numbers, given bit by bit, where `lanes` has ones: the
    /// second list's and the first one's.
    fn match_sums(planes: &[u64], masked: &[u64], lanes: &[u64]) -> [i64; 2] {
        let count = lanes.len();
        let mut sums = [0, 0];
        if count == 0 {
            return sums;
        }
        let bits = planes.len() / count;
        let both = masked.chunks_exact(count).zip(planes.chunks_exact(count));
        for (bit, (masked, planes)) in both.enumerate() {
            let mut counts = [0u64, 0];
            for ((masked, planes), lanes) in masked.iter().zip(planes).zip(lanes) {
                counts[0] += u64::from((masked & lanes).count_ones());
                counts[1] += u64::from((planes & lanes).count_ones());
            }
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += signed(bit, bits, count as i64);
            }
        }
        sums
    }
}

vectorized! {
    /// Counts one more where a flip makes a right bit wrong, and one less where it makes a
    /// wrong bit right.
    fn count_flips(
        counts: &mut [[u64; BLOCK]; 6],
        flipped: &[u64; BLOCK],
        plane: &[u64],
        wanted: &[u64],
        inverted: bool,
    ) {
        let inverted = 0u64.wrapping_sub(u64::from(inverted));
        for word in 0..BLOCK {
            let flips = flipped[word] ^ plane[word];
            let better = flips & (plane[word] ^ inverted ^ wanted[word]);
            // Adds 1 or -1, whose higher bits are all ones.
            let mut carry = 0;
            for (bit, count) in counts.iter_mut().enumerate() {
                let add = if bit == 0 { flips } else { better };
                let sum = count[word] ^ add;
                let carried = (count[word] & add) | (sum & carry);
                count[word] = sum ^ carry;
                carry = carried;
            }
        }
    }
}

vectorized! {
    /// Negates numbers where `lanes` has ones.
    fn negate(counts: &mut [[u64; BLOCK]; 6], lanes: &[u64]) {
        for word in 0..BLOCK {
            let mut carry = lanes[word];
            for count in counts.iter_mut() {
                let sum = count[word] ^ lanes[word];
                count[word] = sum ^ carry;
                carry &= sum;
            }
        }
    }
}

vectorized! {
    /// Evaluates the followers of a flip in a block of words. Returns the number of gates
    /// evaluated.
    fn follow(
        followers: &[Follower],
        planes: &[u64],
        words: usize,
        block: usize,
        changed: &mut [bool],
        flipped: &mut [[u64; BLOCK]],
    ) -> u64 {
        let plane = |node: u32| -> &[u64; BLOCK] {
            let first = node as usize * words + block * BLOCK;
            planes[first..first + BLOCK].try_into().expect("a block has this length")
        };
        changed[0] = true;
        flipped[0] = plane(followers[0].node).map(|word| !word);
        let mut work = 1;
        changed[1..].fill(false);
        let mut last = followers[0].last as usize;
        let mut i = 0;
        while i < last {
            i += 1;
            let follower = &followers[i];
            let [a_changed, b_changed] = follower.places.map(|place| changed[place as usize]);
            if !a_changed && !b_changed {
                continue;
            }
            work += 1;
            let a = if a_changed { &flipped[follower.places[0] as usize] } else { plane(follower.operands[0]) };
            let b = if b_changed { &flipped[follower.places[1] as usize] } else { plane(follower.operands[1]) };
            let before = plane(follower.node);
            let [c0, ca, cb, cab] = follower.sum;
            let mut value = [0; BLOCK];
            let mut differ = 0;
            for word in 0..BLOCK {
                value[word] = c0 ^ (ca & a[word]) ^ (cb & b[word]) ^ (cab & a[word] & b[word]);
                differ |= value[word] ^ before[word];
            }
            flipped[i] = value;
            changed[i] = differ != 0;
            if changed[i] {
                last = last.max(follower.last as usize);
            }
        }
        work
    }
}
