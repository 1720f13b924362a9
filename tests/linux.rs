//! Signals and the lock, which need a process of their own. The process is this test binary
//! again, with [`SCENARIO`] set.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use gatebend::board::linux::{Instance, Signals};

/// Behaviour of the child: the name of a signal that it raises, or `hangs`.
const SCENARIO: &str = "LINUX_TEST_SCENARIO";
/// Lock file of the child.
const FILE: &str = "LINUX_TEST_FILE";

/// The child's part, which does nothing unless another test starts it.
#[test]
fn child() {
    let Ok(scenario) = std::env::var(SCENARIO) else {
        return;
    };
    let _lock = std::env::var_os(FILE).map(|file| Instance::claim(&[file]).unwrap());
    let Ok(signal) = scenario.parse() else {
        let _signals = Signals::watch().unwrap();
        println!("@ready");
        // Until a signal ends the process, or the parent is gone.
        let _ = io::stdin().read_line(&mut String::new());
        return;
    };
    // The watchdog never ends this child, however slow the machine is.
    let signals = Signals::watch_with_limit(Duration::MAX).unwrap();
    assert_eq!(signals.received(), None);
    // SAFETY: takes an integer. The handlers run before it returns.
    unsafe { libc::raise(signal) };
    println!("@received {:?}", signals.received());
    std::process::exit(7);
}

fn command(program: impl AsRef<OsStr>, scenario: &str) -> Command {
    let mut command = Command::new(program);
    command.env(SCENARIO, scenario);
    command
}

/// Runs a child that raises a signal; returns its exit code and its output.
fn raise(mut command: Command) -> (Option<i32>, String) {
    let output = command.args(ARGUMENTS).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text)
}

/// Arguments that run only [`child`].
const ARGUMENTS: [&str; 4] = ["--exact", "child", "--nocapture", "--test-threads=1"];

/// A child that hangs.
struct Hanging {
    child: Child,
    /// Closing it would end the child.
    _stdin: ChildStdin,
    lines: io::Lines<BufReader<ChildStdout>>,
}

impl Hanging {
    /// Starts a child, and waits until it is ready for its signal.
    fn start(file: Option<&Path>) -> Hanging {
        let mut command = command(std::env::current_exe().unwrap(), "hangs");
        command
            .args(ARGUMENTS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(file) = file {
            command.env(FILE, file);
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut output = lines.by_ref().map_while(Result::ok);
        assert!(output.any(|line| line.ends_with("@ready")));
        Hanging {
            _stdin: child.stdin.take().unwrap(),
            child,
            lines,
        }
    }

    fn signal(&self, signal: i32) {
        // SAFETY: the child has not been waited for, so its id is still its own.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    /// Waits until the child has ended; returns its exit code, if no signal killed it.
    fn wait(mut self) -> Option<i32> {
        self.lines.by_ref().map_while(Result::ok).for_each(drop);
        self.child.wait().unwrap().code()
    }
}

#[test]
fn a_signal_is_noted_and_the_program_can_end_in_its_own_way() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let mut child = command(std::env::current_exe().unwrap(), &signal.to_string());
        // SAFETY: only resets a signal, which is allowed between fork and exec.
        unsafe {
            // These tests may run under nohup, which ignores SIGHUP.
            child.pre_exec(|| {
                libc::signal(libc::SIGHUP, libc::SIG_DFL);
                Ok(())
            });
        }
        let (code, output) = raise(child);
        let noted = format!("@received {:?}", Some(signal));
        assert!(output.contains(&noted), "{output}");
        assert_eq!(code, Some(7));
    }
}

/// Prints the time until the end without checking it: it depends on the machine's load.
#[test]
fn a_program_that_hangs_is_ended() {
    let hanging = Hanging::start(None);
    let before = std::time::Instant::now();
    hanging.signal(libc::SIGTERM);
    // A second signal changes nothing.
    hanging.signal(libc::SIGINT);
    let code = hanging.wait();
    println!("ended after {:?}", before.elapsed());
    assert!(matches!(code, Some(130 | 143)), "{code:?}");
}

#[test]
fn a_hang_up_stays_ignored_if_it_was_ignored_at_the_start() {
    let mut nohup = command("sh", &libc::SIGHUP.to_string());
    nohup
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap());
    let (code, output) = raise(nohup);
    assert!(output.contains("@received None"), "{output}");
    assert_eq!(code, Some(7));
}

#[test]
fn a_lock_ends_with_its_process_however_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lock");
    let hanging = Hanging::start(Some(&file));
    let problem = Instance::claim(&[&file]).unwrap_err().to_string();
    let holder = format!("process {}", hanging.child.id());
    assert!(problem.contains(&holder), "{problem}");
    hanging.signal(libc::SIGKILL);
    assert_eq!(hanging.wait(), None);
    Instance::claim(&[&file]).unwrap();
}
