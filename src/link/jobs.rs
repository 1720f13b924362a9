//! Jobs: requests whose answers take long, so that another thread or a worker makes them.

use std::sync::Arc;

use bytebeat::{CompileError, Dialect, Expression, Playable};
use instrument::commands::{Kind, TABLE};
use logicnet::{
    Builder, Controls, DEFAULT_SAMPLE_RATE, Evaluator, MAX_COUNTER_BITS, Masks, Network, Pace,
    Program, Stopped, W512, Word, quote,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::protocol::{Compilation, Note, ServerMessage};

/// A request with everything that its answer depends on. It can be sent to another thread,
/// or as JSON to another WebAssembly module.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Job {
    /// [`super::protocol::Request::Compile`].
    Compile {
        /// Id of the message.
        id: u32,
        /// The expression, and how to compile it.
        compilation: Compilation,
    },
    /// [`super::protocol::Request::Waveform`].
    Waveform {
        /// Id of the message.
        id: u32,
        /// Number of columns to draw, 1 to [`MAX_COLUMNS`].
        columns: u16,
        /// The file of the network.
        file: Arc<str>,
        /// The network, if the job stays in the program; otherwise its file is read.
        #[serde(skip)]
        network: Option<Arc<Network>>,
        /// The masks that are played.
        #[serde(with = "masks_as_file")]
        masks: Masks,
    },
}

/// Largest number of columns of a waveform.
pub const MAX_COLUMNS: u16 = 4096;
/// Lanes of waveforms, which are fastest here.
#[cfg(target_arch = "x86_64")]
type Lanes = W512;
#[cfg(not(target_arch = "x86_64"))]
type Lanes = logicnet::W128;
/// Samples of a waveform that are rendered at once.
const BLOCK: usize = 4096;
/// Memory that rendering a network takes for each node in bytes, about, while the programs
/// are built.
const NODE_BYTES: usize = 200;

/// Reason why a job has no result.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// More samples than the longest period has.
    #[error("{0} samples are more than any period")]
    Samples(usize),
    /// A number of columns out of range.
    #[error("{0} columns: 1 to {MAX_COLUMNS} will do")]
    Columns(u16),
    /// The network's file is invalid.
    #[error(transparent)]
    File(#[from] logicnet::NetworkError),
    /// The job was stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Job {
    /// Id of the message that requested it.
    pub fn id(&self) -> u32 {
        match self {
            Job::Compile { id, .. } | Job::Waveform { id, .. } => *id,
        }
    }

    /// Computes the answer at a pace. Takes from milliseconds to minutes.
    ///
    /// # Errors
    /// Fails if the pace stops it.
    pub fn answer(self, pace: &mut dyn Pace) -> Result<ServerMessage, Stopped> {
        match self {
            Job::Compile { id, compilation } => compile(id, &compilation, pace),
            Job::Waveform {
                id,
                columns,
                file,
                network,
                masks,
            } => {
                let network = network.map_or_else(|| Network::from_json(&file).map(Arc::new), Ok);
                let drawn = network
                    .map_err(JobError::from)
                    .and_then(|network| waveform(id, columns, &network, &masks, pace));
                match drawn {
                    Err(JobError::Stopped(stopped)) => Err(stopped),
                    Err(error) => Ok(refused(id, error.to_string(), None)),
                    Ok(answer) => Ok(answer),
                }
            }
        }
    }
}

fn refused(id: u32, reason: String, at: Option<usize>) -> ServerMessage {
    ServerMessage::Refused {
        id: Some(id),
        reason,
        at,
    }
}

fn compile(
    id: u32,
    compilation: &Compilation,
    pace: &mut dyn Pace,
) -> Result<ServerMessage, Stopped> {
    let dialect = match dialect(compilation) {
        Ok(dialect) => dialect,
        Err(reason) => return Ok(refused(id, reason, None)),
    };
    let parsed = match Expression::parse_in(&dialect, &compilation.expression) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(refused(id, error.problem, Some(error.column - 1))),
    };
    let bits = compilation.bits.map(Into::into);
    let rate = compilation.rate.unwrap_or(DEFAULT_SAMPLE_RATE);
    Ok(match parsed.compile_to_play_paced(bits, rate, pace) {
        Ok(Playable { network, notes }) => ServerMessage::Compiled {
            id,
            gates: network.gates().len() as u32,
            bits: network.counter_bits() as u8,
            notes: notes.into_iter().map(Into::into).collect(),
            network: network.to_json(),
        },
        Err(CompileError::Stopped) => return Err(Stopped),
        Err(error) => refused(id, error.to_string(), None),
    })
}

