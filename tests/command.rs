//! The program as scripts use it: spellings, exit codes, bytes and errors.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use logicnet::Network;
use logicnet::random::Ops;
use sha2::{Digest, Sha256};

mod program;

use program::{DATA, Folder, asset, done, gatebend, refused};

fn formula(t: u32) -> u8 {
    (t * (0b10_1010 & t >> 10)) as u8
}

#[test]
fn raw_samples_are_the_expression_from_any_time() {
    let folder = Folder::new();
    let (json, raw) = (folder.path("a.json"), folder.path("a.u8"));
    done(&["compile", "t*(42&t>>10)", "--bits", "14", "-o", &json]);
    done(&["render", &json, "-o", &raw]);
    let expected: Vec<u8> = (0..1 << 14).map(formula).collect();
    assert!(fs::read(&raw).unwrap() == expected);

    let stretch = done(&[
        "render", &json, "-o", "-", "--from", "16000", "--count", "70000",
    ]);
    let expected: Vec<u8> = (16_000..86_000).map(|t| formula(t % (1 << 14))).collect();
    assert!(stretch == expected);
    assert_eq!(done(&["render", &json, "-o", "-", "--count", "0"]), b"");
}

#[test]
fn an_expression_may_begin_with_a_minus() {
    let folder = Folder::new();
    let json = folder.path("a.json");
    for expression in ["-t>>4", "-t", "--t%3", "-(t&t>>8)", "-1-t"] {
        for arguments in [
            ["compile", expression, "--bits", "8", "-o", &json],
            ["compile", "-o", &json, "--bits", "8", expression],
        ] {
            done(&arguments);
            let network = Network::from_json(&fs::read_to_string(&json).unwrap()).unwrap();
            assert_eq!(network.source(), Some(expression));
        }
    }
    assert!(refused(2, &["compile", "t", "--bit", "8"]).contains("--bit"));
}

/// Runs `play.sh` with a `cargo` that builds nothing, and returns what it runs.
#[cfg(unix)]
fn play_sh(argument: &str) -> (String, bool) {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let root = env!("CARGO_MANIFEST_DIR");
    fs::copy(format!("{root}/play.sh"), folder.path("play.sh")).unwrap();
    fs::create_dir_all(folder.path("target/play")).unwrap();
    for (name, script) in [
        ("cargo", "#!/bin/sh\n"),
        (
            "target/play/gatebend",
            "#!/bin/sh\nprintf '%s|' \"$@\"\necho\n",
        ),
    ] {
        fs::write(folder.path(name), script).unwrap();
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(name), executable).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    let output = Command::new(folder.path("play.sh"))
        .args(["--page", argument])
        .env("PATH", format!("{}:{path}", folder.path("")))
        .env_remove("CARGO_TARGET_DIR")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (text, output.status.success())
}

#[cfg(unix)]
#[test]
fn play_sh_takes_an_expression_that_begins_with_a_minus() {
    for expression in ["-t>>4", "--t%9", "-(t&t>>8)"] {
        let (commands, success) = play_sh(expression);
        let compile = format!("compile|{expression}|-o|out/expression.json|");
        assert!(success && commands.starts_with(&compile), "{commands}");
    }
    assert_eq!(play_sh("--tuor"), (String::new(), false));
}

#[test]
fn compile_takes_a_rate_and_bits_from_the_period() {
    let folder = Folder::new();
    let json = folder.path("a.json");
    let run = |arguments: &[&str]| {
        let output = gatebend(&[&["compile", "-o", &json], arguments].concat());
        assert!(output.status.success(), "{arguments:?}");
        let network = Network::from_json(&fs::read_to_string(&json).unwrap()).unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        (network.counter_bits(), network.sample_rate(), text)
    };
    let (bits, rate, text) = run(&["t&t>>8", "--rate", "44100"]);
    assert_eq!(
        (bits, rate, text.lines().count()),
        (16, 44_100, 1),
        "{text}"
    );
    let (bits, rate, text) = run(&["t>>10", "--rate", "11025", "--bits", "11"]);
    assert_eq!((bits, rate), (11, 11_025));
    assert_eq!(
        text,
        "1 gate for 11 bits of t, exact at every t (2048 times)\n\
         the loop is 2048 samples (0.19 s) long; the expression goes on differently from \
         2048 samples (0.19 s) and repeats after 262144 samples (23.78 s)\n"
    );
    let (bits, _, text) = run(&["t>>16", "--bits", "16"]);
    assert_eq!(bits, 16);
    assert!(text.contains("silence: the sample is 0"), "{text}");
    let (_, _, text) = run(&["t+t/3*2"]);
    assert!(
        text.contains("\ncolumn 4: / drops the fraction, as in C"),
        "{text}"
    );
    assert!(refused(2, &["compile", "t", "--rate", "0"]).contains("768000"));
}

