//! Training of a network to a client's sound: takes longest, and says meanwhile how far it is.

use data_encoding::BASE64;
use logicnet::{Pace, Parts, Stopped};
use synth::{Options, Recording, Shape, Stage, Status, Table, Trainer};

use super::protocol::{ServerMessage, Training};

/// Work of a step, in gates at 512 times: some 15 ms of a desktop.
const STEP: u64 = 1 << 20;
/// Work of a training: 45 s of a desktop.
const WORK: u64 = 3000 * STEP;

/// Bits of t of the loop.
const BITS: std::ops::RangeInclusive<u8> = 8..=16;
/// Largest number of samples of a sound: twice the longest loop.
const MAX_SAMPLES: usize = 1 << 17;
/// Largest number of gates.
const MAX_GATES: u32 = 1 << 15;
/// Largest product of gates and samples of the loop. At a bit each, so many take 16 MB.
const MAX_SIZE: u64 = 1 << 27;
/// Most characters of a name.
const MAX_NAME: usize = 60;
/// Bits of a sample.
const SAMPLE_BITS: u8 = 8;
/// Columns of the waveform in a report.
const COLUMNS: usize = 256;

/// A network that learns a sound. The same sound leads to the same network on every machine.
pub struct Learner {
    id: u32,
    trainer: Trainer,
    /// Name and rate of the network.
    parts: Parts,
    status: Status,
    /// The loss of silence.
    silence: u64,
    /// Loss and gates of the network in the last report.
    reported: Option<(u64, usize)>,
}

impl Learner {
    /// Begins the training that the message with this id requests.
    ///
    /// # Errors
    /// Fails with a sentence for the player.
    pub fn new(id: u32, training: &Training) -> Result<Learner, String> {
        let Training { gates, bits, .. } = *training;
        if !BITS.contains(&bits) {
            let (least, most) = (BITS.start(), BITS.end());
            return Err(format!(
                "2^{bits} samples; 2^{least} to 2^{most} are possible"
            ));
        }
        let most = MAX_GATES.min((MAX_SIZE >> bits) as u32);
        if !(1..=most).contains(&gates) {
            return Err(format!(
                "{gates} gates; with this length, 1 to {most} are possible"
            ));
        }
        let table = table(training)?;
        let options = Options {
            gates,
            ..Options::default()
        };
        let trainer = Trainer::new(table, options, None).map_err(|error| error.to_string())?;
        let status = trainer.status();
        Ok(Learner {
            id,
            // Training begins with silence.
            silence: status.loss,
            status,
            trainer,
            parts: Parts {
                name: training.name.chars().take(MAX_NAME).collect(),
                sample_rate: training.rate,
                ..Parts::default()
            },
            reported: None,
        })
    }

    /// Trains to the end at a pace, with a report whenever one is wanted, and the last one.
    /// Returns the answer.
    ///
    /// # Errors
    /// Fails if the pace stops it.
    pub fn train(
        mut self,
        pace: &mut dyn Pace,
        mut is_wanted: impl FnMut() -> bool,
        mut report: impl FnMut(ServerMessage),
    ) -> Result<ServerMessage, Stopped> {
        let mut pace = Unreported(pace);
        while self.step(&mut pace)? {
            if is_wanted() {
                report(self.report());
            }
        }
        report(self.report());
        Ok(self.answer())
    }

    /// Returns the answer of a training that has come to its end.
    pub fn answer(&self) -> ServerMessage {
        ServerMessage::Done { id: self.id }
    }

    /// Continues for a while: some milliseconds, or up to seconds to make an exact network, and
    /// to make the last one smaller. Returns false once nothing is left to do.
    ///
    /// # Errors
    /// Fails if the pace stops it.
    pub fn step(&mut self, pace: &mut dyn Pace) -> Result<bool, Stopped> {
        let part = self.part();
        if self.status.stage == Stage::Done {
            return Ok(false);
        }
        if part == 1.0 {
            self.status = self.trainer.finish(pace)?;
            return Ok(false);
        }
        self.status = self.trainer.step_paced(STEP, part, pace)?;
        pace.work(STEP)?;
        Ok(true)
    }

    /// The part that is done, 0.0 to 1.0.
    fn part(&self) -> f64 {
        (self.status.work as f64 / WORK as f64).min(1.0)
    }

    /// Says how far the training is, with the network if it is another one than before, and
    /// better than silence.
    pub fn report(&mut self) -> ServerMessage {
        let status = &self.status;
        let now = (status.loss, status.gates);
        let is_new = self.reported.replace(now) != Some(now);
        let network = self.trainer.network(self.parts.clone());
        ServerMessage::Learning {
            of: self.id,
            part: self.part() as f32,
            error: (status.loss as f64 / self.silence.max(1) as f64).sqrt() as f32,
            gates: status.gates as u32,
            wave: wave(&self.trainer.samples()),
            network: network
                .ok()
                .filter(|_| is_new && now.0 < self.silence)
                .map(|network| network.to_compact_json()),
        }
    }
}

/// A pace without progress: that of a stage is not that of the training.
struct Unreported<'a>(&'a mut dyn Pace);

impl Pace for Unreported<'_> {
    fn work(&mut self, gates: u64) -> Result<(), Stopped> {
        self.0.work(gates)
    }

    fn memory(&mut self, bytes: usize) -> Result<(), Stopped> {
        self.0.memory(bytes)
    }
}

