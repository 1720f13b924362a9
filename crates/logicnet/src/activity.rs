//! The activity of every node in a block of samples, for displays.

use alloc::vec;
use alloc::vec::Vec;
use core::iter;

use crate::SourceSpan;
use crate::counter::counter_column;
use crate::{Controls, InputEncoding, Mask, Masks, Network, Op, Signal};

/// A block of network samples and the signals in it.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Time of the first sample; the others follow.
    pub t0: u32,
    /// Number of samples.
    pub samples: u32,
    /// Values of the controls.
    pub controls: &'a Controls,
    /// Frames of sound in each channel, given by [`audio_value`](crate::audio_value), one a
    /// sample; missing ones are silence.
    pub audio: [&'a [u16]; 2],
}

/// Evaluates every node of a network, including dead gates: its value at the end of a
/// block of samples and how often it toggled.
///
/// Takes a few nanoseconds a gate for each 64 samples. Only construction allocates, but
/// the time grows with the block, so observing belongs outside real-time threads.
#[derive(Clone, Debug)]
pub struct Activity {
    ops: Vec<Op>,
    words: Vec<u64>,
    last: Vec<bool>,
    toggles: Vec<u32>,
}

impl Activity {
    /// Allocates memory for the nodes of a network; all values are 0, without toggles.
    pub fn new(network: &Network) -> Activity {
        let nodes = network.nodes() as usize;
        Activity {
            ops: Vec::with_capacity(network.gates().len()),
            words: vec![0; nodes],
            last: vec![false; nodes],
            toggles: vec![0; nodes],
        }
    }

    /// Evaluates the samples of a block of the network under masks.
    ///
    /// # Panics
    /// If the network has a different number of nodes than the one given to
    /// [`Activity::new`].
    pub fn observe(&mut self, network: &Network, masks: &Masks, block: Block) {
        assert_eq!(
            self.words.len(),
            network.nodes() as usize,
            "the network has a different number of nodes"
        );
        network.masked_ops(masks, &mut self.ops);
        self.toggles.fill(0);
        for done in (0..block.samples).step_by(64) {
            self.inputs(network, masks, &block, done);
            self.gates(network);
            self.count(done == 0, (block.samples - done).min(64));
        }
    }

    /// Sets the inputs at 64 samples of a block, from sample `first` on.
    fn inputs(&mut self, network: &Network, masks: &Masks, block: &Block, first: u32) {
        const SILENCE: u16 = 1 << 15;
        let t = block.t0.wrapping_add(first);
        let mut controls = block.controls.values().iter();
        for SourceSpan { source, nodes, .. } in network.spans() {
            let mut values = [0; 64];
            match source.signal {
                Signal::Time => {
                    let bits = u32::MAX >> (32 - u32::from(source.bits));
                    for (value, k) in values.iter_mut().zip(0..) {
                        *value = t.wrapping_add(k) & bits;
                    }
                }
                Signal::Audio { channel } => {
                    let heard = block.audio[usize::from(channel)]
                        .iter()
                        .skip(first as usize);
                    let frames = heard.copied().chain(iter::repeat(SILENCE));
                    for (value, frame) in values.iter_mut().zip(frames) {
                        *value = u32::from(frame >> (16 - source.bits));
                    }
                }
                Signal::Control { .. } => {
                    values.fill(controls.next().copied().unwrap_or_default());
                }
            }
            for (input, node) in (0..).zip(nodes) {
                let is_counter = source.signal == Signal::Time;
                self.words[node as usize] = match source.encoding {
                    InputEncoding::Binary if is_counter => counter_column(input as u8, t),
                    encoding => (0..64).fold(0, |word, k| {
                        word | u64::from(encoding.input(input, values[k])) << k
                    }),
                };
            }
        }
        for (input, mask) in masks.range(0..network.inputs()) {
            let word = &mut self.words[input as usize];
            match mask {
                Mask::Force(value) => *word = u64::from(value).wrapping_neg(),
                Mask::Invert => *word = !*word,
                Mask::Replace(_) => {}
            }
        }
    }

    fn gates(&mut self, network: &Network) {
        let first = network.inputs() as usize;
        for (i, (gate, op)) in network.gates().iter().zip(&self.ops).enumerate() {
            let (a, b) = (self.words[gate.a as usize], self.words[gate.b as usize]);
            let [c0, ca, cb, cab] = op.exclusive_sum().map(|bit| u64::from(bit).wrapping_neg());
            self.words[first + i] = c0 ^ (ca & a) ^ (cb & b) ^ (cab & a & b);
        }
    }

    /// Counts toggles among the first `lanes` lanes and, except in the first word of a
    /// block, from the word before.
    fn count(&mut self, first: bool, lanes: u32) {
        for ((&word, last), toggles) in self.words.iter().zip(&mut self.last).zip(&mut self.toggles)
        {
            let before = if first { word & 1 } else { u64::from(*last) };
            let changed = word ^ (word << 1 | before);
            *toggles += (changed & (u64::MAX >> (64 - lanes))).count_ones();
            *last = word >> (lanes - 1) & 1 == 1;
        }
    }

    /// Values of the nodes at the block's last sample, by node number.
    pub fn values(&self) -> &[bool] {
        &self.last
    }

    /// Numbers of changes from one sample of the block to the next, by node number.
    pub fn toggles(&self) -> &[u32] {
        &self.toggles
    }
}
