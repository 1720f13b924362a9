//! Networks that read sound and controls, as the commands make and use them.

use std::fs;

use bytebeat::{Dialect, Expression, Moment};
use logicnet::random::Rng;
use logicnet::{Network, OutputEncoding, Signal};

#[path = "../crates/logicnet/tests/common/mod.rs"]
mod oracle;
mod program;

use program::{Folder, asset, done, gatebend, refused};

/// Compiles an expression; returns the messages.
fn compiled(path: &str, arguments: &[&str]) -> String {
    let output = gatebend(&[&["compile", "-o", path], arguments].concat());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

fn network(path: &str) -> Network {
    Network::from_json(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Writes a WAV file of 16-bit frames.
fn wav(path: &str, rate: u32, channels: u16, samples: &[i16]) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for &sample in samples {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
}

/// Returns the header's facts and the samples of a WAV file.
fn read(path: &str) -> (hound::WavSpec, Vec<i16>) {
    let reader = hound::WavReader::open(path).unwrap();
    (
        reader.spec(),
        reader.into_samples().map(Result::unwrap).collect(),
    )
}

#[test]
fn compile_makes_networks_of_sound_and_controls() {
    let folder = Folder::new();
    let json = folder.path("a.json");
    let text = compiled(
        &json,
        &[
            "(in*(t>>8&3))^cutoff",
            "--control",
            "cutoff:4=0.5",
            "--control",
            "fold:2",
        ],
    );
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].ends_with(
            " for 10 bits of t and 8 bits of audio channel 0 and 4 bits of control cutoff, \
             exact at all their values"
        ),
        "{text}"
    );
    assert_eq!(lines[1..], ["control fold is not read"]);
    let file = fs::read_to_string(&json).unwrap();
    assert!(file.contains(r#""version": 2"#), "{file}");
    assert!(
        file.contains(r#""name": "cutoff", "default": 0.5, "bits": 4"#),
        "{file}"
    );

    compiled(
        &json,
        &["[in, in2]", "--audio-bits", "12", "--sample-bits", "12"],
    );
    let channels = OutputEncoding::Channels {
        left: 12,
        right: 12,
    };
    assert_eq!(network(&json).output_encoding(), channels);
    assert_eq!(network(&json).variables(), 24);

    for (arguments, problem) in [
        (
            &["compile", "in^x"][..],
            "column 4: x is not known; names are t, in, in2 and declared controls; --control NAME:BITS declares one",
        ),
        (&["compile", "t", "--control", "x"], "write NAME:BITS"),
        (
            &["compile", "t", "--control", "x:17"],
            "17 bits of control x, but there are 1..16",
        ),
        (
            &["compile", "t", "--control", "in:4"],
            "in is the name of another input",
        ),
        (
            &["compile", "t", "--control", "x:4=2"],
            "the default 2 is not a number from 0 to 1",
        ),
        (
            &["compile", "in", "--audio-bits", "0"],
            "0 bits of audio channel 0",
        ),
        (&["compile", "t", "--sample-bits", "0"], "0 bits a sample"),
        (&["compile", "t", "--bits", "0"], "1..24"),
    ] {
        let line = refused(2, arguments);
        assert!(line.contains(problem), "{arguments:?}: {line}");
    }
}

#[test]
fn random_networks_read_sound_and_controls() {
    let arguments = [
        "random",
        "--audio",
        "8,3",
        "--control",
        "a:4",
        "--layers",
        "2x20",
        "--seed",
        "1",
    ];
    let deaf = &["random", "--layers", "2x20", "--seed", "1"];
    let network = Network::from_json(&String::from_utf8(done(&arguments)).unwrap()).unwrap();
    let sources: Vec<_> = network
        .sources()
        .iter()
        .map(|source| format!("{} {}", source.signal, source.bits))
        .collect();
    assert_eq!(
        sources,
        ["audio channel 0 8", "audio channel 1 3", "control a 4"]
    );
    let with_time = [&arguments[..], &["--inputs", "5"]].concat();
    let network = Network::from_json(&String::from_utf8(done(&with_time)).unwrap()).unwrap();
    assert_eq!((network.counter_bits(), network.variables()), (5, 20));
    assert!(refused(2, deaf).contains("--inputs"));
    for (sound, problem) in [
        ("17", "1..16"),
        ("8,8,8", "2 is not 0 or 1"),
        ("x", "invalid"),
    ] {
        let arguments = [&deaf[..], &["--audio", sound]].concat();
        let line = refused(2, &arguments);
        assert!(line.contains(problem), "{line}");
    }
}

#[test]
fn random_networks_have_channels_and_bits() {
    let deaf = ["random", "--inputs", "5", "--seed", "1", "--layers"];
    for (arguments, encoding) in [
        (&["2x32", "--channels", "1"][..], OutputEncoding::Binary),
        (
            &["2x32", "--channels", "2"],
            OutputEncoding::Channels { left: 8, right: 8 },
        ),
        (
            &["2x32", "--channels", "2", "--sample-bits", "16"],
            OutputEncoding::Channels {
                left: 16,
                right: 16,
            },
        ),
        (
            &["2x32", "--sample-bits", "3"],
            OutputEncoding::Channels { left: 3, right: 0 },
        ),
    ] {
        let text = String::from_utf8(done(&[&deaf[..], arguments].concat())).unwrap();
        let network = Network::from_json(&text).unwrap();
        assert_eq!(network.output_encoding(), encoding);
        assert_eq!(network.outputs().last(), Some(&(network.nodes() - 1)));
    }
    let narrow = ["2x31", "--channels", "2", "--sample-bits", "16"];
    let line = refused(2, &[&deaf[..], &narrow].concat());
    assert!(
        line.contains("--layers: the last layer has at least 32"),
        "{line}"
    );
    for wrong in [["--channels", "3"], ["--sample-bits", "17"]] {
        let line = refused(2, &[&deaf[..], &["2x32"], &wrong].concat());
        assert!(line.contains(wrong[0]), "{line}");
    }
}

/// Random networks of sound and controls, against one bool a node and one sample at a time.
#[test]
fn rendered_random_networks_are_those_of_the_oracle() {
    let folder = Folder::new();
    let [json, sound, moves] = ["a.json", "in.wav", "moves"].map(|name| folder.path(name));
    let mut rng = Rng::new(3);
    for seed in 0..6 {
        let seed = format!("{seed}");
        let bits = ["8", "16", "11"][rng.below(3) as usize];
        let layers = format!("4x{}", 32 + rng.below(60));
        let signals = [
            "--inputs",
            "6",
            "--audio",
            "5,9",
            "--control",
            "a:4=0.4",
            "--control",
            "b:3",
        ];
        let form = [
            "--channels",
            "2",
            "--sample-bits",
            bits,
            "--ops",
            "xor-rich",
        ];
        let what = ["random", "--layers", &layers, "--seed", &seed, "-o", &json];
        done(&[&what[..], &signals, &form].concat());
        let network = network(&json);
        assert_eq!(network.sample_rate(), 8000);
        let samples: Vec<i16> = (0..2 * 1500).map(|_| rng.next() as i16).collect();
        wav(&sound, 8000, 2, &samples);
        // Control b moves at frames 100, 200, ...; a stays at its default.
        let positions: Vec<u32> = (0..15).map(|_| rng.below(1001)).collect();
        let lines = positions.iter().zip(1..).map(|(position, hundred)| {
            format!(
                "{} b {}\n",
                f64::from(hundred * 100) / 8000.0,
                f64::from(*position) / 1000.0
            )
        });
        fs::write(&moves, lines.collect::<String>()).unwrap();
        let more = ["--mask", "40=invert", "--mask", "3=1", "--from", "50"];
        let files = [
            "render",
            &json,
            "--in",
            &sound,
            "--automation",
            &moves,
            "-o",
            "-",
        ];
        let rendered = done(&[&files[..], &more].concat());
        let masks = [
            (40, logicnet::Mask::Invert),
            (3, logicnet::Mask::Force(true)),
        ];
        let masks = masks.into_iter().collect();
        let frame = rendered.len() / 1500;
        assert_eq!(frame, if bits == "8" { 2 } else { 4 });
        for (i, written) in rendered.chunks(frame).enumerate() {
            let b = i
                .checked_sub(100)
                .map_or(0, |i| positions[i / 100] * 8 / 1000)
                .min(7);
            let nodes = oracle::nodes_for(&network, &masks, |signal| match signal {
                Signal::Time => 50 + i as u32,
                Signal::Audio { channel } => {
                    let frame = i32::from(samples[2 * i + usize::from(*channel)]) + 0x8000;
                    frame as u32 >> if *channel == 0 { 11 } else { 7 }
                }
                Signal::Control { name, .. } if name == "a" => 6,
                Signal::Control { .. } => b,
            });
            for channel in [0, 1] {
                let level = 32_768.0 * oracle::level(&network, &nodes, channel);
                let found = match frame {
                    2 => (i32::from(written[channel]) - 128) * 256,
                    _ => {
                        i16::from_le_bytes([written[2 * channel], written[2 * channel + 1]]).into()
                    }
                };
                assert_eq!(f64::from(found), level, "seed {seed}, frame {i}");
            }
        }
    }
}

/// The level of a channel without its mean, 0 to 1.
fn loudness(samples: &[i16], channels: usize) -> f64 {
    let left: Vec<f64> = samples
        .iter()
        .step_by(channels)
        .map(|&s| f64::from(s) / 128.0)
        .collect();
    let mean = left.iter().sum::<f64>() / left.len() as f64;
    (left.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / left.len() as f64).sqrt()
}

#[test]
fn factory_networks_of_signals_give_their_expressions_and_change_the_sound() {
    let folder = Folder::new();
    let [dry, wet] = ["dry.wav", "wet.wav"].map(|name| folder.path(name));
    done(&[
        "render",
        &asset("running-man"),
        "-o",
        &dry,
        "--rate",
        "44100",
        "--count",
        "16384",
    ]);
    for (name, controls, sample_bits, rhythm) in [
        ("ring-walk", &[("tune", 4)][..], 8, false),
        ("origami", &[("drive", 3)], 8, false),
        ("sync-lead", &[("sync", 4)], 8, false),
        ("glass", &[("bright", 3)], 12, false),
        ("drummer", &[("kick", 4), ("hats", 4)], 8, true),
        ("ping-pong", &[], 8, false),
    ] {
        let network = network(&asset(name));
        let source = network.source().unwrap();
        let declared = controls
            .iter()
            .map(|&(name, bits)| (name.to_string(), bits, 0.0));
        let dialect = Dialect::new(8, sample_bits, declared).unwrap();
        let expression = Expression::parse_in(&dialect, source).unwrap();
        let encoding = network.output_encoding();
        assert_eq!(
            usize::from(encoding.sample_bits()),
            usize::from(sample_bits)
        );
        let mut rng = Rng::new(1);
        for _ in 0..300 {
            let t = rng.below(network.period());
            let audio = [rng.below(256), 0];
            let values: Vec<u32> = controls
                .iter()
                .map(|&(_, bits)| rng.below(1 << bits))
                .collect();
            let moment = Moment {
                t,
                audio,
                controls: &values,
            };
            let nodes =
                oracle::nodes_for(&network, &logicnet::Masks::new(), |signal| match signal {
                    Signal::Time => t,
                    Signal::Audio { channel } => audio[usize::from(*channel)],
                    Signal::Control { name, .. } => {
                        values[controls.iter().position(|(own, _)| own == name).unwrap()]
                    }
                });
            for (channel, sample) in expression.samples(&moment).into_iter().enumerate() {
                let half = f64::from(1u32 << (sample_bits - 1));
                let expected = (f64::from(sample) - half) / half;
                assert_eq!(
                    oracle::level(&network, &nodes, channel),
                    expected,
                    "{name} at {t}"
                );
            }
        }
        // Every position of a control sounds, and sounds differently.
        let mut heard = Vec::new();
        for position in ["0", "0.5", "1"] {
            let file = asset(name);
            let mut arguments = vec!["render", &file, "-o", &wet];
            let set: Vec<String> = controls
                .iter()
                .map(|(name, _)| format!("{name}={position}"))
                .collect();
            arguments.extend(set.iter().flat_map(|set| ["--control", set]));
            if network.hears() {
                arguments.extend(["--in", &dry]);
            }
            done(&arguments);
            let (spec, samples) = read(&wet);
            let level = loudness(&samples, spec.channels.into());
            let level = if spec.bits_per_sample == 8 {
                level
            } else {
                level / 256.0
            };
            let least = if rhythm { 0.02 } else { 0.1 };
            assert!(
                (least..0.95).contains(&level),
                "{name} at {position}: {level}"
            );
            heard.push(samples);
        }
        heard.dedup();
        assert_eq!(
            heard.len(),
            if controls.is_empty() { 1 } else { 3 },
            "{name}"
        );
    }
}

/// The network hears frame `i * from / to`, rounded down, of the file.
#[test]
fn render_hears_a_wav_file_at_the_times_of_its_samples() {
    let folder = Folder::new();
    let [json, sound, out] = ["a.json", "in.wav", "out.raw"].map(|name| folder.path(name));
    compiled(
        &json,
        &[
            "[in, in2]",
            "--audio-bits",
            "16",
            "--sample-bits",
            "16",
            "--rate",
            "8000",
        ],
    );
    for (rate, channels, frames) in [
        (8000, 2, 1000),
        (44_100, 2, 1000),
        (3000, 2, 700),
        (48_000, 1, 1300),
        (11_025, 3, 900),
    ] {
        let samples: Vec<i16> = (0..frames * i32::from(channels))
            .map(|i| (i * 12_345 % 65_536 - 32_768) as i16)
            .collect();
        wav(&sound, rate, channels, &samples);
        done(&["render", &json, "--in", &sound, "-o", &out]);
        let heard = fs::read(&out).unwrap();
        let heard: Vec<[i16; 2]> = heard
            .chunks(4)
            .map(|bytes| [0, 2].map(|at| i16::from_le_bytes([bytes[at], bytes[at + 1]])))
            .collect();
        let length = (frames as u64 * 8000).div_ceil(rate.into()) as usize;
        assert_eq!(heard.len(), length, "{rate} Hz");
        for (i, frame) in heard.into_iter().enumerate() {
            let from = i * rate as usize / 8000 * usize::from(channels);
            let right = from + usize::from(channels > 1);
            assert_eq!(
                frame,
                [samples[from], samples[right]],
                "{rate} Hz, sample {i}"
            );
        }
        // Silence follows.
        done(&[
            "render", &json, "--in", &sound, "-o", &out, "--count", "6000",
        ]);
        assert_eq!(
            fs::read(&out).unwrap()[4 * length..],
            vec![0; 4 * (6000 - length)]
        );
    }
}

#[test]
fn render_hears_wav_files_of_all_kinds_of_samples() {
    let folder = Folder::new();
    let [json, sound] = ["a.json", "in.wav"].map(|name| folder.path(name));
    compiled(&json, &["in", "--rate", "100"]);
    let spec = |bits, sample_format| hound::WavSpec {
        channels: 1,
        sample_rate: 100,
        bits_per_sample: bits,
        sample_format,
    };
    for bits in [8, 16, 24, 32] {
        let spec = spec(bits, hound::SampleFormat::Int);
        let mut writer = hound::WavWriter::create(&sound, spec).unwrap();
        let one = 1 << (bits - 8);
        for sample in [0, one, -1, i32::MIN >> (32 - bits), i32::MAX >> (32 - bits)] {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        let heard = done(&["render", &json, "--in", &sound, "-o", "-"]);
        assert_eq!(heard, [128, 129, 127, 0, 255], "{bits} bits");
    }
    let mut writer =
        hound::WavWriter::create(&sound, spec(32, hound::SampleFormat::Float)).unwrap();
    for sample in [0.0, 1.0 / 128.0, -1e-9, -1.0, 1.0, -7.0, f32::NAN] {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
    let heard = done(&["render", &json, "--in", &sound, "-o", "-"]);
    assert_eq!(heard, [128, 129, 127, 0, 255, 0, 128]);
    fs::write(&sound, "RIFF").unwrap();
    assert!(refused(1, &["render", &json, "--in", &sound, "-o", "-"]).contains("not a WAV file"));
    assert!(refused(1, &["render", &json, "--in", "no.wav", "-o", "-"]).contains("no such file"));
    let deaf = folder.path("deaf.json");
    compiled(&deaf, &["t"]);
    assert!(refused(2, &["render", &deaf, "--in", &sound, "-o", "-"]).contains("reads no sound"));
    // Without a file, the network hears silence.
    assert_eq!(
        done(&["render", &json, "-o", "-", "--count", "3"]),
        [128; 3]
    );
}

#[test]
fn render_moves_controls() {
    let folder = Folder::new();
    let [json, moves] = ["a.json", "moves"].map(|name| folder.path(name));
    let controls = ["--control", "a:4=0.5", "--control", "b:4"];
    compiled(
        &json,
        &[&["a*16+b", "--rate", "100", "--bits", "1"], &controls[..]].concat(),
    );
    let render = |more: &[&str]| {
        let arguments = ["render", &json, "-o", "-", "--count", "8"];
        done(&[&arguments[..], more].concat())
    };
    assert_eq!(render(&[]), [0x80; 8]);
    assert_eq!(
        render(&["--control", "b=0.999", "--control", "a=0"]),
        [0x0f; 8]
    );
    // Sample i is at i / 100 seconds and hears the changes up to there.
    fs::write(
        &moves,
        "# at first\n0.06 b 1\n\n0.02 a 0\n0.020000001 a 1\n 0.05  a  0.25\n0.05 a 0.75\n",
    )
    .unwrap();
    let heard = render(&["--automation", &moves, "--control", "a=0.25"]);
    assert_eq!(heard, [0x40, 0x40, 0x00, 0xf0, 0xf0, 0xc0, 0xcf, 0xcf]);
    for (line, problem) in [
        ("0.1 c 1", "line 1: no control \"c\"; the network has a, b"),
        ("x a 1", "line 1: \"x\" is not a time in seconds"),
        ("-1 a 1", "line 1: \"-1\" is not a time in seconds"),
        ("0 a 1.5", "line 1: \"1.5\" is not a number from 0 to 1"),
        ("0 a", "line 1: \"0 a\" is not SECONDS NAME VALUE"),
    ] {
        fs::write(&moves, line).unwrap();
        let found = refused(1, &["render", &json, "-o", "-", "--automation", &moves]);
        assert!(found.contains(problem), "{found}");
    }
    for (control, problem) in [
        ("c=1", "no control \"c\"; the network has a, b"),
        ("a", "write NAME=VALUE"),
        ("a=2", "\"2\" is not a number from 0 to 1"),
    ] {
        let found = refused(2, &["render", &json, "-o", "-", "--control", control]);
        assert!(found.contains(problem), "{found}");
    }
}

#[test]
fn render_writes_the_channels_and_bits_of_the_network() {
    let folder = Folder::new();
    let [json, out, raw] = ["a.json", "a.wav", "a.raw"].map(|name| folder.path(name));
    for (expression, bits, channels, bytes) in [
        ("t*1009", "8", 1, 1),
        ("t*1009", "5", 1, 1),
        ("t*1009", "16", 1, 2),
        ("t*1009", "9", 1, 2),
        ("[t*1009, -t]", "8", 2, 1),
        ("[t*1009, -t]", "16", 2, 2),
    ] {
        compiled(&json, &[expression, "--bits", "7", "--sample-bits", bits]);
        done(&["render", &json, "-o", &out]);
        let (spec, samples) = read(&out);
        assert_eq!((spec.channels, spec.bits_per_sample), (channels, 8 * bytes));
        let bits: u32 = bits.parse().unwrap();
        let expected: Vec<i16> = (0..128u32)
            .flat_map(|t| {
                [t * 1009, t.wrapping_neg()]
                    .into_iter()
                    .take(channels.into())
            })
            .map(|value| {
                let sample = (value % (1 << bits)) as i32 - (1 << (bits - 1));
                (sample << (8 * u32::from(bytes) - bits)) as i16
            })
            .collect();
        assert_eq!(samples, expected, "{expression} in {bits} bits");
        done(&["render", &json, "-o", &raw]);
        assert_eq!(
            fs::read(&raw).unwrap(),
            fs::read(&out).unwrap()[44..],
            "no header"
        );
        assert_eq!(done(&["render", &json, "-o", "-"]), fs::read(&raw).unwrap());
        let u8 = folder.path("a.u8");
        if (channels, bytes) == (1, 1) {
            done(&["render", &json, "-o", &u8]);
            assert_eq!(fs::read(&raw).unwrap(), fs::read(&u8).unwrap());
        } else {
            assert!(refused(2, &["render", &json, "-o", &u8]).contains("OUT.raw"));
        }
        // Frames are held as a whole.
        done(&["render", &json, "-o", &out, "--rate", "16000"]);
        let held: Vec<i16> = expected
            .chunks(channels.into())
            .flat_map(|frame| [frame, frame].concat())
            .collect();
        assert_eq!(read(&out).1, held);
    }
}

#[test]
fn other_commands_take_networks_of_signals() {
    let folder = Folder::new();
    let [a, b, c, wide, out] =
        ["a.json", "b.json", "c.json", "wide.json", "out"].map(|name| folder.path(name));
    let controls = ["--control", "cutoff:4=0.5", "--bits", "3"];
    compiled(&a, &[&["(in^t)+cutoff"], &controls[..]].concat());
    compiled(&b, &[&["(in|t)-(in&t)+cutoff"], &controls[..]].concat());
    compiled(&c, &[&["(in|t)+cutoff"], &controls[..]].concat());
    assert_eq!(
        done(&["prove", &a, &b]),
        b"equal for all values of their inputs\n"
    );
    let answer = gatebend(&["prove", &a, &c]);
    assert_eq!(answer.status.code(), Some(1));
    let answer = String::from_utf8(answer.stdout).unwrap();
    // The networks differ there.
    let numbers: Vec<u32> = answer
        .split([' ', ',', ':'])
        .filter_map(|word| word.parse().ok())
        .collect();
    let [t, 0, sound, cutoff, bit, first, second] = numbers[..] else {
        panic!("{answer}");
    };
    let expected = format!(
        "different: at t = {t}, audio channel 0 = {sound}, control cutoff = {cutoff}: \
         bit {bit} is {first} in the first and {second} in the second\n"
    );
    assert_eq!(answer, expected);
    assert_eq!(((sound ^ t) + cutoff) >> bit & 1, first, "{answer}");
    assert_eq!(((sound | t) + cutoff) >> bit & 1, second, "{answer}");
    assert_ne!(first, second);

    let arguments = [
        "[in*in2, in2*in]",
        "--audio-bits",
        "16",
        "--sample-bits",
        "16",
    ];
    compiled(&wide, &arguments);
    assert_eq!(
        done(&["prove", &wide, &wide]),
        b"equal for all values of their inputs\n"
    );
    let swapped = folder.path("swapped.json");
    compiled(&swapped, &[&["[in*in2, in*in2]"], &arguments[1..]].concat());
    let answer = gatebend(&["prove", &wide, &swapped]);
    assert_eq!(answer.status.code(), Some(1));
    let answer = String::from_utf8(answer.stdout).unwrap();
    let words = "not proved: no difference found, but the networks read 32 bits";
    assert!(answer.starts_with(words), "{answer}");
    let output = gatebend(&["simplify", &b, "-o", &out]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.ends_with("equal for all values of its inputs\n"),
        "{text}"
    );
    assert_eq!(
        done(&["prove", &out, &b]),
        b"equal for all values of their inputs\n"
    );

    let info = String::from_utf8(done(&["info", &a])).unwrap();
    for words in [
        "3 bits of t",
        "8 bits of audio channel 0",
        "control cutoff, 0.5 by default",
    ] {
        assert!(info.contains(words), "{info}");
    }
    assert!(!info.contains("of sound:"), "{info}");
    let bench: serde_json::Value =
        serde_json::from_slice(&done(&["bench", &wide, "--json"])).unwrap();
    assert!(bench["widths"][4]["ns_min"].as_f64().unwrap() > 0.0);
    for language in ["c", "dot"] {
        done(&["export", &a, "--to", language, "-o", &out]);
        assert!(
            fs::read_to_string(&out).unwrap().contains("cutoff"),
            "{language}"
        );
    }
    let line = refused(1, &["export", &a, "--to", "pru", "-o", &out]);
    assert!(line.contains("networks of t only"), "{line}");
}
