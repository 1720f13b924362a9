//! Networks that hear, as `gatebend play` plays them: audio input, controls and two channels.

use std::fs;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use logicnet::{Network, OutputEncoding, Parts, Signal, Source};

mod program;

use program::{Folder, asset, done, refused};

/// Writes a network that plays its inputs: sound on the left, and a control on the right.
fn network(folder: &Folder, right: u8) -> String {
    let source = |signal, bits| Source {
        signal,
        ..Source::time(bits)
    };
    let control = Signal::Control {
        name: "depth".into(),
        default: 0.5,
    };
    let network = Network::try_from(Parts {
        sample_rate: 44_100,
        sources: vec![source(Signal::Audio { channel: 0 }, 16), source(control, 4)],
        outputs: (0..16 + u32::from(right)).collect(),
        output_encoding: OutputEncoding::Channels { left: 16, right },
        ..Parts::default()
    });
    let path = folder.path("network.json");
    fs::write(&path, network.unwrap().to_json()).unwrap();
    path
}

/// Writes a sound file of 16 bits at the rate of a desk.
fn recording(folder: &Folder, channels: u16, samples: &[i16]) -> String {
    let path = folder.path("in.wav");
    let spec = WavSpec {
        channels,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut file = WavWriter::create(&path, spec).unwrap();
    for sample in samples {
        file.write_sample(*sample).unwrap();
    }
    file.finalize().unwrap();
    path
}

/// Returns the frames that `play` writes to a WAV file with these further arguments.
fn played(folder: &Folder, out: &str, arguments: &[&str]) -> (u16, Vec<i16>) {
    let path = folder.path("out.wav");
    let common = [
        "play",
        "--seconds",
        "0.2",
        "--set",
        "swap=instant",
        out,
        &path,
    ];
    done(&[&common[..], arguments].concat());
    let reader = WavReader::open(&path).unwrap();
    let channels = reader.spec().channels;
    let samples = reader.into_samples().map(Result::unwrap).collect();
    (channels, samples)
}

#[test]
fn a_network_hears_a_file_and_a_control_frame_by_frame() {
    let folder = Folder::new();
    let samples: Vec<i16> = (0..441)
        .map(|i| (i * 7919 % 65_536 - 32_768) as i16)
        .collect();
    let input = recording(&folder, 1, &samples);
    let net = network(&folder, 4);
    let arguments = [&net, "--in", &input, "--control", "depth=0.75"];
    let (channels, frames) = played(&folder, "--tap", &arguments.map(|text| text));
    assert_eq!(channels, 2);
    // The file repeats, and the network hears it from its first callback on.
    let frames: Vec<&[i16]> = frames.chunks(2).collect();
    let start = frames.iter().position(|frame| frame[1] != 0).unwrap();
    assert!(start < 4410 && frames.len() == 8820);
    for (i, frame) in frames.iter().enumerate().skip(start) {
        // Position 12 of 16: (12 - 8) / 8.
        assert_eq!(**frame, [samples[i % 441], 16_384], "frame {i}");
    }
}

#[test]
fn a_recording_has_two_channels_if_the_network_or_the_input_has_two() {
    let folder = Folder::new();
    let mono = network(&folder, 0);
    let input = recording(&folder, 1, &[0, 100]);
    assert_eq!(played(&folder, "--wav", &[&mono]).0, 1);
    assert_eq!(played(&folder, "--wav", &[&mono, "--in", &input]).0, 1);
    let input = recording(&folder, 2, &[100, 200, 300, 400]);
    let dry = [&mono, "--in", &input, "--set", "dry=100"];
    let (channels, frames) = played(&folder, "--wav", &dry.map(|text| text));
    assert_eq!(channels, 2);
    assert!(frames.chunks(2).any(|frame| frame[0] != frame[1]));
}

#[test]
fn what_cannot_be_heard_or_set_is_refused() {
    let folder = Folder::new();
    let net = network(&folder, 0);
    let text = folder.path("text.wav");
    fs::write(&text, "no sound").unwrap();
    for (code, arguments, part) in [
        (1, ["--in", &text], "not a WAV file to hear"),
        (1, ["--in", &folder.path("missing.wav")], "no such file"),
        (2, ["--control", "wet=0.5"], "no control \"wet\""),
        (2, ["--control", "depth=2"], "NAME=VALUE"),
        (2, ["--control", "depth"], "NAME=VALUE"),
    ] {
        let play = ["play", &net, "--fast", "--seconds", "0.1"];
        let output = program::gatebend(&[&play[..], &arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(part), "{arguments:?}: {errors}");
    }
    let bela = [
        "play",
        &asset("storm"),
        "--board",
        "bela-black",
        "--in",
        &text,
    ];
    let problem = refused(2, &bela.map(|text| text));
    assert!(problem.contains("audio input"), "{problem}");
}
