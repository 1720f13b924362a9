//! `difflogic~` and `difflogic` in Pure Data itself, headless: what they play and answer.
//!
//! Events are half a tick after the frame that they are for, so that no rounding of
//! milliseconds can move them to another tick.
//!
//! The environment names another Pd (`PD`), the externals for it (`PD_TARGET`) and its
//! compiler (`CC`): see `hosts/pd/arm.sh`.

#[path = "pd/install.rs"]
mod install;
#[path = "pd/patch.rs"]
mod patch;
#[path = "pd/record.rs"]
mod record;
#[path = "pd/session.rs"]
mod session;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use gatebend_hosts::{
    Networks, Segment, assert_same, assert_stands_alone, expected, root, run, signal,
};

use crate::patch::Patch;
use crate::record::{Take, frames, read_channels, record};
use crate::session::{Session, TICK, add_events, answers, assert_lines, externals};

/// Returns the network's own samples from time 0 on.
fn samples(session: &Session, network: &Path, frames: usize) -> Vec<f32> {
    let segment = Segment {
        frames,
        network,
        bends: &[],
        controls: &[],
    };
    let sound = expected(&[segment], session.rate, None);
    sound.into_iter().map(|[left, _]| left).collect()
}

#[test]
fn swaps_bends_and_controls_are_exact() {
    for rate in [44_100, 48_000] {
        let session = Session::new(rate);
        let Networks {
            formula,
            trained,
            listening,
        } = &session.networks;
        let input = signal(6 * 4096);
        let segment = |network, bends, controls| Segment {
            frames: 4096,
            network,
            bends,
            controls,
        };
        let segments = [
            segment(formula, &[], &[]),
            segment(formula, &[(20, "1"), (33, "invert")], &[]),
            segment(trained, &[], &[]),
            segment(trained, &[(18, "0")], &[]),
            segment(listening, &[], &[("drive", 0.75)]),
            segment(listening, &[(60, "invert")], &[("drive", 0.5)]),
        ];
        let expected = expected(&segments, rate, Some(&input));
        // What is prepared without sound is there at once: the moment of the swap is certain.
        let events = [
            (0, "sound set swap=instant"),
            (0, "sound prepare trained-forty-two.json"),
            (4096, "sound bend 20 1"),
            (4096, "sound bend 33 invert"),
            (2 * 4096, "sound swap"),
            (3 * 4096, "sound bend 18 0"),
            (3 * 4096, "pd dsp 0"),
            (3 * 4096, "sound prepare origami.json"),
            (3 * 4096, "pd dsp 1"),
            (4 * 4096, "sound swap"),
            (4 * 4096, "sound control drive 0.75"),
            (5 * 4096, "sound control drive 0.5"),
            (5 * 4096, "sound bend 60 invert"),
        ];
        for block in [16, 64, 1024] {
            let take = Take {
                arguments: "forty-two.json -out 2",
                signals: (1, 2),
                block,
                input: &[input.iter().map(|[left, _]| *left).collect()],
                frames: 6 * 4096,
                events: &events,
            };
            let (recorded, console) = record(&session, &take);
            let what = format!("{rate} Hz, blocks of {block}; {console}");
            assert_same(&what, &expected, &frames(&recorded));
            assert!(!console.contains("refused"), "{console}");
        }
    }
}

#[test]
fn time_jumps_repeats_runs_backwards_and_stands_still() {
    let session = Session::new(48_000);
    let own = samples(&session, &session.networks.formula, 16_384);
    let take = Take {
        arguments: "forty-two.json",
        frames: 8 * 1024,
        events: &[
            (1024, "sound seek 5000"),
            (2 * 1024, "sound set speed=-1"),
            (3 * 1024, "sound set speed=1"),
            (3 * 1024, "sound loop 3000 3100"),
            (3 * 1024, "sound 3000.5"),
            (4 * 1024, "sound loop off"),
            (4 * 1024, "sound bang"),
            (5 * 1024, "sound pause"),
            (6 * 1024, "sound play"),
            (6 * 1024, "sound seek 100"),
            (7 * 1024, "sound set rate=24000"),
            (7 * 1024, "sound seek 0"),
        ],
        ..Take::default()
    };
    let (recorded, console) = record(&session, &take);
    let part = |k: usize| &recorded[0][k * 1024..(k + 1) * 1024];
    let times =
        |time: &dyn Fn(usize) -> usize| -> Vec<f32> { (0..1024).map(|k| own[time(k)]).collect() };
    assert_eq!(part(0), times(&|k| k), "{console}");
    assert_eq!(part(1), times(&|k| 5000 + k), "seek; {console}");
    assert_eq!(part(2), times(&|k| 6024 - k), "backwards; {console}");
    assert_eq!(part(3), times(&|k| 3000 + k % 100), "loop; {console}");
    assert_eq!(part(4), times(&|k| k), "bang; {console}");
    // Pause fades out, and play fades in.
    let faded = 1000;
    assert_eq!(part(5)[faded..], [0.0; 1024][faded..], "pause; {console}");
    assert_eq!(
        part(6)[faded..],
        times(&|k| 100 + k)[faded..],
        "play; {console}"
    );
    assert_eq!(part(7), times(&|k| k / 2), "rate; {console}");
}

