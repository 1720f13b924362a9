//! Gatebend in scsynth, installed as a user installs it: what it renders from scores that
//! sclang has written, sample for sample, and what it plays in real time.

use std::fs;
use std::path::Path;

use gatebend_hosts::{
    Frame, Networks, Segment, assert_same, assert_stands_alone, built, expected, root, signal,
};

use home::Home;

#[path = "supercollider/home.rs"]
mod home;
#[path = "supercollider/live.rs"]
mod live;

/// Rates of the server in Hz.
const RATES: [u32; 2] = [44_100, 48_000];
/// Sizes of the server's blocks in frames.
const BLOCKS: [usize; 3] = [16, 64, 1_024];
/// Frames of a part of a score: whole blocks of each size.
const PART: usize = 4_096;

/// A synth that hears the input, with one control and two bent nodes.
const PLAYER: &str = r"
    SynthDef(\player, { |network = 1, left = 41, first = 0, right = 44, second = 0, drive = 0.25|
        Out.ar(0, Gatebend.ar(network, 2, SoundIn.ar([0, 1]), drive,
            [left, first, right, second], fade: 0))
    }),";

fn loads(networks: &Networks) -> String {
    let load = |key: u32, path: &Path| {
        format!("[0.0, Gatebend.loadMsg({key}, \"{}\")],\n", path.display())
    };
    [
        (1, &networks.formula),
        (2, &networks.trained),
        (3, &networks.listening),
    ]
    .map(|(key, path)| load(key, path))
    .concat()
}

