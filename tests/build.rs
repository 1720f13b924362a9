//! `gatebend build` with the real C compiler: the libraries are opened, and their bits compared
//! with a naive evaluation of the networks that they were made from.

#![cfg(target_os = "linux")]

use std::ffi::{CStr, c_char};
use std::fs;
use std::path::Path;
use std::process::Command;

use libloading::{Library, Symbol};
use logicnet::random::Rng;
use logicnet::{Network, Op, Signal, simplify};

mod program;

use program::{Folder, asset, command, done, refused};

/// Builds a library with this compiler, and expects success.
fn build(compiler: &str, network: &str, library: &str) {
    let mut build = command(&["build", network, "-o", library]);
    let output = build
        .env("CC", compiler)
        .env("CFLAGS", "-O1")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(errors.contains("compiled by"), "{errors}");
}

/// Runs the program with this compiler, and expects it to fail with one line.
fn failure(compiler: &str, arguments: &[&str]) -> String {
    let mut build = command(arguments);
    let output = build
        .env("CC", compiler)
        .env("CFLAGS", "-O1")
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
}

/// A library that was built.
struct Built {
    library: Library,
    inputs: usize,
    outputs: usize,
}

impl Built {
    fn open(path: &str) -> Built {
        // SAFETY: the library has no code that runs when it is opened.
        let library = unsafe { Library::new(path) }.unwrap();
        let number = |name: &str| {
            // SAFETY: these names are numbers of 32 bits.
            unsafe { **library.get::<*const u32>(name.as_bytes()).unwrap() }
        };
        assert_eq!(number("gatebend_compiled_version"), 1);
        Built {
            inputs: number("gatebend_compiled_inputs") as usize,
            outputs: number("gatebend_compiled_outputs") as usize,
            library,
        }
    }

    fn network(&self) -> Network {
        // SAFETY: the name is a text that ends with 0 and lives as long as the library.
        let text = unsafe {
            let name = b"gatebend_compiled_network";
            let text: Symbol<*const c_char> = self.library.get(name).unwrap();
            CStr::from_ptr(*text)
        };
        Network::from_json(text.to_str().unwrap()).unwrap()
    }

    fn evaluate(&self, input: &[u64]) -> Vec<u64> {
        let groups = input.len() / self.inputs;
        let mut output = vec![0; groups * self.outputs];
        // SAFETY: the function has this type and reads and writes these numbers of words.
        unsafe {
            let name = b"gatebend_compiled_evaluate";
            let evaluate: Symbol<extern "C" fn(*const u64, *mut u64, usize)> =
                self.library.get(name).unwrap();
            evaluate(input.as_ptr(), output.as_mut_ptr(), groups);
        }
        output
    }
}

/// Returns the word whose bits are an operation's results.
fn apply(op: Op, a: u64, b: u64) -> u64 {
    let rows = [!a & !b, !a & b, a & !b, a & b];
    let rows = rows.iter().enumerate();
    let ones = rows.filter(|(row, _)| op.number() >> (3 - row) & 1 == 1);
    ones.fold(0, |word, (_, row)| word | row)
}

/// Compares a library with the network that it was made from, in a whole period of t in which
/// all other signals change.
fn compare(built: &Built, network: &Network) {
    assert_eq!(built.inputs, network.variables() as usize);
    assert_eq!(built.outputs, network.outputs().len());
    let mut rng = Rng::new(1);
    let (mut input, mut expected) = (Vec::new(), Vec::new());
    for group in 0..network.period().div_ceil(64) {
        let mut variables = vec![0; built.inputs];
        let mut nodes = vec![0; network.inputs() as usize];
        for span in network.spans() {
            let source = span.source;
            for lane in 0..64 {
                let value = match source.signal {
                    Signal::Time => (64 * group + lane) % network.period(),
                    _ => rng.below(1 << source.bits),
                };
                for (bit, variable) in span.variables.clone().enumerate() {
                    variables[variable as usize] |= u64::from(value >> bit & 1) << lane;
                }
                for (i, node) in span.nodes.clone().enumerate() {
                    let input = source.encoding.input(i as u32, value);
                    nodes[node as usize] |= u64::from(input) << lane;
                }
            }
        }
        for gate in network.gates() {
            nodes.push(apply(
                gate.op,
                nodes[gate.a as usize],
                nodes[gate.b as usize],
            ));
        }
        input.extend(variables);
        let outputs = network.outputs().iter();
        expected.extend(outputs.map(|&node| nodes[node as usize]));
    }
    assert!(built.evaluate(&input) == expected);
}