#[test]
fn time_follows_a_signal() {
    let session = Session::new(44_100);
    let own = samples(&session, &session.networks.formula, 16_384);
    // In steps of 7 to 4096, backwards to 0, and between samples.
    let time: Vec<f32> = (0..2048)
        .map(|k| match k {
            0..512 => 7.0 * k as f32,
            512..1024 => (1023 - k) as f32,
            _ => (k - 1024) as f32 / 4.0,
        })
        .collect();
    let hears_none = Take {
        arguments: "forty-two.json -in 0 -time -out 2",
        signals: (2, 2),
        input: &[vec![0.5; 2048], time.clone()],
        frames: 2048,
        ..Take::default()
    };
    let hears_two = Take {
        arguments: "forty-two.json -in 2 -time -out 2",
        signals: (3, 2),
        input: &[vec![0.5; 2048], vec![0.25; 2048], time.clone()],
        ..hears_none
    };
    let mut expected: Vec<f32> = time.iter().map(|t| own[*t as usize]).collect();
    for take in [&hears_none, &hears_two] {
        let (recorded, console) = record(&session, take);
        assert_eq!(recorded, [&expected[..], &expected], "{console}");
    }
    let take = Take {
        events: &[
            (512, "sound follow 0"),
            (512, "sound seek 9000"),
            (1024, "sound follow 1"),
        ],
        ..hears_none
    };
    expected[512..1024].copy_from_slice(&own[9000..9512]);
    let (recorded, console) = record(&session, &take);
    assert_eq!(recorded[0], expected, "{console}");
}

#[test]
fn node_outlets_are_the_nodes() {
    let session = Session::new(44_100);
    let own = samples(&session, &session.networks.formula, 4096);
    // Nodes 0 and 3 are bits of t; the others are bits 0 and 7 of the sample.
    let text = fs::read_to_string(&session.networks.formula).unwrap();
    let network: serde_json::Value = serde_json::from_str(&text).unwrap();
    let output = |bit: usize| network["outputs"][bit].as_u64().unwrap();
    let choose = format!("sound nodes 0 {} 3 {}", output(0), output(7));
    let take = Take {
        arguments: "forty-two.json -nodes 4",
        signals: (1, 5),
        frames: 4096,
        events: &[(0, &choose), (2048, "sound nodes 5")],
        ..Take::default()
    };
    let (recorded, console) = record(&session, &take);
    assert_eq!(recorded[0], own, "{console}");
    for k in 0..4096 {
        let sample = (own[k] * 128.0 + 128.0) as usize;
        let nodes = if k < 2048 {
            [k & 1, sample & 1, k >> 3 & 1, sample >> 7]
        } else {
            [k >> 5 & 1, 0, 0, 0]
        };
        let heard = [1, 2, 3, 4].map(|n| recorded[n][k] as usize);
        assert_eq!(heard, nodes, "frame {k}; {console}");
    }
}

