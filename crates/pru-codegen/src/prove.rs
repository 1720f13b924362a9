//! Proof of a program: run on the emulated PRU over the whole period.

use core::fmt;

use logicnet::{Evaluator, Masks, Network, Program, W512, Word};
use pru_isa::emulator::{CONTROL, DATA_BYTES, ENABLE, Fault, HostError, Subsystem};

use crate::Code;
use crate::frame::{ANSWER, BANK, CHECK, EPOCH, LANES, PLANES, REQUEST, TIME, check};

/// A program was right at all times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Passes of 32 samples.
    pub passes: u32,
    /// The most cycles between the look that found a request and the next one.
    pub cycles: u32,
}

/// Why a program is not to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A sample is not the network's.
    Sample {
        /// The first time.
        t: u32,
        /// What the program made of it.
        program: u8,
        /// The network's.
        network: u8,
    },
    /// A pass did not end in time.
    Late {
        /// Its first time.
        t: u32,
    },
    /// It answers as another program.
    Number(u32),
    /// What checks the samples does not fit them.
    Check {
        /// The first time.
        t: u32,
    },
    /// It did what it must not.
    Fault(Fault),
    /// It could not be loaded.
    Host(HostError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Sample {
                t,
                program,
                network,
            } => write!(
                f,
                "at t = {t} the program has {program}, the network {network}"
            ),
            Failure::Late { t } => write!(f, "the pass at t = {t} does not end"),
            Failure::Number(number) => write!(f, "the program answers as number {number}"),
            Failure::Check { t } => write!(f, "at t = {t} the check does not fit the samples"),
            Failure::Fault(fault) => fault.fmt(f),
            Failure::Host(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Failure {}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Failure::Fault(fault)
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Failure {
        Failure::Host(error)
    }
}

/// The number that programs under proof have.
const NUMBER: u16 = 0x5052;

/// Runs a program on the emulated PRU, allowed to touch its own data RAM and
/// scratchpad bank only, over the whole period, and compares with the network under
/// these masks.
///
/// # Errors
/// The first [`Failure`].
pub fn prove(code: &Code, network: &Network, masks: &Masks) -> Result<Proof, Failure> {
    let mut pru = Subsystem::new();
    let own = 0..DATA_BYTES;
    pru.core_mut(0).allow(core::slice::from_ref(&own), &[BANK]);
    pru.load(0, &code.words(NUMBER))?;
    pru.write(CONTROL[0], ENABLE)?;
    let mut evaluator = Evaluator::<W512>::new(Program::new(network, masks));
    let mut expected = [0; W512::LANES];
    let period = network.period();
    let mut proof = Proof {
        passes: 0,
        cycles: 0,
    };
    for group in (0..period).step_by(W512::LANES) {
        evaluator.render(group, &mut expected);
        let end = period.max(LANES).min(group + W512::LANES as u32);
        for t in (group..end).step_by(LANES as usize) {
            let planes = pass(&mut pru, code, t, &mut proof)?;
            for lane in 0..LANES {
                let bits = planes.iter().enumerate();
                let program = bits.fold(0, |byte, (bit, plane)| byte | (plane >> lane & 1) << bit);
                let network = expected[(t - group + lane) as usize];
                if program as u8 != network {
                    return Err(Failure::Sample {
                        t: t + lane,
                        program: program as u8,
                        network,
                    });
                }
            }
        }
    }
    Ok(proof)
}

/// Has one pass made, as the ARM does.
fn pass(pru: &mut Subsystem, code: &Code, t: u32, proof: &mut Proof) -> Result<[u32; 8], Failure> {
    proof.passes += 1;
    let number = proof.passes;
    pru.write(TIME, t)?;
    pru.write(REQUEST, number)?;
    let mut began = pru.now();
    let late = began + 2 * u64::from(code.figures().cycles()) + 1000;
    while pru.read(ANSWER)? != number {
        // The last look counts: the one before may just have missed the request.
        if pru.core(0).counter() == code.look() {
            began = pru.now();
        }
        pru.step(0)?;
        if pru.now() > late {
            return Err(Failure::Late { t });
        }
    }
    pru.step(0)?; // the way back
    proof.cycles = proof.cycles.max((pru.now() - began) as u32);
    let epoch = pru.read(EPOCH)?;
    if epoch != u32::from(NUMBER) {
        return Err(Failure::Number(epoch));
    }
    let mut planes = [0; 8];
    for (plane, offset) in planes.iter_mut().zip((PLANES..).step_by(4)) {
        *plane = pru.read(offset)?;
    }
    if pru.read(CHECK)? != check(&planes) {
        return Err(Failure::Check { t });
    }
    Ok(planes)
}