#[test]
fn swaps_and_bends_are_exact() {
    let home = Home::new();
    for rate in RATES {
        let networks = Networks::write(home.path(), rate);
        let events = format!(
            "{} [0.0, ['/s_new', \\player, 1000, 0, 0]],
            [at.({PART}), ['/n_set', 1000, \\first, 1]],
            [at.({PART} * 2), ['/n_set', 1000, \\network, 2, \\second, 3]],
            [at.({PART} * 3), ['/n_set', 1000, \\left, 2560, \\right, 2563]],
            [at.({PART} * 4), ['/n_set', 1000, \\first, 0, \\second, 0]],
            [at.({PART} * 5), ['/n_set', 1000, \\network, 3]],
            [at.({PART} * 6), ['/n_set', 1000, \\drive, 1.0]],
            [at.({PART} * 7), Gatebend.commandMsg(3, \"bend 246 248 invert\")]",
            loads(&networks)
        );
        let segment = |network, bends, controls| Segment {
            frames: PART,
            network,
            bends,
            controls,
        };
        let segments = [
            segment(&networks.formula, &[], &[]),
            segment(&networks.formula, &[(41, "0")], &[]),
            segment(&networks.trained, &[(41, "0"), (44, "invert")], &[]),
            segment(&networks.trained, &[(2560, "0"), (2563, "invert")], &[]),
            segment(&networks.trained, &[], &[]),
            segment(&networks.listening, &[], &[("drive", 0.25)]),
            segment(&networks.listening, &[], &[("drive", 1.0)]),
            segment(
                &networks.listening,
                &[(246, "invert"), (248, "invert")],
                &[("drive", 1.0)],
            ),
        ];
        let frames = PART * segments.len();
        let input = signal(frames);
        let expected = expected(&segments, rate, Some(&input));
        let score = home.write_score(rate, PLAYER, &events, frames);
        for block in BLOCKS {
            let recording = home.render(&score, rate, block, Some(&input));
            assert!(
                !recording.console.contains("ERROR"),
                "{}",
                recording.console
            );
            assert_same(
                &format!("{rate} Hz, blocks of {block}"),
                &expected,
                &recording.frames,
            );
        }
    }
}

/// A synth of one channel that plays a network with nothing else.
const SINGLE: &str = r"
    SynthDef(\single, { |network = 1, out = 0| Out.ar(out, Gatebend.ar(network, 1)) }),";

#[test]
fn several_synths_play_at_once() {
    let home = Home::new();
    let rate = 48_000;
    let networks = Networks::write(home.path(), rate);
    let events = format!(
        "{} [0.0, ['/s_new', \\single, 1000, 0, 0]],
        [at.({PART}), ['/s_new', \\single, 1001, 0, 0, \\network, 2, \\out, 1],
            ['/s_new', \\single, 1002, 0, 0, \\network, 1, \\out, 4],
            ['/n_free', 1002]],
        [at.({PART} * 2), ['/n_free', 1000]]",
        loads(&networks)
    );
    let frames = PART * 3;
    let score = home.write_score(rate, SINGLE, &events, frames);
    let recording = home.render(&score, rate, 64, None);
    let alone = |network, frames| {
        expected(
            &[Segment {
                frames,
                network,
                bends: &[],
                controls: &[],
            }],
            rate,
            None,
        )
    };
    let mut sum = vec![[0.0; 2]; frames];
    for (k, frame) in alone(&networks.formula, PART * 2).iter().enumerate() {
        sum[k][0] = frame[0];
    }
    for (k, frame) in alone(&networks.trained, PART * 2).iter().enumerate() {
        sum[PART + k][1] = frame[0];
    }
    assert_same("two synths", &sum, &recording.frames);
}

/// A synth whose right channel is a node's output, and whose time is a signal.
const TIMED: &str = r"
    SynthDef(\timed, { |nodes = 3|
        Out.ar(0, Gatebend.ar(1, 1, nodes: 3, time: Phasor.ar(0, 3, 0, 100000)))
    }),";

#[test]
fn time_is_a_signal_and_nodes_are_outputs() {
    let home = Home::new();
    let rate = 44_100;
    let networks = Networks::write(home.path(), rate);
    let events = format!(
        "{} [0.0, ['/s_new', \\timed, 1000, 0, 0]]",
        loads(&networks)
    );
    let score = home.write_score(rate, TIMED, &events, PART);
    let network = networks.formula.as_path();
    let whole = Segment {
        frames: PART * 3,
        network,
        bends: &[],
        controls: &[],
    };
    let whole = expected(&[whole], rate, None);
    let frame = |k: usize| [whole[3 * k][0], f32::from((3 * k) as u8 >> 3 & 1)];
    let expected: Vec<Frame> = (0..PART).map(frame).collect();
    for block in BLOCKS {
        let recording = home.render(&score, rate, block, None);
        assert_same(&format!("blocks of {block}"), &expected, &recording.frames);
    }
}

#[test]
fn speed_rate_and_start_are_inputs() {
    let home = Home::new();
    let rate = 48_000;
    let networks = Networks::write(home.path(), rate);
    let definition = r"
        SynthDef(\fast, { |speed = 2, start = 100, trigger = 0|
            Out.ar(0, Gatebend.ar(1, 2, speed: speed, trigger: trigger, startPos: start))
        }),";
    let events = format!(
        "{} [0.0, ['/s_new', \\fast, 1000, 0, 0]],
        [at.({PART}), ['/n_set', 1000, \\trigger, 1, \\start, 7]]",
        loads(&networks)
    );
    let score = home.write_score(rate, definition, &events, PART * 2);
    let recording = home.render(&score, rate, 64, None);
    let network = networks.formula.as_path();
    let whole = Segment {
        frames: PART * 3,
        network,
        bends: &[],
        controls: &[],
    };
    let whole = expected(&[whole], rate, None);
    let from = |start: usize| (0..PART).map(move |k| start + 2 * k);
    let expected: Vec<Frame> = from(100).chain(from(7)).map(|k| whole[k]).collect();
    assert_same("twice as fast", &expected, &recording.frames);
}

#[test]
fn a_key_that_is_loaded_again_goes_on_with_the_new_network() {
    let home = Home::new();
    let rate = 48_000;
    let networks = Networks::write(home.path(), rate);
    // The second synth waits for its network.
    let events = format!(
        "{} [0.0, ['/s_new', \\player, 1000, 0, 0], ['/s_new', \\single, 1001, 0, 0, \\network, 7, \\out, 1]],
        [at.({PART}), Gatebend.loadMsg(1, \"{}\"), Gatebend.loadMsg(7, \"{}\")],
        [at.({PART} * 2), Gatebend.freeMsg(1), ['/n_set', 1000, \\left, 2560, \\first, 3]]",
        loads(&networks),
        networks.trained.display(),
        networks.formula.display(),
    );
    let player = PLAYER.replace("Gatebend.ar(network, 2,", "Gatebend.ar(network, 1,");
    let score = home.write_score(rate, &[&player, SINGLE].concat(), &events, PART * 3);
    let recording = home.render(&score, rate, 64, None);
    let segment = |network, bends| Segment {
        frames: PART,
        network,
        bends,
        controls: &[],
    };
    let left = [
        segment(networks.formula.as_path(), &[]),
        segment(networks.trained.as_path(), &[]),
        segment(networks.trained.as_path(), &[(2560, "invert")]),
    ];
    let left = expected(&left, rate, None);
    let right = Segment::new(&networks.formula, PART * 2);
    let right = [vec![[0.0; 2]; PART], expected(&[right], rate, None)].concat();
    let both: Vec<Frame> = left
        .iter()
        .zip(right)
        .map(|(left, right)| [left[0], right[0]])
        .collect();
    assert_same("loaded again", &both, &recording.frames);
}

#[test]
fn a_touch_is_that_of_a_command() {
    let home = Home::new();
    let rate = 44_100;
    let networks = Networks::write(home.path(), rate);
    let definition = r"
        SynthDef(\touched, { |touch = 0|
            Out.ar(0, Gatebend.ar(2, 2, x: 0.5, y: 0.25, touch: touch))
        }),";
    let record = |touch: &str, lift: &str| {
        let events = format!(
            "{} [0.0, ['/s_new', \\touched, 1000, 0, 0]],
            [at.({PART}), Gatebend.commandMsg(2, \"set bend=invert\"), {touch}],
            [at.({PART} * 2), {lift}]",
            loads(&networks)
        );
        let score = home.write_score(rate, definition, &events, PART * 3);
        home.render(&score, rate, 64, None).frames
    };
    let by_input = record(
        "['/n_set', 1000, \\touch, 0.5]",
        "['/n_set', 1000, \\touch, 0]",
    );
    let touch = "Gatebend.commandMsg(2, \"touch 0.5 0.25 0.5\")";
    let by_command = record(touch, "Gatebend.commandMsg(2, \"lift\")");
    assert_same("touched", &by_command, &by_input);
    let network = networks.trained.as_path();
    let segment = Segment {
        frames: PART * 3,
        network,
        bends: &[],
        controls: &[],
    };
    let plain = expected(&[segment], rate, None);
    let part = |sound: &[Frame], k: usize| sound[PART * k..PART * (k + 1)].to_vec();
    assert_eq!(part(&plain, 0), part(&by_input, 0));
    assert_ne!(part(&plain, 1), part(&by_input, 1));
    assert_eq!(part(&plain, 2), part(&by_input, 2));
}

#[test]
fn the_class_makes_the_outputs_and_reads_the_keys() {
    let home = Home::new();
    home.run_code(
        r#"
        var isThrown = false, outputs;
        var assert = { |what, is| if (is.not) { Error("not so: " ++ what).throw } };
        outputs = { |function|
            var found;
            SynthDef(\test, { found = function.value });
            found
        };
        assert.("two channels", outputs.({ Gatebend.ar(\tune) }).size == 2);
        assert.("one channel", outputs.({ Gatebend.ar(\tune, 1) }).isKindOf(UGen));
        assert.("nodes", outputs.({ Gatebend.ar(\tune, 1, nodes: [3, 4]) }).size == 3);
        assert.("expansion", outputs.({ Gatebend.ar([\tune, \other], speed: [1, 2]) }).shape == [2, 2]);
        assert.("a signal as key", outputs.({ Gatebend.ar(DC.kr(1)) }).size == 2);
        try { outputs.({ Gatebend.ar(1, bends: [20]) }) } { isThrown = true };
        assert.("pairs", isThrown);
        assert.("names", Gatebend.key(\tune) == Gatebend.key("tune"));
        assert.("other names", Gatebend.key(\tune) != Gatebend.key(\other));
        assert.("numbers", Gatebend.key(3) == 3);
        assert.("help", SCDoc.parseFileFull(
            Platform.userExtensionDir +/+ "supercollider/HelpSource/Classes/Gatebend.schelp").notNil);
        "#,
    );
}

/// Synths and networks of the help play, found as the help says.
#[test]
fn networks_come_with_the_plug_in() {
    let home = Home::new();
    let rate = 44_100;
    let names = ["forty-two", "trained-forty-two", "stairs", "origami"];
    for name in names {
        let event = format!(
            "[0.0, Gatebend.loadMsg(1, Gatebend.networks +/+ \"{name}.json\")],
            [0.0, ['/s_new', \\single, 1000, 0, 0]]"
        );
        let score = home.write_score(rate, SINGLE, &event, PART);
        let recording = home.render(&score, rate, 64, None);
        let network = &root().join(format!("assets/networks/{name}.json"));
        let segment = Segment {
            frames: PART,
            network,
            bends: &[],
            controls: &[],
        };
        let expected = expected(&[segment], rate, None).into_iter();
        let expected: Vec<Frame> = expected.map(|frame| [frame[0], 0.0]).collect();
        assert_same(name, &expected, &recording.frames);
    }
    let folder = root().join("hosts/supercollider");
    for file in [
        "README.md",
        "HelpSource/Classes/Gatebend.schelp",
        "examples/first-sound.scd",
    ] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert!(
            !text.contains("s.boot;"),
            "{file} does not wait for the server"
        );
        for used in text.split("Gatebend.networks +/+ \"").skip(1) {
            let used = used.split(".json").next().unwrap();
            assert!(names.contains(&used), "{file}: {used}");
        }
        for path in text
            .lines()
            .filter(|line| line.contains("Gatebend.load(s, \\"))
        {
            assert!(path.contains("Gatebend.networks"), "{file}: {path}");
        }
    }
}

#[test]
fn errors_name_the_key_and_the_old_network_plays_on() {
    let home = Home::new();
    let rate = 44_100;
    let networks = Networks::write(home.path(), rate);
    fs::write(home.path().join("bad.json"), "{}").unwrap();
    let text = fs::read_to_string(&networks.listening).unwrap();
    let mut network: serde_json::Value = serde_json::from_str(&text).unwrap();
    network["outputs"] = vec![network["outputs"].clone(); 3].into();
    fs::write(home.path().join("three.json"), network.to_string()).unwrap();
    let at = |name: &str| home.path().join(name).display().to_string();
    let definitions = r"
        SynthDef(\wide, { Out.ar(0, Gatebend.ar(1, 2, SoundIn.ar([0, 1, 0]))) }),
        SynthDef(\many, { Out.ar(0, Gatebend.ar(1, 3)) }),";
    let events = format!(
        "{} [0.0, ['/s_new', \\player, 1000, 0, 0]],
        [at.({PART}), Gatebend.loadMsg(1, \"{}\"), Gatebend.loadMsg(1, \"{}\"),
            Gatebend.loadMsg(1, \"{}\"), ['/n_set', 1000, \\network, 9],
            ['/s_new', \\wide, 1001, 0, 0], ['/s_new', \\many, 1002, 0, 0],
            Gatebend.freeMsg(8),
            ['/cmd', '/gatebend_load', 1], Gatebend.commandMsg(7, \"clear\")],
        [at.({PART} + 1024), Gatebend.commandMsg(9, \"bend 20 sideways\"),
            ['/n_set', 1000, \\left, 46, \\first, 1]]",
        loads(&networks),
        at("nowhere.json"),
        at("bad.json"),
        at("three.json"),
    );
    let definitions = [PLAYER, definitions].concat();
    let score = home.write_score(rate, &definitions, &events, PART * 2);
    let recording = home.render(&score, rate, 64, None);
    let network = networks.formula.as_path();
    let segment = Segment {
        frames: PART * 2,
        network,
        bends: &[],
        controls: &[],
    };
    assert_same(
        "after errors",
        &expected(&[segment], rate, None),
        &recording.frames,
    );
    for message in [
        "ERROR: Gatebend: key 1: ",
        "nowhere.json",
        "bad.json",
        "three.json",
        "ERROR: Gatebend: synth 1000: no network is loaded under the key 9",
        "ERROR: Gatebend: synth 1001: in has more than 2 channels",
        "ERROR: Gatebend: synth 1002: numChannels must be 1 or 2",
        "ERROR: Gatebend: synth 1000, key 9: ",
        "sideways",
        "ERROR: Gatebend: synth 1000, key 9: no node 46",
        "ERROR: Gatebend: no network is loaded under the key 8",
        "ERROR: Gatebend: /gatebend_load needs a key and a path",
        "ERROR: Gatebend: no synth plays the key 7",
    ] {
        assert!(
            recording.console.contains(message),
            "no {message} in:\n{}",
            recording.console
        );
    }
}

#[test]
fn the_plug_in_stands_alone() {
    let file = built().join("supercollider/Gatebend.so");
    assert_stands_alone(&file, &["api_version", "load", "server_type"]);
}