/// Makes the table of a sound.
fn table(training: &Training) -> Result<Table, String> {
    let bytes = BASE64.decode(training.sound.as_bytes());
    let bytes = bytes.map_err(|_| "the sound is not Base64")?;
    if bytes.len() > 2 * MAX_SAMPLES {
        return Err(format!(
            "the sound is too long: {MAX_SAMPLES} samples are possible"
        ));
    }
    let samples = bytes
        .chunks_exact(2)
        .map(|bytes| f32::from(i16::from_le_bytes([bytes[0], bytes[1]])) / 32_768.0);
    let recording = Recording {
        rate: training.rate,
        samples: samples.collect(),
    };
    let shape = Shape {
        bits: Some(training.bits.into()),
        sample_bits: SAMPLE_BITS,
        rate: Some(training.rate),
        is_loop: false,
    };
    let prepared = recording.prepare(&shape);
    Ok(prepared.map_err(|error| error.to_string())?.table)
}

/// Returns the least and the greatest sample of each column.
fn wave(samples: &[u16]) -> Vec<(u8, u8)> {
    let columns = samples.chunks((samples.len() / COLUMNS).max(1));
    let extremes = columns.map(|column| {
        let fold = |(low, high): (u16, u16), &x: &u16| (low.min(x), high.max(x));
        column.iter().fold((u16::MAX, 0), fold)
    });
    extremes
        .map(|(low, high)| (low as u8, high as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use logicnet::Network;
    use logicnet::random::Rng;

    use super::*;

    fn training(samples: &[i16], bits: u8, gates: u32) -> Training {
        let bytes: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
        Training {
            name: "hello".into(),
            sound: BASE64.encode(&bytes),
            rate: 11_025,
            bits,
            gates,
        }
    }

    fn noise(samples: usize) -> Vec<i16> {
        let mut rng = Rng::new(1);
        (0..samples).map(|_| rng.next() as i16).collect()
    }

    #[test]
    fn a_network_learns_a_sound_to_the_end() {
        // Two square waves, which few gates say.
        let square = |t: i16| if t & 32 == 0 { 32_767 } else { -32_768 };
        let samples: Vec<i16> = (0..256)
            .map(|t| if t < 128 { square(t) } else { square(t / 2) })
            .collect();
        let mut reports = Vec::new();
        let learner = Learner::new(3, &training(&samples, 8, 100)).unwrap();
        let answer = learner.train(&mut (), || true, |report| reports.push(report));
        assert_eq!(answer, Ok(ServerMessage::Done { id: 3 }));
        let mut files = Vec::new();
        for report in reports {
            let ServerMessage::Learning {
                of: 3,
                part,
                error,
                wave,
                network,
                ..
            } = report
            else {
                panic!("{report:?}");
            };
            assert!((0.0..=1.0).contains(&part) && wave.len() == 256);
            files.extend(network.map(|network| (error, wave, network)));
        }
        let (error, wave, file) = files.pop().unwrap();
        assert_eq!(error, 0.0);
        let network = Network::from_json(&file).unwrap();
        assert_eq!((network.name(), network.sample_rate()), ("hello", 11_025));
        let table = Table::of_network(&network).unwrap();
        let expected: Vec<u16> = samples
            .iter()
            .map(|&x| if x < 0 { 1 } else { 255 })
            .collect();
        assert_eq!(table.samples(), expected);
        let drawn: Vec<u16> = wave.iter().map(|&(low, _)| low.into()).collect();
        assert_eq!(drawn, expected);
        // A network is reported once.
        assert!(files.iter().all(|(_, _, other)| *other != file));
    }

    #[test]
    fn the_same_sound_leads_to_the_same_reports() {
        let reports = || {
            let mut learner = Learner::new(1, &training(&noise(1024), 10, 40)).unwrap();
            let reports = (0..5).map(|_| {
                assert_eq!(learner.step(&mut ()), Ok(true));
                learner.report()
            });
            reports.collect::<Vec<_>>()
        };
        assert_eq!(reports(), reports());
    }

    #[test]
    fn other_sounds_and_sizes_are_refused() {
        let usual = training(&noise(1024), 10, 40);
        for (wrong, expected) in [
            (
                Training {
                    bits: 7,
                    ..usual.clone()
                },
                "2^7 samples",
            ),
            (
                Training {
                    bits: 17,
                    ..usual.clone()
                },
                "2^17 samples",
            ),
            (
                Training {
                    gates: 0,
                    ..usual.clone()
                },
                "1 to 32768",
            ),
            (
                Training {
                    bits: 16,
                    gates: 2049,
                    ..usual.clone()
                },
                "1 to 2048",
            ),
            (
                Training {
                    rate: 0,
                    ..usual.clone()
                },
                "a rate of 0 Hz",
            ),
            (
                Training {
                    sound: "?".into(),
                    ..usual.clone()
                },
                "not Base64",
            ),
            (
                Training {
                    sound: String::new(),
                    ..usual.clone()
                },
                "too short",
            ),
            (training(&[9; 1024], 10, 40), "silent"),
            (training(&noise(MAX_SAMPLES + 1), 16, 40), "too long"),
        ] {
            let reason = Learner::new(1, &wrong).map(drop).unwrap_err();
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
        let longest = training(&noise(MAX_SAMPLES), 16, 2048);
        assert!(Learner::new(1, &longest).is_ok());
    }
}
