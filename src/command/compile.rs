//! `gatebend compile`: compiles an expression or a table of samples to a network.

mod table;

use std::path::{Path, PathBuf};

use bytebeat::{CompileError, Dialect, Expression, Playable};
use logicnet::{DEFAULT_SAMPLE_RATE, MAX_SAMPLE_RATE, Network, count, quote, quote_at};

use self::table::Sound;
use super::{Control, Naming};
use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The bytebeat expression in quotes: of t, of the sound `in` and `in2`, and of controls.
    /// Two channels are [left, right]
    #[arg(allow_hyphen_values = true, required_unless_present = "table")]
    expression: Option<String>,
    /// Compile the samples of a file instead: .u8 (raw, unsigned 8 bits) or .wav (one channel
    /// of 8 or 16 bits), of 2, 4, 8 and so on up to 2^20 samples
    #[arg(long, value_name = "FILE", conflicts_with_all = ["expression", "bits", "controls", "audio_bits"])]
    table: Option<PathBuf>,
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
    /// Bits of a sample, 1 to 16: the low bits of the expression's value [default: 8], or the
    /// top bits of the file's samples [default: all]
    #[arg(long, value_name = "N")]
    sample_bits: Option<u8>,
    /// Sample rate in Hz, 1 to 768000; often 8000, 11025, 16000, 22050, 32000, 44100 or 48000
    /// [default: that of the WAV file, otherwise 8000]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SAMPLE_RATE)))]
    rate: Option<u32>,
    /// Network file to write [default: standard output]
    #[arg(short, long)]
    output: Option<PathBuf>,
    #[command(flatten)]
    naming: Naming,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        match (&self.table, &self.expression) {
            (Some(path), _) => self.compile_table(path),
            (None, Some(expression)) => self.compile_expression(expression),
            (None, None) => unreachable!("clap requires one of them"),
        }
    }

    fn compile_table(&self, path: &Path) -> CommandResult {
        let sound = Sound::read(path, self.sample_bits)?;
        let network = sound.compile(path, self.rate)?;
        self.finish(network)
    }

    fn compile_expression(&self, text: &str) -> CommandResult {
        let controls = self.controls.iter().cloned();
        let sample_bits = self.sample_bits.unwrap_or(Dialect::DEFAULT_BITS);
        let dialect = Dialect::new(self.audio_bits, sample_bits, controls)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let expression = Expression::parse_in(&dialect, text).map_err(|error| {
            let place = quote_at(text, error.column);
            let hint = "; --control NAME:BITS declares one";
            let hint = if error.problem.ends_with("declared controls") {
                hint
            } else {
                ""
            };
            Failure::Usage(format!("{error}{hint}, in {place}"))
        })?;
        let Playable { network, notes } = expression
            .compile_to_play(self.bits, self.rate.unwrap_or(DEFAULT_SAMPLE_RATE))
            .map_err(|error| match error {
                CompileError::Bits(_) => Failure::Usage(format!("--bits: {error}")),
                _ => Failure::Failed(format!("{}: {error}", quote(text))),
            })?;
        self.finish(network)?;
        for note in notes {
            let place = note.column.map(|column| format!("column {column}: "));
            crate::print_message(&format!("{}{}", place.unwrap_or_default(), note.text));
        }
        Ok(())
    }

    /// Names a network, writes it and describes it.
    fn finish(&self, network: Network) -> CommandResult {
        let network = self.naming.apply(network)?;
        files::write(self.output.as_deref(), network.to_json())?;
        crate::print_message(&describe(&network));
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
