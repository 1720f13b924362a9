//! The sound that a host must play: segments of networks with their bends and controls,
//! rendered by the program (`gatebend render`) and compared sample for sample with a recording
//! of the host.
//!
//! The tests need the host, its shim and the program, which `hosts/test.sh` builds.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A frame of two channels.
pub type Frame = [f32; 2];

/// Returns the root of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the folder that `hosts/build.sh` writes to: `GATEBEND_HOSTS`, or `target/hosts`.
pub fn built() -> PathBuf {
    env::var_os("GATEBEND_HOSTS").map_or_else(|| root().join("target/hosts"), PathBuf::from)
}

/// Returns the program: `GATEBEND`, or `target/release/gatebend`.
pub fn gatebend() -> PathBuf {
    env::var_os("GATEBEND").map_or_else(|| root().join("target/release/gatebend"), PathBuf::from)
}

/// Runs a command, and returns its output and errors as one text.
///
/// # Panics
/// If it cannot be run or fails.
pub fn run(command: &mut Command) -> String {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}",
        output.status
    );
    text
}

/// The three networks of the tests, at one rate so that time goes on from one to the next.
pub struct Networks {
    /// A formula compiled to gates.
    pub formula: PathBuf,
    /// A network that was trained.
    pub trained: PathBuf,
    /// A network that hears sound and has a control, `drive`.
    pub listening: PathBuf,
}

impl Networks {
    /// Writes the networks to a folder, with their own rates replaced by this one in Hz.
    ///
    /// # Panics
    /// If they cannot be written.
    pub fn write(folder: &Path, rate: u32) -> Networks {
        let write = |name: &str| {
            let file = root()
                .join("assets/networks")
                .join(name)
                .with_extension("json");
            let text = fs::read_to_string(file).unwrap();
            let mut network: serde_json::Value = serde_json::from_str(&text).unwrap();
            network["sample_rate"] = rate.into();
            let path = folder.join(name).with_extension("json");
            fs::write(&path, network.to_string()).unwrap();
            path
        };
        Networks {
            formula: write("forty-two"),
            trained: write("trained-forty-two"),
            listening: write("origami"),
        }
    }
}

/// A part of a sound, in which nothing changes.
pub struct Segment<'a> {
    /// Number of frames.
    pub frames: usize,
    /// The network's file.
    pub network: &'a Path,
    /// Bends: nodes, with 0, 1 or invert.
    pub bends: &'a [(u32, &'a str)],
    /// Positions of controls.
    pub controls: &'a [(&'a str, f64)],
}

impl<'a> Segment<'a> {
    /// Creates a segment of a network without bends, its controls at their defaults.
    pub fn new(network: &'a Path, frames: usize) -> Segment<'a> {
        Segment {
            frames,
            network,
            bends: &[],
            controls: &[],
        }
    }
}

/// Returns what a host at this rate in Hz must play, if time runs from 0 through all segments.
/// Networks that hear get this input from the first frame on; their rate must be the host's.
///
/// # Panics
/// If the program cannot render it.
pub fn expected(segments: &[Segment], rate: u32, input: Option<&[Frame]>) -> Vec<Frame> {
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("in.wav");
    if let Some(input) = input {
        write_wav(&heard, rate, input);
    }
    let mut sound: Vec<Frame> = Vec::new();
    for segment in segments {
        let end = sound.len() + segment.frames;
        let file = folder.path().join("out.wav");
        let text = fs::read_to_string(segment.network).unwrap();
        let network: serde_json::Value = serde_json::from_str(&text).unwrap();
        let own = network["sample_rate"].as_u64().unwrap();
        let samples = (end as u64 * own).div_ceil(rate.into()) + 1;
        let mut render = Command::new(gatebend());
        render
            .arg("render")
            .arg(segment.network)
            .arg("-o")
            .arg(&file);
        render.args(["--rate", &rate.to_string(), "--count", &samples.to_string()]);
        for (node, bend) in segment.bends {
            render.arg("--mask").arg(format!("{node}={bend}"));
        }
        for (name, position) in segment.controls {
            render.arg("--control").arg(format!("{name}={position}"));
        }
        if input.is_some() && text.contains("\"audio\"") {
            render.arg("--in").arg(&heard);
        }
        run(&mut render);
        let frames = read_wav(&file).1;
        sound.extend_from_slice(&frames[sound.len()..end]);
    }
    sound
}

/// Writes frames as a WAV file of 32-bit floats.
///
/// # Panics
/// If it cannot be written.
pub fn write_wav(path: &Path, rate: u32, frames: &[Frame]) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut file = hound::WavWriter::create(path, spec).unwrap();
    for sample in frames.iter().flatten() {
        file.write_sample(*sample).unwrap();
    }
    file.finalize().unwrap();
}

/// Reads a WAV file of whole numbers or floats: its rate, and its frames. One channel is in
/// both.
///
/// # Panics
/// If it cannot be read.
pub fn read_wav(path: &Path) -> (u32, Vec<Frame>) {
    let file = hound::WavReader::open(path);
    let mut file = file.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let spec = file.spec();
    let samples: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => file.samples().map(Result::unwrap).collect(),
        hound::SampleFormat::Int => {
            let full = (1u32 << (spec.bits_per_sample - 1)) as f32;
            let samples = file.samples::<i32>();
            samples
                .map(|sample| sample.unwrap() as f32 / full)
                .collect()
        }
    };
    let channels = usize::from(spec.channels);
    let frames = samples.chunks(channels);
    let frames = frames.map(|frame| [frame[0], frame[channels.min(2) - 1]]);
    (spec.sample_rate, frames.collect())
}

/// Returns a test signal for networks that hear: every value of 16 bits, in an order without
/// a short period, the right channel in reverse.
pub fn signal(frames: usize) -> Vec<Frame> {
    let value = |k: u32| (k.wrapping_mul(40_503) & 0xffff) as f32 / 32_768.0 - 1.0;
    let frames = 0..frames as u32;
    frames.map(|k| [value(k), -value(k)]).collect()
}

/// Compares a recording with what was expected, frame by frame.
///
/// # Panics
/// At the first frame that differs, or if frames are missing.
pub fn assert_same(what: &str, expected: &[Frame], recorded: &[Frame]) {
    let differs = expected.iter().zip(recorded).position(|(a, b)| a != b);
    if let Some(k) = differs {
        panic!(
            "{what}: frame {k} is {:?}, not {:?}",
            recorded[k], expected[k]
        );
    }
    assert!(
        recorded.len() >= expected.len(),
        "{what}: {} frames, not {}",
        recorded.len(),
        expected.len()
    );
}

/// Checks that a plug-in has at most 1 MB, exports these symbols and no others, and needs only
/// the libraries that every system has.
///
/// # Panics
/// If it does not.
pub fn assert_stands_alone(plugin: &Path, symbols: &[&str]) {
    let name = plugin.display();
    let size = fs::metadata(plugin).unwrap().len();
    assert!(size <= 1_000_000, "{name} has {size} bytes");
    let exported = run(Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(plugin));
    let exported: Vec<&str> = exported.split_whitespace().skip(2).step_by(3).collect();
    assert_eq!(exported, symbols, "{name}");
    let dynamic = run(Command::new("readelf").arg("-d").arg(plugin));
    // In an old glibc, threads and dynamic loading are libraries of their own.
    let known = [
        "libc.so.6",
        "libm.so.6",
        "libpthread.so.0",
        "libdl.so.2",
        "libgcc_s.so.1",
        "ld-linux",
    ];
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        let is_known = known.iter().any(|library| line.contains(library));
        assert!(is_known, "{name}: {line}");
    }
}
