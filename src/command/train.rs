//! `gatebend train`: makes a network that comes as near to a sound as its gates allow.

mod budget;
mod checkpoint;
mod frontier;
mod history;
mod label;
mod listening;
mod morph;
mod picture;
mod plot;
mod sweep;
mod target;
mod training;

use std::path::{Path, PathBuf};
use std::thread;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use logicnet::{MAX_GATES, MAX_SAMPLE_RATE, Network, quote};
use serde::de::value::{Error, StrDeserializer};
use serde::de::{Deserialize, IntoDeserializer};
use synth::{MAX_RUNS, Measure, Method, Options, TrainError, Trainer};

use super::Naming;
use crate::output::{Output, first_signal};
use crate::{CommandResult, Failure, files, print_message};
use budget::{Budget, Spent};
use history::History;
use label::Label;
use listening::Listening;
use target::{Target, Wanted};
use training::{Followers, Training};

#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools)] // flags
pub struct Arguments {
    /// The sound to learn: a WAV file, a network file, or a bytebeat expression of t in quotes;
    /// - reads a file from standard input
    #[arg(allow_hyphen_values = true, required_unless_present = "resume")]
    sound: Option<String>,
    /// Largest number of gates; with --sweep several, G,G,...
    #[arg(long, value_name = "G", value_delimiter = ',', default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=MAX_GATES as i64))]
    gates: Vec<u32>,
    /// Length of training in seconds; Ctrl-C ends it sooner [default: 30]
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<f64>,
    /// Length of training as work of each run, in gates evaluated at 512 times each: the same
    /// seed and work give the same network on every machine
    #[arg(long, value_name = "W", conflicts_with = "seconds", value_parser = clap::value_parser!(u64).range(1..))]
    work: Option<u64>,
    /// Bits of t: the sound has 2^N samples [default: as many as hold it, at most 16; those of
    /// the network or the expression's period]
    #[arg(long, value_name = "N")]
    bits: Option<u32>,
    /// Bits of a sample, 1 to 16 [default: 8, or those of the network]
    #[arg(long, value_name = "N")]
    sample_bits: Option<u8>,
    /// Sample rate in Hz [default: 8000, or lower if the sound fits so; the network's]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SAMPLE_RATE)))]
    rate: Option<u32>,
    /// The WAV file is a loop: keep silence at its ends, and choose a rate with which it fills
    /// the period
    #[arg(long = "loop")]
    is_loop: bool,
    /// Seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Attempts side by side, of which the best counts [default: 2; 1 on a computer with one
    /// core, unless --work is given]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_RUNS)))]
    runs: Option<u32>,
    /// The error to make small: wrong bits; squared differences, of which those in quiet parts
    /// count more; or squared differences on a mu-law scale [default: bits for an expression,
    /// else squared]
    #[arg(long, value_parser = measure())]
    measure: Option<Measure>,
    /// Stages: all, the exact diagram alone, all but the diagram, or differentiable logic alone
    #[arg(long, default_value = "auto", value_parser = method())]
    method: Method,
    /// Network to start from, with its bends
    #[arg(long, value_name = "NET.json")]
    from: Option<PathBuf>,
    /// Nodes of that network whose gates do not change, such as 20,40-99
    #[arg(long, value_name = "NODES", requires = "from", value_parser = nodes)]
    freeze: Option<Nodes>,
    /// Keep the wiring of that network, and change operations only
    #[arg(long, requires = "from")]
    keep_wiring: bool,
    /// Play the network through the sound card while it learns
    #[arg(long)]
    listen: bool,
    /// File to save training in every few seconds
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sweep", "towards"])]
    checkpoint: Option<PathBuf>,
    /// Continue from a checkpoint, and save there; --seconds or --work give another length
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sound", "gates", "bits", "sample_bits", "rate", "is_loop", "seed", "runs", "measure", "method", "from", "sweep", "towards", "name", "description"])]
    resume: Option<PathBuf>,
    /// Picture of the result: error over time, error of each bit, waveforms and spectrograms; of
    /// a sweep, size against quality
    #[arg(long, value_name = "OUT.png|svg", conflicts_with = "towards")]
    plot: Option<PathBuf>,
    /// Train each number of gates with each seed, keep the networks in a folder, and write a
    /// table of size against quality to -o; networks that are there already are not trained
    #[arg(long, value_name = "DIR")]
    sweep: Option<PathBuf>,
    /// Number of seeds of a sweep, from --seed on
    #[arg(long, value_name = "N", default_value_t = 1, requires = "sweep", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    seeds: u32,
    /// Print a command line for each network of the sweep that is missing, and train none
    #[arg(long, requires = "sweep")]
    print: bool,
    /// Another sound: train a series of networks from one to the other, with the same wiring,
    /// and write them to OUT-1.json, OUT-2.json, ...
    #[arg(long, value_name = "B.wav", conflicts_with_all = ["sweep", "keep_wiring"])]
    towards: Option<String>,
    /// Number of networks of such a series
    #[arg(long, value_name = "N", default_value_t = 8, requires = "towards", value_parser = clap::value_parser!(u32).range(2..=99))]
    steps: u32,
    /// Network file to write; of a sweep, its table: OUT.md, or else with tabs; - is standard
    /// output
    #[arg(short, long, required_unless_present = "sweep")]
    output: Option<PathBuf>,
    #[command(flatten)]
    naming: Naming,
}