#[test]
fn compiled_tables_are_the_samples_of_the_file() {
    let folder = Folder::new();
    let (raw, wav_file, json) = (
        folder.path("a.u8"),
        folder.path("a.WAV"),
        folder.path("a.json"),
    );
    let out = folder.path("out.wav");
    let samples: Vec<u8> = (0..1 << 10).map(|t: u32| ((t * t) >> 5) as u8).collect();
    fs::write(&raw, &samples).unwrap();

    done(&["compile", "--table", &raw, "-o", &json]);
    done(&["render", &json, "-o", &out]);
    assert_eq!(wav(&out), (8000, samples.clone()));

    // The rate is the WAV file's, unless another is given.
    done(&["compile", "--table", &raw, "--rate", "11025", "-o", &json]);
    done(&["render", &json, "-o", &wav_file]);
    let network = |more: &[&str]| {
        done(&[&["compile", "--table", &wav_file, "-o", &json], more].concat());
        Network::from_json(&fs::read_to_string(&json).unwrap()).unwrap()
    };
    assert_eq!(network(&[]).sample_rate(), 11_025);
    done(&["render", &json, "-o", &out]);
    assert_eq!(wav(&out), wav(&wav_file));
    let small = network(&["--sample-bits", "3", "--rate", "22050", "--name", "Three"]);
    assert_eq!((small.sample_rate(), small.name()), (22_050, "Three"));
    assert_eq!(small.output_encoding().sample_bits(), 3);

    fs::write(&raw, &samples[..1000]).unwrap();
    let error = refused(1, &["compile", "--table", &raw]);
    assert!(
        error.contains("cut it to 512 or fill it up to 1024"),
        "{error}"
    );
    fs::write(&raw, vec![0; (1 << 20) + 1]).unwrap();
    let error = refused(1, &["compile", "--table", &raw]);
    assert!(error.contains("at most 1048576"), "{error}");
    let error = refused(2, &["compile", "--table", "a.mp3"]);
    assert!(error.contains(".u8"), "{error}");
    let error = refused(2, &["compile", "--table", &wav_file, "--sample-bits", "9"]);
    assert!(error.contains("1 to 8"), "{error}");
    for more in [
        &["t"][..],
        &["--bits", "9"],
        &["--control", "c:4"],
        &["--audio-bits", "4"],
    ] {
        let output = gatebend(&[&["compile", "--table", &wav_file], more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?}");
    }
}

#[test]
fn tables_of_other_wav_files_are_refused_with_a_remedy() {
    let folder = Folder::new();
    let path = folder.path("a.wav");
    let write = |channels, bits_per_sample, sample_format| {
        let spec = hound::WavSpec {
            channels,
            sample_rate: 8000,
            bits_per_sample,
            sample_format,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for _ in 0..64 * channels {
            match sample_format {
                hound::SampleFormat::Int => writer.write_sample(1).unwrap(),
                hound::SampleFormat::Float => writer.write_sample(0.5f32).unwrap(),
            }
        }
        writer.finalize().unwrap();
        refused(1, &["compile", "--table", &path])
    };
    for (error, what) in [
        (write(2, 16, hound::SampleFormat::Int), "2 channels"),
        (write(1, 24, hound::SampleFormat::Int), "24 bits"),
        (write(1, 32, hound::SampleFormat::Float), "floating point"),
    ] {
        assert!(
            error.contains(what) && error.contains("gatebend train"),
            "{error}"
        );
    }
    fs::write(&path, b"RIFF").unwrap();
    assert!(refused(1, &["compile", "--table", &path]).contains("not a WAV file"));
}

/// Returns the rate and the samples of a mono 8-bit WAV file, read without a library.
fn wav(path: &str) -> (u32, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(
        (&bytes[..4], &bytes[8..16], &bytes[36..40]),
        (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..])
    );
    assert_eq!(number(4) as usize, bytes.len() - 8);
    assert_eq!(bytes[20..24], [1, 0, 1, 0], "PCM, mono");
    assert_eq!(bytes[32..36], [1, 0, 8, 0], "one byte per sample");
    let length = number(40) as usize;
    (number(24), bytes[44..44 + length].to_vec())
}

#[test]
fn wav_files_hold_the_same_samples() {
    let folder = Folder::new();
    let out = folder.path("a.wav");
    done(&["render", &asset("forty-two"), "-o", &out]);
    assert_eq!(wav(&out), (8000, (0..1 << 14).map(formula).collect()));

    done(&[
        "render",
        &asset("forty-two"),
        "-o",
        &out,
        "--rate",
        "44100",
        "--count",
        "8000",
    ]);
    let held = (0..44_100u32).map(|i| formula(i * 80 / 441)).collect();
    assert_eq!(wav(&out), (44_100, held));
    assert_eq!(folder.files().len(), 1, "no temporary file is left");
}

/// SHA-256 of the WAV files of the factory networks, one period each, as made by `gatebend
/// render FILE` and sha256sum. A different hash is a different sound.
const GOLDEN: &str = include_str!("golden/wav.sha256");

#[test]
fn factory_networks_sound_unchanged() {
    let folder = Folder::new();
    let mut names = Vec::new();
    for line in GOLDEN.lines() {
        let (hash, name) = line.split_once("  ").unwrap();
        let name = name.strip_suffix(".wav").unwrap();
        let out = folder.path("golden.wav");
        done(&["render", &asset(name), "-o", &out]);
        let now = format!("{:x}", Sha256::digest(fs::read(&out).unwrap()));
        assert_eq!(now, hash, "{name}");
        names.push(format!("{name}.json"));
    }
    let shipped = fs::read_dir(Path::new(&asset("x")).parent().unwrap()).unwrap();
    for entry in shipped.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        assert!(
            names.contains(&entry) || !entry.contains(".json"),
            "{entry} has no golden hash"
        );
    }
}

#[test]
fn the_same_seed_is_the_same_network_everywhere() {
    let arguments = [
        "random", "--inputs", "15", "--layers", "4x96", "--seed", "43",
    ];
    let network = String::from_utf8(done(&arguments)).unwrap();
    let shipped = fs::read_to_string(asset("night-train")).unwrap();
    let layers = |text: &str| text[text.find("\"layers\"").unwrap()..].to_string();
    assert_eq!(layers(&network), layers(&shipped));
}

#[test]
fn masks_bend_the_sound_and_not_the_file() {
    let folder = Folder::new();
    let (json, raw) = (folder.path("a.json"), folder.path("a.u8"));
    done(&["compile", "t", "--bits", "8", "-o", &json]);
    let before = fs::read(&json).unwrap();
    done(&[
        "render", &json, "-o", &raw, "--mask", "0=1", "--mask", "7=0",
    ]);
    let expected: Vec<u8> = (0..=255).map(|t| (t | 1) & 127).collect();
    assert_eq!(fs::read(&raw).unwrap(), expected);
    assert_eq!(fs::read(&json).unwrap(), before);
    done(&["render", &json, "-o", &raw, "--mask", "0=invert"]);
    assert_eq!(fs::read(&raw).unwrap()[..4], [1, 0, 3, 2]);
}

#[test]
fn simplify_and_prove_agree() {
    let folder = Folder::new();
    let (a, b, c) = (
        folder.path("a.json"),
        folder.path("b.json"),
        folder.path("c.json"),
    );
    done(&[
        "random",
        "--inputs",
        "12",
        "--layers",
        "100,50,20,8",
        "--seed",
        "5",
        "-o",
        &a,
    ]);
    done(&["simplify", &a, "-o", &b]);
    assert_eq!(done(&["prove", &a, &b]), b"equal at all 4096 times\n");
    done(&[
        "random", "--inputs", "12", "--layers", "3x30", "--seed", "6", "-o", &c,
    ]);
    let output = gatebend(&["prove", &a, &c]);
    assert_eq!(output.status.code(), Some(1));
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.starts_with("different: at t = "), "{answer}");
}

