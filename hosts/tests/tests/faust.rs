//! Exports to Faust, and the library for networks that are opened at run time: compiled by Faust
//! to C++, Rust and WebAssembly, and compared with the program's sound, frame by frame.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use gatebend_hosts::{
    Frame, Networks, Segment, assert_same, built, expected, gatebend, root, run, signal,
};

/// Targets of Faust, of which the last two are for browsers.
const TARGETS: [&str; 6] = ["c", "cpp", "rust", "interp", "wast", "wasm"];

/// Exports a network to a file of Faust.
fn export(network: &Path) -> PathBuf {
    let file = network.with_extension("dsp");
    let mut export = Command::new(gatebend());
    export
        .arg("export")
        .arg(network)
        .args(["--to", "faust", "-o"]);
    run(export.arg(&file));
    file
}

/// A program of Faust, compiled for a target.
enum Player {
    /// A program in C++.
    Cpp(PathBuf),
    /// A program in Rust.
    Rust(PathBuf),
    /// A module of WebAssembly.
    Wasm(PathBuf),
}

impl Player {
    /// Compiles a file of Faust to C++, for `faust/play.cpp`.
    fn cpp(file: &Path) -> Player {
        let program = file.with_extension("cpp.bin");
        let compiler = env::var("CXX").unwrap_or("c++".into());
        let mut compile = Command::new(compiler);
        compile.arg("-O2").arg(translate(file, "cpp"));
        compile.args(folders().map(|folder| format!("-I{}", folder.display())));
        compile.args(folders().map(|folder| format!("-L{}", folder.display())));
        compile.args(["-lgatebend_faust", "-lgatebend", "-o"]);
        run(compile.arg(&program));
        Player::Cpp(program)
    }

    /// Compiles a file of Faust to Rust, for `faust/play.rs`.
    fn rust(file: &Path) -> Player {
        let program = file.with_extension("rs.bin");
        let compiler = env::var("RUSTC").unwrap_or("rustc".into());
        let mut compile = Command::new(compiler);
        compile
            .args(["--edition", "2024", "-O"])
            .arg(translate(file, "rs"));
        compile.args(folders().map(|folder| format!("-L{}", folder.display())));
        compile.args(["-lstatic=gatebend_faust", "-ldylib=gatebend", "-o"]);
        run(compile.arg(&program));
        Player::Rust(program)
    }

    /// Compiles a file of Faust to WebAssembly, for `faust/play.mjs`.
    fn wasm(file: &Path) -> Player {
        let module = file.with_extension("wasm");
        let mut faust = Command::new("faust");
        faust.args(["-lang", "wasm"]).arg(file);
        run(faust.arg("-o").arg(&module));
        Player::Wasm(module)
    }

    fn target(&self) -> &'static str {
        match self {
            Player::Cpp(_) => "C++",
            Player::Rust(_) => "Rust",
            Player::Wasm(_) => "WebAssembly",
        }
    }

    /// Returns what is played at this rate, with this input and further arguments. The
    /// environment names networks for programs that open some.
    fn play_with(
        &self,
        networks: &[&Path],
        rate: u32,
        arguments: &[String],
        input: &[Frame],
    ) -> Vec<Frame> {
        let (mut play, file) = match self {
            Player::Cpp(program) | Player::Rust(program) => (Command::new(program), program),
            Player::Wasm(module) => {
                let mut node = Command::new("node");
                node.arg(helper("play.mjs")).arg(module);
                (node, module)
            }
        };
        let heard = file.with_extension("in");
        let bytes = input
            .iter()
            .flatten()
            .flat_map(|sample| sample.to_le_bytes());
        fs::write(&heard, bytes.collect::<Vec<u8>>()).unwrap();
        play.arg(rate.to_string())
            .args(arguments)
            .stdin(File::open(heard).unwrap());
        play.env("LD_LIBRARY_PATH", built().join("lib"));
        for (i, network) in networks.iter().enumerate() {
            play.env(format!("GATEBEND_NETWORK_{i}"), network);
        }
        let output = play.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && errors.is_empty(),
            "{play:?}: {errors}"
        );
        let samples = output.stdout.chunks_exact(4);
        let samples = samples.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
        let samples: Vec<f32> = samples.collect();
        samples
            .chunks_exact(2)
            .map(|frame| [frame[0], frame[1]])
            .collect()
    }

    fn play(&self, rate: u32, controls: Controls, input: &[Frame]) -> Vec<Frame> {
        self.play_with(&[], rate, &sliders(controls), input)
    }
}

/// Returns the arguments that move sliders.
fn sliders(controls: Controls) -> Vec<String> {
    let controls = controls.iter();
    controls
        .map(|(name, position)| format!("{name}={position}"))
        .collect()
}

/// Returns the folders of headers and libraries.
fn folders() -> [PathBuf; 3] {
    ["include", "lib", "faust"].map(|folder| built().join(folder))
}

