#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod aiger;
mod blif;
mod checkpoint;
mod circuit;
mod difflogic_c;
mod error;
mod format;
mod model;
mod order;
mod pickle;
mod state;
mod tensor;
mod torchlogix;

use logicnet::{InputEncoding, Network};

pub use error::ImportError;
pub use format::Format;

/// Largest file in bytes: several times that of the largest network as a checkpoint.
pub const MAX_BYTES: usize = 256 << 20;

/// Largest text in bytes: several times that of the largest network.
const MAX_TEXT_BYTES: usize = 32 << 20;

/// The meaning of four weights a gate in torchlogix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parametrization {
    /// The outputs for the four values of the operands.
    Light,
    /// Coefficients of the Walsh basis.
    Warp,
}

/// Answers to what files leave open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The format; `None` tells it by the content.
    pub format: Option<Format>,
    /// The encoding of t in the inputs.
    pub encoding: InputEncoding,
    /// True if the first input is the highest one, instead of the lowest.
    pub first_input_is_highest: bool,
    /// True if the first output, or group of outputs, is the highest one.
    pub first_output_is_highest: bool,
    /// Number of groups in which the outputs are summed, instead of what the file says.
    pub groups: Option<u8>,
    /// The parametrization, if the gates have four weights each and the file does not say it.
    pub parametrization: Option<Parametrization>,
    /// Names of the layers in their order, if these do not have numbers that tell it.
    pub layers: Vec<String>,
}

/// Reads a file as a network, without a name. Returns the format that was read, too.
///
/// # Errors
/// Fails if the file is not of the format, has no wiring, needs an option that is not given, or
/// is a network that Gatebend does not have.
pub fn import(bytes: &[u8], options: &Options) -> Result<(Network, Format), ImportError> {
    if bytes.len() > MAX_BYTES {
        let problem = format!("{} bytes, but at most {MAX_BYTES} are read", bytes.len());
        return Err(ImportError::whole(problem));
    }
    let format = match options.format {
        Some(format) => format,
        None => Format::detect(bytes)?,
    };
    let text = || text(bytes).ok_or_else(|| ImportError::whole("not a text of this format"));
    let network = match format {
        Format::Circuit => torchlogix::read(text()?, options),
        Format::Safetensors => state::read(bytes, options),
        Format::PyTorch => checkpoint::read(bytes, options),
        Format::C => difflogic_c::read(text()?, options),
        Format::Blif => blif::read(text()?, options),
        Format::Aiger => aiger::read(bytes, options),
    }?;
    Ok((network, format))
}

/// Returns a file as text, if it may be one.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.len() <= MAX_TEXT_BYTES)
}
