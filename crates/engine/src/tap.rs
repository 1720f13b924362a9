//! What is rendered, on its way to who listens from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

/// Callbacks that fit on the way; the shortest there are come in a third of a second.
const BLOCKS: usize = 8192;

/// A callback's frames on their way.
#[derive(Clone, Copy, Debug)]
struct Block {
    first: u64,
    frames: usize,
}

/// The audio thread's end. Nothing here allocates, locks, wakes a thread or drops;
/// what finds no room is lost, and its numbers are left out.
#[derive(Debug)]
pub struct TapWriter {
    frames: Producer<f32>,
    blocks: Producer<Block>,
    wanted: Arc<AtomicBool>,
    next: u64,
}

/// The end of who listens, or does not: then nothing comes.
#[derive(Debug)]
pub struct TapReader {
    frames: Consumer<f32>,
    blocks: Consumer<Block>,
    wanted: Arc<AtomicBool>,
}

/// Both ends of a way that has room for so many frames.
pub fn tap(frames: usize) -> (TapWriter, TapReader) {
    let (speaker_frames, listener_frames) = RingBuffer::new(frames);
    let (speaker_blocks, listener_blocks) = RingBuffer::new(BLOCKS);
    let wanted = Arc::new(AtomicBool::new(false));
    let tap = TapWriter {
        frames: speaker_frames,
        blocks: speaker_blocks,
        wanted: Arc::clone(&wanted),
        next: 0,
    };
    let listener = TapReader {
        frames: listener_frames,
        blocks: listener_blocks,
        wanted,
    };
    (tap, listener)
}

impl TapWriter {
    /// Takes what was rendered last.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn say(&mut self, frames: &[f32]) {
        let block = Block {
            first: self.next,
            frames: frames.len(),
        };
        self.next += frames.len() as u64;
        if !self.wanted.load(Ordering::Relaxed) || self.blocks.is_full() {
            return;
        }
        if self.frames.push_entire_slice(frames).is_ok() {
            // There was room just now, and nobody else pushes.
            let _ = self.blocks.push(block);
        }
    }
}

impl TapReader {
    /// Listens from now on, or no longer.
    pub fn listen(&mut self, wanted: bool) {
        if self.wanted.swap(wanted, Ordering::Relaxed) != wanted && wanted {
            // What was left over from the last time.
            while self.hear(usize::MAX).is_some() {}
        }
    }

    /// The next frames that follow one another, some callbacks of them and at most so
    /// many if they are more than one, and the number of the first.
    pub fn hear(&mut self, most: usize) -> Option<(u64, Vec<f32>)> {
        let mut heard: Option<(u64, Vec<f32>)> = None;
        while let Ok(block) = self.blocks.peek().copied() {
            if let Some((first, frames)) = &heard {
                let follows = first + frames.len() as u64 == block.first;
                if !follows || frames.len() + block.frames > most {
                    break;
                }
            }
            let (_, frames) = heard.get_or_insert_with(|| (block.first, Vec::new()));
            let begin = frames.len();
            frames.resize(begin + block.frames, 0.0);
            // They were there before their block.
            let _ = self.frames.pop_entire_slice(&mut frames[begin..]);
            let _ = self.blocks.pop();
        }
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_in_time_leaves_a_gap() {
        let (mut tap, mut listener) = tap(8);
        tap.say(&[0.0; 4]);
        assert_eq!(listener.hear(100), None);
        listener.listen(true);
        for first in [4u8, 8, 12] {
            let frames: Vec<f32> = (first..first + 4).map(f32::from).collect();
            tap.say(&frames);
        }
        let heard = listener.hear(100).unwrap();
        assert_eq!(heard, (4, (4u8..12).map(f32::from).collect()));
        tap.say(&[16.0, 17.0]);
        tap.say(&[18.0]);
        assert_eq!(listener.hear(2), Some((16, vec![16.0, 17.0])));
        assert_eq!(listener.hear(2), Some((18, vec![18.0])));
        assert_eq!(listener.hear(2), None);
    }

    #[test]
    fn what_was_left_over_is_not_heard_later() {
        let (mut tap, mut listener) = tap(8);
        listener.listen(true);
        tap.say(&[1.0, 2.0]);
        listener.listen(false);
        tap.say(&[3.0]);
        listener.listen(true);
        tap.say(&[4.0]);
        assert_eq!(listener.hear(100), Some((3, vec![4.0])));
    }
}
