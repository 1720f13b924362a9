//! Messages about long texts: the reason is in every one of them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

mod program;

use program::{Folder, asset, command, gatebend, refused};

/// Characters of a long text; an expression may have as many.
const LONG: usize = 16_000;

#[test]
fn errors_in_long_expressions_have_a_place_and_a_reason() {
    // Deeper expressions have another problem.
    let half = format!("t{}+", " ".repeat(LONG / 2 - 2));
    for (expression, column, near, reason) in [
        (
            format!("{half}@+{half}t"),
            8001,
            "+@+t",
            "a value was expected, not @",
        ),
        (format!("{half}(t"), 8003, "+(t", "a ) is missing"),
        (format!("@{half}t"), 1, "\"@t  ", "a value was expected"),
        (
            "x".repeat(LONG),
            1,
            "xx…xx",
            "is not known; names are t, in, in2 and declared controls",
        ),
        ("9".repeat(LONG), 1, "99…99", "is larger than 4294967295"),
        (
            format!("{half}{}", "7z".repeat(99)),
            8001,
            "+7z7z",
            "is not a number",
        ),
    ] {
        let line = refused(2, &["compile", &expression]);
        assert!(line.contains(&format!("column {column}: ")), "{line}");
        assert!(line.contains(near) && line.contains(reason), "{line}");
        assert!(line.chars().count() < 250, "{line}");
    }
    let huge = vec!["t*t%(t*7+3)"; 30].join("/(t%77+1)*");
    let huge = format!("{huge}{}", " ".repeat(LONG - 1000));
    let line = refused(1, &["compile", &huge, "--bits", "24"]);
    assert!(line.contains("at most 65536; fewer bits of t"), "{line}");
    let line = refused(2, &["compile", &"t+".repeat(LONG)]);
    assert!(line.contains("an expression has at most 16384"), "{line}");
}

#[test]
fn errors_about_long_arguments_have_a_reason() {
    let long = "x".repeat(LONG);
    let (net, board) = (asset("pebbles"), format!("{long}.toml"));
    let (set, of_board) = (format!("{long}=1"), format!("display.size={long}"));
    let (value, spaces) = (
        format!("speed={long}"),
        format!("speed={}", "x ".repeat(LONG / 2)),
    );
    let option = format!("--{long}");
    let (voice, control) = (asset("sync-lead"), format!("{long}:4"));
    for (arguments, reason) in [
        (&[&*long][..], "unrecognized subcommand"),
        (&["info", &long], "File name too long"),
        (
            &["render", &net, "-o", &long],
            "must end in .wav, .raw or .u8",
        ),
        (
            &["render", &net, "-o", &format!("{long}.wav")],
            "File name too long",
        ),
        (&["render", &net, "--mask", &long], "write NODE=0"),
        (&["render", &net, &option], "unexpected argument"),
        (
            &["render", &net, "-o", "-", "--control", &set],
            "the network has no controls",
        ),
        (
            &["render", &net, "-o", "-", "--control", &value],
            "is not a number from 0 to 1",
        ),
        (
            &["render", &net, "-o", "-", "--in", &long],
            "the network reads no sound",
        ),
        (
            &["render", &voice, "-o", "-", "--automation", &long],
            "File name too long",
        ),
        (&["compile", "t", "--control", &long], "write NAME:BITS"),
        (
            &["compile", "t", "--control", &control],
            "at most 16 in all",
        ),
        (
            &["export", &net, "-o", "-", "--to", &long],
            "[possible values: c, faust, dot, pru]",
        ),
        (&["play", "--seconds", &long], "seconds, at most a week"),
        (
            &["play", "--seconds", &"x ".repeat(LONG / 2)],
            "seconds, at most a week",
        ),
        (&["play", "--fast", "--set", &long], "write id=value"),
        (&["play", "--fast", "--set", &set], "no parameter"),
        (
            &["play", "--fast", "--set", &value],
            "is not one of: -4.00 to 4.00",
        ),
        (
            &["play", "--fast", "--set", &spaces],
            "is not one of: -4.00 to 4.00",
        ),
        (&["play", "--fast", "--set", &of_board], "expected one of"),
        (&["play", "--board", &long], "no board"),
        (&["play", "--board", &board], "File name too long"),
        (&["play", "--engine", &long], "auto, cpu"),
        (&["play", "--script", &long], "File name too long"),
    ] {
        let output = gatebend(arguments);
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && line.lines().count() == 1,
            "{line}"
        );
        assert!(line.contains(reason), "{reason}: {line}");
    }
    let output = command(&["play", "--fast", "--seconds", "1"])
        .env("GATEBEND_LOG", &long)
        .output()
        .unwrap();
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(line.contains("is not a log level: use off"), "{line}");
}

