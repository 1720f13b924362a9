//! A folder in which Pd runs, headless, and the console that comes of it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatebend_hosts::{Networks, built, run};
use tempfile::TempDir;

use crate::patch::Patch;

/// Frames of a tick of Pd.
pub const TICK: usize = 64;

/// Returns the folder with the externals that `hosts/build.sh pd` has built: for this machine,
/// or for the one that `PD_TARGET` names.
pub fn externals() -> PathBuf {
    let own = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        _ => "armv7",
    };
    let target = env::var("PD_TARGET").unwrap_or_else(|_| own.into());
    built().join("pd").join(target).join("difflogic")
}

/// A folder with networks, patches and recordings, and the rate of Pd.
pub struct Session {
    pub folder: TempDir,
    pub networks: Networks,
    pub rate: u32,
}

impl Session {
    pub fn new(rate: u32) -> Session {
        let folder = tempfile::tempdir().unwrap();
        let networks = Networks::write(folder.path(), rate);
        Session {
            folder,
            networks,
            rate,
        }
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a patch in Pd until it quits, and returns what is on the console.
    pub fn run(&self, patch: &Patch) -> String {
        fs::write(self.path("test.pd"), patch.text()).unwrap();
        run(self.pd().arg("test.pd"))
    }

    /// Compiles a file of C in the folder to a shared library for Pd.
    pub fn compile(&self, name: &str) {
        let mut command = Command::new("bash");
        command.current_dir(self.folder.path());
        let line = "${CC:-cc} -shared -fPIC -o $0.so $0.c";
        run(command.args(["-c", line, name]));
    }

    /// Returns the command of Pd with the externals in its search path, without patches.
    pub fn pd(&self) -> Command {
        let mut command = self.bare_pd();
        command.arg("-path").arg(externals());
        command
    }

    /// Returns the command of Pd without the externals. If no patch makes it quit, it is killed.
    pub fn bare_pd(&self) -> Command {
        let line = "ulimit -f 200000; \
                    exec timeout 120 env ${PRELOAD:+LD_PRELOAD=$PRELOAD} \
                    ${PD:-puredata} -batch -nogui -noprefs -noaudio -nrt \"$@\"";
        let mut command = Command::new("bash");
        command.current_dir(self.folder.path());
        command.args(["-c", line, "bash", "-r", &self.rate.to_string()]);
        command
    }
}

/// Adds what happens: messages to receivers, each at a frame. The message after the last one
/// quits Pd.
pub fn add_events(session: &Session, patch: &mut Patch, events: &[(usize, &str)]) {
    let mut lines = Vec::new();
    let mut before = 0;
    for (frame, event) in events {
        // The first tick begins at 0.
        let at = if *frame == 0 { 0 } else { frame + TICK / 2 };
        let delay = (at - before) as f64 * 1000.0 / f64::from(session.rate);
        before = at;
        lines.push(format!("{delay:.4} {event};"));
    }
    lines.push("pd quit;".into());
    fs::write(session.path("events.txt"), lines.join("\n")).unwrap();
    let start = patch.object("loadbang");
    let message = patch.message("read events.txt \\, bang");
    let events = patch.object("qlist");
    patch.connect((start, 0), (message, 0));
    patch.connect((message, 0), (events, 0));
}

/// Sends messages to an object, and returns the lines of its outlets, named by their numbers,
/// with errors among them.
pub fn answers(session: &Session, object: &str, outlets: usize, messages: &[&str]) -> String {
    let mut patch = Patch::new();
    let object = patch.object(object);
    let receive = patch.object("r object");
    patch.connect((receive, 0), (object, 0));
    for k in 0..outlets {
        let print = patch.object(&format!("print {k}"));
        patch.connect((object, k), (print, 0));
    }
    let texts: Vec<String> = messages
        .iter()
        .map(|text| format!("object {text}"))
        .collect();
    let events: Vec<(usize, &str)> = texts.iter().map(|text| (0, &text[..])).collect();
    add_events(session, &mut patch, &events);
    session.run(&patch)
}

/// Checks that lines are on a console, in this order, others between them. Some versions of Pd
/// have backslashes before spaces.
pub fn assert_lines(console: &str, lines: &[&str]) {
    let plain = console.replace('\\', "");
    let mut rest = plain.lines();
    for line in lines {
        assert!(
            rest.any(|other| other.contains(line)),
            "no {line:?} in its place:\n{console}"
        );
    }
}
