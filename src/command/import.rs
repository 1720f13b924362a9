//! `gatebend import`: reads a network of another maker.

use std::path::PathBuf;

use clap::ValueEnum;
use import::{Format, Options, Parametrization};
use logicnet::{
    DEFAULT_SAMPLE_RATE, InputEncoding, MAX_SAMPLE_RATE, Network, OutputEncoding, count,
};

use super::Naming;
use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The file: of torchlogix, difflogic or difflogic-iwp, BLIF or AIGER; - reads standard input
    file: PathBuf,
    /// Format of the file [default: told by its content]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<From>,
    /// Encoding of t in the inputs: binary, gray, thermometer:D or one-hot:D, with digits of D
    /// bits, the lowest first
    #[arg(long, value_name = "CODE", default_value = "binary", value_parser = parse_encoding)]
    encoding: InputEncoding,
    /// Begin with the highest instead of the lowest: the inputs, the outputs or both
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',')]
    high_first: Vec<Part>,
    /// Sum the outputs in K groups, of which each counts twice as much as the one before
    /// [default: as the file says, or else the outputs are the bits of a sample]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=16))]
    groups: Option<u8>,
    /// Meaning of four weights a gate in torchlogix, where the file does not say it
    #[arg(long, value_enum, value_name = "KIND")]
    parametrization: Option<Kind>,
    /// Names of the layers in their order, where their numbers do not tell it
    #[arg(long, value_name = "NAME,NAME,...", value_delimiter = ',')]
    layers: Vec<String>,
    /// Sample rate in Hz, 1 to 768000; often 8000, 11025, 16000, 22050, 32000, 44100 or 48000
    #[arg(long, value_name = "HZ", default_value_t = DEFAULT_SAMPLE_RATE, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SAMPLE_RATE)))]
    rate: u32,
    /// Network file to write [default: standard output]
    #[arg(short, long)]
    output: Option<PathBuf>,
    #[command(flatten)]
    naming: Naming,
}

#[derive(Clone, Copy, ValueEnum)]
enum From {
    /// a circuit of torchlogix as JSON, by Circuit.write_json
    Circuit,
    /// a state dictionary
    Safetensors,
    /// a model or a state dictionary, by torch.save
    Pytorch,
    /// the C that difflogic generates
    C,
    /// Berkeley Logic Interchange Format
    Blif,
    /// and-inverter graphs, as text or binary
    Aiger,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    Inputs,
    Outputs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// the outputs for each of the four operands
    Light,
    /// coefficients of the Walsh basis
    Warp,
}

fn parse_encoding(text: &str) -> Result<InputEncoding, String> {
    let (name, digit) = text.split_once(':').unwrap_or((text, ""));
    let digit_bits = digit.parse().ok().filter(|bits| (1..=12).contains(bits));
    match (name, digit_bits) {
        ("binary", _) if digit.is_empty() => Ok(InputEncoding::Binary),
        ("gray", _) if digit.is_empty() => Ok(InputEncoding::Gray),
        ("thermometer", Some(digit_bits)) => Ok(InputEncoding::Thermometer { digit_bits }),
        ("one-hot", Some(digit_bits)) => Ok(InputEncoding::OneHot { digit_bits }),
        _ => Err("write binary, gray, thermometer:D or one-hot:D, with D from 1 to 12".into()),
    }
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let hint = "docs/import.md lists what is read";
        let bytes = files::read_bytes(&self.file, hint, import::MAX_BYTES as u64)?;
        let failed = |problem: &dyn std::fmt::Display| {
            Failure::Failed(format!("{}: {problem}", self.file.display()))
        };
        let imported = import::import(&bytes, &self.options());
        let (network, format) = imported.map_err(|error| failed(&error))?;
        let mut parts = network.into_parts();
        parts.sample_rate = self.rate;
        parts.name = "imported".into();
        if let (Some(stem), Some(name)) = (self.file.file_stem(), self.file.file_name()) {
            if !crate::output::is_standard(&self.file) {
                parts.name = stem.to_string_lossy().into_owned();
                parts.source = Some(name.to_string_lossy().into_owned());
            }
        }
        let network = Network::try_from(parts).map_err(|error| failed(&error))?;
        let network = self.naming.apply(network)?;
        files::write(self.output.as_deref(), network.to_json())?;
        crate::print_message(&format!("{format}: {}", describe(&network)));
        Ok(())
    }

    fn options(&self) -> Options {
        Options {
            format: self.from.map(|from| match from {
                From::Circuit => Format::Circuit,
                From::Safetensors => Format::Safetensors,
                From::Pytorch => Format::PyTorch,
                From::C => Format::C,
                From::Blif => Format::Blif,
                From::Aiger => Format::Aiger,
            }),
            encoding: self.encoding,
            first_input_is_highest: self.high_first.contains(&Part::Inputs),
            first_output_is_highest: self.high_first.contains(&Part::Outputs),
            groups: self.groups,
            parametrization: self.parametrization.map(|kind| match kind {
                Kind::Light => Parametrization::Light,
                Kind::Warp => Parametrization::Warp,
            }),
            layers: self.layers.clone(),
        }
    }
}

/// Describes what was read.
fn describe(network: &Network) -> String {
    let live = network.live(network.masks());
    let live = live[network.inputs() as usize..]
        .iter()
        .filter(|&&live| live);
    let outputs = count(network.outputs().len(), "output");
    let outputs = match network.output_encoding() {
        OutputEncoding::GroupSum { groups } => {
            format!("{outputs} summed in {}", count(groups.into(), "group"))
        }
        _ => outputs.to_string(),
    };
    format!(
        "{} in {}, {} of them live; {} of t; {outputs}",
        count(network.gates().len(), "gate"),
        count(network.layer_count(), "layer"),
        live.count(),
        count(network.counter_bits() as usize, "bit"),
    )
}