/// Translates a file of Faust to the language of a player, whose file has this ending.
fn translate(file: &Path, ending: &str) -> PathBuf {
    let source = file.with_extension(ending);
    let mut faust = Command::new("faust");
    let language = if ending == "rs" { "rust" } else { ending };
    faust
        .args(["-lang", language, "-a"])
        .arg(helper(&format!("play.{ending}")));
    faust.arg("-I").arg(built().join("faust")).arg(file);
    run(faust.arg("-o").arg(&source));
    source
}

/// Returns the path of a helper of these tests.
fn helper(name: &str) -> PathBuf {
    root().join("hosts/tests/tests/faust").join(name)
}

/// Positions of controls.
type Controls<'a> = &'a [(&'a str, f64)];

/// Compares a network's export, for each target, with its sound: this number of its samples,
/// at rates of hosts, with each of these controls.
fn check(network: &Path, rates: &[u32], samples: u64, controls: &[Controls]) {
    let file = export(network);
    let players = [Player::cpp(&file), Player::rust(&file), Player::wasm(&file)];
    let text = fs::read_to_string(network).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    let own = parsed["sample_rate"].as_u64().unwrap();
    for &rate in rates {
        let frames = (samples * u64::from(rate)).div_ceil(own) as usize;
        // Between the numbers that networks read, and louder than these.
        let input = signal(frames).into_iter();
        let input: Vec<Frame> = input.map(|frame| frame.map(|x| 1.01 * x)).collect();
        for controls in controls {
            let segment = Segment {
                frames,
                network,
                bends: &[],
                controls,
            };
            let expected = expected(&[segment], rate, Some(&input));
            for player in &players {
                let what = format!("{} at {rate} Hz in {}", network.display(), player.target());
                assert_same(&what, &expected, &player.play(rate, controls, &input));
            }
        }
    }
}

#[test]
fn networks_sound_the_same_for_more_than_a_period_at_any_rate() {
    let folder = tempfile::tempdir().unwrap();
    let networks = Networks::write(folder.path(), 8_000);
    for network in [&networks.formula, &networks.trained] {
        check(network, &[44_100, 48_000, 8_000, 7_919], 20_000, &[&[]]);
    }
    // Several samples in each frame.
    let networks = Networks::write(folder.path(), 96_001);
    check(&networks.formula, &[44_100, 48_000, 96_001], 20_000, &[&[]]);
}

#[test]
fn networks_hear_inputs_and_follow_sliders() {
    let folder = tempfile::tempdir().unwrap();
    let positions: [Controls; 4] = [&[], &[("drive", 0.0)], &[("drive", 0.7)], &[("drive", 1.0)]];
    for rate in [44_100, 48_000] {
        let listening = Networks::write(folder.path(), rate).listening;
        check(&listening, &[rate], 1 << 17, &positions);
    }
    // What a network hears at another rate than the host's.
    for rate in [11_025, 22_051, 100_000] {
        let listening = Networks::write(folder.path(), rate).listening;
        check(&listening, &[44_100, 48_000], 50_000, &[&[("drive", 0.5)]]);
    }
}

#[test]
fn networks_of_two_channels_and_many_bits_sound_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let network = folder.path().join("n.json");
    let mut random = Command::new(gatebend());
    random.args("random --seed 5 --layers 6x60 --inputs 10 --audio 16,3".split(' '));
    random.args("--control a:16=0.3 --channels 2 --sample-bits 16 -o".split(' '));
    run(random.arg(&network));
    check(
        &network,
        &[44_100, 8_000],
        4_096,
        &[&[], &[("a", 0.123_456)]],
    );
}

#[test]
fn networks_compile_for_every_target() {
    let folder = tempfile::tempdir().unwrap();
    let networks = Networks::write(folder.path(), 44_100);
    for network in [&networks.formula, &networks.trained, &networks.listening] {
        let file = export(network);
        for target in TARGETS {
            let output = file.with_extension(target);
            run(Command::new("faust")
                .args(["-lang", target])
                .arg(&file)
                .arg("-o")
                .arg(&output));
            assert!(fs::metadata(&output).unwrap().len() > 1_000);
        }
    }
}

/// Two exports in one program, one by the clock of the other, twice as fast.
#[test]
fn networks_are_functions_for_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let networks = Networks::write(folder.path(), 44_100);
    for network in [&networks.formula, &networks.trained] {
        export(network);
    }
    let both = folder.path().join("both.dsp");
    let text = "formula = library(\"forty-two.dsp\");\n\
                trained = library(\"trained-forty-two.dsp\");\n\
                process = formula.levels(2 * trained.time), trained.levels(trained.time);\n";
    fs::write(&both, text).unwrap();
    let played = Player::cpp(&both).play(44_100, &[], &signal(20_000));
    let sound = |network: &Path, frames| {
        let segment = Segment {
            frames,
            network,
            bends: &[],
            controls: &[],
        };
        expected(&[segment], 44_100, None)
    };
    let formula = sound(&networks.formula, 40_000);
    let trained = sound(&networks.trained, 20_000);
    let frames = formula.iter().step_by(2).zip(&trained);
    let expected: Vec<Frame> = frames
        .map(|(formula, trained)| [formula[0], trained[0]])
        .collect();
    assert_same("both", &expected, &played);
}

