//! Gatebend in Csound: what it writes, sample for sample.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatebend_hosts::{
    Frame, Networks, Segment, assert_same, assert_stands_alone, built, expected, read_wav, root,
    run, signal, write_wav,
};

/// Rates of the orchestra in Hz.
const RATES: [u32; 2] = [44_100, 48_000];
/// Sizes of the k-cycles in frames.
const BLOCKS: [usize; 4] = [1, 16, 64, 1_024];
/// Frames of a part of a score: whole k-cycles of each size.
const PART: usize = 4_096;

/// The output of Csound.
struct Recording {
    frames: Vec<Frame>,
    console: String,
}

/// A piece, which is rendered in its own folder.
struct Piece<'a> {
    folder: &'a Path,
    rate: u32,
    block: usize,
    orchestra: &'a str,
    score: &'a str,
    input: Option<&'a [Frame]>,
}

impl Piece<'_> {
    fn write(&self) -> PathBuf {
        let file = self.folder.join("piece.csd");
        let text = format!(
            "<CsoundSynthesizer>\n<CsInstruments>
            sr = {}\nksmps = {}\nnchnls = 2\n0dbfs = 1\n{}
            </CsInstruments>\n<CsScore>\n{}\n</CsScore>\n</CsoundSynthesizer>\n",
            self.rate, self.block, self.orchestra, self.score
        );
        fs::write(&file, text).unwrap();
        file
    }

    fn command(&self) -> Command {
        let library = built().join("csound/libgatebend.so");
        let mut csound = Command::new("timeout");
        csound.args(["--signal=KILL", "60", "csound"]);
        csound.current_dir(self.folder).arg("-d");
        csound.arg(format!("--opcode-lib={}", library.display()));
        csound
    }

    fn render(&self, options: &[&str]) -> Recording {
        let out = self.folder.join("out.wav");
        let _ = fs::remove_file(&out);
        let mut csound = self.command();
        csound.args(options).args(["-W", "-f", "-o"]).arg(&out);
        if let Some(input) = self.input {
            let heard = self.folder.join("in.wav");
            write_wav(&heard, self.rate, input);
            csound.arg("-i").arg(heard);
        }
        // It fails if a note was refused, and has written the others.
        let output = csound.arg(self.write()).output().unwrap();
        let console = [output.stdout, output.stderr].concat();
        let console = String::from_utf8_lossy(&console).into_owned();
        assert!(out.exists(), "{console}");
        let (rate, frames) = read_wav(&out);
        assert_eq!(rate, self.rate);
        Recording { frames, console }
    }
}

fn loads(networks: &Networks) -> String {
    [
        ("Formula", &networks.formula),
        ("Trained", &networks.trained),
        ("Listening", &networks.listening),
    ]
    .map(|(name, path)| format!("gi{name} gatebendload \"{}\"\n", path.display()))
    .concat()
}

/// Returns a line of a score that starts a note of an instrument for some frames.
fn note(instrument: u32, start: usize, frames: usize, rate: u32) -> String {
    // A quarter later, since Csound rounds down.
    let start = (start as f64 + 0.25) / f64::from(rate);
    let length = frames as f64 / f64::from(rate);
    format!("i {instrument} {start:.17} {length:.17}\n")
}

