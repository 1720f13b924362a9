//! `gatebend simplify`: makes an equivalent network with fewer gates.

use std::path::PathBuf;

use logicnet::count;

use crate::{CommandResult, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The network file; - reads standard input. Its masks are applied first
    network: PathBuf,
    /// Network file to write; - is standard output
    #[arg(short, long)]
    output: PathBuf,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let network = files::load(&self.network)?;
        let simplified = logicnet::simplify(&network, network.masks());
        files::write(Some(&self.output), simplified.to_json())?;
        crate::print_message(&format!(
            "{} became {}, proved equal at all {}",
            count(network.gates().len(), "gate"),
            simplified.gates().len(),
            count(network.period() as usize, "time")
        ));
        Ok(())
    }
}
