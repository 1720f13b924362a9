//! The program, run with arguments.

// No test needs all of it.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Returns the program with these arguments, without input or a data folder.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatebend"));
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no data folder");
    command
        .args(arguments)
        .envs(DATA.map(|name| (name, &nowhere)))
        .stdin(Stdio::null());
    command
}

/// Runs the program.
pub fn gatebend(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Variables that name this computer's data folder, on Linux and on macOS.
pub const DATA: [&str; 2] = ["XDG_DATA_HOME", "HOME"];

/// Runs the program and expects success; returns its standard output.
pub fn done(arguments: &[&str]) -> Vec<u8> {
    let output = gatebend(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output.stdout
}

/// Runs the program and expects this exit code and one line on standard error.
pub fn refused(code: i32, arguments: &[&str]) -> String {
    let output = gatebend(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
    assert_eq!(errors.lines().count(), 1, "{arguments:?}: {errors}");
    assert!(output.stdout.is_empty());
    errors
}

/// Returns the file of a factory network.
pub fn asset(name: &str) -> String {
    format!("{}/assets/networks/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

/// A temporary folder.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// Creates a folder.
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// Returns the path of a file in it.
    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_string()
    }

    /// Returns the paths of all files in it.
    pub fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }
}