#[test]
fn swaps_and_bends_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    for rate in RATES {
        let networks = Networks::write(folder.path(), rate);
        let part = |bends, controls, network| Segment {
            frames: PART,
            network,
            bends,
            controls,
        };
        let segments = [
            part(&[], &[], &networks.formula),
            part(&[(41, "0")], &[], &networks.formula),
            part(&[(41, "0"), (44, "invert")], &[], &networks.trained),
            part(&[(2560, "0"), (2563, "invert")], &[], &networks.trained),
            part(&[], &[], &networks.trained),
            part(&[], &[("drive", 0.25)], &networks.listening),
            part(&[], &[("drive", 1.0)], &networks.listening),
            part(
                &[(246, "invert"), (248, "invert")],
                &[("drive", 1.0)],
                &networks.listening,
            ),
        ];
        let frames = PART * segments.len();
        let input = signal(frames);
        let expected = expected(&segments, rate, Some(&input));
        // The number of the part, from the frames that were rendered before.
        let orchestra = format!(
            "{}
            giPlayer init 0
            instr 1
              kCycle init 0
              kPart = int(kCycle*ksmps/{PART})
              kCycle += 1
              aLeft inch 1
              aRight inch 2
              giPlayer gatebendplayer giFormula, 0
              gatebendplay giPlayer, kPart < 2 ? giFormula : kPart < 5 ? giTrained : giListening
              gatebendbend giPlayer, kPart < 3 ? 41 : 2560, kPart >= 1 && kPart <= 3 ? 1 : 0
              gatebendbend giPlayer, kPart < 3 ? 44 : 2563, kPart >= 2 && kPart <= 3 ? 3 : 0
              gatebendcontrol giPlayer, \"drive\", kPart >= 6 ? 1 : 0.25
              aLeft, aRight gatebendout giPlayer, aLeft, aRight
              outs aLeft, aRight
            endin
            instr 2
              gatebendset giPlayer, \"bend 246 248 invert\"
            endin",
            loads(&networks)
        );
        let score = note(1, 0, frames, rate) + &note(2, PART * 7, 0, rate);
        for block in BLOCKS {
            let input = Some(input.as_slice());
            let (orchestra, score) = (&orchestra, &score);
            let piece = Piece {
                folder: folder.path(),
                rate,
                block,
                orchestra,
                score,
                input,
            };
            let recording = piece.render(&[]);
            assert_same(
                &format!("{rate} Hz, ksmps {block}"),
                &expected,
                &recording.frames,
            );
        }
    }
}

#[test]
fn notes_play_at_once_and_begin_at_their_samples() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 48_000;
    let networks = Networks::write(folder.path(), rate);
    let orchestra = format!(
        "{}
        instr 1
          aSound gatebend giFormula
          outs aSound, a(0)
        endin
        instr 2
          aSound gatebend giTrained
          outs a(0), aSound
        endin",
        loads(&networks)
    );
    let (start, frames) = (1_000, 3_001);
    let score = note(1, start, frames, rate) + &note(2, 0, frames, rate);
    let formula = expected(&[Segment::new(&networks.formula, frames)], rate, None);
    let trained = expected(&[Segment::new(&networks.trained, frames)], rate, None);
    let mut sum = vec![[0.0; 2]; start + frames];
    for k in 0..frames {
        sum[start + k][0] = formula[k][0];
        sum[k][1] = trained[k][1];
    }
    // Csound has sample-accurate notes if a k-cycle is more than a sample.
    for block in &BLOCKS[1..] {
        let (orchestra, score) = (&orchestra, &score);
        let piece = Piece {
            folder: folder.path(),
            rate,
            block: *block,
            orchestra,
            score,
            input: None,
        };
        let recording = piece.render(&["--sample-accurate"]);
        assert_same(&format!("ksmps {block}"), &sum, &recording.frames);
    }
}

#[test]
fn time_is_a_signal_and_nodes_are_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 44_100;
    let networks = Networks::write(folder.path(), rate);
    let orchestra = format!(
        "{}
        instr 1
          iPlayer gatebendplayer giFormula, 1, 0, 1
          aTime init 0
          kFirst init 0
          kSample = 0
          while kSample < ksmps do
            vaset kFirst*3, kSample, aTime
            kFirst += 1
            kSample += 1
          od
          gatebendtime iPlayer, aTime
          aSound gatebendout iPlayer
          aNode gatebendnode iPlayer, 3
          outs aSound, aNode
        endin",
        loads(&networks)
    );
    let whole = expected(&[Segment::new(&networks.formula, PART * 3)], rate, None);
    let frame = |k: usize| [whole[3 * k][0], f32::from((3 * k) as u8 >> 3 & 1)];
    let expected: Vec<Frame> = (0..PART).map(frame).collect();
    let score = note(1, 0, PART, rate);
    for block in BLOCKS {
        let (orchestra, score) = (&orchestra, &score);
        let piece = Piece {
            folder: folder.path(),
            rate,
            block,
            orchestra,
            score,
            input: None,
        };
        assert_same(
            &format!("ksmps {block}"),
            &expected,
            &piece.render(&[]).frames,
        );
    }
}

