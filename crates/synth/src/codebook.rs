//! Codebooks: sounds as sequences of words, which are written once each.

use logicnet::random::Rng;
use logicnet::{Lit, Pace, Stopped, Xag};

use crate::compose::append;
use crate::{Draft, ExactError, Loss, Table, exact};

/// Rounds of moving the words to the means of their frames.
const ROUNDS: usize = 12;
/// Bits of the tables that a gate holds, about, by trials with speech.
const BITS_PER_GATE: f64 = 2.5;

/// A codebook: words of 2^`low` samples, and for every frame the number of its word.
struct Codebook {
    low: u32,
    index_bits: u8,
    indices: Vec<u16>,
    words: Vec<u16>,
    loss: u64,
}

/// Makes a start for a search from a codebook: vector quantization of frames of a sound. The high
/// bits of t give the number of a word, and this and the low bits of t a sample. Length and
/// number of the words and the precision of their samples are those of the least loss, for about
/// this many gates; there may be somewhat more. Returns nothing if no codebook fits.
///
/// # Errors
/// Fails if the pace stops the work.
pub fn codebook(
    table: &Table,
    loss: &Loss,
    gates: u32,
    seed: u64,
    pace: &mut dyn Pace,
) -> Result<Option<Draft>, Stopped> {
    let mut rng = Rng::new(seed);
    let mut best: Option<Codebook> = None;
    for low in 2..table.bits().saturating_sub(2).min(10) {
        for index_bits in 1..(table.bits() - low).min(10) as u8 {
            for depth in 2..=table.sample_bits().min(8) {
                let frames = f64::from(1u32 << (table.bits() - low));
                let samples = f64::from(1u32 << (low + u32::from(index_bits)));
                let size = frames * f64::from(index_bits) + samples * f64::from(depth);
                let fill = size / (BITS_PER_GATE * f64::from(gates));
                if !(0.7..=1.0).contains(&fill) {
                    continue;
                }
                pace.work(table.samples().len() as u64 >> 3 << index_bits)?;
                let codebook = Codebook::new(table, loss, low, index_bits, depth, &mut rng);
                if best.as_ref().is_none_or(|best| codebook.loss < best.loss) {
                    best = Some(codebook);
                }
            }
        }
    }
    match best.map(|best| best.to_draft(table, pace)) {
        None | Some(Err(ExactError::Gates(_))) => Ok(None),
        Some(Err(ExactError::Stopped)) => Err(Stopped),
        Some(Ok(draft)) => Ok(Some(draft)),
    }
}

impl Codebook {
    fn new(
        table: &Table,
        loss: &Loss,
        low: u32,
        index_bits: u8,
        depth: u8,
        rng: &mut Rng,
    ) -> Codebook {
        let length = 1usize << low;
        let frames: Vec<&[u16]> = table.samples().chunks_exact(length).collect();
        let mut codebook = Codebook {
            low,
            index_bits,
            indices: vec![0; frames.len()],
            words: Vec::new(),
            loss: 0,
        };
        for _ in 0..1 << index_bits {
            let frame = frames[rng.below(frames.len() as u32) as usize];
            codebook.words.extend_from_slice(frame);
        }
        for _ in 0..ROUNDS {
            let worst = codebook.choose(&frames);
            codebook.move_words(&frames, loss, worst);
        }
        let step = table.sample_bits() - depth;
        let half = (1u32 << step) >> 1;
        for value in &mut codebook.words {
            let rounded = (u32::from(*value) + half) >> step;
            *value = (rounded.min((1 << depth) - 1) << step) as u16;
        }
        codebook.choose(&frames);
        codebook.order();
        codebook.loss = loss.of(&codebook.samples());
        codebook
    }

    /// Gives each frame the nearest word, and returns the frame that is the farthest from its
    /// word.
    fn choose(&mut self, frames: &[&[u16]]) -> usize {
        let mut worst = (0, 0);
        for (number, frame) in frames.iter().enumerate() {
            let words = self.words.chunks_exact(frame.len());
            let distances = words.map(|word| {
                let pairs = word.iter().zip(*frame);
                pairs.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum()
            });
            let (index, distance): (usize, u64) = distances
                .enumerate()
                .min_by_key(|&(_, distance)| distance)
                .expect("there are words");
            self.indices[number] = index as u16;
            if distance > worst.1 {
                worst = (number, distance);
            }
        }
        worst.0
    }

    /// Moves each word to the mean of its frames, weighted by the loss; one that has none, to
    /// the worst frame.
    fn move_words(&mut self, frames: &[&[u16]], loss: &Loss, worst: usize) {
        let length = frames[0].len();
        let mut sums = vec![0u64; self.words.len()];
        let mut weights = vec![0u64; self.words.len() / length];
        for (number, (frame, &index)) in frames.iter().zip(&self.indices).enumerate() {
            let weight = u64::from(loss.weights()[number * length / crate::loss::FRAME]);
            weights[usize::from(index)] += weight;
            let sums = &mut sums[usize::from(index) * length..][..length];
            for (sum, &sample) in sums.iter_mut().zip(*frame) {
                *sum += weight * u64::from(sample);
            }
        }
        for (index, &weight) in weights.iter().enumerate() {
            let range = index * length..(index + 1) * length;
            if weight == 0 {
                self.words[range].copy_from_slice(frames[worst]);
                continue;
            }
            for (value, sum) in self.words[range.clone()].iter_mut().zip(&sums[range]) {
                *value = ((sum + weight / 2) / weight) as u16;
            }
        }
    }

    /// Numbers the words in the order of their first use, so that the tables are simple.
    fn order(&mut self) {
        let length = 1 << self.low;
        let mut order: Vec<u16> = Vec::new();
        for &index in &self.indices {
            if !order.contains(&index) {
                order.push(index);
            }
        }
        let words = self.words.len();
        let mut ordered: Vec<u16> = Vec::with_capacity(words);
        for &index in &order {
            ordered.extend_from_slice(&self.words[usize::from(index) * length..][..length]);
        }
        // Words that no frame uses repeat the others.
        for i in 0..words - ordered.len() {
            ordered.push(ordered[i]);
        }
        self.words = ordered;
        for index in &mut self.indices {
            let place = order.iter().position(|used| used == index);
            *index = place.expect("all used words are ordered") as u16;
        }
    }

    fn samples(&self) -> Vec<u16> {
        let words = self.indices.iter();
        let length = 1 << self.low;
        words
            .flat_map(|&index| &self.words[usize::from(index) * length..][..length])
            .copied()
            .collect()
    }

    fn to_draft(&self, table: &Table, pace: &mut dyn Pace) -> Result<Draft, ExactError> {
        let indices = Table::new(self.indices.clone(), self.index_bits);
        let words = Table::new(self.words.clone(), table.sample_bits());
        let indices = exact(&indices.expect("indices are a table"), pace)?;
        let words = exact(&words.expect("words are a table"), pace)?;
        let mut graph = Xag::new(table.bits());
        let mut t: Vec<Lit> = (0..table.bits()).map(|bit| graph.variable(bit)).collect();
        let high = t.split_off(self.low as usize);
        t.extend(append(&mut graph, &indices, &high));
        let outputs = append(&mut graph, &words, &t);
        graph.set_outputs(outputs);
        Ok(Draft::from_graph(&graph))
    }
}
