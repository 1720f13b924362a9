//! Evaluators for C: single samples, in bits or numbers.

use std::ffi::{c_char, c_int};
use std::path::Path;

use logicnet::Mask;
use player::bits::{Bits, Kernel};

use crate::compiled::Difflogic;
use crate::error::{answer, boxed, gb_error, slice, slice_mut, unbox};
use crate::network::{gb_network, path_of};

/// A way to bend a node: one of GB_BEND_OFF to GB_BEND_INVERT.
pub type gb_bend = u32;

/// No longer bent.
pub const GB_BEND_OFF: u32 = 0;
/// Constant 0.
pub const GB_BEND_ZERO: u32 = 1;
/// Constant 1.
pub const GB_BEND_ONE: u32 = 2;
/// The opposite of its own value.
pub const GB_BEND_INVERT: u32 = 3;

/// There is no such bend.
pub struct NoBend;

/// Returns the mask of a bend, which may be none. Real-time.
///
/// # Errors
/// Fails if there is no such bend.
pub fn mask_of(bend: gb_bend) -> Result<Option<Mask>, NoBend> {
    Ok(match bend {
        GB_BEND_OFF => None,
        GB_BEND_ZERO => Some(Mask::Force(false)),
        GB_BEND_ONE => Some(Mask::Force(true)),
        GB_BEND_INVERT => Some(Mask::Invert),
        _ => return Err(NoBend),
    })
}

/// Evaluates single samples of a network.
pub struct gb_evaluator(Kind);

enum Kind {
    Ours(Box<Bits>),
    Difflogic(Batches),
}

impl gb_evaluator {
    fn open(path: &Path, inputs: u32, outputs: u32) -> Result<gb_evaluator, String> {
        let library = Difflogic::open(path, inputs, outputs)?;
        Ok(gb_evaluator(Kind::Difflogic(Batches::new(library)?)))
    }

    /// Returns the numbers that go into a sample and come out.
    fn numbers(&self) -> (usize, usize) {
        match &self.0 {
            Kind::Ours(bits) => (bits.sources(), bits.channels()),
            Kind::Difflogic(batches) => batches.size(),
        }
    }

    /// Returns the bits that go into a sample and come out.
    fn bits(&self) -> (usize, usize) {
        match &self.0 {
            Kind::Ours(bits) => (bits.inputs(), bits.outputs()),
            Kind::Difflogic(batches) => batches.size(),
        }
    }
}

/// Calls a library of difflogic, which evaluates a fixed number of samples at a time.
struct Batches {
    library: Difflogic,
    /// Samples of a call.
    batch: usize,
    input: Box<[bool]>,
    output: Box<[c_int]>,
}

/// Most samples of a call of difflogic's libraries, which pack them in a word.
const MAX_BATCH: usize = 64;

/// A number that no library writes: it counts gates.
const UNWRITTEN: c_int = c_int::MIN;

impl Batches {
    /// Finds the number of samples of a call by what a call writes.
    fn new(library: Difflogic) -> Result<Batches, String> {
        let mut batches = Batches {
            batch: 0,
            input: vec![false; MAX_BATCH * library.inputs].into(),
            // Room for more outputs than promised: a wrong number is found below.
            output: vec![UNWRITTEN; MAX_BATCH * library.outputs.max(4096)].into(),
            library,
        };
        batches.call();
        let written = batches.output.iter();
        let written = written.take_while(|number| **number != UNWRITTEN).count();
        let outputs = batches.library.outputs;
        batches.batch = written / outputs;
        if written % outputs == 0 && [8, 16, 32, MAX_BATCH].contains(&batches.batch) {
            return Ok(batches);
        }
        Err(format!(
            "it writes {written} numbers at once, so it does not have {outputs} outputs"
        ))
    }

    fn size(&self) -> (usize, usize) {
        (self.library.inputs, self.library.outputs)
    }

    fn call(&mut self) {
        let apply = self.library.apply();
        // SAFETY: both have room for a call, whose samples are at most MAX_BATCH. That the
        // numbers of inputs and outputs are right is the promise of gb_evaluator_open.
        unsafe { apply(self.input.as_ptr(), self.output.as_mut_ptr(), 1) }
    }

    fn evaluate<T: Copy, U>(
        &mut self,
        input: &[T],
        output: &mut [U],
        is_one: impl Fn(T) -> bool,
        number: impl Fn(c_int) -> U,
    ) {
        let (inputs, outputs) = self.size();
        let input = input.chunks(self.batch * inputs);
        for (input, output) in input.zip(output.chunks_mut(self.batch * outputs)) {
            self.input.fill(false);
            for (place, value) in self.input.iter_mut().zip(input) {
                *place = is_one(*value);
            }
            self.call();
            for (place, value) in output.iter_mut().zip(&self.output) {
                *place = number(*value);
            }
        }
    }
}

/// Makes an evaluator of a network, with its own masks and without other bends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_new(
    network: *const gb_network,
    error: *mut gb_error,
) -> *mut gb_evaluator {
    // SAFETY: as the caller promises.
    let evaluator = unsafe {
        answer(error, || {
            let network = &*network;
            let kernel = network.compiled.clone().map(|compiled| -> Kernel {
                Box::new(move |input, output| compiled.evaluate(input, output))
            });
            let bits = Bits::new(network.network.clone(), kernel);
            Ok(gb_evaluator(Kind::Ours(Box::new(bits))))
        })
    };
    boxed(evaluator)
}