/// Returns the dialect that a client wants, or the reason why there is none.
fn dialect(compilation: &Compilation) -> Result<Dialect, String> {
    let controls = compilation.controls.iter().map(|text| {
        Dialect::parse_control(text).map_err(|wanted| format!("{}: {wanted}", quote(text)))
    });
    let bits = |given: Option<u8>| given.unwrap_or(Dialect::DEFAULT_BITS);
    Dialect::new(
        bits(compilation.audio_bits),
        bits(compilation.sample_bits),
        controls.collect::<Result<Vec<_>, _>>()?,
    )
    .map_err(|error| error.to_string())
}

impl From<bytebeat::Note> for Note {
    fn from(note: bytebeat::Note) -> Note {
        Note {
            text: note.text,
            at: note.column.map(|column| column - 1),
        }
    }
}

/// Makes a client's message quick to read, by making the network files in it compact.
///
/// # Errors
/// Returns the reason to refuse the message if such a file is invalid.
pub fn prepare(message: &str) -> Result<String, String> {
    // The session refuses texts that are not messages.
    let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(message) else {
        return Ok(message.into());
    };
    let arguments = TABLE.iter().flat_map(|spec| spec.arguments);
    for argument in arguments.filter(|argument| argument.kind == Kind::File) {
        if let Some(Value::String(file)) = fields.get_mut(argument.name) {
            let network = Network::from_json(file).map_err(|error| error.to_string())?;
            *file = network.to_compact_json();
        }
    }
    Ok(Value::Object(fields).to_string())
}

/// Returns `count` frames, starting at time t, of the network in this file in silence, with its
/// controls at their defaults: bytes as `gatebend render` writes them to OUT.raw.
///
/// # Errors
/// Fails if the file is invalid, or `count` is larger than the longest period.
pub fn samples(network: &str, t: u32, count: usize) -> Result<Vec<u8>, JobError> {
    const SILENCE: [u16; Lanes::LANES] = [1 << 15; Lanes::LANES];
    if count > 1 << MAX_COUNTER_BITS {
        return Err(JobError::Samples(count));
    }
    let network = Network::from_json(network)?;
    let controls = Controls::new(network.sources(), |_, default| default);
    let program = Builder::new().build_with(&network, network.masks(), &controls);
    let (channels, is_byte) = (program.channels(), program.sample_bits() <= 8);
    let mut evaluator = Evaluator::<Lanes>::new(program);
    let times: Vec<u32> = (0..count as u32).map(|k| t.wrapping_add(k)).collect();
    let mut samples = Vec::new();
    for times in times.chunks(Lanes::LANES) {
        evaluator.start_frames(times, [&SILENCE[..times.len()]; 2]);
        evaluator.finish();
        let mut levels = [[0; Lanes::LANES]; 2];
        for (channel, levels) in levels.iter_mut().enumerate().take(channels) {
            evaluator.levels(channel, levels);
        }
        for k in 0..times.len() {
            for levels in &levels[..channels] {
                let [low, high] = levels[k].to_le_bytes();
                if is_byte {
                    samples.push(high ^ 0x80);
                } else {
                    samples.extend([low, high]);
                }
            }
        }
    }
    Ok(samples)
}

/// The least and the greatest sample of each column of a period.
struct Extremes(Vec<(u8, u8)>);

impl Extremes {
    fn new(columns: usize) -> Extremes {
        Extremes(vec![(u8::MAX, u8::MIN); columns])
    }

    fn add(&mut self, column: usize, samples: &[u8]) {
        let (least, greatest) = &mut self.0[column];
        *least = samples.iter().copied().fold(*least, u8::min);
        *greatest = samples.iter().copied().fold(*greatest, u8::max);
    }
}

