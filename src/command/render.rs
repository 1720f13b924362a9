//! `gatebend render`: writes the sound of a network.

mod automation;
mod frames;
mod heard;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use logicnet::{MAX_SAMPLE_RATE, Mask, Masks, Network, Op};

use crate::output::{Output, is_standard};
use crate::progress::Progress;
use crate::sound::{Hold, wav_header};
use crate::{CommandResult, Failure, files};
use automation::{Automation, parse_position};
use frames::Frames;
use heard::Heard;

#[derive(clap::Args)]
pub struct Arguments {
    /// The network file; - reads standard input
    network: PathBuf,
    /// OUT.wav for a WAV file, of 8 bits or, if the network's samples have more, of 16; OUT.raw
    /// or - for its samples alone; OUT.u8 for one channel of bytes
    /// [default: the name of the network file with .wav, in this folder]
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// First time t
    #[arg(long, value_name = "T", default_value_t = 0)]
    from: u64,
    /// Number of network samples [default: one period, or the length of the sound in --in]
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Sample rate of the WAV file; network samples are held, not interpolated
    /// [default: the network's own rate]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SAMPLE_RATE)))]
    rate: Option<u32>,
    /// Bend a node: force it to 0 or 1, `invert` it, or give it another
    /// operation with `op:0` .. `op:15`; may be repeated
    #[arg(long = "mask", value_name = "NODE=0|1", value_parser = parse_mask)]
    masks: Vec<(u32, Mask)>,
    /// WAV file that the network hears; - reads standard input [default: silence]
    #[arg(long = "in", value_name = "IN.wav")]
    input: Option<PathBuf>,
    /// Set a control to a value from 0 to 1; may be repeated
    #[arg(long = "control", value_name = "NAME=VALUE", value_parser = parse_control)]
    controls: Vec<(String, f64)>,
    /// File of controls that move, with lines of SECONDS NAME VALUE
    #[arg(long, value_name = "FILE")]
    automation: Option<PathBuf>,
}

fn parse_control(text: &str) -> Result<(String, f64), String> {
    let (name, position) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.into(), parse_position(position)?))
}

fn parse_mask(text: &str) -> Result<(u32, Mask), String> {
    let wanted = "write NODE=0, NODE=1, NODE=invert or NODE=op:0..15";
    let (node, mask) = text.split_once('=').ok_or(wanted)?;
    let node = node.parse().map_err(|_| wanted)?;
    let mask = match mask {
        "0" => Mask::Force(false),
        "1" => Mask::Force(true),
        "invert" => Mask::Invert,
        _ => {
            let number = mask
                .strip_prefix("op:")
                .and_then(|number| number.parse().ok());
            Mask::Replace(number.and_then(Op::new).ok_or(wanted)?)
        }
    };
    Ok((node, mask))
}

/// Returns whether an output has raw samples rather than a WAV file.
fn is_raw(output: &Path) -> bool {
    let endings = ["u8", "raw"];
    is_standard(output)
        || endings
            .iter()
            .any(|ending| files::has_ending(output, ending))
}

/// The samples of a file: one or two channels of one or two bytes.
#[derive(Clone, Copy)]
struct Form {
    channels: usize,
    bytes: usize,
}

impl Form {
    fn of(network: &Network) -> Form {
        let encoding = network.output_encoding();
        Form {
            channels: encoding.channels(),
            bytes: usize::from(encoding.sample_bits()).div_ceil(8),
        }
    }

