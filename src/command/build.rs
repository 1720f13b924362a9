//! `gatebend build`: makes a shared library of a network with the system's C compiler.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output as Ran, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use logicnet::count;
use logicnet::export::to_library;

use crate::output::{Output, Temporary};
use crate::progress::Progress;
use crate::{CommandResult, Failure, files};

/// Flags for every C compiler that `CC` may name.
const FLAGS: [&str; 3] = ["-O2", "-shared", "-fPIC"];

/// Most lines of a compiler's errors in a message.
const MAX_LINES: usize = 3;

#[derive(clap::Args)]
#[command(after_help = "\
The environment variable CC names the C compiler [default: cc], such as \
CC=arm-linux-gnueabihf-gcc for a 32-bit Bela. CFLAGS adds flags: CFLAGS='-O3 -march=native' \
makes faster code for this processor only.")]
pub struct Arguments {
    /// The network file; - reads standard input. Its masks are applied, and it is simplified
    network: PathBuf,
    /// Library to write: OUT.so, OUT.dylib or OUT.dll
    #[arg(short, long)]
    output: PathBuf,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let endings = ["so", "dylib", "dll"];
        let has_ending = |ending: &&str| files::has_ending(&self.output, ending);
        if !endings.iter().any(has_ending) {
            return Err(Failure::Usage(format!(
                "{}: the output must end in .so, .dylib or .dll",
                self.output.display()
            )));
        }
        let network = files::load(&self.network)?;
        let output = Output::create(&self.output)?;
        let network = logicnet::simplify(&network, network.masks());
        let compiler = Compiler::of_environment();
        let started = Instant::now();
        let library = compiler.compile(&to_library(&network))?;
        let seconds = started.elapsed().as_secs_f64();
        output.fill(&library)?;
        crate::print_message(&format!(
            "{}: {}, compiled by {} in {seconds:.1} s",
            self.output.display(),
            count(network.gates().len(), "gate"),
            compiler.words[0]
        ));
        Ok(())
    }
}

/// A C compiler.
struct Compiler {
    /// Its program and its first arguments.
    words: Vec<String>,
    /// The user's flags, which prevail.
    flags: Vec<String>,
}

impl Compiler {
    /// Returns the compiler that `CC` names, or `cc`, with the flags in `CFLAGS`.
    fn of_environment() -> Compiler {
        let words = |name| {
            let text = env::var(name).unwrap_or_default();
            text.split_whitespace().map(String::from).collect()
        };
        let mut compiler = Compiler {
            words: words("CC"),
            flags: words("CFLAGS"),
        };
        if compiler.words.is_empty() {
            compiler.words.push("cc".into());
        }
        compiler
    }

    /// Compiles C to a shared library.
    fn compile(&self, source: &str) -> Result<Vec<u8>, Failure> {
        let name = &self.words[0];
        let folder = env::temp_dir();
        let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", folder.display()));
        let file = Temporary::next_to(&folder.join("source")).map_err(failed)?;
        let library = Temporary::next_to(&folder.join("library")).map_err(failed)?;
        file.file().write_all(source.as_bytes()).map_err(failed)?;
        let ran = self.run(file.path(), library.path()).map_err(|error| {
            let remedy = match error.kind() {
                io::ErrorKind::NotFound => {
                    "no such C compiler; install one, such as gcc or clang, or name yours in \
                     the environment variable CC"
                }
                _ => "cannot be run as the C compiler; the environment variable CC names another",
            };
            let cause = match error.kind() {
                io::ErrorKind::NotFound => String::new(),
                _ => format!(" ({error})"),
            };
            Failure::Failed(format!("{name}: {remedy}{cause}"))
        })?;
        if !ran.status.success() {
            let errors = String::from_utf8_lossy(&ran.stderr);
            let mut lines: Vec<_> = errors
                .lines()
                .filter(|line| line.contains("error"))
                .collect();
            if lines.is_empty() {
                lines = errors
                    .lines()
                    .filter(|line| !line.trim().is_empty())
                    .collect();
            }
            lines.truncate(MAX_LINES);
            let problem = format!("{name}: {}: {}", ran.status, lines.join("; "));
            return Err(Failure::Failed(problem));
        }
        let bytes = fs::read(library.path()).map_err(failed)?;
        if is_library(&bytes) {
            return Ok(bytes);
        }
        Err(Failure::Failed(format!(
            "{name}: it has not written a shared library; check CC and CFLAGS"
        )))
    }

    /// Runs the compiler, with its progress.
    fn run(&self, source: &Path, library: &Path) -> io::Result<Ran> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).args(FLAGS).args(&self.flags);
        command.args(["-x", "c"]).arg(source).arg("-o").arg(library);
        command.stdin(Stdio::null());
        let mut progress = Progress::new("compiling");
        thread::scope(|scope| {
            let compiling = scope.spawn(|| command.output());
            while !compiling.is_finished() {
                progress.elapsed();
                thread::sleep(Duration::from_millis(10));
            }
            let ended = compiling.join();
            ended.unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))
        })
    }
}

/// Returns whether a file is a shared library of ELF, or of another format that exports a name
/// of compiled networks.
fn is_library(bytes: &[u8]) -> bool {
    const NAME: &[u8] = b"gatebend_compiled_evaluate";
    const SHARED: u8 = 3;
    let has_name = bytes.windows(NAME.len()).any(|window| window == NAME);
    let is_object = bytes.starts_with(b"\x7fELF") && bytes.get(16) != Some(&SHARED);
    has_name && !is_object
}
