//! Proof of a program by running it over the whole period on the emulated PRU.

use core::fmt;

use logicnet::{Evaluator, Masks, Network, Program, W512, Word};
use pru_isa::emulator::{CONTROL, DATA_BYTES, ENABLE, Fault, HostError, Subsystem};

use crate::Code;
use crate::mailbox::{ANSWER, BANK, CHECK, EPOCH, LANES, PLANES, REQUEST, TIME, check};

/// Evidence that a program was correct at all times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Number of passes of 32 samples.
    pub passes: u32,
    /// Maximum cycles between the poll that found a request and the next poll.
    pub cycles: u32,
}

/// A reason why a program is not correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// A sample differs from the network's.
    Sample {
        /// The first time at which it differs.
        t: u32,
        /// The program's sample.
        program: u8,
        /// The network's sample.
        network: u8,
    },
    /// A pass did not end in time.
    Late {
        /// The pass' first time.
        t: u32,
    },
    /// The program answers with the wrong epoch.
    Epoch(u32),
    /// The check word does not match the samples.
    Check {
        /// The first time of the pass.
        t: u32,
    },
    /// The program made a forbidden access.
    Fault(Fault),
    /// The program could not be loaded or run.
    Host(HostError),
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProofError::Sample {
                t,
                program,
                network,
            } => write!(
                f,
                "at t = {t} the program has {program}, the network {network}"
            ),
            ProofError::Late { t } => write!(f, "the pass at t = {t} does not end"),
            ProofError::Epoch(epoch) => write!(f, "the program answers with epoch {epoch}"),
            ProofError::Check { t } => {
                write!(f, "at t = {t} the check word does not match the samples")
            }
            ProofError::Fault(fault) => fault.fmt(f),
            ProofError::Host(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ProofError {}

impl From<Fault> for ProofError {
    fn from(fault: Fault) -> ProofError {
        ProofError::Fault(fault)
    }
}

impl From<HostError> for ProofError {
    fn from(error: HostError) -> ProofError {
        ProofError::Host(error)
    }
}

/// The epoch of programs under proof.
const PROOF_EPOCH: u16 = 0x5052;

/// Runs a program on the emulated PRU over the whole period and compares its samples with
/// those of the network under these masks. The program may only access its own data RAM and
/// scratchpad bank.
///
/// # Errors
/// Returns the first error found.
pub fn prove(code: &Code, network: &Network, masks: &Masks) -> Result<Proof, ProofError> {
    let mut pru = Subsystem::new();
    let own = 0..DATA_BYTES;
    pru.core_mut(0).allow(core::slice::from_ref(&own), &[BANK]);
    pru.load(0, &code.words(PROOF_EPOCH))?;
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
                    return Err(ProofError::Sample {
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

/// Requests a pass and awaits it, as the ARM does.
fn pass(
    pru: &mut Subsystem,
    code: &Code,
    t: u32,
    proof: &mut Proof,
) -> Result<[u32; 8], ProofError> {
    proof.passes += 1;
    let number = proof.passes;
    pru.write(TIME, t)?;
    pru.write(REQUEST, number)?;
    let mut began = pru.now();
    let late = began + 2 * u64::from(code.statistics().cycles()) + 1000;
    while pru.read(ANSWER)? != number {
        // Measures from the last poll: the previous one may have just missed the request.
        if pru.core(0).counter() == code.poll_address() {
            began = pru.now();
        }
        pru.step(0)?;
        if pru.now() > late {
            return Err(ProofError::Late { t });
        }
    }
    pru.step(0)?; // the jump back
    proof.cycles = proof.cycles.max((pru.now() - began) as u32);
    let epoch = pru.read(EPOCH)?;
    if epoch != u32::from(PROOF_EPOCH) {
        return Err(ProofError::Epoch(epoch));
    }
    let mut planes = [0; 8];
    for (plane, offset) in planes.iter_mut().zip((PLANES..).step_by(4)) {
        *plane = pru.read(offset)?;
    }
    if pru.read(CHECK)? != check(&planes) {
        return Err(ProofError::Check { t });
    }
    Ok(planes)
}