#[test]
fn rates_and_blocks_change_while_time_and_bends_stay() {
    let session = Session::new(48_000);
    let formula = &session.networks.formula;
    let segment = |bends| Segment {
        frames: 4096,
        network: formula,
        bends,
        controls: &[],
    };
    let expected = expected(&[segment(&[]), segment(&[(20, "1")])], 48_000, None);
    let take = Take {
        arguments: "forty-two.json",
        frames: 8192,
        events: &[
            (4096, "sound bend 20 1"),
            (5 * 1024, "block set 1024"),
            (6 * 1024, "block set 16"),
            (7 * 1024, "block set 256"),
        ],
        ..Take::default()
    };
    let (recorded, console) = record(&session, &take);
    assert_same(&console, &expected, &frames(&recorded));

    // At twice the rate, each sample of the network is two frames.
    let take = Take {
        frames: 4096,
        events: &[(0, "sound bend 20 1"), (0, "block set 64 1 2")],
        ..take
    };
    let (recorded, console) = record(&session, &take);
    let bent = samples_bent(&session, formula, &[(20, "1")]);
    let doubled: Vec<f32> = (0..4096).map(|k| bent[k / 2]).collect();
    assert_eq!(recorded[0], doubled, "{console}");
}

/// Returns a bent network's own samples from time 0 on.
fn samples_bent(session: &Session, network: &Path, bends: &[(u32, &str)]) -> Vec<f32> {
    let segment = Segment {
        frames: 4096,
        network,
        bends,
        controls: &[],
    };
    let sound = expected(&[segment], session.rate, None);
    sound.into_iter().map(|[left, _]| left).collect()
}

#[test]
fn a_file_opens_while_the_old_one_plays_on() {
    let session = Session::new(44_100);
    let old = samples(&session, &session.networks.formula, 16_384);
    let new = samples(&session, &session.networks.trained, 1 << 20);
    // The first table has the sound from the start, the second one the sound from the moment
    // at which the file is open, whenever that is. Then Pd quits.
    let mut patch = Patch::new();
    let sound = patch.object("difflogic~ forty-two.json");
    let messages = patch.object("r sound");
    patch.connect((messages, 0), (sound, 0));
    patch.object("table before 8192");
    patch.object("table after 8192");
    let before = patch.object("tabwrite~ before");
    let after = patch.object("tabwrite~ after");
    patch.connect((sound, 0), (before, 0));
    patch.connect((sound, 0), (after, 0));
    let start = patch.object("r start");
    patch.connect((start, 0), (before, 0));
    let route = patch.object("route opened time");
    patch.connect((sound, 1), (route, 0));
    let opened = patch.object("t b b");
    patch.connect((route, 0), (opened, 0));
    let ask = patch.message("time");
    patch.connect((opened, 1), (ask, 0));
    patch.connect((ask, 0), (sound, 0));
    let print = patch.object("print time");
    patch.connect((route, 1), (print, 0));
    patch.connect((opened, 0), (after, 0));
    let later = patch.object("delay 10000 1 samp");
    patch.connect((opened, 0), (later, 0));
    let write = patch.message("write -wave -bytes 4 out.wav before after");
    let files = patch.object("soundfiler");
    patch.connect((later, 0), (write, 0));
    patch.connect((write, 0), (files, 0));
    let quit = patch.message("\\; pd quit");
    patch.connect((files, 0), (quit, 0));
    // Not an event of add_events, which would quit Pd.
    let load = patch.object("loadbang");
    let begin = patch
        .message("\\; start bang \\; sound set swap=instant \\; pd dsp 1 \\; sound bend 20 off");
    let open_at = patch.object("delay 1056 1 samp");
    let open = patch.message("open trained-forty-two.json");
    patch.connect((load, 0), (begin, 0));
    patch.connect((load, 0), (open_at, 0));
    patch.connect((open_at, 0), (open, 0));
    patch.connect((open, 0), (sound, 0));
    let console = session.run(&patch);

    let opened = console.lines().find_map(|line| line.strip_prefix("time: "));
    let opened: usize = opened.and_then(|time| time.parse().ok()).expect(&console);
    assert!(
        opened > 1024,
        "the file was read in the audio call; {console}"
    );
    let recorded = read_channels(&session.path("out.wav"), 2);
    let period = 16_384;
    for k in 0..8192 {
        let expected = if k < opened { old[k % period] } else { new[k] };
        assert_eq!(recorded[0][k], expected, "frame {k}; {console}");
    }
    for k in 0..8192 {
        assert_eq!(
            recorded[1][k],
            new[(opened + k) % new.len()],
            "frame {k} after; {console}"
        );
    }
}

