//! `gatebend`: a musical instrument whose sound is a network of logic gates.
//!
//! This file owns the command line and nothing else. Exit codes: 0 for success, 1 for
//! a negative answer or a failure, 2 for bad usage. Errors are one line on standard
//! error.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

mod command;
mod files;
mod output;
mod progress;
mod sound;

use command::Command;
use gatebend::logging::one_line;
use logicnet::shorten;

/// Reason for an exit code other than 0.
#[derive(Debug)]
enum Failure {
    /// The command line is wrong: exit code 2.
    Usage(String),
    /// The command failed: exit code 1.
    Failed(String),
    /// The answer is no: exit code 1.
    No(String),
    /// The reader of standard output wants no more, as `head` does: exit code 0.
    Closed,
}

impl From<String> for Failure {
    /// A failed command, with this problem.
    fn from(problem: String) -> Failure {
        Failure::Failed(problem)
    }
}

type CommandResult = Result<(), Failure>;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return report(&error),
    };
    match arguments.command.run() {
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::No(answer)) => {
            // The exit code is the answer, even if standard output is closed.
            let _ = writeln!(io::stdout(), "{answer}");
            ExitCode::from(1)
        }
        Err(Failure::Failed(problem)) => {
            print_message(&format!("gatebend: {problem}"));
            ExitCode::from(1)
        }
        Err(Failure::Usage(problem)) => {
            print_message(&format!("gatebend: {problem}; see gatebend --help"));
            ExitCode::from(2)
        }
    }
}

/// Prints one line on standard error, which may be closed.
fn print_message(line: &str) {
    let _ = writeln!(io::stderr(), "{}", one_line(line));
}

/// Most characters of a word in an error of the command line.
const MAX_WORD: usize = 80;

/// Prints the error in a command line as one line, or the help that was requested.
fn report(error: &clap::Error) -> ExitCode {
    let requested = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if requested || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let printed = error.print();
        return ExitCode::from(if requested && printed.is_ok() { 0 } else { 2 });
    }
    let text = error.render().to_string();
    let problem = text.split("\n\nUsage:").next().unwrap_or_default();
    // An argument is quoted at any length.
    let words = problem.split_whitespace();
    let words = words.map(|word| shorten(word, MAX_WORD));
    let problem = words.collect::<Vec<_>>().join(" ");
    let problem = problem.strip_prefix("error: ").unwrap_or(&problem);
    let problem = problem.trim_end_matches(" For more information, try '--help'.");
    print_message(&format!("gatebend: {problem}; see gatebend --help"));
    ExitCode::from(2)
}

#[derive(Parser)]
#[command(
    name = "gatebend",
    version,
    about,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