fn waveform(
    id: u32,
    columns: u16,
    network: &Network,
    masks: &Masks,
    pace: &mut dyn Pace,
) -> Result<ServerMessage, JobError> {
    if !(1..=MAX_COLUMNS).contains(&columns) {
        return Err(JobError::Columns(columns));
    }
    pace.memory(network.nodes() as usize * NODE_BYTES)?;
    let evaluator = |masks| Evaluator::<Lanes>::new(Program::new(network, masks));
    let is_bent = masks != network.masks();
    let mut played = evaluator(masks);
    let mut unbent = is_bent.then(|| evaluator(network.masks()));
    let gates = |evaluator: &Evaluator<Lanes>| evaluator.program().gates();
    let gates = gates(&played) + unbent.as_ref().map_or(0, gates);
    let period = network.period();
    let columns = u32::from(columns).min(period);
    // In 64 bits: a period of 2^24 samples times 4096 columns is more than a usize in a browser.
    let start = |i: usize| (i as u64 * u64::from(period) / u64::from(columns)) as usize;
    let columns = columns as usize;
    let (mut bent, mut plain) = (Extremes::new(columns), Extremes::new(columns));
    let mut changed = vec![false; columns];
    let length = BLOCK.min(period as usize);
    let mut blocks = [vec![0; length], vec![0; length]];
    let mut column = 0;
    for t in (0..period).step_by(length) {
        pace.progress(f64::from(t) / f64::from(period));
        pace.work((gates * BLOCK / W512::LANES) as u64)?;
        let [of_bent, of_plain] = &mut blocks;
        played.render(t, of_bent);
        if let Some(unbent) = &mut unbent {
            unbent.render(t, of_plain);
        }
        // The parts of the columns that are in this block.
        let (first, mut at) = (t as usize, 0);
        while at < length {
            let end = (start(column + 1) - first).min(length);
            bent.add(column, &of_bent[at..end]);
            if is_bent {
                plain.add(column, &of_plain[at..end]);
                changed[column] |= of_bent[at..end] != of_plain[at..end];
            }
            if first + end == start(column + 1) {
                column += 1;
            }
            at = end;
        }
    }
    let plain = if is_bent { plain.0 } else { bent.0.clone() };
    Ok(ServerMessage::Waveform {
        id,
        period,
        bent: bent.0,
        plain,
        changed,
    })
}