#[test]
fn info_and_bench_speak_json() {
    let info: serde_json::Value =
        serde_json::from_slice(&done(&["info", &asset("trained-forty-two"), "--json"])).unwrap();
    assert_eq!(info["gates"], 2552);
    assert_eq!(info["live_gates"], 295);
    assert_eq!(info["period"], 16_384);
    assert_eq!(info["outputs"], 8);
    let counts: u64 = info["operations"]
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(counts, 2552);
    assert!(info["ratio"].as_f64().unwrap() > 0.0);
    let text = String::from_utf8(done(&["info", &asset("sierpinski")])).unwrap();
    assert!(
        text.contains("t&t>>8") && text.contains("8 live") && text.contains("8.19 s"),
        "{text}"
    );

    let bench: serde_json::Value =
        serde_json::from_slice(&done(&["bench", &asset("sierpinski"), "--json"])).unwrap();
    assert_eq!(
        (&bench["gates"], &bench["live_gates"]),
        (&8.into(), &8.into())
    );
    let lanes: Vec<_> = bench["widths"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["lanes"].as_u64().unwrap())
        .collect();
    assert_eq!(lanes, [32, 64, 128, 256, 512]);
    for width in bench["widths"].as_array().unwrap() {
        let (min, median) = (
            width["ns_min"].as_f64().unwrap(),
            width["ns_median"].as_f64().unwrap(),
        );
        assert!(min > 0.0 && median >= min);
    }
}

#[test]
fn exports_are_written() {
    let folder = Folder::new();
    for (language, name, text) in [
        ("c", "tune.h", "tune_evaluate"),
        ("faust", "tune.dsp", "process = levels(time);"),
        ("dot", "tune.dot", "digraph"),
    ] {
        let file = folder.path(name);
        done(&["export", &asset("forty-two"), "--to", language, "-o", &file]);
        assert!(
            fs::read_to_string(file).unwrap().contains(text),
            "{language}"
        );
    }
}

/// Compares the readable listing of each factory network with the uploaded code.
#[test]
fn exported_pru_programs_assemble_to_the_uploaded_code() {
    let folder = Folder::new();
    let listing = folder.path("x.p");
    let mut fitted = 0;
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/networks");
    for entry in fs::read_dir(assets).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let network = Network::from_json(&fs::read_to_string(&file).unwrap()).unwrap();
        let file = file.to_str().unwrap();
        let arguments = ["export", file, "--to", "pru", "-o", &listing];
        match pru_codegen::compile(&network, network.masks()) {
            Ok(code) => {
                done(&arguments);
                let text = fs::read_to_string(&listing).unwrap();
                assert!(text.contains("// bit 7 of the samples"), "{file}");
                let words = pru_isa::assemble(&text).unwrap().words;
                assert_eq!(words, code.words(0), "{file}");
                fitted += 1;
            }
            Err(error) => assert!(refused(1, &arguments).contains(&error.to_string())),
        }
    }
    assert!(fitted > 10, "only {fitted} fit");
}

#[test]
fn a_network_too_large_for_the_pru_is_refused_with_its_count() {
    let folder = Folder::new();
    let (large, listing) = (folder.path("large.json"), folder.path("x.p"));
    let network = Network::random(16, &[128; 20], Ops::XorRich, 1).unwrap();
    fs::write(&large, network.to_json()).unwrap();
    let line = refused(1, &["export", &large, "--to", "pru", "-o", &listing]);
    let count = line
        .split_once(" instructions, and there is room for 2048;")
        .and_then(|(before, _)| before.rsplit(' ').next()?.parse::<usize>().ok());
    assert!(count.is_some_and(|count| count > 2048), "{line}");
    assert!(line.contains("large.json: too large for the PRU"), "{line}");
    assert_eq!(folder.files().len(), 1);
}

#[test]
fn networks_are_read_from_pipes() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatebend"))
        .args(["render", "-", "-o", "-", "--count", "4"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(&fs::read(asset("lemmings")).unwrap())
        .unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout.len(), 4);
}

#[test]
fn bad_usage_is_2_with_one_line() {
    let net = asset("forty-two");
    for (arguments, words) in [
        (&["render"][..], "NETWORK"),
        (&["dance"], "dance"),
        (&["render", &net, "-o", "x.mp3"], ".wav, .raw or .u8"),
        (
            &["render", &net, "-o", "-", "--rate", "44100"],
            "--rate is for .wav",
        ),
        (&["render", &net, "-o", "-", "--mask", "5"], "NODE=0"),
        (&["render", &net, "-o", "-", "--mask", "5=2"], "NODE=0"),
        (
            &["render", &net, "-o", "-", "--mask", "999=1"],
            "no such node",
        ),
        (&["render", &net, "-o", "-", "--mask", "3=op:1"], "input"),
        (&["render", &net, "--rate", "0"], "rate"),
        (
            &[
                "render",
                &net,
                "-o",
                "x.wav",
                "--count",
                "9223372036854775808",
                "--rate",
                "768000",
            ],
            "do not fit in a WAV",
        ),
        (
            &["render", &net, "-o", "x.wav", "--count", "99999999999"],
            "do not fit in a WAV",
        ),
        (&["render", "-"], "-o OUT.wav"),
        (&["compile", "t+", "--bits", "8"], "column 3"),
        (&["compile", "t", "--bits", "25"], "1..24"),
        (
            &["random", "--inputs", "99", "--layers", "2x8", "--seed", "1"],
            "1..24",
        ),
        (
            &["random", "--inputs", "9", "--layers", "2x7", "--seed", "1"],
            "at least 8",
        ),
        (
            &["random", "--inputs", "9", "--layers", "two", "--seed", "1"],
            "LxW",
        ),
        (
            &[
                "random", "--inputs", "9", "--layers", "8,0,8", "--seed", "1",
            ],
            "layers[1]",
        ),
        (
            &[
                "random", "--inputs", "9", "--layers", "99x9999", "--seed", "1",
            ],
            "65536",
        ),
        (&["export", &net, "--to", "cobol", "-o", "-"], "cobol"),
    ] {
        let line = refused(2, arguments);
        assert!(
            line.contains(words) && line.starts_with("gatebend: "),
            "{arguments:?}: {line}"
        );
    }
}