#[test]
fn speed_and_seek_change_time() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 48_000;
    let networks = Networks::write(folder.path(), rate);
    let orchestra = format!(
        "{}
        instr 1
          kCycle init 0
          iPlayer gatebendplayer giFormula
          gatebendspeed iPlayer, 2
          gatebendseek iPlayer, kCycle == 0 ? 100 : 7, kCycle == 0 || kCycle == {PART}/ksmps ? 1 : 0
          kCycle += 1
          aSound gatebendout iPlayer
          outs aSound, aSound
        endin",
        loads(&networks)
    );
    let whole = expected(&[Segment::new(&networks.formula, PART * 3)], rate, None);
    let from = |start: usize| (0..PART).map(move |k| start + 2 * k);
    let expected: Vec<Frame> = from(100).chain(from(7)).map(|k| whole[k]).collect();
    let score = note(1, 0, PART * 2, rate);
    let (orchestra, score) = (&orchestra, &score);
    let piece = Piece {
        folder: folder.path(),
        rate,
        block: 64,
        orchestra,
        score,
        input: None,
    };
    assert_same("twice as fast", &expected, &piece.render(&[]).frames);
}

#[test]
fn networks_load_while_music_plays() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 48_000;
    let networks = Networks::write(folder.path(), rate);
    // Waits for the file in the first k-cycle, so that the sound does not depend on when it
    // is read.
    let orchestra = format!(
        "{}
        instr 1
          kNext init 0
          iPlayer gatebendplayer giFormula, 0
          until kNext > 0 do
            kNext gatebendloadk \"later.json\", 1
          od
          gatebendplay iPlayer, kNext
          aSound gatebendout iPlayer
          outs aSound, aSound
        endin",
        loads(&networks),
    );
    // Found as other files are.
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::copy(&networks.trained, elsewhere.join("later.json")).unwrap();
    let search = format!("--env:SSDIR={}", elsewhere.display());
    let score = note(1, 0, PART, rate);
    let (orchestra, score) = (&orchestra, &score);
    let piece = Piece {
        folder: folder.path(),
        rate,
        block: 64,
        orchestra,
        score,
        input: None,
    };
    let recording = piece.render(&[&search]);
    let trained = elsewhere.join("later.json");
    let expected = expected(&[Segment::new(&trained, PART)], rate, None);
    assert_same("the next network", &expected, &recording.frames);
    let console = recording.console;
    assert!(console.contains("gatebendloadk: 4 is "), "{console}");
}

