//! `gatebend prove`: compares two networks at every t.

use std::path::PathBuf;

use logicnet::count;

use crate::progress::Progress;
use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The first network file
    first: PathBuf,
    /// The second network file
    second: PathBuf,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let first = files::load(&self.first)?;
        let second = files::load(&self.second)?;
        let mut progress = Progress::new("proving");
        let proof = logicnet::prove((&first, first.masks()), (&second, second.masks()), |part| {
            progress.at(part);
        });
        drop(progress);
        match proof {
            Ok(()) => {
                let times = first.period().max(second.period());
                files::print(format!("equal at all {}\n", count(times as usize, "time")))
            }
            Err(difference) => Err(Failure::No(format!("different: {difference}"))),
        }
    }
}
