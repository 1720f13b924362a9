//! Training as bytes: a line that names the format, the state, and a checksum.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first line; the number is that of the version.
const START: &[u8] = b"gatebend training 1\n";

/// The reason that bytes are no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointError {
    /// The bytes do not begin as a checkpoint does.
    Format,
    /// The checkpoint is of another version.
    Version,
    /// Some bytes are missing or wrong.
    Damaged,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CheckpointError::Format => "not a checkpoint of training",
            CheckpointError::Version => {
                "a checkpoint of another version of Gatebend, which alone can continue it"
            }
            CheckpointError::Damaged => "the checkpoint is damaged or cut off",
        })
    }
}

impl std::error::Error for CheckpointError {}

/// Writes a state as bytes.
pub(crate) fn write(state: &impl Serialize) -> Vec<u8> {
    let start = START.to_vec();
    let mut bytes = postcard::to_extend(state, start).expect("memory takes all bytes");
    let sum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Reads a state. Its numbers are not checked: the checksum tells damage, not malice.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CheckpointError> {
    let name = &START[..START.len() - 2];
    if !bytes.starts_with(name) {
        return Err(CheckpointError::Format);
    }
    let rest = bytes.strip_prefix(START).ok_or(CheckpointError::Version)?;
    let (state, sum) = rest.split_last_chunk().ok_or(CheckpointError::Damaged)?;
    let checked = &bytes[..bytes.len() - sum.len()];
    // A fuzzer changes bytes, and would never guess the sum.
    if !cfg!(fuzzing) && crc32fast::hash(checked) != u32::from_le_bytes(*sum) {
        return Err(CheckpointError::Damaged);
    }
    postcard::from_bytes(state).map_err(|_| CheckpointError::Damaged)
}