#[test]
fn in_real_time_a_bend_follows_soon() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 48_000;
    let networks = Networks::write(folder.path(), rate);
    let (frames, bent) = (PART * 24, PART * 2);
    let orchestra = format!(
        "{}
        instr 1
          kCycle init 0
          iPlayer gatebendplayer giFormula, 0
          gatebendbend iPlayer, 41, kCycle*ksmps >= {bent} ? 3 : 0
          kCycle += 1
          aSound gatebendout iPlayer
          fout \"live.raw\", 0, aSound
        endin",
        loads(&networks)
    );
    let score = note(1, 0, frames, rate);
    let (orchestra, score) = (&orchestra, &score);
    let piece = Piece {
        folder: folder.path(),
        rate,
        block: 64,
        orchestra,
        score,
        input: None,
    };
    run(piece
        .command()
        .arg("-odac")
        .arg("-+rtaudio=null")
        .arg(piece.write()));
    let bytes = fs::read(folder.path().join("live.raw")).unwrap();
    let samples = bytes
        .chunks(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    let recorded: Vec<Frame> = samples.map(|sample| [sample; 2]).collect();
    let network = networks.formula.as_path();
    let whole = |bends| {
        expected(
            &[Segment {
                frames,
                network,
                bends,
                controls: &[],
            }],
            rate,
            None,
        )
    };
    let (plain, inverted) = (whole(&[]), whole(&[(41, "invert")]));
    // It is heard at the beginning of one of the k-cycles that follow.
    let differs = |k: &usize| plain[*k] != inverted[*k] && recorded[*k] == inverted[*k];
    let first = (0..frames).find(differs).expect("the bend is heard");
    let begin = first / 64 * 64;
    assert!(begin >= bent, "frame {begin}");
    assert_same(
        "in real time",
        &[&plain[..begin], &inverted[begin..]].concat(),
        &recorded,
    );
}

#[test]
fn errors_name_the_opcode_and_the_old_network_plays_on() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 44_100;
    let networks = Networks::write(folder.path(), rate);
    fs::write(folder.path().join("bad.json"), "{}").unwrap();
    let text = fs::read_to_string(&networks.listening).unwrap();
    let mut network: serde_json::Value = serde_json::from_str(&text).unwrap();
    network["outputs"] = vec![network["outputs"].clone(); 3].into();
    fs::write(folder.path().join("three.json"), network.to_string()).unwrap();
    // The first note waits until the first file is refused and another one is read.
    let orchestra = format!(
        "{}
        giPlayer init 0
        instr 1
          giPlayer gatebendplayer giFormula, 0
          kNext init 0
          kTries init 0
          until kNext > 0 do
            if kTries == 0 then
              Sfile strcpyk \"nowhere.json\"
            else
              Sfile strcpyk \"{}\"
            endif
            kNext gatebendloadk Sfile, 1 - kTries % 2
            kTries += 1
          od
          gatebendplay giPlayer, 0
          gatebendplay giPlayer, 99
          gatebendbend giPlayer, 4000, 1
          gatebendcontrol giPlayer, \"tone\", 0.5
          aSound gatebendout giPlayer
          outs aSound, aSound
        endin
        instr 2
          iBad gatebendload \"bad.json\"
        endin
        instr 3
          iThree gatebendload \"three.json\"
        endin
        instr 4
          gatebendset giPlayer, \"bend 20 sideways\"
        endin
        instr 5
          iPlayer gatebendplayer 77
        endin
        instr 6
          aOut gatebendout 4711, a(0)
        endin
        instr 7
          iPlayer gatebendplayer giFormula, 0, 0, 1
          aNode gatebendnode iPlayer, 3
          aNode gatebendnode iPlayer, 4
        endin",
        loads(&networks),
        networks.formula.display()
    );
    let start = PART / 2;
    let others: String = (2..=7).map(|k| note(k, start, 0, rate)).collect();
    let score = note(1, 0, PART, rate) + &others;
    let (orchestra, score) = (&orchestra, &score);
    let piece = Piece {
        folder: folder.path(),
        rate,
        block: 64,
        orchestra,
        score,
        input: None,
    };
    let recording = piece.render(&[]);
    let expected = expected(&[Segment::new(&networks.formula, PART)], rate, None);
    assert_same("after errors", &expected, &recording.frames);
    for message in [
        "gatebendload: 3 is origami, 44100 Hz, 250 nodes, controls: drive",
        "bad.json",
        "three.json",
        "nowhere.json",
        "gatebendplay: there is no network 99",
        "gatebendcontrol: the network the 42 melody has no control tone",
        "gatebendbend: no node 4000; the 42 melody has 46",
        "gatebendset: ",
        "sideways",
        "gatebendplayer: there is no network 77",
        "gatebendout: there is no player 4711",
        "gatebendnode: the player has 1 node outputs; give gatebendplayer a larger inodes, up to 32",
    ] {
        assert!(
            recording.console.contains(message),
            "no {message} in:\n{}",
            recording.console
        );
    }
}