    /// Writes a frame, given by its levels. Samples are little-endian, those of one byte
    /// unsigned.
    fn write(self, frame: [i16; 2], file: &mut impl Write) -> io::Result<()> {
        for level in &frame[..self.channels] {
            let [low, high] = level.to_le_bytes();
            match self.bytes {
                1 => file.write_all(&[high ^ 0x80])?,
                _ => file.write_all(&[low, high])?,
            }
        }
        Ok(())
    }
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let output = self.output()?;
        let network = files::load(&self.network)?;
        let form = Form::of(&network);
        if files::has_ending(&output, "u8") && (form.channels, form.bytes) != (1, 1) {
            return Err(Failure::Usage(format!(
                "{}: .u8 is for one channel of bytes; write this network's samples to OUT.raw",
                output.display()
            )));
        }
        let frames = Frames {
            network: &network,
            masks: &self.masks(&network)?,
            automation: self.automation(&network)?,
            heard: self.heard(&network)?,
            // Periods are powers of two, so t is only needed modulo 2^32.
            t0: self.from as u32,
        };
        let heard = frames.heard.as_ref().map(Heard::length);
        let count = self
            .count
            .unwrap_or_else(|| heard.unwrap_or(network.period().into()));
        let mut progress = Progress::new("rendering");
        let mut at = |done: u64| progress.at(done as f64 / count as f64);
        if is_raw(&output) {
            let mut file = Output::create(&output)?;
            frames.render(count, |block, done| {
                at(done);
                let written = block
                    .iter()
                    .try_for_each(|frame| form.write(*frame, &mut file));
                written.map_err(|error| file.failure(&error))
            })?;
            return file.finish();
        }
        let rate = self.rate.unwrap_or(network.sample_rate());
        let mut hold = Hold::new(network.sample_rate(), rate);
        let length = hold.length(count);
        let header = wav_header(rate, form.channels as u16, form.bytes as u16, length);
        let header = header.map_err(|problem| {
            Failure::Usage(format!(
                "{problem}; give a smaller --count or write raw samples to OUT.raw"
            ))
        })?;
        let mut file = Output::create(&output)?;
        file.write_all(&header)
            .map_err(|error| file.failure(&error))?;
        frames.render(count, |block, done| {
            at(done);
            let written = hold.next(block, |frame| form.write(frame, &mut file));
            written.map_err(|error| file.failure(&error))
        })?;
        file.finish()?;
        let seconds = length as f64 / f64::from(rate);
        crate::print_message(&format!(
            "{}: {seconds:.2} s at {rate} Hz",
            output.display()
        ));
        Ok(())
    }

    /// Returns the controls and their changes.
    fn automation<'a>(&self, network: &'a Network) -> Result<Automation<'a>, Failure> {
        let mut automation = Automation::new(network);
        for (name, position) in &self.controls {
            automation
                .set(name, *position)
                .map_err(|problem| Failure::Usage(format!("--control: {problem}")))?;
        }
        if let Some(path) = &self.automation {
            automation.read(path)?;
        }
        Ok(automation)
    }

    /// Returns the sound that the network hears, if it hears any.
    fn heard(&self, network: &Network) -> Result<Option<Heard>, Failure> {
        match &self.input {
            Some(_) if !network.hears() => {
                let problem = "--in: the network reads no sound";
                Err(Failure::Usage(problem.into()))
            }
            Some(path) => Heard::open(path, network.sample_rate()).map(Some),
            None => Ok(None),
        }
    }

    fn output(&self) -> Result<PathBuf, Failure> {
        let output = match &self.output {
            Some(output) => output.clone(),
            None if is_standard(&self.network) => {
                return Err(Failure::Usage("choose the output with -o OUT.wav".into()));
            }
            None => {
                PathBuf::from(self.network.file_name().unwrap_or_default()).with_extension("wav")
            }
        };
        let raw = is_raw(&output);
        if !raw && !files::has_ending(&output, "wav") {
            let name = output.display();
            let problem = format!(
                "{name}: the output must end in .wav, .raw or .u8, or be - for raw samples"
            );
            return Err(Failure::Usage(problem));
        }
        if raw && self.rate.is_some() {
            let problem = "--rate is for .wav; raw samples are the network's own";
            return Err(Failure::Usage(problem.into()));
        }
        Ok(output)
    }

    /// Returns the masks of the file, overridden by those of the command line.
    fn masks(&self, network: &Network) -> Result<Masks, Failure> {
        let mut masks = network.masks().clone();
        masks.extend(self.masks.iter().copied());
        for &(node, mask) in &self.masks {
            if node >= network.nodes() {
                return Err(Failure::Usage(format!(
                    "--mask {node}: no such node; nodes are 0..{}",
                    network.nodes() - 1
                )));
            }
            if node < network.inputs() && matches!(mask, Mask::Replace(_)) {
                return Err(Failure::Usage(format!(
                    "--mask {node}: an input has no operation to replace"
                )));
            }
        }
        Ok(masks)
    }
}
