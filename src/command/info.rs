//! `gatebend info`: shows facts about a network.

use std::fmt::Write;
use std::path::PathBuf;

use logicnet::{InputEncoding, Network, Op, OutputEncoding, Program};
use serde_json::{Map, Value, json};

use crate::{CommandResult, files};

#[derive(clap::Args)]
pub struct Arguments {
    /// The network file; - reads standard input
    network: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let network = files::load(&self.network)?;
        let facts = Facts::of(&network);
        let text = if self.json {
            format!("{}\n", facts.json(&network))
        } else {
            facts.text(&network)
        };
        files::print(text)
    }
}

struct Facts {
    live_gates: usize,
    program_gates: usize,
    depth: u32,
    operations: Vec<(Op, usize)>,
    network_bits: u64,
    output_bits: u64,
}

impl Facts {
    fn of(network: &Network) -> Facts {
        let live = network.live(network.masks());
        let live = &live[network.inputs() as usize..];
        let mut operations: Vec<(Op, usize)> =
            (0..16).filter_map(Op::new).map(|op| (op, 0)).collect();
        for gate in network.gates() {
            operations[usize::from(gate.op.number())].1 += 1;
        }
        operations.retain(|&(_, count)| count > 0);
        let address_bits = u64::from(network.nodes().next_power_of_two().ilog2());
        Facts {
            live_gates: live.iter().filter(|&&live| live).count(),
            program_gates: Program::new(network, network.masks()).gates(),
            depth: depth(network, live),
            operations,
            // Each gate: four bits of operation and two node numbers.
            network_bits: network.gates().len() as u64 * (4 + 2 * address_bits),
            output_bits: u64::from(network.period()) * network.outputs().len() as u64,
        }
    }

    fn ratio(&self) -> f64 {
        self.network_bits as f64 / self.output_bits as f64
    }

    fn json(&self, network: &Network) -> Value {
        let operations: Map<String, Value> = self
            .operations
            .iter()
            .map(|(op, count)| (op.name().into(), (*count).into()))
            .collect();
        json!({
            "name": network.name(),
            "description": network.description(),
            "source": network.source(),
            "sample_rate": network.sample_rate(),
            "inputs": network.inputs(),
            "counter_bits": network.counter_bits(),
            "outputs": network.outputs().len(),
            "layers": network.layer_count(),
            "gates": network.gates().len(),
            "live_gates": self.live_gates,
            "program_gates": self.program_gates,
            "depth": self.depth,
            "period": network.period(),
            "masks": network.masks().len(),
            "operations": operations,
            "network_bits": self.network_bits,
            "output_bits": self.output_bits,
            "ratio": self.ratio(),
        })
    }

    fn text(&self, network: &Network) -> String {
        let mut text = String::new();
        let mut row = |what: &str, value: String| {
            writeln!(text, "{what:<12}{}", crate::one_line(&value))
                .expect("writing to a string never fails");
        };
        row("name", network.name().into());
        for (what, value) in [("", network.description()), ("source", network.source())] {
            if let Some(value) = value {
                row(what, value.into());
            }
        }
        row(
            "inputs",
            match network.input_encoding() {
                InputEncoding::Binary => format!("{} bits of t", network.inputs()),
                encoding => format!(
                    "{} for {} bits of t ({encoding:?})",
                    network.inputs(),
                    network.counter_bits()
                ),
            },
        );
        row(
            "outputs",
            match network.output_encoding() {
                OutputEncoding::Binary => network.outputs().len().to_string(),
                OutputEncoding::GroupSum { groups } => {
                    format!("{}, summed in {groups} groups", network.outputs().len())
                }
            },
        );
        row(
            "gates",
            format!(
                "{} in {} layers; {} live, {} when evaluated",
                network.gates().len(),
                network.layer_count(),
                self.live_gates,
                self.program_gates
            ),
        );
        row("depth", format!("{} gates", self.depth));
        if !network.masks().is_empty() {
            row("masks", network.masks().len().to_string());
        }
        row(
            "period",
            format!(
                "{} samples, {:.2} s at {} Hz",
                network.period(),
                f64::from(network.period()) / f64::from(network.sample_rate()),
                network.sample_rate()
            ),
        );
        row(
            "size",
            format!(
                "{} bits for {} bits of sound: {:.4}",
                self.network_bits,
                self.output_bits,
                self.ratio()
            ),
        );
        let most = self
            .operations
            .iter()
            .map(|(_, count)| *count)
            .max()
            .unwrap_or(1);
        for (i, (op, count)) in self.operations.iter().enumerate() {
            let bar = "#".repeat((30 * count).div_ceil(most));
            row(
                if i == 0 { "operations" } else { "" },
                format!("{:<11}{count:>6} {bar}", op.name()),
            );
        }
        text
    }
}

/// Returns the longest path from an input to an output, in live gates.
fn depth(network: &Network, live: &[bool]) -> u32 {
    let mut depths = vec![0u32; network.nodes() as usize];
    for ((node, gate), live) in (network.inputs() as usize..).zip(network.gates()).zip(live) {
        if *live {
            let op = network
                .masks()
                .get(node as u32)
                .map_or(gate.op, |mask| mask.apply(gate.op));
            let of = |reads: bool, operand: u32| if reads { depths[operand as usize] } else { 0 };
            depths[node] = 1 + of(op.reads_a(), gate.a).max(of(op.reads_b(), gate.b));
        }
    }
    network
        .outputs()
        .iter()
        .map(|&node| depths[node as usize])
        .max()
        .unwrap_or(0)
}
