//! `gatebend random`: makes a random network.

use std::path::PathBuf;

use bytebeat::Dialect;
use clap::ValueEnum;
use logicnet::random::Ops;
use logicnet::{Network, NetworkError, OutputEncoding, Signal, Source};

use super::{Control, Naming};
use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// Bits of t; the sound repeats after 2^N samples. May be left out with --audio or --control
    #[arg(long, value_name = "N", required_unless_present_any = ["audio", "controls"])]
    inputs: Option<u8>,
    /// Bits of sound: those of the first channel, or of both
    #[arg(long, value_name = "N[,N]", value_delimiter = ',')]
    audio: Vec<u8>,
    /// A control of BITS bits, such as cutoff:4=0.5; may be repeated. DEFAULT is from 0 to 1, or
    /// else 0
    #[arg(long = "control", value_name = "NAME:BITS[=DEFAULT]", value_parser = Dialect::parse_control)]
    controls: Vec<Control>,
    /// Channels of the output: 2 for stereo
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    channels: u8,
    /// Bits of a sample, 1 to 16
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=16))]
    sample_bits: u8,
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
        let usage = |error: NetworkError| {
            // The number of an input means nothing on the command line.
            let of_inputs = error.path.starts_with("inputs");
            let problem = format!("--{error}");
            Failure::Usage(if of_inputs { error.problem } else { problem })
        };
        let network = Network::random_of(self.sources(), &self.layers, ops, self.seed);
        let network = self.with_outputs(network.map_err(usage)?)?;
        let network = self.naming.apply(network)?;
        files::write(self.output.as_deref(), network.to_json())
    }

    /// Takes the bits of all channels from the last gates of the last layer.
    fn with_outputs(&self, network: Network) -> Result<Network, Failure> {
        let outputs = u32::from(self.channels) * u32::from(self.sample_bits);
        if self
            .layers
            .last()
            .is_none_or(|&last| last < outputs as usize)
        {
            let problem = format!("the last layer has at least {outputs} gates, the outputs");
            return Err(Failure::Usage(format!("--layers: {problem}")));
        }
        let nodes = network.nodes();
        let mut parts = network.into_parts();
        parts.outputs = (nodes - outputs..nodes).collect();
        parts.output_encoding = OutputEncoding::of_samples(self.channels.into(), self.sample_bits);
        let network = Network::try_from(parts);
        network.map_err(|error| Failure::Failed(error.to_string()))
    }

    /// Returns the sources: t, then sound, then controls.
    fn sources(&self) -> Vec<Source> {
        let time = self.inputs.map(|bits| (Signal::Time, bits));
        let audio = (0..).zip(&self.audio);
        let audio = audio.map(|(channel, &bits)| (Signal::Audio { channel }, bits));
        let controls = self.controls.iter().cloned();
        let controls =
            controls.map(|(name, bits, default)| (Signal::Control { name, default }, bits));
        let sources = time.into_iter().chain(audio).chain(controls);
        sources
            .map(|(signal, bits)| Source {
                signal,
                ..Source::time(bits)
            })
            .collect()
    }
}
