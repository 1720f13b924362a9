//! `gatebend simplify`: makes an equivalent network with fewer gates.

use std::path::PathBuf;

use logicnet::{MAX_COUNTER_BITS, count};

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
        let equal = if super::reads_only_t(&network) {
            let times = count(network.period() as usize, "time");
            format!("proved equal at all {times}")
        } else {
            "equal for all values of its inputs".into()
        };
        let partial = if !simplified.is_partial {
            ""
        } else if network.variables() > MAX_COUNTER_BITS {
            "; not everything was tried, because it has many bits of inputs"
        } else {
            "; not everything was tried, because it is large or its period is long"
        };
        crate::print_message(&format!(
            "{} became {}, {equal}{partial}",
            count(network.gates().len(), "gate"),
            simplified.network.gates().len(),
        ));
        Ok(())
    }
}
