//! The sound that a network learns.

use std::io::Read;
use std::path::Path;

use bytebeat::{Dialect, Expression, Moment};
use gatebend::wav::Wav;
use logicnet::{DEFAULT_SAMPLE_RATE, Network, quote, quote_at};
use synth::{MAX_BITS, Measure, Prepared, Recording, Shape, Table};

use crate::output::is_standard;
use crate::{Failure, files};

/// Most bits of t of an expression unless others are given.
const EXPRESSION_BITS: u32 = 16;

/// A sound as a table.
pub struct Target {
    /// The samples of a period.
    pub table: Table,
    /// Sample rate in Hz.
    pub rate: u32,
    /// The file or the expression.
    pub source: String,
    /// A name for a network of it.
    pub name: String,
    /// The measure of errors that suits it.
    pub measure: Measure,
    /// The changes that were made to it, a sentence each.
    pub notes: Vec<String>,
}

/// The form wanted, as far as it is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub bits: Option<u32>,
    pub sample_bits: Option<u8>,
    pub rate: Option<u32>,
    pub is_loop: bool,
}

impl Wanted {
    /// Bits of a sample where none are given.
    const SAMPLE_BITS: u8 = 8;

    /// Returns the form of a table, in which other sounds are comparable with it.
    pub fn like(target: &Target, is_loop: bool) -> Wanted {
        Wanted {
            bits: Some(target.table.bits()),
            sample_bits: Some(target.table.sample_bits()),
            rate: Some(target.rate),
            is_loop,
        }
    }
}

impl Target {
    /// Returns the name in letters, digits and dashes, for files.
    pub fn file_name(&self) -> String {
        let plain = |c: char| if c.is_alphanumeric() { c } else { '-' };
        self.name.chars().map(plain).collect()
    }

    /// Reads a sound: a WAV file, a network file, or else a bytebeat expression. `-` is a file
    /// on standard input.
    pub fn read(sound: &str, wanted: Wanted) -> Result<Target, Failure> {
        let path = Path::new(sound);
        let has_ending = ["wav", "json"]
            .iter()
            .any(|end| files::has_ending(path, end));
        if has_ending || is_standard(path) || path.exists() {
            let hint = "a WAV file, a network file, or an expression in quotes";
            let mut file = files::open(path, hint)?;
            let failed =
                |problem: String| Failure::Failed(format!("{}: {problem}", path.display()));
            let mut start = [0; 1];
            let found = file
                .read(&mut start)
                .map_err(|error| failed(error.to_string()))?;
            let mut file = start[..found].chain(file);
            if start == *b"{" || files::has_ending(path, "json") {
                let network = files::parse(path, &mut file)?;
                return Target::of_network(path, &network, wanted);
            }
            let wav = Wav::read(file).map_err(failed)?;
            return Target::of_wav(path, &wav, wanted);
        }
        Target::of_expression(sound, wanted)
    }

    fn of_wav(path: &Path, wav: &Wav, wanted: Wanted) -> Result<Target, Failure> {
        let recording = Recording::mixed_down(wav.rate, wav.channels, &wav.samples);
        let shape = Shape {
            bits: wanted.bits,
            sample_bits: wanted.sample_bits.unwrap_or(Wanted::SAMPLE_BITS),
            rate: wanted.rate,
            is_loop: wanted.is_loop,
        };
        let prepared = recording.prepare(&shape);
        let Prepared { table, rate, notes } =
            prepared.map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
        let channels = (wav.channels > 1).then(|| format!("Mixed {} channels.", wav.channels));
        Ok(Target {
            table,
            rate,
            source: file_name(path),
            name: stem(path),
            measure: Measure::Squared,
            notes: channels.into_iter().chain(notes).collect(),
        })
    }

    fn of_network(path: &Path, network: &Network, wanted: Wanted) -> Result<Target, Failure> {
        let failed = |problem: String| Failure::Failed(format!("{}: {problem}", path.display()));
        let table = Table::of_network(network).map_err(|error| failed(error.to_string()))?;
        let (bits, sample_bits) = (table.bits(), table.sample_bits());
        if let Some(wanted) = wanted.bits.filter(|wanted| *wanted != bits) {
            return Err(failed(format!("it reads {bits} bits of t, not {wanted}")));
        }
        if let Some(wanted) = wanted.sample_bits.filter(|wanted| *wanted != sample_bits) {
            return Err(failed(format!(
                "it has samples of {sample_bits} bits, not {wanted}"
            )));
        }
        Ok(Target {
            table,
            rate: wanted.rate.unwrap_or(network.sample_rate()),
            source: file_name(path),
            name: network.name().to_string(),
            measure: Measure::Squared,
            notes: Vec::new(),
        })
    }

    fn of_expression(text: &str, wanted: Wanted) -> Result<Target, Failure> {
        let sample_bits = wanted.sample_bits.unwrap_or(Wanted::SAMPLE_BITS);
        let dialect = Dialect::new(Dialect::DEFAULT_BITS, sample_bits, [])
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let expression = Expression::parse_in(&dialect, text).map_err(|error| {
            let place = quote_at(text, error.column);
            Failure::Usage(format!(
                "no such file, and no expression: {error}, in {place}"
            ))
        })?;
        if expression.channels() > 1 || expression.signals().next().is_some() {
            let problem = "an expression to learn is of t, with one channel";
            return Err(Failure::Usage(format!("{}: {problem}", quote(text))));
        }
        let period = expression.period_bits();
        let bits = wanted.bits.unwrap_or_else(|| {
            let bits = period.unwrap_or(EXPRESSION_BITS);
            bits.clamp(1, EXPRESSION_BITS)
        });
        if !(1..=MAX_BITS).contains(&bits) {
            let problem = format!("--bits: {bits} bits of t; 1 to {MAX_BITS} are possible");
            return Err(Failure::Usage(problem));
        }
        let samples = (0..1 << bits).map(|t| expression.samples(&Moment::at(t))[0]);
        let table = Table::new(samples.collect(), sample_bits);
        let is_cut = period.is_none_or(|period| period > bits);
        let cut = is_cut.then(|| format!("Learns the first {} samples, which repeat.", 1 << bits));
        Ok(Target {
            table: table.map_err(|error| Failure::Usage(error.to_string()))?,
            rate: wanted.rate.unwrap_or(DEFAULT_SAMPLE_RATE),
            source: text.to_string(),
            name: "formula".to_string(),
            // Most formulas work on bits, in which a little is as wrong as much.
            measure: Measure::Bits,
            notes: cut.into_iter().collect(),
        })
    }
}

/// Returns the name of a file without its folder.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Returns the name of a file without folder and ending.
pub fn stem(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