/// Compiled without warnings as C99, together with the header that documents the names.
#[test]
fn libraries_evaluate_whole_periods_exactly() {
    let header = "hosts/capi/include/gatebend_compiled.h";
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join(header);
    let compiler = format!(
        "cc -std=c99 -Wall -Wextra -Werror -include {}",
        header.display()
    );
    let folder = Folder::new();
    for name in ["forty-two", "trained-forty-two", "origami"] {
        let library = folder.path(&format!("{name}.so"));
        build(&compiler, &asset(name), &library);
        let built = Built::open(&library);
        let network = fs::read_to_string(asset(name)).unwrap();
        let network = Network::from_json(&network).unwrap();
        compare(&built, &network);
        let simplified = simplify(&network, network.masks());
        assert_eq!(built.network().to_json(), simplified.to_json());
    }
}

#[test]
fn masks_and_encodings_are_compiled() {
    let folder = Folder::new();
    let (net, library) = (folder.path("n.json"), folder.path("n.so"));
    // Sources in another order than their bits, and characters that C would change.
    let network = r#"{"format": "gatebend-network", "version": 2,
        "name": "\"??/\\ \u00fc\n", "inputs": [
        {"from": "control", "name": "a", "bits": 2, "encoding": "gray"}, {"from": "t", "bits": 3},
        {"from": "audio", "channel": 1, "bits": 2, "encoding": "one-hot"}],
        "layers": [{"gates": [[6, 0, 3], [13, 1, 5], [2, 6, 2], [8, 4, 7], [6, 8, 9]]}],
        "outputs": [[9, 10, 11], [13, 12]]}"#;
    fs::write(&net, network).unwrap();
    build("cc", &net, &library);
    let parsed = Network::from_json(network).unwrap();
    let built = Built::open(&library);
    compare(&built, &parsed);
    assert_eq!(built.network().name(), parsed.name());

    let masked = network.replace(
        "\"layers\"",
        "\"masks\": [{\"node\": 9, \"invert\": true}], \"layers\"",
    );
    fs::write(&net, masked).unwrap();
    let masked = folder.path("masked.so");
    build("cc", &net, &masked);
    let inverted = network.replace("[6, 0, 3]", "[9, 0, 3]");
    compare(
        &Built::open(&masked),
        &Network::from_json(&inverted).unwrap(),
    );
}

#[test]
fn a_library_exports_its_documented_names_only() {
    let folder = Folder::new();
    let library = folder.path("n.so");
    build("cc", &asset("origami"), &library);
    let nm = Command::new("nm")
        .args(["-D", "--defined-only", "-j", &library])
        .output()
        .unwrap();
    let names = String::from_utf8(nm.stdout).unwrap();
    let header = include_str!("../hosts/capi/include/gatebend_compiled.h");
    assert_eq!(names.lines().count(), 5, "{names}");
    for name in names.lines() {
        assert!(header.contains(name), "{name}");
    }
}

#[test]
fn problems_of_the_compiler_are_told_in_a_line_and_change_nothing() {
    let folder = Folder::new();
    let library = folder.path("n.so");
    fs::write(&library, "precious").unwrap();
    let arguments = ["build", &asset("pebbles"), "-o", &library];
    for (compiler, problem) in [
        ("/nonexistent", "install one, such as gcc or clang"),
        ("/", "cannot be run as the C compiler"),
        ("cc -no-such-flag", "no-such-flag"),
    ] {
        let line = failure(compiler, &arguments);
        assert!(line.contains(problem), "{line}");
        assert_eq!(fs::read_to_string(&library).unwrap(), "precious");
        assert_eq!(folder.files().len(), 1);
    }
    let line = refused(2, &["build", &asset("pebbles"), "-o", &folder.path("n.o")]);
    assert!(line.contains(".so, .dylib or .dll"), "{line}");
    done(&arguments);
    Built::open(&library);
}
