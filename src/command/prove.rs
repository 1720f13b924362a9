//! `gatebend prove`: compares two networks for all values of their inputs.

use std::path::PathBuf;

use logicnet::{Unproved, count};

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
            Ok(()) if [&first, &second].into_iter().all(super::reads_only_t) => {
                let times = first.period().max(second.period());
                files::print(format!("equal at all {}\n", count(times as usize, "time")))
            }
            Ok(()) => files::print("equal for all values of their inputs\n"),
            Err(Unproved::Different(difference)) => {
                Err(Failure::No(format!("different: {difference}")))
            }
            Err(unknown) => Err(Failure::No(format!("not proved: {unknown}"))),
        }
    }
}