/// Opens a library that difflogic has compiled (apply_logic_gate_net), with its numbers of
/// inputs and outputs, which it does not tell. Opened from this path and from nowhere else.
/// Its outputs are the sums of its groups. It allocates in each call, so that
/// gb_evaluator_bits and gb_evaluator_numbers are not real-time with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_open(
    path: *const c_char,
    inputs: u32,
    outputs: u32,
    error: *mut gb_error,
) -> *mut gb_evaluator {
    // SAFETY: as the caller promises.
    boxed(unsafe {
        answer(error, || {
            gb_evaluator::open(path_of(path)?, inputs, outputs)
        })
    })
}

/// Frees an evaluator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_free(evaluator: *mut gb_evaluator) {
    // SAFETY: as the caller promises.
    drop(unsafe { unbox(evaluator) });
}

/// Bends a node, or ends its bend. Networks that difflogic has compiled cannot be bent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_bend(
    evaluator: *mut gb_evaluator,
    node: u32,
    bend: gb_bend,
    error: *mut gb_error,
) -> bool {
    // SAFETY: as the caller promises.
    let bent = unsafe {
        answer(error, || match &mut (*evaluator).0 {
            Kind::Ours(bits) => {
                let unknown = |NoBend| format!("no bend {bend}; they are 0 to {GB_BEND_INVERT}");
                bits.bend(node, mask_of(bend).map_err(unknown)?)
            }
            Kind::Difflogic(_) => {
                Err("difflogic has compiled this network, so it cannot be bent".into())
            }
        })
    };
    bent.is_some()
}

/// Returns the number of bits that go into a sample. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_inputs(evaluator: *const gb_evaluator) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*evaluator }.bits().0 as u32
}

/// Returns the number of bits that come out of a sample. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_outputs(evaluator: *const gb_evaluator) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*evaluator }.bits().1 as u32
}

/// Returns the number of numbers that go into a sample: t, sound and controls, in the order
/// of the file. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_sources(evaluator: *const gb_evaluator) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*evaluator }.numbers().0 as u32
}

/// Returns the number of numbers that come out of a sample: one a channel. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_channels(evaluator: *const gb_evaluator) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*evaluator }.numbers().1 as u32
}

/// Evaluates `count` samples: of each, gb_evaluator_inputs bytes in and gb_evaluator_outputs
/// bytes out, 0 or 1. Sources are in the order of the file; the least significant bit of each
/// source and channel comes first. Input and output must not overlap. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_bits(
    evaluator: *mut gb_evaluator,
    input: *const u8,
    output: *mut u8,
    count: usize,
) {
    // SAFETY: as the caller promises.
    let (evaluator, input, output) = unsafe {
        let evaluator = &mut *evaluator;
        let (inputs, outputs) = evaluator.bits();
        (
            evaluator,
            slice(input, count * inputs),
            slice_mut(output, count * outputs),
        )
    };
    match &mut evaluator.0 {
        Kind::Ours(bits) => bits.bits(input, output),
        Kind::Difflogic(batches) => {
            batches.evaluate(input, output, |bit| bit != 0, |sum| sum.clamp(0, 255) as u8);
        }
    }
}

/// Evaluates `count` samples as numbers: of each, gb_evaluator_sources numbers in and
/// gb_evaluator_channels samples out, of gb_network_sample_bits bits. Input and output must not
/// overlap. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_numbers(
    evaluator: *mut gb_evaluator,
    input: *const u32,
    output: *mut u32,
    count: usize,
) {
    // SAFETY: as the caller promises.
    let (evaluator, input, output) = unsafe {
        let evaluator = &mut *evaluator;
        let (sources, channels) = evaluator.numbers();
        (
            evaluator,
            slice(input, count * sources),
            slice_mut(output, count * channels),
        )
    };
    match &mut evaluator.0 {
        Kind::Ours(bits) => bits.numbers(input, output),
        Kind::Difflogic(batches) => {
            batches.evaluate(input, output, |number| number != 0, |sum| sum.max(0) as u32);
        }
    }
}

/// Evaluates one sample as a player sounds at level 1: at this time, with sound and a position
/// from 0 to 1 for each control, in the order of the file. `input` and `output` are frames of
/// two channels. Without `input` (NULL) there is silence, and without `controls` (NULL) they
/// have their defaults. A library of difflogic is silent. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_evaluator_frame(
    evaluator: *mut gb_evaluator,
    time: u32,
    input: *const f32,
    controls: *const f64,
    output: *mut f32,
) {
    // SAFETY: as the caller promises.
    let evaluator = unsafe { &mut *evaluator };
    let frame = match &mut evaluator.0 {
        Kind::Ours(bits) => {
            let count = bits.network().control_names().count();
            // SAFETY: as the caller promises.
            let (heard, controls) = unsafe {
                let heard = input.cast::<[f32; 2]>().as_ref();
                let controls = (!controls.is_null()).then(|| slice(controls, count));
                (heard, controls)
            };
            let heard = heard.copied().unwrap_or_default();
            bits.frame(time, heard, controls.unwrap_or_default())
        }
        Kind::Difflogic(_) => [0.0; 2],
    };
    // SAFETY: as the caller promises.
    unsafe { output.cast::<[f32; 2]>().write(frame) };
}