#[test]
fn failures_are_1_and_name_file_place_and_remedy() {
    let folder = Folder::new();
    let bad = folder.path("bad.json");
    let text = fs::read_to_string(asset("sierpinski")).unwrap();
    fs::write(&bad, text.replacen("[1,0,8]", "[1,0,99]", 1)).unwrap();
    let line = refused(1, &["info", &bad]);
    assert!(
        line.contains("bad.json: layers[0].gates[0][2]: gate 16 reads node 99"),
        "{line}"
    );

    assert!(refused(1, &["info", "nowhere.json"]).contains("nowhere.json: no such file"));
    let binary = folder.path("noise.json");
    fs::write(&binary, [0xff; 100]).unwrap();
    assert!(refused(1, &["info", &binary]).contains("noise.json: not text"));
    let nowhere = folder.path("no/such/folder.wav");
    assert!(refused(1, &["render", &asset("sierpinski"), "-o", &nowhere]).contains("folder exist"));
    let huge = "t*t*t%(t*t+1)/(t|1)%(t*7+3)*(t/(t>>3))/(t%77+t/5)%(t*t+9)/(t%13+1)%(t*5+t/3)*(t%(t+9))/(t+7)";
    let line = refused(
        1,
        &["compile", &format!("({huge})/({huge}|t/3)"), "--bits", "24"],
    );
    assert!(line.contains("at most 65536; fewer bits"), "{line}");
}

/// A file that cannot be replaced stays unchanged.
#[test]
fn a_failed_command_leaves_the_old_file() {
    let folder = Folder::new();
    let out = folder.path("keep.json");
    fs::write(&out, "precious").unwrap();
    refused(1, &["simplify", "nowhere.json", "-o", &out]);
    assert_eq!(fs::read_to_string(&out).unwrap(), "precious");
    done(&["simplify", &asset("forty-two"), "-o", &out]);
    assert!(fs::read_to_string(&out).unwrap().starts_with('{'));
    assert_eq!(folder.files().len(), 1);
}

/// If the answer cannot be written, the exit code still gives it, without a panic.
#[test]
fn full_pipes_do_not_change_exit_codes() {
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let folder = Folder::new();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatebend"));
        command
            .args(arguments)
            .stdout(full())
            .stderr(full())
            .status()
            .unwrap()
            .code()
    };
    if !Path::new("/dev/full").exists() {
        return; // a device of Linux
    }
    let (a, b) = (asset("sierpinski"), asset("forty-two"));
    assert_eq!(run(&["prove", &a, &b]), Some(1));
    assert_eq!(run(&["render", &a, "-o", &folder.path("a.wav")]), Some(0));
    assert_eq!(run(&["info", "nowhere.json"]), Some(1));
    assert_eq!(run(&["dance"]), Some(2));
    assert_eq!(run(&["info", &a]), Some(1));
}

