//! Any text parses as a script or is rejected with its line; all fingers are on the surface.

#![no_main]

use gatebend::board::desk::Script;
use instrument::surface::Surface;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Script::parse(text, &Surface::default()) {
        Err(problem) => assert!(problem.starts_with("line ")),
        Ok(script) => {
            assert!(script.events().is_sorted_by_key(|(at, _)| *at));
            for now in [0, script.end() / 2, script.end(), u64::MAX] {
                for touch in script.fingers(now).into_iter().map(|finger| finger.touch) {
                    assert!((0.0..=1.0).contains(&touch.x) && (0.0..=1.0).contains(&touch.y));
                }
            }
        }
    }
});