/// Sends messages to `sound` while DSP is on, and returns the console. Pd quits after so many
/// files that are opened or prepared.
fn read_while_playing(session: &Session, messages: &[&str], files: usize) -> String {
    let mut patch = Patch::new();
    let sound = patch.object("difflogic~ forty-two.json");
    let load = patch.object("loadbang");
    let begin = patch.message(&format!(
        "\\; pd dsp 1 \\; sound {}",
        messages.join(" \\; sound ")
    ));
    let receive = patch.object("r sound");
    let print = patch.object("print info");
    let route = patch.object("route opened prepared");
    let one = patch.object("t b");
    let count = patch.object("f 1");
    let add = patch.object("+ 1");
    let last = patch.object(&format!("sel {files}"));
    let quit = patch.message("\\; pd quit");
    patch.connect((load, 0), (begin, 0));
    patch.connect((receive, 0), (sound, 0));
    patch.connect((sound, 1), (print, 0));
    patch.connect((sound, 1), (route, 0));
    patch.connect((route, 0), (one, 0));
    patch.connect((route, 1), (one, 0));
    patch.connect((one, 0), (count, 0));
    patch.connect((count, 0), (add, 0));
    patch.connect((add, 0), (count, 1));
    patch.connect((count, 0), (last, 0));
    patch.connect((last, 0), (quit, 0));
    session.run(&patch)
}

#[test]
fn the_newest_of_the_files_that_wait_is_read() {
    let session = Session::new(44_100);
    let console = read_while_playing(
        &session,
        &[
            "prepare origami.json",
            "swap",
            "open origami.json",
            "open forty-two.json",
            "open trained-forty-two.json",
        ],
        3,
    );
    assert_lines(
        &console,
        &[
            "error: difflogic~: the file is still being read",
            "info: refused the file is still",
        ],
    );
    // The first one was read already, and the last one is the newest.
    assert_lines(
        &console,
        &["info: opened origami", "info: opened trained forty two"],
    );
    assert_lines(&console, &["info: prepared origami"]);
    assert_eq!(console.matches("opened").count(), 2, "{console}");
}

#[test]
fn a_file_is_opened_while_another_one_is_prepared() {
    let session = Session::new(44_100);
    let open = "open trained-forty-two.json";
    let prepare = "prepare origami.json";
    for messages in [[open, prepare], [prepare, open]] {
        let console = read_while_playing(&session, &messages, 2);
        assert_lines(&console, &["info: opened trained forty two"]);
        assert_lines(&console, &["info: prepared origami"]);
    }
}

#[test]
fn networks_that_cannot_play_are_not_prepared() {
    let session = Session::new(44_100);
    let console = answers(
        &session,
        "difflogic~ forty-two.json -in 0",
        2,
        &[
            "prepare origami.json",
            "swap",
            "prepare trained-forty-two.json",
            "prepare origami.json",
            "swap",
        ],
    );
    assert_lines(
        &console,
        &[
            "1: refused origami",
            "1: refused nothing is prepared",
            "1: prepared trained forty two",
            "1: refused origami",
            "1: opened trained forty two",
        ],
    );
    assert!(!console.contains("prepared origami"), "{console}");
}

#[test]
fn an_object_that_ends_does_not_wait_for_its_file() {
    let session = Session::new(44_100);
    // The thread that reads waits for the pipe, to which Pd writes when the object has ended.
    let source = "#define _GNU_SOURCE\n#include <fcntl.h>\n#include <pthread.h>\n\
        #include <stdarg.h>\n#include <string.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n\
        int open64(const char *path, int flags, ...) {\n\
            char name[16] = \"\";\n\
            va_list more;\n\
            va_start(more, flags);\n\
            int mode = va_arg(more, int);\n\
            va_end(more);\n\
            pthread_getname_np(pthread_self(), name, sizeof name);\n\
            if (!strcmp(name, \"gb-load\") && strstr(path, \"origami\"))\n\
                close(syscall(SYS_openat, AT_FDCWD, \"pipe\", O_RDONLY));\n\
            return syscall(SYS_openat, AT_FDCWD, path, flags, mode);\n}\n";
    fs::write(session.path("slow.c"), source).unwrap();
    session.compile("slow");
    run(Command::new("mkfifo").arg(session.path("pipe")));
    let mut inner = Patch::new();
    let sound = inner.object("difflogic~ forty-two.json");
    let receive = inner.object("r sound");
    inner.connect((receive, 0), (sound, 0));
    let mut patch = Patch::new();
    patch.subpatch("inner", &inner);
    let file = patch.object("textfile");
    let receive = patch.object("r file");
    patch.connect((receive, 0), (file, 0));
    let events = [
        (0, "pd dsp 1"),
        (0, "sound open origami.json"),
        (0, "sound prepare origami.json"),
        (TICK, "pd-inner clear"),
        (TICK, "file write pipe"),
    ];
    add_events(&session, &mut patch, &events);
    fs::write(session.path("test.pd"), patch.text()).unwrap();
    let mut pd = session.pd();
    run(pd.env("PRELOAD", session.path("slow.so")).arg("test.pd"));
}

