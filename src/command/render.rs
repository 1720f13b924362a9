//! `gatebend render`: writes the sound of a network.

use std::io::Write;
use std::path::{Path, PathBuf};

use logicnet::{MAX_SAMPLE_RATE, Mask, Masks, Network, Op, Program};

use crate::output::{Output, is_standard};
use crate::progress::Progress;
use crate::sound::{Hold, render, wav_header};
use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The network file; - reads standard input
    network: PathBuf,
    /// OUT.wav for a WAV file, OUT.u8 or - for raw samples of one byte
    /// [default: the name of the network file with .wav, in this folder]
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// First time t
    #[arg(long, value_name = "T", default_value_t = 0)]
    from: u64,
    /// Number of network samples [default: one period]
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
    is_standard(output) || files::has_ending(output, "u8")
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let output = self.output()?;
        let network = files::load(&self.network)?;
        let program = Program::new(&network, &self.masks(&network)?);
        let count = self.count.unwrap_or_else(|| network.period().into());
        // Periods are powers of two, so t is only needed modulo 2^32.
        let t0 = self.from as u32;
        let mut progress = Progress::new("rendering");
        let mut at = |done: u64| progress.at(done as f64 / count as f64);
        if is_raw(&output) {
            let mut file = Output::create(&output)?;
            render(program, t0, count, |samples, done| {
                at(done);
                file.write_all(samples)
            })
            .map_err(|error| file.failure(&error))?;
            return file.finish();
        }
        let rate = self.rate.unwrap_or(network.sample_rate());
        let mut hold = Hold::new(network.sample_rate(), rate);
        let length = hold.length(count);
        let header = wav_header(rate, 1, length).map_err(|problem| {
            Failure::Usage(format!(
                "{problem}; give a smaller --count or write raw samples to OUT.u8"
            ))
        })?;
        let mut file = Output::create(&output)?;
        file.write_all(&header)
            .and_then(|()| {
                render(program, t0, count, |samples, done| {
                    at(done);
                    hold.next(samples, |sample| file.write_all(&[sample]))
                })
            })
            .map_err(|error| file.failure(&error))?;
        file.finish()?;
        let seconds = length as f64 / f64::from(rate);
        crate::print_message(&format!(
            "{}: {seconds:.2} s at {rate} Hz",
            output.display()
        ));
        Ok(())
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
            let problem =
                format!("{name}: the output must end in .wav or .u8, or be - for raw samples");
            return Err(Failure::Usage(problem));
        }
        if raw && self.rate.is_some() {
            let problem = "--rate is for .wav; .u8 and - are the network's own samples";
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
