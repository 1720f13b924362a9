//! libgatebend in C and C++ programs, built as its README says: with pkg-config and `CMake`,
//! shared and static, and under Valgrind where it is installed.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gatebend_hosts::{
    Frame, Networks, Segment, assert_same, built, expected, gatebend, read_wav, root, run, signal,
};

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(Into::into).collect()
}

/// Returns what pkg-config says about the library.
fn pkg_config(options: &[&str]) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", built().join("lib/pkgconfig"));
    words(&run(command.args(options).arg("gatebend")))
}

/// Builds a C program over the static library.
fn compiled(source: &str, folder: &Path, options: &[String]) -> PathBuf {
    let program = folder.join(source);
    let mut cc = Command::new("cc");
    cc.args([
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wredundant-decls",
    ]);
    cc.args(["-g", "-O1", "-o"]).arg(&program);
    let source = Path::new(source).with_extension("c");
    cc.arg(root().join("hosts/capi/tests").join(source));
    cc.arg("-I").arg(built().join("include"));
    cc.arg(built().join("lib/libgatebend.a"));
    cc.args(["-lm", "-lpthread", "-ldl", "-lgcc_s"])
        .args(options);
    run(&mut cc);
    program
}

/// Builds the host of the tests, with a guard of the heap.
fn host(folder: &Path) -> PathBuf {
    let names = ["malloc", "calloc", "realloc", "free", "posix_memalign"];
    compiled(
        "host",
        folder,
        &names.map(|name| format!("-Wl,--wrap={name}")),
    )
}

/// Plays a script, and returns the frames and what was refused.
fn play(
    command: &mut Command,
    network: &Path,
    rate: u32,
    block: u32,
    script: &str,
) -> (Vec<Frame>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.f32");
    command.args([rate, block].map(|number| number.to_string()));
    command.arg(network).arg(&file);
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut host = command.spawn().unwrap();
    host.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = host.wait_with_output().unwrap();
    let refused = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{}\n{refused}", output.status);
    let bytes = fs::read(file).unwrap();
    let floats: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    (
        floats.chunks(2).map(|frame| [frame[0], frame[1]]).collect(),
        refused,
    )
}

#[test]
fn networks_sound_the_same_in_any_blocks_through_bends_swaps_and_controls() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(folder.path());
    for (rate, block) in [(44_100, 16), (48_000, 64), (44_100, 1000), (48_000, 1024)] {
        let networks = Networks::write(folder.path(), rate);
        let (formula, trained) = (&networks.formula, &networks.trained);
        let blocks = 8192 / block;
        let script = format!(
            "set swap=instant\nrender {blocks}\nbend 20 1\nbend 30 invert\nrender {blocks}\n\
             prepare {}\nrender {blocks}\nswap\nrender {blocks}\nsend bend 100 1\nrender {blocks}\n\
             play {}\nrender {blocks}\nsend control 0 0.75\nrender {blocks}\nsend network\nrender {blocks}\n",
            trained.display(),
            networks.listening.display(),
        );
        let frames = (blocks * block) as usize;
        let segment = |network, bends, controls| Segment {
            frames,
            network,
            bends,
            controls,
        };
        let bent: &[_] = &[(20, "1"), (30, "invert")];
        let sound = expected(
            &[
                segment(formula, &[], &[]),
                segment(formula, bent, &[]),
                segment(formula, bent, &[]),
                segment(trained, &[], &[]),
                segment(trained, &[(100, "0")], &[]),
                segment(&networks.listening, &[], &[]),
                segment(&networks.listening, &[], &[("drive", 0.75)]),
                segment(formula, &[], &[]),
            ],
            rate,
            Some(&signal(8 * frames)),
        );
        let (recorded, refused) = play(&mut Command::new(&host), formula, rate, block, &script);
        assert_eq!(refused, "");
        assert_same(&format!("{rate} Hz, {block} frames"), &sound, &recorded);
    }
}

#[test]
fn networks_of_other_rates_are_held() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(folder.path());
    let networks = Networks::write(folder.path(), 8000);
    for rate in [44_100, 48_000, 6000] {
        let segment = Segment::new(&networks.trained, 20_000);
        let sound = expected(&[segment], rate, None);
        let (recorded, _) = play(
            &mut Command::new(&host),
            &networks.trained,
            rate,
            100,
            "render 200\n",
        );
        assert_same(&format!("{rate} Hz"), &sound, &recorded);
    }
}