#[test]
fn a_rate_out_of_range_is_refused_in_words() {
    let session = Session::new(44_100);
    let take = Take {
        arguments: "forty-two.json",
        frames: 4096,
        events: &[
            (1024, "block set 64 1 8"),
            (1024, "pd dsp 0"),
            (1024, "sound open trained-forty-two.json"),
            (1024, "block set 64 1 1"),
            (1024, "pd dsp 1"),
        ],
        ..Take::default()
    };
    let (recorded, console) = record(&session, &take);
    // Messages leave the outlet when a message was refused, and not while the graph is built.
    assert_lines(
        &console,
        &[
            "error: difflogic~: 352800 Hz",
            "error: difflogic~: 352800 Hz",
            "info: refused 352800 Hz",
        ],
    );
    assert_eq!(console.matches("refused").count(), 1, "{console}");
    assert!(!console.contains("opened trained"), "{console}");
    let own = samples(&session, &session.networks.formula, 1024);
    assert_eq!(recorded[0][..1024], own, "{console}");
}

#[test]
fn names_of_files_have_several_words() {
    let session = Session::new(44_100);
    fs::copy(&session.networks.formula, session.path("my song 2.json")).unwrap();
    for object in ["difflogic~", "difflogic"] {
        let console = answers(&session, object, 2, &["open my song 2.json"]);
        assert_lines(&console, &["1: opened the 42 melody"]);
    }
}

#[test]
fn presets_last_as_long_as_the_object() {
    let session = Session::new(44_100);
    let own = samples(&session, &session.networks.formula, 4096);
    let take = Take {
        arguments: "forty-two.json",
        frames: 4096,
        events: &[
            (0, "sound set swap=instant"),
            (0, "sound save plain"),
            (1024, "sound bend 20 21 1"),
            (2048, "sound recall plain"),
        ],
        ..Take::default()
    };
    let (recorded, console) = record(&session, &take);
    assert_eq!(recorded[0][..1024], own[..1024], "{console}");
    assert_ne!(recorded[0][1024..2048], own[1024..2048], "{console}");
    assert_eq!(recorded[0][2048..], own[2048..], "{console}");
}

#[test]
fn two_of_each_do_not_collide() {
    let session = Session::new(44_100);
    let mut patch = Patch::new();
    let receive = patch.object("r start");
    for name in ["forty-two", "trained-forty-two"] {
        let sound = patch.object(&format!("difflogic~ {name}.json"));
        let write = patch.object(&format!("tabwrite~ {name}"));
        patch.object(&format!("table {name} 4096"));
        patch.connect((sound, 0), (write, 0));
        patch.connect((receive, 0), (write, 0));
        let messages = patch.object("r messages");
        let object = patch.object(&format!("difflogic {name}.json"));
        let print = patch.object(&format!("print {name}"));
        patch.connect((messages, 0), (object, 0));
        patch.connect((object, 0), (print, 0));
    }
    let receive = patch.object("r files");
    let files = patch.object("soundfiler");
    patch.connect((receive, 0), (files, 0));
    let events = [
        (0, "start bang"),
        (0, "pd dsp 1"),
        (1024, "messages numbers 1234"),
        (
            4096,
            "files write -wave -bytes 4 out.wav forty-two trained-forty-two",
        ),
    ];
    add_events(&session, &mut patch, &events);
    let console = session.run(&patch);
    let recorded = read_channels(&session.path("out.wav"), 2);
    let paths = [&session.networks.formula, &session.networks.trained];
    for (path, recorded) in paths.into_iter().zip(&recorded) {
        let own = samples(&session, path, 4096);
        assert_eq!(*recorded, own, "{}; {console}", path.display());
        let name = path.file_stem().unwrap().to_str().unwrap();
        let sample = own[1234] * 128.0 + 128.0;
        let line = format!("{name}: {sample}");
        assert!(
            console.lines().any(|other| other == line),
            "no {line}; {console}"
        );
    }
}

