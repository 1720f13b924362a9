//! Export to C99.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::comment;
use crate::encoding::byte_source;
use crate::{
    Kind, Lit, Masks, Network, OutputEncoding, Signal, Source, SourceSpan, Xag, control_value,
    count,
};

/// Returns a network under masks as a self-contained C99 header.
///
/// Identifiers begin with `NAME`, which is made from `name`. `NAME_evaluate` takes the bits
/// of t as words and returns the outputs as words, in straight-line code with one
/// statement per live gate. Words are `uint64_t`; to use another type, such as GCC's
/// vectors, define `NAME_WORD` before including the header. `NAME_sample`, which needs
/// `uint64_t`, returns one sample.
///
/// Of networks that read more than t, or have samples of other than eight bits or two
/// channels, `NAME_evaluate` takes the bits of all signals, and `NAME_levels` takes a
/// `NAME_inputs`, a struct of all signals, and returns the level of each channel.
pub fn to_c(network: &Network, masks: &Masks, name: &str) -> String {
    let graph = Xag::from_network(network, masks);
    let name = identifier(name);
    let header = Header {
        upper: name.to_ascii_uppercase(),
        input: if is_plain(network) { "t" } else { "in" },
        name,
        network,
        graph: &graph,
    };
    header.text()
}

/// Returns whether a sample is a byte that depends on t only.
fn is_plain(network: &Network) -> bool {
    let is_time = |source: &Source| source.signal == Signal::Time;
    let is_byte = !matches!(network.output_encoding(), OutputEncoding::Channels { .. });
    is_byte && network.sources().iter().all(is_time)
}

/// A header while it is written.
struct Header<'a> {
    network: &'a Network,
    graph: &'a Xag,
    name: String,
    upper: String,
    /// Name of the array of input words.
    input: &'static str,
}

