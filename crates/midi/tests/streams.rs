//! Byte streams against a naive reader, and Standard MIDI Files.

use midi::{Event, Message, Port, SENSING_NS, Stream, file};
use proptest::prelude::*;

fn messages(bytes: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    Stream::default().feed(bytes, |message| messages.push(message));
    messages
}

/// Reads a stream as MIDI 1.0 describes it, one byte at a time.
fn naive(bytes: &[u8]) -> Vec<Message> {
    let (mut status, mut data, mut messages) = (0, Vec::new(), Vec::new());
    for &byte in bytes {
        match byte {
            0xf8 => messages.push(Message::Clock),
            0xfa => messages.push(Message::Start),
            0xfb => messages.push(Message::Continue),
            0xfc => messages.push(Message::Stop),
            0xff => messages.push(Message::Reset),
            0xf9 | 0xfd | 0xfe => {}
            0x80.. => {
                status = byte;
                data.clear();
            }
            _ if !(0x80..0xf0).contains(&status) => {}
            _ => {
                data.push(byte);
                let channel = status & 15;
                let message = match (status >> 4, &data[..]) {
                    (0x8, [note, _]) | (0x9, [note, 0]) => Message::NoteOff {
                        channel,
                        note: *note,
                    },
                    (0x9, [note, velocity]) => {
                        let (note, velocity) = (*note, *velocity);
                        Message::NoteOn {
                            channel,
                            note,
                            velocity,
                        }
                    }
                    (0xb, [controller, value]) => {
                        let (controller, value) = (*controller, *value);
                        Message::Controller {
                            channel,
                            controller,
                            value,
                        }
                    }
                    (0xc, [program]) => Message::Program {
                        channel,
                        program: *program,
                    },
                    (0xe, [low, high]) => {
                        let bend = i16::from(*high) * 128 + i16::from(*low) - 8192;
                        Message::PitchBend { channel, bend }
                    }
                    (0xa, [_, _]) | (0xd, [_]) => {
                        data.clear();
                        continue;
                    }
                    _ => continue,
                };
                messages.push(message);
                data.clear();
            }
        }
    }
    messages
}

/// Bytes of which many are status bytes.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => 0u8..128, 2 => 0x80u8..0xf0, 1 => 0xf0u8..=0xff];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn streams_are_read_as_midi_describes_them(bytes in bytes()) {
        prop_assert_eq!(messages(&bytes), naive(&bytes));
    }

    #[test]
    fn the_division_of_a_stream_does_not_matter(bytes in bytes(), cuts in prop::collection::vec(0usize..200, 0..20)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let (mut stream, mut parts) = (Stream::default(), Vec::new());
        for cut in cuts.windows(2) {
            stream.feed(&bytes[cut[0]..cut[1]], |message| parts.push(message));
        }
        prop_assert_eq!(parts, messages(&bytes));
    }

    #[test]
    fn any_bytes_are_a_file_in_order_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), header: bool) {
        let mut all = Vec::new();
        if header {
            all.extend(b"MThd\0\0\0\x06\0\x01\0\x01\0\x60MTrk\0\0\x01\0");
        }
        all.extend(bytes);
        if let Ok(events) = file::parse(&all) {
            prop_assert!(events.is_sorted_by_key(|event| event.at));
            prop_assert_eq!(events.last().map(|event| event.message), Some(Message::Reset));
        }
    }
}

#[test]
fn a_system_exclusive_message_of_any_length_is_skipped() {
    let mut bytes = vec![0xf0];
    bytes.resize(100_001, 0x55);
    bytes.extend([0xf7, 0x80, 60, 0]);
    let off = Message::NoteOff {
        channel: 0,
        note: 60,
    };
    assert_eq!(messages(&bytes), [off]);
}

