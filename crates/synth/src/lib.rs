#![doc = include_str!("../README.md")]
#![deny(missing_docs, unsafe_code)]

mod checkpoint;
mod circuit;
mod codebook;
mod compose;
mod diagram;
mod draft;
mod exact;
mod gains;
mod gradient;

mod loss;
mod options;
mod quality;
mod recording;
mod rough;
mod run;
mod search;
mod sifting;
mod start;
mod table;
mod trainer;

pub use checkpoint::CheckpointError;
pub use codebook::codebook;
pub use draft::{Draft, DraftError};
pub use exact::{ExactError, exact};
pub use gradient::Gradient;
pub use loss::{FRAME, Loss, Measure, quiet_weights};
pub use options::{MAX_RUNS, Method, Options, Stage};
pub use quality::{FLOOR, Quality, SPECTRUM, spectral_distance, spectrogram};
pub use recording::{Prepared, Recording, RecordingError, Shape};
pub use search::{SavedSearch, Search, Settings};
pub use start::start;
pub use table::{MAX_BITS, MAX_SAMPLE_BITS, Table, TableError};
pub use trainer::{Status, TrainError, Trainer};
