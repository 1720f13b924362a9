//! The commands, one per file.

mod bench;
mod boards;
mod build;
mod check;
mod compile;
mod export;
mod import;
mod info;
mod play;
mod prove;
mod random;
mod render;
mod simplify;
mod train;

use clap::Subcommand;

use crate::CommandResult;

#[derive(Subcommand)]
pub enum Command {
    /// Play the instrument
    Play(Box<play::Arguments>),
    /// List the boards, or show the file of one
    Boards(boards::Arguments),
    /// Test a board's hardware and explain how to fix problems
    Check(check::Arguments),
    /// Turn a network into sound: a WAV file or raw samples
    Render(render::Arguments),
    /// Show a network's size, depth and operations
    Info(info::Arguments),
    /// Make an equivalent network with fewer gates
    Simplify(simplify::Arguments),
    /// Prove two networks equal, or find the first difference
    Prove(prove::Arguments),
    /// Compile a bytebeat expression to an exact network
    Compile(compile::Arguments),
    /// Train a network to a sound: a recording, a formula or another network
    Train(Box<train::Arguments>),
    /// Read a network of another maker: difflogic, torchlogix, BLIF or AIGER
    Import(Box<import::Arguments>),
    /// Make a random network from a seed
    Random(random::Arguments),
    /// Export a network as C, Faust, a picture or a PRU program
    Export(export::Arguments),
    /// Compile a network to a shared library, with the system's C compiler
    Build(build::Arguments),
    /// Measure how fast a network is evaluated
    Bench(bench::Arguments),
}

impl Command {
    pub fn run(&self) -> CommandResult {
        match self {
            Command::Play(arguments) => arguments.run(),
            Command::Boards(arguments) => arguments.run(),
            Command::Check(arguments) => arguments.run(),
            Command::Render(arguments) => arguments.run(),
            Command::Info(arguments) => arguments.run(),
            Command::Simplify(arguments) => arguments.run(),
            Command::Prove(arguments) => arguments.run(),
            Command::Compile(arguments) => arguments.run(),
            Command::Train(arguments) => arguments.run(),
            Command::Import(arguments) => arguments.run(),
            Command::Random(arguments) => arguments.run(),
            Command::Export(arguments) => arguments.run(),
            Command::Build(arguments) => arguments.run(),
            Command::Bench(arguments) => arguments.run(),
        }
    }
}

/// Returns whether t is all that a network reads.
fn reads_only_t(network: &logicnet::Network) -> bool {
    network.variables() == network.counter_bits()
}

/// The name, the bits and the default of a control given on the command line.
type Control = (String, u8, f64);

/// A name and a description given on the command line.
#[derive(clap::Args)]
pub struct Naming {
    /// A short name for displays
    #[arg(long)]
    name: Option<String>,
    /// A description
    #[arg(long)]
    description: Option<String>,
}

impl Naming {
    /// Replaces the network's name and description where others were given.
    fn apply(&self, network: logicnet::Network) -> Result<logicnet::Network, crate::Failure> {
        let mut parts = network.into_parts();
        if let Some(name) = &self.name {
            parts.name.clone_from(name);
        }
        if self.description.is_some() {
            parts.description.clone_from(&self.description);
        }
        parts
            .try_into()
            .map_err(|error: logicnet::NetworkError| crate::Failure::Failed(error.to_string()))
    }
}