/// Nodes of a network.
#[derive(Clone, Debug)]
struct Nodes {
    nodes: Vec<u32>,
    text: String,
}

fn nodes(text: &str) -> Result<Nodes, String> {
    let wanted = || {
        format!(
            "write nodes and ranges, such as 20,40-99, not {}",
            quote(text)
        )
    };
    let number = |text: &str| text.parse::<u32>().map_err(|_| wanted());
    let mut nodes = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if first > last || last - first >= MAX_GATES as u32 {
            return Err(wanted());
        }
        nodes.extend(first..=last);
    }
    Ok(Nodes {
        nodes,
        text: text.into(),
    })
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|seconds| (0.01..=604_800.0).contains(seconds))
        .ok_or_else(|| "seconds, at most a week".to_string())
}

/// Reads the name of a value, as serde does.
fn named<T: for<'a> Deserialize<'a>>(name: &str) -> Result<T, Error> {
    let name: StrDeserializer<Error> = name.into_deserializer();
    T::deserialize(name)
}

fn measure() -> impl TypedValueParser<Value = Measure> {
    PossibleValuesParser::new(["bits", "squared", "mu-law"]).try_map(|name| named(&name))
}

fn method() -> impl TypedValueParser<Value = Method> {
    PossibleValuesParser::new(["auto", "exact", "search", "gradient"]).try_map(|name| named(&name))
}

/// Seconds of training unless others are given.
const SECONDS: f64 = 30.0;
/// Most runs that are chosen.
const RUNS: usize = 2;

impl Arguments {
    pub fn run(&self) -> CommandResult {
        if let Some(folder) = &self.sweep {
            return self.run_sweep(folder);
        }
        if let Some(other) = &self.towards {
            return self.run_morph(other);
        }
        let mut training = match &self.resume {
            Some(path) => self.resumed(path)?,
            None => self.training(&self.target()?, self.gates()?, self.seed)?,
        };
        // Opened first, so that nothing is trained in vain.
        let output = Output::create(self.network_output()?)?;
        let plot = self.plot.as_deref();
        let plot = plot.map(picture::File::create).transpose()?;
        let mut followers = self.followers(&training)?;
        training.run(&mut followers)?;
        let network = self.named(training.network()?)?;
        let is_exact = training.trainer.status().loss == 0;
        if training.trainer.options().method == Method::Exact && !is_exact {
            return Err(Failure::Failed(training.no_diagram()));
        }
        output.fill(network.to_json().as_bytes())?;
        if let Some(plot) = plot {
            plot.write(&plot::of_training(&training))?;
        }
        print_message(&training.summary());
        Ok(())
    }

    /// Returns the only number of gates.
    fn gates(&self) -> Result<u32, Failure> {
        match self.gates[..] {
            [gates] => Ok(gates),
            _ => Err(Failure::Usage(
                "--gates: several numbers need --sweep DIR".into(),
            )),
        }
    }

