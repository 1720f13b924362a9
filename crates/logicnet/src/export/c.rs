//! Export to C99.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use crate::encoding::byte_source;
use crate::{Kind, Lit, Masks, Network, OutputEncoding, Xag, count};

/// Returns a network under masks as a self-contained C99 header.
///
/// Identifiers begin with `NAME`, which is made from `name`. `NAME_evaluate` takes the bits
/// of t as words and returns the outputs as words, in straight-line code with one
/// statement per live gate. Words are `uint64_t`; to use another type, such as GCC's
/// vectors, define `NAME_WORD` before including the header. `NAME_sample`, which needs
/// `uint64_t`, returns one sample.
pub fn to_c(network: &Network, masks: &Masks, name: &str) -> String {
    let graph = Xag::from_network(network, masks);
    let name = identifier(name);
    let upper = name.to_ascii_uppercase();
    let bits = graph.counter_bits();
    let outputs = graph.outputs().len();
    let rate = network.sample_rate();
    let live: Vec<_> = graph.live_gates().collect();
    let gates = live.len();
    let about = comment(network);

    let mut body = String::new();
    for (node, gate) in live {
        let (a, b) = (value(&graph, gate.a), value(&graph, gate.b));
        let expression = match gate.kind {
            Kind::And => format!("{a} & {b}"),
            Kind::AndNot => format!("{a} & ~{b}"),
            Kind::Or => format!("{a} | {b}"),
            Kind::Xor => format!("{a} ^ {b}"),
        };
        let _ = writeln!(body, "    const {upper}_WORD n{node} = {expression};");
    }
    for (i, &output) in graph.outputs().iter().enumerate() {
        let _ = writeln!(body, "    out[{i}] = {};", literal(&graph, output));
    }
    let sample = sample(network, outputs);

    let counts = format!(
        "{}, {} of t, {}",
        count(gates, "gate"),
        count(bits as usize, "bit"),
        count(outputs, "output")
    );
    format!(
        "/* {about}\n\
         \x20* {counts}. Written by gatebend.\n \
         *\n \
         * {name}_evaluate: each lane of the words is one t; t[i] has bit i of every lane's t.\n \
         * To use words of a type other than uint64_t, define {upper}_WORD before including this.\n \
         */\n\
         #ifndef {upper}_H\n#define {upper}_H\n\n\
         #include <stdint.h>\n\n\
         #ifndef {upper}_WORD\n#define {upper}_WORD uint64_t\n#define {upper}_HAS_SAMPLE\n#endif\n\n\
         #define {upper}_COUNTER_BITS {bits}\n\
         #define {upper}_OUTPUTS {outputs}\n\
         #define {upper}_SAMPLE_RATE {rate}\n\n\
         static inline void {name}_evaluate(const {upper}_WORD t[{bits}], {upper}_WORD out[{outputs}])\n\
         {{\n{body}}}\n\n\
         /* Returns the sample at time t, an unsigned byte. Needs words of type uint64_t. */\n\
         #ifdef {upper}_HAS_SAMPLE\n\
         static inline uint8_t {name}_sample(uint32_t t)\n\
         {{\n\
         \x20   {upper}_WORD in[{bits}], out[{outputs}];\n\
         \x20   for (int i = 0; i < {bits}; i++) in[i] = ({upper}_WORD)(t >> i & 1);\n\
         \x20   {name}_evaluate(in, out);\n{sample}}}\n\
         #endif\n\n\
         #endif\n"
    )
}

/// Returns the end of `NAME_sample`, from output words to a byte.
fn sample(network: &Network, outputs: usize) -> String {
    match network.output_encoding() {
        OutputEncoding::Binary => {
            let terms = (0..8).map(|bit| {
                format!(
                    "(unsigned)(out[{}] & 1) << {bit}",
                    byte_source(outputs, bit)
                )
            });
            let terms: Vec<_> = terms.collect();
            format!("    return (uint8_t)({});\n", terms.join(" | "))
        }
        OutputEncoding::GroupSum { groups } => {
            let size = outputs / usize::from(groups);
            let full = crate::encoding::full_scale(size, groups);
            format!(
                "    uint64_t sum = 0;\n    \
                 for (int i = 0; i < {outputs}; i++) sum += (uint64_t)(out[i] & 1) << (i / {size});\n    \
                 return (uint8_t)((sum * 510 + {full}) / {});\n",
                2 * u64::from(full)
            )
        }
    }
}

fn value(graph: &Xag, node: u32) -> String {
    if node < graph.first_gate() {
        format!("t[{}]", node - 1)
    } else {
        format!("n{node}")
    }
}

fn literal(graph: &Xag, lit: Lit) -> String {
    match lit.as_constant() {
        // Made from a word, as no constant fits every word type.
        Some(false) => "t[0] ^ t[0]".to_string(),
        Some(true) => "~(t[0] ^ t[0])".to_string(),
        None => {
            let not = if lit.inverted() { "~" } else { "" };
            format!("{not}{}", value(graph, lit.node()))
        }
    }
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

/// Returns name, description and source as text that is safe inside a comment.
fn comment(network: &Network) -> String {
    let texts = [
        Some(network.name()),
        network.description(),
        network.source(),
    ];
    let text = texts.into_iter().flatten().collect::<Vec<_>>().join(": ");
    text.chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .collect::<String>()
        .replace("*/", "* /")
        .replace("/*", "/ *")
        .replace('?', "? ")
}
