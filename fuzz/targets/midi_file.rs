//! Any file is refused or read as messages in the order of their times, the last of which ends
//! all notes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use midi::Message;

/// Latest time of a file in nanoseconds: a week.
const WEEK_NS: u64 = 604_800 * 1_000_000_000;

fuzz_target!(|bytes: &[u8]| {
    let Ok(events) = midi::file::parse(bytes) else {
        return;
    };
    assert!(events.is_sorted_by_key(|event| event.at));
    let last = events.last().expect("a file has an end");
    assert_eq!(last.message, Message::Reset);
    assert!(last.at <= WEEK_NS);
});
