//! Networks for C.

use std::ffi::{CStr, CString, c_char};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use logicnet::{Network, Signal};

use crate::compiled::Compiled;
use crate::error::{answer, boxed, gb_error, slice, unbox};

/// A network, which never changes.
pub struct gb_network {
    pub(crate) network: Arc<Network>,
    /// Its code, if it was compiled.
    pub(crate) compiled: Option<Arc<Compiled>>,
    name: CString,
    controls: Vec<(CString, f64)>,
}

/// Most bytes of a network file that is read; the largest network needs a tenth.
const MAX_BYTES: u64 = 64 << 20;

/// Endings of compiled networks.
const LIBRARIES: [&str; 3] = ["so", "dylib", "dll"];

/// Returns a text without the bytes that end it in C.
fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "")).unwrap_or_default()
}

impl gb_network {
    fn new(network: Network, compiled: Option<Compiled>) -> gb_network {
        let controls = network.sources().iter();
        let controls = controls.filter_map(|source| match &source.signal {
            Signal::Control { name, default } => Some((c_string(name), *default)),
            _ => None,
        });
        gb_network {
            name: c_string(network.name()),
            controls: controls.collect(),
            network: Arc::new(network),
            compiled: compiled.map(Arc::new),
        }
    }

    /// Opens a file.
    ///
    /// # Errors
    /// Returns a message with the path if it cannot be read.
    pub fn open(path: &Path) -> Result<gb_network, String> {
        let named = |problem: String| format!("{}: {problem}", path.display());
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| LIBRARIES.contains(&ending)) {
            let (compiled, text) = Compiled::open(path).map_err(named)?;
            let network = parse(&text).map_err(named)?;
            compiled.check(&network).map_err(named)?;
            return Ok(gb_network::new(network, Some(compiled)));
        }
        let text = read(path).map_err(|error| named(error.to_string()))?;
        Ok(gb_network::new(parse(&text).map_err(named)?, None))
    }
}

/// Reads a file's text, of bounded length: a device may have no end.
fn read(path: &Path) -> io::Result<String> {
    // Before it is opened, which would wait for the other end of a pipe.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut text = String::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("a network file has at most 64 MB"));
    }
    Ok(text)
}

fn parse(text: &str) -> Result<Network, String> {
    Network::from_json(text).map_err(|error| error.to_string())
}

/// Returns a path of C.
///
/// # Safety
/// The text is valid and ended by 0.
pub unsafe fn path_of<'a>(path: *const c_char) -> Result<&'a Path, String> {
    // SAFETY: the caller promises it.
    let path = unsafe { CStr::from_ptr(path) };
    path.to_str()
        .map(Path::new)
        .map_err(|_| "the path is not UTF-8".into())
}

/// Reads a network file (JSON), or a compiled one (gatebend build), whose name ends in .so,
/// .dylib or .dll and which is opened from the path that is given and from nowhere else.
/// Returns NULL if it cannot be read. Free it with gb_network_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_open(
    path: *const c_char,
    error: *mut gb_error,
) -> *mut gb_network {
    // SAFETY: as the caller promises.
    boxed(unsafe { answer(error, || gb_network::open(path_of(path)?)) })
}

/// Reads a network from the text of a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_parse(
    text: *const c_char,
    length: usize,
    error: *mut gb_error,
) -> *mut gb_network {
    // SAFETY: as the caller promises.
    let network = unsafe {
        answer(error, || {
            let text = slice(text.cast(), length);
            let text = std::str::from_utf8(text).map_err(|_| "the text is not UTF-8")?;
            Ok(gb_network::new(parse(text)?, None))
        })
    };
    boxed(network)
}

/// Frees a network. Players that play it keep what they need.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_free(network: *mut gb_network) {
    // SAFETY: as the caller promises.
    drop(unsafe { unbox(network) });
}

/// Returns the name; valid as long as the network. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_name(network: *const gb_network) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { &*network }.name.as_ptr()
}

/// Returns the samples a second. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_rate(network: *const gb_network) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*network }.network.sample_rate()
}

/// Returns the period in samples, a power of two. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_period(network: *const gb_network) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*network }.network.period()
}

/// Returns the number of nodes: inputs, then gates. Bends name nodes by their number from 0.
/// Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_nodes(network: *const gb_network) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*network }.network.nodes()
}

/// Returns the number of gates. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_gates(network: *const gb_network) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*network }.network.gates().len() as u32
}

/// Returns the number of output channels, 1 or 2. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_channels(network: *const gb_network) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*network }.network.output_encoding().channels() as u32
}

/// Returns the bits of a sample of the widest channel, 1 to 16. A narrower channel's samples are
/// shifted up to as many. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_sample_bits(network: *const gb_network) -> u32 {
    // SAFETY: as the caller promises.
    let network = unsafe { &*network };
    network.network.output_encoding().sample_bits().into()
}

/// Returns the number of audio channels that it hears, 0 to 2: the last one that it names.
/// Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_audio_inputs(network: *const gb_network) -> u32 {
    // SAFETY: as the caller promises.
    let sources = unsafe { &*network }.network.sources().iter();
    let channels = sources.map(|source| match source.signal {
        Signal::Audio { channel } => u32::from(channel) + 1,
        _ => 0,
    });
    channels.max().unwrap_or(0)
}

/// Returns the number of controls. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_controls(network: *const gb_network) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { &*network }.controls.len() as u32
}

/// Returns the name of a control, or NULL if there is none; valid as long as the network.
/// Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_control_name(
    network: *const gb_network,
    control: u32,
) -> *const c_char {
    // SAFETY: as the caller promises.
    let control = unsafe { &*network }.controls.get(control as usize);
    control.map_or(std::ptr::null(), |(name, _)| name.as_ptr())
}

/// Returns the position of a control in a new player, 0 to 1. Real-time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gb_network_control_default(
    network: *const gb_network,
    control: u32,
) -> f64 {
    // SAFETY: as the caller promises.
    let control = unsafe { &*network }.controls.get(control as usize);
    control.map_or(0.0, |(_, default)| *default)
}
