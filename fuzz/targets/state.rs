//! Any text loads both as a state and as a preset or is rejected as both, with or
//! without a checksum; a loaded file survives a round trip.

#![no_main]

use instrument::Saved;
use instrument::preset::Preset;
use gatebend::storage::{add_checksum, verify_checksum};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(verified) = verify_checksum(text) else { return };
    let saved = Saved::from_json(&verified);
    let preset = Preset::from_json("x".into(), &verified);
    assert_eq!(saved.is_ok(), preset.is_ok());
    if let (Ok(saved), Ok(preset)) = (saved, preset) {
        let text = add_checksum(&saved.to_json().expect("a loaded file can be saved"));
        let again = verify_checksum(&text).expect("the checksum matches");
        let again = Saved::from_json(&again).expect("a saved file loads");
        assert_eq!(again.network.gates(), saved.network.gates());
        assert_eq!(again.network.masks(), saved.network.masks());
        assert_eq!(again.layers, saved.layers);
        assert_eq!(again.parameters, saved.parameters);
        assert_eq!(again.origin, saved.origin);
        let text = preset.to_json().expect("a loaded file can be saved");
        let again = Preset::from_json("x".into(), &text).expect("a saved file loads");
        assert_eq!(again.layers, preset.layers);
        assert_eq!(again.parameters, preset.parameters);
    }
});
