//! `gatebend simplify`: an equal network of fewer gates.

use std::path::PathBuf;

use crate::{Outcome, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The network file; - reads standard input. Its masks are applied first
    network: PathBuf,
    /// Where the simplified network goes; - is standard output
    #[arg(short, long)]
    output: PathBuf,
}

impl Arguments {
    pub fn run(&self) -> Outcome {
        let network = files::load(&self.network)?;
        let simplified = logicnet::simplify(&network, network.masks());
        files::save_text(Some(&self.output), &simplified.to_json())?;
        crate::say(&format!(
            "{} gates became {}, proved equal at all {} times",
            network.gates().len(),
            simplified.gates().len(),
            network.period()
        ));
        Ok(())
    }
}
