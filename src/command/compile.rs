//! `gatebend compile`: compiles an expression to a network.

use std::path::PathBuf;

use bytebeat::{CompileError, Expression, Playable};
use logicnet::{DEFAULT_SAMPLE_RATE, MAX_SAMPLE_RATE, count, quote, quote_at};

use super::Naming;
use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The bytebeat expression of t, in quotes
    #[arg(allow_hyphen_values = true)]
    expression: String,
    /// Bits of t; the sound repeats after 2^N samples [default: those of the expression's
    /// period, as far as 24 bits and 65536 gates allow; two minutes if it is not known]
    #[arg(long, value_name = "N")]
    bits: Option<u32>,
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
        let expression = Expression::parse(&self.expression).map_err(|error| {
            let place = quote_at(&self.expression, error.column);
            Failure::Usage(format!("{error}, in {place}"))
        })?;
        let Playable { network, notes } = expression
            .compile_to_play(self.bits, self.rate)
            .map_err(|error| match error {
                CompileError::Bits(_) => Failure::Usage(format!("--bits: {error}")),
                _ => Failure::Failed(format!("{}: {error}", quote(&self.expression))),
            })?;
        let network = self.naming.apply(network)?;
        files::write(self.output.as_deref(), network.to_json())?;
        crate::print_message(&format!(
            "{} for {} of t, exact at every t ({})",
            count(network.gates().len(), "gate"),
            count(network.counter_bits() as usize, "bit"),
            count(network.period() as usize, "time")
        ));
        for note in notes {
            let place = note.column.map(|column| format!("column {column}: "));
            crate::print_message(&format!("{}{}", place.unwrap_or_default(), note.text));
        }
        Ok(())
    }
}
