//! `gatebend random`: makes a random network.

use std::path::PathBuf;

use clap::ValueEnum;
use logicnet::Network;
use logicnet::random::Ops;

use super::Naming;
use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// Bits of t; the sound repeats after 2^N samples
    #[arg(long, value_name = "N")]
    inputs: u32,
    /// L layers of W gates, as in 6x256, or the width of each layer: W,W,...
    #[arg(long, value_name = "LxW|W,W,...", value_parser = parse_layers)]
    layers: Layers,
    /// Seed; the same one gives the same network everywhere
    #[arg(long)]
    seed: u64,
    /// Operations to draw from
    #[arg(long, value_enum, default_value_t = Draw::Uniform)]
    ops: Draw,
    /// Network file to write [default: standard output]
    #[arg(short, long)]
    output: Option<PathBuf>,
    #[command(flatten)]
    naming: Naming,
}

/// Layer widths as one argument.
type Layers = std::sync::Arc<[usize]>;

#[derive(Clone, Copy, ValueEnum)]
enum Draw {
    /// all sixteen equally, as in an untrained network
    Uniform,
    /// half XOR and XNOR: deep networks stay alive and noisy
    XorRich,
}

fn parse_layers(text: &str) -> Result<Layers, String> {
    let number = |text: &str| {
        let wanted = "write LxW, such as 6x256, or widths such as 256,128,8";
        text.parse::<usize>().map_err(|_| wanted.to_string())
    };
    if let Some((count, width)) = text.split_once('x') {
        let (count, width) = (number(count)?, number(width)?);
        if count > logicnet::MAX_GATES {
            return Err(format!(
                "{count} layers; a network has at most {} gates",
                logicnet::MAX_GATES
            ));
        }
        return Ok(vec![width; count].into());
    }
    text.split(',').map(number).collect()
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let ops = match self.ops {
            Draw::Uniform => Ops::Uniform,
            Draw::XorRich => Ops::XorRich,
        };
        let network = Network::random(self.inputs, &self.layers, ops, self.seed)
            .map_err(|error| Failure::Usage(format!("--{error}")))?;
        let network = self.naming.apply(network)?;
        files::write(self.output.as_deref(), network.to_json())
    }
}