    /// Returns the path of the network to write.
    fn network_output(&self) -> Result<&Path, Failure> {
        let output = self.output.as_deref();
        output.ok_or_else(|| Failure::Usage("choose the output with -o OUT.json".into()))
    }

    fn budget(&self) -> Budget {
        match self.work {
            Some(work) => Budget::Work(work),
            None => Budget::Seconds(self.seconds.unwrap_or(SECONDS)),
        }
    }

    /// Loads the network to start from.
    fn from(&self) -> Result<Option<Network>, Failure> {
        self.from.as_deref().map(files::load).transpose()
    }

    /// Returns the form wanted: that of the network to start from, unless another is given.
    fn wanted(&self) -> Result<Wanted, Failure> {
        let from = self.from()?;
        let from = from.as_ref();
        Ok(Wanted {
            bits: self.bits.or(from.map(Network::counter_bits)),
            sample_bits: self
                .sample_bits
                .or(from.map(|from| from.output_encoding().sample_bits())),
            rate: self.rate.or(from.map(Network::sample_rate)),
            is_loop: self.is_loop,
        })
    }

    /// Reads the sound, and says what was changed.
    fn target(&self) -> Result<Target, Failure> {
        let sound = self.sound.as_deref().unwrap_or_default();
        let target = Target::read(sound, self.wanted()?)?;
        for note in &target.notes {
            print_message(note);
        }
        Ok(target)
    }

    fn options(&self, target: &Target, gates: u32, seed: u64) -> Options {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let runs = match self.work {
            Some(_) => RUNS,
            None => cores.min(RUNS),
        };
        Options {
            method: self.method,
            gates,
            measure: self.measure.unwrap_or(target.measure),
            seed,
            runs: self.runs.unwrap_or(runs as u32),
            keep_wiring: self.keep_wiring,
            frozen: self
                .freeze
                .as_ref()
                .map_or(Vec::new(), |freeze| freeze.nodes.clone()),
        }
    }

    /// Starts a training.
    fn training(&self, target: &Target, gates: u32, seed: u64) -> Result<Training, Failure> {
        let from = self.from()?;
        let options = self.options(target, gates, seed);
        let trainer = Trainer::new(target.table.clone(), options, from.as_ref());
        let trainer = trainer.map_err(|error| match (&self.from, &error) {
            (_, TrainError::Gates(_)) | (None, _) => Failure::Usage(format!("--gates: {error}")),
            (Some(_), TrainError::Frozen(_)) => Failure::Usage(format!("--freeze: {error}")),
            (Some(from), _) => Failure::Failed(format!("{}: {error}", from.display())),
        })?;
        Ok(Training {
            trainer,
            label: Label {
                name: target.name.clone(),
                description: format!("Trained: at most {gates} gates, seed {seed}"),
                source: target.source.clone(),
                rate: target.rate,
            },
            from,
            budget: self.budget(),
            spent: Spent::default(),
            history: History::default(),
        })
    }

    /// Continues a training, with another budget if one is given.
    fn resumed(&self, path: &Path) -> Result<Training, Failure> {
        let mut training = checkpoint::read(path)?;
        if self.work.is_some() || self.seconds.is_some() {
            training.budget = self.budget();
        }
        Ok(training)
    }

    fn followers(&self, training: &Training) -> Result<Followers<'_>, Failure> {
        let stop = first_signal().map_err(|error| error.to_string())?;
        let listening = self
            .listen
            .then(|| training.network().map(Listening::start));
        let listening = listening.transpose()?.transpose();
        let path = self.checkpoint.as_deref().or(self.resume.as_deref());
        Ok(Followers {
            stop,
            save: path.map(|path| {
                let save = move |training: &Training| checkpoint::write(path, training);
                Box::new(save) as _
            }),
            listening: listening.map_err(|error| format!("--listen: {error}"))?,
        })
    }

    /// Gives a network the name and the description of the command line.
    fn named(&self, network: Network) -> Result<Network, Failure> {
        self.naming.apply(network)
    }
}
