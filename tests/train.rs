//! `gatebend train`, as its users run it.

use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::process::{Child, Stdio};

use hound::{SampleFormat, WavSpec, WavWriter};
use logicnet::Network;

mod program;

use program::{Folder, asset, done, gatebend, refused};

/// A formula whose diagram has 58 gates.
const SONG: &str = "((t>>10)&42)*t";
/// A harder one.
const HARD: &str = "t*((t>>12|t>>8)&63&t>>4)";

fn load(path: &str) -> Network {
    Network::from_json(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Writes a decaying tone of 0.25 s at 16 kHz.
fn bell(folder: &Folder) -> String {
    let path = folder.path("bell.wav");
    let spec = WavSpec {
        channels: 2,
        sample_rate: 16_000,
        bits_per_sample: 24,
        sample_format: SampleFormat::Int,
    };
    let mut file = WavWriter::create(&path, spec).unwrap();
    for i in 0..4000 {
        let t = f64::from(i) / 16_000.0;
        let sample = (t * 440.0 * std::f64::consts::TAU).sin() * (-8.0 * t).exp();
        file.write_sample((sample * 4e6) as i32).unwrap();
        file.write_sample((sample * 2e6) as i32).unwrap();
    }
    file.finalize().unwrap();
    path
}

#[test]
fn a_formula_becomes_an_exact_network() {
    let folder = Folder::new();
    let (own, compiled) = (folder.path("own.json"), folder.path("compiled.json"));
    let work = ["--bits", "14", "--work", "1000000"];
    let output = gatebend(&[&["train", SONG, "-o", &own], &work[..]].concat());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("exact at all 16384 samples"), "{message}");
    done(&["compile", SONG, "--bits", "14", "-o", &compiled]);
    done(&["prove", &own, &compiled]);
    // A network is learned as its sound.
    let again = folder.path("again.json");
    done(&["train", &own, "--work", "1000000", "-o", &again]);
    done(&["prove", &again, &compiled]);
}

#[test]
fn the_same_seed_and_work_give_the_same_network() {
    let folder = Folder::new();
    let train = |name: &str, seed: &str| {
        let out = folder.path(name);
        let arguments = ["--bits", "10", "--gates", "40", "--work", "200000"];
        done(&[&["train", HARD, "--seed", seed, "-o", &out], &arguments[..]].concat());
        fs::read(out).unwrap()
    };
    assert!(train("a.json", "5") == train("b.json", "5"));
}

#[test]
fn a_recording_is_prepared_and_learned() {
    let folder = Folder::new();
    let (sound, out) = (bell(&folder), folder.path("bell.json"));
    let plots = ["plot.svg", "plot.png"].map(|name| folder.path(name));
    for plot in &plots {
        let arguments = ["--gates", "60", "--work", "100000", "--plot", plot];
        let output = gatebend(&[&["train", &sound, "-o", &out], &arguments[..]].concat());
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{message}");
        let notes = [
            "Mixed 2 channels.",
            "Converted 16000 Hz to 8000 Hz.",
            "Added 0.01 s of silence at the end: 2048 samples are 0.26 s.",
            "% of samples are right",
        ];
        for note in notes {
            assert!(message.contains(note), "{message}");
        }
    }
    let network = load(&out);
    assert_eq!((network.period(), network.sample_rate()), (2048, 8000));
    assert_eq!(network.name(), "bell");
    assert!(network.gates().len() <= 60);
    assert!(fs::read_to_string(&plots[0]).unwrap().starts_with("<svg"));
    let picture = fs::read(&plots[1]).unwrap();
    let decoder = png::Decoder::new(&picture[..]);
    assert_eq!(decoder.read_info().unwrap().info().size(), (960, 720));
}

#[test]
fn frozen_gates_and_kept_wiring_stay() {
    let folder = Folder::new();
    let (sound, net) = (folder.path("sound.json"), folder.path("net.json"));
    done(&["compile", "t>>2^t", "--bits", "8", "-o", &sound]);
    done(&[
        "random", "--inputs", "8", "--layers", "3x30", "--seed", "3", "-o", &net,
    ]);
    let from = load(&net);
    let nodes = format!("{}-{}", from.inputs(), from.inputs() + 20);
    for option in [&["--freeze", &nodes][..], &["--keep-wiring"]] {
        let out = folder.path("out.json");
        let arguments = [
            "train", &sound, "--from", &net, "--work", "100000", "-o", &out,
        ];
        done(&[&arguments[..], option].concat());
        let trained = load(&out);
        let same = from.gates().iter().zip(trained.gates());
        if option.len() == 2 {
            assert!(same.take(21).all(|(a, b)| a == b));
        } else {
            assert_eq!(trained.gates().len(), from.gates().len());
            assert!({ same }.all(|(a, b)| (a.a, a.b) == (b.a, b.b)));
        }
    }
}

#[test]
fn a_series_shares_its_wiring() {
    let folder = Folder::new();
    let out = folder.path("series.json");
    let other = folder.path("other.json");
    done(&["compile", "t*5&t>>3", "--bits", "10", "-o", &other]);
    let arguments = ["--steps", "4", "--gates", "50", "--work", "200000"];
    let song = [
        "train",
        "t*3^t>>5",
        "--bits",
        "10",
        "--towards",
        &other,
        "-o",
        &out,
    ];
    done(&[&song[..], &arguments].concat());
    let wiring = |number: u32| {
        let network = load(&folder.path(&format!("series-{number}.json")));
        let gates = network.gates().iter().map(|gate| (gate.a, gate.b));
        (gates.collect::<Vec<_>>(), network.outputs().to_vec())
    };
    for number in 2..=4 {
        assert!(wiring(number) == wiring(1), "network {number}");
    }
    assert!(!Path::new(&out).exists());
}

#[test]
fn a_sweep_keeps_its_networks_and_prints_lines_for_the_others() {
    let folder = Folder::new();
    let (nets, table) = (folder.path("nets"), folder.path("table.md"));
    let plot = folder.path("plot.svg");
    let sweep = [
        "train", "t*3^t>>5", "--bits", "8", "--work", "50000", "--sweep", &nets,
    ];
    let sizes = ["--gates", "10,200", "--seeds", "2"];
    let lines = done(&[&sweep[..], &sizes, &["--print"]].concat());
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!(lines.lines().count(), 4);
    let start = "gatebend train 't*3^t>>5' --gates 10 --seed 1 --work 50000 --bits 8 ";
    assert!(lines.starts_with(start), "{lines}");
    // One of the lines, run as a shell does; its words have no blanks.
    let line = lines.lines().next_back().unwrap().replace('\'', "");
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    fs::create_dir(&nets).unwrap();
    done(&words);
    let printed = done(&[&sweep[..], &sizes, &["--print"]].concat());
    assert_eq!(String::from_utf8(printed).unwrap().lines().count(), 3);
    done(&[&sweep[..], &sizes, &["-o", &table, "--plot", &plot]].concat());
    let table = fs::read_to_string(table).unwrap();
    assert_eq!(table.lines().count(), 6, "{table}");
    assert!(table.contains("| inf | * |"), "{table}");
    assert_eq!(fs::read_dir(nets).unwrap().count(), 4);
    assert!(fs::read_to_string(plot).unwrap().ends_with("</svg>\n"));
}

/// A training that does not end soon, once it has saved a checkpoint.
#[cfg(unix)]
fn endless(arguments: &[&str], checkpoint: &str) -> Child {
    let child = program::command(&[&["train"], arguments, &["--checkpoint", checkpoint]].concat())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !Path::new(checkpoint).exists() {
        std::thread::yield_now();
    }
    child
}

#[cfg(unix)]
fn send(signal: &str, child: &Child) {
    let sent = std::process::Command::new("kill")
        .args([signal, child.id().to_string().as_str()])
        .status();
    assert!(sent.unwrap().success());
}

#[cfg(unix)]
#[test]
fn signals_end_training_and_keep_the_best_network() {
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::new();
        let (out, checkpoint) = (folder.path("out.json"), folder.path("checkpoint"));
        let arguments = [
            HARD,
            "--gates",
            "30",
            "--work",
            "1000000000000000",
            "-o",
            &out,
        ];
        let child = endless(&arguments, &checkpoint);
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(load(&out).gates().len() <= 30);
        let names = folder.files();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_training_that_was_killed_resumes_to_the_same_network() {
    let folder = Folder::new();
    let (whole, resumed) = (folder.path("whole.json"), folder.path("resumed.json"));
    let checkpoint = folder.path("checkpoint");
    let arguments = [
        HARD, "--bits", "12", "--gates", "80", "--work", "1500000", "-o",
    ];
    done(&[&["train"], &arguments[..], &[&whole]].concat());
    let mut child = endless(&[&arguments[..], &[&resumed]].concat(), &checkpoint);
    child.kill().unwrap();
    child.wait().unwrap();
    done(&["train", "--resume", &checkpoint, "-o", &resumed]);
    assert!(fs::read(&whole).unwrap() == fs::read(&resumed).unwrap());
    // Nothing is left to do.
    done(&["train", "--resume", &checkpoint, "-o", &resumed]);
    assert!(fs::read(&whole).unwrap() == fs::read(&resumed).unwrap());
}

#[test]
fn what_cannot_be_learned_has_a_reason() {
    let folder = Folder::new();
    let out = folder.path("out.json");
    let file = |name: &str, content: &[u8]| {
        let path = folder.path(name);
        fs::write(&path, content).unwrap();
        path
    };
    let noise = file("noise.wav", b"no RIFF at all");
    let checkpoint = file("checkpoint", b"{}\nx");
    let silent = folder.path("silent.wav");
    let spec = WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut writer = WavWriter::create(&silent, spec).unwrap();
    (0..999).for_each(|_| writer.write_sample(7i16).unwrap());
    writer.finalize().unwrap();
    let net = asset("pebbles");
    let other = folder.path("other.json");
    done(&["compile", "t", "--bits", "9", "-o", &other]);
    for (code, arguments, reason) in [
        (1, &[&*noise][..], "not a WAV file"),
        (1, &["missing.wav"], "no such file"),
        (1, &[&silent], "the sound is silent"),
        (2, &["t+", "--bits", "9"], "no such file, and no expression"),
        (2, &["in+t"], "is of t, with one channel"),
        (2, &["t", "--bits", "40"], "1 to 20"),
        (2, &["t", "--gates", "5,6"], "--sweep"),
        (2, &["t", "--gates", "0"], "0 is not in 1..=65536"),
        (
            2,
            &["t", "--seconds", "1", "--work", "9"],
            "cannot be used with",
        ),
        (2, &["t", "--plot", "x.gif"], ".png or .svg"),
        (1, &[&net, "--from", &other], "15 bits of t, not 9"),
        (
            1,
            &["t", "--from", &other, "--bits", "8"],
            "other bits of t",
        ),
        (
            2,
            &["t", "--from", &other, "--freeze", "3"],
            "node 3 is no gate",
        ),
        (
            2,
            &["t", "--from", &other, "--freeze", "9-"],
            "write nodes and ranges",
        ),
        (1, &["--resume", &checkpoint], "no checkpoint"),
        (1, &["--resume", "missing"], "No such file"),
        (
            1,
            &["t*5^t>>3", "--method", "exact", "--gates", "2"],
            "more than 2",
        ),
    ] {
        let line = refused(code, &[&["train", "-o", &out], arguments].concat());
        assert!(line.contains(reason), "{arguments:?}: {line}");
        assert!(!Path::new(&out).exists());
    }
    refused(2, &["train", "t"]);
    #[cfg(not(feature = "sound-card"))]
    {
        let line = refused(1, &["train", "t", "--listen", "-o", &out]);
        assert!(line.contains("built without a sound card"), "{line}");
    }
}
