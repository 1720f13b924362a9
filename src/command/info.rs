//! `gatebend info`: shows facts about a network.

use std::fmt::Write;
use std::path::PathBuf;

use logicnet::{InputEncoding, Network, Op, OutputEncoding, Program, Signal, Source, count};
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
    /// Bits of the network per bit of sound.
    ratio: f64,
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
        // Each gate: four bits of operation and two node numbers.
        let network_bits = network.gates().len() as u64 * (4 + 2 * address_bits);
        let output_bits = u64::from(network.period()) * network.outputs().len() as u64;
        Facts {
            live_gates: live.iter().filter(|&&live| live).count(),
            program_gates: Program::new(network, network.masks()).gates(),
            depth: depth(network, live),
            operations,
            network_bits,
            output_bits,
            ratio: network_bits as f64 / output_bits as f64,
        }
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
            "audio_channels": network.sources().iter().filter(|source| {
                matches!(source.signal, Signal::Audio { .. })
            }).count(),
            "controls": network.sources().iter().filter_map(|source| match &source.signal {
                Signal::Control { name, default } => {
                    Some(json!({ "name": name, "bits": source.bits, "default": default }))
                }
                _ => None,
            }).collect::<Vec<_>>(),
            "outputs": network.outputs().len(),
            "channels": network.output_encoding().channels(),
            "sample_bits": network.output_encoding().sample_bits(),
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
            "ratio": self.ratio,
        })
    }

    fn text(&self, network: &Network) -> String {
        let mut text = String::new();
        let mut row = |what: &str, value: String| {
            // Writing to a string never fails.
            let _ = writeln!(text, "{what:<12}{}", crate::one_line(&value));
        };
        row("name", network.name().into());
        for (what, value) in [("", network.description()), ("source", network.source())] {
            if let Some(value) = value {
                row(what, value.into());
            }
        }
        for (i, source) in network.sources().iter().enumerate() {
            row(if i == 0 { "inputs" } else { "" }, describe(source));
        }
        let outputs = network.outputs().len();
        let outputs = match network.output_encoding() {
            OutputEncoding::Binary => outputs.to_string(),
            OutputEncoding::GroupSum { groups } => {
                format!("{outputs}, summed in {}", count(groups as usize, "group"))
            }
            OutputEncoding::Channels { left, right: 0 } => {
                format!("{} a sample", count(left.into(), "bit"))
            }
            OutputEncoding::Channels { left, right } => {
                format!("{left} bits a sample on the left, {right} on the right")
            }
        };
        row("outputs", outputs);
        let (gates, layers) = (network.gates().len(), network.layer_count());
        let (live, evaluated, depth) = (self.live_gates, self.program_gates, self.depth);
        let counts = format!("{live} live, {evaluated} when evaluated");
        row(
            "gates",
            format!("{gates} in {}; {counts}", count(layers, "layer")),
        );
        row("depth", count(depth as usize, "gate").to_string());
        if !network.masks().is_empty() {
            row("masks", network.masks().len().to_string());
        }
        let (period, rate) = (network.period(), network.sample_rate());
        let seconds = f64::from(period) / f64::from(rate);
        if network.counter_bits() > 0 {
            let length = format!(
                "{}, {seconds:.2} s at {rate} Hz",
                count(period as usize, "sample")
            );
            row("period", length);
        }
        // The sound of other networks is that of a period and of what they read.
        if super::reads_only_t(network) {
            let (from, to, ratio) = (self.network_bits, self.output_bits, self.ratio);
            let size = format!(
                "{} for {} of sound: {ratio:.4}",
                count(from as usize, "bit"),
                count(to as usize, "bit")
            );
            row("size", size);
        }
        let counts = self.operations.iter().map(|(_, count)| *count);
        let most = counts.max().unwrap_or(1);
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

/// Describes a source: its bits, and their inputs if these are not the bits themselves.
fn describe(source: &Source) -> String {
    let bits = count(source.bits.into(), "bit");
    let default = match source.signal {
        Signal::Control { default, .. } => format!(", {default} by default"),
        _ => String::new(),
    };
    let signal = &source.signal;
    let code = match source.encoding {
        InputEncoding::Binary => return format!("{bits} of {signal}{default}"),
        InputEncoding::Gray => "Gray code",
        InputEncoding::Thermometer { .. } => "thermometer code",
        InputEncoding::OneHot { .. } => "one-hot code",
    };
    let inputs = source.inputs().unwrap_or(0);
    format!("{inputs} for {bits} of {signal} in {code}{default}")
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