/// Returns the example of a manual page as a piece: its orchestra, and its score.
fn example(page: &str) -> (String, String) {
    let example = page.split("## Example").nth(1).unwrap();
    let code = example
        .split("```csound\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let (orchestra, score) = code.split_once("; score\n").unwrap_or((code, "i 1 0 0.5"));
    let loads = [
        ("Tune", "forty-two"),
        ("Stairs", "stairs"),
        ("Origami", "origami"),
    ]
    .map(|(name, file)| format!("gi{name} gatebendload \"{file}.json\"\n"))
    .concat();
    (loads + orchestra, score.to_owned())
}

/// Copies the networks of the examples to a folder.
fn copy_networks(folder: &Path) {
    for name in ["forty-two.json", "stairs.json", "origami.json"] {
        let network = built().join("csound/examples").join(name);
        fs::copy(network, folder.join(name)).unwrap();
    }
}

#[test]
fn examples_of_the_manual_play() {
    let folder = tempfile::tempdir().unwrap();
    copy_networks(folder.path());
    for file in fs::read_dir(built().join("csound/doc")).unwrap() {
        let file = file.unwrap().path();
        let (orchestra, score) = &example(&fs::read_to_string(&file).unwrap());
        let piece = Piece {
            folder: folder.path(),
            rate: 44_100,
            block: 32,
            orchestra,
            score,
            input: None,
        };
        let mut csound = piece.command();
        csound.args(["-W", "-o", "out.wav", "-i"]);
        let console = run(csound.arg(voice(folder.path())).arg(piece.write()));
        assert_plays(&file, &console);
    }
}

/// Returns the lines that start Csound in a text.
fn lines_of_csound(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.starts_with("csound "))
        .collect()
}

#[test]
fn lines_of_the_readme_play() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("target")).unwrap();
    symlink(built(), folder.path().join("target/hosts")).unwrap();
    let readme = fs::read_to_string(root().join("hosts/csound/README.md")).unwrap();
    let lines = lines_of_csound(&readme);
    assert_eq!(lines.len(), 1);
    for line in lines {
        let mut shell = Command::new("sh");
        shell.current_dir(folder.path()).env_remove("SSDIR");
        // Into a file rather than to a sound card.
        let console = run(shell.args(["-c", &format!("{line} -d -W -o out.wav")]));
        assert_plays(Path::new(line), &console);
    }
}

#[test]
fn examples_play() {
    let folder = tempfile::tempdir().unwrap();
    let examples = fs::read_dir(built().join("csound/examples")).unwrap();
    let examples = examples.map(|file| file.unwrap().path());
    for file in examples.filter(|file| file.extension() == Some("csd".as_ref())) {
        let piece = Piece {
            folder: folder.path(),
            rate: 44_100,
            block: 32,
            orchestra: "",
            score: "",
            input: None,
        };
        let mut csound = piece.command();
        csound.env_remove("SSDIR").args(["-W", "-o", "out.wav"]);
        assert_plays(&file, &run(csound.arg(&file)));
    }
}

