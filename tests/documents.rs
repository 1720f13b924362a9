//! The documentation agrees with the program. `UPDATE_PICTURES=1` writes its generated
//! parts.

mod made;

use std::fmt::Write;

use gatebend::board::desk::Script;
use instrument::commands::TABLE;
use instrument::parameters::KEYS;
use instrument::surface::Surface;

const PLAYING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/playing.md");
const PAGE_LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/store/commands.js");

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
}

#[test]
fn commands_are_documented() {
    let mut table = "| command | effect |\n|---|---|\n".to_string();
    for command in TABLE.iter().filter(|command| !command.phrases.is_empty()) {
        let usages = command
            .phrases
            .iter()
            .map(|phrase| format!("`{}`", phrase.usage));
        let usages: Vec<String> = usages.collect();
        writeln!(table, "| {} | {} |", usages.join(", "), command.about).unwrap();
    }
    made::compare(
        "docs/playing.md",
        "cargo test --test documents commands",
        &table,
    );
}

#[test]
fn the_page_knows_the_commands() {
    let mut list = "\
// The commands that change the instrument, from instrument::commands::TABLE.
// Written by `UPDATE_PICTURES=1 cargo test --test documents commands`.

/**
 * @typedef {object} Command
 * @property {'edit' | 'unsaved' | 'history' | 'view'} effect
 *     edit: part of a snapshot; unsaved: an edit that snapshots do not hold; history: an edit
 *     that needs the history of undo; view: no edit
 * @property {boolean} idempotent giving it twice is as good as giving it once
 */

/** By type of message. @type {Record<string, Command>} */
export const COMMANDS = {
"
    .to_string();
    for command in TABLE {
        writeln!(
            list,
            "    '{}': {{ effect: '{}', idempotent: {} }},",
            command.name,
            format!("{:?}", command.effect).to_lowercase(),
            command.idempotent
        )
        .unwrap();
    }
    list.push_str("};\n");
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::write(PAGE_LIST, &list).unwrap();
    }
    assert_eq!(std::fs::read_to_string(PAGE_LIST).unwrap(), list);
}