#[test]
fn an_unplugged_port_ends_the_notes_of_its_channels() {
    let (mut port, mut events) = (Port::default(), Vec::new());
    port.receive(&[0x93, 60, 100, 0xe9, 0, 0], 5, &mut events);
    events.clear();
    port.unplug(7, &mut events);
    let mode = |channel, controller| Event {
        at: 7,
        message: Message::Controller {
            channel,
            controller,
            value: 0,
        },
    };
    assert_eq!(
        events,
        [mode(3, 121), mode(3, 123), mode(9, 121), mode(9, 123)]
    );
    events.clear();
    // Half a message from before is gone, too.
    port.receive(&[60, 100], 8, &mut events);
    port.unplug(9, &mut events);
    assert_eq!(events, []);
}

#[test]
fn a_device_that_promised_to_be_there_and_is_silent_counts_as_unplugged() {
    let (mut port, mut events) = (Port::default(), Vec::new());
    port.receive(&[0x90, 60, 100], 0, &mut events);
    port.check(u64::MAX, &mut events);
    assert_eq!(events.len(), 1, "the device has not promised anything");
    port.receive(&[0xfe], 10, &mut events);
    port.check(9 + SENSING_NS, &mut events);
    assert_eq!(events.len(), 1);
    port.check(10 + SENSING_NS, &mut events);
    assert_eq!(events.len(), 3);
    port.check(u64::MAX, &mut events);
    assert_eq!(events.len(), 3);
}

/// Returns a file of a format with ticks of a quarter note and these tracks.
fn file_of(format: u8, ticks: [u8; 2], tracks: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0".to_vec();
    bytes.extend([format, 0, tracks.len() as u8]);
    bytes.extend(ticks);
    for track in tracks {
        bytes.extend(b"MTrk");
        bytes.extend((track.len() as u32 + 4).to_be_bytes());
        bytes.extend(*track);
        bytes.extend([0, 0xff, 0x2f, 0]);
    }
    bytes
}

fn times(bytes: &[u8]) -> Vec<(u64, Option<u8>)> {
    let events = file::parse(bytes).unwrap();
    let program = |message| match message {
        Message::Program { program, .. } => Some(program),
        _ => None,
    };
    events
        .iter()
        .map(|event| (event.at, program(event.message)))
        .collect()
}

#[test]
fn times_of_a_file_follow_its_tempo() {
    // 96 ticks a quarter: a quarter at 120 in a minute, then quarters at 60.
    let tempo: &[u8] = &[96, 0xff, 0x51, 3, 0x0f, 0x42, 0x40];
    let programs: &[u8] = &[0, 0xc0, 1, 48, 2, 48, 3, 96, 4];
    assert_eq!(
        times(&file_of(1, [0, 96], &[tempo, programs])),
        [
            (0, Some(1)),
            (250_000_000, Some(2)),
            (500_000_000, Some(3)),
            (1_500_000_000, Some(4)),
            (1_500_000_000, None),
        ]
    );
    // Tracks of format 2 play one after another.
    let programs: &[u8] = &[0, 0xc0, 1, 96, 2];
    assert_eq!(
        times(&file_of(2, [0, 96], &[programs, programs])),
        [
            (0, Some(1)),
            (500_000_000, Some(2)),
            (500_000_000, Some(1)),
            (1_000_000_000, Some(2)),
            (1_000_000_000, None),
        ]
    );
    // 25 frames a second of 40 ticks: a tick is a millisecond, whatever the tempo.
    let timed: &[u8] = &[0, 0xff, 0x51, 3, 0x0f, 0x42, 0x40, 100, 0xc0, 1];
    assert_eq!(
        times(&file_of(0, [0xe7, 40], &[timed])),
        [(100_000_000, Some(1)), (100_000_000, None)]
    );
}

#[test]
fn files_without_time_or_without_end_are_refused() {
    let refused = |bytes: &[u8], expected: &str| {
        let problem = file::parse(bytes).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    };
    refused(b"RIFF", "");
    refused(&file_of(0, [0, 0], &[&[0, 0xc0, 1]]), "divides time by 0");
    refused(&file_of(0, [0x80, 25], &[&[0, 0xc0, 1]]), "128 frames");
    let late: &[u8] = &[0xff, 0xff, 0xff, 0x7f, 0xc0, 1];
    refused(&file_of(0, [0, 1], &[late]), "longer than a week");
    refused(&vec![0; file::MAX_BYTES + 1], "at most 4 MB");
}