#[test]
fn opcodes_stay_with_the_player_they_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 48_000;
    let networks = Networks::write(folder.path(), rate);
    // The second note names its own player in the variable of the first.
    let orchestra = format!(
        "{}
        giPlayer init 0
        instr 1
          giPlayer gatebendplayer giFormula, 0, 0, 1
          gatebendbend giPlayer, 41, 3
          aSound gatebendout giPlayer
          aNode gatebendnode giPlayer, 3
          outs aSound, aNode
        endin
        instr 2
          giPlayer gatebendplayer giTrained
        endin",
        loads(&networks)
    );
    let score = note(1, 0, PART * 2, rate) + &note(2, PART, PART, rate);
    let (orchestra, score) = (&orchestra, &score);
    let piece = Piece {
        folder: folder.path(),
        rate,
        block: 64,
        orchestra,
        score,
        input: None,
    };
    let bent = Segment {
        bends: &[(41, "invert")],
        ..Segment::new(&networks.formula, PART * 2)
    };
    let bent = expected(&[bent], rate, None).into_iter().enumerate();
    let expected: Vec<Frame> = bent
        .map(|(k, frame)| [frame[0], f32::from(k as u8 >> 3 & 1)])
        .collect();
    assert_same("the first note", &expected, &piece.render(&[]).frames);
}

#[test]
fn a_player_that_is_made_again_ends_the_note_of_its_opcodes() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 48_000;
    let networks = Networks::write(folder.path(), rate);
    let orchestra = format!(
        "{}
        instr 1
          kCycle init 0
          kCycle += 1
          if kCycle == 33 then
            reinit again
          endif
          again:
          iPlayer gatebendplayer giFormula, 0, 0, 1
          rireturn
          aSound gatebendout iPlayer
          aNode gatebendnode iPlayer, 3
          outs aSound, aSound
        endin
        instr 2
          aOne = 1
          outs aOne, aOne
        endin",
        loads(&networks)
    );
    let score = note(1, 0, PART, rate) + &note(2, PART, PART, rate);
    let (orchestra, score) = (&orchestra, &score);
    let piece = Piece {
        folder: folder.path(),
        rate,
        block: 64,
        orchestra,
        score,
        input: None,
    };
    let recording = piece.render(&[]);
    let sound = expected(&[Segment::new(&networks.formula, 32 * 64)], rate, None);
    let silence = vec![[0.0; 2]; PART - 32 * 64];
    let expected = [sound, silence, vec![[1.0; 2]; PART]].concat();
    assert_same("made again", &expected, &recording.frames);
    let console = recording.console;
    assert!(
        console.contains("gatebendout: there is no player"),
        "{console}"
    );
}

#[test]
fn longer_k_cycles_than_those_of_the_player_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 48_000;
    let networks = Networks::write(folder.path(), rate);
    let orchestra = format!(
        "{}
        opcode Short, i, 0
          setksmps 1
          iPlayer gatebendplayer giFormula, 0, 0, 1
          xout iPlayer
        endop
        opcode ShortSound, a, i
          setksmps 16
          iPlayer xin
          aSound gatebendout iPlayer
          xout aSound
        endop
        instr 1
          aOut gatebendout Short()
        endin
        instr 2
          aNode gatebendnode Short(), 3
        endin
        instr 3
          gatebendtime Short(), a(0)
        endin
        instr 4
          iPlayer gatebendplayer giFormula
          aSound ShortSound iPlayer
          outs aSound, aSound
        endin",
        loads(&networks)
    );
    let others: String = (1..=3).map(|k| note(k, 0, PART, rate)).collect();
    let score = others + &note(4, 0, PART, rate);
    let (orchestra, score) = (&orchestra, &score);
    let piece = Piece {
        folder: folder.path(),
        rate,
        block: 512,
        orchestra,
        score,
        input: None,
    };
    let recording = piece.render(&[]);
    // Shorter ones are not.
    let expected = expected(&[Segment::new(&networks.formula, PART)], rate, None);
    assert_same("shorter k-cycles", &expected, &recording.frames);
    for opcode in ["gatebendout", "gatebendnode", "gatebendtime"] {
        let message = format!("{opcode}: its k-cycles are longer than the player's (1 frames)");
        let console = &recording.console;
        assert!(console.contains(&message), "no {message} in:\n{console}");
    }
}

