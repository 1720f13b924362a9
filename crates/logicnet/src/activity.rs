//! The activity of every node in a block of samples, for displays.

use alloc::vec;
use alloc::vec::Vec;

use crate::counter::counter_column;
use crate::{InputEncoding, Mask, Masks, Network, Op};

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

    /// Evaluates `samples` samples of the network under masks, from time t0 on.
    ///
    /// # Panics
    /// If the network has a different number of nodes than the one given to
    /// [`Activity::new`].
    pub fn observe(&mut self, network: &Network, masks: &Masks, t0: u32, samples: u32) {
        assert_eq!(
            self.words.len(),
            network.nodes() as usize,
            "the network has a different number of nodes"
        );
        network.masked_ops(masks, &mut self.ops);
        self.toggles.fill(0);
        for done in (0..samples).step_by(64) {
            self.inputs(network, masks, t0.wrapping_add(done));
            self.gates(network);
            self.count(done == 0, (samples - done).min(64));
        }
    }

    fn inputs(&mut self, network: &Network, masks: &Masks, t: u32) {
        let encoding = network.input_encoding();
        for (input, word) in (0..network.inputs()).zip(&mut self.words) {
            *word = match encoding {
                InputEncoding::Binary => counter_column(input as u8, t),
                _ => (0..64).fold(0, |word, k| {
                    word | u64::from(encoding.input(input, t.wrapping_add(k))) << k
                }),
            };
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
