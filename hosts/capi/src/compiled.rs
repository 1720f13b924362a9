//! Networks that were compiled to shared libraries.

use std::ffi::{CStr, c_char, c_int};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use libloading::Library;
use logicnet::Network;

/// Version of the interface of compiled networks (`gatebend build`).
const VERSION: u32 = 1;

type Evaluate = unsafe extern "C" fn(*const u64, *mut u64, usize);

/// A network that `gatebend build` has compiled.
#[derive(Debug)]
pub struct Compiled {
    evaluate: Evaluate,
    inputs: usize,
    outputs: usize,
    /// Keeps the code where it is.
    _library: Arc<Library>,
}

/// A library that is open: its path, and the time and size of the file then.
struct Open {
    path: PathBuf,
    version: (Option<SystemTime>, u64),
    library: Weak<Library>,
}

/// All of them: the system would give an open library for a new file of its path.
static OPEN: Mutex<Vec<Open>> = Mutex::new(Vec::new());

/// Opens a library from a path: with a name alone, the system would search its folders.
fn library(path: &Path) -> Result<Arc<Library>, String> {
    let path = path.canonicalize().map_err(|error| error.to_string())?;
    let file = fs::metadata(&path).map_err(|error| error.to_string())?;
    let version = (file.modified().ok(), file.len());
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|open| open.library.strong_count() > 0);
    if let Some(same) = open.iter().find(|open| open.path == path) {
        if same.version != version {
            return Err(
                "it was built again while it is open; free what uses it first, or build \
                 it under another name"
                    .into(),
            );
        }
        if let Some(library) = same.library.upgrade() {
            return Ok(library);
        }
    }
    // SAFETY: the code of the library runs. The caller of this library has named the file,
    // as it has named this library.
    let library = unsafe { Library::new(&path) }.map_err(|error| {
        let (problem, path) = (error.to_string(), path.display());
        let named = problem.strip_prefix(&format!("{path}: "));
        named.unwrap_or(&problem).to_string()
    })?;
    let library = Arc::new(library);
    open.push(Open {
        path,
        version,
        library: Arc::downgrade(&library),
    });
    Ok(library)
}

impl Compiled {
    /// Opens a compiled network; returns the text of its network file as well.
    ///
    /// # Errors
    /// Returns a message if it is none, or made for another version.
    pub fn open(path: &Path) -> Result<(Compiled, String), String> {
        let library = library(path)?;
        let foreign = |_| {
            "not made by gatebend build; a library of difflogic opens with its numbers of \
             inputs and outputs"
                .to_string()
        };
        // SAFETY: symbols of these names have these types in version 1, and the version is
        // read first.
        unsafe {
            let version = library.get::<*const u32>(b"gatebend_compiled_version");
            let version = **version.map_err(foreign)?;
            if version != VERSION {
                return Err(format!(
                    "compiled for version {version}, but this library reads {VERSION}; build it \
                     again"
                ));
            }
            let number = |name: &[u8]| {
                let symbol = library.get::<*const u32>(name).map_err(foreign)?;
                Ok::<usize, String>(**symbol as usize)
            };
            let (inputs, outputs) = (
                number(b"gatebend_compiled_inputs")?,
                number(b"gatebend_compiled_outputs")?,
            );
            let text = library.get::<*const c_char>(b"gatebend_compiled_network");
            let text = CStr::from_ptr(*text.map_err(foreign)?);
            let text = text.to_str().map_err(|_| "its text is not UTF-8")?.into();
            let evaluate = *library
                .get::<Evaluate>(b"gatebend_compiled_evaluate")
                .map_err(foreign)?;
            let compiled = Compiled {
                evaluate,
                inputs,
                outputs,
                _library: library,
            };
            Ok((compiled, text))
        }
    }

    /// Checks that the code belongs to a network.
    ///
    /// # Errors
    /// Returns a message if the numbers of bits differ.
    pub fn check(&self, network: &Network) -> Result<(), String> {
        let own = (self.inputs, self.outputs);
        let expected = (network.variables() as usize, network.outputs().len());
        if own == expected {
            return Ok(());
        }
        Err("its code and its network do not belong together; build it again".into())
    }

    /// Evaluates 64 samples: a word for each bit in, a word for each bit out. Real-time safe.
    pub fn evaluate(&self, input: &[u64], output: &mut [u64]) {
        assert!(input.len() == self.inputs && output.len() == self.outputs);
        // SAFETY: one group has this many words.
        unsafe { (self.evaluate)(input.as_ptr(), output.as_mut_ptr(), 1) }
    }
}

/// The function of difflogic's libraries: bits of samples in, sums of groups out, and the
/// number of calls' worth of samples.
pub type ApplyLogicGateNet = unsafe extern "C" fn(*const bool, *mut c_int, usize);

/// A network that difflogic has compiled.
#[derive(Debug)]
pub struct Difflogic {
    apply: ApplyLogicGateNet,
    pub inputs: usize,
    pub outputs: usize,
    _library: Arc<Library>,
}

impl Difflogic {
    /// Opens a library.
    ///
    /// # Errors
    /// Returns a message if it is none of difflogic's.
    pub fn open(path: &Path, inputs: u32, outputs: u32) -> Result<Difflogic, String> {
        let named = |problem: String| format!("{}: {problem}", path.display());
        let limits = 1..=65_536;
        if !limits.contains(&inputs) || !limits.contains(&outputs) {
            return Err(named("it needs 1 to 65,536 inputs and outputs".into()));
        }
        let library = library(path).map_err(named)?;
        // SAFETY: the symbol of this name has this type in all libraries of difflogic.
        let apply = unsafe {
            *library
                .get::<ApplyLogicGateNet>(b"apply_logic_gate_net")
                .map_err(|_| named("it has no apply_logic_gate_net".into()))?
        };
        Ok(Difflogic {
            apply,
            inputs: inputs as usize,
            outputs: outputs as usize,
            _library: library,
        })
    }

    /// Returns the library's function.
    pub fn apply(&self) -> ApplyLogicGateNet {
        self.apply
    }
}