/// Text from a file cannot break the line or steer the terminal.
#[test]
fn errors_stay_one_line_for_any_file() {
    let folder = Folder::new();
    let bad = folder.path("bad.json");
    for field in [
        r#""input_encoding": "a\nb\u001b[31m""#.to_string(),
        format!(
            r#""output_encoding": {{"type": "group-sum", "x{}": 1}}"#,
            "\\n".repeat(900)
        ),
        format!(r#""name": [{}1]"#, "1,".repeat(9000)),
    ] {
        let text = fs::read_to_string(asset("sierpinski")).unwrap();
        fs::write(
            &bad,
            text.replacen(r#""name": "minimal sierpinski""#, &field, 1),
        )
        .unwrap();
        let line = refused(1, &["info", &bad]);
        assert!(
            line.chars().count() < 600 && !line.contains('\u{1b}'),
            "{line}"
        );
    }
    assert!(refused(1, &["info", &folder.path("")]).contains("a folder"));
    refused(2, &["compile", "t\n+"]);
}

#[test]
fn a_read_only_file_is_left_alone() {
    let folder = Folder::new();
    let out = folder.path("keep.json");
    fs::write(&out, "precious").unwrap();
    let mut permissions = fs::metadata(&out).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&out, permissions).unwrap();
    assert!(refused(1, &["simplify", &asset("sierpinski"), "-o", &out]).contains("may you write"));
    assert_eq!(fs::read_to_string(&out).unwrap(), "precious");
}

#[test]
fn play_writes_the_floats_from_which_the_wav_file_is_rounded() {
    let folder = Folder::new();
    let [wav, floats] = ["a.wav", "a.f32"].map(|name| folder.path(name));
    for out in [&wav, &floats] {
        done(&["play", "--seconds", "1", "--wav", out]);
    }
    let rounded = hound::WavReader::open(&wav).unwrap().into_samples::<i16>();
    let floats = fs::read(&floats).unwrap();
    assert_eq!(floats.len(), 4 * 44_100);
    for (bytes, rounded) in floats.chunks_exact(4).zip(rounded) {
        let float = f32::from_le_bytes(bytes.try_into().unwrap());
        assert_eq!((float * 32_768.0).round() as i16, rounded.unwrap());
    }
    assert!(floats.iter().any(|byte| *byte != 0));
}

#[test]
fn play_writes_sound_samples_and_pictures() {
    let folder = Folder::new();
    let [wav, tap, oled] = ["a.wav", "tap.wav", "oled"].map(|name| folder.path(name));
    let script = folder.path("script.txt");
    fs::write(&script, "2 down 0.5 0.5\n2.5 up\n3 tap next\n").unwrap();
    done(&[
        "play",
        &asset("pebbles"),
        "--script",
        &script,
        "--wav",
        &wav,
        "--tap",
        &tap,
        "--oled",
        &oled,
        "--set",
        "speed=0.5",
        "--set",
        "bend=invert",
    ]);
    let reader = |path: &str| hound::WavReader::open(path).unwrap();
    assert_eq!(reader(&wav).spec().sample_rate, 44_100);
    assert_eq!(reader(&wav).len(), reader(&tap).len());
    // The script's length and one second more: 4.15 s.
    assert_eq!(reader(&wav).len(), 183_015);
    // Held 8-bit samples; until the first touch, those of the network's file.
    let samples: Vec<i16> = reader(&tap).samples().map(Result::unwrap).collect();
    let raw = done(&["render", &asset("pebbles"), "-o", "-", "--count", "7000"]);
    let first = samples.iter().position(|sample| *sample != 0).unwrap();
    let start = first - first % 16; // a callback's first frame
    for (i, sample) in samples[start..].iter().take(44_100).enumerate() {
        let expected = (i16::from(raw[i * 8000 / 2 / 44_100]) - 128) * 256;
        assert_eq!(*sample, expected, "frame {i}");
    }
    let pictures = fs::read_dir(&oled).unwrap().count();
    assert!(pictures > 20, "{pictures}");
    assert!(
        fs::read(Path::new(&oled).join("display.gif"))
            .unwrap()
            .starts_with(b"GIF89a")
    );
}

#[test]
fn play_saves_presets_in_a_folder() {
    let folder = Folder::new();
    let (script, presets) = (folder.path("script.txt"), folder.path("presets"));
    fs::write(&script, "0.5 set speed=-1\n1 bend 40 1\n1.1 keep evening\n").unwrap();
    done(&["play", "--fast", "--script", &script, "--presets", &presets]);
    let kept = Path::new(&presets).join("evening.json");
    let text = fs::read_to_string(&kept).unwrap();
    assert!(
        text.contains("\"speed\":-100") || text.contains("\"speed\": -100"),
        "{text}"
    );
    // A preset is a network file.
    done(&["info", kept.to_str().unwrap()]);
    // A damaged preset is named, and the others still load.
    fs::write(Path::new(&presets).join("broken.json"), "{").unwrap();
    fs::write(
        &script,
        "0.5 recall evening\n1 forget evening\n1.5 recall evening\n",
    )
    .unwrap();
    let output = gatebend(&["play", "--fast", "--script", &script, "--presets", &presets]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    assert!(
        errors.contains("preset left out") && errors.contains("broken.json"),
        "{errors}"
    );
    assert!(
        errors.contains("refused: no preset \"evening\""),
        "{errors}"
    );
    // A file that cannot be read is never overwritten.
    let broken = Path::new(&presets).join("preset 1.json");
    fs::write(&broken, "mine").unwrap();
    fs::write(&script, "0.5 keep\n1 keep preset 1\n").unwrap();
    gatebend(&["play", "--fast", "--script", &script, "--presets", &presets]);
    assert_eq!(fs::read_to_string(&broken).unwrap(), "mine");
    assert!(Path::new(&presets).join("preset 2.json").exists());
    assert!(!kept.exists());
}

#[test]
fn play_continues_from_the_saved_state() {
    let folder = Folder::new();
    let (script, state) = (folder.path("script.txt"), folder.path("state"));
    let play = |text: &str, arguments: &[&str]| {
        fs::write(&script, text).unwrap();
        let mut all = vec!["play", "--fast", "--script", &script, "--state", &state];
        all.extend(arguments);
        let output = gatebend(&all);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let read = |name: &str| fs::read_to_string(Path::new(&state).join(name)).unwrap();
    play(
        "0.5 next\n1 bend 40 1\n1.1 set volume=-20\n1.2 keep one\n",
        &[],
    );
    let first = read("state.json");
    assert!(first.contains("\"volume\":-20") && first.contains("\"bends\": [40]"));
    assert!(read("presets/one.json").contains("\"bends\": [40]"));
    // A state is a network file.
    let kept = Path::new(&state).join("state.json");
    done(&["info", kept.to_str().unwrap()]);
    // A start alone changes nothing.
    play("0.1 page menu\n", &[]);
    assert_eq!(read("state.json"), first);
    // The command line takes precedence.
    play("0.1 page menu\n", &["--set", "volume=-30"]);
    assert!(read("state.json").contains("\"volume\":-30"));
    let errors = play("0.1 recall none\n", &[&asset("pebbles")]);
    assert!(read("state.json").contains("\"bends\": []"));
    assert!(errors.contains("refused: no preset"), "{errors}");
    // Another network replaces the saved state, which becomes a preset.
    assert!(
        errors.contains("what was played is preset rescued"),
        "{errors}"
    );
    assert!(read("presets/rescued.json").contains("\"bends\": [40]"));
    // With the same network, the saved state continues.
    let pebbles = asset("pebbles");
    play("0.5 bend 40 1\n", &[&pebbles]);
    let bent = read("state.json");
    assert!(bent.contains("\"bends\": [40]"));
    play("0.1 page menu\n", &[&pebbles]);
    assert_eq!(read("state.json"), bent);
    assert!(!Path::new(&state).join("presets/rescued 2.json").exists());
    assert!(read("log.txt").contains(" info  refused: no preset"));
}

#[test]
fn the_log_of_simulated_time_has_simulated_seconds() {
    let folder = Folder::new();
    let (script, state) = (folder.path("script.txt"), folder.path("state"));
    fs::write(&script, "7.5 recall none\n").unwrap();
    done(&[
        "play",
        "--fast",
        "--script",
        &script,
        "--state",
        &state,
        "--seconds",
        "8",
    ]);
    let log = fs::read_to_string(Path::new(&state).join("log.txt")).unwrap();
    let refused = log.lines().find(|line| line.contains("refused: no preset"));
    let seconds = refused.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    assert!(seconds.is_some_and(|at| (7.4..7.7).contains(&at)), "{log}");
}

#[test]
fn endings_may_be_capitals() {
    let folder = Folder::new();
    let (net, small) = (asset("sierpinski"), folder.path("x.wav"));
    done(&["render", &net, "-o", &small]);
    let expected = fs::read(&small).unwrap();
    let name = |name: &str| folder.path(name);
    done(&["render", &net, "-o", &name("x.WAV")]);
    assert!(fs::read(name("x.WAV")).unwrap() == expected);
    done(&["render", &net, "-o", &name("x.U8"), "--count", "9"]);
    assert_eq!(fs::read(name("x.U8")).unwrap().len(), 9);
    let play = ["play", &net, "--seconds", "0.1", "--wav"];
    done(&[&play[..], &[&name("x.F32")]].concat());
    let frames = fs::read(name("x.F32")).unwrap();
    assert!(!frames.starts_with(b"RIFF") && frames.len() % 4 == 0);
    fs::write(name("b.TOML"), "like = \"desk\"\n").unwrap();
    done(&[
        "play",
        "--board",
        &name("b.TOML"),
        "--fast",
        "--seconds",
        "0.1",
    ]);
}

#[test]
fn counts_have_a_singular() {
    let folder = Folder::new();
    let json = folder.path("a.json");
    let output = gatebend(&["compile", "t>>1", "--bits", "1", "-o", &json]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("1 gate for 1 bit of t, exact at every t (2 times)\n"),
        "{text}"
    );
    let text = String::from_utf8(done(&["info", &json])).unwrap();
    assert!(text.contains("1 in 1 layer;"), "{text}");
    assert!(text.contains("depth       1 gate\n"), "{text}");
}

/// Returns the number of failed starts in a row that a state folder records.
fn unsteady(state: &str) -> u64 {
    let Ok(text) = fs::read_to_string(Path::new(state).join("starts.json")) else {
        // No start has counted.
        return 0;
    };
    let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let from = body.join("\n");
    let (_, count) = from.split_once("\"unsteady\":").unwrap();
    let digits: String = count.chars().filter(char::is_ascii_digit).take(1).collect();
    digits.parse().unwrap()
}

#[test]
fn runs_that_cannot_write_their_files_do_not_count_as_failed_starts() {
    let folder = Folder::new();
    let (script, state) = (folder.path("script.txt"), folder.path("state"));
    fs::write(&script, "0.5 bend 40 1\n").unwrap();
    let play = ["play", "--seconds", "2", "--state", &state];
    let with = |more: &[&str]| gatebend(&[&play, more].concat());
    assert!(with(&["--fast", "--script", &script]).status.success());
    let (nowhere, big) = (folder.path("no/such/x.wav"), folder.path("big.json"));
    let network = Network::random(16, &[1024; 12], Ops::XorRich, 1).unwrap();
    fs::write(&big, network.to_json()).unwrap();
    for _ in 0..2 {
        // One fails after playing; the others, with a file for a folder and a bad option, before.
        for refused in [
            &["--wav", &nowhere][..],
            &["--oled", &script],
            &["--wav", "-", "--tap", "-"],
        ] {
            assert!(!with(refused).status.success());
        }
        // The first network is too slow.
        let fast = ["--fast", "--set", "rate=96000", "--set", "speed=4", &big];
        assert!(!with(&fast).status.success());
    }
    assert!(with(&["--fast"]).status.success());
    let kept = fs::read_to_string(Path::new(&state).join("state.json")).unwrap();
    assert!(kept.contains("\"bends\": [40]"), "{kept}");
    assert!(!Path::new(&state).join("presets/rescued.json").exists());
    assert_eq!(unsteady(&state), 0);
}

#[test]
fn a_start_is_steady_after_ten_seconds() {
    let folder = Folder::new();
    let state = folder.path("state");
    fs::create_dir(&state).unwrap();
    fs::write(Path::new(&state).join("starts.json"), "{\"unsteady\": 1}").unwrap();
    for (seconds, count) in [("9.5", 1), ("10", 0)] {
        done(&["play", "--fast", "--seconds", seconds, "--state", &state]);
        assert_eq!(unsteady(&state), count, "{seconds}");
    }
}

#[test]
fn play_writes_a_wav_file_to_standard_output() {
    let wav = done(&["play", "--seconds", "0.1", "--wav", "-"]);
    let reader = hound::WavReader::new(&wav[..]).unwrap();
    assert_eq!(reader.len(), 4410);
    refused(2, &["play", "--wav", "-", "--tap", "-"]);
    let problem = refused(1, &["play", "--fast", "--script", "nowhere.txt"]);
    assert!(
        problem.contains("no such file") && !problem.contains("network"),
        "{problem}"
    );
}

#[test]
fn play_refuses_impossible_requests_in_one_line() {
    let folder = Folder::new();
    let script = folder.path("script.txt");
    fs::write(&script, "1 down 0.5 0.5\n2 jump\n").unwrap();
    let problem = refused(1, &["play", "--fast", "--script", &script]);
    assert!(
        problem.contains("script.txt: line 2: \"jump\""),
        "{problem}"
    );
    let problem = refused(2, &["play", "--fast", "--set", "speed=9"]);
    assert!(problem.contains("-4.00 to 4.00"), "{problem}");
    refused(1, &["play", "--fast", "nowhere.json"]);
    refused(2, &["play", "--fast", "--seconds", "-1"]);
    refused(2, &["play", "--board", "moon"]);
    let problem = refused(
        1,
        &["play", "--fast", "--seconds", "0.1", "--oled", &script],
    );
    assert!(problem.contains("script.txt"), "{problem}");
    let big = folder.path("big.json");
    done(&[
        "random", "--inputs", "16", "--layers", "12x1024", "--seed", "1", "--ops", "xor-rich",
        "-o", &big,
    ]);
    let problem = refused(
        1,
        &[
            "play",
            "--fast",
            "--set",
            "rate=96000",
            "--set",
            "speed=4",
            &big,
        ],
    );
    assert!(problem.contains("too slow here"), "{problem}");
}

#[test]
fn play_in_real_time_ends_on_quit() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatebend"));
    let mut child = command
        .args(["play", "--silent", "--state", "none"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Commands as a player types them, and an unknown one.
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(b"next\nset speed=-1\ndance\nquit\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.starts_with("\"dance\" is not a command"), "{errors}");
}

/// Sends Ctrl-C right after a change.
#[cfg(unix)]
#[test]
fn a_signal_ends_play_in_real_time_and_saves_changes() {
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::new();
        let state = folder.path("state");
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatebend"));
        let mut child = command
            .args(["play", "--silent", "--no-web", "--state", &state])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"bend 40 1\ndance\n").unwrap();
        // The answer to the second line: the first command was sent before.
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        let says = |line: &String| line.starts_with("\"dance\" is not a command");
        assert!(errors.by_ref().map(Result::unwrap).any(|line| says(&line)));
        let pid = child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
        assert!(child.wait().unwrap().success(), "{signal}");
        drop(stdin);
        let kept = fs::read_to_string(Path::new(&state).join("state.json")).unwrap();
        assert!(kept.contains("\"bends\": [40]"), "{kept}");
        assert_eq!(unsteady(&state), 0);
    }
}

#[test]
fn two_killed_starts_lead_to_a_safe_start() {
    let folder = Folder::new();
    let data = folder.path("data");
    let mut first = Typed::start(&data, &["--state", &data]);
    first.answer("next\nbend 40 1\ndance", UNKNOWN);
    first.quit();
    let counts = || fs::read_to_string(Path::new(&data).join("starts.json")).unwrap_or_default();
    for count in [1, 2] {
        let mut killed = Typed::start(&data, &["--state", &data]);
        let expected = format!("\"unsteady\": {count},\n  \"reading\": false");
        while !counts().contains(&expected) {
            std::thread::yield_now();
        }
        killed.child.kill().unwrap();
        killed.child.wait().unwrap();
    }
    let rescued = Path::new(&data).join("presets/rescued.json");
    assert!(!rescued.exists());
    let mut safe = Typed::start(&data, &["--state", &data]);
    safe.answer("dance", UNKNOWN);
    safe.quit();
    let rescued = fs::read_to_string(rescued).unwrap();
    assert!(rescued.contains("\"bends\": [40]"), "{rescued}");
}

#[test]
fn two_starts_that_are_killed_while_they_read_lead_to_one_that_reads_nothing() {
    let folder = Folder::new();
    let data = folder.path("data");
    let presets = Path::new(&data).join("presets");
    fs::create_dir_all(&presets).unwrap();
    // Reading them takes a while.
    let network = Network::random(16, &[4096; 16], Ops::XorRich, 1).unwrap();
    for n in 0..40 {
        fs::write(presets.join(format!("p {n}.json")), network.to_json()).unwrap();
    }
    let state = Path::new(&data).join("state.json");
    fs::copy(asset("pebbles"), &state).unwrap();
    let starts = Path::new(&data).join("starts.json");
    let counts = || fs::read_to_string(&starts).unwrap_or_default();
    for count in [1, 2] {
        let expected = format!("\"unsteady\": {count},\n  \"reading\": true");
        let before = counts();
        while !counts().contains(&expected) {
            // An earlier attempt was killed too late.
            fs::write(&starts, &before).unwrap();
            let mut killed = Typed::start(&data, &["--state", &data]);
            while !counts().contains("\"reading\": true") || counts() == before {
                std::thread::yield_now();
            }
            killed.child.kill().unwrap();
            killed.child.wait().unwrap();
        }
    }
    let mut safe = Typed::start(&data, &["--state", &data]);
    safe.answer("recall p 1", "no preset \"p 1\"");
    safe.quit();
    let aside = Path::new(&data).join("state.aside.json");
    assert!(fs::read_to_string(aside).unwrap().contains("pebbles"));
    assert!(presets.join("p 1.json").exists());
}

#[test]
fn one_folder_is_never_used_for_both_states_and_presets() {
    let folder = Folder::new();
    let (a, b) = (folder.path("a"), folder.path("b"));
    let play = |state: &str, presets: &str| {
        let arguments = ["play", "--fast", "--seconds", "0.1"];
        gatebend(&[&arguments[..], &["--state", state, "--presets", presets]].concat())
    };
    for (state, presets) in [(&a, &a), (&b, &a)] {
        let output = play(state, presets);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains("cannot hold both"), "{errors}");
    }
    assert!(play(&b, &folder.path("c")).status.success());
    assert_eq!(play(&folder.path("c"), &a).status.code(), Some(2));
}

