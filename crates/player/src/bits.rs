//! Single samples of a network, in bits or numbers, without time and sound.

use std::sync::Arc;

use logicnet::{
    Evaluator, Mask, Masks, Network, Program, Signal, Word, audio_value, control_value,
};

/// Samples of a pass.
const LANES: usize = u64::LANES;

/// Compiled code of a network: evaluates 64 samples, from a word for each bit in to a word for
/// each bit out.
pub type Kernel = Box<dyn Fn(&[u64], &mut [u64]) + Send>;

/// Evaluates samples of a network.
pub struct Bits {
    network: Arc<Network>,
    masks: Masks,
    evaluator: Evaluator<u64>,
    /// The code of the network with its own masks, if it is compiled.
    kernel: Option<Kernel>,
    /// The variable of each bit in: sources are in the order of the file, variables are not.
    variables: Box<[u32]>,
    /// Words of a pass: a word for each variable, and one for each bit out.
    words: [Box<[u64]>; 2],
}

impl Bits {
    /// Creates an evaluator of a network with its own masks, and its compiled code if there
    /// is some.
    pub fn new(network: Arc<Network>, kernel: Option<Kernel>) -> Bits {
        let masks = network.masks().clone();
        let evaluator = Evaluator::new(Program::new(&network, &masks));
        let variables = network.spans().flat_map(|span| span.variables).collect();
        let words = [network.variables() as usize, network.outputs().len()];
        Bits {
            network,
            masks,
            evaluator,
            kernel,
            variables,
            words: words.map(|count| vec![0; count].into()),
        }
    }

    /// Returns the network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Returns the masks.
    pub fn masks(&self) -> &Masks {
        &self.masks
    }

    /// Bends a node, or frees it.
    ///
    /// # Errors
    /// Returns a message if there is no such node; nothing changes then.
    pub fn bend(&mut self, node: u32, mask: Option<Mask>) -> Result<(), String> {
        let count = self.network.nodes();
        if node >= count {
            return Err(format!("no node {node}; this network has {count}"));
        }
        let own = self.network.masks().iter().chain(self.masks.iter());
        let others = own.filter(|(other, _)| *other != node);
        self.masks = others.chain(mask.map(|mask| (node, mask))).collect();
        self.evaluator = Evaluator::new(Program::new(&self.network, &self.masks));
        Ok(())
    }

    /// Returns the number of bits that go into a sample.
    pub fn inputs(&self) -> usize {
        self.network.variables() as usize
    }

    /// Returns the number of bits that come out of a sample.
    pub fn outputs(&self) -> usize {
        self.network.outputs().len()
    }

    /// Evaluates as many whole samples as there are in `input` and `output`: of each, its
    /// bits in, in the order of the sources, and its bits out, one a byte, 0 or not. Real-time
    /// safe.
    pub fn bits(&mut self, input: &[u8], output: &mut [u8]) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let is_own = self.masks == *self.network.masks();
        let kernel = self.kernel.as_ref().filter(|_| is_own);
        let [words_in, words_out] = &mut self.words;
        let input = input.chunks(LANES * inputs);
        for (input, output) in input.zip(output.chunks_mut(LANES * outputs)) {
            for (place, variable) in self.variables.iter().enumerate() {
                let bits = input.iter().skip(place).step_by(inputs);
                words_in[*variable as usize] = plane(bits.map(|bit| *bit != 0));
            }
            if let Some(kernel) = kernel {
                kernel(words_in, words_out);
            } else {
                let value = |variable| words_in[usize::from(variable)];
                self.evaluator.start_with(value);
                self.evaluator.finish();
                for (index, word) in words_out.iter_mut().enumerate() {
                    *word = self.evaluator.plane(index);
                }
            }
            for (index, word) in words_out.iter().enumerate() {
                let bits = output.iter_mut().skip(index).step_by(outputs);
                for (lane, bit) in bits.enumerate() {
                    *bit = (word >> lane & 1) as u8;
                }
            }
        }
    }

    /// Returns the number of numbers that go into a sample.
    pub fn sources(&self) -> usize {
        self.network.sources().len()
    }

    /// Returns the number of samples that come out.
    pub fn channels(&self) -> usize {
        self.network.output_encoding().channels()
    }

    /// Evaluates as many whole samples as there are in `input` and `output`: of each, one
    /// number for each source in, of which the low bits count, and one sample for each
    /// channel out, of as many bits as the widest channel has. Real-time safe.
    pub fn numbers(&mut self, input: &[u32], output: &mut [u32]) {
        let (sources, channels) = (self.sources(), self.channels());
        let bits = u32::from(self.network.output_encoding().sample_bits());
        let input = input.chunks(LANES * sources);
        for (input, output) in input.zip(output.chunks_mut(LANES * channels)) {
            let network = &self.network;
            self.evaluator.start_with(|variable| {
                let variable = u32::from(variable);
                let mut spans = network.spans().enumerate();
                let span = spans.find(|(_, span)| span.variables.contains(&variable));
                let Some((source, span)) = span else {
                    return 0;
                };
                let bit = variable - span.variables.start;
                let numbers = input.iter().skip(source).step_by(sources);
                plane(numbers.map(|number| number >> bit & 1 == 1))
            });
            self.evaluator.finish();
            let mut levels = [0; LANES];
            for channel in 0..channels {
                self.evaluator.levels(channel, &mut levels);
                let samples = output.iter_mut().skip(channel).step_by(channels);
                for (sample, level) in samples.zip(levels) {
                    *sample = u32::from(level as u16 ^ 0x8000) >> (16 - bits);
                }
            }
        }
    }

    /// Evaluates the sample of a time, a frame of sound and the positions of controls, as a
    /// player sounds at level 1. Controls without a position have their defaults. Real-time
    /// safe.
    pub fn frame(&mut self, time: u32, heard: [f32; 2], controls: &[f64]) -> [f32; 2] {
        let [words, _] = &mut self.words;
        let mut positions = controls.iter();
        for span in self.network.spans() {
            let bits = span.source.bits;
            let value = match span.source.signal {
                Signal::Time => time,
                Signal::Audio { channel } => {
                    u32::from(audio_value(heard[usize::from(channel)])) >> (16 - bits)
                }
                Signal::Control { default, .. } => {
                    control_value(positions.next().copied().unwrap_or(default), bits)
                }
            };
            for (bit, variable) in span.variables.enumerate() {
                words[variable as usize] = u64::from(value >> bit & 1);
            }
        }
        self.evaluator
            .start_with(|variable| words[usize::from(variable)]);
        self.evaluator.finish();
        [0, 1].map(|channel| {
            let mut level = [0];
            self.evaluator.levels(channel, &mut level);
            f32::from(level[0]) / 32_768.0
        })
    }
}

/// Returns the bits of up to 64 lanes as a word.
fn plane(bits: impl Iterator<Item = bool>) -> u64 {
    let bits = bits.take(LANES).enumerate();
    bits.fold(0, |plane, (lane, bit)| plane | u64::from(bit) << lane)
}
