//! The MIDI inputs of this system.

use crate::runtime::midi::OpenPorts;

/// Returns the inputs whose names contain this text, or all; `None` if this program was built
/// without MIDI for this system.
///
/// With the feature `sound-card` they are those of the system's MIDI service, otherwise, on
/// Linux, the device files of its kernel.
pub fn ports(name: Option<String>) -> Option<OpenPorts> {
    #[cfg(feature = "sound-card")]
    return Some(Box::new(move || {
        Box::new(super::desk::SystemMidi::new(name.clone()))
    }));
    #[cfg(all(target_os = "linux", not(feature = "sound-card")))]
    return Some(Box::new(move || {
        Box::new(super::linux::MidiFiles::new(name.clone()))
    }));
    #[cfg(not(any(target_os = "linux", feature = "sound-card")))]
    {
        let _ = name;
        None
    }
}