#[test]
fn two_programs_never_save_presets_in_one_folder() {
    let folder = Folder::new();
    let (a, b, presets) = (folder.path("a"), folder.path("b"), folder.path("presets"));
    let mut first = Typed::start(&a, &["--state", &a, "--presets", &presets]);
    first.answer("dance", UNKNOWN);
    let mut second = Typed::start(&b, &["--state", &b, "--presets", &presets]);
    let problem = format!("(process {}) saves in {presets}", first.child.id());
    second.answer("save dawn\ndance", &problem);
    second.answer("", UNKNOWN);
    second.quit();
    first.quit();
    assert!(!Path::new(&presets).join("dawn.json").exists());
}

/// Returns the largest resident memory of a process so far in kB.
#[cfg(target_os = "linux")]
fn most_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.unwrap().parse().unwrap()
}

/// Feeds lines without an end, as `yes` does.
#[cfg(target_os = "linux")]
#[test]
fn endless_commands_fill_no_memory_and_do_not_delay_the_end() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatebend"))
        .args(["play", "--silent", "--no-web", "--state", "none"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = "next\nundo\nrandom\n".repeat(10_000);
    let mut stdin = child.stdin.take().unwrap();
    // Blocks while the program has enough lines.
    let (fed, some) = std::sync::mpsc::channel();
    let writer = std::thread::spawn(move || {
        for written in 0.. {
            if stdin.write_all(&lines.as_bytes()[..1600]).is_err() {
                return written;
            }
            let _ = fed.send(written);
        }
        0
    });
    // The pipe itself holds 64 kB.
    assert!(some.iter().any(|written| written > 100));
    let memory = most_memory(child.id());
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(sent.success());
    assert!(child.wait().unwrap().success());
    assert!(writer.join().unwrap() > 100);
    assert!(memory < 64_000, "{memory} kB");
}

#[cfg(unix)]
#[test]
fn an_endless_script_is_refused() {
    let words = refused(1, &["play", "--fast", "--script", "/dev/zero"]);
    assert!(words.contains("/dev/zero: too large"), "{words}");
    let folder = Folder::new();
    let long = folder.path("long.txt");
    fs::write(&long, "0 next\n".repeat(200_000)).unwrap();
    let words = refused(1, &["play", "--fast", "--script", &long]);
    assert!(
        words.contains("at most 1048576 bytes, and this one 1400000"),
        "{words}"
    );
}

/// A desk that a player plays by typing, with a data folder.
struct Typed {
    child: Child,
    errors: Lines<BufReader<ChildStderr>>,
}

impl Typed {
    fn start(data: &str, arguments: &[&str]) -> Typed {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatebend"));
        let mut child = command
            .args(["play", "--silent", "--no-web"])
            .args(arguments)
            .envs(DATA.map(|name| (name, data)))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap()).lines();
        Typed { child, errors }
    }

    /// Types a line, and reads messages up to the one that has this text.
    fn answer(&mut self, line: &str, expected: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut errors = self.errors.by_ref().map(Result::unwrap);
        assert!(errors.any(|error| error.contains(expected)), "{line}");
    }

    fn quit(mut self) {
        writeln!(self.child.stdin.as_mut().unwrap(), "quit").unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

/// The answer to a word that is no command.
const UNKNOWN: &str = "\"dance\" is not a command";

#[test]
fn a_desk_saves_in_the_data_folder_until_another_program_does() {
    let folder = Folder::new();
    let data = folder.path("data");
    let files = || {
        let mut found = Vec::new();
        let mut folders = vec![PathBuf::from(&data)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                let files = if path.is_dir() {
                    &mut folders
                } else {
                    &mut found
                };
                files.push(path);
            }
        }
        found
    };
    // Neither scripts nor simulated time read or write it, and --state none does not either.
    let script = folder.path("script.txt");
    fs::write(&script, "0.1 save dusk\n").unwrap();
    for arguments in [
        &["play", "--fast", "--seconds", "1"][..],
        &[
            "play",
            "--silent",
            "--no-web",
            "--seconds",
            "0.2",
            "--script",
            &script,
        ],
        &[
            "play",
            "--silent",
            "--no-web",
            "--seconds",
            "0.2",
            "--state",
            "none",
        ],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatebend"));
        let command = command.args(arguments).envs(DATA.map(|name| (name, &data)));
        assert!(
            command
                .stdin(Stdio::null())
                .output()
                .unwrap()
                .status
                .success()
        );
        assert_eq!(files(), Vec::<PathBuf>::new(), "{arguments:?}");
    }
    let preset = || {
        files()
            .into_iter()
            .find(|file| file.ends_with("presets/dusk.json"))
    };
    let mut first = Typed::start(&data, &[]);
    first.answer("save dusk\nbend 40 1\ndance", UNKNOWN);
    let mut second = Typed::start(&data, &[]);
    let problem = format!("(process {}) saves in", first.child.id());
    second.answer("save dawn\ndance", &problem);
    second.answer("", UNKNOWN);
    second.quit();
    // Killed, the first program leaves the preset and frees the folder.
    while preset().is_none() {
        std::thread::yield_now();
    }
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let mut third = Typed::start(&data, &[]);
    third.answer("recall dusk\ndelete dusk\nundelete\ndance", UNKNOWN);
    third.quit();
    assert!(preset().is_some());
    assert!(
        !files()
            .iter()
            .any(|file| file.ends_with("presets/dawn.json"))
    );
}

#[test]
fn the_page_is_served_at_the_given_address() {
    let addresses = ["127.0.0.1", "127.0.0.2"];
    let here = if cfg!(target_os = "linux") { 2 } else { 1 };
    for listen in &addresses[..here] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatebend"));
        let mut child = command
            .args(["play", "--silent", "--state", "none", "--port", "0"])
            .args(["--listen", listen])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        told.read_line(&mut line).unwrap();
        let page = line.strip_prefix("Page: http://").expect(&line);
        let host = page.trim_end().trim_end_matches('/');
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{listen}: {answer}");
        child.stdin.take().unwrap().write_all(b"quit\n").unwrap();
        assert!(child.wait().unwrap().success());
    }
}

