//! The commands, one a file.

mod bench;
mod boards;
mod check;
mod compile;
mod export;
mod info;
mod play;
mod prove;
mod random;
mod render;
mod simplify;

use clap::Subcommand;

use crate::Outcome;

#[derive(Subcommand)]
pub enum Command {
    /// Play the instrument: touch bends the network, the display shows it
    Play(Box<play::Arguments>),
    /// Name the boards that it plays on, or show one's file
    Boards(boards::Arguments),
    /// Find out what works on a board, and what to do about the rest
    Check(check::Arguments),
    /// Turn a network into sound: a WAV file or raw samples
    Render(render::Arguments),
    /// Tell what a network is: sizes, depth, operations
    Info(info::Arguments),
    /// Make an equal network of fewer gates
    Simplify(simplify::Arguments),
    /// Prove two networks equal, or find the first difference
    Prove(prove::Arguments),
    /// Compile a bytebeat expression to an exact network
    Compile(compile::Arguments),
    /// Make a random network, the same for the same seed
    Random(random::Arguments),
    /// Write a network as C, as a picture or as a PRU's program
    Export(export::Arguments),
    /// Measure how fast a network is evaluated
    Bench(bench::Arguments),
}

impl Command {
    pub fn run(&self) -> Outcome {
        match self {
            Command::Play(arguments) => arguments.run(),
            Command::Boards(arguments) => arguments.run(),
            Command::Check(arguments) => arguments.run(),
            Command::Render(arguments) => arguments.run(),
            Command::Info(arguments) => arguments.run(),
            Command::Simplify(arguments) => arguments.run(),
            Command::Prove(arguments) => arguments.run(),
            Command::Compile(arguments) => arguments.run(),
            Command::Random(arguments) => arguments.run(),
            Command::Export(arguments) => arguments.run(),
            Command::Bench(arguments) => arguments.run(),
        }
    }
}

/// A name and a description given on the command line.
#[derive(clap::Args)]
pub struct Naming {
    /// A short name for displays
    #[arg(long)]
    name: Option<String>,
    /// A sentence for people
    #[arg(long)]
    description: Option<String>,
}

impl Naming {
    /// The network with what was given in place of its own.
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