#[test]
fn lists_of_bits_and_numbers_are_evaluated() {
    let session = Session::new(44_100);
    let formula = |t: u32| t.wrapping_mul(0x2a & t >> 10) & 0xff;
    let bits = |value: u32, count: u32| -> String {
        let bits: Vec<String> = (0..count)
            .map(|bit| (value >> bit & 1).to_string())
            .collect();
        bits.join(" ")
    };
    let batch = format!("list {} {}", bits(5000, 14), bits(12_345, 14));
    let lines = [
        format!("0: {} {}", bits(formula(5000), 8), bits(formula(12_345), 8)),
        format!("0: {} {}", formula(5000), formula(5001)),
        format!("0: {}", formula(5000) ^ 1),
        format!("0: {}", formula(5000)),
        "1: opened ".into(),
        "0: ".into(),
        "1: inputs 14".into(),
        "1: outputs 8".into(),
    ];
    let console = answers(
        &session,
        "difflogic forty-two.json",
        2,
        &[
            &batch,
            "numbers 5000 5001",
            "bend 45 invert",
            "numbers 5000",
            "clear",
            "number 5000",
            "open trained-forty-two.json",
            "numbers 5000",
            "info",
        ],
    );
    let lines: Vec<&str> = lines.iter().map(|line| &line[..]).collect();
    assert_lines(&console, &lines);
    assert!(!console.contains("refused"), "{console}");
}

#[test]
fn compiled_libraries_of_difflogic_are_evaluated() {
    let session = Session::new(44_100);
    // Of three bits: how many are 1, and whether all are. A call has 64 samples.
    let source = "#include <stdbool.h>\n#include <stddef.h>\n\
        void apply_logic_gate_net(bool const *in, int *out, size_t len) {\n\
        for (size_t k = 0; k < 64 * len; k++) {\n\
        bool const *bit = in + 3 * k;\n\
        out[2 * k] = 100 * (bit[0] + bit[1] + bit[2]);\n\
        out[2 * k + 1] = bit[0] & bit[1] & bit[2];\n}\n}\n";
    fs::write(session.path("net.c"), source).unwrap();
    session.compile("net");
    let console = answers(
        &session,
        "difflogic -lib net.so 3 2",
        2,
        &[
            "1 1 0 1 1 1 0 1 0",
            "1 0",
            "bend 0 1",
            "lib net.so",
            "lib net.so 3 5",
            "lib absent.so 3 2",
        ],
    );
    let lines = [
        "0: 200 0 300 1 100 0",
        "error: difflogic: ",
        "1: refused",
        "error: difflogic: lib needs",
        "does not have 5 outputs",
        "absent.so",
    ];
    assert_lines(&console, &lines);
}

#[test]
fn errors_are_on_the_console_and_change_nothing() {
    let session = Session::new(44_100);
    fs::write(
        session.path("bad.json"),
        "{\"format\": \"gatebend-network\"",
    )
    .unwrap();
    let text = fs::read_to_string(&session.networks.formula).unwrap();
    let mut stereo: serde_json::Value = serde_json::from_str(&text).unwrap();
    stereo["version"] = 2.into();
    stereo["inputs"] = serde_json::json!([{"from": "t", "bits": 14}]);
    stereo["outputs"] = serde_json::json!([[45, 14, 15, 26], [35, 38, 41, 44]]);
    fs::write(session.path("stereo.json"), stereo.to_string()).unwrap();
    let network = session.networks.formula.display().to_string();
    let console = answers(
        &session,
        &format!("difflogic~ {network} -in 0 -nodes 2"),
        4,
        &[
            "open absent.json",
            "open bad.json",
            "open stereo.json",
            "open origami.json",
            "open 5",
            "open",
            "prepare absent.json",
            "swap",
            "bend 99999 1",
            "bend 20 2",
            "control drive 0.5",
            "set speed=9",
            "loop 5 5",
            "nodes 1 2 3",
            "nodes 1.5",
            "nodes 99999",
            "note 200 100",
            "follow 1",
            "hello 1 2",
            "symbol x",
            "list 1 2",
            "info",
        ],
    );
    assert_lines(
        &console,
        &[
            "error: difflogic~: cannot find absent.json",
            "refused cannot find absent.json",
            "bad.json",
            "create it with -out 2",
            "create it with -in 1",
            "error: difflogic~: open needs the name of a file",
            "error: difflogic~: open needs the name of a file",
            "error: difflogic~: cannot find absent.json",
            "error: difflogic~: nothing is prepared",
            "99999",
            "bend",
            "no controls",
            "speed",
            "loop",
            "error: difflogic~: there are more nodes (3) than node outlets (2)",
            "error: difflogic~: nodes are whole numbers",
            "99999",
            "error: difflogic~: note needs a pitch",
            "error: difflogic~: there is no inlet for time",
            "hello",
            "symbol",
            "list",
            "3: network the 42 melody",
            "3: gates 32",
        ],
    );
    let console = answers(
        &session,
        "difflogic forty-two.json",
        2,
        &[
            "1 2",
            "0",
            "numbers -1",
            "numbers",
            "bend 3",
            "bend 999 1",
            "open bad.json",
            "hello",
        ],
    );
    assert_lines(
        &console,
        &[
            "error: difflogic: each sample needs 14 of the bits, and this list has 2",
            "error: difflogic: each sample needs 14 of the bits, and this list has 1",
            "error: difflogic: numbers are whole",
            "error: difflogic: each sample needs 1 of the numbers, and this list has 0",
            "error: difflogic: bend needs nodes",
            "error: difflogic: nodes are whole numbers from 0, and less than 46 here",
            "bad.json",
            "error: difflogic: hello is not a message of difflogic",
        ],
    );
}

