//! Files of samples, which become networks that are exact.

use std::io::Read;
use std::path::Path;

use hound::{SampleFormat, WavReader};
use logicnet::{
    DEFAULT_SAMPLE_RATE, Network, OutputEncoding, Pace, Parts, Stopped, simplify_graph_paced,
};
use synth::{MAX_BITS, Table, TableError};

use crate::progress::Progress;
use crate::{Failure, files};

/// Most samples of a table.
const MAX_SAMPLES: usize = 1 << MAX_BITS;

/// One period of a sound.
pub struct Sound {
    table: Table,
    /// Sample rate in Hz, if the file has one.
    rate: Option<u32>,
}

impl Sound {
    /// Reads a file, with the top `sample_bits` of its samples or all.
    pub fn read(path: &Path, sample_bits: Option<u8>) -> Result<Sound, Failure> {
        let (samples, bits, rate) = if files::has_ending(path, "u8") {
            read_raw(path)?
        } else if files::has_ending(path, "wav") {
            read_wav(path)?
        } else {
            return Err(Failure::Usage(format!(
                "--table: {}: give a file that ends in .u8 (raw samples) or .wav",
                path.display()
            )));
        };
        let taken = sample_bits.unwrap_or(bits);
        if !(1..=bits).contains(&taken) {
            return Err(Failure::Usage(format!(
                "--sample-bits: {taken} of samples of {bits} bits; 1 to {bits} are possible"
            )));
        }
        let samples = samples.into_iter().map(|sample| sample >> (bits - taken));
        let table = Table::new(samples.collect(), taken).map_err(|error| {
            let problem = match error {
                TableError::Length(length) => describe_length(length),
                error => error.to_string(),
            };
            Failure::Failed(format!("{}: {problem}", path.display()))
        })?;
        Ok(Sound { table, rate })
    }

    /// Makes a network that gives the samples at every t, at this rate or else the file's.
    pub fn compile(&self, path: &Path, rate: Option<u32>) -> Result<Network, Failure> {
        let failure =
            |error: &dyn std::fmt::Display| Failure::Failed(format!("{}: {error}", path.display()));
        let mut pace = Shown(Progress::new("Compiling"));
        let graph = synth::exact(&self.table, &mut pace).map_err(|error| failure(&error))?;
        let graph = simplify_graph_paced(graph, &mut pace).map_err(|error| failure(&error))?;
        let parts = Parts {
            source: path.file_name().map(|name| name.to_string_lossy().into()),
            sample_rate: rate.or(self.rate).unwrap_or(DEFAULT_SAMPLE_RATE),
            output_encoding: OutputEncoding::of_samples(1, self.table.sample_bits()),
            ..Parts::default()
        };
        Network::from_graph(&graph, parts).map_err(|error| failure(&error))
    }
}

/// Samples, their bits, and their rate in Hz if it is known.
type Samples = (Vec<u16>, u8, Option<u32>);

fn read_raw(path: &Path) -> Result<Samples, Failure> {
    let file = files::open(path, "raw samples")?;
    let mut bytes = Vec::new();
    // One more, so that the length is seen to be too large.
    file.take(MAX_SAMPLES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
    Ok((bytes.into_iter().map(u16::from).collect(), 8, None))
}

fn read_wav(path: &Path) -> Result<Samples, Failure> {
    let failure = |problem: String| Failure::Failed(format!("{}: {problem}", path.display()));
    let damaged = |error: hound::Error| failure(format!("not a WAV file to read: {error}"));
    let reader = WavReader::new(files::open(path, "a WAV file")?).map_err(damaged)?;
    let spec = reader.spec();
    let is_table = matches!(
        (spec.channels, spec.bits_per_sample, spec.sample_format),
        (1, 8 | 16, SampleFormat::Int)
    );
    if !is_table {
        return Err(failure(format!(
            "it has {}, {} bits{}; a table has one channel of 8 or 16 bits. `gatebend train` \
             reads every WAV file",
            logicnet::count(spec.channels.into(), "channel"),
            spec.bits_per_sample,
            match spec.sample_format {
                SampleFormat::Float => " in floating point",
                SampleFormat::Int => "",
            }
        )));
    }
    let length = reader.duration() as usize;
    if length > MAX_SAMPLES {
        return Err(failure(describe_length(length)));
    }
    let middle = 1 << (spec.bits_per_sample - 1);
    let samples = reader.into_samples::<i32>();
    let samples = samples.map(|sample| sample.map(|sample| (sample + middle) as u16));
    let samples = samples.collect::<Result<_, _>>().map_err(damaged)?;
    Ok((samples, spec.bits_per_sample as u8, Some(spec.sample_rate)))
}

/// Describes a number of samples that a table does not have, and the remedy.
fn describe_length(length: usize) -> String {
    let next = length.max(2).next_power_of_two();
    if next > MAX_SAMPLES {
        let length = if length == MAX_SAMPLES + 1 {
            "more".into()
        } else {
            format!("{length}")
        };
        return format!("a table has at most {MAX_SAMPLES} samples, and this has {length}: cut it");
    }
    if length < 2 {
        return format!(
            "{}; a table has at least 2",
            logicnet::count(length, "sample")
        );
    }
    format!(
        "{length} samples; a table has a power of two: cut it to {} or fill it up to {next}. \
         `gatebend train` fits sounds of every length",
        next / 2
    )
}

/// Progress of work that is never stopped: Ctrl-C ends the program, and nothing is written.
struct Shown(Progress);

impl Pace for Shown {
    fn work(&mut self, _: u64) -> Result<(), Stopped> {
        Ok(())
    }

    fn progress(&mut self, part: f64) {
        self.0.at(part);
    }
}