impl Header<'_> {
    fn text(&self) -> String {
        let Header {
            network,
            graph,
            name,
            upper,
            input,
        } = self;
        let bits = graph.variables();
        let outputs = graph.outputs().len();
        let rate = network.sample_rate();
        let about = comment(network);
        let plain = is_plain(network);
        let (body, gates) = self.statements();
        let counts = format!(
            "{}, {}{}, {}",
            count(gates, "gate"),
            count(bits as usize, "bit"),
            if plain { " of t" } else { "" },
            count(outputs, "output")
        );
        let lanes = if plain {
            "each lane of the words is one t; t[i] has bit i of every lane's t."
        } else {
            "each lane of the words is one sample; in[i] has bit i of its signals."
        };
        let constants = if plain {
            format!("#define {upper}_COUNTER_BITS {bits}\n")
        } else {
            let counter_bits = network.counter_bits();
            let channels = network.output_encoding().channels();
            format!(
                "#define {upper}_COUNTER_BITS {counter_bits}\n#define {upper}_INPUTS {bits}\n\
                 #define {upper}_CHANNELS {channels}\n"
            )
        };
        let (types, sample) = if plain {
            (String::new(), self.sample_function())
        } else {
            (self.inputs_struct(), self.levels_function())
        };
        format!(
            "/* {about}\n\
             \x20* {counts}. Written by gatebend.\n \
             *\n \
             * {name}_evaluate: {lanes}\n \
             * To use words of a type other than uint64_t, define {upper}_WORD before including this.\n \
             */\n\
             #ifndef {upper}_H\n#define {upper}_H\n\n\
             #include <stdint.h>\n\n\
             #ifndef {upper}_WORD\n#define {upper}_WORD uint64_t\n#define {upper}_HAS_SAMPLE\n#endif\n\n\
             {constants}\
             #define {upper}_OUTPUTS {outputs}\n\
             #define {upper}_SAMPLE_RATE {rate}\n\n\
             {types}\
             static inline void {name}_evaluate(const {upper}_WORD {input}[{bits}], {upper}_WORD out[{outputs}])\n\
             {{\n{body}}}\n\n\
             {sample}\
             #endif\n"
        )
    }

    /// Returns the statements of all live gates and outputs, and the number of the gates.
    fn statements(&self) -> (String, usize) {
        let (mut body, mut gates) = (String::new(), 0);
        for (node, gate) in self.graph.live_gates() {
            let (a, b) = (self.value(gate.a), self.value(gate.b));
            let expression = match gate.kind {
                Kind::And => format!("{a} & {b}"),
                Kind::AndNot => format!("{a} & ~{b}"),
                Kind::Or => format!("{a} | {b}"),
                Kind::Xor => format!("{a} ^ {b}"),
            };
            let _ = writeln!(
                body,
                "    const {}_WORD n{node} = {expression};",
                self.upper
            );
            gates += 1;
        }
        for (i, &output) in self.graph.outputs().iter().enumerate() {
            let _ = writeln!(body, "    out[{i}] = {};", self.literal(output));
        }
        (body, gates)
    }

    fn value(&self, node: u32) -> String {
        if node < self.graph.first_gate() {
            format!("{}[{}]", self.input, node - 1)
        } else {
            format!("n{node}")
        }
    }

    fn literal(&self, lit: Lit) -> String {
        let input = self.input;
        match lit.as_constant() {
            // Made from a word, as no constant fits every word type.
            Some(false) => format!("{input}[0] ^ {input}[0]"),
            Some(true) => format!("~({input}[0] ^ {input}[0])"),
            None => {
                let not = if lit.inverted() { "~" } else { "" };
                format!("{not}{}", self.value(lit.node()))
            }
        }
    }

    fn sample_function(&self) -> String {
        let Header { name, upper, .. } = self;
        let bits = self.graph.variables();
        let outputs = self.graph.outputs().len();
        let byte = byte_statements(self.network, outputs);
        format!(
            "/* Returns the sample at time t, an unsigned byte. Needs words of type uint64_t. */\n\
             #ifdef {upper}_HAS_SAMPLE\n\
             static inline uint8_t {name}_sample(uint32_t t)\n\
             {{\n\
             \x20   {upper}_WORD in[{bits}], out[{outputs}];\n\
             \x20   for (int i = 0; i < {bits}; i++) in[i] = ({upper}_WORD)(t >> i & 1);\n\
             \x20   {name}_evaluate(in, out);\n{byte}\
             \x20   return (uint8_t)byte;\n\
             }}\n\
             #endif\n\n"
        )
    }

    fn inputs_struct(&self) -> String {
        let mut fields = String::new();
        for source in self.network.sources() {
            let bits = count(source.bits.into(), "bit");
            let field = field(&source.signal);
            let _ = match &source.signal {
                Signal::Time => writeln!(fields, "    uint32_t {field}; /* time, {bits} */"),
                Signal::Audio { channel } => writeln!(
                    fields,
                    "    uint16_t {field}; /* frame of channel {channel}, {bits} */"
                ),
                Signal::Control { default, .. } => {
                    let default = control_value(*default, source.bits);
                    writeln!(
                        fields,
                        "    uint16_t {field}; /* {bits}, {default} by default */"
                    )
                }
            };
        }
        format!(
            "/* The signals of a sample. A frame x, -1 to 1, is floor((x + 1) * 2^(bits - 1)), limited. */\n\
             typedef struct {{\n{fields}}} {}_inputs;\n\n",
            self.name
        )
    }

    fn levels_function(&self) -> String {
        let Header {
            name,
            upper,
            network,
            ..
        } = self;
        let bits = self.graph.variables();
        let outputs = self.graph.outputs().len();
        let channels = network.output_encoding().channels();
        let mut inputs = String::new();
        for SourceSpan {
            source, variables, ..
        } in network.spans()
        {
            let (first, bits) = (variables.start, source.bits);
            let field = field(&source.signal);
            let _ = writeln!(
                inputs,
                "    for (int i = 0; i < {bits}; i++) \
                 in[{first} + i] = ({upper}_WORD)(inputs->{field} >> i & 1);"
            );
        }
        let levels: String = match network.output_encoding() {
            OutputEncoding::Channels { left, right } => [(0, 0, left), (1, left, right)]
                .into_iter()
                .take(channels)
                .map(|(channel, first, bits)| {
                    format!(
                        "    for (int i = 0; i < {bits}; i++) \
                         sample[{channel}] |= (uint32_t)(out[{first} + i] & 1) << (16 - {bits} + i);\n"
                    )
                })
                .collect::<Vec<_>>()
                .concat(),
            _ => byte_statements(network, outputs) + "    sample[0] = (uint32_t)byte << 8;\n",
        };
        format!(
            "/* Computes the level of each channel in units of 1/32768. Needs words of type uint64_t. */\n\
             #ifdef {upper}_HAS_SAMPLE\n\
             static inline void {name}_levels(const {name}_inputs *inputs, int16_t levels[{channels}])\n\
             {{\n\
             \x20   {upper}_WORD in[{bits}], out[{outputs}];\n\
             \x20   uint32_t sample[{channels}] = {{0}};\n\
             {inputs}\
             \x20   {name}_evaluate(in, out);\n\
             {levels}\
             \x20   for (int i = 0; i < {channels}; i++) levels[i] = (int16_t)((int32_t)sample[i] - 32768);\n\
             }}\n\
             #endif\n\n"
        )
    }
}

/// Returns the name of a signal in the struct of inputs; none is a keyword of C.
fn field(signal: &Signal) -> String {
    match signal {
        Signal::Control { name, .. } => format!("control_{name}"),
        signal => signal.short_name(),
    }
}

/// Returns statements that compute `byte`, an `unsigned`, of the output words of a byte.
fn byte_statements(network: &Network, outputs: usize) -> String {
    if let OutputEncoding::GroupSum { groups } = network.output_encoding() {
        let size = outputs / usize::from(groups);
        let full = crate::encoding::full_scale(size, groups);
        return format!(
            "    uint64_t sum = 0;\n    \
             for (int i = 0; i < {outputs}; i++) sum += (uint64_t)(out[i] & 1) << (i / {size});\n    \
             const unsigned byte = (unsigned)((sum * 510 + {full}) / {});\n",
            2 * u64::from(full)
        );
    }
    let bit = |bit| {
        format!(
            "(unsigned)(out[{}] & 1) << {bit}",
            byte_source(outputs, bit)
        )
    };
    let terms: Vec<_> = (0..8).map(bit).collect();
    format!("    const unsigned byte = {};\n", terms.join(" | "))
}

/// Returns a C identifier similar to a name.
fn identifier(name: &str) -> String {
    let mut identifier: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    if !identifier.starts_with(|c: char| c.is_ascii_alphabetic()) {
        identifier.insert_str(0, "network_");
    }
    identifier
}