#[test]
fn time_can_be_given_looped_and_reversed() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(folder.path());
    let networks = Networks::write(folder.path(), 48_000);
    let segment = Segment::new(&networks.formula, 40_000);
    let sound = expected(&[segment], 48_000, None);
    let script = "time 10\nseek 9000\nset speed=-1\nrender 10\nset speed=2\nloop 500 700\nseek 600\nrender 10\n";
    let (recorded, refused) = play(
        &mut Command::new(&host),
        &networks.formula,
        48_000,
        100,
        script,
    );
    assert_eq!(refused, "");
    let times = (0..1000).map(|k| 3 * k);
    let times = times.chain((0..1000).map(|k| 9000 - k));
    let times = times.chain((0..1000).map(|k| 500 + (100 + 2 * k) % 200));
    let sound: Vec<Frame> = times.map(|t: usize| sound[t]).collect();
    assert_same("time", &sound, &recorded);
}

#[test]
fn nodes_are_signals_and_restarts_keep_the_bends() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(folder.path());
    let networks = Networks::write(folder.path(), 48_000);
    let text = fs::read_to_string(&networks.formula).unwrap();
    let network: serde_json::Value = serde_json::from_str(&text).unwrap();
    let highest = network["outputs"][7].as_u64().unwrap();
    let script = format!("bend 20 1\nnode 10 {highest}\nrestart 48000 32\nrender 20\n");
    let (recorded, refused) = play(
        &mut Command::new(&host),
        &networks.formula,
        48_000,
        64,
        &script,
    );
    assert_eq!(refused, "");
    let segment = Segment {
        frames: 640,
        network: &networks.formula,
        bends: &[(20, "1")],
        controls: &[],
    };
    let sound = expected(&[segment], 48_000, None);
    let bit = sound
        .iter()
        .map(|frame| [f32::from(u8::from(frame[0] >= 0.0)); 2]);
    let sound: Vec<Frame> = bit.chain(sound.iter().copied()).collect();
    assert_same("nodes and restart", &sound, &recorded);
}

#[test]
fn threads_do_not_disturb_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let threads = compiled("threads", folder.path(), &[]);
    let networks = Networks::write(folder.path(), 48_000);
    let arguments = [&networks.formula, &networks.trained];
    run(Command::new(&threads).args(arguments));
    let mut valgrind = Command::new("valgrind");
    // Otherwise a thread that waits for another one may keep it from running for long.
    valgrind.arg("--fair-sched=yes");
    valgrind.args(["-q", "--leak-check=full", "--error-exitcode=9"]);
    run(valgrind.arg(&threads).args(arguments));
}

/// Returns the numbers of each line that a program prints.
fn lines(command: &mut Command) -> Vec<Vec<u32>> {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}\n{text}", output.status);
    let numbers = |line: &str| {
        words(line)
            .iter()
            .map(|word| word.parse().unwrap())
            .collect()
    };
    text.lines().map(numbers).collect()
}

/// Builds the program that evaluates samples, with a guard of the heap.
fn evaluate(folder: &Path) -> PathBuf {
    compiled("evaluate", folder, &["-Wl,--wrap=malloc".into()])
}

#[test]
fn compiled_networks_open_like_files_and_evaluate_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (host, evaluate) = (host(folder.path()), evaluate(folder.path()));
    let networks = Networks::write(folder.path(), 48_000);
    let library = folder.path().join("trained.so");
    run(Command::new(gatebend())
        .arg("build")
        .arg(&networks.trained)
        .arg("-o")
        .arg(&library));
    let frames = 16_384;
    let segment = Segment::new(&networks.trained, frames);
    let sound = expected(&[segment], 48_000, None);
    let script = format!("play {}\nrender 256\n", library.display());
    let (recorded, refused) = play(
        &mut Command::new(&host),
        &networks.trained,
        48_000,
        64,
        &script,
    );
    assert_eq!(refused, "");
    assert_same("compiled", &sound, &recorded);
    let samples: Vec<Vec<u32>> = sound
        .iter()
        .map(|frame| vec![(frame[0] * 128.0 + 128.0) as u32])
        .collect();
    for network in [&networks.trained, &library] {
        let evaluated = lines(Command::new(&evaluate).arg(frames.to_string()).arg(network));
        assert_eq!(evaluated, samples, "{}", network.display());
    }
    // Built again while it is open, it is not taken for the old one.
    let other = folder.path().join("other.so");
    run(Command::new(gatebend())
        .arg("build")
        .arg(&networks.formula)
        .arg("-o")
        .arg(&other));
    let script = format!(
        "keep {}\nkeep {}\nmove {} {}\nkeep {}\nkeep {}\n",
        library.display(),
        library.display(),
        other.display(),
        library.display(),
        library.display(),
        networks.trained.display(),
    );
    let (_, refused) = play(
        &mut Command::new(&host),
        &networks.trained,
        48_000,
        64,
        &script,
    );
    assert_eq!(refused.lines().count(), 1, "{refused}");
    assert!(
        refused.contains("built again while it is open"),
        "{refused}"
    );
}

