//! What boards need of Linux, where it takes a process of its own: signals and
//! the lock. The process is this test binary again, with [`SCENARIO`] set.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use gatebend::board::linux::{Instance, Signals};

const SCENARIO: &str = "LINUX_TEST_SCENARIO";
const FILE: &str = "LINUX_TEST_FILE";

/// No test, but what the tests start.
#[test]
fn child() {
    let Ok(scenario) = std::env::var(SCENARIO) else {
        return;
    };
    let lock = std::env::var_os(FILE).map(|file| Instance::claim(&[file]).unwrap());
    let signals = Signals::watch().unwrap();
    println!("@ready");
    // Longer than any test takes: only a signal ends it.
    for _ in 0..60_000 {
        if scenario == "polls" && signals.received().is_some() {
            let signal = signals.received().unwrap();
            println!("@received {signal}");
            drop(lock);
            std::process::exit(7);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

struct Started {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

/// A child that is ready for its signal.
fn start(scenario: &str, file: Option<&Path>) -> Started {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(SCENARIO, scenario)
        .stdout(Stdio::piped());
    if let Some(file) = file {
        command.env(FILE, file);
    }
    ready(command)
}

fn ready(mut command: Command) -> Started {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = lines.by_ref().map_while(Result::ok);
    assert!(next.any(|line| line.ends_with("@ready")));
    Started { child, lines }
}

impl Started {
    fn signal(&self, signal: i32) {
        // SAFETY: a process of ours, which is waited for only later.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    fn ends(mut self) -> (Option<i32>, String) {
        let rest: Vec<_> = self.lines.by_ref().map_while(Result::ok).collect();
        (self.child.wait().unwrap().code(), rest.join("\n"))
    }
}

#[test]
fn a_signal_is_noted_and_the_program_may_end_by_itself() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let started = start("polls", None);
        started.signal(signal);
        let (code, told) = started.ends();
        assert!(told.contains(&format!("@received {signal}")), "{told}");
        assert_eq!(code, Some(7));
    }
}

/// The time itself is for the eye: machines that run tests are not on time.
#[test]
fn a_program_that_hangs_is_ended() {
    let started = start("hangs", None);
    let before = std::time::Instant::now();
    started.signal(libc::SIGTERM);
    // One more changes nothing.
    started.signal(libc::SIGINT);
    let (code, _) = started.ends();
    println!("gone after {:?}", before.elapsed());
    assert!(matches!(code, Some(130 | 143)), "{code:?}");
}

#[test]
fn a_hang_up_is_ignored_where_it_was_ignored_before() {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "trap '' HUP; exec \"$0\" --exact child --nocapture --test-threads=1",
        ])
        .arg(std::env::current_exe().unwrap())
        .env(SCENARIO, "polls")
        .stdout(Stdio::piped());
    let started = ready(command);
    started.signal(libc::SIGHUP);
    started.signal(libc::SIGTERM);
    let (code, told) = started.ends();
    assert!(told.contains("@received 15"), "{told}");
    assert_eq!(code, Some(7));
}

#[test]
fn a_lock_ends_with_its_process_however_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lock");
    let started = start("hangs", Some(&file));
    let told = Instance::claim(&[&file]).unwrap_err().to_string();
    let holder = format!("process {}", started.child.id());
    assert!(told.contains(&holder), "{told}");
    started.signal(libc::SIGKILL);
    assert_eq!(started.ends().0, None);
    Instance::claim(&[&file]).unwrap();
}