/// Masks in JSON, as in a network's file.
mod masks_as_file {
    use logicnet::Masks;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(masks: &Masks, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&masks.to_json())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Masks, D::Error> {
        Masks::from_json(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use logicnet::Mask;

    use super::*;

    fn compiled(expression: &str, bits: u8) -> ServerMessage {
        answer(Compilation {
            expression: expression.into(),
            bits: Some(bits),
            ..Compilation::default()
        })
    }

    fn answer(compilation: Compilation) -> ServerMessage {
        let job = Job::Compile { id: 7, compilation };
        job.answer(&mut ()).unwrap()
    }

    #[test]
    fn expressions_become_files_or_are_refused_with_the_position() {
        let ServerMessage::Compiled {
            id, network, gates, ..
        } = compiled("t>>4&t", 12)
        else {
            panic!("a valid request is answered");
        };
        let network = Network::from_json(&network).unwrap();
        assert_eq!((id, gates as usize), (7, network.gates().len()));
        assert_eq!(network.counter_bits(), 12);
        assert!(matches!(
            compiled("t + )", 12),
            ServerMessage::Refused {
                id: Some(7),
                at: Some(4),
                ..
            }
        ));
        assert!(matches!(
            compiled("t", 25),
            ServerMessage::Refused {
                id: Some(7),
                at: None,
                ..
            }
        ));
    }

    #[test]
    fn bits_and_rate_may_be_left_out_and_notes_have_their_place() {
        let job = |text: &str| answer(serde_json::from_str(text).unwrap());
        let ServerMessage::Compiled {
            network,
            bits,
            notes,
            ..
        } = job(r#"{"expression":"t>>3&t","rate":11025}"#)
        else {
            panic!("a valid request is answered");
        };
        let network = Network::from_json(&network).unwrap();
        assert_eq!((bits, network.counter_bits()), (11, 11));
        assert_eq!((network.sample_rate(), notes), (11_025, vec![]));
        let ServerMessage::Compiled { notes, .. } = job(r#"{"expression":"t+t/3*2","bits":9}"#)
        else {
            panic!("a valid request is answered");
        };
        assert_eq!(notes[0].at, None, "{notes:?}");
        assert_eq!(notes[1].at, Some(3), "{notes:?}");
        assert!(matches!(
            job(r#"{"expression":"t","rate":0}"#),
            ServerMessage::Refused { reason, .. } if reason.contains("768000")
        ));
    }

    #[test]
    fn expressions_of_sound_and_controls_have_the_bits_that_the_client_wants() {
        let wanted = Compilation {
            expression: "[in^t&255,in2+cutoff*t]".into(),
            bits: Some(9),
            controls: vec!["cutoff:4=0.5".into(), "tune:3".into()],
            audio_bits: Some(10),
            sample_bits: Some(12),
            ..Compilation::default()
        };
        let ServerMessage::Compiled { network, notes, .. } = answer(wanted.clone()) else {
            panic!("a valid request is answered");
        };
        let controls = [("cutoff".into(), 4, 0.5), ("tune".into(), 3, 0.0)];
        let dialect = Dialect::new(10, 12, controls).unwrap();
        let parsed = Expression::parse_in(&dialect, &wanted.expression).unwrap();
        assert_eq!(network, parsed.compile(9).unwrap().to_json());
        assert_eq!(notes.last().unwrap().text, "control tune is not read");

        let refusals = [
            ("cutoff", None, "\"cutoff\": write NAME:BITS"),
            ("in:4", None, "in is the name of another input"),
            ("cutoff:17", None, "cutoff"),
            ("cutoff:4", Some(17), "17 bits a sample"),
        ];
        for (control, sample_bits, expected) in refusals {
            let controls = vec![control.into()];
            let refusal = answer(Compilation {
                controls,
                sample_bits,
                ..wanted.clone()
            });
            assert!(
                matches!(&refusal, ServerMessage::Refused { reason, at: None, .. } if reason.contains(expected)),
                "{refusal:?}"
            );
        }
    }

    #[test]
    fn a_waveform_has_the_extremes_of_both_networks_and_their_differences() {
        let plain = Expression::parse("t").unwrap().compile(10).unwrap();
        // Bit 9 of t inverted, which the low eight bits do not show.
        let job = |node, columns| Job::Waveform {
            id: 1,
            columns,
            file: plain.to_json().into(),
            network: None,
            masks: Masks::from_iter([(node, Mask::Invert)]),
        };
        let ServerMessage::Waveform {
            bent,
            plain: unbent,
            changed,
            period,
            ..
        } = job(7, 8).answer(&mut ()).unwrap()
        else {
            panic!("a valid request is answered");
        };
        assert_eq!((period, bent.len(), changed), (1024, 8, vec![true; 8]));
        assert_eq!(unbent[..2], [(0, 127), (128, 255)]);
        assert_eq!(bent[..2], [(128, 255), (0, 127)]);
        assert!(matches!(
            job(9, 8).answer(&mut ()).unwrap(),
            ServerMessage::Waveform { changed, .. } if changed == [false; 8]
        ));
        // There are at most as many columns as samples, and at least one.
        assert!(
            matches!(job(7, 4096).answer(&mut ()).unwrap(), ServerMessage::Waveform { bent, .. } if bent.len() == 1024)
        );
        assert!(matches!(
            job(7, 0).answer(&mut ()).unwrap(),
            ServerMessage::Refused { .. }
        ));
    }

    #[test]
    fn jobs_survive_a_round_trip_through_json() {
        let job = Job::Compile {
            id: 1,
            compilation: Compilation {
                expression: "t".into(),
                bits: Some(8),
                controls: vec!["cutoff:4=0.5".into()],
                ..Compilation::default()
            },
        };
        let text = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), job);
    }
}
