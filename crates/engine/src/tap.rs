//! A tap on the output: carries rendered frames to another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

/// Capacity in callbacks: a third of a second of the shortest ones.
const BLOCKS: usize = 8192;

/// The frames of one callback.
#[derive(Clone, Copy, Debug)]
struct Block {
    first: u64,
    frames: usize,
}

/// The end of the audio thread. Does not allocate, lock, wake threads or drop. Frames that
/// do not fit are lost, which leaves a gap in the frame numbers.
#[derive(Debug)]
pub struct TapWriter {
    frames: Producer<f32>,
    blocks: Producer<Block>,
    wanted: Arc<AtomicBool>,
    next: u64,
}

/// The end of the listening thread. Nothing is written while it does not listen.
#[derive(Debug)]
pub struct TapReader {
    frames: Consumer<f32>,
    blocks: Consumer<Block>,
    wanted: Arc<AtomicBool>,
}

/// Creates both ends of a tap with room for this many frames.
pub fn tap(frames: usize) -> (TapWriter, TapReader) {
    let (frames_in, frames_out) = RingBuffer::new(frames);
    let (blocks_in, blocks_out) = RingBuffer::new(BLOCKS);
    let wanted = Arc::new(AtomicBool::new(false));
    let writer = TapWriter {
        frames: frames_in,
        blocks: blocks_in,
        wanted: Arc::clone(&wanted),
        next: 0,
    };
    let reader = TapReader {
        frames: frames_out,
        blocks: blocks_out,
        wanted,
    };
    (writer, reader)
}

impl TapWriter {
    /// Writes the frames of a callback, if the reader listens.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn write(&mut self, frames: &[f32]) {
        let block = Block {
            first: self.next,
            frames: frames.len(),
        };
        self.next += frames.len() as u64;
        if !self.wanted.load(Ordering::Relaxed) || self.blocks.is_full() {
            return;
        }
        if self.frames.push_entire_slice(frames).is_ok() {
            // There was room, and this is the only producer.
            let _ = self.blocks.push(block);
        }
    }
}

impl TapReader {
    /// Starts or stops listening.
    pub fn listen(&mut self, wanted: bool) {
        if self.wanted.swap(wanted, Ordering::Relaxed) != wanted && wanted {
            // Discards frames left over from the last time.
            while self.read(usize::MAX).is_some() {}
        }
    }

    /// Returns the number of the next frame, and the consecutive frames from there: of one
    /// callback, or of several with at most `most` frames.
    pub fn read(&mut self, most: usize) -> Option<(u64, Vec<f32>)> {
        let mut read: Option<(u64, Vec<f32>)> = None;
        while let Ok(block) = self.blocks.peek().copied() {
            if let Some((first, frames)) = &read {
                let follows = first + frames.len() as u64 == block.first;
                if !follows || frames.len() + block.frames > most {
                    break;
                }
            }
            let (_, frames) = read.get_or_insert_with(|| (block.first, Vec::new()));
            let begin = frames.len();
            frames.resize(begin + block.frames, 0.0);
            // The frames were pushed before their block.
            let _ = self.frames.pop_entire_slice(&mut frames[begin..]);
            let _ = self.blocks.pop();
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_frames_leave_a_gap() {
        let (mut writer, mut reader) = tap(8);
        writer.write(&[0.0; 4]);
        assert_eq!(reader.read(100), None);
        reader.listen(true);
        for first in [4u8, 8, 12] {
            let frames: Vec<f32> = (first..first + 4).map(f32::from).collect();
            writer.write(&frames);
        }
        let read = reader.read(100).unwrap();
        assert_eq!(read, (4, (4u8..12).map(f32::from).collect()));
        writer.write(&[16.0, 17.0]);
        writer.write(&[18.0]);
        assert_eq!(reader.read(2), Some((16, vec![16.0, 17.0])));
        assert_eq!(reader.read(2), Some((18, vec![18.0])));
        assert_eq!(reader.read(2), None);
    }

    #[test]
    fn old_frames_are_discarded_when_listening_starts() {
        let (mut writer, mut reader) = tap(8);
        reader.listen(true);
        writer.write(&[1.0, 2.0]);
        reader.listen(false);
        writer.write(&[3.0]);
        reader.listen(true);
        writer.write(&[4.0]);
        assert_eq!(reader.read(100), Some((3, vec![4.0])));
    }
}