#[test]
fn objects_without_a_network_say_so() {
    let session = Session::new(44_100);
    for (object, outlets) in [
        ("difflogic~", 2),
        ("difflogic", 2),
        ("difflogic~ absent.json", 2),
    ] {
        let console = answers(&session, object, outlets, &["bend 20 1", "info"]);
        assert_lines(&console, &["no network is open", "no network is open"]);
        assert_eq!(
            console.contains("absent.json"),
            object.contains("absent.json"),
            "{console}"
        );
    }
    for wrong in [
        "-in 3",
        "-out 0",
        "-nodes 33",
        "-nodes",
        "-speed 1",
        "a.json b.json",
        "7",
    ] {
        let console = answers(&session, &format!("difflogic~ {wrong}"), 1, &[]);
        assert_lines(&console, &["error: difflogic~: ", "couldn't create"]);
    }
}

#[test]
fn unopened_objects_are_silent() {
    let session = Session::new(44_100);
    let take = Take {
        arguments: "-out 2 -nodes 1",
        signals: (1, 3),
        input: &[vec![0.5; 1024]],
        frames: 1024,
        ..Take::default()
    };
    let (recorded, console) = record(&session, &take);
    assert_eq!(recorded, vec![vec![0.0; 1024]; 3], "{console}");
}

#[test]
fn keys_play() {
    let session = Session::new(44_100);
    let own = samples(&session, &session.networks.formula, 4096);
    let take = Take {
        arguments: "forty-two.json",
        frames: 4096,
        events: &[(1024, "sound note 60 127"), (3072, "sound note 60 0")],
        ..Take::default()
    };
    let (recorded, console) = record(&session, &take);
    assert_eq!(recorded[0][..1024], own[..1024], "{console}");
    assert_eq!(recorded[0][1024..3072], own[..2048], "{console}");
    assert!(
        recorded[0][3072 + 2048 / 2..]
            .iter()
            .all(|sample| *sample == 0.0),
        "{console}"
    );
}

/// Returns how often a patch of so many ticks has allocated.
fn allocations(session: &Session, counter: &Path, ticks: usize) -> usize {
    let mut patch = Patch::new();
    let inlet = patch.object("osc~ 100");
    let sound = patch.object("difflogic~ forty-two.json -in 1 -time -nodes 2");
    patch.connect((inlet, 0), (sound, 0));
    patch.connect((inlet, 0), (sound, 1));
    let output = patch.object("tabwrite~ none");
    patch.connect((sound, 0), (output, 0));
    let quiet = patch.object("difflogic~ origami.json -out 2");
    patch.connect((inlet, 0), (quiet, 0));
    patch.connect((quiet, 0), (output, 0));
    add_events(
        session,
        &mut patch,
        &[(0, "pd dsp 1"), (ticks * TICK, "pd dsp 0")],
    );
    fs::write(session.path("test.pd"), patch.text()).unwrap();
    let mut pd = session.pd();
    pd.env("PRELOAD", counter)
        .env("COUNT", session.path("count.txt"));
    run(pd.arg("test.pd"));
    let count = fs::read_to_string(session.path("count.txt")).unwrap();
    count.trim().parse().unwrap()
}

