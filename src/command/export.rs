//! `gatebend export`: writes a network in another language.

use std::path::PathBuf;

use clap::ValueEnum;
use logicnet::export::{to_c, to_dot, to_faust};
use pru_codegen::compile;

use crate::{CommandResult, Failure, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The network file; - reads standard input. Its masks are applied
    network: PathBuf,
    /// The language
    #[arg(long, value_enum)]
    to: Language,
    /// File to write; - is standard output. In C, identifiers begin with its name
    #[arg(short, long)]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    /// a C99 header of straight-line code
    C,
    /// a Faust program, for every target of Faust; a library of functions, too
    Faust,
    /// a Graphviz graph: dot -Tsvg draws it
    Dot,
    /// a program for the PRU, with comments
    Pru,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let network = files::load(&self.network)?;
        let stem = self.output.file_stem().and_then(|stem| stem.to_str());
        let text = match self.to {
            Language::C => to_c(&network, network.masks(), stem.unwrap_or("network")),
            Language::Faust => to_faust(&network, network.masks()),
            Language::Dot => to_dot(&network, network.masks()),
            Language::Pru => compile(&network, network.masks())
                .map_err(|error| Failure::Failed(format!("{}: {error}", self.network.display())))?
                .listing(),
        };
        files::write(Some(&self.output), &text)
    }
}
