//! Recordings of what an object plays: tables, which Pd writes as 32-bit floats before it quits.

use std::path::Path;

use gatebend_hosts::{Frame, write_wav};

use crate::patch::Patch;
use crate::session::{Session, TICK, add_events};

/// The sound of an object, and its length.
pub struct Take<'a> {
    /// Creation arguments, and how many signals the object has in and out.
    pub arguments: &'a str,
    pub signals: (usize, usize),
    /// Frames of a block.
    pub block: usize,
    /// Signals in.
    pub input: &'a [Vec<f32>],
    pub frames: usize,
    /// Messages to `sound`, the object, and others, each at a frame.
    pub events: &'a [(usize, &'a str)],
}

impl Default for Take<'_> {
    fn default() -> Self {
        Take {
            arguments: "",
            signals: (1, 1),
            block: TICK,
            input: &[],
            frames: 8192,
            events: &[],
        }
    }
}

/// Records all outlets of an object, and returns them with the console.
pub fn record(session: &Session, take: &Take) -> (Vec<Vec<f32>>, String) {
    let (inlets, outlets) = take.signals;
    let mut inner = Patch::new();
    let block = inner.object(&format!("block~ {}", take.block));
    let receive = inner.object("r block");
    inner.connect((receive, 0), (block, 0));
    let object = inner.object(&format!("difflogic~ {}", take.arguments));
    let receive = inner.object("r sound");
    inner.connect((receive, 0), (object, 0));
    let start = inner.object("r start");
    for k in 0..take.input.len() {
        assert!(k < inlets);
        let play = inner.object(&format!("tabplay~ in{k}"));
        inner.connect((start, 0), (play, 0));
        inner.connect((play, 0), (object, k));
    }
    for k in 0..outlets {
        let write = inner.object(&format!("tabwrite~ out{k}"));
        inner.connect((start, 0), (write, 0));
        inner.connect((object, k), (write, 0));
    }
    let print = inner.object("print info");
    inner.connect((object, outlets), (print, 0));

    let mut patch = Patch::new();
    patch.subpatch("sound", &inner);
    let receive = patch.object("r files");
    let files = patch.object("soundfiler");
    patch.connect((receive, 0), (files, 0));
    let mut events = Vec::new();
    for (k, signal) in take.input.iter().enumerate() {
        let frames: Vec<Frame> = signal.iter().map(|sample| [*sample; 2]).collect();
        write_wav(&session.path(format!("in{k}.wav")), session.rate, &frames);
        patch.object(&format!("table in{k} 100"));
        events.push((0, format!("files read -resize in{k}.wav in{k}")));
    }
    let mut write = "files write -wave -bytes 4 out.wav".to_string();
    for k in 0..outlets {
        patch.object(&format!("table out{k} {}", take.frames));
        write = format!("{write} out{k}");
    }
    events.push((0, "start bang".into()));
    events.extend(take.events.iter().map(|(at, event)| (*at, (*event).into())));
    let first = events.iter().take_while(|(at, _)| *at == 0).count();
    events.insert(first, (0, "pd dsp 1".into()));
    events.push((take.frames, write));
    let events: Vec<(usize, &str)> = events.iter().map(|(at, text)| (*at, &text[..])).collect();
    add_events(session, &mut patch, &events);
    let console = session.run(&patch);
    (read_channels(&session.path("out.wav"), outlets), console)
}

/// Reads the channels of a WAV file of 32-bit floats.
pub fn read_channels(path: &Path, count: usize) -> Vec<Vec<f32>> {
    let mut file = hound::WavReader::open(path).unwrap();
    assert_eq!(usize::from(file.spec().channels), count);
    let samples: Vec<f32> = file.samples().map(Result::unwrap).collect();
    let channel = |k| samples.iter().skip(k).step_by(count).copied().collect();
    (0..count).map(channel).collect()
}

/// Returns channels as frames; one channel is in both.
pub fn frames(channels: &[Vec<f32>]) -> Vec<Frame> {
    let right = channels.last().unwrap();
    let pairs = channels[0].iter().zip(right);
    pairs.map(|(left, right)| [*left, *right]).collect()
}
