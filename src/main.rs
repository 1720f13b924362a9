//! `gatebend`: a musical instrument whose sound is a network of logic gates.
//!
//! This file owns the command line and nothing else. Exit codes: 0 done, 1 a
//! negative answer or a failure, 2 bad usage. Errors are one line on standard
//! error.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

mod command;
mod files;
mod progress;
mod sound;

use command::Command;
use gatebend::logging::one_line;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
enum Failure {
    /// The command was not written right: exit code 2.
    Usage(String),
    /// It was, but could not be done: exit code 1.
    Failed(String),
    /// The answer is no: exit code 1.
    No(String),
}

type Outcome = Result<(), Failure>;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    match arguments.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::No(answer)) => {
            // The exit code is the answer, whether or not the words arrive.
            let _ = writeln!(io::stdout(), "{answer}");
            ExitCode::from(1)
        }
        Err(Failure::Failed(problem)) => {
            say(&format!("gatebend: {problem}"));
            ExitCode::from(1)
        }
        Err(Failure::Usage(problem)) => {
            say(&format!("gatebend: {problem}; see gatebend --help"));
            ExitCode::from(2)
        }
    }
}

/// Says something to people in one line. Where nobody listens, nobody is told.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{}", one_line(line));
}

/// Says in one line what is wrong with a command line, or prints the help that
/// was asked for.
fn refuse(error: &clap::Error) -> ExitCode {
    let asked = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if asked || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let printed = error.print();
        return ExitCode::from(if asked && printed.is_ok() { 0 } else { 2 });
    }
    let text = error.render().to_string();
    let problem: Vec<&str> = text
        .split("\n\nUsage:")
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let problem = problem.join(" ");
    let problem = problem.strip_prefix("error: ").unwrap_or(&problem);
    let problem = problem.trim_end_matches(" For more information, try '--help'.");
    say(&format!("gatebend: {problem}; see gatebend --help"));
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
