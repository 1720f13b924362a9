//! Jobs: requests whose answers take up to a second, so that another thread or a worker
//! makes them.

use std::ops::Range;

use bytebeat::Playable;
use instrument::commands::{Kind, TABLE};
use logicnet::{DEFAULT_SAMPLE_RATE, Evaluator, MAX_COUNTER_BITS, Masks, Network, Program, W128};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::protocol::{Note, ServerMessage};

/// A request with everything that its answer depends on. It can be sent to another thread,
/// or as JSON to another WebAssembly module.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Job {
    /// [`super::protocol::Request::Compile`].
    Compile {
        /// Id of the message.
        id: u32,
        /// The expression.
        expression: String,
        /// Bits of t, 1 to 24; `None` for those of the expression's period.
        bits: Option<u8>,
        /// Samples a second; `None` for 8000.
        rate: Option<u32>,
    },
    /// [`super::protocol::Request::Waveform`].
    Waveform {
        /// Id of the message.
        id: u32,
        /// Number of columns to draw, 1 to [`MAX_COLUMNS`].
        columns: u16,
        /// The file of the network.
        file: String,
        /// The masks that are played, as in a file.
        masks: String,
    },
}

/// Largest number of columns of a waveform.
pub const MAX_COLUMNS: u16 = 4096;

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
}

impl Job {
    /// Id of the message that requested it.
    pub fn id(&self) -> u32 {
        match self {
            Job::Compile { id, .. } | Job::Waveform { id, .. } => *id,
        }
    }

    /// Computes the answer; takes up to about a second.
    pub fn answer(self) -> ServerMessage {
        match self {
            Job::Compile {
                id,
                expression,
                bits,
                rate,
            } => compile(id, &expression, bits, rate),
            Job::Waveform {
                id,
                columns,
                file,
                masks,
            } => waveform(id, columns, &file, &masks)
                .unwrap_or_else(|error| refused(id, error.to_string(), None)),
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

fn compile(id: u32, expression: &str, bits: Option<u8>, rate: Option<u32>) -> ServerMessage {
    let parsed = match bytebeat::Expression::parse(expression) {
        Ok(parsed) => parsed,
        Err(error) => return refused(id, error.problem, Some(error.column - 1)),
    };
    let rate = rate.unwrap_or(DEFAULT_SAMPLE_RATE);
    match parsed.compile_to_play(bits.map(Into::into), rate) {
        Ok(Playable { network, notes }) => ServerMessage::Compiled {
            id,
            gates: network.gates().len() as u32,
            bits: network.counter_bits() as u8,
            notes: notes.into_iter().map(Into::into).collect(),
            network: network.to_json(),
        },
        Err(error) => refused(id, error.to_string(), None),
    }
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

/// Returns `count` samples, starting at time t, of the network in this file.
///
/// # Errors
/// Fails if the file is invalid, or `count` is larger than the longest period.
pub fn samples(network: &str, t: u32, count: usize) -> Result<Vec<u8>, JobError> {
    if count > 1 << MAX_COUNTER_BITS {
        return Err(JobError::Samples(count));
    }
    let network = Network::from_json(network)?;
    Ok(render(&network, network.masks(), t, count))
}

fn render(network: &Network, masks: &Masks, t: u32, count: usize) -> Vec<u8> {
    let mut samples = vec![0; count];
    Evaluator::<W128>::new(Program::new(network, masks)).render(t, &mut samples);
    samples
}

fn waveform(id: u32, columns: u16, file: &str, masks: &str) -> Result<ServerMessage, JobError> {
    if !(1..=MAX_COLUMNS).contains(&columns) {
        return Err(JobError::Columns(columns));
    }
    let network = Network::from_json(file)?;
    let period = network.period();
    let columns = u32::from(columns).min(period);
    // In 64 bits: a period of 2^24 samples times 4096 columns is more than a usize in a browser.
    let start = |i: u32| (u64::from(i) * u64::from(period) / u64::from(columns)) as usize;
    let ranges = (0..columns).map(|i| start(i)..start(i + 1));
    let [bent, plain] = [&Masks::from_json(masks)?, network.masks()]
        .map(|masks| render(&network, masks, 0, period as usize));
    let extremes = |samples: &[u8]| {
        let of = |range| {
            let column: &[u8] = &samples[range];
            let least = column.iter().min().copied().unwrap_or_default();
            (least, column.iter().max().copied().unwrap_or_default())
        };
        ranges.clone().map(of).collect()
    };
    let differs = |range: Range<usize>| bent[range.clone()] != plain[range];
    Ok(ServerMessage::Waveform {
        id,
        period,
        changed: ranges.clone().map(differs).collect(),
        bent: extremes(&bent),
        plain: extremes(&plain),
    })
}

#[cfg(test)]
mod tests {
    use logicnet::Mask;

    use super::*;

    fn compiled(expression: &str, bits: u8) -> ServerMessage {
        let expression = expression.to_string();
        Job::Compile {
            id: 7,
            expression,
            bits: Some(bits),
            rate: None,
        }
        .answer()
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
        let job = |text: &str| serde_json::from_str::<Job>(text).unwrap().answer();
        let ServerMessage::Compiled {
            network,
            bits,
            notes,
            ..
        } = job(r#"{"type":"compile","id":1,"expression":"t>>3&t","rate":11025}"#)
        else {
            panic!("a valid request is answered");
        };
        let network = Network::from_json(&network).unwrap();
        assert_eq!((bits, network.counter_bits()), (11, 11));
        assert_eq!((network.sample_rate(), notes), (11_025, vec![]));
        let ServerMessage::Compiled { notes, .. } =
            job(r#"{"type":"compile","id":1,"expression":"t+t/3*2","bits":9}"#)
        else {
            panic!("a valid request is answered");
        };
        assert_eq!(notes[0].at, None, "{notes:?}");
        assert_eq!(notes[1].at, Some(3), "{notes:?}");
        assert!(matches!(
            job(r#"{"type":"compile","id":1,"expression":"t","rate":0}"#),
            ServerMessage::Refused { reason, .. } if reason.contains("768000")
        ));
    }

    #[test]
    fn a_waveform_has_the_extremes_of_both_networks_and_their_differences() {
        let plain = bytebeat::Expression::parse("t")
            .unwrap()
            .compile(10)
            .unwrap();
        // Bit 9 of t inverted, which the low eight bits do not show.
        let job = |node, columns| Job::Waveform {
            id: 1,
            columns,
            file: plain.to_json(),
            masks: Masks::from([(node, Mask::Invert)]).to_json(),
        };
        let ServerMessage::Waveform {
            bent,
            plain: unbent,
            changed,
            period,
            ..
        } = job(7, 8).answer()
        else {
            panic!("a valid request is answered");
        };
        assert_eq!((period, bent.len(), changed), (1024, 8, vec![true; 8]));
        assert_eq!(unbent[..2], [(0, 127), (128, 255)]);
        assert_eq!(bent[..2], [(128, 255), (0, 127)]);
        assert!(matches!(
            job(9, 8).answer(),
            ServerMessage::Waveform { changed, .. } if changed == [false; 8]
        ));
        // There are at most as many columns as samples, and at least one.
        assert!(
            matches!(job(7, 4096).answer(), ServerMessage::Waveform { bent, .. } if bent.len() == 1024)
        );
        assert!(matches!(job(7, 0).answer(), ServerMessage::Refused { .. }));
    }

    #[test]
    fn jobs_survive_a_round_trip_through_json() {
        let job = Job::Compile {
            id: 1,
            expression: "t".into(),
            bits: Some(8),
            rate: None,
        };
        let text = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), job);
    }
}
