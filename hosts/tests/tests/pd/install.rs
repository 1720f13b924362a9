//! The README as it is typed: what it installs, and what it links to.

use std::fs;
use std::path::Path;
use std::process::Command;

use gatebend_hosts::{root, run};

use crate::patch::Patch;
use crate::session::{Session, add_events, assert_lines, externals};

/// Runs the README's commands that have these words, in a home folder, where they run for PCs
/// and boards alike.
fn follow_readme(home: &Path, words: &str) {
    let text = fs::read_to_string(externals().join("README.md")).unwrap();
    let mut blocks = text.split("```sh\n").skip(1);
    let block = blocks.find(|block| block.contains(words)).expect(words);
    let commands = block.split("```").next().unwrap();
    let built = externals();
    let commands = commands.replace("target/hosts/pd/amd64/difflogic", built.to_str().unwrap());
    // On this computer, the board's home is the folder `board`.
    let board = "ssh() { mkdir -p ~/board; (cd ~/board && \"${@:2}\"); }\n\
        scp() { cp \"${@/#root@bela.local:/$HOME/board/}\"; }\n";
    let folder = if words.contains("scp") {
        built.parent().unwrap().to_path_buf()
    } else {
        root()
    };
    let script = format!("set -e\n{board}{commands}");
    let mut bash = Command::new("bash");
    run(bash
        .args(["-c", &script])
        .env("HOME", home)
        .current_dir(folder));
}

#[test]
fn the_readme_installs_the_externals() {
    let session = Session::new(44_100);
    follow_readme(session.folder.path(), "~/.local/lib/pd/extra");
    let version = run(session.bare_pd().arg("-version"));
    let declare = if version.contains("Pd-0.48") {
        "declare -stdpath difflogic"
    } else {
        "declare -path difflogic"
    };
    let mut patch = Patch::new();
    patch.object(declare);
    // Only the installed folder has this network.
    fs::remove_file(&session.networks.formula).unwrap();
    for name in ["difflogic~", "difflogic"] {
        let object = patch.object(&format!("{name} forty-two.json"));
        let receive = patch.object("r messages");
        let print = patch.object(&format!("print {name}"));
        patch.connect((receive, 0), (object, 0));
        patch.connect((object, 1), (print, 0));
    }
    add_events(&session, &mut patch, &[(0, "messages info")]);
    let text = patch.text();
    let (canvas, objects) = text.split_once('\n').unwrap();
    let text = format!("{canvas}\n#X {declare};\n{objects}");
    fs::write(session.path("test.pd"), text).unwrap();
    let console = run(session
        .bare_pd()
        .arg("test.pd")
        .env("HOME", session.folder.path()));
    assert_lines(&console, &["difflogic~: network the 42 melody"]);
    assert_lines(&console, &["difflogic: network the 42 melody"]);
    assert!(!console.contains("error"), "{console}");
}

#[test]
fn the_readme_makes_a_project_for_bela() {
    let session = Session::new(44_100);
    follow_readme(session.folder.path(), "scp");
    let projects = session.path("board/Bela/projects");
    // Bela's Pd runs in the project, and searches this folder.
    let mut path = Patch::new();
    let load = path.object("loadbang");
    let set = path.message("\\; pd path-dialog 1 0 +../pd-externals");
    path.connect((load, 0), (set, 0));
    fs::write(session.path("path.pd"), path.text()).unwrap();
    let mut patch = Patch::new();
    add_events(
        &session,
        &mut patch,
        &[(0, "pd dsp 1"), (44_100, "pd dsp 0")],
    );
    fs::write(session.path("test.pd"), patch.text()).unwrap();
    let mut pd = session.bare_pd();
    pd.arg(session.path("path.pd")).arg("_main.pd");
    let console = run(pd
        .arg(session.path("test.pd"))
        .current_dir(projects.join("gates")));
    assert_lines(&console, &["difflogic~: opened origami"]);
    assert!(!console.contains("error"), "{console}");
}

#[test]
fn the_readme_links_to_what_is_beside_it() {
    let text = fs::read_to_string(externals().join("README.md")).unwrap();
    let links = text.split("](").skip(1);
    let links: Vec<&str> = links.filter_map(|rest| rest.split(')').next()).collect();
    assert!(!links.is_empty());
    for link in links {
        let is_there = link.starts_with("https://") || externals().join(link).exists();
        assert!(is_there, "{link}");
    }
}