/// Returns a model that another program wrote.
fn model(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/import/tests/data");
    format!("{folder}/{name}")
}

#[test]
fn networks_of_other_makers_are_imported() {
    let folder = Folder::new();
    let out = folder.path("a.json");
    let output = gatebend(&[
        "import",
        &model("difflogic.pt"),
        "-o",
        &out,
        "--rate",
        "16000",
    ]);
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "PyTorch file: 26 gates in 3 layers, 24 of them live; 6 bits of t; 8 outputs summed in 2 \
         groups\n"
    );
    let text = fs::read_to_string(&out).unwrap();
    let network = Network::from_json(&text).unwrap();
    assert_eq!(
        (network.name(), network.source()),
        ("difflogic", Some("difflogic.pt"))
    );
    assert_eq!(network.sample_rate(), 16_000);

    // The same circuit by two ways, of which one asks for the parametrization.
    let (light, circuit) = (
        model("torchlogix-warp.safetensors"),
        model("torchlogix-warp.json"),
    );
    let line = refused(1, &["import", &light, "-o", &out]);
    assert!(
        line.contains("give --parametrization light or warp"),
        "{line}"
    );
    assert_eq!(
        fs::read_to_string(&out).unwrap(),
        text,
        "kept after an error"
    );
    let other = folder.path("b.json");
    done(&[
        "import",
        &light,
        "--parametrization",
        "warp",
        "-o",
        &out,
        "--name",
        "warp",
    ]);
    done(&["import", &circuit, "--from", "circuit", "-o", &other]);
    done(&["prove", &out, &other]);
    assert!(refused(2, &["import", &light, "--encoding", "one-hot:13"]).contains("one-hot:D"));
    assert!(refused(1, &["import", &out]).contains("a network of Gatebend already"));

    // From standard input to standard output.
    let blif = folder.path("a.blif");
    fs::write(&blif, ".inputs a b\n.outputs y\n.names a b y\n10 1\n").unwrap();
    let output = program::command(&["import", "-"])
        .stdin(fs::File::open(&blif).unwrap())
        .output()
        .unwrap();
    let network = Network::from_json(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert_eq!((network.name(), network.source()), ("imported", None));
}
