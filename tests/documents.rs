//! The documentation agrees with the program. `UPDATE_PICTURES=1` writes its generated
//! parts.

mod made;

use std::fmt::Write;

use gatebend::board::desk::Script;
use instrument::parameters::KEYS;
use instrument::surface::Surface;

const PLAYING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/playing.md");

#[test]
fn the_table_of_parameters_is_up_to_date() {
    let mut table = "| id | values | default | |\n|---|---|---|---|\n".to_string();
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
    made::compare("docs/playing.md", "cargo test --test documents", &table);
}

#[test]
fn scripts_in_the_documentation_are_valid() {
    let text = std::fs::read_to_string(PLAYING).unwrap();
    // Every other part is a block of code, after the language on its first line.
    let blocks = text.split("\n```").skip(1).step_by(2);
    let scripts: Vec<&str> = blocks
        .filter_map(|block| block.strip_prefix('\n'))
        .filter(|block| block.starts_with("# ") && block.contains(" down "))
        .collect();
    assert!(!scripts.is_empty());
    for script in scripts {
        Script::parse(script, &Surface::default()).unwrap();
    }
    // The table of script commands has these words, and each of them parses.
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
