//! `gatebend compile`: compiles an expression to a network.

use std::path::PathBuf;

use bytebeat::{CompileError, Expression};

use super::Naming;
use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The bytebeat expression of t, in quotes
    expression: String,
    /// Bits of t; the sound repeats after 2^N samples
    #[arg(long, value_name = "N", default_value_t = 16)]
    bits: u32,
    /// Network file to write [default: standard output]
    #[arg(short, long)]
    output: Option<PathBuf>,
    #[command(flatten)]
    naming: Naming,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let expression = Expression::parse(&self.expression)
            .map_err(|error| Failure::Usage(format!("'{}': {error}", self.expression)))?;
        let network = expression.compile(self.bits).map_err(|error| match error {
            CompileError::Bits(_) => Failure::Usage(format!("--bits: {error}")),
            CompileError::Gates(_) => Failure::Failed(format!("'{}': {error}", self.expression)),
        })?;
        let network = self.naming.apply(network)?;
        files::write(self.output.as_deref(), network.to_json())?;
        crate::print_message(&format!(
            "{} gates, exact at every t ({} times)",
            network.gates().len(),
            network.period()
        ));
        Ok(())
    }
}
