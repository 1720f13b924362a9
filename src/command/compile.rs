//! `gatebend compile`: compiles an expression to a network.

use std::path::PathBuf;

use bytebeat::{CompileError, Dialect, Expression, Playable};
use logicnet::{DEFAULT_SAMPLE_RATE, MAX_SAMPLE_RATE, Network, count, quote, quote_at};

use super::{Control, Naming};
use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The bytebeat expression in quotes: of t, of the sound `in` and `in2`, and of controls.
    /// Two channels are [left, right]
    #[arg(allow_hyphen_values = true)]
    expression: String,
    /// Bits of t; the sound repeats after 2^N samples [default: those of the expression's
    /// period, as far as 24 bits and 65536 gates allow; two minutes if it is not known]
    #[arg(long, value_name = "N")]
    bits: Option<u32>,
    /// A control that the expression may read as a number of BITS bits, such as cutoff:4=0.5;
    /// may be repeated. DEFAULT is from 0 to 1, or else 0
    #[arg(long = "control", value_name = "NAME:BITS[=DEFAULT]", value_parser = Dialect::parse_control)]
    controls: Vec<Control>,
    /// Bits of `in` and `in2`, 1 to 16
    #[arg(long, value_name = "N", default_value_t = Dialect::DEFAULT_BITS)]
    audio_bits: u8,
    /// Bits of a sample, 1 to 16: the low bits of the expression's value
    #[arg(long, value_name = "N", default_value_t = Dialect::DEFAULT_BITS)]
    sample_bits: u8,
    /// Sample rate in Hz, 1 to 768000; often 8000, 11025, 16000, 22050, 32000, 44100 or 48000
    #[arg(long, value_name = "HZ", default_value_t = DEFAULT_SAMPLE_RATE, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SAMPLE_RATE)))]
    rate: u32,
    /// Network file to write [default: standard output]
    #[arg(short, long)]
    output: Option<PathBuf>,
    #[command(flatten)]
    naming: Naming,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let controls = self.controls.iter().cloned();
        let dialect = Dialect::new(self.audio_bits, self.sample_bits, controls)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let expression = Expression::parse_in(&dialect, &self.expression).map_err(|error| {
            let place = quote_at(&self.expression, error.column);
            let hint = "; --control NAME:BITS declares one";
            let hint = if error.problem.ends_with("declared controls") {
                hint
            } else {
                ""
            };
            Failure::Usage(format!("{error}{hint}, in {place}"))
        })?;
        let Playable { network, notes } = expression
            .compile_to_play(self.bits, self.rate)
            .map_err(|error| match error {
                CompileError::Bits(_) => Failure::Usage(format!("--bits: {error}")),
                _ => Failure::Failed(format!("{}: {error}", quote(&self.expression))),
            })?;
        let network = self.naming.apply(network)?;
        files::write(self.output.as_deref(), network.to_json())?;
        crate::print_message(&describe(&network));
        for note in notes {
            let place = note.column.map(|column| format!("column {column}: "));
            crate::print_message(&format!("{}{}", place.unwrap_or_default(), note.text));
        }
        Ok(())
    }
}

/// Describes the size and the inputs of a compiled network.
fn describe(network: &Network) -> String {
    let sources = network.sources().iter();
    let bits: Vec<String> = sources
        .map(|source| format!("{} of {}", count(source.bits.into(), "bit"), source.signal))
        .collect();
    let exact = if super::reads_only_t(network) {
        format!("every t ({})", count(network.period() as usize, "time"))
    } else {
        "all their values".into()
    };
    let gates = count(network.gates().len(), "gate");
    format!("{gates} for {}, exact at {exact}", bits.join(" and "))
}
