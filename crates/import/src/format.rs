//! The formats, and how files tell theirs.

use std::fmt;

use crate::{ImportError, difflogic_c, state, torchlogix};

/// A format of networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A circuit that torchlogix wrote as JSON.
    Circuit,
    /// Tensors by name.
    Safetensors,
    /// A file written by `torch.save`.
    PyTorch,
    /// The C that difflogic generates.
    C,
    /// The Berkeley Logic Interchange Format.
    Blif,
    /// And-inverter graphs, as text or binary.
    Aiger,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Circuit => "circuit of torchlogix",
            Format::Safetensors => "safetensors file",
            Format::PyTorch => "PyTorch file",
            Format::C => "C of difflogic",
            Format::Blif => "BLIF file",
            Format::Aiger => "AIGER file",
        })
    }
}

impl Format {
    /// Tells a file's format by its content.
    ///
    /// # Errors
    /// Fails if it is none of the formats.
    pub fn detect(bytes: &[u8]) -> Result<Format, ImportError> {
        // First of all, since its length may be the bytes that begin another format.
        if state::header(bytes).is_some() {
            return Ok(Format::Safetensors);
        }
        // ZIP, and the pickles of old versions of PyTorch.
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0x80, 2]) {
            return Ok(Format::PyTorch);
        }
        if bytes.starts_with(b"aig ") || bytes.starts_with(b"aag ") {
            return Ok(Format::Aiger);
        }
        let unknown = || {
            ImportError::whole(
                "not a format that is read: torchlogix's circuits, safetensors, PyTorch, \
                 difflogic's C, BLIF or AIGER",
            )
        };
        if bytes.starts_with(b"\x7fELF") {
            return Err(ImportError::whole(
                "a compiled library, which does not have the gates any more; import the model or \
                 the C",
            ));
        }
        let text = crate::text(bytes).ok_or_else(unknown)?;
        if text.trim_start().starts_with('{') {
            if text.contains("\"gatebend-network\"") {
                let problem = "a network of Gatebend already; it can be used as it is";
                return Err(ImportError::whole(problem));
            }
            return if torchlogix::is_circuit(text) {
                Ok(Format::Circuit)
            } else {
                Err(unknown())
            };
        }
        if text.contains(difflogic_c::FUNCTION) {
            return Ok(Format::C);
        }
        // The first line of BLIF that is no comment begins with a point.
        let mut lines = text.lines().map(str::trim);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        if first.is_some_and(|line| line.starts_with('.')) {
            return Ok(Format::Blif);
        }
        Err(unknown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safetensors_file_may_begin_as_a_pickle() {
        let mut bytes = 0x0280u64.to_le_bytes().to_vec();
        bytes.extend(format!("{:640}", "{}").into_bytes());
        assert_eq!(Format::detect(&bytes).ok(), Some(Format::Safetensors));
    }
}
