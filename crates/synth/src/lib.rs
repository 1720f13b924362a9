#![doc = include_str!("../README.md")]
#![deny(missing_docs, unsafe_code)]

mod checkpoint;
mod draft;
mod exact;
mod gradient;
mod loss;
mod run;
mod table;
mod trainer;

pub use checkpoint::CheckpointError;
pub use draft::{Draft, DraftError};
pub use exact::{ExactError, exact};
pub use gradient::Gradient;
pub use loss::{Loss, Measure};
pub use table::{MAX_BITS, MAX_SAMPLE_BITS, Table, TableError};
pub use trainer::{MAX_RUNS, Method, Options, Stage, Status, TrainError, Trainer};