#[test]
fn what_finds_the_queue_full_is_sent_later() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 48_000;
    let networks = Networks::write(folder.path(), rate);
    // A cycle of the second part fills the queue before the finger is lifted and time jumps.
    let orchestra = format!(
        "{}
        instr 1
          kCycle init 0
          kFull = kCycle == {PART}/ksmps ? 1 : 0
          iPlayer gatebendplayer giTrained
          gatebendset iPlayer, \"set bend=invert\"
          kCount = 0
          while kCount < 3000*kFull do
            kCount += 1
            gatebendbend iPlayer, 41, kCount % 2
          od
          gatebendbend iPlayer, 41, 0
          gatebendtouch iPlayer, 0.5, 0.25, kCycle < {PART}/ksmps ? 1 : 0
          gatebendseek iPlayer, 100, kFull
          kCycle += 1
          aSound gatebendout iPlayer
          outs aSound, aSound
        endin",
        loads(&networks)
    );
    let score = note(1, 0, PART * 2, rate);
    let (orchestra, score) = (&orchestra, &score);
    let block = 64;
    let piece = Piece {
        folder: folder.path(),
        rate,
        block,
        orchestra,
        score,
        input: None,
    };
    let recorded = piece.render(&[]).frames;
    let plain = expected(&[Segment::new(&networks.trained, PART + 100)], rate, None);
    assert_ne!(recorded[..PART], plain[..PART]);
    let after = &recorded[PART + block..];
    assert_same(
        "after the full queue",
        &plain[100..100 + PART - block],
        after,
    );
}

/// A compiled network that opens when a pipe is written.
const SLOW: &str = r#"
#include <stdio.h>
__attribute__((constructor)) static void wait(void) {
    FILE *pipe = fopen("pipe", "r");
    if (pipe)
        fclose(pipe);
}
"#;

#[test]
fn a_note_does_not_wait_for_a_file_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let rate = 48_000;
    let networks = Networks::write(folder.path(), rate);
    fs::write(folder.path().join("slow.c"), SLOW).unwrap();
    let mut compiler = Command::new("cc");
    compiler.current_dir(folder.path());
    run(compiler.args(["-shared", "-fPIC", "-o", "slow.so", "slow.c"]));
    run(Command::new("mkfifo").arg(folder.path().join("pipe")));
    // The note that lets the file be read begins when the first one has ended.
    let orchestra = format!(
        "{}
        instr 1
          kNone gatebendloadk \"slow.so\", 1
          aSound gatebend giFormula
          outs aSound, aSound
        endin
        instr 2
          iDone system_i 1, \"echo > pipe\"
        endin",
        loads(&networks),
    );
    let score = note(1, 0, PART, rate) + &note(2, PART * 2, 0, rate);
    let (orchestra, score) = (&orchestra, &score);
    let piece = Piece {
        folder: folder.path(),
        rate,
        block: 64,
        orchestra,
        score,
        input: None,
    };
    let expected = expected(&[Segment::new(&networks.formula, PART)], rate, None);
    assert_same("beside the file", &expected, &piece.render(&[]).frames);
}

/// Writes a sound for the networks that hear.
fn voice(folder: &Path) -> PathBuf {
    let file = folder.join("voice.wav");
    write_wav(&file, 44_100, &signal(44_100));
    file
}

/// Checks that a piece is heard and nothing is refused.
fn assert_plays(file: &Path, console: &str) {
    let file = file.display();
    let plain = console.replace("\u{1b}[m", "");
    assert!(plain.contains("0 errors in performance"), "{file}: {plain}");
    assert!(!plain.contains("WARNING: gatebend"), "{file}: {plain}");
    assert!(
        !plain.contains("overall amps:  0.00000  0.00000"),
        "{file} is silent: {plain}"
    );
}

#[test]
fn the_opcodes_stand_alone() {
    let file = built().join("csound/libgatebend.so");
    assert_stands_alone(&file, &["csoundModuleInfo", "csound_opcode_init"]);
}
