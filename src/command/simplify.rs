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
        let simplified = logicnet::simplification(&network, network.masks());
        files::write(Some(&self.output), simplified.network.to_json())?;
        let partial = if simplified.is_partial {
            "; not everything was tried, because it is large or its period is long"
        } else {
            ""
        };
        crate::print_message(&format!(
            "{} became {}, proved equal at all {}{partial}",
            count(network.gates().len(), "gate"),
            simplified.network.gates().len(),
            count(network.period() as usize, "time")
        ));
        Ok(())
    }
}
