//! Any bytes of a MIDI port are read the same however they are divided, the instrument plays
//! them, and no key sounds once the port is unplugged.
#![no_main]

use std::sync::OnceLock;

use gatebend::factory_networks;
use instrument::parameters::{Key, Parameters};
use instrument::{Command, Instrument};
use libfuzzer_sys::fuzz_target;
use logicnet::Network;
use midi::Port;

fuzz_target!(|bytes: &[u8]| {
    static NETWORKS: OnceLock<Vec<Network>> = OnceLock::new();
    let networks = NETWORKS.get_or_init(|| factory_networks::all()[..1].to_vec());
    // The last two bytes choose the voices and the parts.
    let [bytes @ .., voices, part] = bytes else {
        return;
    };
    let (mut whole, mut port) = (Vec::new(), Port::default());
    port.receive(bytes, 0, &mut whole);

    let mut parameters = Parameters::default();
    parameters.set(Key::Voices, i32::from(*voices % 8) + 1);
    let created = Instrument::new(networks.clone(), parameters, Vec::new(), None, 1);
    let mut instrument = created.expect("the first network plays").0;
    let (mut parts, mut port) = (Vec::new(), Port::default());
    for bytes in bytes.chunks(usize::from(*part) + 1) {
        let mut events = Vec::new();
        port.receive(bytes, 0, &mut events);
        parts.extend_from_slice(&events);
        instrument.apply(Command::Midi(events)).expect("no limit is set");
    }
    assert_eq!(whole, parts);
    let mut events = Vec::new();
    port.unplug(0, &mut events);
    instrument.apply(Command::Midi(events)).expect("no limit is set");
    let mut voices = instrument.state().keyboard.voices().iter().flatten();
    assert!(!voices.any(|voice| voice.gate));
});
