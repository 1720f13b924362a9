//! Answers that take longer than a message should: to be made by a thread or a worker
//! of their own, from what a message of its own says.

use logicnet::{Evaluator, MAX_COUNTER_BITS, Network, Program, W128};
use serde::{Deserialize, Serialize};

use super::protocol::ServerMessage;

/// Something to be worked out, with all that it takes: it can go to another thread,
/// or as JSON to another module.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Job {
    /// [`super::protocol::Request::Compile`].
    Compile {
        /// The message's.
        id: u32,
        /// The expression.
        expression: String,
        /// Bits of t.
        bits: u8,
    },
    /// [`super::protocol::Request::Waveform`].
    Waveform {
        /// The message's.
        id: u32,
        /// Columns to draw.
        columns: u16,
        /// The file of the network as it is played, bends and all.
        bent: String,
        /// The file without the bends.
        plain: String,
    },
}

/// Most columns of a waveform.
pub const MOST_COLUMNS: u16 = 4096;

impl Job {
    /// Works it out, in up to a second or so.
    pub fn answer(self) -> ServerMessage {
        match self {
            Job::Compile {
                id,
                expression,
                bits,
            } => compile(id, &expression, bits),
            Job::Waveform {
                id,
                columns,
                bent,
                plain,
            } => waveform(id, columns, &bent, &plain)
                .unwrap_or_else(|reason| refused(id, reason, None)),
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

fn compile(id: u32, expression: &str, bits: u8) -> ServerMessage {
    let parsed = match bytebeat::Expression::parse(expression) {
        Ok(parsed) => parsed,
        Err(error) => return refused(id, error.problem, Some(error.column - 1)),
    };
    match parsed.compile(bits.into()) {
        Ok(network) => ServerMessage::Compiled {
            id,
            gates: network.gates().len() as u32,
            network: network.to_json(),
        },
        Err(error) => refused(id, error.to_string(), None),
    }
}

/// Samples of a network's file from time t on.
///
/// # Errors
/// Says what is wrong with the file, or that it is more than the longest period.
pub fn samples(network: &str, t: u32, count: usize) -> Result<Vec<u8>, String> {
    if count > 1 << MAX_COUNTER_BITS {
        return Err(format!("{count} samples are more than any period"));
    }
    let network = Network::from_json(network).map_err(|error| error.to_string())?;
    Ok(rendered(&network, t, count))
}

fn rendered(network: &Network, t: u32, count: usize) -> Vec<u8> {
    let mut samples = vec![0; count];
    Evaluator::<W128>::new(Program::new(network, network.masks())).render(t, &mut samples);
    samples
}

fn waveform(id: u32, columns: u16, bent: &str, plain: &str) -> Result<ServerMessage, String> {
    if !(1..=MOST_COLUMNS).contains(&columns) {
        return Err(format!("{columns} columns: 1 to {MOST_COLUMNS} will do"));
    }
    let read = |file| Network::from_json(file).map_err(|error| error.to_string());
    let (bent, plain) = (read(bent)?, read(plain)?);
    let period = plain.period();
    let columns = usize::from(columns).min(period as usize);
    let [bent, plain] = [bent, plain].map(|network| rendered(&network, 0, period as usize));
    let column = |samples: &[u8], i: usize| {
        let at = |i: usize| i * samples.len() / columns;
        samples[at(i)..at(i + 1)].to_vec()
    };
    let extremes = |samples: &[u8]| {
        let of = |i| {
            let column = column(samples, i);
            let least = column.iter().min().copied().unwrap_or_default();
            (least, column.iter().max().copied().unwrap_or_default())
        };
        (0..columns).map(of).collect()
    };
    Ok(ServerMessage::Waveform {
        id,
        period,
        changed: (0..columns)
            .map(|i| column(&bent, i) != column(&plain, i))
            .collect(),
        bent: extremes(&bent),
        plain: extremes(&plain),
    })
}

#[cfg(test)]
mod tests {
    use logicnet::{Mask, Masks};

    use super::*;

    fn compiled(expression: &str, bits: u8) -> ServerMessage {
        let expression = expression.to_string();
        Job::Compile {
            id: 7,
            expression,
            bits,
        }
        .answer()
    }

    #[test]
    fn expressions_become_files_or_reasons_with_their_place() {
        let ServerMessage::Compiled { id, network, gates } = compiled("t>>4&t", 12) else {
            panic!("it is right");
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
    fn a_waveform_has_the_extremes_of_both_and_where_they_differ() {
        let plain = bytebeat::Expression::parse("t")
            .unwrap()
            .compile(10)
            .unwrap();
        // Bit 9 of t, upside down: nothing that the low eight bits would show.
        let flipped = |node| {
            let masks = Masks::from_iter([(node, Mask::Invert)]);
            plain.clone().with_masks(masks).unwrap().to_json()
        };
        let work = |node, columns| Job::Waveform {
            id: 1,
            columns,
            bent: flipped(node),
            plain: plain.to_json(),
        };
        let ServerMessage::Waveform {
            bent,
            plain: unbent,
            changed,
            period,
            ..
        } = work(7, 8).answer()
        else {
            panic!("it is right");
        };
        assert_eq!((period, bent.len(), changed), (1024, 8, vec![true; 8]));
        assert_eq!(unbent[..2], [(0, 127), (128, 255)]);
        assert_eq!(bent[..2], [(128, 255), (0, 127)]);
        assert!(matches!(
            work(9, 8).answer(),
            ServerMessage::Waveform { changed, .. } if changed == [false; 8]
        ));
        // No more columns than samples, and never none.
        assert!(
            matches!(work(7, 4096).answer(), ServerMessage::Waveform { bent, .. } if bent.len() == 1024)
        );
        assert!(matches!(work(7, 0).answer(), ServerMessage::Refused { .. }));
    }

    #[test]
    fn work_goes_to_other_modules_as_json() {
        let work = Job::Compile {
            id: 1,
            expression: "t".into(),
            bits: 8,
        };
        let text = serde_json::to_string(&work).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), work);
    }
}
