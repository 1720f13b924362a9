//! The documentation says what the program does. `UPDATE_PICTURES=1` writes the
//! parts that are made.

use std::fmt::Write;

use gatebend::board::desk::Script;
use gatebend::instrument::parameters::KEYS;
use gatebend::instrument::surface::Surface;

const PLAYING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/playing.md");
const BEGIN: &str = "<!-- made by `UPDATE_PICTURES=1 cargo test --test documents` -->\n";
const END: &str = "<!-- end -->";

#[test]
fn parameters_are_documented() {
    let mut table = String::new();
    for key in KEYS {
        let parameter = key.parameter();
        let mark = if key.in_presets() { "\\*" } else { "" };
        writeln!(
            table,
            "| `{}`{mark} | {} | {} | {} |",
            parameter.id,
            parameter.values(),
            parameter.format(parameter.default),
            parameter.about
        )
        .unwrap();
    }
    let text = std::fs::read_to_string(PLAYING).unwrap();
    // The marker would end a table: it stands before the head, or nowhere.
    let (before, rest) = text.split_once(BEGIN).expect("the table's beginning");
    let (documented, after) = rest.split_once(END).expect("the table's end");
    let head = "| id | values | default | |\n|---|---|---|---|\n";
    let table = format!("{head}{table}");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::write(PLAYING, [before, BEGIN, &table, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(documented, table);
}

#[test]
fn scripts_in_the_documentation_are_scripts() {
    let text = std::fs::read_to_string(PLAYING).unwrap();
    let scripts: Vec<&str> = text
        .split("```\n")
        .filter(|block| block.starts_with("# "))
        .filter(|block| block.contains(" down "))
        .collect();
    assert!(!scripts.is_empty());
    for script in scripts {
        Script::parse(script, &Surface::default()).unwrap();
    }
    // Every word that begins a row of the table of scripts is one.
    for word in [
        "random 7",
        "mutate",
        "choose 3",
        "rewire 40 6 3 4",
        "bend 3 4 invert",
        "layer add my layer",
        "strength 1 50",
        "pause",
        "play",
        "seek 7",
        "analog 3 0.5 over 2",
        "learn 3",
        "page inputs",
        "keep x",
        "forget x",
    ] {
        assert!(
            text.contains(&format!("`{}", word.split(' ').next().unwrap())),
            "{word}"
        );
        Script::parse(&format!("1 {word}"), &Surface::default()).unwrap();
    }
}
