//! The rings between two threads: nothing is lost, reordered or dropped by the audio
//! thread. Small enough for Miri.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use engine::{Change, Cost, Engine, Platform, Settings, Start, Voice, tap};
use logicnet::random::Ops;
use logicnet::{Network, Program};

const PLATFORM: Platform = Platform {
    rate: 48_000,
    block: 16,
    cost: Cost {
        gate_ns: 1.0,
        group_ns: 1.0,
        frame_ns: 1.0,
        callback_ns: 1.0,
    },
};

#[test]
fn changes_arrive_in_order_and_voices_return() {
    const CHANGES: u32 = if cfg!(miri) { 5 } else { 500 };
    let network = Network::random(4, &[4, 8], Ops::XorRich, 7).unwrap();
    let program = Program::new(&network, network.masks());
    let (mut engine, mut handover) = Engine::<u32>::new(PLATFORM);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let audio = scope.spawn(|| {
            let mut block = [[0.0; 16]; 2];
            let mut heard = 0;
            while !done.load(Ordering::Acquire) || heard < CHANGES {
                let [left, right] = &mut block;
                engine.render([&[]; 2], [left, right]);
                let change = engine.change().unwrap_or(0);
                assert!(change >= heard, "change {change} after {heard}");
                heard = change;
                thread::yield_now();
            }
            heard
        });
        let (mut sent, mut returned) = (0, 0);
        while sent < CHANGES {
            returned += handover.collect();
            if handover.ready() {
                sent += 1;
                let start = Start {
                    voice: Box::new(Voice::new(program.clone())),
                    seek: None,
                    fade: sent % 3 == 0,
                };
                let change = Change {
                    id: sent,
                    settings: Settings::default(),
                    start: Some(start),
                };
                handover.send(change).unwrap();
            }
            thread::yield_now();
        }
        done.store(true, Ordering::Release);
        assert_eq!(audio.join().unwrap(), CHANGES);
        returned += handover.collect();
        // The last voice plays, and the one before it may still fade.
        assert!(returned + 2 >= CHANGES as usize, "{returned} of {CHANGES}");
    });
}

#[test]
fn the_tap_delivers_consecutive_frames_or_a_gap() {
    const BLOCKS: u32 = if cfg!(miri) { 20 } else { 5000 };
    let (mut writer, mut reader) = tap(64);
    reader.listen(true);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for block in 0..BLOCKS {
                let first = 4 * block;
                writer.write(&[0, 1, 2, 3].map(|i| (first + i) as f32));
                thread::yield_now();
            }
            done.store(true, Ordering::Release);
        });
        let mut next = 0;
        loop {
            let ended = done.load(Ordering::Acquire);
            let Some((first, frames)) = reader.read(8) else {
                if ended {
                    break;
                }
                thread::yield_now();
                continue;
            };
            assert!(first >= next);
            for (number, frame) in (first..).zip(&frames) {
                assert_eq!(number as f32, *frame);
            }
            next = first + frames.len() as u64;
        }
        assert!(next > 0);
    });
}
