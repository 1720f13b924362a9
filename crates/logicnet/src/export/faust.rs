//! Export to Faust.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::comment;
use crate::encoding::{byte_source, full_scale};
use crate::{
    Kind, Lit, MAX_VALUE_BITS, Masks, Network, OutputEncoding, Signal, SourceSpan, Xag,
    control_value, count,
};

/// Returns a network under masks as a Faust program in integer arithmetic, which every target
/// of Faust compiles and plays exactly.
///
/// `process` plays the network at its own rate, whatever the host's: it counts t, takes an
/// input for each channel that the network hears, and has a slider for each control. Samples
/// are held. `samples` and `levels` are functions of the network's signals, for programs with
/// another clock.
pub fn to_faust(network: &Network, masks: &Masks) -> String {
    let graph = Xag::from_network(network, masks);
    let program = Program {
        network,
        graph: &graph,
    };
    program.text()
}

/// A program while it is written.
struct Program<'a> {
    network: &'a Network,
    graph: &'a Xag,
}

impl Program<'_> {
    fn text(&self) -> String {
        let Program { network, graph } = self;
        let gates = count(graph.live_gates().count(), "gate");
        let bits = count(graph.variables() as usize, "bit");
        let outputs = count(graph.outputs().len(), "output");
        let about = comment(network);
        let name = network.name().replace(['"', '\\'], "'");
        let name = name.replace(char::is_control, " ");
        let parameters = self.parameters().join(", ");
        let process = self.process();
        let samples = self.samples(&parameters);
        let levels = self.levels(&parameters);
        let clock = self.clock();
        let conversions = self.conversions();
        format!(
            "// {about}\n\
             // {gates}, {bits} that it reads, {outputs}. Written by gatebend.\n\
             //\n\
             // process plays it. With tune = library(\"FILE.dsp\"), other programs play it by their own\n\
             // clock: process = tune.levels({parameters});\n\
             declare name \"{name}\";\n\n\
             {process}\n{samples}\n{levels}\n{clock}{conversions}"
        )
    }

    /// Returns the names of the signals, in the order of the network's sources.
    fn parameters(&self) -> Vec<String> {
        let sources = self.network.sources().iter();
        sources
            .map(|source| match &source.signal {
                Signal::Control { name, .. } => format!("control_{name}"),
                signal => signal.short_name(),
            })
            .collect()
    }

    fn process(&self) -> String {
        let network = self.network;
        let heard = network.sources().iter().filter_map(|source| {
            let Signal::Audio { channel } = source.signal else {
                return None;
            };
            Some(channel)
        });
        let inputs: Vec<_> = (0..=heard.max().unwrap_or(0))
            .map(|channel| format!("audio{channel}"))
            .collect();
        let inputs = if network.hears() {
            format!("({})", inputs.join(", "))
        } else {
            String::new()
        };
        let signals = network.sources().iter().map(|source| {
            let bits = source.bits;
            match &source.signal {
                Signal::Time => "time".to_string(),
                Signal::Audio { channel } => format!("frame({bits}, audio{channel})"),
                Signal::Control { name, default } => {
                    let step = 1.0 / f64::from(1u32 << bits);
                    let default = f64::from(control_value(*default, bits)) * step;
                    format!("position({bits}, hslider(\"{name}\", {default}, 0, 1, {step}))")
                }
            }
        });
        let signals = signals.collect::<Vec<_>>().join(", ");
        let held = match (self.reads_only_time(), network.output_encoding().channels()) {
            (true, _) => "",
            (false, 1) => " : held",
            (false, _) => " : held, held",
        };
        format!("process{inputs} = levels({signals}){held};\n")
    }

    fn reads_only_time(&self) -> bool {
        self.network.variables() == self.network.counter_bits()
    }

    /// Returns the function from signals to the sample of each channel.
    fn samples(&self, parameters: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        for (span, name) in self.network.spans().zip(self.parameters()) {
            let SourceSpan { variables, .. } = span;
            for (bit, variable) in variables.enumerate() {
                lines.push(format!("n{} = ({name} >> {bit}) & 1;", variable + 1));
            }
        }
        for (node, gate) in self.graph.live_gates() {
            let (a, b) = (gate.a, gate.b);
            let expression = match gate.kind {
                Kind::And => format!("n{a} & n{b}"),
                Kind::AndNot => format!("n{a} & (n{b} xor 1)"),
                Kind::Or => format!("n{a} | n{b}"),
                Kind::Xor => format!("n{a} xor n{b}"),
            };
            lines.push(format!("n{node} = {expression};"));
        }
        let outputs: Vec<String> = self
            .graph
            .outputs()
            .iter()
            .map(|&lit| literal(lit))
            .collect();
        let channels = match self.network.output_encoding() {
            OutputEncoding::Channels { left, right } => {
                let (left, right_bits) = outputs.split_at(left.into());
                let left = number(left);
                if right == 0 {
                    left
                } else {
                    format!("{left},\n              {}", number(right_bits))
                }
            }
            OutputEncoding::Binary => {
                let source = |bit| outputs[byte_source(outputs.len(), bit)].clone();
                number(&(0..8).map(source).collect::<Vec<_>>())
            }
            OutputEncoding::GroupSum { groups } => {
                let size = outputs.len() / usize::from(groups);
                let sums = outputs.chunks(size).map(|group| group.join(" + "));
                lines.push(format!("total = {};", number(&sums.collect::<Vec<_>>())));
                byte_of_sum(full_scale(size, groups))
            }
        };
        format!(
            "// The sample of each channel, a whole number from 0.\n\
             samples({parameters}) = {channels}\nwith {{\n    {}\n}};\n",
            lines.join("\n    ")
        )
    }

    /// Returns the function from signals to the sound of each channel.
    fn levels(&self, parameters: &str) -> String {
        let level = |bits: u8| {
            let half = 1u32 << (bits - 1);
            format!("(_ - {half}) / {half}")
        };
        let levels = match self.network.output_encoding() {
            OutputEncoding::Channels { left, right: 0 } => level(left),
            OutputEncoding::Channels { left, right } => {
                format!("({}), ({})", level(left), level(right))
            }
            _ => level(8),
        };
        format!(
            "// The sound of each channel, from -1 to 1.\n\
             levels({parameters}) = samples({parameters}) : {levels};\n"
        )
    }

    /// Returns the definitions of time at the host's rate.
    fn clock(&self) -> String {
        let rate = self.network.sample_rate();
        let last = self.network.period() - 1;
        format!(
            "// Network time: frame n of the host plays sample floor(n * rate / host_rate).\n\
             time = ((_ + step) & {last}) ~ _;\n\
             step = (whole + (phase < phase')) * running;\n\
             phase = ((_ + rate * running) % host_rate) ~ _;\n\
             whole = int((rate - rate % host_rate) / host_rate + 0.5);\n\
             running = 1';\n\
             rate = {rate};\n\
             host_rate = fconstant(int fSamplingFreq, <math.h>);\n"
        )
    }

    /// Returns the definitions that networks of other signals than t need.
    fn conversions(&self) -> String {
        let held = "\n// What was heard or set when a sample began counts until it ends.\n\
            held(x) = select2(is_new, _, x) ~ _;\n\
            is_new = (step > 0) | (running == 0);\n";
        let (bits, half) = (MAX_VALUE_BITS, 1u32 << (MAX_VALUE_BITS - 1));
        let last = half - 1;
        let frame = format!(
            "\n// The number that the network reads of sound: of the last frame that began before the\n\
             // sample.\n\
             frame(bits, x) = (int(floor(max(-{half}, min({last}, heard * {half})))) + {half}) >> ({bits} - bits)\n\
             with {{ heard = select2(phase == 0, x', x); }};\n"
        );
        let position = "\n// The number that the network reads of a control, from 0 to 1.\n\
            position(bits, x) = max(0, min((1 << bits) - 1, int(x * (1 << bits))));\n";
        let has_controls = self.network.control_names().next().is_some();
        let parts = [
            (!self.reads_only_time(), held),
            (self.network.hears(), &frame),
            (has_controls, position),
        ];
        let needed = parts.into_iter().filter(|(is_needed, _)| *is_needed);
        needed.map(|(_, text)| text).collect()
    }
}

fn literal(lit: Lit) -> String {
    match lit.as_constant() {
        Some(value) => u8::from(value).to_string(),
        None if lit.inverted() => format!("(n{} xor 1)", lit.node()),
        None => format!("n{}", lit.node()),
    }
}

/// Returns the number with these digits, of which each counts twice the one before.
fn number(digits: &[String]) -> String {
    let terms = digits.iter().enumerate();
    let terms = terms.map(|(bit, digit)| format!("(({digit}) << {bit})"));
    terms.collect::<Vec<_>>().join(" + ")
}

/// Returns the byte that a group sum, of this largest value, is scaled to. Each comparison
/// adds the values of the byte that begin at the same sum: Faust has no division of integers.
fn byte_of_sum(full: u32) -> String {
    let first_sum = |byte: u64| ((2 * byte - 1) * u64::from(full)).div_ceil(510);
    let mut terms: Vec<String> = Vec::new();
    let mut byte = 1;
    while byte < 256 {
        let sum = first_sum(byte);
        let values = (byte..256)
            .take_while(|&byte| first_sum(byte) == sum)
            .count() as u64;
        terms.push(format!("{values} * (total >= {sum})"));
        byte += values;
    }
    terms.join(" + ")
}