/// Translates a file of Faust to C and compiles it without warnings.
fn compile_c(file: &Path) {
    let source = file.with_extension("c");
    let mut faust = Command::new("faust");
    faust.args(["-lang", "c", "-I"]).arg(built().join("faust"));
    run(faust.arg(file).arg("-o").arg(&source));
    let mut compile = Command::new(env::var("CC").unwrap_or("cc".into()));
    compile.args("-std=c99 -Wall -Werror -include faust/gui/CInterface.h".split(' '));
    compile.args(folders().map(|folder| format!("-I{}", folder.display())));
    compile.arg("-c").arg(&source).arg("-o");
    run(compile.arg(file.with_extension("o")));
}

/// The same programs, from C++ and Rust, play what the environment names.
#[test]
fn the_library_plays_networks_that_are_opened_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let networks = Networks::write(folder.path(), 44_100);
    let file = folder.path().join("run.dsp");
    let text = "gatebend = library(\"gatebend.lib\");\n\
                drive = hslider(\"drive\", 0.25, 0, 1, 0.01);\n\
                process(l, r) = gatebend.listen(0, gatebend.time(0), l, r, drive, 0, 0, 0);\n";
    fs::write(&file, text).unwrap();
    let players = [Player::cpp(&file), Player::rust(&file)];
    compile_c(&file);
    let frames = 1 << 17;
    let input = signal(frames);
    for network in [&networks.listening, &networks.trained] {
        let controls = [("drive", 0.7)];
        let has_controls = *network == networks.listening;
        let segment = Segment {
            frames,
            network,
            bends: &[],
            controls: if has_controls { &controls } else { &[] },
        };
        let expected = expected(&[segment], 44_100, Some(&input));
        for player in &players {
            let played = player.play_with(&[network], 44_100, &sliders(&controls), &input);
            assert_same(player.target(), &expected, &played);
        }
    }
}

#[test]
fn the_library_plays_several_networks_and_swaps_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.dsp");
    let frames = 1 << 17;
    let input = signal(frames);
    // At their own rates.
    let networks = Networks::write(folder.path(), 8_000);
    let text = "gatebend = library(\"gatebend.lib\");\n\
                process = (gatebend.play(0) : _, !), (gatebend.play(1) : !, _);\n";
    fs::write(&file, text).unwrap();
    let sound = |network: &Path| {
        let segment = Segment {
            frames,
            network,
            bends: &[],
            controls: &[],
        };
        expected(&[segment], 48_000, None)
    };
    let both = sound(&networks.formula)
        .into_iter()
        .zip(sound(&networks.trained));
    let both: Vec<Frame> = both.map(|(left, right)| [left[0], right[1]]).collect();
    let opened: [&Path; 2] = [&networks.formula, &networks.trained];
    let played = Player::cpp(&file).play_with(&opened, 48_000, &[], &input);
    assert_same("two networks", &both, &played);

    // A compiled one takes the place of a file, in the middle of the sound.
    let library = folder.path().join("trained.so");
    let mut build = Command::new(gatebend());
    run(build
        .arg("build")
        .arg(&networks.trained)
        .arg("-o")
        .arg(&library));
    let text = "gatebend = library(\"gatebend.lib\");\nprocess = gatebend.play(0);\n";
    fs::write(&file, text).unwrap();
    let segments = [
        (20_000, &networks.formula),
        (frames - 20_000, &networks.trained),
    ];
    let segments = segments.map(|(frames, network)| Segment {
        frames,
        network,
        bends: &[],
        controls: &[],
    });
    let swap = format!("20000@{}", library.display());
    let player = Player::cpp(&file);
    let played = player.play_with(&[&networks.formula], 48_000, &[swap], &input);
    assert_same("a swap", &expected(&segments, 48_000, None), &played);
}

#[test]
fn a_network_that_cannot_be_opened_is_silent_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.dsp");
    let text = "gatebend = library(\"gatebend.lib\");\nprocess = gatebend.play(0);\n";
    fs::write(&file, text).unwrap();
    let Player::Cpp(program) = Player::cpp(&file) else {
        unreachable!()
    };
    let input = folder.path().join("input");
    fs::write(&input, [0x3f; 800]).unwrap();
    for (value, problem) in [
        (None, "GATEBEND_NETWORK_0: it names no network file"),
        (Some("/no/such.json"), "/no/such.json"),
    ] {
        let mut play = Command::new(&program);
        play.arg("44100").stdin(File::open(&input).unwrap());
        play.env("LD_LIBRARY_PATH", built().join("lib"));
        play.envs(value.map(|value| ("GATEBEND_NETWORK_0", value)));
        let output = play.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.stdout == [0; 800]);
        assert!(
            errors.contains(problem) && errors.lines().count() == 1,
            "{errors}"
        );
    }
}