#[test]
fn libraries_of_difflogic_are_evaluated_in_any_number_of_samples() {
    let folder = tempfile::tempdir().unwrap();
    let evaluate = evaluate(folder.path());
    let library = folder.path().join("net.so");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o"]).arg(&library);
    run(cc.arg(root().join("hosts/capi/tests/difflogic.c")));
    let sums = [[0, 0, 0], [1, 1, 0], [1, 1, 0], [2, 0, 2]];
    for count in [1, 8, 13] {
        let mut program = Command::new(&evaluate);
        let evaluated = lines(
            program
                .arg(count.to_string())
                .arg(&library)
                .args(["2", "3"]),
        );
        let expected: Vec<Vec<u32>> = (0..count).map(|t| sums[t % 4].to_vec()).collect();
        assert_eq!(evaluated, expected);
    }
    for (arguments, reason) in [
        (&["8", "net.so", "2", "5"][..], "it does not have 5 outputs"),
        (&["8", "net.so"], "not made by gatebend build"),
        (&["8", "evaluate", "2", "3"], "evaluate: "),
        (&["8", "net.so", "0", "3"], "1 to 65,536 inputs and outputs"),
    ] {
        let mut program = Command::new(&evaluate);
        let output = program
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let problem = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && problem.contains(reason),
            "{problem}"
        );
    }
}

#[test]
fn what_is_wrong_is_refused_with_its_place_and_the_sound_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(folder.path());
    let networks = Networks::write(folder.path(), 48_000);
    let bad = folder.path().join("bad.json");
    fs::write(&bad, "{\"format\": \"gatebend\"").unwrap();
    let library = folder.path().join("bad.so");
    fs::write(&library, "no library").unwrap();
    let script = format!(
        "render 10\nplay {}\nplay /nowhere.json\nplay {}\nbend 99999 1\nsend bend 99999 1\nsend control 5 1\nsend bend 20 9\nnonsense\nrender 10\n",
        bad.display(),
        library.display(),
    );
    let (recorded, refused) = play(
        &mut Command::new(&host),
        &networks.formula,
        48_000,
        64,
        &script,
    );
    let segment = Segment::new(&networks.formula, 1280);
    assert_same("refusals", &expected(&[segment], 48_000, None), &recorded);
    let lines: Vec<&str> = refused.lines().collect();
    let reasons = [
        "bad.json: ",
        "/nowhere.json: ",
        "bad.so: ",
        "99999",
        "99999",
        "no control 5; this network has 0",
        "not sent: bend 20 9",
        "no command \"nonsense\"",
    ];
    assert_eq!(lines.len(), reasons.len(), "{refused}");
    for (line, reason) in lines.iter().zip(reasons) {
        assert!(line.contains(reason), "{line}: {reason}");
    }
}

#[test]
fn nothing_leaks_and_no_memory_is_misused() {
    let folder = tempfile::tempdir().unwrap();
    let host = host(folder.path());
    let networks = Networks::write(folder.path(), 48_000);
    let script = format!(
        "render 3\nbend 20 1\nsend touch 0.3 0.4 1\nrender 3\nsend touch 0 0 -1\nplay {}\nrender 3\nprepare {}\nrender 3\nswap\nrender 3\ntime 3\nnonsense\nprepare /nowhere.json\nswap\nmidi 90 3c 64\nsend midi\nsend rate 4000\nset voices=4\nmidi 90 40 64\nrender 3\nloop 3 9\nrender 3\nsend network\nrender 3\n",
        networks.listening.display(),
        networks.trained.display(),
    );
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["-q", "--leak-check=full", "--error-exitcode=9"])
        .arg(&host);
    let (_, refused) = play(&mut valgrind, &networks.formula, 48_000, 64, &script);
    let problems: Vec<&str> = refused
        .lines()
        .filter(|line| !line.starts_with("refused: "))
        .collect();
    assert!(problems.is_empty(), "{refused}");
}