#[test]
fn errors_in_long_files_have_a_reason() {
    let folder = Folder::new();
    let long = "x".repeat(LONG);
    let (file, board) = (folder.path("file.txt"), folder.path("board.toml"));
    for (line, reason) in [
        (format!("{long} down 0 0"), "is not a time in seconds"),
        (format!("1 {long}"), "means nothing; see docs/playing.md"),
        (format!("1 down {long} 0"), "is not a number from 0 to 1"),
        (format!("1 down 0 0 finger {long}"), "fingers are 1 to 9"),
        (format!("1 analog {long} 0"), "analog inputs are 1 to 8"),
        (format!("1 tap {long}"), "there are previous, next"),
        (format!("1 fault {long} none"), "touch or display"),
        (format!("1 bend {long} 1"), "not \"xx"),
        (
            format!("1 bend 3 {long}"),
            "HOW is one of 0, 1, invert, off",
        ),
        (format!("1 next {long}"), "is one word too many"),
        (format!("1 page {long}"), "takes play, menu"),
    ] {
        fs::write(&file, &line).unwrap();
        let line = refused(1, &["play", "--fast", "--script", &file]);
        assert!(line.contains("line 1: ") && line.contains(reason), "{line}");
        assert!(line.chars().count() < 400, "{line}");
    }
    for (line, reason) in [
        (format!("{long} sync 0"), "is not a time in seconds"),
        (format!("0 {long} 1"), "the network has sync"),
        (format!("0 sync {long}"), "is not a number from 0 to 1"),
        (format!("0 sync 1 {long}"), "is not SECONDS NAME VALUE"),
    ] {
        fs::write(&file, &line).unwrap();
        let voice = asset("sync-lead");
        let line = refused(1, &["render", &voice, "-o", "-", "--automation", &file]);
        assert!(line.contains("line 1: ") && line.contains(reason), "{line}");
        assert!(line.chars().count() < 250, "{line}");
    }
    for (line, reason) in [
        (format!("like = \"{long}\""), "there are desk, bela"),
        (format!("like = \"desk\"\n{long} = 1"), "unknown field"),
        (
            format!("like = \"desk\"\n[display]\nsize = \"{long}\""),
            "expected one of",
        ),
        (format!("like = \"desk\" {long}"), "expected"),
    ] {
        fs::write(&board, &line).unwrap();
        let line = refused(1, &["play", "--fast", "--board", &board]);
        assert!(
            line.contains("board.toml") && line.contains(reason),
            "{reason}: {line}"
        );
    }
    let text = fs::read_to_string(asset("pebbles")).unwrap();
    for (from, to, reason) in [
        (
            "\"version\": 1",
            format!("\"version\": \"{long}\""),
            "it reads 1",
        ),
        (
            "\"gatebend-network\"",
            format!("\"{long}\""),
            "gatebend-network",
        ),
        (
            "\"name\": \"pebbles\"",
            format!("\"name\": [\"{long}\"]"),
            "is not a text in quotes",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replacen(from, &to, 1)).unwrap();
        let line = refused(1, &["info", &file]);
        assert!(line.contains(reason), "{reason}: {line}");
    }
}

#[test]
fn refusals_of_long_lines_have_a_reason_at_the_prompt_and_in_the_log() {
    let folder = Folder::new();
    let state = folder.path("state");
    let long = "x".repeat(4000);
    let mut child = command(&["play", "--silent", "--no-web", "--state", &state])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut stdin = child.stdin.take().unwrap();
    for (line, reason) in [
        (
            format!("recall {long}"),
            "…xxxxxxxxxxxxxxxxxxx: no preset \"xx",
        ),
        (
            format!("save {long}"),
            "is not a valid preset name: use letters",
        ),
        (
            format!("layer add {long}"),
            "is not a valid layer name: use letters",
        ),
        (format!("set {long}=1"), "no parameter \"xx"),
        (long.clone(), "is not a command; help lists all"),
    ] {
        writeln!(stdin, "{line}").unwrap();
        let answer = errors.next().unwrap().unwrap();
        assert!(answer.contains(reason), "{answer}");
        assert!(answer.chars().count() < 400, "{answer}");
    }
    writeln!(stdin, "quit").unwrap();
    assert!(child.wait().unwrap().success());
    let log = fs::read_to_string(format!("{state}/log.txt")).unwrap();
    assert!(log.contains("refused: no preset \"xx"), "{log}");
    assert!(
        log.contains("is not a valid preset name: use letters, digits"),
        "{log}"
    );
}
