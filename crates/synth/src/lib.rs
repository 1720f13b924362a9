#![doc = include_str!("../README.md")]
#![deny(missing_docs, unsafe_code)]

mod circuit;
mod draft;
mod exact;
mod gains;
mod loss;
mod search;
mod table;
mod trainer;

pub use draft::{Draft, DraftError};
pub use exact::{ExactError, exact};
pub use loss::{Loss, Measure};
pub use search::{SavedSearch, Search, Settings};
pub use table::{MAX_BITS, MAX_SAMPLE_BITS, Table, TableError};
pub use trainer::{Method, Options, Stage, Status, TrainError, Trainer};
