#![doc = include_str!("../README.md")]
#![deny(missing_docs, unsafe_code)]

mod diagram;
mod draft;
mod exact;
mod loss;
mod matching;
mod sifting;
mod table;
mod trainer;

pub use draft::{Draft, DraftError};
pub use exact::{ExactError, exact, exact_within};
pub use loss::{Loss, Measure};
pub use table::{MAX_BITS, MAX_SAMPLE_BITS, Table, TableError};
pub use trainer::{Method, Options, Stage, Status, TrainError, Trainer};