#[test]
fn the_shared_library_exports_the_header_and_is_small() {
    let library = built().join("lib/libgatebend.so.1");
    let size = fs::metadata(&library).unwrap().len();
    assert!(size <= 1_000_000, "{size} bytes");
    let symbols = run(Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(&library));
    let exported: BTreeSet<&str> = symbols
        .lines()
        .filter_map(|line| line.split(' ').next_back())
        .collect();
    let header = fs::read_to_string(root().join("hosts/capi/include/gatebend.h")).unwrap();
    let declared: BTreeSet<&str> = header
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("gb_"))
        .filter(|word| header.contains(&format!("{word}(")))
        .collect();
    for name in &declared {
        assert_eq!(header.matches(&format!("{name}(")).count(), 1, "{name}");
    }
    assert_eq!(exported, declared);
    let needed = run(Command::new("readelf").arg("-d").arg(&library));
    let needed: BTreeSet<&str> = needed
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .collect();
    let allowed = [
        "libc.so.6",
        "libm.so.6",
        "libgcc_s.so.1",
        "ld-linux-x86-64.so.2",
    ];
    assert!(
        needed.iter().all(|name| allowed.contains(name)),
        "{needed:?}"
    );
}

#[test]
fn the_examples_build_and_run_as_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let examples = root().join("hosts/capi/examples");
    let network = root().join("assets/networks/forty-two.json");
    let (song, bits) = (folder.path().join("song"), folder.path().join("bits"));
    let libraries = pkg_config(&["--cflags", "--libs"]);
    run(Command::new("cc")
        .args(["-Wall", "-Wextra", "-Werror"])
        .arg(examples.join("song.c"))
        .args(&libraries)
        .arg("-o")
        .arg(&song));
    run(Command::new("c++")
        .args(["-std=c++17", "-Wall", "-Wextra", "-Werror"])
        .arg(examples.join("bits.cpp"))
        .args(&libraries)
        .arg("-o")
        .arg(&bits));
    let shared = built().join("lib");
    let wav = folder.path().join("song.wav");
    run(Command::new(&song)
        .env("LD_LIBRARY_PATH", &shared)
        .arg(&network)
        .arg(&wav));
    let (rate, frames) = read_wav(&wav);
    assert_eq!((rate, frames.len()), (48_000, 192_000));
    assert!(frames.iter().any(|frame| frame[0] != frames[0][0]));
    let text = run(Command::new(&bits)
        .env("LD_LIBRARY_PATH", &shared)
        .arg(&network));
    let lines: Vec<Vec<u32>> = text
        .lines()
        .map(|line| {
            words(line)
                .iter()
                .map(|word| word.parse().unwrap())
                .collect()
        })
        .collect();
    // t*(42&t>>10), at the times that the example asks for.
    let formula = (1000u32..1016).map(|t| (t * (0b10_1010 & (t >> 10))) & 255);
    assert_eq!(lines[0], formula.collect::<Vec<_>>());
    assert_ne!(lines[0], lines[1]);
}

#[test]
fn cmake_finds_both_libraries() {
    let folder = tempfile::tempdir().unwrap();
    let build = folder.path().join("build");
    let mut configure = Command::new("cmake");
    configure
        .arg("-S")
        .arg(root().join("hosts/capi/examples"))
        .arg("-B")
        .arg(&build);
    configure.arg(format!(
        "-DCMAKE_PREFIX_PATH={}",
        built().canonicalize().unwrap().display()
    ));
    run(&mut configure);
    run(Command::new("cmake").arg("--build").arg(&build));
    let network = root().join("assets/networks/forty-two.json");
    let text = run(Command::new(build.join("bits")).arg(&network));
    assert_eq!(text.lines().count(), 2);
    run(Command::new(build.join("song"))
        .arg(&network)
        .arg(folder.path().join("song.wav")));
}
