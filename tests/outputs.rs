//! Files that commands write: complete or not at all, and never over a file that the command
//! reads or over another of its outputs.

use std::fs::{self, File};
use std::path::Path;

mod program;

use program::{Folder, asset, done, gatebend, refused};

/// A network in a folder of its own.
fn network(folder: &Folder) -> String {
    let network = folder.path("n.json");
    fs::copy(asset("pebbles"), &network).unwrap();
    network
}

#[test]
fn a_file_that_a_command_reads_is_never_an_output() {
    let folder = Folder::new();
    let net = network(&folder);
    let net = net.as_str();
    let inner = format!("{}/.//n.json", folder.path(""));
    fs::hard_link(net, folder.path("hard.wav")).unwrap();
    let mut names = vec![net.to_string(), inner, folder.path("hard.wav")];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("n.json", folder.path("link.wav")).unwrap();
        names.push(folder.path("link.wav"));
    }
    let before = fs::read(net).unwrap();
    for name in &names {
        let mut commands = vec![
            vec!["play", net, "--seconds", "1", "--wav", name],
            vec!["play", net, "--seconds", "1", "--tap", name],
            vec!["simplify", net, "-o", name],
            vec!["export", net, "--to", "c", "-o", name],
        ];
        if Path::new(name).extension().is_some_and(|end| end == "wav") {
            commands.push(vec!["render", net, "-o", name]);
        }
        for arguments in commands {
            let line = refused(2, &arguments);
            assert!(line.contains(": this file is read"), "{line}");
            assert!(fs::read(net).unwrap() == before, "{arguments:?}");
            assert_eq!(folder.files().len(), names.len() - 1, "{arguments:?}");
        }
    }
    let script = folder.path("script.txt");
    fs::write(&script, "0.1 next\n").unwrap();
    let board = folder.path("board.toml");
    fs::write(&board, "like = \"desk\"\n").unwrap();
    for arguments in [
        ["--script", &script, "--wav", &script],
        ["--board", &board, "--wav", &board],
    ] {
        refused(2, &[&["play", "--seconds", "1"], &arguments[..]].concat());
    }
    assert!(fs::read_to_string(&script).unwrap().contains("next"));
    assert!(fs::read_to_string(&board).unwrap().contains("like"));
}