#[test]
fn audio_calls_allocate_nothing() {
    let session = Session::new(44_100);
    let source = "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <stdio.h>\n#include <stdlib.h>\n\
        static long count;\n\
        extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t),\n\
            *__libc_realloc(void *, size_t);\n\
        void *malloc(size_t n) { count++; return __libc_malloc(n); }\n\
        void *calloc(size_t n, size_t m) { count++; return __libc_calloc(n, m); }\n\
        void *realloc(void *p, size_t n) { count++; return __libc_realloc(p, n); }\n\
        __attribute__((destructor)) static void end(void) {\n\
            long counted = count;\n\
            FILE *file = fopen(getenv(\"COUNT\"), \"w\");\n\
            fprintf(file, \"%ld\", counted);\n\
            fclose(file);\n}\n";
    fs::write(session.path("count.c"), source).unwrap();
    session.compile("count");
    let counter = session.path("count.so");
    let short = allocations(&session, &counter, 10);
    let long = allocations(&session, &counter, 10_000);
    assert!(short > 1000, "allocations are not counted: {short}");
    assert_eq!(short, long, "allocations in 10 ticks and in 10,000");
}

#[test]
fn externals_are_small_and_need_only_the_system() {
    let include = env::var("PD_INCLUDE").unwrap_or_else(|_| "/usr/include/pd".into());
    let header = fs::read_to_string(Path::new(&include).join("m_pd.h")).unwrap();
    // Those that are built for other systems need an old glibc only.
    let glibc = match env::var("PD_TARGET").as_deref() {
        Ok("armv7") => 24,
        Ok(_) => 31,
        Err(_) => u32::MAX,
    };
    for (name, setup) in [
        ("difflogic~.", "difflogic_tilde_setup"),
        ("difflogic.", "difflogic_setup"),
    ] {
        // Its ending says for which precision of Pd it is.
        let mut files = fs::read_dir(externals()).unwrap().map(Result::unwrap);
        let is_named = |file: &fs::DirEntry| file.file_name().to_string_lossy().starts_with(name);
        let file = files.find(is_named).expect(name).path();
        let name = file.display();
        assert_stands_alone(&file, &[setup]);
        // What no library has is Pd's.
        let undefined = run(Command::new("nm")
            .args(["-D", "--undefined-only"])
            .arg(&file));
        for symbol in undefined
            .lines()
            .filter_map(|line| line.trim().strip_prefix("U "))
        {
            let is_known = symbol.contains('@') || header.contains(symbol);
            assert!(is_known, "{name} needs {symbol}");
        }
        let versions = run(Command::new("readelf").arg("-V").arg(&file));
        let versions = versions.split("GLIBC_2.").skip(1);
        let digits = |text: &str| {
            text.split(|c: char| !c.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        };
        let newest: u32 = versions.filter_map(digits).max().unwrap();
        assert!(newest <= glibc, "{name} needs glibc 2.{newest}");
    }
}

#[test]
fn externals_compile_for_doubles() {
    for name in ["difflogic~.c", "difflogic.c"] {
        let mut compiler = Command::new("cc");
        compiler.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]);
        compiler.args(["-DPD_FLOATSIZE=64", "-isystem", "/usr/include/pd", "-I"]);
        compiler.arg(root().join("hosts/capi/include"));
        run(compiler.arg(root().join("hosts/pd").join(name)));
    }
}

#[test]
fn help_and_example_open_without_errors() {
    let session = Session::new(44_100);
    let mut patch = Patch::new();
    let events = [(0, "pd dsp 1"), (44_100, "pd dsp 0")];
    add_events(&session, &mut patch, &events);
    fs::write(session.path("test.pd"), patch.text()).unwrap();
    let copy = |file: &Path| fs::copy(file, session.path(file.file_name().unwrap())).unwrap();
    for file in fs::read_dir(externals()).unwrap() {
        let file = file.unwrap().path();
        if file.is_file() {
            copy(&file);
        }
    }
    copy(&externals().join("bela/_main.pd"));
    for file in ["difflogic~-help.pd", "difflogic-help.pd", "_main.pd"] {
        let console = run(session.pd().args([file, "test.pd"]));
        assert!(!console.contains("error"), "{file}: {console}");
        assert!(!console.contains("couldn't create"), "{file}: {console}");
    }
}
