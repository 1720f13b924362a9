//! Export to shared libraries.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use super::to_c;
use crate::Network;

/// Returns the C source of a shared library of a network with its own masks.
///
/// The library exports the names that begin with `gatebend_compiled_`; the C header
/// `gatebend_compiled.h` documents them.
pub fn to_library(network: &Network) -> String {
    let evaluation = to_c(network, network.masks(), "network");
    let inputs = network.variables();
    let outputs = network.outputs().len();
    let text = string_literal(&network.to_json());
    format!(
        "{evaluation}\n\
         #include <stddef.h>\n\n\
         #ifdef _WIN32\n\
         #define GATEBEND_COMPILED __declspec(dllexport)\n\
         #else\n\
         #define GATEBEND_COMPILED __attribute__((visibility(\"default\")))\n\
         #endif\n\n\
         GATEBEND_COMPILED extern const uint32_t gatebend_compiled_version, gatebend_compiled_inputs,\n    \
         gatebend_compiled_outputs;\n\
         GATEBEND_COMPILED extern const char gatebend_compiled_network[];\n\
         GATEBEND_COMPILED void gatebend_compiled_evaluate(const uint64_t *in, uint64_t *out, size_t groups);\n\n\
         const uint32_t gatebend_compiled_version = 1;\n\
         const uint32_t gatebend_compiled_inputs = {inputs};\n\
         const uint32_t gatebend_compiled_outputs = {outputs};\n\
         const char gatebend_compiled_network[] =\n{text};\n\n\
         void gatebend_compiled_evaluate(const uint64_t *in, uint64_t *out, size_t groups)\n\
         {{\n    \
         for (; groups > 0; groups--, in += {inputs}, out += {outputs}) network_evaluate(in, out);\n\
         }}\n"
    )
}

/// Returns a text as string literals of C, one for each line.
fn string_literal(text: &str) -> String {
    let mut literal = String::from("    \"");
    for byte in text.bytes() {
        match byte {
            b'\n' => literal += "\\n\"\n    \"",
            b'"' | b'\\' => {
                literal.push('\\');
                literal.push(byte.into());
            }
            // Two question marks could begin a trigraph.
            b' '..=b'~' if byte != b'?' => literal.push(byte.into()),
            _ => _ = write!(literal, "\\{byte:03o}"),
        }
    }
    literal.push('"');
    literal
}