#[cfg(unix)]
#[test]
fn standard_streams_are_known_by_their_files() {
    let folder = Folder::new();
    let net = network(&folder);
    let output = program::command(&["simplify", "-", "-o", &net])
        .stdin(File::open(&net).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(fs::read(&net).unwrap() == fs::read(asset("pebbles")).unwrap());
    let out = folder.path("out.wav");
    let output = program::command(&["play", "--seconds", "1", "--wav", "-", "--tap", &out])
        .stdout(File::create(&out).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn two_outputs_are_never_one_file() {
    let folder = Folder::new();
    let (new, old) = (folder.path("new.wav"), folder.path("old.wav"));
    fs::write(&old, "precious").unwrap();
    fs::hard_link(&old, folder.path("hard.wav")).unwrap();
    let inner = format!("{}/.//new.wav", folder.path(""));
    let mut pairs = vec![
        (new.clone(), new.clone()),
        (new.clone(), inner),
        (old.clone(), old.clone()),
        (old.clone(), folder.path("hard.wav")),
        ("-".into(), "-".into()),
    ];
    #[cfg(unix)]
    for target in ["new.wav", "old.wav"] {
        let link = folder.path(&format!("link to {target}"));
        std::os::unix::fs::symlink(target, &link).unwrap();
        pairs.push((folder.path(target), link));
    }
    let before = folder.files().len();
    for (wav, tap) in &pairs {
        let line = refused(2, &["play", "--seconds", "1", "--wav", wav, "--tap", tap]);
        assert!(line.contains("two outputs are the same file"), "{line}");
        assert_eq!(folder.files().len(), before);
    }
    assert_eq!(fs::read_to_string(&old).unwrap(), "precious");
    let pictures = folder.path("pictures");
    let animation = format!("{pictures}/display.gif");
    fs::create_dir(&pictures).unwrap();
    let play = ["play", "--seconds", "1", "--oled", &pictures, "--wav"];
    refused(2, &[&play[..], &[&animation]].concat());
    done(&[&play[..], &[&new]].concat());
}

#[test]
fn outputs_leave_the_files_of_the_saved_state_alone() {
    let folder = Folder::new();
    let (state, script) = (folder.path("state"), folder.path("script.txt"));
    fs::write(&script, "0.2 bend 40 1\n0.3 save dusk\n").unwrap();
    let play = ["play", "--script", &script, "--state", &state, "--wav"];
    let sound = format!("{state}/sound.wav");
    done(&[&play[..], &[&sound]].concat());
    assert!(fs::read(&sound).unwrap().starts_with(b"RIFF"));
    for name in ["state.json", "log.txt", "lock", "presets/dusk.json"] {
        let path = format!("{state}/{name}");
        let before = fs::read(&path).unwrap_or_default();
        let line = refused(2, &[&play[..], &[&path]].concat());
        assert!(line.contains("is saved in this folder"), "{line}");
        assert!(!before.starts_with(b"RIFF"));
        if name.ends_with("json") {
            assert!(fs::read(&path).unwrap_or_default() == before, "{name}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_missing_file_leads_to_the_output() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    fs::create_dir(folder.path("far")).unwrap();
    for (i, target) in ["there.wav", "far/there.wav", &folder.path("full.wav")]
        .iter()
        .enumerate()
    {
        let (link, second) = (
            folder.path(&format!("{i}.wav")),
            folder.path(&format!("{i}2.wav")),
        );
        symlink(target, &link).unwrap();
        symlink(&link, &second).unwrap();
        for link in [&second, &link] {
            done(&["render", &asset("pebbles"), "-o", link]);
            assert!(fs::symlink_metadata(link).unwrap().is_symlink());
            let written = Path::new(&folder.path("")).join(target);
            assert!(fs::read(written).unwrap().starts_with(b"RIFF"), "{target}");
        }
    }
    let [one, other] = ["one.wav", "other.wav"].map(|name| folder.path(name));
    symlink(&one, &other).unwrap();
    symlink(&other, &one).unwrap();
    refused(1, &["render", &asset("pebbles"), "-o", &one]);
}

#[test]
fn the_longest_name_is_a_name() {
    let folder = Folder::new();
    let out = folder.path(&format!("{}.wav", "x".repeat(251)));
    done(&["render", &asset("pebbles"), "-o", &out]);
    assert_eq!(folder.files().len(), 1);
}

/// Interrupts a program as soon as it writes.
#[cfg(unix)]
#[test]
fn a_signal_leaves_the_old_file_and_nothing_else() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};
    let folder = Folder::new();
    let (wav, tap) = (folder.path("a.wav"), folder.path("b.f32"));
    fs::write(&wav, "precious").unwrap();
    let pictures = folder.path("pictures");
    fs::create_dir(&pictures).unwrap();
    let parts = |folder: &str| {
        let files = fs::read_dir(folder).unwrap().flatten();
        let name = |file: fs::DirEntry| file.file_name().to_string_lossy().into_owned();
        files
            .map(name)
            .filter(|name| name.contains(".part"))
            .count()
    };
    for (i, (signal, number)) in [("-INT", 2), ("-TERM", 15), ("-HUP", 1)]
        .iter()
        .cycle()
        .take(24)
        .enumerate()
    {
        let mut child = program::command(&["play", "--seconds", "3000", "--oled", &pictures])
            .args(["--wav", &wav, "--tap", &tap])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The two sounds, and at varied moments a picture.
        while parts(&folder.path("")) < 2 || parts(&pictures) < i % 2 {
            std::thread::yield_now();
        }
        let sent = Command::new("kill")
            .args([signal, child.id().to_string().as_str()])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(child.wait().unwrap().signal(), Some(*number), "{signal}");
        assert_eq!(
            (parts(&folder.path("")), parts(&pictures)),
            (0, 0),
            "{signal}"
        );
        assert_eq!(fs::read_to_string(&wav).unwrap(), "precious");
        assert!(!Path::new(&tap).exists());
    }
}

/// A shell starts commands in the background with SIGINT ignored.
#[cfg(unix)]
#[test]
fn signals_that_were_ignored_stay_ignored() {
    let folder = Folder::new();
    let program = env!("CARGO_BIN_EXE_gatebend");
    let script = format!(
        "trap '' INT; {program} play --fast --seconds 0.1 --wav x.wav & wait $!; \
         {program} play --seconds 200 --wav y.wav & while ! ls *.part; do :; done; \
         kill -INT $!; wait $!"
    );
    let status = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path(""))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
    assert!(fs::read(folder.path("y.wav")).unwrap().starts_with(b"RIFF"));
}

/// The sound of ten hours arrives while it is made, rather than at the end.
#[test]
fn long_sound_is_written_as_it_is_played() {
    use std::io::Read;
    use std::process::Stdio;
    let mut child = program::command(&["play", "--seconds", "36000", "--wav", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut header = [0; 44];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut header).unwrap();
    assert_eq!(header[40..], (36_000 * 44_100 * 2u32).to_le_bytes());
    drop(out);
    // A reader that wants no more is not a failure.
    assert!(child.wait_with_output().unwrap().status.success());
}

#[cfg(unix)]
#[test]
fn pipes_take_the_bytes_of_files() {
    let folder = Folder::new();
    let (file, pipe) = (folder.path("a.wav"), folder.path("pipe.wav"));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let net = asset("pebbles");
    for arguments in [
        &["render", &net, "-o"][..],
        &["play", &net, "--seconds", "0.5", "--wav"],
    ] {
        done(&[arguments, &[&file]].concat());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        done(&[arguments, &[&pipe]].concat());
        assert!(reader.join().unwrap() == fs::read(&file).unwrap());
    }
    let piped = done(&["play", &net, "--seconds", "0.5", "--wav", "-"]);
    assert!(piped == fs::read(&file).unwrap());
}

#[test]
fn a_sound_too_long_for_a_wav_file_is_refused_before_it_is_played() {
    let folder = Folder::new();
    let out = folder.path("a.wav");
    let line = refused(2, &["play", "--seconds", "604800", "--wav", &out]);
    assert!(line.contains("do not fit in a WAV file"), "{line}");
    assert!(folder.files().is_empty());
}

#[test]
fn a_file_that_cannot_be_opened_is_reported_before_anything_is_played() {
    let folder = Folder::new();
    let state = folder.path("state");
    let nowhere = folder.path("no/such/x.wav");
    let arguments = ["play", "--seconds", "36000", "--state", &state];
    let line = refused(1, &[&arguments[..], &["--tap", &nowhere]].concat());
    assert!(line.contains("does its folder exist?"), "{line}");
    assert!(!Path::new(&state).join("state.json").exists());
}

#[test]
fn a_run_whose_disk_is_full_saves_its_changes() {
    if !Path::new("/dev/full").exists() {
        return; // a device of Linux
    }
    let folder = Folder::new();
    let (script, state) = (folder.path("script.txt"), folder.path("state"));
    fs::write(&script, "0.1 bend 40 1\n").unwrap();
    let arguments = ["play", "--seconds", "1000", "--state", &state, "--script"];
    let tap = folder.path("tap.wav");
    fs::write(&tap, "precious").unwrap();
    for [one, other] in [["--wav", "--tap"], ["--tap", "--wav"]] {
        let outputs = [&*script, one, "/dev/full", other, &tap];
        let output = gatebend(&[&arguments[..], &outputs].concat());
        assert_eq!(output.status.code(), Some(1));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("/dev/full: No space left"), "{errors}");
        // The other output has no end.
        assert_eq!(fs::read_to_string(&tap).unwrap(), "precious");
    }
    let kept = fs::read_to_string(Path::new(&state).join("state.json")).unwrap();
    assert!(kept.contains("\"bends\": [40]"), "{kept}");
}
